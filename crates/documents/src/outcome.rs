//! What became of a command or a request: a purchase, a decision, an eSIM that was returned.

use roamport_domain::{Esim, Money, Order, ProviderName};
use serde::Serialize;

use crate::esim::EsimJson;
use crate::money::MoneyJson;
use crate::order::{CancellationJson, OrderJson};

/// An order that was processed, and its eSIMs as far as they are ready.
#[derive(Debug, Serialize)]
pub struct OutcomeDocument {
    order: OrderJson,
    esims: Vec<EsimJson>,
}

impl OutcomeDocument {
    /// The document of this order and these eSIMs of it.
    pub fn new(order: &Order, esims: &[Esim]) -> Self {
        Self {
            order: OrderJson::from(order),
            esims: esims.iter().map(EsimJson::from).collect(),
        }
    }
}

/// What became of a purchase.
#[derive(Debug, Serialize)]
pub struct PurchaseDocument {
    /// Whether the order was there before: nothing new was recorded.
    pub continued: bool,
    /// The order.
    #[serde(flatten)]
    pub outcome: OutcomeDocument,
}

/// An order after a decision, with what a person should know beside it.
#[derive(Debug, Serialize)]
pub struct DecidedDocument {
    /// The order as it stands.
    pub order: OrderJson,
    /// A sentence for each warning.
    pub warnings: Vec<String>,
}

/// An order that was processed after a decision.
#[derive(Debug, Serialize)]
pub struct ProcessedDocument {
    /// The order.
    #[serde(flatten)]
    pub outcome: OutcomeDocument,
    /// A sentence for each warning.
    pub warnings: Vec<String>,
}

/// Orders that need attention for one reason.
#[derive(Debug, Serialize)]
pub struct AttentionDocument {
    /// The reason's name.
    pub reason: String,
    /// The orders as they stand.
    pub orders: Vec<OrderJson>,
}

/// One order.
#[derive(Debug, Serialize)]
pub struct OrderDocument {
    /// The order.
    pub order: OrderJson,
}

/// Several orders that were processed.
#[derive(Debug, Serialize)]
pub struct ResumedDocument {
    /// Each order with its eSIMs.
    pub orders: Vec<OutcomeDocument>,
}

/// What came of giving an eSIM back.
#[derive(Debug, Serialize)]
pub struct CancellationDocument {
    /// The eSIM's id.
    pub esim: String,
    /// The provider's answer.
    pub cancellation: CancellationJson,
    /// The order that bought it.
    pub order: OrderJson,
}

/// What an order is known by, before any purchase call.
#[derive(Debug, Serialize)]
pub struct RecordedDocument {
    recorded: RecordedJson,
}

#[derive(Debug, Serialize)]
struct RecordedJson {
    order: String,
    key: String,
    reference: String,
}

impl From<&Order> for RecordedDocument {
    fn from(order: &Order) -> Self {
        let requested = order.requested();
        let recorded = RecordedJson {
            order: order.id().to_string(),
            key: requested.key.to_string(),
            reference: requested.reference.to_string(),
        };
        Self { recorded }
    }
}

/// What is in the wallet at a provider.
#[derive(Debug, Serialize)]
pub struct BalanceDocument {
    provider: String,
    balance: MoneyJson,
}

impl BalanceDocument {
    /// The document of this balance.
    pub fn new(provider: &ProviderName, balance: Money) -> Self {
        Self {
            provider: provider.to_string(),
            balance: balance.into(),
        }
    }
}
