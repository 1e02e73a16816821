//! An answer that came whole: status, `Retry-After` and a bounded body.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::fmt::strtime;
use jiff::tz::Offset;
use reqwest::Response;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::clients::describe;
use crate::{Effect, Failure, Sent};

/// Bytes of an answer to a read; the largest catalogue known has several millions.
const LONGEST_READ: usize = 64 << 20;
/// Bytes of an answer to an effect.
const LONGEST_EFFECT: usize = 8 << 20;
/// Objects and lists in one answer; the largest catalogue known has some hundred thousand. An answer may be a few
/// kilobytes on the wire and millions of empty objects once it is decompressed, each of which would cost a few
/// hundred bytes more.
const MOST_ELEMENTS: usize = 1_000_000;

/// An answer that came whole, whatever it says.
///
/// `Debug` shows no byte of the body: it may hold an activation code.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long `Retry-After` asks to wait from now, as seconds or as an HTTP date (RFC 9110, sections 10.2.3 and
    /// 5.6.7).
    pub retry_after: Option<Duration>,
    /// Whether a cache answered: an `Age` above 0 (RFC 9111, section 5.1), or a header by which a cache
    /// names a hit.
    pub is_cached: bool,
    /// The body, decompressed; what is not UTF-8 in it is U+FFFD.
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
            .field("is_cached", &self.is_cached)
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
    let is_cached = is_cached(response.headers());
    match read_body(response, effect).await {
        Ok(body) => Ok(Answer {
            status,
            retry_after,
            is_cached,
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
    let mut elements = 0;
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(as_text(body)),
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => return Err(too_long()),
            Ok(Some(chunk)) => {
                elements += chunk
                    .iter()
                    .filter(|byte| matches!(byte, b'{' | b'['))
                    .count();
                if elements > MOST_ELEMENTS {
                    let words =
                        format!("the answer holds more than {MOST_ELEMENTS} objects and lists");
                    return Err(Failure::unusable(effect, words));
                }
                body.extend_from_slice(&chunk);
            }
            Err(error) => {
                let words = format!("the answer broke off: {}", describe(&error));
                return Err(Failure::no_answer(effect, Sent::Maybe, words));
            }
        }
    }
}

/// The body with U+FFFD for what is not UTF-8: a name in another encoding costs nothing but itself.
fn as_text(body: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(body) {
        Ok(text) => text.into_bytes(),
        Err(error) => String::from_utf8_lossy(error.as_bytes())
            .into_owned()
            .into_bytes(),
    }
}

fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than 64 bits hold are a wait without end.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let moment = http_date(text, now)?;
    Some(Duration::try_from(moment.duration_since(now)).unwrap_or_default())
}

/// A date in the three forms that a recipient has to read (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`,
/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
fn http_date(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(moment) = DateTimeParser::new().parse_timestamp(text) {
        return Some(moment);
    }
    let utc = |time: DateTime| Offset::UTC.to_timestamp(time).ok();
    if let Ok(time) = strtime::parse("%a %b %e %H:%M:%S %Y", text).and_then(|it| it.to_datetime()) {
        return utc(time);
    }
    let (_, rest) = text.split_once(", ")?;
    let parsed = strtime::parse("%d-%b-%y %H:%M:%S GMT", rest).ok()?;
    let time = parsed.to_datetime().ok()?;
    // A year of two digits that seems to be more than 50 years ahead is the one a century before.
    let this_century = Offset::UTC.to_datetime(now).year() / 100 * 100;
    let year = this_century + time.year().rem_euclid(100);
    let ahead = year - Offset::UTC.to_datetime(now).year();
    let year = if ahead > 50 { year - 100 } else { year };
    utc(time.with().year(year).build().ok()?)
}

/// `Cache-Status` is RFC 9211; the others are those of common caches and networks.
const NAMES_OF_HITS: [&str; 5] = [
    "cache-status",
    "cf-cache-status",
    "x-cache",
    "x-cache-status",
    "x-proxy-cache",
];

fn is_cached(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_old = text("age").is_some_and(|age| !age.trim().trim_start_matches('0').is_empty());
    let is_hit = |name: &str| {
        text(name).is_some_and(|said| {
            let said = said.to_ascii_lowercase();
            said.contains("hit") || said.contains("stale") || said.contains("updating")
        })
    };
    is_old || NAMES_OF_HITS.iter().any(|name| is_hit(name))
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
    #[case("Wednesday, 18-Nov-26 12:00:30 GMT", Some(30))]
    #[case("Wednesday, 18-Nov-26 11:00:00 GMT", Some(0))]
    #[case("Friday, 18-Nov-94 12:00:30 GMT", Some(0))]
    #[case("Wed Nov 18 12:00:30 2026", Some(30))]
    #[case("Sun Nov  1 12:00:30 2026", Some(0))]
    #[case("Tue Dec  1 12:00:00 2026", Some(13 * 24 * 3600))]
    #[case("99999999999999999999", Some(u64::MAX))]
    #[case("+5", None)]
    #[case("1.5", None)]
    #[case("Wednesday, 18-Nov-26 12:00:30", None)]
    #[case("Wed Nov 18 12:00:30", None)]
    #[case("-5", None)]
    #[case("soon", None)]
    #[case("", None)]
    fn retry_after_is_read_in_every_form_of_the_rfc(
        #[case] text: &str,
        #[case] seconds: Option<u64>,
    ) {
        let now: Timestamp = "2026-11-18T12:00:00Z".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
        assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs));
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[rstest]
    #[case("age", "0", false)]
    #[case("age", "30", true)]
    #[case("age", "soon", true)]
    #[case("x-cache", "HIT from edge", true)]
    #[case("x-cache", "MISS", false)]
    #[case("cf-cache-status", "DYNAMIC", false)]
    #[case("cf-cache-status", "STALE", true)]
    #[case("cache-status", "Proxy; hit; ttl=3", true)]
    #[case("content-type", "hit", false)]
    fn a_cache_that_answered_is_noticed(
        #[case] name: &'static str,
        #[case] value: &str,
        #[case] expected: bool,
    ) {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        assert_eq!(is_cached(&headers), expected);
    }

    #[test]
    fn debug_shows_no_byte_of_the_body() {
        let answer = Answer {
            status: 200,
            retry_after: None,
            is_cached: false,
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
            is_cached: false,
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
