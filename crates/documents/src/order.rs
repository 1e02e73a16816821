//! Orders: in a list, and whole.

use jiff::Timestamp;
use jiff::civil::Date;
use roamport_domain::Order;
use roamport_domain::journal::OrderSummary;
use roamport_domain::order::{
    Attempt, CancellationOutcome, Item, ItemCancellation, OrderContent, OrderedLine,
};
use roamport_domain::provider::Refund;
use serde::Serialize;

use crate::esim::OddityJson;
use crate::money::MoneyJson;
use crate::package::DataJson;
use crate::words;

/// An order in a list.
#[derive(Debug, Serialize)]
pub struct OrderSummaryJson {
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
pub struct OrdersDocument {
    orders: Vec<OrderSummaryJson>,
}

impl OrdersDocument {
    /// The document of these orders.
    pub fn new(orders: &[OrderSummary]) -> Self {
        Self {
            orders: orders.iter().map(OrderSummaryJson::from).collect(),
        }
    }
}

/// An order, whole.
#[derive(Debug, Serialize)]
pub struct OrderJson {
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
    /// The eSIMs it bought, or the one it tops up.
    esims: Vec<String>,
    items: Vec<ItemJson>,
    attention: Vec<AttentionJson>,
    /// Why it still waits, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_reason: Option<String>,
    /// What the provider's order has and could not be read; left out if there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<OddityJson>,
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
    days: Option<u16>,
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
    cancellation: Option<AskedBackJson>,
}

/// That an eSIM was to be given back, by whom and when. Without `outcome` no answer is known.
#[derive(Debug, Serialize)]
struct AskedBackJson {
    at: Timestamp,
    by: String,
    outcome: Option<CancellationJson>,
}

impl From<&ItemCancellation> for AskedBackJson {
    fn from(asked: &ItemCancellation) -> Self {
        Self {
            at: asked.at,
            by: asked.by.clone(),
            outcome: asked.outcome.as_ref().map(CancellationJson::from),
        }
    }
}

/// What came of giving an eSIM back.
#[derive(Debug, Serialize)]
pub struct CancellationJson {
    state: &'static str,
    refund: Option<Refund>,
    amount: Option<MoneyJson>,
    message: Option<String>,
}

impl From<&CancellationOutcome> for CancellationJson {
    fn from(outcome: &CancellationOutcome) -> Self {
        let without_money = |state, message: &str| Self {
            state,
            refund: None,
            amount: None,
            message: Some(message.to_owned()),
        };
        match outcome {
            CancellationOutcome::Cancelled { refund, amount } => Self {
                state: "given-back",
                refund: Some(*refund),
                amount: amount.map(MoneyJson::from),
                message: None,
            },
            CancellationOutcome::Refused { message } => without_money("refused", message),
            CancellationOutcome::NotDone { message } => without_money("not-done", message),
            CancellationOutcome::Unknown { message } => without_money("unknown", message),
        }
    }
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
            message: words::attention_sentence(&attention.reason),
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
            lines: requested
                .content
                .lines()
                .iter()
                .map(LineJson::from)
                .collect(),
            start_date: order.start_date(),
            top_up_for,
            quoted_total: order.quoted_total().map(MoneyJson::from),
            maximum: requested.cap.into(),
            requested_at: requested.at,
            place_before: order.place_before(),
            attempts: order.attempts().iter().map(AttemptJson::from).collect(),
            provider_order,
            esims: order.esims().iter().map(ToString::to_string).collect(),
            items: order.items().iter().map(ItemJson::from).collect(),
            attention: attention.collect(),
            wait_reason: order.wait_reason().map(str::to_owned),
            unreadable: order.unreadable().iter().map(OddityJson::from).collect(),
            ending: order.ending().map(words::ending_sentence),
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
            days: line.line.days,
            data: (&line.data).into(),
        }
    }
}

impl From<&Attempt> for AttemptJson {
    fn from(attempt: &Attempt) -> Self {
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

impl From<&Item> for ItemJson {
    fn from(item: &Item) -> Self {
        let (state, message) = words::item(&item.state);
        Self {
            esim: item.esim.to_string(),
            package: item.package.as_ref().map(ToString::to_string),
            state,
            message: message.map(str::to_owned),
            cancellation: item.cancellation.as_ref().map(AskedBackJson::from),
        }
    }
}

const fn kind_name(is_top_up: bool) -> &'static str {
    if is_top_up { "top-up" } else { "esims" }
}
