//! Answers that nobody documents: what becomes of them, and whether a purchase survives them.

use futures::StreamExt as _;
use roamport_domain::esim::ProfileState;
use roamport_domain::provider::{
    ErrorKind, EsimKey, EsimProvider as _, PackageQuery, ProviderOrderStatus, ProvisionRequest,
    Reaction, TopUpQuery, UsageQuery,
};
use roamport_domain::{EsimId, Iccid, ProviderError};
use roamport_provider_http::test_support::TestClock;
use rstest::rstest;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{fixture, json, order, reference, roamify, serving};

fn esim_key() -> EsimKey {
    EsimKey::from_id(EsimId::parse("e-1").unwrap())
}

fn iccid_key() -> EsimKey {
    EsimKey::from_iccid(Iccid::parse("8988303000001234567").unwrap())
}

fn provision() -> ProvisionRequest {
    let esim = EsimId::parse("e-1").unwrap();
    ProvisionRequest {
        esim,
        start_date: None,
    }
}

#[tokio::test]
async fn a_paid_order_survives_unknown_fields_states_and_numbers_as_text() {
    let body = r#"{"status":"success","new":1,"data":{"id":"o-1","referenceId":"","status":"DREAMING",
        "total":"6.54","currency":"usd","createdAt":"1795003200","mood":{"a":[1]},
        "items":[{"esimId":"e-1","packageId":"p","price":"3.27","quantity":9},{"esimId":null},7]}}"#;
    let server = serving("POST", "/api/esim/order", json(201, body)).await;
    let order = roamify(&server.uri())
        .purchase(&order(&*TestClock::new()))
        .await
        .unwrap();
    assert_eq!(order.id.as_str(), "o-1");
    assert_eq!(order.reference, None);
    assert_eq!(
        order.status,
        ProviderOrderStatus::Other("DREAMING".to_owned())
    );
    assert_eq!(order.total.unwrap().to_string(), "6.54 USD");
    assert_eq!(order.items.len(), 3);
    assert_eq!(order.items[0].price.unwrap().to_string(), "3.27 USD");
}

#[tokio::test]
async fn a_purchase_without_an_order_id_is_ambiguous() {
    let body = r#"{"status":"success","data":{"status":"COMPLETED","total":6.54}}"#;
    let server = serving("POST", "/api/esim/order", json(200, body)).await;
    let error = roamify(&server.uri())
        .purchase(&order(&*TestClock::new()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(
        error
            .message()
            .contains("look the order up by its reference"),
        "{error}"
    );
}

#[rstest]
#[case(400)]
#[case(409)]
#[case(500)]
#[case(503)]
#[tokio::test]
async fn a_pending_apply_is_a_pending_esim(#[case] status: u16) {
    let body = r#"{"status":"failed","message":"The eSIM is still pending processing"}"#;
    let server = serving("POST", "/api/esim/apply", json(status, body)).await;
    let esim = roamify(&server.uri())
        .provision(&provision())
        .await
        .unwrap();
    assert_eq!(esim.id().as_str(), "e-1");
    assert_eq!(esim.profile(), &ProfileState::Generating);
    assert!(esim.activation().is_none() && !esim.is_ready());
}

#[tokio::test]
async fn a_pending_apply_of_an_order_lists_its_esims() {
    let body = r#"{"status":"failed","message":"still pending processing"}"#;
    let server = serving("POST", "/api/esim/apply", json(409, body)).await;
    let reference = reference("shop-10442");
    let provider = roamify(&server.uri());
    // Without the list nobody can say which eSIMs are pending.
    let error = provider.provision_order(&reference).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    let list = r#"{"status":"success","data":[{"id":"e-1","status":"NEW"},{"id":"e-2","status":"READY",
        "esim":{"smdpAddress":"a.test","activationCode":"K2"}}]}"#;
    Mock::given(method("GET"))
        .and(path("/api/esims"))
        .respond_with(json(200, list))
        .mount(&server)
        .await;
    let esims = provider.provision_order(&reference).await.unwrap();
    let states: Vec<_> = esims.iter().map(|esim| esim.profile().clone()).collect();
    assert_eq!(states, [ProfileState::Generating, ProfileState::Ready]);
}

#[tokio::test]
async fn an_apply_that_was_accepted_without_a_profile_is_under_way() {
    let body = r#"{"status":"success","data":{"id":"e-1","status":"NEW"}}"#;
    let server = serving("POST", "/api/esim/apply", json(200, body)).await;
    let esim = roamify(&server.uri())
        .provision(&provision())
        .await
        .unwrap();
    assert_eq!(esim.profile(), &ProfileState::Generating);
}

#[rstest]
#[case(r#"{"status":"success","data":[]}"#)]
#[case(r#"{"status":"success","data":{"id":"another","status":"READY"}}"#)]
#[case(r#"{"status":"success","data":"done"}"#)]
#[tokio::test]
async fn an_apply_that_answers_no_such_esim_is_ambiguous(#[case] body: &str) {
    let server = serving("POST", "/api/esim/apply", json(200, body)).await;
    let error = roamify(&server.uri())
        .provision(&provision())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
}

#[tokio::test]
async fn a_missing_travel_date_is_rejected() {
    let body = r#"{"message":"\"startDate\" is required for this package","status":"failed"}"#;
    let server = serving("POST", "/api/esim/apply", json(400, body)).await;
    let error = roamify(&server.uri())
        .provision(&provision())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.message().contains("startDate"), "{error}");
}

#[tokio::test]
async fn an_answer_about_another_esim_is_none() {
    let server = serving("GET", "/api/esim", json(200, fixture("get-esim.by-esimId"))).await;
    let error = roamify(&server.uri()).esim(&esim_key()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    let other = EsimKey::from_iccid(Iccid::parse("8988303000009999999").unwrap());
    let error = roamify(&server.uri()).esim(&other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
}

#[tokio::test]
async fn an_unknown_esim_is_not_found() {
    let answer = json(404, r#"{"message":"eSIM not found","status":"failed"}"#);
    let server = serving("GET", "/api/esim", answer).await;
    let provider = roamify(&server.uri());
    assert_eq!(
        provider.esim(&esim_key()).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    let query = UsageQuery {
        esim: esim_key(),
        daily: false,
    };
    assert_eq!(
        provider.usage(&query).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

/// An eSIM with these flags, and nothing else that answers.
async fn esim_with(flags: &str) -> MockServer {
    let body = format!(
        r#"{{"status":"success","data":{{"id":"e-1","iccid":"8988303000001234567","status":"READY",{flags}}}}}"#
    );
    serving("GET", "/api/esim", json(200, body)).await
}

async fn top_ups(provider: &impl roamport_domain::EsimProvider, key: EsimKey) -> ProviderError {
    let mut stream = provider.top_up_packages(TopUpQuery::all(key));
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(stream.next().await.is_none());
    error
}

#[tokio::test]
async fn an_esim_without_usage_or_top_up_says_unsupported_before_it_is_asked() {
    let server = esim_with(r#""withUsageCheck":false,"withTopUp":false"#).await;
    let provider = roamify(&server.uri());
    let error = provider
        .usage(&UsageQuery {
            esim: esim_key(),
            daily: true,
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(
        top_ups(&provider, esim_key()).await.kind(),
        ErrorKind::Unsupported
    );
    assert_eq!(
        top_ups(&provider, iccid_key()).await.kind(),
        ErrorKind::Unsupported
    );
    let requests = server.received_requests().await.unwrap();
    assert!(
        requests
            .iter()
            .all(|request| request.url.path() == "/api/esim"),
        "{requests:?}"
    );
}

#[rstest]
#[case(
    r#"{"message":"Usage check is not supported for this eSIM","status":"failed"}"#,
    ErrorKind::Unsupported
)]
#[case(r#"{"error":"\"iccid\" is required"}"#, ErrorKind::Rejected)]
#[tokio::test]
async fn a_refused_usage_is_unsupported_where_the_words_say_so(
    #[case] body: &str,
    #[case] expected: ErrorKind,
) {
    let server = serving("GET", "/api/esim/usage", json(400, body)).await;
    let query = UsageQuery {
        esim: iccid_key(),
        daily: false,
    };
    let error = roamify(&server.uri()).usage(&query).await.unwrap_err();
    assert_eq!(error.kind(), expected, "{error}");
}

#[tokio::test]
async fn an_esim_without_an_iccid_has_no_usage_yet() {
    let body = r#"{"status":"success","data":{"id":"e-1","iccid":"","status":"NEW"}}"#;
    let server = serving("GET", "/api/esim", json(200, body)).await;
    let query = UsageQuery {
        esim: esim_key(),
        daily: false,
    };
    let error = roamify(&server.uri()).usage(&query).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(
        error.message().contains("generate its profile first"),
        "{error}"
    );
}

#[tokio::test]
async fn a_list_of_top_ups_can_be_asked_for_again_after_a_refusal() {
    let server = esim_with(r#""withTopUp":true"#).await;
    Mock::given(path("/api/esim/topup/packages"))
        .respond_with(json(503, ""))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(path("/api/esim/topup/packages"))
        .respond_with(json(200, fixture("get-esim-topup-packages")))
        .mount(&server)
        .await;
    let mut stream = roamify(&server.uri()).top_up_packages(TopUpQuery::all(esim_key()));
    assert_eq!(
        stream.next().await.unwrap().unwrap_err().kind(),
        ErrorKind::Unavailable
    );
    assert!(stream.next().await.unwrap().is_ok());
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn half_an_emoji_in_a_purchase_answer_loses_neither_order_nor_esim() {
    let body = r#"{"status":"success","data":{"id":"o-1","status":"COMPLETED","items":[{"esimId":"e-1",
        "packageId":"p","package":"1 GB \ud83c","price":3.27}]}}"#;
    let server = serving("POST", "/api/esim/order", json(200, body)).await;
    let order = roamify(&server.uri())
        .purchase(&order(&*TestClock::new()))
        .await
        .unwrap();
    assert_eq!(order.items[0].esim, Some(EsimId::parse("e-1").unwrap()));
}

#[tokio::test]
async fn a_name_in_another_encoding_loses_nothing_but_itself() {
    let body = b"{\"status\":\"success\",\"data\":{\"id\":\"e-1\",\"status\":\"READY\",\"notes\":[\"caf\xe9\"]}}";
    let answer = ResponseTemplate::new(200).set_body_raw(body.to_vec(), "application/json");
    let server = serving("GET", "/api/esim", answer).await;
    let esim = roamify(&server.uri()).esim(&esim_key()).await.unwrap();
    assert_eq!(esim.report().notes, ["caf\u{FFFD}"]);
}

#[tokio::test]
async fn a_card_number_in_an_unknown_form_is_asked_about_as_it_came() {
    let body = r#"{"status":"success","data":{"id":"e-1","status":"READY","iccid":"CARD-7"}}"#;
    let server = serving("GET", "/api/esim", json(200, body)).await;
    let usage = r#"{"status":"success","data":{"allowedData":10,"remainingData":5}}"#;
    Mock::given(method("GET"))
        .and(path("/api/esim/usage"))
        .and(wiremock::matchers::query_param("iccid", "CARD-7"))
        .respond_with(json(200, usage))
        .mount(&server)
        .await;
    let query = UsageQuery {
        esim: esim_key(),
        daily: false,
    };
    let usage = roamify(&server.uri()).usage(&query).await.unwrap();
    assert!(!usage.iccid.unwrap().is_well_formed());
}

#[tokio::test]
async fn a_card_number_that_cannot_be_read_is_not_called_missing() {
    let body = r#"{"status":"success","data":{"id":"e-1","status":"READY","iccid":8.98e18}}"#;
    let server = serving("GET", "/api/esim", json(200, body)).await;
    let query = UsageQuery {
        esim: esim_key(),
        daily: false,
    };
    let error = roamify(&server.uri()).usage(&query).await.unwrap_err();
    let words = "the ICCID of this eSIM cannot be read: `iccid` is no identifier";
    assert!(error.message().contains(words), "{error}");
}

#[tokio::test]
async fn the_wait_that_a_503_asks_for_is_kept() {
    let answer = json(503, r#"{"status":"failed","message":"busy"}"#)
        .insert_header("Retry-After", "Fri, 20 Nov 2026 00:01:30 GMT");
    let server = serving("GET", "/api/balance", answer).await;
    let error = roamify(&server.uri()).balance().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let after = Some(std::time::Duration::from_secs(90));
    assert_eq!(error.reaction(), Reaction::Retry { after });
}

#[tokio::test]
async fn ids_that_are_uuids_are_the_same_in_either_case() {
    let id = "0192f0c8-7d5e-7a11-8c3d-4b6a9f2e1d0c";
    let body = format!(
        r#"{{"status":"success","data":{{"id":"{}","status":"NEW"}}}}"#,
        id.to_ascii_uppercase()
    );
    let server = serving("GET", "/api/esim", json(200, body.clone())).await;
    let provider = roamify(&server.uri());
    let key = EsimKey::from_id(EsimId::parse(id).unwrap());
    assert_eq!(provider.esim(&key).await.unwrap().id(), key.id().unwrap());
    let server = serving("POST", "/api/esim/apply", json(200, body)).await;
    let request = ProvisionRequest {
        esim: EsimId::parse(id).unwrap(),
        start_date: None,
    };
    let esim = roamify(&server.uri()).provision(&request).await.unwrap();
    assert_eq!(esim.id(), key.id().unwrap());
}

#[tokio::test]
async fn a_small_compressed_page_of_millions_of_objects_is_an_error_that_says_so() {
    let body = include_bytes!("../../../../fixtures/hostile/six-million-objects.json.gz");
    let answer = ResponseTemplate::new(200)
        .insert_header("Content-Encoding", "gzip")
        .set_body_raw(&body[..], "application/json");
    let server = serving("GET", "/api/esim/packages", answer).await;
    let mut stream = roamify(&server.uri()).packages(PackageQuery::default());
    let error = stream.next().await.unwrap().unwrap_err();
    let words = "holds more than 1000000 objects and lists";
    assert!(error.message().contains(words), "{error}");
    assert!(stream.next().await.is_none());
}
