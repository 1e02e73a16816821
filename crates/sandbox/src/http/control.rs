//! The control routes: what a test or a person does to the world from outside, under `/_control/`.

mod hooks;
mod lifecycle;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::routing::{MethodRouter, get, post};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::context::{ServerContext, bearer};
use super::reply::{Reply, unauthorized};
use crate::fault::Rule;
use crate::world::{Refusal, WorldError, amount};

type Answer = Result<Reply, Reply>;

/// A path, what its methods do, and the handlers that do it.
pub(super) struct ControlRoute {
    pub(super) path: &'static str,
    pub(super) does: &'static str,
    handlers: MethodRouter<Arc<ServerContext>>,
}

const fn route(
    path: &'static str,
    does: &'static str,
    handlers: MethodRouter<Arc<ServerContext>>,
) -> ControlRoute {
    ControlRoute {
        path,
        does,
        handlers,
    }
}

/// Every control route, in the order in which a person would look for them.
pub(super) fn table() -> Vec<ControlRoute> {
    let mut table = vec![
        route(
            "/_control/ledger",
            "GET shows every charge and refund, and the wallet",
            get(ledger),
        ),
        route(
            "/_control/requests",
            "GET shows the last requests, with their statuses and the faults that applied",
            get(requests),
        ),
        route(
            "/_control/faults",
            "GET shows the fault list, POST adds a rule or a list of them, DELETE clears it",
            get(faults).post(add_faults).delete(clear_faults),
        ),
        route(
            "/_control/clock",
            "GET shows the clock, POST moves it",
            get(clock).post(move_clock),
        ),
        route(
            "/_control/switches",
            "GET shows the switches, POST sets any of them",
            get(switches).post(set_switches),
        ),
        route(
            "/_control/balance",
            "GET shows the wallet, POST sets it or adds to it",
            get(balance).post(set_balance),
        ),
        route(
            "/_control/reset",
            "POST begins the world again",
            post(reset),
        ),
    ];
    table.extend(lifecycle::table());
    table.extend(hooks::table());
    table
}

pub(super) fn routes() -> Router<Arc<ServerContext>> {
    let routes = table().into_iter();
    routes.fold(Router::new(), |router, route| {
        router.route(route.path, route.handlers)
    })
}

/// What a control call may use: all that the server has, and of the world the account of its token.
struct Control(ServerContext);

impl FromRequestParts<Arc<ServerContext>> for Control {
    type Rejection = Reply;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<ServerContext>,
    ) -> Result<Self, Reply> {
        let account = bearer(&context.world, &parts.headers)?;
        Ok(Self(ServerContext {
            world: account.ok_or_else(unauthorized)?,
            ..ServerContext::clone(context)
        }))
    }
}

impl From<WorldError> for Reply {
    fn from(error: WorldError) -> Self {
        let status = match &error {
            WorldError::Refused(Refusal::UnknownEsim | Refusal::UnknownOrder) => 404,
            WorldError::Refused(_) => 409,
            WorldError::Amount(_) => 400,
            WorldError::Catalogue(_) | WorldError::State(_) => 500,
        };
        Self::failed(status, &error.to_string())
    }
}

fn invalid(error: &impl ToString) -> Reply {
    Reply::invalid(&error.to_string())
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Reply> {
    serde_json::from_slice(body).map_err(|error| invalid(&error))
}

async fn ledger(Control(ServerContext { world, .. }): Control) -> Answer {
    let body = json!({
        "balance": world.balance()?.to_string(),
        "currency": "USD",
        "charges": world.ledger()?,
        "refunds": world.refunds()?,
    });
    Ok(Reply::json(200, &body))
}

async fn requests(Control(context): Control) -> Answer {
    Ok(Reply::json(200, &context.requests.all()))
}

async fn faults(Control(context): Control) -> Answer {
    Ok(Reply::json(200, &context.world.faults()?))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Value>),
    One(Value),
}

async fn add_faults(Control(context): Control, body: Bytes) -> Answer {
    let rules = match read(&body)? {
        OneOrMany::One(rule) => vec![rule],
        OneOrMany::Many(rules) => rules,
    };
    let rules: Result<Vec<Rule>, _> = rules.into_iter().map(serde_json::from_value).collect();
    let rules = context
        .world
        .add_faults(rules.map_err(|error| invalid(&error))?)?;
    Ok(Reply::json(200, &rules))
}

async fn clear_faults(Control(context): Control) -> Answer {
    context.world.clear_faults()?;
    faults(Control(context)).await
}

async fn clock(Control(context): Control) -> Answer {
    Ok(Reply::json(200, &json!({ "now": context.world.now()? })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    set: Option<Timestamp>,
    advance: Option<String>,
    advance_seconds: Option<i64>,
    #[serde(default)]
    freeze: bool,
    #[serde(default)]
    run: bool,
}

async fn move_clock(Control(context): Control, body: Bytes) -> Answer {
    let wanted: ClockMove = read(&body)?;
    let by = match (&wanted.advance, wanted.advance_seconds) {
        (Some(_), Some(_)) => {
            return Err(Reply::invalid(
                "give `advance` or `advance_seconds`, not both",
            ));
        }
        (Some(text), None) => Some(duration(text)?),
        (None, seconds) => seconds.map(SignedDuration::from_secs),
    };
    if wanted.freeze && wanted.run {
        return Err(Reply::invalid("a clock cannot freeze and run"));
    }
    if wanted.freeze {
        context.world.freeze()?;
    }
    if let Some(moment) = wanted.set {
        context.world.set_time(moment)?;
    }
    if let Some(by) = by {
        context.world.advance(by)?;
    }
    if wanted.run {
        context.world.run()?;
    }
    clock(Control(context)).await
}

/// `2h`, `30d`, `PT5M`: a day is 24 hours.
fn duration(text: &str) -> Result<SignedDuration, Reply> {
    let span: Span = text.parse().map_err(|error: jiff::Error| invalid(&error))?;
    span.to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| Reply::invalid("`advance` takes weeks, days, hours, minutes and seconds"))
}

async fn switches(Control(context): Control) -> Answer {
    Ok(Reply::json(200, &context.world.switches()?))
}

async fn set_switches(Control(context): Control, body: Bytes) -> Answer {
    let wanted: serde_json::Map<String, Value> = read(&body)?;
    let mut all =
        serde_json::to_value(context.world.switches()?).map_err(|error| invalid(&error))?;
    merge(&mut all, wanted.into());
    let all = serde_json::from_value(all).map_err(|error| invalid(&error))?;
    context.world.set_switches(all)?;
    switches(Control(context)).await
}

/// Any subset may be given, at any depth.
fn merge(all: &mut Value, wanted: Value) {
    match (all, wanted) {
        (Value::Object(all), Value::Object(wanted)) => {
            for (name, value) in wanted {
                merge(all.entry(name).or_insert(Value::Null), value);
            }
        }
        (all, wanted) => *all = wanted,
    }
}

async fn reset(Control(context): Control) -> Answer {
    context.world.reset()?;
    balance(Control(context)).await
}

async fn balance(Control(context): Control) -> Answer {
    let balance = context.world.balance()?.to_string();
    let body = json!({ "balance": balance, "currency": "USD" });
    Ok(Reply::json(200, &body))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum BalanceChange {
    Set(String),
    Add(String),
}

async fn set_balance(Control(context): Control, body: Bytes) -> Answer {
    match read(&body)? {
        BalanceChange::Set(text) => context.world.set_balance(amount(&text)?)?,
        BalanceChange::Add(text) => {
            let by: Decimal = text.parse().map_err(|_| WorldError::Amount(text))?;
            context.world.add_balance(by)?;
        }
    }
    balance(Control(context)).await
}
