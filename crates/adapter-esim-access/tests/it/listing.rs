//! The catalogue as a stream: complete, exact, or an error.

use futures::{StreamExt as _, TryStreamExt as _};
use roamport_domain::package::Geography;
use roamport_domain::provider::{
    ErrorKind, EsimProvider as _, EsimProviderExt as _, PackageQuery, Reaction, TopUpQuery,
};
use roamport_domain::{CountryCode, DataSize, Package, PackageId};
use rstest::rstest;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{
    API, also, asked, by_id, esim_access, fixture, json, refusal, sample, serving,
};

/// A package row: code, place, days and gibibytes.
fn row(code: &str, place: &str, countries: &str, days: u16, gigabytes: u64) -> String {
    format!(
        r#"{{"packageCode":"{code}","name":"{code}","price":10000,"currencyCode":"USD","volume":{},"dataType":1,
        "duration":{days},"durationUnit":"DAY","location":"{countries}","locationCode":"{place}","activeType":2}}"#,
        gigabytes << 30
    )
}

fn all_rows() -> Vec<String> {
    vec![
        row("es", "ES", "ES", 7, 1),
        row("gl", "GL-9", "ES,FR,US", 30, 3),
        row("fr", "FR", "FR", 7, 3),
        row("eu", "EU-2", "ES,PT", 30, 1),
        row("unlimited", "ES", "ES", 7, 1).replace("\"dataType\":1", "\"dataType\":4"),
        row("gl-land", "GL", "GL", 7, 1),
    ]
}

fn listed(rows: &[String]) -> String {
    format!(
        r#"{{"success":true,"obj":{{"packageList":[{}]}}}}"#,
        rows.join(",")
    )
}

/// A server that ignores every filter.
async fn shop(rows: &[String]) -> MockServer {
    let server = serving("/package/list", json(200, listed(rows))).await;
    let places = r#"{"success":true,"obj":{"locationList":[{"code":"ES","name":"Spain","type":1},
        {"code":"FR","name":"France","type":1},{"code":"EU-2","name":"Iberia","type":2},
        {"code":"GL-9","name":"World (9)","type":2},{"code":"GL","name":"Greenland","type":1}]}}"#;
    also(&server, "/location/list", json(200, places)).await;
    server
}

async fn found(query: PackageQuery) -> Vec<String> {
    let server = shop(&all_rows()).await;
    let packages: Vec<Package> = esim_access(&server.uri())
        .packages(query)
        .try_collect()
        .await
        .unwrap();
    packages
        .into_iter()
        .map(|package| package.id.to_string())
        .collect()
}

#[tokio::test]
async fn filters_are_exact_whatever_the_provider_does() {
    let any = PackageQuery::default;
    assert_eq!(
        found(any()).await,
        ["es", "gl", "fr", "eu", "unlimited", "gl-land"]
    );
    let country = |code| PackageQuery {
        country: Some(CountryCode::parse(code).unwrap()),
        ..any()
    };
    assert_eq!(found(country("ES")).await, ["es", "unlimited"]);
    assert_eq!(found(country("GL")).await, ["gl-land"]);
    assert!(found(country("JP")).await.is_empty());
    let geography = |geography| PackageQuery {
        geography: Some(geography),
        ..any()
    };
    assert_eq!(found(geography(Geography::Regional)).await, ["eu"]);
    assert_eq!(found(geography(Geography::Global)).await, ["gl"]);
    assert_eq!(
        found(geography(Geography::Local)).await,
        ["es", "fr", "unlimited", "gl-land"]
    );
    let code = |code: &str| PackageQuery {
        destination_code: Some(code.to_owned()),
        ..any()
    };
    assert_eq!(found(code("eu-2")).await, ["eu"]);
    let named = PackageQuery {
        destination_name: Some("World (9)".to_owned()),
        ..any()
    };
    assert_eq!(found(named).await, ["gl"]);
    let short = PackageQuery {
        days: Some(7),
        data: Some(DataSize::from_bytes(3 << 30)),
        ..any()
    };
    assert_eq!(found(short).await, ["fr"]);
    let unlimited = PackageQuery {
        unlimited: true,
        ..any()
    };
    assert_eq!(found(unlimited).await, ["unlimited"]);
    let one = PackageQuery {
        days: Some(8),
        ..PackageQuery::one(PackageId::parse("es").unwrap())
    };
    assert!(found(one).await.is_empty());
}

#[tokio::test]
async fn a_package_comes_once_and_places_have_the_names_of_the_destinations() {
    let mut rows = all_rows();
    rows.push(rows[0].clone());
    let server = shop(&rows).await;
    let provider = esim_access(&server.uri());
    let packages: Vec<Package> = provider
        .packages(PackageQuery::default())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(packages.len(), 6);
    let places = provider
        .destinations(&roamport_domain::provider::DestinationFilter::default())
        .await
        .unwrap();
    for package in &packages {
        assert!(places.contains(package.destination()), "{package:?}");
    }
}

#[rstest]
#[case("310241")]
#[case("310243")]
#[tokio::test]
async fn an_unknown_package_is_none(#[case] code: &str) {
    let server = serving("/package/list", refusal(code)).await;
    also(
        &server,
        "/location/list",
        json(200, fixture("post-location-list")),
    )
    .await;
    let provider = esim_access(&server.uri());
    let id = PackageId::parse("nobodys").unwrap();
    assert_eq!(provider.find_package(&id).await.unwrap(), None);
    // A whole catalogue that is refused like that is not empty.
    let mut all = provider.packages(PackageQuery::default());
    let error = all.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(all.next().await.is_none());
}

#[tokio::test]
async fn a_country_the_provider_does_not_know_has_no_packages() {
    let server = serving("/package/list", refusal("310211")).await;
    also(
        &server,
        "/location/list",
        json(200, fixture("post-location-list")),
    )
    .await;
    let provider = esim_access(&server.uri());
    let query = PackageQuery {
        country: Some(CountryCode::parse("AQ").unwrap()),
        ..PackageQuery::default()
    };
    assert!(provider.packages(query).next().await.is_none());
    let query = PackageQuery {
        geography: Some(Geography::Global),
        ..PackageQuery::default()
    };
    let error = provider.packages(query).next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
}

#[rstest]
#[case("310211")]
#[case("310241")]
#[tokio::test]
async fn a_gateway_that_repeats_a_refusal_makes_no_catalog_empty(#[case] code: &str) {
    let body = format!(r#"{{"success":false,"errorCode":"{code}","errorMsg":"words"}}"#);
    let server = serving("/package/list", json(502, body)).await;
    also(
        &server,
        "/location/list",
        json(200, fixture("post-location-list")),
    )
    .await;
    let provider = esim_access(&server.uri());
    for query in [
        PackageQuery::one(PackageId::parse("nobodys").unwrap()),
        PackageQuery {
            country: Some(CountryCode::parse("AQ").unwrap()),
            ..PackageQuery::default()
        },
    ] {
        let error = provider.packages(query).next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
}

#[rstest]
#[case("/location/list")]
#[case("/package/list")]
#[tokio::test]
async fn a_listing_that_failed_for_a_moment_is_asked_again_by_the_next_poll(#[case] failing: &str) {
    let server = MockServer::start().await;
    Mock::given(path(format!("{API}{failing}")))
        .respond_with(json(503, ""))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    also(&server, "/package/list", json(200, listed(&all_rows()))).await;
    also(
        &server,
        "/location/list",
        json(200, fixture("post-location-list")),
    )
    .await;
    let mut listing = esim_access(&server.uri()).packages(PackageQuery::default());
    for _ in 0..2 {
        let error = listing.next().await.unwrap().unwrap_err();
        assert!(
            matches!(error.reaction(), Reaction::Retry { .. }),
            "{error}"
        );
    }
    let rest: Vec<Package> = listing.try_collect().await.unwrap();
    assert_eq!(rest.len(), 6);
}

#[rstest]
#[case(
    r#"{"success":true,"obj":{"packageList":[{"packageCode":"P"}]}}"#,
    "(package `P`): `price` is missing or negative"
)]
#[case(
    r#"{"success":true,"obj":{"packageList":[7]}}"#,
    "`obj.packageList[0]` is no package"
)]
#[case(
    r#"{"success":true,"obj":{}}"#,
    "`obj` has a missing field `packageList`"
)]
#[case(
    r#"{"success":true,"obj":{"packageList":null}}"#,
    "the answer holds no list of packages"
)]
#[case(
    r#"{"success":true,"obj":{"packageList":[{"pack"#,
    "it ends in the middle"
)]
#[case("<html>", "it is an HTML page, not JSON")]
#[tokio::test]
async fn a_catalogue_that_cannot_be_read_is_an_error_and_ends(
    #[case] body: &str,
    #[case] words: &str,
) {
    let server = serving("/package/list", json(200, body)).await;
    also(
        &server,
        "/location/list",
        json(200, fixture("post-location-list")),
    )
    .await;
    let mut listing = esim_access(&server.uri()).packages(PackageQuery::default());
    let error = listing.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    assert!(error.message().contains(words), "{error}");
    assert!(listing.next().await.is_none());
    assert!(listing.next().await.is_none());
}

#[tokio::test]
async fn nothing_is_asked_before_the_stream_is_polled() {
    let server = shop(&all_rows()).await;
    let provider = esim_access(&server.uri());
    drop(provider.packages(PackageQuery::default()));
    drop(provider.top_up_packages(TopUpQuery::all(by_id())));
    assert!(asked(&server).await.is_empty());
}

#[tokio::test]
async fn a_large_catalogue_comes_whole_and_shares_its_places() {
    let rows: Vec<_> = (0..2_600)
        .map(|number| row(&format!("p{number}"), "EU-2", "ES,PT", 7, 1))
        .collect();
    let server = shop(&rows).await;
    let packages: Vec<Package> = esim_access(&server.uri())
        .packages(PackageQuery::default())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(packages.len(), 2_600);
    let area = &packages[0].area;
    assert!(
        packages
            .iter()
            .all(|package| std::sync::Arc::ptr_eq(area, &package.area))
    );
}

#[tokio::test]
async fn top_ups_are_filtered_here() {
    let server = sample("/package/list", "post-package-list.topup").await;
    also(
        &server,
        "/esim/query",
        json(200, fixture("post-esim-query.in-use")),
    )
    .await;
    let provider = esim_access(&server.uri());
    let every = || TopUpQuery::all(by_id());
    let ids = |query: TopUpQuery| {
        let listing = provider.top_up_packages(query);
        async move {
            let all: Vec<Package> = listing.try_collect().await.unwrap();
            all.into_iter()
                .map(|package| package.id.to_string())
                .collect::<Vec<_>>()
        }
    };
    let week = TopUpQuery {
        days: Some(7),
        ..every()
    };
    assert_eq!(ids(week).await, ["TOPUP_PINV05ES1"]);
    let three = TopUpQuery {
        data: Some(DataSize::from_bytes(3 << 30)),
        ..every()
    };
    assert_eq!(ids(three).await, ["TOPUP_PINV01ES3"]);
    let unlimited = TopUpQuery {
        unlimited: true,
        ..every()
    };
    assert!(ids(unlimited).await.is_empty());
    let found = provider
        .find_top_up_package(&by_id(), &PackageId::parse("TOPUP_PINV05ES1").unwrap())
        .await
        .unwrap();
    assert_eq!(found.unwrap().price.to_string(), "0.75 USD");
}

async fn refused(answer: ResponseTemplate) -> roamport_domain::ProviderError {
    let server = serving("/package/list", answer).await;
    let locations = json(200, fixture("post-location-list"));
    also(&server, "/location/list", locations).await;
    let mut listing = esim_access(&server.uri()).packages(PackageQuery::default());
    let error = listing.next().await.unwrap().unwrap_err();
    assert!(listing.next().await.is_none());
    error
}

#[rstest]
#[case::no_list(json(200, r#"{"success":true,"obj":{"packageList":null}}"#))]
#[case::nothing(json(200, r#"{"success":true,"obj":null}"#))]
#[case::a_list_for_the_object(json(200, r#"{"success":true,"obj":[]}"#))]
#[case::no_content(ResponseTemplate::new(204))]
#[tokio::test]
async fn nothing_in_the_place_of_the_catalogue_is_an_error_that_says_so(
    #[case] answer: ResponseTemplate,
) {
    let error = refused(answer).await;
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    let words = "holds no list of packages, not even an empty one";
    assert!(error.message().contains(words), "{error}");
}

#[tokio::test]
async fn a_catalogue_that_is_an_empty_list_has_no_packages() {
    let empty = json(200, r#"{"success":true,"obj":{"packageList":[]}}"#);
    let server = serving("/package/list", empty).await;
    let locations = json(200, fixture("post-location-list"));
    also(&server, "/location/list", locations).await;
    let mut listing = esim_access(&server.uri()).packages(PackageQuery::default());
    assert!(listing.next().await.is_none());
}

#[tokio::test]
async fn a_small_compressed_catalogue_of_millions_of_objects_is_an_error_that_says_so() {
    let body = include_bytes!("../../../../fixtures/hostile/six-million-objects.json.gz");
    let answer = ResponseTemplate::new(200)
        .insert_header("Content-Encoding", "gzip")
        .set_body_raw(&body[..], "application/json");
    let error = refused(answer).await;
    let words = "holds more than 1000000 objects and lists";
    assert!(error.message().contains(words), "{error}");
}
