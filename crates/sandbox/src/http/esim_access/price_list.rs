//! The world's price list in this provider's names: codes, slugs and locations.

use crate::catalogue::{Catalogue, CataloguePackage, DayPass, Geography, Group, PlanData};
use crate::dialect::Dialect;
use crate::world::Refusal;

/// What the code of a top-up begins with.
pub(super) const TOP_UP: &str = "TOPUP_";

/// The code of a destination: `PT` for a country, `EUR-50` for several.
pub(super) fn location_code(group: &Group) -> String {
    match group.geography {
        Geography::Local => group.code.clone(),
        // The documents tell world-wide ones by this beginning.
        Geography::Global => format!("GL-{}", group.signals.len()),
        Geography::Regional => format!("{}-{}", group.code, group.signals.len()),
    }
}

/// The readable name of a package: `PT_3_15`, `JP_1_Daily`.
pub(super) fn slug(group: &Group, package: &CataloguePackage) -> String {
    let place = location_code(group);
    let data = match package.plan.data {
        PlanData::Gigabytes(gigabytes) => gigabytes.to_string(),
        PlanData::Unlimited | PlanData::UnlimitedThrottled => "U".to_owned(),
    };
    match package.by_day {
        None => format!("{place}_{data}_{}", package.plan.days),
        Some(DayPass::CutOff) => format!("{place}_{data}_Daily_C"),
        Some(DayPass::Slowed | DayPass::Unlimited) => format!("{place}_{data}_Daily"),
    }
}

/// The package of a code or a slug, without the beginning of a top-up.
fn find(catalogue: &Catalogue, code: &str) -> Option<CataloguePackage> {
    if let Some(package) = catalogue.find(code) {
        return Some(package).filter(|package| package.sold_in(Dialect::EsimAccess));
    }
    let place = code.split('_').next()?;
    let mut groups = catalogue.groups().iter();
    let index = groups.position(|group| location_code(group) == place)?;
    let group = &catalogue.groups()[index];
    catalogue
        .packages_of(index, Dialect::EsimAccess)
        .find(|package| slug(group, package) == code)
}

/// The package that a request names by its code or slug; of a top-up, with or without its beginning.
pub(super) fn find_coded(
    catalogue: &Catalogue,
    code: &str,
    top_up: bool,
) -> Result<CataloguePackage, Refusal> {
    let bare = code.strip_prefix(TOP_UP).filter(|_| top_up);
    let package = find(catalogue, bare.unwrap_or(code));
    package.ok_or_else(|| Refusal::UnknownPackage(code.to_owned()))
}

/// What this provider's lists say of a package in codes.
pub(super) struct Codes {
    /// 1 in all; 2 a day, then slowed; 3 a day, then nothing; 4 without an end.
    pub(super) data_type: u8,
    /// What follows the data of a day.
    pub(super) fair_use: &'static str,
    /// 1 no; 2 yes; 3 yes, by the day.
    pub(super) top_up_type: u8,
    /// 0 none; 1 between networks and here; 2 from here only.
    pub(super) message_type: u8,
}

impl Codes {
    /// Those of a package that is no longer sold.
    pub(super) const UNKNOWN: Self = Self {
        data_type: 1,
        fair_use: "",
        top_up_type: 1,
        message_type: 0,
    };
}

pub(super) fn codes(package: &CataloguePackage) -> Codes {
    let whole = if package.top_up() { 2 } else { 1 };
    let (data_type, fair_use, top_up_type, message_type) = match package.by_day {
        Some(DayPass::Slowed) => (2, "384 Kbps", 3, 0),
        Some(DayPass::CutOff) => (3, "", 1, 1),
        Some(DayPass::Unlimited) => (4, "128 Kbps", 1, 2),
        None if package.plan.is_unlimited() => (4, "128 Kbps", whole, 0),
        None => (1, "", whole, 0),
    };
    Codes {
        data_type,
        fair_use,
        top_up_type,
        message_type,
    }
}

/// Bytes: in all, or of a day.
pub(super) fn bytes(package: &CataloguePackage) -> u64 {
    let megabytes = match package.by_day {
        Some(pass) => pass.megabytes_a_day(),
        // What unlimited plans of the other dialect bring at full speed.
        None => package.plan.megabytes().unwrap_or(2048),
    };
    megabytes << 20
}

/// `Portugal 3GB 15Days`.
pub(super) fn name(group: &Group, package: &CataloguePackage) -> String {
    let place = &group.name;
    match (package.by_day, package.plan.data) {
        (Some(DayPass::Slowed), _) => format!("{place} 1GB/Day"),
        (Some(DayPass::CutOff), _) => format!("{place} 2GB/Day cut off"),
        (Some(DayPass::Unlimited), _) => format!("{place} unlimited per day"),
        (None, PlanData::Gigabytes(gigabytes)) => {
            format!("{place} {gigabytes}GB {}Days", package.plan.days)
        }
        (None, _) => format!("{place} unlimited {}Days", package.plan.days),
    }
}
