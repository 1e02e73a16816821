//! Everything about one order, for a person who has to decide.

use jiff::Timestamp;
use roamport_app::attention::{Action, Choice, KnownOrder, LookUpTally, Review, Role, Warning};
use roamport_domain::OrderId;
use roamport_domain::journal::Recorded;
use serde::Serialize;

use crate::duplicates::DuplicateJson;
use crate::money::MoneyJson;
use crate::order::OrderJson;
use crate::{history, words};

/// The document of `order review`.
#[derive(Debug, Serialize)]
pub struct ReviewDocument {
    order: OrderJson,
    look_ups: LookUpsJson,
    provider_orders: Vec<KnownOrderJson>,
    history: Vec<EventJson>,
    choices: Vec<ChoiceJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    delivered_twice: Vec<DuplicateJson>,
}

#[derive(Debug, Serialize)]
struct LookUpsJson {
    count: usize,
    unhealthy: usize,
    empty: usize,
    conclusive: usize,
    found: usize,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    last_problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct KnownOrderJson {
    id: String,
    role: &'static str,
    status: Option<String>,
    total: Option<MoneyJson>,
    first_seen_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct EventJson {
    version: u64,
    at: Timestamp,
    event: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

#[derive(Debug, Serialize)]
struct ChoiceJson {
    action: &'static str,
    provider_order: Option<String>,
    leads_to: &'static str,
    message: &'static str,
    command: String,
}

impl From<&Review> for ReviewDocument {
    fn from(review: &Review) -> Self {
        let id = review.order.id();
        Self {
            order: OrderJson::from(&review.order),
            look_ups: LookUpsJson::from(&review.look_ups),
            provider_orders: review
                .provider_orders
                .iter()
                .map(KnownOrderJson::from)
                .collect(),
            history: review.history.iter().map(EventJson::from).collect(),
            choices: review
                .choices
                .iter()
                .map(|choice| ChoiceJson::of(id, choice))
                .collect(),
            delivered_twice: review.duplicates.iter().map(DuplicateJson::from).collect(),
        }
    }
}

impl From<&LookUpTally> for LookUpsJson {
    fn from(tally: &LookUpTally) -> Self {
        Self {
            count: tally.count,
            unhealthy: tally.unhealthy,
            empty: tally.empty,
            conclusive: tally.conclusive,
            found: tally.found,
            first_at: tally.first_at,
            last_at: tally.last_at,
            last_problem: tally.last_problem.clone(),
        }
    }
}

impl From<&KnownOrder> for KnownOrderJson {
    fn from(known: &KnownOrder) -> Self {
        Self {
            id: known.id.to_string(),
            role: role(known.role).0,
            status: known
                .status
                .as_ref()
                .map(|status| words::provider_status(status).to_owned()),
            total: known.total.map(MoneyJson::from),
            first_seen_at: known.first_seen,
        }
    }
}

impl From<&Recorded> for EventJson {
    fn from(recorded: &Recorded) -> Self {
        let decided = history::decided(&recorded.event);
        Self {
            version: recorded.version.count(),
            at: recorded.at,
            event: recorded.event.name(),
            message: history::sentence(&recorded.event),
            by: decided.map(|(by, _)| by.to_owned()),
            why: decided.map(|(_, why)| why.to_owned()),
        }
    }
}

impl ChoiceJson {
    fn of(order: OrderId, choice: &Choice) -> Self {
        let provider_order = match &choice.action {
            Action::Attach(Some(id)) => Some(id.to_string()),
            _ => None,
        };
        Self {
            action: choice.action.name(),
            provider_order,
            leads_to: choice.leads_to.as_str(),
            message: effect(&choice.action),
            command: command(order, &choice.action),
        }
    }
}

/// The name of a role in the document, and its words for a person.
pub const fn role(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Ours => ("ours", "the one"),
        Role::SecondCharge => ("second-charge", "a second charge"),
        Role::Found => ("found", "found, not taken"),
    }
}

/// The command of `roamport` that makes a decision.
pub fn command(order: OrderId, action: &Action) -> String {
    let words = match action {
        Action::Attach(Some(id)) => format!("attach {order} {id}"),
        Action::Attach(None) => format!("attach {order} PROVIDER_ORDER"),
        Action::Resend => format!("resend {order} --i-have-checked"),
        Action::Redate => format!("redate {order} YYYY-MM-DD"),
        other => format!("{} {order}", other.name()),
    };
    format!("roamport order {words}")
}

/// What a decision does, without a full stop.
pub const fn effect(action: &Action) -> &'static str {
    match action {
        Action::Attach(Some(_)) => {
            "this order at the provider is the one: its profiles are generated"
        }
        Action::Attach(None) => {
            "an order you find at the provider is the one: its profiles are generated"
        }
        Action::Resend => {
            "nothing was charged: it is sent once more, after the quiet period and one more look"
        }
        Action::Accept => "good as it is; what is open is settled",
        Action::WriteOff => "given up, whatever it cost; what is open is settled",
        Action::Cancel => "called off; nothing is sent",
        Action::Redate => "the journey starts on another day: missing profiles are asked for again",
    }
}

/// What a person should know beside a decision, without a full stop.
pub fn warning_sentence(warning: &Warning) -> String {
    match warning {
        Warning::NoReference { provider_order } => format!(
            "the provider's order {provider_order} names no reference: only your word joins the two"
        ),
        Warning::OtherPackages { provider_order } => format!(
            "the provider's order {provider_order} names packages that this order did not ask for"
        ),
        Warning::SecondCharge { provider_order } => format!(
            "the provider also charged {provider_order} for this order; ask for its money back, then accept the order"
        ),
        Warning::NotLookedUp { message } => {
            format!("the provider could not be searched for the order: {message}")
        }
        _ => "see `roamport order review`".to_owned(),
    }
}
