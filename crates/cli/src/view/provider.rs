//! What providers can do, as JSON, as a table and in a sentence.

use std::num::NonZeroU16;
use std::time::Duration;

use roamport_bootstrap::DescribedProvider;
use roamport_domain::provider::{Dedup, LookupSupport, Provisioning, Refund, UsageSupport};
use roamport_domain::{Capabilities, ProviderName};
use serde::Serialize;

use crate::table::{Column, table};
use crate::text::TerminalText;

/// The document of `providers`.
#[derive(Debug, Serialize)]
pub(crate) struct ProvidersDocument {
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
pub(crate) fn capabilities_json(can: &Capabilities) -> serde_json::Value {
    serde_json::to_value(CapabilitiesJson::from(can)).expect("our own plain structs serialise")
}

impl ProvidersDocument {
    /// The document of these providers.
    pub(crate) fn new(providers: &[DescribedProvider]) -> Self {
        let providers = providers.iter().map(|provider| ProviderJson {
            name: provider.name.clone(),
            configured: provider.configured,
            capabilities: provider.capabilities.as_ref().map(CapabilitiesJson::from),
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

/// Providers as a table, a star before the configured one.
pub(crate) fn providers_table(providers: &[DescribedProvider]) -> TerminalText {
    let columns = [
        Column::id(""),
        Column::id("PROVIDER"),
        Column::text("REPEATED ORDER"),
        Column::text("ORDERS FOUND"),
        Column::text("PROFILE"),
        Column::id("TOP-UP"),
        Column::text("USAGE"),
        Column::text("GIVEN BACK"),
        Column::id("PRICE GUARD"),
        Column::id("EVENTS"),
    ];
    let row = |provider: &DescribedProvider| {
        let mark = if provider.configured { "*" } else { "" };
        let mut cells = vec![mark.to_owned(), provider.name.clone()];
        match &provider.capabilities {
            Some(can) => cells.extend(facts(can)),
            None => cells.push("not told".to_owned()),
        }
        cells
    };
    table(&columns, providers.iter().map(row).collect(), None)
}

fn facts(can: &Capabilities) -> [String; 8] {
    let yes = |fact: bool| if fact { "yes" } else { "no" }.to_owned();
    [
        repeated(can.dedup).to_owned(),
        can.lookup.map_or_else(|| "no".to_owned(), found),
        match can.provisioning {
            Provisioning::SeparateCall => "by a call of its own",
            Provisioning::WithOrder => "with the order",
            Provisioning::Polled => "by itself",
        }
        .to_owned(),
        yes(can.top_up),
        can.usage.map_or_else(|| "no".to_owned(), usage),
        can.cancellation.map_or("no", money_back).to_owned(),
        yes(can.price_guard),
        yes(can.webhooks),
    ]
}

const fn repeated(dedup: Dedup) -> &'static str {
    match dedup {
        Dedup::None => "may charge again",
        Dedup::Rejects => "is refused",
        Dedup::Replays { .. } => "answers the first",
    }
}

fn found(look_up: LookupSupport) -> String {
    match (look_up.by_reference, look_up.since) {
        (true, true) => "by reference, by time",
        (true, false) => "by reference",
        (false, true) => "by time",
        (false, false) => "by the provider's id",
    }
    .to_owned()
}

fn usage(usage: UsageSupport) -> String {
    let mut said = vec!["yes".to_owned()];
    if usage.daily {
        said.push("by day".to_owned());
    }
    if let Some(batch) = usage.batch {
        said.push(format!("{batch} in a call"));
    }
    said.join(", ")
}

const fn money_back(refund: Refund) -> &'static str {
    match refund {
        Refund::AtOnce => "refunded at once",
        Refund::Later => "refunded later",
        Refund::Never => "not refunded",
    }
}

/// What a provider can do, for somebody who asked for what it cannot.
pub(crate) fn abilities(provider: &ProviderName, can: &Capabilities) -> String {
    let known = [
        (true, "sell eSIMs"),
        (can.top_up, "top them up"),
        (can.usage.is_some(), "tell their usage"),
        (
            can.cancellation.is_some(),
            "take back what nobody installed",
        ),
    ];
    let able: Vec<&str> = known
        .iter()
        .filter(|(can, _)| *can)
        .map(|(_, what)| *what)
        .collect();
    let words = match able.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => able.concat(),
    };
    format!("{provider} can {words}; `roamport providers` compares it with the others")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> ProviderName {
        ProviderName::parse("acme").unwrap()
    }

    #[test]
    fn what_a_provider_can_do_is_said_in_one_sentence() {
        insta::assert_snapshot!(
            abilities(&name(), &Capabilities::NONE),
            @"acme can sell eSIMs; `roamport providers` compares it with the others"
        );
        let more = Capabilities {
            top_up: true,
            cancellation: Some(Refund::Later),
            ..Capabilities::NONE
        };
        insta::assert_snapshot!(
            abilities(&name(), &more),
            @"acme can sell eSIMs, top them up and take back what nobody installed; `roamport providers` compares it with the others"
        );
    }
}
