//! The price list of the simulated provider: computed from a seed, never stored.

mod data;
mod day_pass;
mod group;
mod plan;

use std::collections::HashMap;
use std::ops::Range;

use rust_decimal::Decimal;

pub use self::data::Geography;
use self::data::PriceFile;
pub use self::day_pass::{DayPass, MOST_DAYS};
pub use self::group::{Group, Signal};
use self::group::{group, hash};
pub use self::plan::{Plan, PlanData, Talk};
use crate::dialect::Dialect;

/// The sentence every package carries in its notes.
pub const NOTHING_IS_REAL: &str = "Sandbox: no real money, cannot be installed";

/// One travel date in so many packages: about 30 of 28,000, as the provider's explorer says.
const TRAVEL_DATE_ONE_IN: u64 = 800;
const NO_USAGE_CHECK_ONE_IN: u64 = 50;
const NO_HOTSPOT_ONE_IN: u64 = 25;

/// A catalogue that was asked to be larger than what can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sandbox catalogue holds 1 to {largest} packages, not {asked}: ask for fewer")]
pub struct CatalogueSize {
    asked: usize,
    largest: usize,
}

/// One sellable package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CataloguePackage {
    /// The provider's id, such as `esim-portugal-15days-3gb-all`. Opaque to a client.
    pub id: String,
    /// The display name, such as `3 GB - 15 Days`.
    pub name: String,
    /// Which destination, as an index into [`Catalogue::groups`].
    pub group: usize,
    /// What is sold.
    pub plan: Plan,
    /// The wholesale price in US dollars, two decimals.
    pub price: Decimal,
    /// Whether tethering is allowed.
    pub hotspot: bool,
    /// Whether the usage endpoints work for it.
    pub usage_check: bool,
    /// Whether a start date must be given when the profile is made.
    pub travel_date: bool,
    /// Set where it is sold by the day: then the price and the plan are those of one day.
    pub by_day: Option<DayPass>,
}

impl CataloguePackage {
    /// Whether an eSIM of this package can be topped up: those with talk cannot, and
    /// of the day passes only the slowed one.
    pub fn top_up(&self) -> bool {
        self.plan.talk.is_none()
            && !matches!(self.by_day, Some(DayPass::CutOff | DayPass::Unlimited))
    }

    /// Whether it may be bought as a top-up: data alone, and no start date to give.
    pub fn is_top_up(&self) -> bool {
        self.plan.talk.is_none() && !self.travel_date
    }

    /// Whether a dialect sells it. The second one has neither calls nor travel dates, and data without
    /// an end only by the day.
    pub fn sold_in(&self, dialect: Dialect) -> bool {
        match dialect {
            Dialect::Roamify => self.by_day.is_none(),
            Dialect::EsimAccess => {
                self.plan.talk.is_none()
                    && !self.travel_date
                    && (self.by_day.is_some() || !self.plan.is_unlimited())
            }
        }
    }

    /// What a person should know before buying.
    pub fn notes(&self) -> Vec<&'static str> {
        let mut notes = vec![NOTHING_IS_REAL];
        if !self.usage_check {
            notes.push("Check usage by dialling *100#");
        }
        notes
    }
}

/// What a listing asks for. Empty asks for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogueFilter {
    /// The full name of a destination.
    pub name: Option<String>,
    /// The code of a destination.
    pub code: Option<String>,
    /// What the destination spans.
    pub geography: Option<Geography>,
    /// Validity in days, exactly.
    pub days: Option<u64>,
    /// Data in megabytes, exactly; ignored when only unlimited packages are asked for.
    pub megabytes: Option<Decimal>,
    /// Only unlimited packages.
    pub unlimited: bool,
    /// One package; everything else is then ignored.
    pub package: Option<String>,
}

impl CatalogueFilter {
    /// Whether a package passes what is asked of it alone; its destination is not looked at.
    pub(crate) fn takes(&self, package: &CataloguePackage) -> bool {
        match &self.package {
            Some(id) => *id == package.id,
            None => package.plan.fits(self),
        }
    }
}

/// The whole price list. Memory grows with the number of destinations, not of packages.
#[derive(Debug)]
pub struct Catalogue {
    seed: u64,
    size: usize,
    groups: Vec<Group>,
    plans: Vec<Plan>,
    by_slug: HashMap<String, usize>,
    by_plan: HashMap<String, usize>,
}

/// The rows that a filter leaves, countable and reachable by number without listing them.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    plans: Vec<usize>,
    /// Group and the rows it takes.
    groups: Vec<(usize, Range<usize>)>,
}

impl Catalogue {
    /// The catalogue of this seed and size. The same two always give the same packages.
    ///
    /// # Errors
    ///
    /// [`CatalogueSize`] for zero packages, or for more than can be told apart.
    pub fn new(seed: u64, size: usize) -> Result<Self, CatalogueSize> {
        let file = PriceFile::get();
        let places = &file.places;
        let largest = places.len() * file.variety();
        if size == 0 || size > largest {
            return Err(CatalogueSize {
                asked: size,
                largest,
            });
        }
        let places = &places[..(size / 8).clamp(1, places.len())];
        let (share, left) = (size / places.len(), size % places.len());
        let plans = file.plans(share + 1);
        let groups: Vec<Group> = places
            .iter()
            .enumerate()
            .map(|(index, place)| group(seed, place, &plans[..share + usize::from(index < left)]))
            .collect();
        Ok(Self {
            seed,
            size,
            by_slug: groups
                .iter()
                .enumerate()
                .map(|(index, group)| (group.slug.clone(), index))
                .collect(),
            by_plan: plans
                .iter()
                .enumerate()
                .map(|(index, plan)| (plan.slug(), index))
                .collect(),
            groups,
            plans,
        })
    }

    /// How many packages there are.
    pub fn len(&self) -> usize {
        self.size
    }

    /// Whether there is nothing for sale, which never happens.
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// The destinations, in the order of the listing.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The package at a place of the listing, counted from 0.
    pub fn package(&self, index: usize) -> Option<CataloguePackage> {
        let all = self.select(&CatalogueFilter::default());
        (index < self.size).then(|| self.row(&all, index))
    }

    /// Every package, computed as the iterator goes.
    pub fn packages(&self) -> impl Iterator<Item = CataloguePackage> {
        self.groups
            .iter()
            .enumerate()
            .flat_map(move |(index, group)| {
                (0..group.packages).map(move |plan| self.build(index, plan))
            })
    }

    /// The package of this id; one that is sold by the day, too.
    pub fn find(&self, id: &str) -> Option<CataloguePackage> {
        match self.locate(id) {
            Some((group, plan)) => Some(self.build(group, plan)),
            None => self.find_day_pass(id),
        }
    }

    fn locate(&self, id: &str) -> Option<(usize, usize)> {
        let inner = id.strip_prefix("esim-")?.strip_suffix("-all")?;
        let days = inner.rfind("days-")?;
        let cut = inner[..days].rfind('-')?;
        let group = *self.by_slug.get(&inner[..cut])?;
        let plan = *self.by_plan.get(&inner[cut + 1..])?;
        (plan < self.groups[group].packages).then_some((group, plan))
    }

    /// The rows a filter leaves, in the order of the listing.
    pub(crate) fn select(&self, filter: &CatalogueFilter) -> Selection {
        if let Some(id) = &filter.package {
            return match self.locate(id) {
                Some((group, plan)) => Selection {
                    plans: vec![plan],
                    groups: vec![(group, 0..1)],
                },
                None => Selection {
                    plans: Vec::new(),
                    groups: Vec::new(),
                },
            };
        }
        let plans: Vec<usize> = (0..self.plans.len())
            .filter(|index| self.plans[*index].fits(filter))
            .collect();
        let mut start = 0;
        let mut groups = Vec::new();
        for (index, group) in self.groups.iter().enumerate() {
            let rows = plans.partition_point(|plan| *plan < group.packages);
            if rows > 0 && group.fits(filter) {
                groups.push((index, start..start + rows));
                start += rows;
            }
        }
        Selection { plans, groups }
    }

    /// The package in a row of a selection.
    pub(crate) fn row(&self, selection: &Selection, row: usize) -> CataloguePackage {
        let place = selection
            .groups
            .partition_point(|(_, rows)| rows.end <= row);
        let (group, rows) = &selection.groups[place];
        self.build(*group, selection.plans[row - rows.start])
    }

    /// What is for sale in a dialect: the price list, or the part of it that the dialect can express,
    /// and then the day passes.
    pub fn packages_in(&self, dialect: Dialect) -> Box<dyn Iterator<Item = CataloguePackage> + '_> {
        match dialect {
            Dialect::Roamify => Box::new(self.packages()),
            Dialect::EsimAccess => Box::new(
                self.packages()
                    .chain(self.day_passes())
                    .filter(move |package| package.sold_in(dialect)),
            ),
        }
    }

    /// What is for sale for one destination in a dialect.
    pub(crate) fn packages_of(
        &self,
        group: usize,
        dialect: Dialect,
    ) -> impl Iterator<Item = CataloguePackage> {
        let passes = DayPass::ALL.into_iter();
        (0..self.groups[group].packages)
            .map(move |plan| self.build(group, plan))
            .chain(passes.map(move |pass| self.day_pass(group, pass)))
            .filter(move |package| package.sold_in(dialect))
    }

    /// The packages that may top up an eSIM of this destination.
    pub(crate) fn top_ups(&self, group: usize) -> impl Iterator<Item = CataloguePackage> {
        (0..self.groups[group].packages)
            .map(move |plan| self.build(group, plan))
            .filter(CataloguePackage::is_top_up)
    }

    fn build(&self, group_index: usize, plan_index: usize) -> CataloguePackage {
        let group = &self.groups[group_index];
        let plan = self.plans[plan_index];
        let chance = hash(hash(self.seed, group_index), plan_index);
        let usual = &PriceFile::get().usual_plans;
        let odd = |one_in: u64, salt: usize| {
            plan_index >= usual.len() && hash(chance, salt).is_multiple_of(one_in)
        };
        // Two of Kenya's usual packages are the well-known exceptions that tests and guides name.
        let kenya = group.slug == "kenya";
        CataloguePackage {
            id: format!("esim-{}-{}-all", group.slug, plan.slug()),
            name: plan.name(),
            group: group_index,
            plan,
            price: group.tariff.price(&plan),
            hotspot: !odd(NO_HOTSPOT_ONE_IN, 1),
            usage_check: !(odd(NO_USAGE_CHECK_ONE_IN, 2) || kenya && plan_index == 7),
            travel_date: odd(TRAVEL_DATE_ONE_IN, 3) || kenya && plan_index == 5,
            by_day: None,
        }
    }
}

impl Selection {
    /// How many packages are left.
    pub(crate) fn len(&self) -> usize {
        self.groups.last().map_or(0, |(_, rows)| rows.end)
    }

    /// The rows of each group, for a listing that counts groups.
    pub(crate) fn group_rows(&self) -> impl Iterator<Item = Range<usize>> {
        self.groups.iter().map(|(_, rows)| rows.clone())
    }
}

impl Plan {
    fn fits(&self, filter: &CatalogueFilter) -> bool {
        let days = filter.days.is_none_or(|days| days == u64::from(self.days));
        let data = if filter.unlimited {
            self.is_unlimited()
        } else {
            filter
                .megabytes
                .is_none_or(|wanted| self.megabytes().is_some_and(|has| wanted == has.into()))
        };
        days && data
    }
}
