//! The price list in one answer, and the places it is for.

use serde::Serialize;

use super::answers::{LocationAnswer, PackageAnswer};
use super::body::wrong_type;
use super::price_list::{TOP_UP, data_type, find, location_code};
use super::{Call, Failure, Outcome, obj};
use crate::catalogue::{CataloguePackage, DayPass, Geography, Group};
use crate::dialect::Dialect;
use crate::world::Refusal;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Packages<'a> {
    package_list: Vec<PackageAnswer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Locations<'a> {
    location_list: Vec<LocationAnswer<'a>>,
}

/// What narrows a list, and the codes it is written with.
struct Wanted<'a> {
    place: Option<&'a str>,
    regional_in_country: bool,
    kind: Option<u8>,
    /// The package that a top-up is for.
    base: Option<CataloguePackage>,
    top_ups: bool,
}

pub(super) fn list(call: &Call<'_>) -> Outcome {
    let body = call.body;
    let top_ups = match body.text("type")? {
        None | Some("BASE") => false,
        Some("TOPUP") => true,
        Some(_) => return Err(wrong_type("type", "BASE or TOPUP")),
    };
    let kind = match body.number("dataType")? {
        None => None,
        Some(kind @ 1..=4) => u8::try_from(kind).ok(),
        Some(_) => return Err(wrong_type("dataType", "1, 2, 3 or 4")),
    };
    let code = match body.text("packageCode")? {
        Some(code) => Some(code),
        None => body.text("slug")?,
    };
    let mut wanted = Wanted {
        place: body.text("locationCode")?,
        regional_in_country: call.switches.regional_in_country,
        kind,
        base: None,
        top_ups,
    };
    let catalogue = call.world.catalogue();
    let one = match code {
        Some(code) => {
            let bare = code.strip_prefix(TOP_UP).unwrap_or(code);
            let package = find(catalogue, bare);
            Some(package.ok_or_else(|| Refusal::UnknownPackage(code.to_owned()))?)
        }
        None => None,
    };
    if !top_ups {
        return match one {
            Some(package) => answer(call, &wanted, std::iter::once(package)),
            None => answer(call, &wanted, all(call, &wanted)),
        };
    }
    wanted.base = match body.text("iccid")? {
        Some(iccid) => Some(bought(call, iccid)?),
        None => one,
    };
    answer(call, &wanted, all(call, &wanted))
}

/// What the eSIM was bought with. A card number belongs to the newest eSIM that bears it.
fn bought(call: &Call<'_>, iccid: &str) -> Result<CataloguePackage, Failure> {
    let esim = call.of(call.world.find_esim_by_iccid(iccid))?;
    let esim = esim.ok_or(Refusal::UnknownEsim)?;
    if !esim.top_up || esim.is_over(call.now()?) {
        return Err(Refusal::NotAllowed.into());
    }
    let package = call
        .world
        .catalogue()
        .find(&esim.allowances[0].item.package_id);
    package.ok_or_else(|| Refusal::UnknownEsim.into())
}

fn all<'a>(
    call: &'a Call<'_>,
    wanted: &Wanted<'_>,
) -> Box<dyn Iterator<Item = CataloguePackage> + 'a> {
    let catalogue = call.world.catalogue();
    let groups: Vec<usize> = match &wanted.base {
        Some(base) => vec![base.group],
        None => (0..catalogue.groups().len())
            .filter(|index| wanted.takes_place(&catalogue.groups()[*index]))
            .collect(),
    };
    Box::new(
        groups
            .into_iter()
            .flat_map(|group| catalogue.packages_of(group, Dialect::EsimAccess)),
    )
}

fn answer(
    call: &Call<'_>,
    wanted: &Wanted<'_>,
    packages: impl Iterator<Item = CataloguePackage>,
) -> Outcome {
    let groups = call.world.catalogue().groups();
    let package_list = packages
        .filter(|package| wanted.takes(&groups[package.group], package))
        .map(|package| {
            let price = call.plan.twists.price(package.price);
            PackageAnswer::of(&groups[package.group], &package, price, wanted.top_ups)
        })
        .collect();
    obj(&Packages { package_list })
}

impl Wanted<'_> {
    fn takes_place(&self, group: &Group) -> bool {
        match self.place {
            None => true,
            Some("!RG") => group.geography == Geography::Regional,
            Some("!GL") => group.geography == Geography::Global,
            Some(code) => {
                let covers = || {
                    group
                        .signals
                        .iter()
                        .any(|signal| signal.code.eq_ignore_ascii_case(code))
                };
                location_code(group).eq_ignore_ascii_case(code)
                    || self.regional_in_country && covers()
            }
        }
    }

    fn takes(&self, group: &Group, package: &CataloguePackage) -> bool {
        let kind = self.kind.is_none_or(|kind| kind == data_type(package));
        let fits = match &self.base {
            None => true,
            Some(base) => base.by_day == package.by_day,
        };
        let sold = !self.top_ups
            || package.is_top_up() && matches!(package.by_day, None | Some(DayPass::Slowed));
        kind && fits && sold && self.takes_place(group)
    }
}

pub(super) fn locations(call: &Call<'_>) -> Outcome {
    let groups = call.world.catalogue().groups().iter();
    let location_list = groups.map(LocationAnswer::of).collect();
    obj(&Locations { location_list })
}
