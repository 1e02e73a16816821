//! What providers can do, as a table and in a sentence.

use roamport_bootstrap::DescribedProvider;
use roamport_domain::provider::{Dedup, LookupSupport, Provisioning, Refund, UsageSupport};
use roamport_domain::{Capabilities, ProviderName};

use crate::table::{Column, table};
use crate::text::TerminalText;

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
