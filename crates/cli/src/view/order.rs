//! Orders, as a table and as text. No activation data.

mod review;
mod words;

use roamport_documents::esim::unreadable_text;
use roamport_documents::history::cancellation_words;
use roamport_documents::words::{
    attempt as attempt_words, attention_sentence, ending_sentence, item as item_words, moment,
    provider_status,
};
use roamport_domain::Order;
use roamport_domain::journal::OrderSummary;
use roamport_domain::order::{AttemptState, Item, ItemState, OrderContent};

pub(crate) use self::review::review_text;
pub(crate) use self::words::{line_at_price, money_sentence, waiting_for};
use super::facts;
use crate::table::{Column, table};
use crate::text::TerminalText;

/// Orders as a table.
pub(crate) fn orders_table(orders: &[OrderSummary]) -> TerminalText {
    let columns = [
        Column::id("ORDER"),
        Column::id("STATE"),
        Column::text("WHAT"),
        Column::figure("TOTAL"),
        Column::ids("ESIMS"),
        Column::id("CREATED"),
    ];
    let row = |order: &OrderSummary| {
        let lines = order
            .lines
            .iter()
            .map(|(name, quantity)| format!("{quantity} × {name}"));
        let what = lines.collect::<Vec<_>>().join(", ");
        let what = if order.is_top_up {
            format!("top-up: {what}")
        } else {
            what
        };
        let esims: Vec<String> = order.esims.iter().map(ToString::to_string).collect();
        vec![
            order.id.to_string(),
            order.state.to_string(),
            what,
            order
                .total
                .map(|total| total.to_string())
                .unwrap_or_default(),
            esims.join("\n"),
            moment(order.created_at),
        ]
    };
    table(&columns, orders.iter().map(row).collect(), None)
}

/// What became of an order, in one line.
pub(crate) fn outcome_line(order: &Order) -> TerminalText {
    let content = &order.requested().content;
    let lines = content.lines().iter().map(words::line);
    let what = lines.collect::<Vec<_>>().join(", ");
    let what = match content {
        OrderContent::TopUp(top_up) => format!("{what} for eSIM {}", top_up.esim),
        OrderContent::Esims { .. } => what,
    };
    let charged = order.placed().and_then(|placed| placed.total);
    let charged = charged
        .map(|total| format!(", charged {total}"))
        .unwrap_or_default();
    let mut text = TerminalText::line(format_args!(
        "Order {} is {}: {what}{charged}",
        order.id(),
        order.state()
    ));
    if let Some(unreadable) = unreadable_text(order.unreadable()) {
        text.push_line(format_args!(
            "Of the provider's order this could not be read: {unreadable}"
        ));
    }
    text
}

/// One order with its purchase calls, eSIMs and open questions.
pub(crate) fn order_text(order: &Order) -> TerminalText {
    let requested = order.requested();
    let content = &requested.content;
    let what = content.lines().iter().map(line_at_price);
    let top_up_for = match content {
        OrderContent::TopUp(top_up) => Some(top_up.esim.to_string()),
        OrderContent::Esims { .. } => None,
    };
    let placed = order.placed();
    let provider_order =
        placed.map(|placed| format!("{} ({})", placed.id, provider_status(&placed.status)));
    let mut text = facts(&[
        ("Order", Some(order.id().to_string())),
        ("State", Some(order.state().to_string())),
        ("Key", Some(requested.key.to_string())),
        ("Reference", Some(requested.reference.to_string())),
        ("Provider", Some(requested.provider.to_string())),
        ("What", Some(what.collect::<Vec<_>>().join(", "))),
        ("Tops up", top_up_for),
        (
            "Journey starts",
            order.start_date().map(|date| date.to_string()),
        ),
        (
            "Quoted",
            order.quoted_total().map(|total| total.to_string()),
        ),
        ("At most", Some(requested.cap.to_string())),
        (
            "Charged",
            placed
                .and_then(|placed| placed.total)
                .map(|total| total.to_string()),
        ),
        ("Provider's order", provider_order),
        ("Unreadable", unreadable_text(order.unreadable())),
        ("Recorded", Some(moment(requested.at))),
        ("Waits", order.wait_reason().map(str::to_owned)),
        ("Money", Some(money_sentence(order).to_owned())),
        ("Ended", order.ending().map(ending_sentence)),
    ]);
    text.push(attempts_text(order));
    text.push(items_text(order));
    for attention in order.attention() {
        let mark = if attention.open {
            "Needs attention"
        } else {
            "Settled"
        };
        let sentence = attention_sentence(&attention.reason);
        text.push_gap();
        text.push_line(format_args!("{mark}: {sentence}."));
    }
    text
}

fn attempts_text(order: &Order) -> TerminalText {
    if order.attempts().is_empty() {
        return TerminalText::new();
    }
    let columns = [
        Column::figure("CALL"),
        Column::id("OPENED"),
        Column::id("OUTCOME"),
        Column::text("DETAIL"),
    ];
    let row = |attempt: &roamport_domain::order::Attempt| {
        let (state, message) = attempt_words(&attempt.state);
        let detail = match &attempt.state {
            AttemptState::Placed { order } => order.to_string(),
            _ => message.unwrap_or_default().to_owned(),
        };
        vec![
            attempt.number.to_string(),
            moment(attempt.opens_at),
            state.to_owned(),
            detail,
        ]
    };
    table(&columns, order.attempts().iter().map(row).collect(), None).after_gap()
}

fn items_text(order: &Order) -> TerminalText {
    if order.items().is_empty() {
        return TerminalText::new();
    }
    let mut columns = vec![
        Column::id("ESIM"),
        Column::id("PROFILE"),
        Column::text("PACKAGE"),
        Column::text("DETAIL"),
    ];
    let asked_back = order.items().iter().any(|item| item.cancellation.is_some());
    if asked_back {
        columns.push(Column::text("GIVEN BACK"));
    }
    let row = |item: &Item| {
        let (state, message) = item_words(&item.state);
        let detail = match &item.state {
            ItemState::Provisioning { asked_at, .. } => {
                format!("asked for at {}", moment(*asked_at))
            }
            _ => message.unwrap_or_default().to_owned(),
        };
        let package = item
            .package
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let mut cells = vec![item.esim.to_string(), state.to_owned(), package, detail];
        if asked_back {
            cells.push(given_back(item));
        }
        cells
    };
    table(&columns, order.items().iter().map(row).collect(), None).after_gap()
}

fn given_back(item: &Item) -> String {
    let Some(asked) = &item.cancellation else {
        return String::new();
    };
    let came = asked.outcome.as_ref().map_or_else(
        || "no answer is known; asking again is harmless".to_owned(),
        cancellation_words,
    );
    format!("by {} at {}: {came}", asked.by, moment(asked.at))
}
