//! Moments as the database keeps them: text that sorts as time does.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// `moment` with all nine decimals, in UTC: of two such texts the smaller one is the earlier moment
/// (from the year 0 on).
pub(crate) fn to_text(moment: Timestamp) -> String {
    format!("{moment:.9}")
}

/// The moment that [`to_text`] wrote.
pub(crate) fn from_text(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// `moment` plus `duration`, or the last representable moment.
pub(crate) fn later(moment: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration)
        .ok()
        .and_then(|duration| moment.checked_add(duration).ok())
        .unwrap_or(Timestamp::MAX)
}

/// `moment` less `duration`, or the first representable moment.
pub(crate) fn earlier(moment: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration)
        .ok()
        .and_then(|duration| moment.checked_sub(duration).ok())
        .unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_keeps_every_nanosecond() {
        for nanosecond in [0, 1, 999_999_999, 1_795_423_620_123_456_789] {
            let moment = Timestamp::from_nanosecond(nanosecond).unwrap();
            assert_eq!(from_text(&to_text(moment)), Some(moment));
        }
        assert_eq!(from_text(&to_text(Timestamp::MAX)), Some(Timestamp::MAX));
        assert_eq!(from_text(&to_text(Timestamp::MIN)), Some(Timestamp::MIN));
    }

    #[test]
    fn the_order_of_the_texts_is_the_order_of_time() {
        let moments = [
            -1,
            0,
            1,
            10,
            999_999_999,
            1_000_000_000,
            1_000_000_001,
            1 << 60,
        ]
        .map(|nanosecond| Timestamp::from_nanosecond(nanosecond).unwrap());
        assert!(moments.map(to_text).is_sorted());
        assert!(to_text(Timestamp::MIN) < to_text(moments[0]));
        assert!(to_text(moments[7]) < to_text(Timestamp::MAX));
        assert_eq!(
            to_text(Timestamp::UNIX_EPOCH),
            "1970-01-01T00:00:00.000000000Z"
        );
    }

    #[test]
    fn a_moment_beyond_the_calendar_is_its_end() {
        assert_eq!(
            later(Timestamp::MAX, Duration::from_secs(1)),
            Timestamp::MAX
        );
        assert_eq!(later(Timestamp::UNIX_EPOCH, Duration::MAX), Timestamp::MAX);
        assert_eq!(
            earlier(Timestamp::MIN, Duration::from_secs(1)),
            Timestamp::MIN
        );
    }
}
