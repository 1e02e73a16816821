//! A reconciliation as text.

use roamport_app::reconcile::{Finding, Movement, Raised, Reconciliation};
use roamport_documents::reconciliation::{kind, sentence, sides};
use roamport_documents::words::{counted, moment};

use super::duplicates::duplicates_text;
use super::facts;
use crate::table::{Column, table};
use crate::text::TerminalText;

/// A reconciliation for a person.
pub(crate) fn reconciliation_text(found: &Reconciliation) -> TerminalText {
    let ours = found.ours;
    let compared = format!(
        "{} bought: {} in the provider's list, {} looked up one by one, {} without an answer",
        counted(ours.bought, "order", "orders"),
        ours.listed,
        ours.looked_up,
        ours.unanswered
    );
    let mut text = facts(&[
        ("Provider", Some(found.provider.to_string())),
        (
            "Compared",
            Some(format!("{} to {}", moment(found.since), moment(found.at))),
        ),
        ("Provider's list", Some(list_words(found))),
        ("Ours", Some(compared)),
        ("Wallet", Some(wallet_words(found))),
    ]);
    text.push(findings_text(&found.findings));
    for one in &found.on_their_way {
        text.push_gap();
        text.push_line(format_args!(
            "On its way: order {} is {}, and the provider has {} for it.",
            one.order, one.state, one.provider_order
        ));
    }
    text.push(duplicates_text(&found.duplicates));
    text.push(movements_text(&found.movements));
    text.push_gap();
    text.push(verdict(found));
    text
}

fn list_words(found: &Reconciliation) -> String {
    let orders = counted(found.list.orders, "order", "orders");
    match found.list.complete_from {
        Some(from) if from <= found.since => format!("{orders}, complete"),
        Some(from) => format!("{orders}, not proven complete before {}", moment(from)),
        None => format!("{orders}, not proven complete"),
    }
}

fn wallet_words(found: &Reconciliation) -> String {
    let balance = found.balance.balance;
    if !found.keeps_balances {
        format!("{balance} (this journal keeps no readings to compare it with)")
    } else if !found.balance.comparable {
        format!("{balance} (it moved while it was read: not compared)")
    } else if found.movements.is_empty() {
        format!("{balance} (the first reading in this time: nothing to compare it with)")
    } else {
        balance.to_string()
    }
}

fn findings_text(findings: &[Finding]) -> TerminalText {
    if findings.is_empty() {
        return TerminalText::new();
    }
    let columns = [
        Column::id("WHAT DIFFERS"),
        Column::id("OUR ORDER"),
        Column::ids("PROVIDER'S ORDER"),
        Column::id("STANDS"),
        Column::text("HOW"),
    ];
    let row = |finding: &Finding| {
        let (order, provider_orders) = sides(&finding.difference);
        let stands = match (finding.settled, finding.raised) {
            (true, _) => "settled",
            (false, Raised::Now) => "raised now",
            (false, Raised::Before) => "raised before",
            (false, Raised::Later) => "held elsewhere",
            (false, Raised::No) => "open",
        };
        let ids: Vec<&str> = provider_orders.iter().map(|id| id.as_str()).collect();
        vec![
            kind(&finding.difference).1.to_owned(),
            order.map(|order| order.to_string()).unwrap_or_default(),
            ids.join("\n"),
            stands.to_owned(),
            sentence(&finding.difference),
        ]
    };
    table(&columns, findings.iter().map(row).collect(), None).after_gap()
}

fn movements_text(movements: &[Movement]) -> TerminalText {
    if movements.is_empty() {
        return TerminalText::new();
    }
    let columns = [
        Column::id("WALLET FROM"),
        Column::id("TO"),
        Column::figure("BEFORE"),
        Column::figure("AFTER"),
        Column::figure("ORDERS"),
        Column::figure("CHARGED"),
        Column::figure("UNEXPLAINED"),
    ];
    let row = |movement: &Movement| {
        let unexplained = match movement.unexplained {
            None => "not comparable".to_owned(),
            Some(nothing) if nothing.is_zero() => "nothing".to_owned(),
            Some(out) if out.is_negative() && !movement.is_proven => format!("{out} (unproven)"),
            Some(out) if out.is_negative() => out.to_string(),
            Some(came_in) => format!("+{came_in}"),
        };
        vec![
            moment(movement.from.at),
            moment(movement.to.at),
            movement.from.balance.to_string(),
            movement.to.balance.to_string(),
            movement.orders.to_string(),
            movement
                .charged
                .map(|charged| charged.to_string())
                .unwrap_or_default(),
            unexplained,
        ]
    };
    table(&columns, movements.iter().map(row).collect(), None).after_gap()
}

fn verdict(found: &Reconciliation) -> String {
    if found.is_clean() {
        "Clean: journal, provider and wallet agree.".to_owned()
    } else if found.is_unproven() {
        let words = unproven(found);
        format!("{}{}.", words[..1].to_uppercase(), &words[1..])
    } else {
        format!("Not clean: {}.", shortcomings(found))
    }
}

/// What is not known where everything that is known agrees, without a full stop.
pub(crate) fn unproven(found: &Reconciliation) -> String {
    format!(
        "journal, provider and wallet agree in all that is known, but the provider's list of {} may be \
         incomplete",
        counted(found.list.orders, "order", "orders")
    )
}

/// Why a reconciliation is not clean, without a full stop.
pub(crate) fn shortcomings(found: &Reconciliation) -> String {
    let open = found
        .findings
        .iter()
        .filter(|finding| !finding.settled)
        .count();
    let missing = found
        .movements
        .iter()
        .filter(|movement| movement.is_missing_money())
        .count();
    let mut why = Vec::new();
    if open > 0 {
        why.push(counted(open, "difference is open", "differences are open"));
    }
    if missing > 0 {
        let times = counted(missing, "span of time", "spans of time");
        why.push(format!(
            "more money left the wallet than the orders cost, in {times}"
        ));
    }
    if found
        .list
        .complete_from
        .is_none_or(|from| from > found.since)
    {
        why.push("the provider's list may be incomplete".to_owned());
    }
    if found.ours.unanswered > 0 {
        why.push(format!(
            "{} could not be looked up",
            counted(found.ours.unanswered, "order", "orders")
        ));
    }
    why.join("; ")
}
