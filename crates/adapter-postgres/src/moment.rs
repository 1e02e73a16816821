//! Moments as PostgreSQL keeps them: `timestamptz`, which counts microseconds.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::{Oid, PgInterval};
use sqlx::postgres::{
    PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef, Postgres,
};
use sqlx::{Decode, Encode, Type};

/// Microseconds from 1970 to 2000, where PostgreSQL counts from.
const EPOCH: i64 = 946_684_800_000_000;

/// The first moment of PostgreSQL's calendar, 4714-11-24 BC, counted from 2000.
const FIRST: i64 = -211_813_488_000_000_000;

/// The longest interval that is added to a moment: about a thousand years.
const LONGEST: i64 = 31_556_952_000_000_000;

/// A `timestamptz`: microseconds from the year 2000, `-infinity` for what lies before PostgreSQL's
/// calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(i64);

impl Moment {
    /// The last whole microsecond that is not after `moment`.
    pub(crate) fn of(moment: Timestamp) -> Self {
        Self::from_unix(moment.as_nanosecond().div_euclid(1000))
    }

    /// The first whole microsecond that is not before `moment`: what is due then is not due earlier.
    pub(crate) fn not_before(moment: Timestamp) -> Self {
        Self::from_unix(-(-moment.as_nanosecond()).div_euclid(1000))
    }

    fn from_unix(microseconds: i128) -> Self {
        let counted = i64::try_from(microseconds - i128::from(EPOCH))
            .expect("every moment of jiff's calendar fits PostgreSQL's 64 bits");
        Self(if counted < FIRST { i64::MIN } else { counted })
    }

    /// The moment; an infinite one is the end of the calendar.
    fn to_timestamp(self) -> Result<Timestamp, BoxDynError> {
        match self.0 {
            i64::MIN => Ok(Timestamp::MIN),
            i64::MAX => Ok(Timestamp::MAX),
            counted => {
                let unix = i128::from(counted) + i128::from(EPOCH);
                Ok(Timestamp::from_nanosecond(unix * 1000)?)
            }
        }
    }
}

/// A duration as an `interval`, rounded down to microseconds and cut off at a thousand years.
pub(crate) fn interval(duration: Duration) -> PgInterval {
    let microseconds = i64::try_from(duration.as_micros()).unwrap_or(LONGEST);
    PgInterval {
        months: 0,
        days: 0,
        microseconds: microseconds.min(LONGEST),
    }
}

impl Type<Postgres> for Moment {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1184))
    }
}

impl PgHasArrayType for Moment {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1185))
    }
}

impl Encode<'_, Postgres> for Moment {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <i64 as Encode<Postgres>>::encode_by_ref(&self.0, buffer)
    }
}

/// A moment that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read(pub(crate) Timestamp);

impl Type<Postgres> for Read {
    fn type_info() -> PgTypeInfo {
        Moment::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for Read {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => {
                let counted = <i64 as Decode<Postgres>>::decode(value)?;
                Moment(counted).to_timestamp().map(Self)
            }
            PgValueFormat::Text => Err("a moment is read in binary form".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanosecond(nanosecond: i128) -> Timestamp {
        Timestamp::from_nanosecond(nanosecond).unwrap()
    }

    #[test]
    fn a_moment_keeps_every_microsecond_and_no_more() {
        for whole in [0, 1_000, -1_000, 1_795_423_620_123_456_000] {
            let moment = nanosecond(whole);
            assert_eq!(Moment::of(moment).to_timestamp().unwrap(), moment);
            assert_eq!(Moment::not_before(moment).to_timestamp().unwrap(), moment);
        }
        for (odd, before, after) in [(1_001, 1_000, 2_000), (-1, -1_000, 0)] {
            let moment = nanosecond(odd);
            assert_eq!(
                Moment::of(moment).to_timestamp().unwrap(),
                nanosecond(before)
            );
            assert_eq!(
                Moment::not_before(moment).to_timestamp().unwrap(),
                nanosecond(after)
            );
        }
    }

    #[test]
    fn a_moment_before_the_servers_calendar_is_its_beginning() {
        assert_eq!(Moment::of(Timestamp::MIN), Moment(i64::MIN));
        assert_eq!(Moment(i64::MIN).to_timestamp().unwrap(), Timestamp::MIN);
        assert_eq!(Moment(i64::MAX).to_timestamp().unwrap(), Timestamp::MAX);
        assert!(Moment(i64::MAX - 1).to_timestamp().is_err());
        assert!(Moment::of(Timestamp::MAX).to_timestamp().is_ok());
    }

    #[test]
    fn the_longest_lease_is_a_thousand_years() {
        assert_eq!(
            interval(Duration::from_millis(1500)).microseconds,
            1_500_000
        );
        assert_eq!(interval(Duration::MAX).microseconds, LONGEST);
    }
}
