//! No token, activation code, PIN or PUK in an error or in `Debug`; no ICCID of a URL either.

use std::error::Error as _;
use std::fmt::Write as _;

use roamport_domain::provider::{EsimKey, EsimProvider as _, ProvisionRequest};
use roamport_domain::{EsimId, Iccid, ProviderError};
use roamport_provider_http::test_support::TestClock;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{TOKEN, fixture, json, order, roamify, serving};

const ICCID: &str = "8988303000001234567";

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
    for secret in [TOKEN, "K2-SECRET", "1$smdp", "9911", ICCID] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn debug_of_the_provider_shows_no_token() {
    let provider = roamify("https://api.getroamify.com");
    let shown = format!("{provider:?} {provider:#?}");
    assert!(
        shown.contains("api.getroamify.com") && !shown.contains(TOKEN),
        "{shown}"
    );
}

#[tokio::test]
async fn no_error_repeats_a_secret_that_the_provider_sends() {
    let bodies = [
        format!(
            r#"{{"message":"wrong token {TOKEN}: LPA:1$smdp.test$K2-SECRET","code":"{TOKEN}"}}"#
        ),
        r#"{"status":"failed","data":{"message":"see 1$smdp.test$K2-SECRET"}}"#.to_owned(),
        r#"{"status":"success","data":{"id":["LPA:1$smdp.test$K2-SECRET"],"pin":9911}}"#.to_owned(),
        r#"{"status":"success","data":"LPA:1$smdp.test$K2-SECRET"}"#.to_owned(),
        r#"{"status":"success","data":[1,"K2-SECRET"#.to_owned(),
        "<html>K2-SECRET</html>".to_owned(),
    ];
    let key = EsimKey::from_iccid(Iccid::parse(ICCID).unwrap());
    let esim = EsimId::parse("e-1").unwrap();
    let provision = ProvisionRequest {
        esim,
        start_date: None,
    };
    for status in [200, 400, 401, 404, 409, 500] {
        for body in &bodies {
            let server = MockServer::start().await;
            let answer = ResponseTemplate::new(status).set_body_string(body.clone());
            Mock::given(any()).respond_with(answer).mount(&server).await;
            let provider = roamify(&server.uri());
            check(&provider.balance().await.unwrap_err());
            check(&provider.esim(&key).await.unwrap_err());
            check(
                &provider
                    .purchase(&order(&*TestClock::new()))
                    .await
                    .unwrap_err(),
            );
            if let Err(error) = provider.provision(&provision).await {
                check(&error);
            }
        }
    }
}

#[tokio::test]
async fn a_broken_connection_does_not_show_the_url_with_its_iccid() {
    let key = EsimKey::from_iccid(Iccid::parse(ICCID).unwrap());
    // Port 9 of loopback refuses or is silent; either way the call fails.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    check(&roamify(&url).esim(&key).await.unwrap_err());
}

#[tokio::test]
async fn debug_of_an_esim_that_was_read_shows_no_activation() {
    let server = serving("GET", "/api/esim", json(200, fixture("get-esim.by-iccid"))).await;
    let key = EsimKey::from_iccid(Iccid::parse(ICCID).unwrap());
    let esim = roamify(&server.uri()).esim(&key).await.unwrap();
    assert!(!format!("{esim:?}").contains("K2-1A9F3C"));
}
