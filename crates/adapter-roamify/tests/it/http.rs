//! What every adapter over HTTP promises, of this one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_conformance::http::HttpHarness;
use roamport_domain::provider::{ErrorKind, EsimKey, ProvisionRequest};
use roamport_domain::{EsimId, EsimProvider, Iccid, ProviderError, Secret};
use roamport_provider_http::test_support::TestClock;

use crate::support::{TOKEN, config, order};

const ICCID: &str = "8988303000001234567";

#[derive(Debug)]
struct Harness;

#[async_trait]
impl HttpHarness for Harness {
    fn provider(&self, base_url: &str, timeout: Option<Duration>) -> Arc<dyn EsimProvider> {
        let usual = config(base_url);
        let config = RoamifyConfig {
            purchase_time_out: timeout.unwrap_or(usual.purchase_time_out),
            provision_time_out: timeout.unwrap_or(usual.provision_time_out),
            read_time_out: timeout.unwrap_or(usual.read_time_out),
            ..usual
        };
        Arc::new(Roamify::new(&config, TestClock::new()).unwrap())
    }

    async fn order(&self, provider: &dyn EsimProvider) -> Option<ProviderError> {
        provider.purchase(&order(&*TestClock::new())).await.err()
    }

    async fn changes(&self, provider: &dyn EsimProvider) -> Vec<ProviderError> {
        let request = ProvisionRequest {
            esim: EsimId::parse("e-1").unwrap(),
            start_date: None,
        };
        provider
            .provision(&request)
            .await
            .err()
            .into_iter()
            .collect()
    }

    fn placed(&self) -> String {
        r#"{"status":"success","data":{"id":"o-order"}}"#.to_owned()
    }

    fn odd_answers(&self) -> Vec<(u16, &'static str, ErrorKind)> {
        use ErrorKind::{InvalidResponse, Unavailable};
        let failed = r#"{"status":"failed","message":"Unknown error"}"#;
        vec![
            (200, r#"{"status":"success","data":{"bal"#, InvalidResponse),
            (200, failed, InvalidResponse),
            (200, r#"{"error":"no"}"#, InvalidResponse),
            (200, r#"{"status":"success","data":null}"#, InvalidResponse),
            (200, r#"{"status":"success","data":{}}"#, InvalidResponse),
            (500, failed, Unavailable),
        ]
    }

    fn telling_bodies(&self) -> Vec<String> {
        vec![
            format!(
                r#"{{"message":"wrong token {TOKEN}: LPA:1$smdp.test$K2-SECRET","code":"{TOKEN}"}}"#
            ),
            r#"{"status":"failed","data":{"message":"see 1$smdp.test$K2-SECRET"}}"#.to_owned(),
            r#"{"status":"success","data":{"id":["LPA:1$smdp.test$K2-SECRET"],"pin":9911}}"#
                .to_owned(),
            r#"{"status":"success","data":"LPA:1$smdp.test$K2-SECRET"}"#.to_owned(),
            r#"{"status":"success","data":[1,"K2-SECRET"#.to_owned(),
            "<html>K2-SECRET</html>".to_owned(),
        ]
    }

    fn esim(&self) -> EsimKey {
        EsimKey::from_iccid(Iccid::parse(ICCID).unwrap())
    }

    fn secrets(&self) -> Vec<Secret> {
        [TOKEN, "K2-SECRET", "1$smdp", "9911", ICCID]
            .map(Secret::new)
            .into()
    }
}

roamport_conformance::http_suite!(Harness, not_applicable = []);
