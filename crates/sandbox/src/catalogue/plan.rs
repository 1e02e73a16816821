//! What can be sold in a place: data, days and talk, in one table shared by all destinations.

use rust_decimal::Decimal;
use serde::Deserialize;

/// The longest validity sold, in days.
pub(super) const LONGEST_DAYS: u16 = 365;

/// How much data a plan brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanData {
    /// A fixed amount, in the provider's gigabytes of 1024 MB.
    Gigabytes(u16),
    /// As much as one likes.
    Unlimited,
    /// As much as one likes, slowed to 128 kbit/s after 2 GB.
    UnlimitedThrottled,
}

/// How much a plan lets one talk and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Talk {
    /// Counted text messages and minutes.
    Counted {
        /// Text messages.
        sms: u16,
        /// Minutes of calls.
        minutes: u16,
    },
    /// No limit to either.
    Unlimited,
}

/// One line of the price list, whatever the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Validity in days, 1 to 365, from first use.
    pub days: u16,
    /// The data.
    pub data: PlanData,
    /// Calls and texts, in a `data-voice-sms` plan.
    #[serde(default)]
    pub talk: Option<Talk>,
}

impl Plan {
    /// The part of a package id that says what is sold: `15days-3gb`, `30days-5gb-100sms-60min`.
    pub(super) fn slug(&self) -> String {
        let days = self.days;
        let data = match self.data {
            PlanData::Gigabytes(gigabytes) => format!("{gigabytes}gb"),
            PlanData::Unlimited => "ungb".to_owned(),
            PlanData::UnlimitedThrottled => "un2gb".to_owned(),
        };
        match self.talk {
            None => format!("{days}days-{data}"),
            Some(Talk::Counted { sms, minutes }) => {
                format!("{days}days-{data}-{sms}sms-{minutes}min")
            }
            Some(Talk::Unlimited) => format!("{days}days-{data}-unsms-unmin"),
        }
    }

    /// The name shown to people: `3 GB - 15 Days`.
    pub(super) fn name(&self) -> String {
        let days = if self.days == 1 {
            "1 Day".to_owned()
        } else {
            format!("{} Days", self.days)
        };
        let talk = match self.talk {
            None => String::new(),
            Some(Talk::Counted { sms, minutes }) => format!(" - {sms} SMS - {minutes} Mins"),
            Some(Talk::Unlimited) => " - Unlimited SMS - Unlimited Mins".to_owned(),
        };
        match self.data {
            PlanData::Gigabytes(gigabytes) => format!("{gigabytes} GB - {days}{talk}"),
            PlanData::Unlimited => format!("Unlimited Data - {days}{talk}"),
            PlanData::UnlimitedThrottled => {
                format!("Unlimited Data - {days} (2 GB / 128 KBPS){talk}")
            }
        }
    }

    /// The data in megabytes of 1024 KB, or `None` where it is unlimited.
    pub fn megabytes(&self) -> Option<u64> {
        match self.data {
            PlanData::Gigabytes(gigabytes) => Some(u64::from(gigabytes) * 1024),
            PlanData::Unlimited | PlanData::UnlimitedThrottled => None,
        }
    }

    /// Whether the data has no limit.
    pub fn is_unlimited(&self) -> bool {
        self.megabytes().is_none()
    }
}

/// What one destination charges: wholesale, in cents of a US dollar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tariff {
    pub(super) base: u64,
    pub(super) gigabyte: u64,
    pub(super) day: u64,
}

impl Tariff {
    /// The price of a plan: it grows with data, with days and with talk.
    pub(super) fn price(&self, plan: &Plan) -> Decimal {
        let days = u64::from(plan.days);
        let data = match plan.data {
            PlanData::Gigabytes(gigabytes) => {
                self.gigabyte * bulk(gigabytes) / 100 + days * self.day
            }
            PlanData::UnlimitedThrottled => days * (40 + self.gigabyte / 3 + self.day),
            PlanData::Unlimited => days * (80 + self.gigabyte / 2 + self.day),
        };
        let talk = match plan.talk {
            None => 0,
            Some(Talk::Counted { sms, minutes }) => u64::from(sms) + 3 * u64::from(minutes),
            Some(Talk::Unlimited) => 900,
        };
        let cents = self.base + data + talk;
        Decimal::new(i64::try_from(cents).expect("a price of 365 days fits"), 2)
    }
}

/// A gigabyte costs less in a larger package: percent of the price of one gigabyte.
fn bulk(gigabytes: u16) -> u64 {
    match gigabytes {
        0..=1 => 100,
        2..=3 => 260,
        4..=5 => 400,
        6..=10 => 700,
        _ => 60 * u64::from(gigabytes),
    }
}

#[cfg(test)]
mod tests {
    use super::super::data::{PlanKind, PriceFile};
    use super::*;

    #[test]
    fn a_price_grows_with_days_and_with_data() {
        let tariff = Tariff {
            base: 40,
            gigabyte: 55,
            day: 2,
        };
        let plan = |days, kind: &PlanKind| Plan {
            days,
            data: kind.data,
            talk: kind.talk,
        };
        for kind in &PriceFile::get().kinds {
            for days in 1..LONGEST_DAYS {
                let price = |days| tariff.price(&plan(days, kind));
                assert!(price(days) < price(days + 1));
            }
        }
        for pair in [1, 3, 5, 10, 20].windows(2) {
            let kind = |gigabytes| PlanKind {
                data: PlanData::Gigabytes(gigabytes),
                talk: None,
            };
            let price = |gigabytes| tariff.price(&plan(7, &kind(gigabytes)));
            assert!(price(pair[0]) < price(pair[1]));
        }
    }
}
