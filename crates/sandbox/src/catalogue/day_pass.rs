//! Packages that are sold by the day: the price is that of one day, and an order names the days.
//!
//! They stand beside the price list, three for each destination, and are not counted in its size: one
//! of the two dialects, and the face in process under a switch, sell them.

use rust_decimal::Decimal;

use super::plan::{Plan, PlanData};
use super::{Catalogue, CataloguePackage, hash};

/// For how many days a day pass is sold at most.
pub const MOST_DAYS: u16 = 365;

/// What happens each day once its data is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayPass {
    /// 1 GB a day, then 384 kbit/s.
    Slowed,
    /// 2 GB a day, then nothing more.
    CutOff,
    /// No end: 2 GB a day at full speed, then 128 kbit/s.
    Unlimited,
}

impl DayPass {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Slowed, Self::CutOff, Self::Unlimited];

    fn slug(self) -> &'static str {
        match self {
            Self::Slowed => "1gb",
            Self::CutOff => "2gb-cut",
            Self::Unlimited => "un2gb",
        }
    }

    /// Full-speed megabytes of 1024 KB on each day.
    pub const fn megabytes_a_day(self) -> u64 {
        match self {
            Self::Slowed => 1024,
            Self::CutOff | Self::Unlimited => 2048,
        }
    }

    const fn plan(self) -> Plan {
        Plan {
            days: 1,
            data: match self {
                Self::Slowed => PlanData::Gigabytes(1),
                Self::CutOff => PlanData::Gigabytes(2),
                Self::Unlimited => PlanData::UnlimitedThrottled,
            },
            talk: None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Slowed => "1 GB a Day",
            Self::CutOff => "2 GB a Day, cut off",
            Self::Unlimited => "Unlimited Data a Day",
        }
    }
}

impl Catalogue {
    /// The packages sold by the day, three for each destination, in the order of the listing.
    pub fn day_passes(&self) -> impl Iterator<Item = CataloguePackage> {
        (0..self.groups.len()).flat_map(move |group| {
            DayPass::ALL
                .into_iter()
                .map(move |pass| self.day_pass(group, pass))
        })
    }

    /// The day pass of an id such as `esim-portugal-daily-1gb-all`.
    pub(super) fn find_day_pass(&self, id: &str) -> Option<CataloguePackage> {
        let inner = id.strip_prefix("esim-")?.strip_suffix("-all")?;
        let (slug, what) = inner.rsplit_once("-daily-")?;
        let group = *self.by_slug.get(slug)?;
        let pass = DayPass::ALL.into_iter().find(|pass| pass.slug() == what)?;
        Some(self.day_pass(group, pass))
    }

    /// The day pass of this kind for a destination.
    pub(crate) fn day_pass(&self, group_index: usize, pass: DayPass) -> CataloguePackage {
        let group = &self.groups[group_index];
        let plan = pass.plan();
        let odd = hash(hash(self.seed, group_index), 1_000 + pass.slug().len()) % 49 + 1;
        // Billed in ten-thousandths of a dollar, never in whole cents, not even half ones: a client
        // that counts in cents is found out.
        let odd = Decimal::new(i64::try_from(odd).expect("below one hundred"), 4);
        CataloguePackage {
            id: format!("esim-{}-daily-{}-all", group.slug, pass.slug()),
            name: pass.name().to_owned(),
            group: group_index,
            plan,
            price: group.tariff.price(&plan) / Decimal::TWO + odd,
            hotspot: true,
            usage_check: true,
            travel_date: false,
            by_day: Some(pass),
        }
    }
}
