//! The price list in one answer, and the places it is for.

use rust_decimal::Decimal;

use super::super::api::{Answer, Call, Failure};
use super::super::json::{Json, object};
use super::price_list::{TOP_UP, bytes, codes, find_coded, location_code, name, slug};
use super::units;
use crate::catalogue::{CataloguePackage, DayPass, Geography, Group, NOTHING_IS_REAL, Signal};
use crate::dialect::Dialect;
use crate::world::Refusal;

/// In how many days a profile must be installed: as long as the world keeps it.
const INSTALL_WITHIN: u32 = 365;

/// From which country's addresses traffic leaves.
pub(super) const EXIT: &str = "UK/NO";

/// Validity starts with the first network connection.
pub(super) const FIRST_CONNECTION: u8 = 2;

/// What narrows a list, and the codes it is written with.
struct Wanted<'a> {
    place: Option<&'a str>,
    regional_in_country: bool,
    kind: Option<u64>,
    /// The package that a top-up is for.
    base: Option<CataloguePackage>,
    top_ups: bool,
}

pub(super) fn packages(call: &Call<'_>) -> Result<Answer, Failure> {
    let fields = call.fields;
    let catalogue = call.world.catalogue();
    let mut wanted = Wanted {
        place: fields.text("locationCode"),
        regional_in_country: call.switches.esim_access.regional_in_country,
        kind: fields.count("dataType"),
        base: None,
        top_ups: fields.text("type") == Some("TOPUP"),
    };
    let one = match fields.text("packageCode").or(fields.text("slug")) {
        Some(code) => Some(find_coded(catalogue, code, true)?),
        None => None,
    };
    let packages: Box<dyn Iterator<Item = CataloguePackage>> = match one {
        Some(package) if !wanted.top_ups => Box::new(std::iter::once(package)),
        one => {
            wanted.base = match fields.text("iccid").filter(|_| wanted.top_ups) {
                Some(iccid) => Some(bought(call, iccid)?),
                None => one,
            };
            let groups: Vec<usize> = match &wanted.base {
                Some(base) => vec![base.group],
                None => (0..catalogue.groups().len()).collect(),
            };
            let groups = groups.into_iter();
            Box::new(groups.flat_map(|group| catalogue.packages_of(group, Dialect::EsimAccess)))
        }
    };
    let groups = catalogue.groups();
    let packages: Json = packages
        .filter(|package| wanted.takes(&groups[package.group], package))
        .map(|package| {
            let price = call.plan.twists.price(package.price);
            answer(&groups[package.group], &package, price, wanted.top_ups)
        })
        .collect();
    Ok(object! { "packageList": packages }.into())
}

/// What the eSIM was bought with. A card number belongs to the newest eSIM that bears it.
fn bought(call: &Call<'_>, iccid: &str) -> Result<CataloguePackage, Failure> {
    let esim = call.esim_of_card(iccid)?;
    if !esim.top_up || esim.is_over(call.now()?) {
        return Err(Refusal::NotAllowed.into());
    }
    let package = &esim.allowances[0].item.package_id;
    let package = call.world.catalogue().find(package);
    Ok(package.ok_or(Refusal::UnknownEsim)?)
}

impl Wanted<'_> {
    fn takes_place(&self, group: &Group) -> bool {
        let covers = |code: &str| {
            let mut signals = group.signals.iter();
            signals.any(|signal| signal.code.eq_ignore_ascii_case(code))
        };
        match self.place {
            None => true,
            Some("!RG") => group.geography == Geography::Regional,
            Some("!GL") => group.geography == Geography::Global,
            Some(code) => {
                location_code(group).eq_ignore_ascii_case(code)
                    || self.regional_in_country && covers(code)
            }
        }
    }

    fn takes(&self, group: &Group, package: &CataloguePackage) -> bool {
        let kind = self
            .kind
            .is_none_or(|kind| kind == u64::from(codes(package).data_type));
        let base = self.base.as_ref();
        let fits = base.is_none_or(|base| base.by_day == package.by_day);
        let sold = !self.top_ups
            || package.is_top_up() && matches!(package.by_day, None | Some(DayPass::Slowed));
        kind && fits && sold && self.takes_place(group)
    }
}

fn answer(group: &Group, package: &CataloguePackage, price: Decimal, top_up: bool) -> Json {
    let countries: Vec<&str> = group.signals.iter().map(|signal| signal.code).collect();
    let codes = codes(package);
    let name = name(group, package);
    let prefix = if top_up { TOP_UP } else { "" };
    object! {
        "packageCode": format!("{prefix}{}", package.id),
        "slug": slug(group, package),
        "name": &name,
        "price": units(price),
        "currencyCode": "USD",
        "volume": bytes(package),
        "smsStatus": codes.message_type,
        "dataType": codes.data_type,
        "unusedValidTime": INSTALL_WITHIN,
        "duration": package.plan.days,
        "durationUnit": "DAY",
        "location": countries.join(","),
        "locationCode": location_code(group),
        "description": format!("{name}. {NOTHING_IS_REAL}"),
        "activeType": FIRST_CONNECTION,
        "favorite": false,
        "retailPrice": units(price * Decimal::TWO),
        "speed": "3G/4G/5G",
        "ipExport": EXIT,
        "supportTopUpType": codes.top_up_type,
        "fupPolicy": codes.fair_use,
        "locationNetworkList": group.signals.iter().map(network).collect::<Json>(),
    }
}

fn network(signal: &Signal) -> Json {
    let best = signal.networks.last().copied().unwrap_or("4G");
    let carriers = signal.carriers.iter();
    let operators =
        carriers.map(|carrier| object! { "operatorName": *carrier, "networkType": best });
    object! {
        "locationName": &signal.name,
        "locationLogo": format!("/img/flags/{}.png", signal.code.to_ascii_lowercase()),
        "locationCode": signal.code,
        "operatorList": operators.collect::<Json>(),
    }
}

pub(super) fn locations(call: &Call<'_>) -> Result<Answer, Failure> {
    let groups = call.world.catalogue().groups().iter();
    let locations = groups.map(|group| {
        let local = group.geography == Geography::Local;
        let signals = group.signals.iter();
        let parts = signals.map(|signal| object! { "code": signal.code, "name": &signal.name });
        object! {
            "code": location_code(group),
            "name": &group.name,
            "type": if local { 1_u8 } else { 2 },
            "subLocationList": (!local).then(|| parts.collect::<Json>()),
        }
    });
    Ok(object! { "locationList": locations.collect::<Json>() }.into())
}
