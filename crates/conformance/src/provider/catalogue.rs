//! The catalogue is complete, keeps its order, repeats nothing, and its filters are exact.

use std::collections::HashSet;

use futures::StreamExt as _;
use roamport_domain::package::Geography;
use roamport_domain::provider::{DestinationFilter, PackageQuery, Reaction};
use roamport_domain::{Destination, Package};

use super::trial::{Trial, ids};
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};
use crate::{ProviderHarness, Trouble, Verdict};

promises! { dyn ProviderHarness:
    /// A listing of everything has as many packages as the oracle knows.
    a_catalogue_is_complete,
    /// No package comes twice in a listing, and each names the provider that lists it.
    a_package_is_listed_once,
    /// Two listings of an unchanged catalogue have the same order.
    a_catalogue_keeps_its_order,
    /// A listing that has ended gives nothing more, however often it is polled.
    an_ended_listing_stays_ended,
    /// Filters by days, data, unlimited and geography, alone and together, give exactly the packages
    /// that match, in the catalogue's order.
    filters_are_exact,
    /// A filter by country gives every package of that country, and none that does not work there.
    a_country_has_all_its_packages_and_no_others,
    /// A filter by a destination's code and name gives exactly the packages of that destination.
    a_destination_has_exactly_its_packages,
    /// A package is found by its id, alone; an id that nobody sells gives an empty listing.
    a_package_is_found_by_its_id,
    /// Every package lies in a listed destination, destinations come once, and their filter is exact.
    every_package_lies_in_a_listed_destination,
    /// No price is negative, and all prices are in the wallet's currency.
    prices_are_in_the_wallets_currency,
    /// A price keeps every decimal that the provider bills in.
    a_price_keeps_every_decimal,
    /// A package that is sold by the day says for how many days, a range with something in it, and
    /// has a price for one.
    a_package_by_the_day_has_a_range_and_a_price_for_one,
    /// A page that fails for a moment does not end a listing: polling again gives the rest, complete
    /// and without repeats.
    a_listing_survives_a_page_that_fails_for_a_moment,
    /// A page that cannot be read ends a listing with an error, never quietly.
    a_listing_is_never_quietly_short,
}

async fn a_catalogue_is_complete(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let Some(size) = harness.catalogue_size().await else {
        return skipped("the harness does not know how many packages there are");
    };
    let count = trial.packages(PackageQuery::default()).await.len();
    assert!(count == size, "{count} packages were listed of {size}");
    Ok(())
}

async fn a_package_is_listed_once(harness: &dyn ProviderHarness) {
    let trial = Trial::of(harness);
    let all = trial.packages(PackageQuery::default()).await;
    let mut seen = HashSet::new();
    for package in &all {
        assert!(
            seen.insert(&package.id),
            "package {} came twice",
            package.id
        );
        assert!(
            package.provider == *trial.provider.name(),
            "package {} says that {} sells it",
            package.id,
            package.provider
        );
    }
}

async fn a_catalogue_keeps_its_order(harness: &dyn ProviderHarness) {
    let trial = Trial::of(harness);
    let first = trial.packages(PackageQuery::default()).await;
    let second = trial.packages(PackageQuery::default()).await;
    assert!(
        ids(&first) == ids(&second),
        "two listings have different orders"
    );
}

async fn an_ended_listing_stays_ended(harness: &dyn ProviderHarness) {
    let trial = Trial::of(harness);
    let unknown = PackageQuery::one(harness.unknown_package());
    for query in [PackageQuery::default(), unknown] {
        let mut listing = trial.provider.packages(query);
        while listing.next().await.is_some() {}
        for _ in 0..3 {
            // A stream that may not be polled again panics; that is a broken promise too.
            let again = listing.next().await;
            assert!(again.is_none(), "an ended listing gave something more");
        }
    }
}

async fn filters_are_exact(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let all = trial.packages(PackageQuery::default()).await;
    let Some(sample) = all.get(all.len() / 2) else {
        return skipped("nothing is for sale");
    };
    let days = Some(sample.validity.days);
    let data = all.iter().find_map(|package| package.data.fixed_size());
    let anything = PackageQuery::default;
    let mut queries = vec![
        PackageQuery { days, ..anything() },
        PackageQuery { data, ..anything() },
        PackageQuery {
            unlimited: true,
            ..anything()
        },
        PackageQuery {
            days,
            data,
            ..anything()
        },
        PackageQuery {
            days,
            unlimited: true,
            ..anything()
        },
        PackageQuery {
            days: Some(u16::MAX),
            ..anything()
        },
    ];
    for geography in [Geography::Local, Geography::Regional, Geography::Global] {
        queries.push(PackageQuery {
            geography: Some(geography),
            ..anything()
        });
    }
    for query in queries {
        let expected = ids(all.iter().filter(|package| matches(package, &query)));
        let given = trial.packages(query.clone()).await;
        assert!(
            ids(&given) == expected,
            "{query:?} gave {} packages of {}",
            given.len(),
            expected.len()
        );
    }
    Ok(())
}

fn matches(package: &Package, query: &PackageQuery) -> bool {
    query.days.is_none_or(|days| package.validity.days == days)
        && query
            .data
            .is_none_or(|data| package.data.fixed_size() == Some(data))
        && (!query.unlimited || package.data.is_unlimited())
        && query
            .geography
            .is_none_or(|geography| package.destination().geography() == Some(geography))
}

async fn a_country_has_all_its_packages_and_no_others(harness: &dyn ProviderHarness) {
    let trial = Trial::of(harness);
    let all = trial.packages(PackageQuery::default()).await;
    let countries = all
        .iter()
        .filter_map(|package| package.destination().place.country());
    let mut countries: Vec<_> = countries.collect();
    countries.dedup();
    for country in countries.into_iter().take(5) {
        let own = |package: &&Package| package.destination().place.country() == Some(country);
        let query = PackageQuery {
            country: Some(country),
            ..PackageQuery::default()
        };
        let given = trial.packages(query).await;
        let given_ids: HashSet<_> = ids(&given).into_iter().collect();
        for package in all.iter().filter(own) {
            assert!(
                given_ids.contains(&package.id),
                "package {} is for {country} and is missing there",
                package.id
            );
        }
        for package in &given {
            let mut covered = package.area.coverage.iter();
            let works = own(&package) || covered.any(|place| place.country == Some(country));
            assert!(works, "package {} does not work in {country}", package.id);
        }
    }
}

async fn a_destination_has_exactly_its_packages(harness: &dyn ProviderHarness) {
    let trial = Trial::of(harness);
    let all = trial.packages(PackageQuery::default()).await;
    let mut destinations: Vec<&Destination> = all.iter().map(Package::destination).collect();
    destinations.dedup();
    let last = destinations.len().saturating_sub(1);
    for destination in [0, last / 2, last]
        .into_iter()
        .filter_map(|index| destinations.get(index))
    {
        let query = PackageQuery {
            destination_code: Some(destination.code.clone()),
            destination_name: Some(destination.name.clone()),
            ..PackageQuery::default()
        };
        let expected = ids(all
            .iter()
            .filter(|package| package.destination() == *destination));
        let given = trial.packages(query).await;
        assert!(
            ids(&given) == expected,
            "{} gave {} packages of {}",
            destination.name,
            given.len(),
            expected.len()
        );
    }
}

async fn a_package_is_found_by_its_id(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let given = trial.packages(PackageQuery::one(package.id.clone())).await;
    assert!(
        ids(&given) == [&package.id],
        "asking for package {} gave {} packages",
        package.id,
        given.len()
    );
    let given = trial
        .packages(PackageQuery::one(harness.unknown_package()))
        .await;
    assert!(given.is_empty(), "a package that nobody sells was found");
    Ok(())
}

async fn every_package_lies_in_a_listed_destination(harness: &dyn ProviderHarness) {
    let trial = Trial::of(harness);
    let filter = DestinationFilter::default();
    let all = trial
        .provider
        .destinations(&filter)
        .await
        .or_broken("listing destinations");
    let name = |destination: &Destination| (destination.code.clone(), destination.name.clone());
    let named: HashSet<_> = all.iter().map(name).collect();
    assert!(named.len() == all.len(), "a destination came twice");
    for package in trial.packages(PackageQuery::default()).await {
        assert!(
            named.contains(&name(package.destination())),
            "package {} lies in a destination that is not listed",
            package.id
        );
    }
    for geography in [Geography::Local, Geography::Regional, Geography::Global] {
        let filter = DestinationFilter {
            geography: Some(geography),
        };
        let given = trial
            .provider
            .destinations(&filter)
            .await
            .or_broken("listing destinations");
        let expected: Vec<_> = all
            .iter()
            .filter(|place| place.geography() == Some(geography))
            .map(name)
            .collect();
        let given: Vec<_> = given.iter().map(name).collect();
        assert!(
            given == expected,
            "{} {geography} destinations were given of {}",
            given.len(),
            expected.len()
        );
    }
}

async fn prices_are_in_the_wallets_currency(harness: &dyn ProviderHarness) {
    let trial = Trial::of(harness);
    let balance = trial.balance().await;
    for package in trial.packages(PackageQuery::default()).await {
        let price = package.price;
        let fits = price.currency() == balance.currency() && !price.is_negative();
        assert!(fits, "package {} costs {price}", package.id);
    }
}

async fn a_price_keeps_every_decimal(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let Some((id, exact)) = harness.exact_price().await else {
        return skipped("the harness knows no exact price");
    };
    let price = trial.sold(&id).await.price;
    assert!(
        price == exact,
        "package {id} costs {exact} and was listed at {price}"
    );
    Ok(())
}

async fn a_package_by_the_day_has_a_range_and_a_price_for_one(
    harness: &dyn ProviderHarness,
) -> Verdict {
    let trial = Trial::of(harness);
    let mut sold = 0;
    for package in trial.packages(PackageQuery::default()).await {
        let Some(range) = package.by_day else {
            continue;
        };
        sold += 1;
        assert!(
            range.least > 0 && range.least <= range.most,
            "package {} is sold for {} to {} days",
            package.id,
            range.least,
            range.most
        );
        let priced =
            !package.price.is_negative() && package.price.checked_times(range.most.into()).is_ok();
        assert!(
            priced,
            "a day of package {} costs {}",
            package.id, package.price
        );
    }
    if sold == 0 {
        return skipped("nothing is sold by the day");
    }
    Ok(())
}

async fn a_listing_survives_a_page_that_fails_for_a_moment(
    harness: &dyn ProviderHarness,
) -> Verdict {
    let trial = Trial::of(harness);
    let whole = trial.packages(PackageQuery::default()).await;
    trial.trouble(Trouble::FailedPage).await?;
    let mut listing = trial.provider.packages(PackageQuery::default());
    let (mut given, mut failures) = (Vec::new(), 0);
    while let Some(next) = listing.next().await {
        match next {
            Ok(package) => given.push(package),
            // A layer may have mended it before it got here; the bare provider shows it.
            Err(error) => {
                failures += 1;
                let again = matches!(error.reaction(), Reaction::Retry { .. });
                assert!(again && failures < 10, "a passing failure came as: {error}");
            }
        }
    }
    assert!(
        ids(&given) == ids(&whole),
        "after a failed page {} packages were listed of {}",
        given.len(),
        whole.len()
    );
    Ok(())
}

async fn a_listing_is_never_quietly_short(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let whole = trial.packages(PackageQuery::default()).await.len();
    trial.trouble(Trouble::UnreadablePage).await?;
    let mut listing = trial.provider.packages(PackageQuery::default());
    let (mut given, mut passing, mut last) = (0, 0, None);
    while let Some(next) = listing.next().await {
        assert!(
            last.is_none(),
            "something follows the error that ended a listing"
        );
        match next {
            Ok(_) => given += 1,
            Err(error) if matches!(error.reaction(), Reaction::Retry { .. }) => {
                passing += 1;
                assert!(passing < 10, "a page keeps failing for a moment: {error}");
            }
            Err(error) => last = Some(error),
        }
    }
    assert!(
        last.is_some() || given == whole,
        "a listing with an unreadable page ended well after {given} of {whole} packages"
    );
    Ok(())
}
