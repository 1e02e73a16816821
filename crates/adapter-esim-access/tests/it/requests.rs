//! What is sent: paths, bodies, headers, signatures, and the gate before each.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt as _;
use jiff::civil::date;
use roamport_adapter_esim_access::{EsimAccess, EsimAccessConfig};
use roamport_domain::package::Geography;
use roamport_domain::provider::{
    CallClass, CancelRequest, Dedup, DestinationFilter, ErrorKind, EsimKey, EsimProvider as _,
    Gate, OrderLookup, PackageQuery, ProvisionRequest, Provisioning, PurchaseRequest, Refund,
    TopUpQuery, UsageQuery,
};
use roamport_domain::{CountryCode, PackageId, ProviderOrderId};
use roamport_provider_http::test_support::TestClock;
use rstest::rstest;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer};

use crate::support::{
    CODE, KEY, asked, by_iccid, by_id, config, esim_access, esim_id, fixture, json, line, lines,
    order, reference, refusal, sample, serving, top_up, usd,
};

/// A server that refuses everything, so that what matters is what it was asked.
async fn refusing() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(refusal("000105"))
        .mount(&server)
        .await;
    server
}

async fn only(server: &MockServer) -> String {
    let mut all = asked(server).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// A request of the samples, without the blanks of its layout.
fn sent_sample(name: &str) -> String {
    let text = fixture(name);
    text.lines()
        .map(str::trim)
        .collect::<String>()
        .replace(": ", ":")
}

#[tokio::test]
async fn every_request_bears_the_access_code_and_says_json() {
    let server = refusing().await;
    let provider = esim_access(&format!("{}/", server.uri()));
    provider.balance().await.unwrap_err();
    provider
        .purchase(&order(&*TestClock::new()))
        .await
        .unwrap_err();
    for request in server.received_requests().await.unwrap() {
        assert_eq!(request.headers["rt-accesscode"], CODE);
        assert_eq!(request.headers["content-type"], "application/json");
        for absent in ["rt-timestamp", "rt-requestid", "rt-signature"] {
            assert!(!request.headers.contains_key(absent), "{absent}");
        }
    }
}

/// What the provider would compute over a request that arrived.
fn expected_signature(request: &wiremock::Request) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    for part in ["rt-timestamp", "rt-requestid", "rt-accesscode"] {
        mac.update(header(part).as_bytes());
    }
    mac.update(&request.body);
    let bytes = mac.finalize().into_bytes();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from_digit(digit.into(), 16).unwrap())
        .collect()
}

#[rstest]
#[case(false)]
#[case(true)]
#[tokio::test]
async fn a_signed_request_is_signed_over_the_very_bytes_it_sends(#[case] upper_case: bool) {
    let server = refusing().await;
    let config = EsimAccessConfig {
        upper_case_signature: upper_case,
        ..config(&server.uri()).with_secret_key(KEY)
    };
    let clock = TestClock::new();
    let provider = EsimAccess::new(&config, clock.clone()).unwrap();
    let mut request = order(&*clock);
    request.reference = reference("Åland \"quoted\"");
    for _ in 0..2 {
        provider.purchase(&request).await.unwrap_err();
    }
    provider.balance().await.unwrap_err();
    let requests = server.received_requests().await.unwrap();
    let mut ids = BTreeSet::new();
    for request in &requests {
        let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
        let mut expected = expected_signature(request);
        if upper_case {
            expected.make_ascii_uppercase();
        }
        assert_eq!(header("rt-signature"), expected);
        // The injected clock, in milliseconds.
        assert_eq!(header("rt-timestamp"), "1795132800000");
        let id = header("rt-requestid");
        assert_eq!((id.len(), id.as_bytes()[14]), (36, b'4'), "{id}");
        ids.insert(id);
    }
    assert_eq!(ids.len(), 3, "each attempt has a request id of its own");
    assert_eq!(requests[0].body, requests[1].body);
}

#[tokio::test]
async fn a_base_url_with_a_path_keeps_it() {
    let server = refusing().await;
    esim_access(&format!("{}/esim/", server.uri()))
        .balance()
        .await
        .unwrap_err();
    let request = only(&server).await;
    assert_eq!(request, "/esim/api/v1/open/balance/query {}");
}

#[tokio::test]
async fn an_order_is_the_documented_one_and_a_pure_function_of_its_request() {
    let server = refusing().await;
    let provider = esim_access(&server.uri());
    let clock = TestClock::new();
    for _ in 0..2 {
        provider.purchase(&order(&*clock)).await.unwrap_err();
    }
    let expected = format!("/esim/order {}", sent_sample("post-esim-order.request"));
    assert_eq!(asked(&server).await, [expected.clone(), expected]);
}

#[tokio::test]
async fn days_multiply_the_total_and_not_the_price() {
    let server = refusing().await;
    let mut request = order(&*TestClock::new());
    request.reference = reference("ref-01JD8Z6W3N7Q4X");
    *lines(&mut request) = vec![line("PINV02JPD", 1)];
    lines(&mut request)[0].unit_price = usd("0.85");
    lines(&mut request)[0].days = Some(7);
    let provider = esim_access(&server.uri());
    provider.purchase(&request).await.unwrap_err();
    let expected = sent_sample("post-esim-order.daily.request");
    assert_eq!(only(&server).await, format!("/esim/order {expected}"));
}

#[tokio::test]
async fn several_lines_stay_as_they_are_and_add_up() {
    let server = refusing().await;
    let mut request = order(&*TestClock::new());
    *lines(&mut request) = vec![line("P-1", 2), line("P-2", 1), line("P-1", 3)];
    lines(&mut request)[1].unit_price = usd("0.0001");
    let provider = esim_access(&server.uri());
    provider.purchase(&request).await.unwrap_err();
    assert_eq!(
        only(&server).await,
        r#"/esim/order {"transactionId":"ref-01JD8Z6W3N7Q4V","amount":95001,"packageInfoList":[{"packageCode":"P-1","count":2,"price":19000},{"packageCode":"P-2","count":1,"price":1},{"packageCode":"P-1","count":3,"price":19000}]}"#
    );
}

#[tokio::test]
async fn a_top_up_is_the_documented_one() {
    let server = refusing().await;
    let provider = esim_access(&server.uri());
    let clock = TestClock::new();
    let mut request = top_up(&*clock);
    provider.purchase(&request).await.unwrap_err();
    let expected = sent_sample("post-esim-topup.request");
    assert_eq!(only(&server).await, format!("/esim/topup {expected}"));
    let PurchaseRequest::TopUp { days, .. } = &mut request.request else {
        panic!("a top-up")
    };
    *days = Some(3);
    provider.purchase(&request).await.unwrap_err();
    assert_eq!(
        asked(&server).await[1],
        r#"/esim/topup {"esimTranNo":"26112009140011","packageCode":"TOPUP_PINV05ES1","amount":22500,"transactionId":"ref-01JD8Z6W3N7Q60","periodNum":3}"#
    );
}

async fn packages(query: PackageQuery) -> Vec<String> {
    let server = sample("/location/list", "post-location-list").await;
    let provider = esim_access(&server.uri());
    provider.packages(query).next().await.unwrap().unwrap_err();
    asked(&server).await
}

#[tokio::test]
async fn filters_are_sent_as_far_as_the_provider_takes_them() {
    let all = PackageQuery::default();
    let sent = packages(all.clone()).await;
    assert_eq!(sent[0], "/location/list {}");
    assert_eq!(
        sent[1],
        r#"/package/list {"locationCode":"","type":"BASE"}"#
    );
    let place = |query: PackageQuery| async move {
        let sent = packages(query).await.remove(1);
        let body: serde_json::Value =
            serde_json::from_str(sent.strip_prefix("/package/list ").unwrap()).unwrap();
        body["locationCode"].as_str().unwrap().to_owned()
    };
    let country = Some(CountryCode::parse("ES").unwrap());
    let geography = |geography| PackageQuery {
        geography: Some(geography),
        ..PackageQuery::default()
    };
    let code = |code: &str| PackageQuery {
        destination_code: Some(code.to_owned()),
        ..PackageQuery::default()
    };
    let query = PackageQuery {
        country,
        ..all.clone()
    };
    assert_eq!(place(query).await, "ES");
    assert_eq!(place(geography(Geography::Regional)).await, "!RG");
    assert_eq!(place(geography(Geography::Global)).await, "!GL");
    assert_eq!(place(geography(Geography::Local)).await, "");
    assert_eq!(place(code("es")).await, "ES");
    // The filter takes countries; a bundle is looked for here.
    assert_eq!(place(code("EU-2")).await, "");
    let one = PackageQuery {
        country,
        ..PackageQuery::one(PackageId::parse("PINV01ES3").unwrap())
    };
    assert_eq!(
        packages(one).await[1],
        r#"/package/list {"locationCode":"","type":"BASE","packageCode":"PINV01ES3"}"#
    );
}

#[tokio::test]
async fn top_ups_are_asked_for_by_the_card_of_the_esim() {
    let server = sample("/esim/query", "post-esim-query.in-use").await;
    let query = TopUpQuery::all(by_id());
    let provider = esim_access(&server.uri());
    provider
        .top_up_packages(query)
        .next()
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(
        asked(&server).await,
        [
            r#"/esim/query {"esimTranNo":"26112009140011","pager":{"pageNum":1,"pageSize":100}}"#,
            r#"/package/list {"locationCode":"","type":"TOPUP","iccid":"8999900000005200015"}"#,
        ]
    );
}

#[tokio::test]
async fn reads_name_what_they_ask_for_once() {
    let server = refusing().await;
    let provider = esim_access(&server.uri());
    let both = EsimKey::new(by_id().id().cloned(), by_iccid().iccid().cloned()).unwrap();
    provider.esim(&both).await.unwrap_err();
    provider.esim(&by_iccid()).await.unwrap_err();
    let query = UsageQuery {
        esim: both.clone(),
        daily: true,
    };
    provider.usage(&query).await.unwrap_err();
    provider
        .usage_batch(&[both.clone(), both])
        .await
        .unwrap_err();
    provider
        .destinations(&DestinationFilter::default())
        .await
        .unwrap_err();
    let lookup = OrderLookup::Id(ProviderOrderId::parse("B26112009140001").unwrap());
    provider.find_orders(&lookup).await.unwrap_err();
    let lookup = OrderLookup::Since("2026-11-18T12:00:00.5Z".parse().unwrap());
    provider.find_orders(&lookup).await.unwrap_err();
    provider.find_webhook().await.unwrap_err();
    let pager = r#""pager":{"pageNum":1,"pageSize":100}"#;
    assert_eq!(
        asked(&server).await,
        [
            format!(r#"/esim/query {{"esimTranNo":"26112009140011",{pager}}}"#),
            format!(r#"/esim/query {{"iccid":"8999900000005200015",{pager}}}"#),
            format!(r#"/esim/query {{"esimTranNo":"26112009140011",{pager}}}"#),
            r#"/esim/usage/query {"esimTranNoList":["26112009140011"]}"#.to_owned(),
            "/location/list {}".to_owned(),
            format!(r#"/esim/query {{"orderNo":"B26112009140001",{pager}}}"#),
            format!(
                r#"/esim/query {{"startTime":"2026-11-18T11:00:00+0000","endTime":"2026-11-20T01:00:00+0000",{pager}}}"#
            ),
            "/webhook/query {}".to_owned(),
        ]
    );
}

#[tokio::test]
async fn what_only_this_provider_does_is_sent_as_documented() {
    let server = serving("/esim/cancel", json(200, fixture("post-esim-cancel"))).await;
    for path in [
        "/esim/suspend",
        "/esim/unsuspend",
        "/esim/revoke",
        "/esim/sendSms",
        "/webhook/save",
    ] {
        crate::support::also(&server, path, json(200, fixture("post-webhook-save"))).await;
    }
    let provider = esim_access(&server.uri());
    let request = CancelRequest { esim: by_id() };
    let cancelled = provider.cancel(&request).await.unwrap();
    assert_eq!((cancelled.refund, cancelled.amount), (Refund::AtOnce, None));
    provider.suspend(&esim_id()).await.unwrap();
    provider.unsuspend(&esim_id()).await.unwrap();
    provider.revoke(&esim_id()).await.unwrap();
    provider.send_sms(&esim_id(), "Hello").await.unwrap();
    let address = "https://hooks.shop.example/esimaccess/4f1c0invented";
    provider.save_webhook(address).await.unwrap();
    for wrong in ["", &"x".repeat(501)] {
        let error = provider.send_sms(&esim_id(), wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    }
    let name = sent_sample("post-esim-cancel.request").replace("0012", "0011");
    assert_eq!(
        asked(&server).await,
        [
            format!("/esim/cancel {name}"),
            format!("/esim/suspend {name}"),
            format!("/esim/unsuspend {name}"),
            format!("/esim/revoke {name}"),
            r#"/esim/sendSms {"esimTranNo":"26112009140011","message":"Hello"}"#.to_owned(),
            format!("/webhook/save {}", sent_sample("post-webhook-save.request")),
        ]
    );
}

#[tokio::test]
async fn provisioning_reads_the_esim_and_changes_nothing() {
    let server = sample("/esim/query", "post-esim-query").await;
    let provider = esim_access(&server.uri());
    let request = ProvisionRequest {
        esim: esim_id(),
        start_date: Some(date(2026, 12, 24)),
    };
    assert!(provider.provision(&request).await.unwrap().is_ready());
    let sent = asked(&server).await;
    assert!(
        matches!(&sent[..], [one] if one.starts_with("/esim/query ")),
        "{sent:?}"
    );
}

#[derive(Debug, Default)]
struct Recording(Mutex<Vec<CallClass>>);

#[async_trait]
impl Gate for Recording {
    async fn admit(&self, class: CallClass) {
        self.0.lock().unwrap().push(class);
    }
}

#[tokio::test]
async fn the_gate_is_asked_before_each_request_and_told_what_it_is_for() {
    use CallClass::{Listing, Purchase, Read};
    let server = refusing().await;
    let gate = Arc::new(Recording::default());
    let provider = esim_access(&server.uri()).with_gate(gate.clone());
    provider.balance().await.unwrap_err();
    provider
        .purchase(&order(&*TestClock::new()))
        .await
        .unwrap_err();
    let request = CancelRequest { esim: by_id() };
    provider.cancel(&request).await.unwrap_err();
    let one = PackageQuery::one(PackageId::parse("p").unwrap());
    for query in [PackageQuery::default(), one] {
        provider.packages(query).next().await.unwrap().unwrap_err();
    }
    let since = OrderLookup::Since("2026-11-18T12:00:00Z".parse().unwrap());
    provider.find_orders(&since).await.unwrap_err();
    let recorded = gate.0.lock().unwrap().clone();
    assert_eq!(recorded, [Read, Purchase, Purchase, Listing, Read, Listing]);
    assert_eq!(asked(&server).await.len(), recorded.len());
}

#[test]
fn the_capabilities_say_what_esim_access_promises_and_no_more() {
    let capabilities = esim_access("http://127.0.0.1:9").capabilities();
    assert_eq!(capabilities.dedup, Dedup::Replays { window: None });
    let lookup = capabilities.lookup.unwrap();
    assert!(!lookup.by_reference && lookup.since && lookup.lag.as_secs() == 60);
    assert_eq!(capabilities.provisioning, Provisioning::Polled);
    assert_eq!(capabilities.purchase_time_out.as_secs(), 60);
    assert_eq!(capabilities.lines_per_order, None);
    assert_eq!(capabilities.esims_per_order.unwrap().get(), 30);
    let usage = capabilities.usage.unwrap();
    assert!(!usage.daily && usage.batch.unwrap().get() == 10);
    assert_eq!(capabilities.cancellation, Some(Refund::AtOnce));
    assert!(capabilities.top_up && capabilities.price_guard && capabilities.webhooks);
}
