//! Destinations, the paged catalogue, and the packages that fit an eSIM.

use std::ops::Range;

use rust_decimal::Decimal;

use super::super::reply::Reply;
use super::Call;
use super::answers::{Countries, CountryAnswer, FlatPackage, GroupAnswer, Groups, NestedPackage};
use crate::catalogue::{Catalogue, CatalogueFilter, Geography, Selection};
use crate::switches::{PageCount, Tolerance};
use crate::world::Refusal;

const GEOGRAPHIES: [&str; 3] = ["local", "regional", "global"];
const USUAL_PAGE: u64 = 50;

pub(super) fn countries(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query.only(&["geography"])?;
    let wanted = call
        .query
        .word("geography", &GEOGRAPHIES)?
        .and_then(Geography::parse);
    let groups = call.world.catalogue().groups();
    let listed = groups
        .iter()
        .filter(|group| wanted.is_none_or(|wanted| wanted == group.geography));
    let countries = listed
        .map(|group| CountryAnswer {
            code: &group.code,
            name: &group.name,
            geography: call
                .switches
                .country_geography
                .then(|| group.geography.as_str()),
        })
        .collect();
    Ok(Reply::success(200, Countries { countries }))
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query.only(&[
        "country",
        "countryCode",
        "geography",
        "days",
        "gbs",
        "isUnlimited",
        "packageId",
        "page",
        "pageSize",
    ])?;
    let filter = filter(call)?;
    let page = call.query.count("page")?.unwrap_or(1);
    let asked = call.query.count("pageSize")?.unwrap_or(USUAL_PAGE);
    let caps = [call.switches.page_size_cap, call.plan.page_cap];
    let size = caps.into_iter().flatten().fold(asked, u64::min).max(1);
    let catalogue = call.world.catalogue();
    check_place(call, catalogue, &filter)?;
    let selection = catalogue.select(&filter);
    let rows = match call.switches.page_counts {
        PageCount::Packages => rows_of(call, &selection, page, size)?,
        PageCount::Groups => rows_of_groups(call, &selection, page, size),
    };
    if rows.is_empty() && page > 1 && call.switches.page_past_end == Tolerance::Refused {
        return Err(Reply::failed(404, "Page not found"));
    }
    let price = |price: Decimal| call.plan.twists.price(price);
    let mut answers: Vec<(usize, GroupAnswer<'_>)> = Vec::new();
    for row in rows {
        let package = catalogue.row(&selection, row);
        let index = package.group;
        let place = answers
            .iter()
            .rposition(|(known, _)| *known == index)
            .unwrap_or_else(|| {
                answers.push((index, GroupAnswer::of(&catalogue.groups()[index], price)));
                answers.len() - 1
            });
        let listed = price(package.price);
        answers[place]
            .1
            .packages
            .push(FlatPackage::of(package, listed));
    }
    let packages = answers.into_iter().map(|(_, group)| group).collect();
    Ok(Reply::success(200, Groups { packages }))
}

pub(super) fn top_ups(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query
        .only(&["iccid", "days", "gbs", "isUnlimited", "packageId"])?;
    let iccid = call.query.required("iccid")?;
    let filter = filter(call)?;
    let esim = call.of(call.world.find_esim_by_iccid(iccid))?;
    let esim = esim.ok_or_else(|| call.refuse(&Refusal::UnknownEsim.into()))?;
    if !esim.top_up {
        return Err(call.refuse(&Refusal::TopUpUnsupported.into()));
    }
    let catalogue = call.world.catalogue();
    let bought = catalogue.find(&esim.allowances[0].item.package_id);
    let packages: Vec<NestedPackage> = bought
        .into_iter()
        .flat_map(|bought| catalogue.top_ups(bought.group))
        .filter(|package| filter.takes(package))
        .map(|package| {
            let price = call.plan.twists.price(package.price);
            NestedPackage::of(package, price)
        })
        .collect();
    Ok(Reply::success(200, packages))
}

fn filter(call: &Call<'_>) -> Result<CatalogueFilter, Reply> {
    let query = &call.query;
    let days = query.number("days")?;
    Ok(CatalogueFilter {
        name: query.text("country")?.map(str::to_owned),
        code: query.text("countryCode")?.map(str::to_owned),
        geography: query
            .word("geography", &GEOGRAPHIES)?
            .and_then(Geography::parse),
        // A number of days that is not whole fits nothing, like zero.
        days: days.map(|days| {
            if days.is_integer() {
                u64::try_from(days).unwrap_or(0)
            } else {
                0
            }
        }),
        megabytes: query
            .number("gbs")?
            .map(|gigabytes| gigabytes.saturating_mul(1024.into())),
        unlimited: query.boolean("isUnlimited")?,
        package: query.text("packageId")?.map(str::to_owned),
    })
}

fn check_place(
    call: &Call<'_>,
    catalogue: &Catalogue,
    filter: &CatalogueFilter,
) -> Result<(), Reply> {
    if call.switches.unmatched_country == Tolerance::Accepted {
        return Ok(());
    }
    for (name, wanted, is_code) in [
        ("country", &filter.name, false),
        ("countryCode", &filter.code, true),
    ] {
        let Some(wanted) = wanted else { continue };
        let known = catalogue.groups().iter().any(|group| {
            wanted.eq_ignore_ascii_case(if is_code { &group.code } else { &group.name })
        });
        if !known {
            return Err(super::query::invalid(
                name,
                "is not a supported destination",
            ));
        }
    }
    Ok(())
}

/// The rows of a page that counts packages, with the list as it has moved by now.
fn rows_of(
    call: &Call<'_>,
    selection: &Selection,
    page: u64,
    size: u64,
) -> Result<Vec<usize>, Reply> {
    let total = selection.len() as u64;
    if total == 0 {
        return Ok(Vec::new());
    }
    let (rotated, inserted) = call.of(call.world.moved())?;
    let listed = total.saturating_add(inserted);
    let rows = page_range(call, page, size, listed);
    Ok(rows
        .map(|place| match place.checked_sub(inserted) {
            None => place % total,
            Some(place) => (place + total - rotated % total) % total,
        })
        .filter_map(|row| usize::try_from(row).ok())
        .collect())
}

fn rows_of_groups(call: &Call<'_>, selection: &Selection, page: u64, size: u64) -> Vec<usize> {
    let groups: Vec<Range<usize>> = selection.group_rows().collect();
    page_range(call, page, size, groups.len() as u64)
        .filter_map(|place| groups.get(usize::try_from(place).ok()?).cloned())
        .flatten()
        .collect()
}

fn page_range(call: &Call<'_>, page: u64, size: u64, listed: u64) -> Range<u64> {
    let start = (page - 1).saturating_mul(size);
    let endless = call.switches.endless_pages || call.plan.endless;
    let start = if start >= listed && endless {
        listed.saturating_sub(1) / size * size
    } else {
        start
    };
    start.min(listed)..start.saturating_add(size).min(listed)
}
