//! The suite that every decoder of provider events passes, over the decoders of both adapters and the
//! samples of their providers.

use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use roamport_adapter_esim_access::EsimAccessEvents;
use roamport_adapter_roamify::RoamifyEvents;
use roamport_conformance::decoder::{DecoderHarness, Headers, Sample};
use roamport_domain::provider::{EsimKey, EventDecoder, ProviderEventKind};
use roamport_domain::{EsimId, Iccid, ProviderName, ProviderOrderId, Reference, Secret};
use sha2::Sha256;

const SECRET: &str = "webhook-secret-71d0c2";

macro_rules! sample {
    ($file:literal, $kind:expr) => {
        Sample::new(
            $file,
            include_str!(concat!("../../../../fixtures/", $file, ".json")),
            $kind,
        )
    };
}

fn esim(id: &str, iccid: &str) -> EsimKey {
    let id = EsimId::parse(id).unwrap();
    EsimKey::new(Some(id), Some(Iccid::parse(iccid).unwrap())).unwrap()
}

/// The same JSON without its blanks and line breaks.
fn compact(body: &[u8]) -> Vec<u8> {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap();
    value.to_string().into_bytes()
}

#[derive(Debug)]
struct OfRoamify(Arc<RoamifyEvents>);

fn of_roamify() -> OfRoamify {
    let name = ProviderName::parse("roamify").unwrap();
    OfRoamify(Arc::new(
        RoamifyEvents::new(name, Secret::new(SECRET)).unwrap(),
    ))
}

fn signed(secret: &str, body: &[u8]) -> Headers {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let bytes = mac.finalize().into_bytes();
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let hex = digits.concat();
    vec![("X-Roamify-Signature".to_owned(), hex.into_bytes())]
}

impl DecoderHarness for OfRoamify {
    fn decoder(&self) -> Arc<dyn EventDecoder> {
        self.0.clone()
    }

    fn samples(&self) -> Vec<Sample> {
        let esim = esim(
            "7d0f3b52-1c84-4a6e-9f0b-5b2c8a61e901",
            "8988303000001234567",
        );
        let status = ProviderEventKind::EsimChanged { esim: esim.clone() };
        let usage = ProviderEventKind::UsageChanged { esim: esim.clone() };
        let refund = ProviderEventKind::RefundDecided { esim };
        let balance = || ProviderEventKind::BalanceChanged;
        vec![
            sample!("roamify/webhook.esim-status", status),
            sample!("roamify/webhook.esim-usage", usage),
            sample!("roamify/webhook.refund.assumed", refund),
            sample!("roamify/webhook.partner-balance.low", balance()),
            sample!("roamify/webhook.partner-balance.insufficient", balance()),
            sample!("roamify/webhook.partner-balance.top-up", balance()),
        ]
    }

    fn sign(&self, body: &[u8]) -> Option<Headers> {
        Some(signed(SECRET, body))
    }

    fn forge(&self, body: &[u8]) -> Option<Headers> {
        Some(signed("another-secret", body))
    }

    fn unknown_kind(&self) -> Option<Vec<u8>> {
        Some(br#"{"event_category":"weather","event_type":"sunny","data":{}}"#.to_vec())
    }

    fn repeats(&self, sample: &Sample) -> Vec<Vec<u8>> {
        let text = String::from_utf8(sample.body.clone()).unwrap();
        let respelled = text
            .replace(
                r#""event_type": "status""#,
                r#""event_type": "esim_status""#,
            )
            .replace(r#""event_type": "usage""#, r#""event_type": "esim_usage""#);
        vec![compact(&sample.body), respelled.into_bytes()]
    }

    fn secrets(&self) -> Vec<Secret> {
        vec![Secret::new(SECRET)]
    }
}

#[derive(Debug)]
struct OfEsimAccess(Arc<EsimAccessEvents>);

fn of_esim_access() -> OfEsimAccess {
    let name = ProviderName::parse("esim-access").unwrap();
    OfEsimAccess(Arc::new(EsimAccessEvents::new(name)))
}

impl DecoderHarness for OfEsimAccess {
    fn decoder(&self) -> Arc<dyn EventDecoder> {
        self.0.clone()
    }

    fn samples(&self) -> Vec<Sample> {
        let esim = esim("26112009140011", "8999900000005200015");
        let changed = || ProviderEventKind::EsimChanged { esim: esim.clone() };
        let order = ProviderEventKind::OrderChanged {
            order: ProviderOrderId::parse("B26112009140001").ok(),
            reference: Reference::parse("ref-01JD8Z6W3N7Q4V").ok(),
        };
        let usage = ProviderEventKind::UsageChanged { esim: esim.clone() };
        vec![
            sample!("esim-access/webhook.check-health", ProviderEventKind::Ping),
            sample!("esim-access/webhook.order-status", order),
            sample!("esim-access/webhook.esim-status.in-use", changed()),
            sample!("esim-access/webhook.esim-status.used-up", changed()),
            sample!("esim-access/webhook.esim-status.revoked.assumed", changed()),
            sample!("esim-access/webhook.smdp-event", changed()),
            sample!("esim-access/webhook.data-usage", usage),
            sample!("esim-access/webhook.validity-usage", changed()),
        ]
    }

    fn unknown_kind(&self) -> Option<Vec<u8>> {
        Some(br#"{"notifyType":"WEATHER","notifyId":"17","content":{}}"#.to_vec())
    }

    fn repeats(&self, sample: &Sample) -> Vec<Vec<u8>> {
        vec![compact(&sample.body)]
    }
}

mod roamify {
    roamport_conformance::decoder_suite!(super::of_roamify(), not_applicable = []);
}

mod esim_access {
    // It signs nothing.
    roamport_conformance::decoder_suite!(
        super::of_esim_access(),
        not_applicable = [
            "a_delivery_without_a_signature_is_refused",
            "a_wrong_signature_is_refused",
            "a_body_changed_on_the_way_is_refused",
            "several_signatures_are_none",
            "a_signature_is_asked_for_before_the_body_is_read",
        ]
    );
}
