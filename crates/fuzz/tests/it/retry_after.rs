//! Every header that asks a client to wait.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use roamport_domain::provider::Operation;
use roamport_fuzz::Cursor;
use roamport_fuzz::edit::edit_text;
use roamport_provider_http::settings::BaseUrl;
use roamport_provider_http::{HeaderMap, Request, Transport};

use crate::stage::{Answer, Stage, StillClock};

const URL: &str = "http://retry-after.test";

const SAMPLES: [&str; 10] = [
    "7",
    "0",
    "99999999999999999999",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "Wed, 18 Nov 2026 12:00:30 +0100",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Friday, 31-Dec-76 23:59:60 GMT",
    "Tue Feb 29 00:00:00 2000",
];

const FRAGMENTS: [&str; 16] = [
    "0", "9", "-", "+", ":", ",", " ", "GMT", "Nov", "Feb 30", "24:00:00", "-99999", "1.5", "e9",
    "\t", "\u{e9}",
];

/// The three forms of a date (RFC 9110, section 5.6.7).
const FORMS: [&str; 3] = [
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %e %H:%M:%S %Y",
];

thread_local! {
    static HOST: (Stage, Transport) = host();
}

fn host() -> (Stage, Transport) {
    let stage = Stage::new(URL);
    let url = BaseUrl::parse(URL).unwrap();
    let clock = Arc::new(StillClock);
    let transport = Transport::new(url, HeaderMap::new(), Duration::from_secs(1), clock).unwrap();
    (stage, transport)
}

/// How long an answer with this header asks to wait.
fn retry_after(header: &HeaderValue) -> Option<Duration> {
    HOST.with(|(stage, transport)| {
        let answer = Answer {
            status: 503,
            headers: vec![(HeaderName::from_static("retry-after"), header.clone())],
            ..Answer::default()
        };
        let request = Request::read(Operation::Balance, "/", Duration::from_secs(1));
        let (answer, _) = stage.run(vec![answer], transport.attempt(request));
        answer.unwrap().retry_after
    })
}

fn read(mut cursor: Cursor<'_>) {
    if cursor.chance(64) {
        return read_date(&mut cursor);
    }
    let text = edit_text(&SAMPLES, &FRAGMENTS, &mut cursor);
    let Ok(header) = HeaderValue::from_bytes(&text) else {
        return;
    };
    let wait = retry_after(&header);
    let text = header.to_str().unwrap_or_default().trim().to_owned();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().unwrap_or(u64::MAX);
        assert_eq!(wait, Some(Duration::from_secs(seconds)), "{text:?}");
    } else if let Some(wait) = wait {
        // No date is later than the year 9999.
        assert!(
            wait < Duration::from_hours(8_000 * 366 * 24),
            "{text:?}: {wait:?}"
        );
        assert!(text.contains(':'), "{text:?} is no date");
    }
}

/// A date within the 49 years to either side, in which two digits name one year, says when it is.
fn read_date(cursor: &mut Cursor<'_>) {
    let number = |cursor: &mut Cursor<'_>| i64::try_from(cursor.below(1 << 24)).unwrap();
    let seconds = (number(cursor) - (1 << 23)) * 180 + number(cursor) % 180;
    let moment: Timestamp = StillClock::moment() + SignedDuration::from_secs(seconds);
    let form = cursor.pick(&FORMS);
    let text = strtime::format(form, &moment.to_zoned(TimeZone::UTC)).unwrap();
    let expected = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    let wait = retry_after(&HeaderValue::from_str(&text).unwrap());
    assert_eq!(wait, Some(expected), "{text:?}");
}

#[test]
fn no_wait_is_read_but_the_one_that_was_asked_for() {
    roamport_fuzz::target!("retry-after", read);
}
