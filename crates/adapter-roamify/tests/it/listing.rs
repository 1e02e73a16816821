//! The catalogue as a stream: complete, or an error, whatever the pages look like.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt as _;
use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_domain::package::Geography;
use roamport_domain::provider::{ErrorKind, EsimProvider as _, PackageQuery, ProviderError};
use roamport_domain::{CountryCode, DataSize, PackageId};
use roamport_provider_http::test_support::TestClock;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::support::{config, json};

/// What a page is answered with: number of the page, and how often it was asked for before.
type Page = dyn Fn(usize, usize) -> ResponseTemplate + Send + Sync;

struct Catalogue {
    page: Box<Page>,
    asked: Mutex<HashMap<usize, usize>>,
}

impl Respond for Catalogue {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let number: usize = parameter(request, "page").unwrap().parse().unwrap();
        let before = {
            let mut asked = self.asked.lock().unwrap();
            let times = asked.entry(number).or_default();
            *times += 1;
            *times - 1
        };
        (self.page)(number, before)
    }
}

fn parameter(request: &Request, name: &str) -> Option<String> {
    request
        .url
        .query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// A page with these packages, in groups of three.
fn page(ids: impl IntoIterator<Item = usize>) -> ResponseTemplate {
    let packages: Vec<_> = ids
        .into_iter()
        .map(|id| format!(r#"{{"packageId":"p-{id}","day":7,"price":1.5,"dataAmount":1024}}"#))
        .collect();
    let groups: Vec<_> = packages
        .chunks(3)
        .map(|chunk| {
            format!(
                r#"{{"id":"g","countryCode":"PT","countryName":"Portugal","geography":"local","packages":[{}]}}"#,
                chunk.join(",")
            )
        })
        .collect();
    json(
        200,
        format!(
            r#"{{"status":"success","data":{{"packages":[{}]}}}}"#,
            groups.join(",")
        ),
    )
}

/// Page `number` of a catalogue of `total` packages, `size` on each.
fn slice(total: usize, size: usize, number: usize) -> ResponseTemplate {
    page(((number - 1) * size).min(total)..(number * size).min(total))
}

async fn serve(
    answer: impl Fn(usize, usize) -> ResponseTemplate + Send + Sync + 'static,
) -> MockServer {
    let server = MockServer::start().await;
    let catalogue = Catalogue {
        page: Box::new(answer),
        asked: Mutex::default(),
    };
    Mock::given(method("GET"))
        .and(path("/api/esim/packages"))
        .respond_with(catalogue)
        .mount(&server)
        .await;
    server
}

fn provider(server: &MockServer, pages_in_flight: u16) -> Roamify {
    let config = RoamifyConfig {
        pages_in_flight: pages_in_flight.try_into().unwrap(),
        pages_at_most: 40.try_into().unwrap(),
        ..config(&server.uri())
    };
    Roamify::new(&config, TestClock::new()).unwrap()
}

/// Everything the stream gives, in order: ids as numbers, errors between them. Polls at most so often
/// that an endless stream fails the test.
async fn read(provider: &Roamify, query: PackageQuery) -> (Vec<usize>, Vec<ProviderError>) {
    let mut stream = provider.packages(query);
    let (mut ids, mut errors) = (Vec::new(), Vec::new());
    for _ in 0..100_000 {
        match stream.next().await {
            None => return (ids, errors),
            Some(Ok(package)) => {
                ids.push(
                    package
                        .id
                        .as_str()
                        .trim_start_matches("p-")
                        .parse()
                        .unwrap(),
                );
            }
            Some(Err(error)) => errors.push(error),
        }
    }
    panic!("the stream does not end");
}

async fn check_complete(server: &MockServer, pages_in_flight: u16, total: usize) {
    let (ids, errors) = read(&provider(server, pages_in_flight), PackageQuery::default()).await;
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(ids, (0..total).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_package_comes_once_and_in_order_however_many_pages_are_in_flight() {
    for in_flight in [1, 2, 8, 30] {
        let server = serve(|number, _| slice(205, 10, number)).await;
        check_complete(&server, in_flight, 205).await;
    }
}

#[tokio::test]
async fn a_page_shorter_than_asked_for_is_not_the_end() {
    // The server caps the size at 7, whatever `pageSize` says, and one page is shorter still.
    let server = serve(|number, _| match number {
        3 => page([14]),
        number if number < 3 => slice(100, 7, number),
        number => page((15 + (number - 4) * 7).min(100)..(15 + (number - 3) * 7).min(100)),
    })
    .await;
    check_complete(&server, 4, 100).await;
}

#[tokio::test]
async fn a_404_beyond_page_one_is_the_end_whatever_its_body() {
    for body in [
        "",
        r#"{"status":"failed","message":"no such page"}"#,
        "<html>",
    ] {
        let server = serve(move |number, _| {
            if number > 3 {
                json(404, body)
            } else {
                slice(30, 10, number)
            }
        })
        .await;
        check_complete(&server, 8, 30).await;
    }
}

#[tokio::test]
async fn nothing_in_the_place_of_a_list_beyond_page_one_is_the_end() {
    for body in NOTHING {
        let server = serve(move |number, _| {
            if number > 3 {
                json(if body.is_empty() { 204 } else { 200 }, body)
            } else {
                slice(30, 10, number)
            }
        })
        .await;
        check_complete(&server, 8, 30).await;
    }
}

#[tokio::test]
async fn nothing_in_the_place_of_a_list_on_page_one_is_an_error_that_says_so() {
    for body in NOTHING {
        let server = serve(move |_, _| json(if body.is_empty() { 204 } else { 200 }, body)).await;
        let (ids, errors) = read(&provider(&server, 8), PackageQuery::default()).await;
        assert!(ids.is_empty());
        assert_eq!(errors.len(), 1, "{body}");
        assert_eq!(errors[0].kind(), ErrorKind::InvalidResponse);
        let words = "the first page of the catalog holds no list of packages";
        assert!(errors[0].message().contains(words), "{}", errors[0]);
    }
}

/// Pages without a list; the first is one without a body.
const NOTHING: [&str; 4] = [
    "",
    r#"{"status":"success","data":{"packages":null}}"#,
    r#"{"status":"success","data":null}"#,
    r#"{"status":"success","data":[]}"#,
];

#[tokio::test]
async fn a_404_on_page_one_is_an_error_for_the_whole_catalogue() {
    let server = serve(|_, _| json(404, r#"{"status":"failed","message":"no"}"#)).await;
    let (ids, errors) = read(&provider(&server, 8), PackageQuery::default()).await;
    assert!(ids.is_empty());
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_server_that_ignores_the_page_is_read_once() {
    for in_flight in [1, 8] {
        let server = serve(|_, _| page(0..25)).await;
        check_complete(&server, in_flight, 25).await;
        let asked = server.received_requests().await.unwrap().len();
        assert!(asked <= usize::from(in_flight) + 2, "{asked} requests");
    }
}

#[tokio::test]
async fn repeated_packages_come_once() {
    // Each page repeats the last two packages of the one before.
    let server = serve(|number, _| match number {
        1..=10 => page((number - 1) * 8..(number * 8 + 2).min(80)),
        _ => page([]),
    })
    .await;
    check_complete(&server, 3, 80).await;
}

#[tokio::test]
async fn a_list_that_never_ends_is_an_error_that_says_so() {
    let server = serve(|number, _| page(number * 10..number * 10 + 10)).await;
    let (ids, errors) = read(&provider(&server, 8), PackageQuery::default()).await;
    assert_eq!(ids.len(), 390);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].kind(), ErrorKind::InvalidResponse);
    assert!(
        errors[0].message().contains("did not end within 40 pages"),
        "{}",
        errors[0]
    );
}

#[tokio::test]
async fn a_list_that_moved_is_read_again_and_no_package_comes_twice() {
    // On the first reading, page 3 repeats page 2: ten new packages came in at the front.
    let server = serve(|number, before| match (number, before) {
        (3, 0) => slice(60, 10, 2),
        (number, 0) if number > 3 => slice(60, 10, number - 1),
        (number, _) => slice(60, 10, number),
    })
    .await;
    let (mut ids, errors) = read(&provider(&server, 4), PackageQuery::default()).await;
    assert!(errors.is_empty(), "{errors:?}");
    ids.sort_unstable();
    assert_eq!(ids, (0..60).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_list_that_keeps_moving_is_an_error_that_says_so() {
    // Page 3 always repeats page 2, and page 4 brings something new.
    let server = serve(|number, _| match number {
        3 => slice(60, 10, 2),
        number => slice(60, 10, number),
    })
    .await;
    let (ids, errors) = read(&provider(&server, 4), PackageQuery::default()).await;
    assert_eq!(ids, (0..20).collect::<Vec<_>>());
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].kind(), ErrorKind::InvalidResponse);
    assert!(
        errors[0].message().contains("moved while it was read"),
        "{}",
        errors[0]
    );
    let requests = server.received_requests().await.unwrap();
    let first_pages = requests
        .iter()
        .filter(|request| parameter(request, "page").unwrap() == "1");
    assert_eq!(first_pages.count(), 3);
}

#[tokio::test]
async fn a_refusal_in_the_middle_is_mended_by_polling_again() {
    let server = serve(|number, before| match (number, before) {
        (3, 0) => json(429, "").insert_header("Retry-After", "7"),
        (3, 1) => json(503, "<html>"),
        (5, 0) => json(500, r#"{"message":"Unknown error","status":"failed"}"#),
        (number, _) => slice(80, 10, number),
    })
    .await;
    let (ids, errors) = read(&provider(&server, 4), PackageQuery::default()).await;
    assert_eq!(ids, (0..80).collect::<Vec<_>>());
    let kinds: Vec<_> = errors.iter().map(ProviderError::kind).collect();
    assert_eq!(
        kinds,
        [
            ErrorKind::RateLimited,
            ErrorKind::Unavailable,
            ErrorKind::Unavailable
        ]
    );
    assert_eq!(errors[0].retry_after(), Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn the_same_page_is_asked_for_when_the_stream_is_polled_again_and_not_before() {
    let server = serve(|number, before| match (number, before) {
        (1, 0) => json(429, ""),
        (number, _) => slice(20, 10, number),
    })
    .await;
    let mut stream = provider(&server, 1).packages(PackageQuery::default());
    assert!(stream.next().await.unwrap().is_err());
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
    assert_eq!(stream.next().await.unwrap().unwrap().id.as_str(), "p-0");
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn any_other_error_ends_the_stream() {
    for (answer, kind) in [
        (json(401, ""), ErrorKind::Unauthorized),
        (
            json(200, r#"{"status":"success","data":{"packages":[{"id""#),
            ErrorKind::InvalidResponse,
        ),
        (json(200, "<html>"), ErrorKind::InvalidResponse),
        (
            json(200, r#"{"status":"success","data":{}}"#),
            ErrorKind::InvalidResponse,
        ),
        (
            json(200, r#"{"status":"failed","message":"no"}"#),
            ErrorKind::InvalidResponse,
        ),
        (
            json(400, r#"{"error":"\"page\" must be a number"}"#),
            ErrorKind::Rejected,
        ),
    ] {
        let server = serve(move |number, _| {
            if number == 2 {
                answer.clone()
            } else {
                slice(80, 10, number)
            }
        })
        .await;
        let (ids, errors) = read(&provider(&server, 4), PackageQuery::default()).await;
        assert_eq!(ids, (0..10).collect::<Vec<_>>());
        let kinds: Vec<_> = errors.iter().map(ProviderError::kind).collect();
        assert_eq!(kinds, [kind], "{errors:?}");
    }
}

#[tokio::test]
async fn a_package_that_cannot_be_read_makes_the_list_an_error_that_names_it() {
    let server = serve(|_, _| {
        json(
            200,
            r#"{"status":"success","data":{"packages":[{"id":"g","packages":[
            {"packageId":"good","day":7,"price":1,"dataAmount":1},
            {"packageId":"esim-odd","day":7,"price":"free","dataAmount":1}]}]}}"#,
        )
    })
    .await;
    let mut stream = provider(&server, 2).packages(PackageQuery::default());
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    insta::assert_snapshot!(
        error.message(),
        @"the answer cannot be read: `data.packages[0].packages[1]` (package `esim-odd`): `free` is not an amount; check the base URL, or update this adapter"
    );
    assert!(stream.next().await.is_none());
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn at_most_so_many_pages_are_in_flight() {
    let server = serve(|number, _| slice(500, 10, number).set_delay(Duration::from_mins(10))).await;
    let provider = provider(&server, 5);
    let mut stream = provider.packages(PackageQuery::default());
    let polled = tokio::time::timeout(Duration::from_millis(150), stream.next()).await;
    assert!(polled.is_err());
    assert_eq!(server.received_requests().await.unwrap().len(), 5);
}

#[tokio::test]
async fn one_package_is_found_with_one_request() {
    let server = serve(|_, _| page([7])).await;
    let query = PackageQuery::one(PackageId::parse("p-7").unwrap());
    let (ids, errors) = read(&provider(&server, 8), query).await;
    assert_eq!((ids, errors.len()), (vec![7], 0));
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(parameter(&requests[0], "packageId").as_deref(), Some("p-7"));
}

#[tokio::test]
async fn a_package_is_found_even_where_the_filter_is_ignored() {
    let server = serve(|number, _| slice(60, 10, number)).await;
    let query = PackageQuery::one(PackageId::parse("p-34").unwrap());
    let (ids, errors) = read(&provider(&server, 8), query).await;
    assert_eq!((ids, errors.len()), (vec![34], 0));
    let query = PackageQuery::one(PackageId::parse("p-99").unwrap());
    let (ids, errors) = read(&provider(&server, 8), query).await;
    assert_eq!((ids, errors.len()), (vec![], 0));
}

#[tokio::test]
async fn an_unknown_package_is_an_empty_list() {
    for answer in [
        page([]),
        json(404, r#"{"status":"failed","message":"Package not found"}"#),
    ] {
        let server = serve(move |_, _| answer.clone()).await;
        let query = PackageQuery::one(PackageId::parse("nowhere").unwrap());
        let (ids, errors) = read(&provider(&server, 8), query).await;
        assert_eq!((ids, errors.len()), (vec![], 0));
    }
}

fn in_country(code: &str) -> PackageQuery {
    PackageQuery {
        country: Some(CountryCode::parse(code).unwrap()),
        ..PackageQuery::default()
    }
}

#[tokio::test]
async fn an_unmatched_country_is_an_empty_list_whether_refused_or_not() {
    for answer in [
        page([]),
        json(404, ""),
        json(
            400,
            r#"{"error":"\"countryCode\" must be one of [FR, PT]"}"#,
        ),
    ] {
        let server = serve(move |_, _| answer.clone()).await;
        let (ids, errors) = read(&provider(&server, 8), in_country("AQ")).await;
        assert_eq!((ids, errors.len()), (vec![], 0));
    }
}

#[tokio::test]
async fn a_refused_parameter_is_no_unmatched_country() {
    for text in [
        r#"\"countryCode\" is not allowed"#,
        r#"\"page\" must be a string"#,
    ] {
        let body = format!(r#"{{"error":"{text}"}}"#);
        let server = serve(move |_, _| json(400, body.clone())).await;
        let (_, errors) = read(&provider(&server, 8), in_country("PT")).await;
        assert_eq!(errors[0].kind(), ErrorKind::Rejected, "{text}");
    }
}

/// Packages that differ in everything a query can ask for.
fn mixed() -> ResponseTemplate {
    let group = |code: &str, name: &str, geography: &str, packages: &str| {
        format!(
            r#"{{"id":"g","countryCode":"{code}","countryName":"{name}","geography":"{geography}","packages":[{packages}]}}"#
        )
    };
    let package = |id: usize, days: u16, megabytes: u64, unlimited: bool| {
        format!(
            r#"{{"packageId":"p-{id}","day":{days},"price":1,"dataAmount":{megabytes},"isUnlimited":{unlimited}}}"#
        )
    };
    let kenya = [
        package(1, 7, 1024, false),
        package(2, 7, 1536, false),
        package(3, 15, 1024, true),
    ];
    let groups = [
        group("KE", "Kenya", "local", &kenya.join(",")),
        group(
            "KE",
            "Savannah Pass",
            "regional",
            &package(4, 7, 1024, false),
        ),
        group("GLB", "Global", "global", &package(5, 7, 1024, false)),
    ];
    json(
        200,
        format!(
            r#"{{"status":"success","data":{{"packages":[{}]}}}}"#,
            groups.join(",")
        ),
    )
}

#[tokio::test]
async fn what_comes_out_matches_the_query_whatever_the_providers_filter_does() {
    let base = PackageQuery::default();
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        (in_country("KE"), vec![1, 2, 3]),
        (
            PackageQuery {
                destination_code: text("KE"),
                ..base.clone()
            },
            vec![1, 2, 3, 4],
        ),
        (
            PackageQuery {
                destination_name: text("Savannah Pass"),
                ..base.clone()
            },
            vec![4],
        ),
        (
            PackageQuery {
                geography: Some(Geography::Global),
                ..base.clone()
            },
            vec![5],
        ),
        (
            PackageQuery {
                days: Some(15),
                ..base.clone()
            },
            vec![3],
        ),
        (
            PackageQuery {
                data: Some(DataSize::GIBIBYTE),
                ..base.clone()
            },
            vec![1, 4, 5],
        ),
        (
            PackageQuery {
                data: Some(DataSize::from_bytes(3 << 29)),
                ..base.clone()
            },
            vec![2],
        ),
        (
            PackageQuery {
                unlimited: true,
                ..base.clone()
            },
            vec![3],
        ),
        (
            PackageQuery {
                days: Some(7),
                ..in_country("KE")
            },
            vec![1, 2],
        ),
        (base, vec![1, 2, 3, 4, 5]),
    ];
    for (query, expected) in cases {
        let server = serve(|_, _| mixed()).await;
        let (ids, errors) = read(&provider(&server, 3), query.clone()).await;
        assert_eq!((ids, errors.len()), (expected, 0), "{query:?}");
    }
}

#[tokio::test]
async fn a_filtered_list_is_not_asked_for_all_at_once() {
    let server = serve(|number, _| slice(5, 10, number)).await;
    let (ids, _) = read(&provider(&server, 8), in_country("PT")).await;
    assert_eq!(ids.len(), 5);
    let asked = server.received_requests().await.unwrap().len();
    assert!(asked <= 3, "{asked} requests");
}

#[tokio::test]
async fn a_dropped_stream_asks_no_more() {
    let server = Arc::new(serve(|number, _| slice(10_000, 10, number)).await);
    let mut stream = provider(&server, 2).packages(PackageQuery::default());
    assert!(stream.next().await.unwrap().is_ok());
    drop(stream);
    tokio::task::yield_now().await;
    assert!(server.received_requests().await.unwrap().len() <= 4);
}
