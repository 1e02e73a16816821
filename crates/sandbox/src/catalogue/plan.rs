//! What can be sold in a place: data, days and talk, in one table shared by all destinations.

use rust_decimal::Decimal;

/// The longest validity sold, in days.
pub(super) const LONGEST_DAYS: u16 = 365;

/// How much data a plan brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlanData {
    /// A fixed amount, in the provider's gigabytes of 1024 MB.
    Gigabytes(u16),
    /// As much as one likes.
    Unlimited,
    /// As much as one likes, slowed to 128 kbit/s after 2 GB.
    UnlimitedThrottled,
}

/// How much a plan lets one talk and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Plan {
    /// Validity in days, 1 to 365, from first use.
    pub days: u16,
    /// The data.
    pub data: PlanData,
    /// Calls and texts, in a `data-voice-sms` plan.
    pub talk: Option<Talk>,
}

const fn data(days: u16, data: PlanData) -> Plan {
    Plan {
        days,
        data,
        talk: None,
    }
}

const fn talk(days: u16, gigabytes: u16, talk: Talk) -> Plan {
    Plan {
        days,
        data: PlanData::Gigabytes(gigabytes),
        talk: Some(talk),
    }
}

const SOME_TALK: Talk = Talk::Counted {
    sms: 100,
    minutes: 60,
};

/// What every destination sells first, without surprises: a catalogue of 60 has eight of these in
/// each of seven destinations.
pub(super) const USUAL: [Plan; 12] = [
    data(7, PlanData::Gigabytes(1)),
    data(15, PlanData::Gigabytes(3)),
    data(30, PlanData::Gigabytes(5)),
    data(30, PlanData::Gigabytes(10)),
    data(10, PlanData::UnlimitedThrottled),
    data(7, PlanData::Unlimited),
    data(30, PlanData::Gigabytes(20)),
    talk(30, 5, SOME_TALK),
    data(1, PlanData::Gigabytes(1)),
    data(15, PlanData::Unlimited),
    data(30, PlanData::UnlimitedThrottled),
    data(365, PlanData::Gigabytes(20)),
];

const KINDS: [(PlanData, Option<Talk>); 9] = [
    (PlanData::Gigabytes(1), None),
    (PlanData::Gigabytes(3), None),
    (PlanData::Gigabytes(5), None),
    (PlanData::Gigabytes(10), None),
    (PlanData::Gigabytes(20), None),
    (PlanData::Unlimited, None),
    (PlanData::UnlimitedThrottled, None),
    (PlanData::Gigabytes(5), Some(SOME_TALK)),
    (PlanData::Gigabytes(10), Some(Talk::Unlimited)),
];

const USUAL_DAYS: [u16; 15] = [7, 15, 30, 1, 3, 5, 10, 14, 20, 21, 28, 60, 90, 180, 365];

/// The first `count` plans; fewer where the table has no more.
pub(super) fn plans(count: usize) -> Vec<Plan> {
    let days = USUAL_DAYS
        .into_iter()
        .chain((1..=LONGEST_DAYS).filter(|day| !USUAL_DAYS.contains(day)));
    let rest = days
        .flat_map(|days| {
            KINDS
                .into_iter()
                .map(move |(data, talk)| Plan { days, data, talk })
        })
        .filter(|plan| !USUAL.contains(plan));
    USUAL.into_iter().chain(rest).take(count).collect()
}

/// How many different plans there are.
pub(super) fn variety() -> usize {
    usize::from(LONGEST_DAYS) * KINDS.len()
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
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn all_plans_are_different_and_so_are_their_slugs() {
        let plans = plans(usize::MAX);
        assert_eq!(plans.len(), variety());
        let slugs: HashSet<_> = plans.iter().map(Plan::slug).collect();
        assert_eq!(slugs.len(), plans.len());
    }

    #[test]
    fn a_longer_table_begins_with_the_shorter_one() {
        assert_eq!(plans(40)[..], plans(400)[..40]);
    }

    #[test]
    fn a_price_grows_with_days_and_with_data() {
        let tariff = Tariff {
            base: 40,
            gigabyte: 55,
            day: 2,
        };
        for (data, talk) in KINDS {
            for days in 1..LONGEST_DAYS {
                let price = |days| tariff.price(&Plan { days, data, talk });
                assert!(price(days) < price(days + 1));
            }
        }
        for pair in [1, 3, 5, 10, 20].windows(2) {
            let price = |gigabytes| tariff.price(&data(7, PlanData::Gigabytes(gigabytes)));
            assert!(price(pair[0]) < price(pair[1]));
        }
    }
}
