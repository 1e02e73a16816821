//! Everything about one order, for a person who has to decide: as text.

use std::fmt::Write as _;

use roamport_app::attention::{KnownOrder, LookUpTally, Review};
use roamport_documents::history;
use roamport_documents::review::{command, effect, role};
use roamport_documents::words::{self, moment};
use roamport_domain::journal::Recorded;

use super::super::duplicates::duplicates_text;
use super::order_text;
use crate::table::{Column, table};
use crate::text::TerminalText;

/// Everything about one order.
pub(crate) fn review_text(review: &Review) -> TerminalText {
    let mut text = order_text(&review.order);
    text.push(duplicates_text(&review.duplicates));
    for part in [
        provider_orders_text(&review.provider_orders),
        look_ups_text(&review.look_ups),
        history_text(&review.history),
        choices_text(review),
    ] {
        text.push(part.after_gap());
    }
    text
}

fn provider_orders_text(known: &[KnownOrder]) -> TerminalText {
    if known.is_empty() {
        return "At the provider: no order is known.".into();
    }
    let columns = [
        Column::id("PROVIDER'S ORDER"),
        Column::id("WHAT"),
        Column::id("STATUS"),
        Column::figure("CHARGED"),
        Column::id("FIRST SEEN"),
    ];
    let row = |known: &KnownOrder| {
        vec![
            known.id.to_string(),
            role(known.role).1.to_owned(),
            known
                .status
                .as_ref()
                .map_or("not read", |status| words::provider_status(status))
                .to_owned(),
            known
                .total
                .map(|total| total.to_string())
                .unwrap_or_default(),
            moment(known.first_seen),
        ]
    };
    table(&columns, known.iter().map(row).collect(), None)
}

fn look_ups_text(tally: &LookUpTally) -> TerminalText {
    let (Some(first), Some(last)) = (tally.first_at, tally.last_at) else {
        return "Looked up: never.".into();
    };
    let LookUpTally {
        count,
        empty,
        conclusive,
        found,
        unhealthy,
        ..
    } = tally;
    let times = if *count == 1 {
        "once"
    } else {
        &format!("{count} times")
    };
    let span = if first == last {
        format!("at {}", moment(first))
    } else {
        format!("from {} to {}", moment(first), moment(last))
    };
    let mut text = format!(
        "Looked up: {times}, {span}: {empty} found nothing ({conclusive} after the quiet period), {found} found something, {unhealthy} had no usable answer"
    );
    if let Some(problem) = &tally.last_problem {
        write!(text, " (the last: {problem})").expect("writing to a String cannot fail");
    }
    text.push('.');
    text.into()
}

fn history_text(history: &[Recorded]) -> TerminalText {
    let columns = [
        Column::id("WHEN"),
        Column::id("EVENT"),
        Column::text("WHAT HAPPENED"),
    ];
    let row = |recorded: &Recorded| {
        let mut said = history::sentence(&recorded.event);
        if let Some((by, why)) = history::decided(&recorded.event) {
            let why = why.replace('\n', " ");
            write!(said, "; by {by}: {why}").expect("writing to a String cannot fail");
        }
        vec![
            moment(recorded.at),
            recorded.event.name().replace('_', " "),
            said,
        ]
    };
    table(&columns, history.iter().map(row).collect(), None)
}

fn choices_text(review: &Review) -> TerminalText {
    let id = review.order.id();
    if review.choices.is_empty() {
        return if review.order.state().is_final() {
            "Nothing is left to decide.".into()
        } else {
            format!("Nothing is to be decided yet: `roamport order resume {id}` carries it on.")
                .into()
        };
    }
    let mut text = TerminalText::line("What you can decide; each asks who and why:");
    for choice in &review.choices {
        text.push_line(format_args!("  {}", command(id, &choice.action)));
        text.push_line(format_args!(
            "      {}; the order is then {}",
            effect(&choice.action),
            choice.leads_to
        ));
    }
    text
}
