//! What providers can do.

use std::num::NonZeroU16;
use std::time::Duration;

use roamport_domain::Capabilities;
use roamport_domain::provider::{Dedup, Provisioning, Refund};
use serde::Serialize;

/// The document of `providers`.
#[derive(Debug, Serialize)]
pub struct ProvidersDocument {
    providers: Vec<ProviderJson>,
}

#[derive(Debug, Serialize)]
struct ProviderJson {
    name: String,
    configured: bool,
    capabilities: Option<CapabilitiesJson>,
}

/// Durations are whole seconds; what a provider does not have is `null`.
#[derive(Debug, Serialize)]
struct CapabilitiesJson {
    repeated_order: &'static str,
    repeated_order_window_seconds: Option<u64>,
    look_up: Option<LookUpJson>,
    longest_effect_seconds: u64,
    purchase_time_out_seconds: u64,
    provisioning: &'static str,
    lines_per_order: Option<u16>,
    esims_per_order: Option<u16>,
    top_up: bool,
    usage: Option<UsageJson>,
    price_guard: bool,
    cancellation: Option<Refund>,
    events: bool,
}

#[derive(Debug, Serialize)]
struct LookUpJson {
    by_reference: bool,
    since: bool,
    lag_seconds: u64,
}

#[derive(Debug, Serialize)]
struct UsageJson {
    lag_seconds: u64,
    daily: bool,
    batch: Option<u16>,
}

/// What a provider can do, as it stands in that document.
pub fn capabilities_json(can: &Capabilities) -> serde_json::Value {
    serde_json::to_value(CapabilitiesJson::from(can)).expect("our own plain structs serialise")
}

impl ProvidersDocument {
    /// The document of these providers: the name of each, whether it is the configured one, and what it can do
    /// if that is known.
    pub fn new<'a>(
        providers: impl IntoIterator<Item = (&'a str, bool, Option<&'a Capabilities>)>,
    ) -> Self {
        let providers = providers.into_iter();
        let providers = providers.map(|(name, configured, capabilities)| ProviderJson {
            name: name.to_owned(),
            configured,
            capabilities: capabilities.map(CapabilitiesJson::from),
        });
        Self {
            providers: providers.collect(),
        }
    }
}

impl From<&Capabilities> for CapabilitiesJson {
    fn from(can: &Capabilities) -> Self {
        let (repeated_order, window) = match can.dedup {
            Dedup::None => ("may_charge_again", None),
            Dedup::Rejects => ("refused", None),
            Dedup::Replays { window } => ("answers_first_order", window),
        };
        Self {
            repeated_order,
            repeated_order_window_seconds: window.as_ref().map(Duration::as_secs),
            look_up: can.lookup.map(|look_up| LookUpJson {
                by_reference: look_up.by_reference,
                since: look_up.since,
                lag_seconds: look_up.lag.as_secs(),
            }),
            longest_effect_seconds: can.longest_effect.as_secs(),
            purchase_time_out_seconds: can.purchase_time_out.as_secs(),
            provisioning: match can.provisioning {
                Provisioning::SeparateCall => "separate_call",
                Provisioning::WithOrder => "with_order",
                Provisioning::Polled => "polled",
            },
            lines_per_order: can.lines_per_order.map(NonZeroU16::get),
            esims_per_order: can.esims_per_order.map(NonZeroU16::get),
            top_up: can.top_up,
            usage: can.usage.map(|usage| UsageJson {
                lag_seconds: usage.lag.as_secs(),
                daily: usage.daily,
                batch: usage.batch.map(NonZeroU16::get),
            }),
            price_guard: can.price_guard,
            cancellation: can.cancellation,
            events: can.webhooks,
        }
    }
}
