//! Destinations, the paged catalogue, and the packages that fit an eSIM.

use std::ops::Range;

use rust_decimal::Decimal;

use super::super::api::{Answer, Call, Failure};
use super::super::json::{Json, object};
use super::esims::access_point;
use super::{UNLIMITED, failed, invalid};
use crate::catalogue::{
    CatalogueFilter, CataloguePackage, Geography, Group, PlanData, Selection, Signal, Talk,
};
use crate::switches::{PageCount, Tolerance};
use crate::world::Refusal;

const USUAL_PAGE: u64 = 50;
const APN: &str = "internet.sandbox.invalid";

pub(super) fn countries(call: &Call<'_>) -> Result<Answer, Failure> {
    let wanted = call.fields.text("geography").and_then(Geography::parse);
    let groups = call.world.catalogue().groups().iter();
    let listed = groups.filter(|group| wanted.is_none_or(|wanted| wanted == group.geography));
    let told = call.switches.country_geography;
    let countries: Json = listed
        .map(|group| {
            object! { "code": &group.code, "name": &group.name }
                .with("geography", told.then(|| group.geography.as_str()))
        })
        .collect();
    Ok(object! { "countries": countries }.into())
}

pub(super) fn packages(call: &Call<'_>) -> Result<Answer, Failure> {
    let filter = filter(call);
    check_place(call, &filter)?;
    let page = call.fields.count("page").unwrap_or(1);
    let asked = call.fields.count("pageSize").unwrap_or(USUAL_PAGE);
    let most = call.switches.page_size_cap.unwrap_or(u64::MAX);
    let size = call.capped(asked).min(most).max(1);
    let catalogue = call.world.catalogue();
    let selection = catalogue.select(&filter);
    let rows = match call.switches.page_counts {
        PageCount::Packages => call.rows(selection.len(), page, size)?,
        PageCount::Groups => rows_of_groups(call, &selection, page, size),
    };
    if rows.is_empty() && page > 1 && call.switches.page_past_end == Tolerance::Refused {
        return Err(failed(404, "Page not found"));
    }
    let price = |price: Decimal| call.plan.twists.price(price);
    let mut groups: Vec<(usize, Vec<Json>)> = Vec::new();
    for row in rows {
        let package = catalogue.row(&selection, row);
        let index = package.group;
        let listed = flat(&package, price(package.price));
        match groups.iter_mut().rfind(|(known, _)| *known == index) {
            Some((_, packages)) => packages.push(listed),
            None => groups.push((index, vec![listed])),
        }
    }
    let packages: Json = groups
        .into_iter()
        .map(|(index, packages)| group(&catalogue.groups()[index], price, packages))
        .collect();
    Ok(object! { "packages": packages }.into())
}

pub(super) fn top_ups(call: &Call<'_>) -> Result<Answer, Failure> {
    let filter = filter(call);
    let esim = call.esim_of_card(call.fields.needed("iccid"))?;
    if !esim.top_up {
        return Err(Refusal::TopUpUnsupported.into());
    }
    let catalogue = call.world.catalogue();
    let bought = catalogue.find(&esim.allowances[0].item.package_id);
    let packages: Json = bought
        .into_iter()
        .flat_map(|bought| catalogue.top_ups(bought.group))
        .filter(|package| filter.takes(package))
        .map(|package| nested(&package, call.plan.twists.price(package.price)))
        .collect();
    Ok(packages.into())
}

fn filter(call: &Call<'_>) -> CatalogueFilter {
    let fields = call.fields;
    let whole = |days: Decimal| u64::try_from(days).ok().filter(|_| days.is_integer());
    let gigabytes = fields.number("gbs");
    CatalogueFilter {
        name: fields.owned("country"),
        code: fields.owned("countryCode"),
        geography: fields.text("geography").and_then(Geography::parse),
        // A number of days that is not whole fits nothing, like zero.
        days: fields.number("days").map(|days| whole(days).unwrap_or(0)),
        megabytes: gigabytes.map(|gigabytes| gigabytes.saturating_mul(1024.into())),
        unlimited: fields.flag("isUnlimited"),
        package: fields.owned("packageId"),
    }
}

fn check_place(call: &Call<'_>, filter: &CatalogueFilter) -> Result<(), Failure> {
    if call.switches.unmatched_country == Tolerance::Accepted {
        return Ok(());
    }
    let groups = call.world.catalogue().groups();
    let known = |wanted: &Option<String>, word: fn(&Group) -> &str| {
        wanted.as_ref().is_none_or(|wanted| {
            let mut words = groups.iter().map(word);
            words.any(|word| wanted.eq_ignore_ascii_case(word))
        })
    };
    let unknown = |name| invalid(&format!("\"{name}\" is not a supported destination"));
    if !known(&filter.name, |group| &group.name) {
        return Err(unknown("country"));
    }
    if !known(&filter.code, |group| &group.code) {
        return Err(unknown("countryCode"));
    }
    Ok(())
}

fn rows_of_groups(call: &Call<'_>, selection: &Selection, page: u64, size: u64) -> Vec<usize> {
    let groups: Vec<Range<usize>> = selection.group_rows().collect();
    call.places(groups.len() as u64, page, size)
        .filter_map(|place| groups.get(usize::try_from(place).ok()?).cloned())
        .flatten()
        .collect()
}

fn group(group: &Group, price: impl Fn(Decimal) -> Decimal, packages: Vec<Json>) -> Json {
    object! {
        "id": format!("{}-esims", group.slug),
        "countryName": &group.name,
        "countryCode": &group.code,
        "countrySlug": &group.slug,
        "region": group.region,
        "geography": group.geography.as_str(),
        "minPrice": price(group.lowest_price),
        "maxPrice": price(group.highest_price),
        "image": format!("https://images.sandbox.invalid/flags/{}.png", group.slug),
        "signals": group.signals.iter().map(signal).collect::<Json>(),
        "packages": packages,
    }
}

fn signal(signal: &Signal) -> Json {
    object! {
        "code": signal.code,
        "name": &signal.name,
        "networks": signal.networks.clone(),
        "carriers": signal.carriers.clone(),
    }
}

/// Amounts and units of calls and texts: −1 and no unit where they are not part of the plan.
fn talk(package: &CataloguePackage) -> ((Json, &'static str), (Json, &'static str)) {
    let (minutes, sms): (Json, Json) = match package.plan.talk {
        None => return (((-1).into(), ""), ((-1).into(), "")),
        Some(Talk::Counted { sms, minutes }) => (minutes.into(), sms.into()),
        Some(Talk::Unlimited) => (UNLIMITED.into(), UNLIMITED.into()),
    };
    ((minutes, "minutes"), (sms, "sms"))
}

/// What a package is in either of the shapes that the provider has for one.
fn head(package: &CataloguePackage, price: Decimal) -> Json {
    let talks = package.plan.talk.is_some();
    object! {
        "packageId": &package.id,
        "package": &package.name,
        "plan": if talks { "data-voice-sms" } else { "data-only" },
        "activation": "first-use",
        "day": package.plan.days,
        "price": price,
    }
}

fn notes(package: &CataloguePackage) -> Json {
    object! { "notes": package.notes() }
}

/// A package of the catalogue: everything at one level.
fn flat(package: &CataloguePackage, price: Decimal) -> Json {
    let ((call_amount, call_unit), (sms_amount, sms_unit)) = talk(package);
    let talks = package.plan.talk.is_some();
    let throttled = package.plan.data == PlanData::UnlimitedThrottled;
    let throttle = object! {
        "throttleSpeed": 128_u8,
        "throttleSpeedUnit": "kbps",
        "throttleThreshold": 2_u8,
        "throttleThresholdUnit": "gb",
    };
    let requirements = object! { "travelDate": true };
    let facts = object! {
        "isUnlimited": package.plan.is_unlimited(),
        "isAPNAutomatic": true,
        "apn": APN,
        "dataAmount": package.plan.megabytes().unwrap_or(UNLIMITED),
        "dataUnit": "MB",
        "callType": "all",
        "callAmount": call_amount,
        "callUnit": call_unit,
        "smsType": "all",
        "smsAmount": sms_amount,
        "smsUnit": sms_unit,
        "withSMS": talks,
        "withCall": talks,
        "withHotspot": package.hotspot,
        "withDataRoaming": true,
        "withDestinationInstall": false,
        "withUsageCheck": package.usage_check,
        "withThrottle": throttled,
    };
    head(package, price)
        .and(facts)
        .with("throttle", throttled.then_some(throttle))
        .with("requirements", package.travel_date.then_some(requirements))
        .and(notes(package))
}

/// A package of the top-up list: the same facts in objects of their own.
fn nested(package: &CataloguePackage, price: Decimal) -> Json {
    let ((call_amount, call_unit), (sms_amount, sms_unit)) = talk(package);
    let talks = package.plan.talk.is_some();
    let facts = object! {
        "withHotspot": package.hotspot,
        "withDataRoaming": true,
        "withDestinationInstall": false,
        "withUsageCheck": package.usage_check,
        "apn": access_point(APN),
        "data": object! {
            "isUnlimited": package.plan.is_unlimited(),
            "dataAmount": package.plan.megabytes().unwrap_or(UNLIMITED),
            "dataUnit": "MB",
        },
        "call": object! {
            "withCall": talks,
            "callType": "all",
            "callAmount": call_amount,
            "callUnit": call_unit,
        },
        "sms": object! {
            "withSMS": talks,
            "smsType": "all",
            "smsAmount": sms_amount,
            "smsUnit": sms_unit,
        },
    };
    head(package, price).and(facts).and(notes(package))
}
