//! What every adapter over HTTP promises, of this one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use roamport_adapter_esim_access::{EsimAccess, EsimAccessConfig};
use roamport_conformance::http::HttpHarness;
use roamport_domain::provider::{CancelRequest, ErrorKind, EsimKey};
use roamport_domain::{EsimProvider, ProviderError, Secret};
use roamport_provider_http::test_support::TestClock;

use crate::support::{CODE, ICCID, KEY, by_iccid, by_id, config, order, top_up};

#[derive(Debug)]
struct Harness;

#[async_trait]
impl HttpHarness for Harness {
    fn provider(&self, base_url: &str, timeout: Option<Duration>) -> Arc<dyn EsimProvider> {
        let usual = config(base_url).with_secret_key(KEY);
        let config = EsimAccessConfig {
            purchase_time_out: timeout.unwrap_or(usual.purchase_time_out),
            read_time_out: timeout.unwrap_or(usual.read_time_out),
            ..usual
        };
        Arc::new(EsimAccess::new(&config, TestClock::new()).unwrap())
    }

    async fn order(&self, provider: &dyn EsimProvider) -> Option<ProviderError> {
        provider.purchase(&order(&*TestClock::new())).await.err()
    }

    async fn changes(&self, provider: &dyn EsimProvider) -> Vec<ProviderError> {
        let request = CancelRequest { esim: by_id() };
        let cancelled = provider.cancel(&request).await.err();
        let topped_up = provider.purchase(&top_up(&*TestClock::new())).await.err();
        cancelled.into_iter().chain(topped_up).collect()
    }

    fn placed(&self) -> String {
        r#"{"success":true,"obj":{"orderNo":"B-01"}}"#.to_owned()
    }

    fn odd_answers(&self) -> Vec<(u16, &'static str, ErrorKind)> {
        use ErrorKind::{InvalidResponse, Unauthorized};
        vec![
            (200, r#"{"success":true,"obj":{"bal"#, InvalidResponse),
            (200, r#"{"success":false}"#, InvalidResponse),
            (
                200,
                r#"{"errorCode":"0","obj":{"balance":1}}"#,
                InvalidResponse,
            ),
            (404, "<html>Not Found</html>", InvalidResponse),
            (401, "<html>Unauthorized</html>", Unauthorized),
        ]
    }

    fn telling_bodies(&self) -> Vec<String> {
        vec![
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
        ]
    }

    fn esim(&self) -> EsimKey {
        by_iccid()
    }

    fn secrets(&self) -> Vec<Secret> {
        [CODE, KEY, "INV-SECRET", "1$rsp", "9911", ICCID]
            .map(Secret::new)
            .into()
    }
}

roamport_conformance::http_suite!(Harness, not_applicable = []);
