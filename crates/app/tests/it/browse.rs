//! Browsing: destinations, packages, countries by name, and the wallet.

use roamport_app::balance::balance;
use roamport_app::catalogue::{PackageSearch, SortBy, country};
use roamport_app::{AppError, Catalogue, Refusal};
use roamport_domain::package::Geography;
use roamport_domain::provider::{EsimKey, PackageQuery, TopUpQuery};
use roamport_domain::{DataAllowance, Package};
use roamport_sandbox::{Fault, Operation, Rule};

use crate::support::{PORTUGAL_3GB, Shop, only_esim, package_id, usd};

fn catalogue(shop: &Shop) -> Catalogue {
    Catalogue::new(shop.parts.provider.clone())
}

async fn found(shop: &Shop, sort: Option<SortBy>, limit: Option<usize>) -> Vec<Package> {
    let search = PackageSearch {
        query: PackageQuery::default(),
        sort,
        limit,
    };
    catalogue(shop)
        .packages(&search, &mut |_| {})
        .await
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn destinations_are_searched_by_part_of_the_name_or_by_code() {
    let shop = Shop::careless();
    let names = async |reach, text| {
        let found = catalogue(&shop).destinations(reach, text).await.unwrap();
        found
            .into_iter()
            .map(|destination| destination.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(None, Some("PORT")).await, ["Portugal"]);
    assert_eq!(names(None, Some("pt")).await, ["Portugal"]);
    assert!(names(None, Some("atlantis")).await.is_empty());
    let all = names(None, None).await;
    let local = names(Some(Geography::Local), None).await;
    assert!(
        local.len() < all.len() && local.contains(&"Kenya".to_owned()),
        "{all:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_destination_is_found_whatever_its_case_and_the_nearest_is_named_otherwise() {
    let shop = Shop::careless();
    for text in ["Portugal", " portugal ", "PT"] {
        assert_eq!(
            catalogue(&shop).destination(text).await.unwrap().name,
            "Portugal"
        );
    }
    let error = catalogue(&shop).destination("Portugl").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "sandbox has no destination `Portugl`; did you mean Portugal?"
    );
    let error = catalogue(&shop).destination("xyzzy").await.unwrap_err();
    assert_eq!(error.to_string(), "sandbox has no destination `xyzzy`");
}

#[test]
fn a_country_is_known_by_code_or_english_name_and_the_nearest_is_named_otherwise() {
    for text in ["fr", "FR", "France", "france", " FRANCE "] {
        assert_eq!(country(text).unwrap().as_str(), "FR", "{text}");
    }
    let wrong = |text: &str| country(text).unwrap_err().to_string();
    assert_eq!(
        wrong("Frnace"),
        "there is no country `Frnace`; did you mean France (FR)?"
    );
    assert_eq!(
        wrong("Portugall"),
        "there is no country `Portugall`; did you mean Portugal (PT)?"
    );
    for text in ["", "  ", "qqq", "12", "é"] {
        assert_eq!(
            wrong(text),
            format!("there is no country `{}`", text.trim()),
            "{text:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn packages_are_sorted_by_price_data_or_days() {
    let shop = Shop::careless();
    let all = found(&shop, None, None).await;
    assert_eq!(all.len(), 60);

    let by_price = found(&shop, Some(SortBy::Price), None).await;
    assert!(
        by_price
            .windows(2)
            .all(|pair| pair[0].price.compare(pair[1].price).unwrap().is_le())
    );
    let by_days = found(&shop, Some(SortBy::Days), None).await;
    assert!(by_days.is_sorted_by_key(|package| package.validity.days));
    let by_data = found(&shop, Some(SortBy::Data), None).await;
    let unlimited = by_data
        .iter()
        .take_while(|package| package.data.is_unlimited())
        .count();
    assert!(unlimited > 0);
    let sizes: Vec<_> = by_data[unlimited..]
        .iter()
        .map(|package| package.data.fixed_size())
        .collect();
    assert!(sizes.iter().all(Option::is_some) && sizes.is_sorted_by(|one, other| one >= other));
    for sorted in [by_price, by_days, by_data] {
        assert_eq!(sorted.len(), 60);
        assert!(all.iter().all(|package| sorted.contains(package)));
    }
}

#[tokio::test(start_paused = true)]
async fn equals_keep_the_providers_order() {
    let shop = Shop::careless();
    let all = found(&shop, None, None).await;
    let by_days = found(&shop, Some(SortBy::Days), None).await;
    let of_a_week = |packages: &[Package]| -> Vec<_> {
        let week = packages.iter().filter(|package| package.validity.days == 7);
        week.map(|package| package.id.clone()).collect()
    };
    assert_eq!(of_a_week(&all), of_a_week(&by_days));
}

#[tokio::test(start_paused = true)]
async fn a_limit_gives_the_first_of_all_and_reads_no_further_than_it_must() {
    let shop = Shop::careless();
    let by_price = found(&shop, Some(SortBy::Price), None).await;
    assert_eq!(
        found(&shop, Some(SortBy::Price), Some(3)).await,
        by_price[..3]
    );
    let calls = shop.world.calls(Operation::Packages);
    assert_eq!(found(&shop, None, Some(2)).await.len(), 2);
    assert_eq!(
        shop.world.calls(Operation::Packages),
        calls + 1,
        "one page of two is enough"
    );
    assert!(found(&shop, Some(SortBy::Days), Some(0)).await.is_empty());
    assert_eq!(found(&shop, None, Some(1_000)).await.len(), 60);
}

#[tokio::test(start_paused = true)]
async fn what_is_read_is_told_now_and_then() {
    let shop = Shop::careless();
    let mut told = Vec::new();
    let search = PackageSearch::default();
    catalogue(&shop)
        .packages(&search, &mut |read| told.push(read))
        .await
        .unwrap();
    assert_eq!(told, [50]);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_off_is_an_error_and_not_a_shorter_list() {
    let shop = Shop::careless();
    shop.rule(Rule::new(Operation::Packages, Fault::Html { status: 200 }).skip(1));
    let search = PackageSearch {
        sort: Some(SortBy::Price),
        limit: Some(1),
        ..PackageSearch::default()
    };
    let error = catalogue(&shop)
        .packages(&search, &mut |_| {})
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::Provider(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn one_package_is_found_by_its_id() {
    let shop = Shop::careless();
    let package = catalogue(&shop)
        .package(&package_id(PORTUGAL_3GB))
        .await
        .unwrap();
    assert!(matches!(package.data, DataAllowance::Fixed { .. }));
    let error = catalogue(&shop)
        .package(&package_id("esim-atlantis"))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        AppError::Refused(Refusal::UnknownPackage { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn compatible_top_ups_are_sorted_and_cut_too() {
    let shop = Shop::careless();
    let esim = EsimKey::from_id(only_esim(&shop.buy("traveller").await));
    let list = async |query: TopUpQuery, sort, limit| {
        catalogue(&shop)
            .top_up_packages(&query, sort, limit)
            .await
            .unwrap()
    };
    let query = TopUpQuery::all(esim);
    let all = list(query.clone(), None, None).await;
    assert!(
        all.len() > 2
            && all
                .iter()
                .all(|package| package.destination().name == "Portugal")
    );
    let cheapest = list(query.clone(), Some(SortBy::Price), Some(1)).await;
    let [cheapest] = &cheapest[..] else {
        panic!("one package")
    };
    assert!(
        all.iter()
            .all(|package| cheapest.price.compare(package.price).unwrap().is_le())
    );
    let month = TopUpQuery {
        days: Some(30),
        ..query
    };
    assert!(
        list(month, None, None)
            .await
            .iter()
            .all(|package| package.validity.days == 30)
    );
}

#[tokio::test(start_paused = true)]
async fn the_wallet_is_what_the_provider_says() {
    let shop = Shop::with_balance("12.34");
    assert_eq!(balance(&*shop.parts.provider).await.unwrap(), usd("12.34"));
    shop.fault(Operation::Balance, Fault::DropBeforeEffect);
    assert!(balance(&*shop.parts.provider).await.is_err());
}
