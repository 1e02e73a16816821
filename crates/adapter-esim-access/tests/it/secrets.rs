//! No access code, secret key, activation code, PIN or PUK in an error or in `Debug`; no ICCID either.

use std::error::Error as _;
use std::fmt::Write as _;

use roamport_adapter_esim_access::EsimAccess;
use roamport_domain::ProviderError;
use roamport_domain::provider::{CancelRequest, EsimProvider as _};
use roamport_provider_http::test_support::TestClock;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{CODE, ICCID, KEY, by_iccid, by_id, config, order, sample, top_up};

/// The error as anybody may show it, with everything beneath it.
fn everything_shown(error: &ProviderError) -> String {
    let mut shown = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        write!(shown, " {cause} {cause:?}").unwrap();
        source = cause.source();
    }
    shown
}

fn check(error: &ProviderError) {
    let shown = everything_shown(error);
    for secret in [CODE, KEY, "INV-SECRET", "1$rsp", "9911", ICCID] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

fn signing(base_url: &str) -> EsimAccess {
    EsimAccess::new(&config(base_url).with_secret_key(KEY), TestClock::new()).unwrap()
}

#[test]
fn debug_of_the_provider_shows_no_secret() {
    let provider = signing("https://api.esimaccess.com");
    let shown = format!("{provider:?} {provider:#?}");
    assert!(shown.contains("api.esimaccess.com"), "{shown}");
    assert!(!shown.contains(CODE) && !shown.contains(KEY), "{shown}");
}

#[tokio::test]
async fn no_error_repeats_a_secret_that_the_provider_sends() {
    let bodies = [
        format!(
            r#"{{"success":false,"errorMsg":"wrong {CODE} or {KEY}: LPA:1$rsp.test$INV-SECRET","errorCode":"{CODE}"}}"#
        ),
        r#"{"success":false,"errorCode":"200002","errorMessage":"see 1$rsp.test$INV-SECRET"}"#
            .to_owned(),
        r#"{"success":true,"obj":{"esimList":[{"esimTranNo":["LPA:1$rsp.test$INV-SECRET"],"pin":9911}],"balance":"INV-SECRET"}}"#
            .to_owned(),
        r#"{"success":true,"obj":"LPA:1$rsp.test$INV-SECRET"}"#.to_owned(),
        r#"{"success":true,"obj":[1,"INV-SECRET"#.to_owned(),
        "<html>INV-SECRET</html>".to_owned(),
    ];
    let clock = TestClock::new();
    for status in [200, 400, 401, 404, 500] {
        for body in &bodies {
            let server = MockServer::start().await;
            let answer = ResponseTemplate::new(status).set_body_string(body.clone());
            Mock::given(any()).respond_with(answer).mount(&server).await;
            let provider = signing(&server.uri());
            check(&provider.balance().await.unwrap_err());
            check(&provider.esim(&by_iccid()).await.unwrap_err());
            check(&provider.purchase(&order(&*clock)).await.unwrap_err());
            match provider.purchase(&top_up(&*clock)).await {
                Ok(order) => assert!(!format!("{order:?}").contains("INV-SECRET"), "{order:?}"),
                Err(error) => check(&error),
            }
            let request = CancelRequest { esim: by_iccid() };
            check(&provider.cancel(&request).await.unwrap_err());
        }
    }
}

#[tokio::test]
async fn a_broken_connection_shows_no_iccid() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    check(&signing(&url).esim(&by_iccid()).await.unwrap_err());
}

#[tokio::test]
async fn debug_of_an_esim_that_was_read_shows_no_activation() {
    let server = sample("/esim/query", "post-esim-query").await;
    let esim = signing(&server.uri()).esim(&by_id()).await.unwrap();
    let shown = format!("{esim:?}");
    for secret in ["INV0001A9C4E7", "12345678"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
