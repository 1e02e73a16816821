//! A reconciliation.

use std::fmt::Write as _;

use jiff::Timestamp;
use roamport_app::reconcile::{Difference, Finding, Movement, Raised, Reconciliation};
use roamport_domain::{OrderId, ProviderOrderId};
use serde::Serialize;

use crate::duplicates::DuplicateJson;
use crate::money::MoneyJson;
use crate::words::{counted, moment, provider_status};

/// The document of `reconcile`.
#[derive(Debug, Serialize)]
pub struct ReconciliationDocument {
    provider: String,
    base_url: String,
    at: Timestamp,
    since: Timestamp,
    clean: bool,
    unproven: bool,
    list: ListJson,
    ours: OursJson,
    findings: Vec<FindingJson>,
    on_their_way: Vec<OnItsWayJson>,
    wallet: WalletJson,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    delivered_twice: Vec<DuplicateJson>,
}

#[derive(Debug, Serialize)]
struct ListJson {
    orders: usize,
    complete: bool,
    complete_from: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct OursJson {
    bought: usize,
    listed: usize,
    looked_up: usize,
    unanswered: usize,
}

#[derive(Debug, Serialize)]
struct FindingJson {
    kind: &'static str,
    settled: bool,
    raised: &'static str,
    order: Option<String>,
    provider_orders: Vec<String>,
    reference: Option<String>,
    expected: Option<MoneyJson>,
    total: Option<MoneyJson>,
    message: String,
}

#[derive(Debug, Serialize)]
struct OnItsWayJson {
    order: String,
    state: &'static str,
    provider_order: String,
}

#[derive(Debug, Serialize)]
struct WalletJson {
    balance: MoneyJson,
    kept: bool,
    comparable: bool,
    movements: Vec<MovementJson>,
}

#[derive(Debug, Serialize)]
struct MovementJson {
    from: Timestamp,
    to: Timestamp,
    before: MoneyJson,
    after: MoneyJson,
    orders: usize,
    charged: Option<MoneyJson>,
    unexplained: Option<MoneyJson>,
    proven: bool,
}

impl From<&Reconciliation> for ReconciliationDocument {
    fn from(found: &Reconciliation) -> Self {
        let on_its_way = |one: &roamport_app::reconcile::OnItsWay| OnItsWayJson {
            order: one.order.to_string(),
            state: one.state.as_str(),
            provider_order: one.provider_order.to_string(),
        };
        Self {
            provider: found.provider.name.to_string(),
            base_url: found.provider.base_url.clone(),
            at: found.at,
            since: found.since,
            clean: found.is_clean(),
            unproven: found.is_unproven(),
            list: ListJson {
                orders: found.list.orders,
                complete: found
                    .list
                    .complete_from
                    .is_some_and(|from| from <= found.since),
                complete_from: found.list.complete_from,
            },
            ours: OursJson {
                bought: found.ours.bought,
                listed: found.ours.listed,
                looked_up: found.ours.looked_up,
                unanswered: found.ours.unanswered,
            },
            findings: found.findings.iter().map(FindingJson::from).collect(),
            on_their_way: found.on_their_way.iter().map(on_its_way).collect(),
            wallet: WalletJson {
                balance: found.balance.balance.into(),
                kept: found.keeps_balances,
                comparable: found.balance.comparable,
                movements: found.movements.iter().map(MovementJson::from).collect(),
            },
            delivered_twice: found.duplicates.iter().map(DuplicateJson::from).collect(),
        }
    }
}

impl From<&Movement> for MovementJson {
    fn from(movement: &Movement) -> Self {
        Self {
            from: movement.from.at,
            to: movement.to.at,
            before: movement.from.balance.into(),
            after: movement.to.balance.into(),
            orders: movement.orders,
            charged: movement.charged.map(MoneyJson::from),
            unexplained: movement.unexplained.map(MoneyJson::from),
            proven: movement.is_proven,
        }
    }
}

impl From<&Finding> for FindingJson {
    fn from(finding: &Finding) -> Self {
        let difference = &finding.difference;
        let (order, provider_orders) = sides(difference);
        let (mut reference, mut expected, mut total) = (None, None, None);
        match difference {
            Difference::TheirsNotOurs { provider_order } => {
                reference = provider_order.reference.as_ref().map(ToString::to_string);
                total = provider_order.total;
            }
            Difference::OursNotTheirs { total: charged, .. }
            | Difference::BoughtUnnoticed { total: charged, .. } => total = *charged,
            Difference::PriceDiffers {
                expected: wanted,
                listed,
                ..
            } => {
                (expected, total) = (Some(*wanted), Some(*listed));
            }
            _ => {}
        }
        Self {
            kind: kind(difference).0,
            settled: finding.settled,
            raised: match finding.raised {
                Raised::No => "no",
                Raised::Now => "now",
                Raised::Before => "before",
                Raised::Later => "later",
            },
            order: order.map(|order| order.to_string()),
            provider_orders: provider_orders.iter().map(ToString::to_string).collect(),
            reference,
            expected: expected.map(MoneyJson::from),
            total: total.map(MoneyJson::from),
            message: sentence(difference),
        }
    }
}

/// The name of a difference in the document, and its words for a person.
pub const fn kind(difference: &Difference) -> (&'static str, &'static str) {
    match difference {
        Difference::OursNotTheirs { .. } => ("ours-not-theirs", "ours, not theirs"),
        Difference::TheirsNotOurs { .. } => ("theirs-not-ours", "theirs, not ours"),
        Difference::Twice { .. } => ("twice", "twice"),
        Difference::BoughtUnnoticed { .. } => ("bought-unnoticed", "bought unnoticed"),
        Difference::PriceDiffers { .. } => ("price-differs", "price differs"),
        Difference::StatusDiffers { .. } => ("status-differs", "status differs"),
        _ => ("other", "other"),
    }
}

/// Our order and the provider's orders that a difference is about.
pub fn sides(difference: &Difference) -> (Option<OrderId>, Vec<&ProviderOrderId>) {
    match difference {
        Difference::TheirsNotOurs { provider_order } => (None, vec![&provider_order.id]),
        Difference::Twice {
            order,
            taken,
            others,
        } => (Some(*order), taken.iter().chain(others).collect()),
        Difference::OursNotTheirs {
            order,
            provider_order,
            ..
        }
        | Difference::BoughtUnnoticed {
            order,
            provider_order,
            ..
        }
        | Difference::PriceDiffers {
            order,
            provider_order,
            ..
        }
        | Difference::StatusDiffers {
            order,
            provider_order,
            ..
        } => (Some(*order), vec![provider_order]),
        _ => (None, Vec::new()),
    }
}

/// A difference in words, without a full stop.
pub fn sentence(difference: &Difference) -> String {
    match difference {
        Difference::OursNotTheirs { .. } => {
            "the journal has it, and the provider knows no such order".to_owned()
        }
        Difference::TheirsNotOurs { provider_order } => {
            let mut text = "no order of this journal stands for it".to_owned();
            if let Some(made) = provider_order.created_at {
                write!(text, "; made {}", moment(made)).expect("writing to a String cannot fail");
            }
            if let Some(total) = provider_order.total {
                write!(text, " for {total}").expect("writing to a String cannot fail");
            }
            match &provider_order.reference {
                Some(reference) => write!(text, ", reference {reference}"),
                None => write!(text, ", without a reference"),
            }
            .expect("writing to a String cannot fail");
            text
        }
        Difference::Twice {
            taken: Some(taken),
            others,
            ..
        } => format!(
            "{taken} is the one; {} too for the same order: ask for the money back",
            counted(others.len(), "other was made", "others were made")
        ),
        Difference::Twice {
            taken: None,
            others,
            ..
        } => {
            format!(
                "{} under one reference, and none is taken as the one",
                counted(others.len(), "order", "orders")
            )
        }
        Difference::BoughtUnnoticed { state, total, .. } => {
            let cost = total
                .map(|total| format!(" for {total}"))
                .unwrap_or_default();
            format!(
                "our order stands at {state} without a purchase, and the provider has one{cost}"
            )
        }
        Difference::PriceDiffers {
            expected, listed, ..
        } => {
            format!("the provider charged {listed}, and {expected} was expected")
        }
        Difference::StatusDiffers { ours, theirs, .. } => format!(
            "the provider says {}, the journal {}",
            provider_status(theirs),
            provider_status(ours)
        ),
        _ => "see the provider's own list".to_owned(),
    }
}
