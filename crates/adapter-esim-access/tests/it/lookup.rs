//! Finding orders again: by number, by time, over pages, and what proves no absence.

use roamport_adapter_esim_access::{EsimAccess, EsimAccessConfig};
use roamport_domain::provider::{
    ErrorKind, EsimProvider as _, FoundOrders, OrderLookup, ProviderOrderStatus,
};
use roamport_domain::{ProviderOrderId, Reference};
use roamport_provider_http::test_support::TestClock;
use rstest::rstest;
use wiremock::matchers::{body_partial_json, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{
    API, ORDER, asked, config, esim_access, fixture, json, refusal, sample, serving,
};

fn by_number(text: &str) -> OrderLookup {
    OrderLookup::Id(ProviderOrderId::parse(text).unwrap())
}

fn since(text: &str) -> OrderLookup {
    OrderLookup::Since(text.parse().unwrap())
}

fn ids(found: &FoundOrders) -> Vec<&str> {
    found.orders.iter().map(|order| order.id.as_str()).collect()
}

/// The rows `numbers` of a list, each an order of its own, made a minute apart.
fn page(numbers: std::ops::Range<u32>, total: Option<u32>) -> String {
    let rows: Vec<_> = numbers
        .map(|number| {
            format!(
                r#"{{"esimTranNo":"{number}","orderNo":"B{number:02}","transactionId":"R{number}","esimStatus":"IN_USE",
                "packageList":[{{"packageCode":"P","createTime":"2026-11-19T09:{number:02}:00+0000","esimTranNo":"{number}"}}]}}"#
            )
        })
        .collect();
    let pager = total.map_or("null".to_owned(), |total| format!(r#"{{"total":{total}}}"#));
    format!(
        r#"{{"success":true,"obj":{{"esimList":[{}],"pager":{pager}}}}}"#,
        rows.join(",")
    )
}

/// A server with these pages, in their order.
async fn paged(pages: &[String]) -> (MockServer, EsimAccess) {
    let server = MockServer::start().await;
    for (index, page) in pages.iter().enumerate() {
        let wanted = serde_json::json!({"pager": {"pageNum": index + 1, "pageSize": 5}});
        Mock::given(path(format!("{API}/esim/query")))
            .and(body_partial_json(wanted))
            .respond_with(json(200, page.clone()))
            .mount(&server)
            .await;
    }
    let config = EsimAccessConfig {
        page_size: 5.try_into().unwrap(),
        ..config(&server.uri())
    };
    let provider = EsimAccess::new(&config, TestClock::new()).unwrap();
    (server, provider)
}

const MORNING: &str = "2026-11-19T09:00:00Z";

#[tokio::test]
async fn orders_since_a_moment_are_read_over_all_pages_oldest_first() {
    let pages = [
        page(7..12, Some(12)),
        page(2..7, Some(12)),
        page(0..2, Some(12)),
    ];
    let (server, provider) = paged(&pages).await;
    let found = provider
        .find_orders(&since("2026-11-19T09:03:00Z"))
        .await
        .unwrap();
    assert_eq!(
        ids(&found),
        [
            "B03", "B04", "B05", "B06", "B07", "B08", "B09", "B10", "B11"
        ]
    );
    assert_eq!(asked(&server).await.len(), 3);
    assert!(found.complete, "the total is reached");
}

#[tokio::test]
async fn a_page_shorter_than_asked_for_is_not_the_end() {
    let (server, provider) = paged(&[page(0..2, Some(4)), page(2..4, Some(4))]).await;
    let found = provider.find_orders(&since(MORNING)).await.unwrap();
    assert_eq!(found.orders.len(), 4);
    assert_eq!(asked(&server).await.len(), 2);
}

#[tokio::test]
async fn without_a_total_the_list_ends_where_nothing_new_comes() {
    let (server, provider) = paged(&[page(0..5, None), page(5..7, None), page(0..0, None)]).await;
    let found = provider.find_orders(&since(MORNING)).await.unwrap();
    assert_eq!(found.orders.len(), 7);
    assert_eq!(asked(&server).await.len(), 3);
    assert!(!found.complete, "no total proves it");
}

#[tokio::test]
async fn a_row_that_moved_to_the_next_page_comes_once() {
    let (_server, provider) = paged(&[page(0..5, Some(7)), page(4..7, Some(7))]).await;
    let found = provider.find_orders(&since(MORNING)).await.unwrap();
    assert_eq!(found.orders.len(), 7);
}

#[tokio::test]
async fn a_list_that_ends_before_its_total_is_read_again_and_then_an_error() {
    let (server, provider) = paged(&[page(0..5, Some(7)), page(0..0, Some(7))]).await;
    let error = provider.find_orders(&since(MORNING)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    assert!(
        error.message().contains("moved while it was read"),
        "{error}"
    );
    assert_eq!(asked(&server).await.len(), 6);
}

#[tokio::test]
async fn an_order_longer_than_a_page_is_whole() {
    let same = |text: String| {
        let pattern = ["B00", "B01", "B02", "B03", "B04", "B05", "B06"];
        pattern
            .iter()
            .fold(text, |text, number| text.replace(number, ORDER))
    };
    let pages = [same(page(0..5, Some(7))), same(page(5..7, Some(7)))];
    let (_server, provider) = paged(&pages).await;
    let found = provider.find_orders(&by_number(ORDER)).await.unwrap();
    assert_eq!((ids(&found), found.complete), (vec![ORDER], true));
    assert_eq!(found.orders[0].items.len(), 7);
}

#[tokio::test]
async fn an_unknown_number_finds_nothing_and_says_so() {
    let server = sample("/esim/query", "error.310272").await;
    let found = esim_access(&server.uri())
        .find_orders(&by_number("B-nobodys"))
        .await
        .unwrap();
    assert_eq!((found.orders.len(), found.complete), (0, true));
}

#[rstest]
#[case(502, r#"{"success":false,"errorCode":"310272","errorMsg":"words"}"#)]
#[case(404, r#"{"errorCode":"310272","errorMsg":"words"}"#)]
#[case(503, r#"{"success":false,"errorCode":"200010","errorMsg":"words"}"#)]
#[tokio::test]
async fn a_code_in_an_answer_that_is_no_refusal_finds_nothing_out(
    #[case] status: u16,
    #[case] body: &str,
) {
    let server = serving("/esim/query", json(status, body)).await;
    let provider = esim_access(&server.uri());
    for lookup in [by_number(ORDER), since(MORNING)] {
        let found = provider.find_orders(&lookup).await;
        assert!(found.is_err(), "{found:?}");
    }
}

#[tokio::test]
async fn an_empty_list_for_a_number_proves_no_absence() {
    let server = sample("/esim/query", "post-esim-query.empty.assumed").await;
    let found = esim_access(&server.uri())
        .find_orders(&by_number(ORDER))
        .await
        .unwrap();
    assert_eq!((found.orders.len(), found.complete), (0, false));
}

#[tokio::test]
async fn an_answer_about_another_order_is_none() {
    let server = sample("/esim/query", "post-esim-query").await;
    let provider = esim_access(&server.uri());
    let error = provider
        .find_orders(&by_number("B26112009140002"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    let found = provider
        .find_orders(&by_number("26112009140011/26112811000099"))
        .await
        .unwrap();
    assert_eq!((found.orders.len(), found.complete), (0, true));
}

#[tokio::test]
async fn an_order_given_back_as_a_whole_is_refunded() {
    let server = sample("/esim/query", "post-esim-query.cancelled").await;
    let found = esim_access(&server.uri())
        .find_orders(&by_number(ORDER))
        .await
        .unwrap();
    assert_eq!(found.orders[0].status, ProviderOrderStatus::Refunded);
}

#[tokio::test]
async fn a_time_in_which_all_is_being_allocated_is_an_empty_and_open_list() {
    let server = sample("/esim/query", "post-esim-query.allocating-200010").await;
    let found = esim_access(&server.uri())
        .find_orders(&since(MORNING))
        .await
        .unwrap();
    assert_eq!((found.orders.len(), found.complete), (0, false));
}

#[tokio::test]
async fn a_top_up_since_a_moment_is_listed_with_its_esim() {
    let body = fixture("post-esim-query.topped-up.assumed");
    let server = serving("/esim/query", json(200, body)).await;
    let found = esim_access(&server.uri())
        .find_orders(&since("2026-11-20T09:00:00Z"))
        .await
        .unwrap();
    assert_eq!(ids(&found), [ORDER, "26112009140011/26112811000031"]);
    let found = esim_access(&server.uri())
        .find_orders(&since("2026-11-21T00:00:00Z"))
        .await
        .unwrap();
    assert_eq!(ids(&found), ["26112009140011/26112811000031"]);
}

#[tokio::test]
async fn a_look_up_by_reference_is_ruled_out_without_a_request() {
    let server = serving("/esim/query", refusal("000105")).await;
    let lookup = OrderLookup::Reference {
        reference: Reference::parse("R").unwrap(),
        not_before: MORNING.parse().unwrap(),
    };
    let error = esim_access(&server.uri())
        .find_orders(&lookup)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(server.received_requests().await.unwrap().is_empty());
}

/// What a page may be that has no list on it.
fn nothing(shape: &str) -> ResponseTemplate {
    match shape {
        "204" => ResponseTemplate::new(204),
        "404" => json(404, "<html>not found</html>"),
        body => json(200, body),
    }
}

#[rstest]
#[case::no_list(r#"{"success":true,"obj":{"esimList":null,"pager":null}}"#)]
#[case::nothing(r#"{"success":true,"obj":null}"#)]
#[case::a_list_for_the_object(r#"{"success":true,"obj":[]}"#)]
#[case::no_content("204")]
#[case::not_found("404")]
#[tokio::test]
async fn a_page_without_a_list_is_the_end_from_the_second_on_and_an_error_before(
    #[case] shape: &str,
) {
    let (server, provider) = paged(&[page(0..5, None)]).await;
    let second = serde_json::json!({"pager": {"pageNum": 2, "pageSize": 5}});
    Mock::given(path(format!("{API}/esim/query")))
        .and(body_partial_json(second))
        .respond_with(nothing(shape))
        .mount(&server)
        .await;
    let found = provider.find_orders(&since(MORNING)).await.unwrap();
    assert_eq!((found.orders.len(), found.complete), (5, false));
    assert_eq!(asked(&server).await.len(), 2);

    let server = serving("/esim/query", nothing(shape)).await;
    let first = esim_access(&server.uri());
    let error = first.find_orders(&since(MORNING)).await.unwrap_err();
    if shape == "404" {
        assert!(error.message().contains("404"), "{error}");
    } else {
        let words = "holds no list of eSIMs, not even an empty one";
        assert!(error.message().contains(words), "{error}");
    }
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
}
