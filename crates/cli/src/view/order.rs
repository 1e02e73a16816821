//! Orders, as JSON, as a table and as text. No activation data.

mod words;

use jiff::Timestamp;
use jiff::civil::Date;
use roamport_domain::Order;
use roamport_domain::journal::OrderSummary;
use roamport_domain::order::{AttemptState, ItemState, OrderContent, OrderedLine};
use serde::Serialize;

pub(crate) use self::words::{
    attention_sentence, ending_sentence, money_sentence, state_sentence, waiting_for,
};
use super::package::DataJson;
use super::{MoneyJson, facts, moment};
use crate::table::{Column, table};

/// An order in a list.
#[derive(Debug, Serialize)]
pub(crate) struct OrderSummaryJson {
    id: String,
    key: String,
    reference: String,
    provider: String,
    kind: &'static str,
    state: &'static str,
    lines: Vec<SummaryLineJson>,
    total: Option<MoneyJson>,
    esims: Vec<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct SummaryLineJson {
    name: String,
    quantity: u16,
}

impl From<&OrderSummary> for OrderSummaryJson {
    fn from(order: &OrderSummary) -> Self {
        let line = |(name, quantity): &(String, std::num::NonZeroU16)| SummaryLineJson {
            name: name.clone(),
            quantity: quantity.get(),
        };
        Self {
            id: order.id.to_string(),
            key: order.key.to_string(),
            reference: order.reference.to_string(),
            provider: order.provider.name.to_string(),
            kind: kind_name(order.is_top_up),
            state: order.state.as_str(),
            lines: order.lines.iter().map(line).collect(),
            total: order.total.map(MoneyJson::from),
            esims: order.esims.iter().map(ToString::to_string).collect(),
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

/// The document of `order list`.
#[derive(Debug, Serialize)]
pub(crate) struct OrdersDocument {
    orders: Vec<OrderSummaryJson>,
}

impl OrdersDocument {
    /// The document of these orders.
    pub(crate) fn new(orders: &[OrderSummary]) -> Self {
        Self { orders: orders.iter().map(OrderSummaryJson::from).collect() }
    }
}

/// An order, whole.
#[derive(Debug, Serialize)]
pub(crate) struct OrderJson {
    id: String,
    key: String,
    reference: String,
    provider: ProviderJson,
    kind: &'static str,
    state: &'static str,
    money_may_have_moved: bool,
    lines: Vec<LineJson>,
    start_date: Option<Date>,
    top_up_for: Option<TopUpTargetJson>,
    quoted_total: Option<MoneyJson>,
    maximum: MoneyJson,
    requested_at: Timestamp,
    place_before: Timestamp,
    attempts: Vec<AttemptJson>,
    provider_order: Option<ProviderOrderJson>,
    items: Vec<ItemJson>,
    attention: Vec<AttentionJson>,
    ending: Option<String>,
}

#[derive(Debug, Serialize)]
struct ProviderJson {
    name: String,
    base_url: String,
}

#[derive(Debug, Serialize)]
struct LineJson {
    package: String,
    name: String,
    quantity: u16,
    unit_price: MoneyJson,
    data: DataJson,
}

#[derive(Debug, Serialize)]
struct TopUpTargetJson {
    esim: String,
    iccid: Option<String>,
}

#[derive(Debug, Serialize)]
struct AttemptJson {
    number: u16,
    state: &'static str,
    message: Option<String>,
    opened_at: Timestamp,
    closes_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct ProviderOrderJson {
    id: String,
    status: String,
    total: Option<MoneyJson>,
}

#[derive(Debug, Serialize)]
struct ItemJson {
    esim: String,
    package: Option<String>,
    state: &'static str,
    message: Option<String>,
}

#[derive(Debug, Serialize)]
struct AttentionJson {
    open: bool,
    message: String,
}

impl From<&Order> for OrderJson {
    fn from(order: &Order) -> Self {
        let requested = order.requested();
        let top_up_for = match &requested.content {
            OrderContent::Esims { .. } => None,
            OrderContent::TopUp(top_up) => Some(TopUpTargetJson {
                esim: top_up.esim.to_string(),
                iccid: top_up.iccid.as_ref().map(ToString::to_string),
            }),
        };
        let attention = order.attention().iter().map(|attention| AttentionJson {
            open: attention.open,
            message: attention_sentence(&attention.reason),
        });
        let provider_order = order.placed().map(|placed| ProviderOrderJson {
            id: placed.id.to_string(),
            status: words::provider_status(&placed.status).to_owned(),
            total: placed.total.map(MoneyJson::from),
        });
        Self {
            id: order.id().to_string(),
            key: requested.key.to_string(),
            reference: requested.reference.to_string(),
            provider: ProviderJson {
                name: requested.provider.name.to_string(),
                base_url: requested.provider.base_url.clone(),
            },
            kind: kind_name(requested.content.is_top_up()),
            state: order.state().as_str(),
            money_may_have_moved: order.money_may_have_moved(),
            lines: requested.content.lines().iter().map(LineJson::from).collect(),
            start_date: requested.content.start_date(),
            top_up_for,
            quoted_total: order.quoted_total().map(MoneyJson::from),
            maximum: requested.cap.into(),
            requested_at: requested.at,
            place_before: order.place_before(),
            attempts: order.attempts().iter().map(AttemptJson::from).collect(),
            provider_order,
            items: order.items().iter().map(ItemJson::from).collect(),
            attention: attention.collect(),
            ending: order.ending().map(ending_sentence),
        }
    }
}

impl From<&OrderedLine> for LineJson {
    fn from(line: &OrderedLine) -> Self {
        Self {
            package: line.line.package.to_string(),
            name: line.name.clone(),
            quantity: line.line.quantity.get(),
            unit_price: line.line.unit_price.into(),
            data: (&line.data).into(),
        }
    }
}

impl From<&roamport_domain::order::Attempt> for AttemptJson {
    fn from(attempt: &roamport_domain::order::Attempt) -> Self {
        let (state, message) = words::attempt(&attempt.state);
        Self {
            number: attempt.number,
            state,
            message: message.map(str::to_owned),
            opened_at: attempt.opens_at,
            closes_at: attempt.closes_at,
        }
    }
}

impl From<&roamport_domain::order::Item> for ItemJson {
    fn from(item: &roamport_domain::order::Item) -> Self {
        let (state, message) = words::item(&item.state);
        Self {
            esim: item.esim.to_string(),
            package: item.package.as_ref().map(ToString::to_string),
            state,
            message: message.map(str::to_owned),
        }
    }
}

const fn kind_name(is_top_up: bool) -> &'static str {
    if is_top_up { "top-up" } else { "esims" }
}

/// Orders as a table.
pub(crate) fn orders_table(orders: &[OrderSummary]) -> String {
    let columns = [
        Column::id("ORDER"),
        Column::id("STATE"),
        Column::text("WHAT"),
        Column::figure("TOTAL"),
        Column::id("ESIMS"),
        Column::id("CREATED"),
    ];
    let row = |order: &OrderSummary| {
        let lines = order.lines.iter().map(|(name, quantity)| format!("{quantity} × {name}"));
        let what = lines.collect::<Vec<_>>().join(", ");
        let what = if order.is_top_up { format!("top-up: {what}") } else { what };
        let esims: Vec<String> = order.esims.iter().map(ToString::to_string).collect();
        vec![
            order.id.to_string(),
            order.state.to_string(),
            what,
            order.total.map(|total| total.to_string()).unwrap_or_default(),
            esims.join("\n"),
            moment(order.created_at),
        ]
    };
    table(&columns, orders.iter().map(row).collect(), None)
}

/// One order with its purchase calls, eSIMs and open questions.
pub(crate) fn order_text(order: &Order) -> String {
    let requested = order.requested();
    let content = &requested.content;
    let what = content.lines().iter().map(|line| {
        let (quantity, price) = (line.line.quantity, line.line.unit_price);
        format!("{quantity} × {} ({}) at {price}", line.line.package, line.name)
    });
    let top_up_for = match content {
        OrderContent::TopUp(top_up) => Some(top_up.esim.to_string()),
        OrderContent::Esims { .. } => None,
    };
    let placed = order.placed();
    let provider_order = placed
        .map(|placed| format!("{} ({})", placed.id, words::provider_status(&placed.status)));
    let mut text = facts(&[
        ("Order", Some(order.id().to_string())),
        ("State", Some(order.state().to_string())),
        ("Key", Some(requested.key.to_string())),
        ("Reference", Some(requested.reference.to_string())),
        ("Provider", Some(requested.provider.to_string())),
        ("What", Some(what.collect::<Vec<_>>().join(", "))),
        ("Tops up", top_up_for),
        ("Journey starts", content.start_date().map(|date| date.to_string())),
        ("Quoted", order.quoted_total().map(|total| total.to_string())),
        ("At most", Some(requested.cap.to_string())),
        ("Charged", placed.and_then(|placed| placed.total).map(|total| total.to_string())),
        ("Provider's order", provider_order),
        ("Recorded", Some(moment(requested.at))),
        ("Money", Some(money_sentence(order).to_owned())),
        ("Ended", order.ending().map(ending_sentence)),
    ]);
    text.push_str(&attempts_text(order));
    text.push_str(&items_text(order));
    for attention in order.attention() {
        let mark = if attention.open { "Needs attention" } else { "Settled" };
        text.push_str(&format!("\n{mark}: {}.\n", attention_sentence(&attention.reason)));
    }
    text
}

fn attempts_text(order: &Order) -> String {
    if order.attempts().is_empty() {
        return String::new();
    }
    let columns =
        [Column::figure("CALL"), Column::id("OPENED"), Column::id("OUTCOME"), Column::text("DETAIL")];
    let row = |attempt: &roamport_domain::order::Attempt| {
        let (state, message) = words::attempt(&attempt.state);
        let detail = match &attempt.state {
            AttemptState::Placed { order } => order.to_string(),
            _ => message.unwrap_or_default().to_owned(),
        };
        vec![attempt.number.to_string(), moment(attempt.opens_at), state.to_owned(), detail]
    };
    format!("\n{}", table(&columns, order.attempts().iter().map(row).collect(), None))
}

fn items_text(order: &Order) -> String {
    if order.items().is_empty() {
        return String::new();
    }
    let columns =
        [Column::id("ESIM"), Column::id("PROFILE"), Column::text("PACKAGE"), Column::text("DETAIL")];
    let row = |item: &roamport_domain::order::Item| {
        let (state, message) = words::item(&item.state);
        let detail = match &item.state {
            ItemState::Provisioning { asked_at, .. } => format!("asked for at {}", moment(*asked_at)),
            _ => message.unwrap_or_default().to_owned(),
        };
        let package = item.package.as_ref().map(ToString::to_string).unwrap_or_default();
        vec![item.esim.to_string(), state.to_owned(), package, detail]
    };
    format!("\n{}", table(&columns, order.items().iter().map(row).collect(), None))
}
