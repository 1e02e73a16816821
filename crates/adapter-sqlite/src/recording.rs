//! The statements that record an order: its row, its events, and what follows from them.

use jiff::Timestamp;
use roamport_domain::journal::{AttemptRecord, NewOrder, OrderChange, OrderSummary, RefundRecord};
use roamport_domain::order::Event;
use roamport_domain::{Account, EsimId, Order, OrderId, ProviderOrderId};

use crate::moment;
use crate::rows::to_json;
use crate::script::{MOST_ROWS, Script};

/// Adds the row of an order and the event it begins with, due at once.
pub(crate) fn opening(new: &NewOrder, order: &Order, event: &Event, at: Timestamp) -> Script {
    let summary = OrderSummary::of(order, at);
    let mut script = Script::default();
    script.statement(
        "INSERT INTO orders (id, version, state, key, fingerprint, provider, base_url, reference, \
         is_top_up, lines, total, esims, created_at, updated_at, due_at, account) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    script
        .bind(new.id.to_string())
        .bind(count(order.version().count()))
        .bind(order.state().as_str())
        .bind(new.requested.key.as_str())
        .bind(new.requested.fingerprint.as_str())
        .bind(new.requested.provider.name.as_str())
        .bind(new.requested.provider.base_url.as_str())
        .bind(new.requested.reference.as_str())
        .bind(summary.is_top_up)
        .bind(to_json(&summary.lines))
        .bind(summary.total.as_ref().map(to_json))
        .bind(to_json(&summary.esims))
        .bind(moment::to_text(summary.created_at))
        .bind(moment::to_text(at))
        .bind(moment::to_text(at))
        .bind(order.account().map(Account::as_str));
    add_events(&mut script, order, std::slice::from_ref(event), at);
    add_esims(&mut script, order.id(), &summary.esims);
    script
}

/// Makes a change of an order. The first statement changes the order's row. It fails where the row has not the
/// version that the change builds on, and then nothing after it is run.
pub(crate) fn appending(change: &OrderChange, at: Timestamp, due: Option<Timestamp>) -> Script {
    let (order, id) = (change.after(), change.id());
    let summary = OrderSummary::of(order, at);
    let mut script = Script::default();
    script.statement(
        "UPDATE orders SET version = CASE WHEN version = ? THEN ? END, state = ?, \
         provider_order_id = ?, total = ?, esims = ?, \
         updated_at = CASE WHEN ? THEN ? ELSE updated_at END, due_at = ?, account = ? WHERE id = ?",
    );
    script
        .bind(count(change.expected().count()))
        .bind(count(order.version().count()))
        .bind(order.state().as_str())
        .bind(order.placed().map(|placed| placed.id.as_str()))
        .bind(summary.total.as_ref().map(to_json))
        .bind(to_json(&summary.esims))
        .bind(!change.events().is_empty())
        .bind(moment::to_text(at))
        .bind(due.map(moment::to_text))
        .bind(order.account().map(Account::as_str))
        .bind(id.to_string());
    add_events(&mut script, order, change.events(), at);
    if change.moves_esims() {
        script.statement("DELETE FROM order_esims WHERE order_id = ?");
        script.bind(id.to_string());
        add_esims(&mut script, id, &summary.esims);
    }
    for attempt in change.attempts() {
        add_attempt(&mut script, order, attempt);
    }
    for refund in change.refunds() {
        add_refund(&mut script, order, &refund);
    }
    script
}

/// Adds the events that lead to `after`, whose last version is that of `after`.
fn add_events(script: &mut Script, after: &Order, events: &[Event], at: Timestamp) {
    let id = after.id().to_string();
    let at = moment::to_text(at);
    let first =
        after.version().count() - u64::try_from(events.len()).expect("a length fits 64 bits");
    let mut versions = first + 1..;
    for events in events.chunks(MOST_ROWS) {
        script.insert(
            "INSERT INTO events (order_id, version, at, name, body) VALUES",
            5,
            events.len(),
            "",
        );
        for (event, version) in events.iter().zip(&mut versions) {
            script
                .bind(id.as_str())
                .bind(count(version))
                .bind(at.as_str())
                .bind(event.name())
                .bind(event.to_stored());
        }
    }
}

fn add_esims(script: &mut Script, id: OrderId, esims: &[EsimId]) {
    for esims in esims.chunks(MOST_ROWS) {
        script.insert(
            "INSERT INTO order_esims (order_id, esim) VALUES",
            2,
            esims.len(),
            " ON CONFLICT DO NOTHING",
        );
        for esim in esims {
            script.bind(id.to_string()).bind(esim.as_str());
        }
    }
}

pub(crate) fn add_attempt(script: &mut Script, order: &Order, attempt: &AttemptRecord) {
    script.statement(
        "INSERT INTO attempts (order_id, number, provider, account, opened_at, settled_at, \
         is_unknown, state, amount, placed, placed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT DO UPDATE SET account = excluded.account, settled_at = excluded.settled_at, \
         is_unknown = excluded.is_unknown, state = excluded.state, placed = excluded.placed, \
         placed_at = excluded.placed_at",
    );
    script
        .bind(order.id().to_string())
        .bind(attempt.number)
        .bind(order.requested().provider.name.as_str())
        .bind(attempt.account.as_ref().map(Account::as_str))
        .bind(moment::to_text(attempt.opened_at))
        .bind(attempt.settled_at.map(moment::to_text))
        .bind(attempt.is_unknown)
        .bind(attempt.state.as_str())
        .bind(attempt.amount.as_ref().map(to_json))
        .bind(attempt.placed.as_ref().map(ProviderOrderId::as_str))
        .bind(attempt.placed_at.map(moment::to_text));
}

/// An eSIM is canceled once: what the first answer gave back stands.
pub(crate) fn add_refund(script: &mut Script, order: &Order, refund: &RefundRecord) {
    script.statement(
        "INSERT INTO refunds (order_id, item, account, at, amount) VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT DO NOTHING",
    );
    script
        .bind(order.id().to_string())
        .bind(refund.item)
        .bind(order.account().map(Account::as_str))
        .bind(moment::to_text(refund.at))
        .bind(to_json(&refund.amount));
}

/// A count as SQLite keeps integers.
fn count(count: u64) -> i64 {
    i64::try_from(count).expect("no order has 2^63 events")
}
