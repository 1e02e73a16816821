//! Words about an order that only a person reads: what it buys, what it waits for, whether money moved.

use roamport_documents::words::counted;
use roamport_domain::Order;
use roamport_domain::order::{OrderedLine, Waiting};

/// What is bought: `2 × esim-france-7days-1gb-all (1 GB - 7 Days)`, and for how many days where it is
/// sold by the day.
pub(super) fn line(line: &OrderedLine) -> String {
    let what = format!(
        "{} × {} ({})",
        line.line.quantity, line.line.package, line.name
    );
    match line.line.days {
        Some(days) => format!("{what} for {}", counted(days.into(), "day", "days")),
        None => what,
    }
}

/// The same with the price of one, or of one day.
pub(crate) fn line_at_price(ordered: &OrderedLine) -> String {
    let price = ordered.line.unit_price;
    let per_day = ordered.line.days.map_or("", |_| " per day");
    format!("{} at {price}{per_day}", line(ordered))
}

/// What an order waits for, to stand after «waiting for».
pub(crate) const fn waiting_for(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::Deferred => "the next try to send the order",
        Waiting::QuietPeriod => {
            "the time to be over in which an earlier call may still take effect"
        }
        Waiting::LookUp => "the next look for the order at the provider",
        Waiting::Delivery => "the provider to name the eSIMs",
        Waiting::Profile => "the profile",
    }
}

/// Whether money moved, as far as the journal knows.
pub(crate) fn money_sentence(order: &Order) -> &'static str {
    if order.placed().is_some() {
        "the provider has taken the order, so money has moved"
    } else if order.money_may_have_moved() {
        "money may have moved: what became of a purchase call is not known"
    } else {
        "no money has moved"
    }
}
