//! Words that others read: names of states, the fingerprint of a wish, a provider as a person sees it.

use std::collections::BTreeSet;

use jiff::civil::date;
use roamport_domain::order::{Fingerprint, OrderContent, OrderState};
use roamport_domain::provider::PurchaseRequest;

use crate::support::{esims, line, requested, top_up_content, usd};

#[test]
fn a_state_bears_one_name_in_text_in_json_and_on_the_command_line() {
    let names = [
        "requested",
        "placing",
        "reconciling",
        "placed",
        "provisioning",
        "fulfilled",
        "failed",
        "cancelled",
        "needs-attention",
    ];
    for (state, name) in OrderState::ALL.into_iter().zip(names) {
        assert_eq!(state.as_str(), name);
        assert_eq!(state.to_string(), name);
        assert_eq!(OrderState::from_name(name), Some(state));
        assert_eq!(
            serde_json::to_string(&state).unwrap(),
            format!("\"{name}\"")
        );
    }
}

#[test]
fn a_state_fills_its_column_in_a_table() {
    assert_eq!(format!("{:>10}|", OrderState::Placed), "    placed|");
}

#[test]
fn what_is_no_name_of_a_state_is_none() {
    for name in ["", "Placed", "placed ", "needs_attention", "attention"] {
        assert_eq!(OrderState::from_name(name), None, "{name:?}");
    }
}

#[test]
fn the_states_that_go_no_further_by_themselves_are_the_ends_and_attention() {
    for state in OrderState::ALL {
        let ended = matches!(
            state,
            OrderState::Fulfilled | OrderState::Failed | OrderState::Cancelled
        );
        let asks = state == OrderState::NeedsAttention;
        assert_eq!(state.is_final(), ended, "{state}");
        assert_eq!(state.is_settled(), ended || asks, "{state}");
    }
}

#[test]
fn a_provider_is_shown_with_where_it_lies() {
    let provider = requested(top_up_content()).provider;
    assert_eq!(provider.to_string(), "roamify (https://api.example.com)");
}

#[test]
fn a_fingerprint_is_64_hexadecimal_digits_and_never_changes() {
    let fingerprint = requested(esims(vec![line("one", 1, "3.27")])).fingerprint;
    assert_eq!(fingerprint.as_str().len(), 64);
    // Stored in every journal: another digest would refuse a repeated wish as a different one.
    assert_eq!(
        fingerprint.as_str(),
        "60c31359ab946b664624a435a3b93cbfa7ee326afd84020d54c3496351747d1c"
    );
}

#[test]
fn whatever_is_bought_is_part_of_the_fingerprint_and_its_price_is_not() {
    let provider = requested(top_up_content()).provider;
    let dated = |start_date| OrderContent::Esims {
        lines: vec![line("one", 1, "3.27")],
        start_date,
    };
    let daily = {
        let mut daily = line("one", 1, "3.27");
        daily.line.days = Some(7);
        esims(vec![daily])
    };
    let wishes = [
        dated(None),
        dated(Some(date(2026, 3, 1))),
        dated(Some(date(2026, 3, 2))),
        daily,
        esims(vec![line("one", 2, "3.27")]),
        esims(vec![line("one", 1, "3.27"), line("one", 1, "3.27")]),
        esims(vec![line("on", 1, "3.27"), line("e", 1, "3.27")]),
        top_up_content(),
    ];
    let prints: BTreeSet<String> = wishes
        .iter()
        .map(|wish| Fingerprint::of(&provider, wish).as_str().to_owned())
        .collect();
    assert_eq!(prints.len(), wishes.len());
    assert_eq!(
        Fingerprint::of(&provider, &esims(vec![line("one", 1, "9.99")])),
        Fingerprint::of(&provider, &dated(None)),
    );
    let mut elsewhere = provider.clone();
    elsewhere.base_url = "https://test.example.com".to_owned();
    assert_ne!(
        Fingerprint::of(&elsewhere, &dated(None)),
        Fingerprint::of(&provider, &dated(None)),
    );
}

#[test]
fn the_start_date_of_a_wish_is_the_one_that_was_given() {
    let first_of_march = date(2026, 3, 1);
    let content = OrderContent::Esims {
        lines: vec![line("one", 1, "3.27")],
        start_date: Some(first_of_march),
    };
    assert_eq!(content.start_date(), Some(first_of_march));
    assert_eq!(esims(vec![line("one", 1, "3.27")]).start_date(), None);
    assert_eq!(top_up_content().start_date(), None);
}

#[test]
fn a_total_is_the_sum_of_prices_times_quantities() {
    let content = esims(vec![line("one", 2, "3.27"), line("two", 3, "1.01")]);
    assert_eq!(content.quoted_total(), Some(usd("9.57")));
    assert_eq!(content.request().total(), Some(usd("9.57")));
    assert_eq!(top_up_content().request().total(), Some(usd("3.27")));
    assert_eq!(top_up_content().quoted_total(), Some(usd("3.27")));
    let nothing = PurchaseRequest::PlaceOrder {
        lines: Vec::new(),
        start_date: None,
    };
    assert_eq!(nothing.total(), None);
}
