//! An answer that came whole: status, `Retry-After` and a bounded body.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::Response;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::clients::describe;
use crate::{Effect, Failure, Sent};

/// Bytes of an answer to a read; the largest catalogue known has several millions.
const LONGEST_READ: usize = 64 << 20;
/// Bytes of an answer to an effect.
const LONGEST_EFFECT: usize = 8 << 20;

/// An answer that came whole, whatever it says.
///
/// `Debug` shows no byte of the body: it may hold an activation code.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long `Retry-After` asks to wait from now, as seconds or as an HTTP date (RFC 9110, section 10.2.3).
    pub retry_after: Option<Duration>,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the status is a 2xx. Some providers say in the body that the call failed nevertheless.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Answer")
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .field("bytes", &self.body.len())
            .finish()
    }
}

/// The whole answer, up to a limit that no honest one reaches.
pub(super) async fn read(
    response: Response,
    effect: Effect,
    now: Timestamp,
) -> Result<Answer, Failure> {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), now);
    match read_body(response, effect).await {
        Ok(body) => Ok(Answer {
            status,
            retry_after,
            body,
        }),
        Err(failure) => Err(Failure {
            status: Some(status),
            retry_after,
            ..failure
        }),
    }
}

async fn read_body(mut response: Response, effect: Effect) -> Result<Vec<u8>, Failure> {
    let limit = match effect {
        Effect::None => LONGEST_READ,
        Effect::Change | Effect::Purchase => LONGEST_EFFECT,
    };
    let too_long = || {
        let words = format!("the answer is longer than {} MiB", limit >> 20);
        Failure::unusable(effect, words)
    };
    let expected = response.content_length().unwrap_or_default();
    let expected = usize::try_from(expected).map_err(|_| too_long())?;
    if expected > limit {
        return Err(too_long());
    }
    let mut body = Vec::with_capacity(expected);
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(body),
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => return Err(too_long()),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => {
                let words = format!("the answer broke off: {}", describe(&error));
                return Err(Failure::no_answer(effect, Sent::Maybe, words));
            }
        }
    }
}

fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(moment.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("7", Some(7))]
    #[case(" 0 ", Some(0))]
    #[case("Wed, 18 Nov 2026 12:00:30 GMT", Some(30))]
    #[case("Wed, 18 Nov 2026 11:00:00 GMT", Some(0))]
    #[case("-5", None)]
    #[case("soon", None)]
    #[case("", None)]
    fn retry_after_is_read_in_both_forms(#[case] text: &str, #[case] seconds: Option<u64>) {
        let now: Timestamp = "2026-11-18T12:00:00Z".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
        assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs));
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn debug_shows_no_byte_of_the_body() {
        let answer = Answer {
            status: 200,
            retry_after: None,
            body: b"K2-SECRET".to_vec(),
        };
        let shown = format!("{answer:?}");
        assert!(
            shown.contains("bytes: 9") && !shown.contains("K2"),
            "{shown}"
        );
        assert!(!shown.contains("75"), "{shown}");
    }

    #[test]
    fn only_a_2xx_is_a_success() {
        let answer = |status| Answer {
            status,
            retry_after: None,
            body: Vec::new(),
        };
        for status in [200, 201, 204, 299] {
            assert!(answer(status).is_success(), "{status}");
        }
        for status in [100, 199, 300, 301, 400, 500, 600] {
            assert!(!answer(status).is_success(), "{status}");
        }
    }
}
