//! How much of a plan is used.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::esim::PlanState;
use crate::{DataAllowance, DataSize, EsimId, Iccid, Oddity, ProviderName};

/// A figure as the provider gave it, in a unit it need not have named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawQuantity {
    /// What was allowed in all.
    pub allowed: Option<Decimal>,
    /// What is left of it.
    pub remaining: Option<Decimal>,
}

/// The data of one day, in the provider's unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyUsage {
    /// The day, in the provider's reckoning.
    pub date: Date,
    /// How much was used, in the provider's unit.
    pub used: Decimal,
    /// Where, as the provider names it.
    pub location: Option<String>,
}

/// The usage of one eSIM as a provider reports it.
///
/// The figures are raw: providers name their unit badly or not at all. Where [`unit`](Usage::unit) does not
/// state it, [`Usage::data`] finds it by comparing with what was bought; the share that is left needs no unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Who reports it.
    pub provider: ProviderName,
    /// The eSIM, where the report names it.
    pub esim: Option<EsimId>,
    /// The card number, where the report names it.
    pub iccid: Option<Iccid>,
    /// How far the plan is.
    pub plan: PlanState,
    /// When the plan began.
    pub started_at: Option<Timestamp>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// Data, in a unit to be found.
    pub data: RawQuantity,
    /// Text messages, a count.
    pub sms: RawQuantity,
    /// Calls; minutes or seconds, providers contradict themselves.
    pub voice: RawQuantity,
    /// Day by day, where the provider has it and it was asked for.
    pub daily: Vec<DailyUsage>,
    /// Whether the provider says the plan is unlimited, by a flag or by a sentinel.
    pub unlimited: bool,
    /// The unit of the data figures, if the provider documents it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<DataUnit>,
    /// When it was read.
    pub as_of: Timestamp,
    /// The values that were sent and could not be read. Each stands as absent above, and a day is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oddities: Vec<Oddity>,
}

/// The unit in which a provider counts data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataUnit {
    /// Single bytes.
    Bytes,
    /// 1024 bytes.
    Kibibytes,
    /// 1024² bytes.
    Mebibytes,
    /// 1000² bytes.
    Megabytes,
}

impl DataUnit {
    /// How many bytes one of it is.
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Bytes => 1,
            Self::Kibibytes => 1 << 10,
            Self::Mebibytes => 1 << 20,
            Self::Megabytes => 1_000_000,
        }
    }

    fn size(self, amount: Decimal) -> Option<DataSize> {
        amount
            .checked_mul(Decimal::from(self.bytes()))
            .and_then(|bytes| bytes.round().to_u64())
            .map(DataSize::from_bytes)
    }
}

/// What is known of a plan's data, in bytes where the unit could be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataUsage {
    /// Whether the plan has no end of data: the purchase says so, or the provider does and the purchase does
    /// not contradict it.
    pub unlimited: bool,
    /// The unit of the provider's figures, where the provider documents it or the purchase gives it away.
    pub unit: Option<DataUnit>,
    /// What was allowed.
    pub allowed: Option<DataSize>,
    /// What is left.
    pub remaining: Option<DataSize>,
    /// What was used.
    pub used: Option<DataSize>,
    /// The share that is left, in hundredths of a percent (basis points, 0 to 10 000): it needs no
    /// unit. `None` where the plan is unlimited or a figure is missing.
    pub remaining_basis_points: Option<u16>,
}

impl Usage {
    /// Reads the data figures with the help of what was `purchased` for this eSIM: the original
    /// package and every top-up. Where the provider documents no unit, and one of them, or their sum, equals
    /// the allowed figure in some unit, that is the unit; otherwise it stays unknown and only the share is given.
    ///
    /// An allowed figure of 0 is none: providers send it for plans of any size. Less than nothing left is
    /// nothing left.
    pub fn data(&self, purchased: &[DataAllowance]) -> DataUsage {
        let unlimited = self.is_unlimited(purchased);
        let (allowed, remaining) = self.figures();
        let unit = if unlimited || allowed.is_none() {
            None
        } else {
            self.unit.or_else(|| self.data_unit(purchased))
        };
        let size = |amount: Option<Decimal>| unit.and_then(|unit| unit.size(amount?));
        let (allowed, remaining) = (size(allowed), size(remaining));
        DataUsage {
            unlimited,
            unit,
            allowed,
            remaining,
            used: allowed
                .zip(remaining)
                .map(|(all, left)| DataSize::from_bytes(all.bytes().saturating_sub(left.bytes()))),
            remaining_basis_points: if unlimited {
                None
            } else {
                self.remaining_basis_points()
            },
        }
    }

    /// A provider that calls a plan unlimited whose purchase names a size is not believed.
    fn is_unlimited(&self, purchased: &[DataAllowance]) -> bool {
        let sized = purchased.iter().any(|bought| bought.fixed_size().is_some());
        purchased.iter().any(DataAllowance::is_unlimited) || (self.unlimited && !sized)
    }

    /// What was allowed, if it is more than nothing, and what is left of it, at least nothing.
    fn figures(&self) -> (Option<Decimal>, Option<Decimal>) {
        let allowed = self.data.allowed.filter(|allowed| *allowed > Decimal::ZERO);
        let remaining = self.data.remaining.map(|left| left.max(Decimal::ZERO));
        (allowed, remaining)
    }

    fn data_unit(&self, purchased: &[DataAllowance]) -> Option<DataUnit> {
        const CANDIDATES: [DataUnit; 4] = [
            DataUnit::Mebibytes,
            DataUnit::Kibibytes,
            DataUnit::Megabytes,
            DataUnit::Bytes,
        ];
        let allowed = self.figures().0?;
        let sizes: Vec<DataSize> = purchased
            .iter()
            .filter_map(DataAllowance::fixed_size)
            .collect();
        let sum = sizes
            .iter()
            .try_fold(DataSize::default(), |sum, size| sum.checked_add(*size))?;
        CANDIDATES.into_iter().find(|unit| {
            unit.size(allowed)
                .is_some_and(|size| size == sum || sizes.contains(&size))
        })
    }

    fn remaining_basis_points(&self) -> Option<u16> {
        let (Some(allowed), Some(remaining)) = self.figures() else {
            return None;
        };
        let share = remaining
            .min(allowed)
            .checked_mul(Decimal::from(10_000))?
            .checked_div(allowed)?;
        share.floor().to_u16()
    }

    /// The unit of the daily figures: that of the totals where the days add up to what was used, or to a
    /// part of it. More than that (a hundredth of tolerance for rounding), or less than a hundredth, is
    /// another unit, which stays unknown.
    pub fn daily_unit(&self, unit: DataUnit) -> Option<DataUnit> {
        let (allowed, remaining) = self.figures();
        let used = allowed?.checked_sub(remaining?)?;
        let sum = self
            .daily
            .iter()
            .try_fold(Decimal::ZERO, |sum, day| sum.checked_add(day.used))?;
        let hundredth = Decimal::new(1, 2);
        let least = used.checked_mul(hundredth)?;
        let most = used.checked_add(least)?;
        (sum.is_zero() || (least..=most).contains(&sum)).then_some(unit)
    }

    /// One day's data in bytes, where the unit of the days is known.
    pub fn daily_size(&self, unit: DataUnit, day: &DailyUsage) -> Option<DataSize> {
        self.daily_unit(unit)?.size(day.used)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usage(allowed: i64, remaining: i64) -> Usage {
        Usage {
            provider: ProviderName::parse("roamify").unwrap(),
            esim: None,
            iccid: None,
            plan: PlanState::Active,
            started_at: None,
            ends_at: None,
            data: RawQuantity {
                allowed: Some(Decimal::from(allowed)),
                remaining: Some(Decimal::from(remaining)),
            },
            sms: RawQuantity {
                allowed: None,
                remaining: None,
            },
            voice: RawQuantity {
                allowed: None,
                remaining: None,
            },
            daily: Vec::new(),
            unlimited: false,
            unit: None,
            as_of: Timestamp::UNIX_EPOCH,
            oddities: Vec::new(),
        }
    }

    fn fixed(mebibytes: u64) -> DataAllowance {
        DataAllowance::Fixed {
            size: DataSize::MEBIBYTE.checked_times(mebibytes).unwrap(),
        }
    }

    #[test]
    fn the_unit_is_found_by_comparing_with_the_purchase() {
        let unit = |allowed| usage(allowed, 0).data(&[fixed(3072)]).unit;
        assert_eq!(unit(3072), Some(DataUnit::Mebibytes));
        assert_eq!(unit(3072 * 1024), Some(DataUnit::Kibibytes));
        assert_eq!(unit(3072 << 20), Some(DataUnit::Bytes));
        assert_eq!(unit(4000), None);
    }

    #[test]
    fn a_top_up_counts_alone_or_in_the_sum() {
        let unit = |allowed| usage(allowed, 0).data(&[fixed(3072), fixed(5120)]).unit;
        assert_eq!(unit(5120), Some(DataUnit::Mebibytes));
        assert_eq!(unit(8192), Some(DataUnit::Mebibytes));
        assert_eq!(unit(8191), None);
    }

    #[test]
    fn the_share_needs_no_unit() {
        let data = usage(1000, 250).data(&[]);
        assert_eq!(data.unit, None);
        assert_eq!(data.remaining_basis_points, Some(2500));
        assert_eq!(usage(0, 0).data(&[]).remaining_basis_points, None);
        assert_eq!(usage(10, 20).data(&[]).remaining_basis_points, Some(10_000));
    }

    #[test]
    fn an_unlimited_plan_has_no_share() {
        let unlimited = DataAllowance::Unlimited { fair_use: None };
        assert_eq!(
            usage(9_007_199_254_740_991, 1)
                .data(&[unlimited])
                .remaining_basis_points,
            None
        );
    }

    #[test]
    fn a_purchase_that_names_a_size_is_not_called_unlimited() {
        let mut report = usage(0, 0);
        assert!(!report.data(&[fixed(1024)]).unlimited);
        report.unlimited = true;
        assert!(!report.data(&[fixed(1024)]).unlimited);
        assert!(report.data(&[]).unlimited);
        let unlimited = DataAllowance::Unlimited { fair_use: None };
        report.unlimited = false;
        assert!(report.data(&[fixed(1024), unlimited]).unlimited);
    }

    #[test]
    fn nothing_allowed_is_no_figure() {
        let data = Usage {
            unit: Some(DataUnit::Bytes),
            ..usage(0, 0)
        }
        .data(&[fixed(1024)]);
        assert_eq!(
            (data.allowed, data.remaining, data.used),
            (None, None, None)
        );
        assert_eq!(data.remaining_basis_points, None);
    }

    #[test]
    fn less_than_nothing_left_is_nothing_left() {
        let data = usage(1024, -12).data(&[fixed(1024)]);
        assert_eq!(data.remaining, Some(DataSize::default()));
        assert_eq!(data.used, Some(DataSize::GIBIBYTE));
        assert_eq!(data.remaining_basis_points, Some(0));
    }

    #[test]
    fn a_unit_that_the_provider_documents_needs_no_purchase() {
        let report = Usage {
            unit: Some(DataUnit::Bytes),
            ..usage(1 << 30, 1 << 29)
        };
        let data = report.data(&[]);
        assert_eq!(data.unit, Some(DataUnit::Bytes));
        assert_eq!(data.allowed, Some(DataSize::GIBIBYTE));
        assert_eq!(data.remaining, Some(DataSize::from_bytes(1 << 29)));
    }

    #[test]
    fn days_that_are_plainly_not_in_bytes_have_an_unknown_unit() {
        let mut report = usage(1 << 30, (1 << 30) - (100 << 20));
        let day = DailyUsage {
            date: jiff::civil::date(2026, 11, 18),
            used: Decimal::from(100),
            location: None,
        };
        report.daily = vec![day.clone()];
        assert_eq!(report.data(&[fixed(1024)]).unit, Some(DataUnit::Bytes));
        assert_eq!(report.daily_size(DataUnit::Bytes, &day), None);
    }

    #[test]
    fn days_that_exceed_the_total_have_another_unit() {
        let mut report = usage(1024, 924);
        let day = DailyUsage {
            date: jiff::civil::date(2026, 11, 18),
            used: Decimal::from(100),
            location: None,
        };
        report.daily = vec![day.clone()];
        assert_eq!(
            report.daily_size(DataUnit::Mebibytes, &day),
            DataSize::MEBIBYTE.checked_times(100)
        );
        let day = DailyUsage {
            used: Decimal::from(10_000),
            ..day
        };
        report.daily = vec![day.clone()];
        assert_eq!(report.daily_size(DataUnit::Mebibytes, &day), None);
    }

    proptest! {
        #[test]
        fn the_share_is_never_beyond_the_whole(allowed in -5_i64..i64::MAX, remaining in -5_i64..i64::MAX) {
            if let Some(share) = usage(allowed, remaining).data(&[]).remaining_basis_points {
                prop_assert!(share <= 10_000);
            }
        }
    }
}
