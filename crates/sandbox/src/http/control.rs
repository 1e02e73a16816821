//! The control face: what a test or a person does to the world from outside, under `/_control/`.

mod hooks;
mod lifecycle;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::routing::{get, post};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Face;
use super::reply::{Reply, unauthorized};
use crate::fault::Rule;
use crate::world::{Refusal, WorldError, amount};

type Answer = Result<Reply, Reply>;

/// The account that a control call is for, by its bearer token, with all else that the server has.
struct Control(Arc<Face>);

impl FromRequestParts<Arc<Face>> for Control {
    type Rejection = Reply;

    async fn from_request_parts(parts: &mut Parts, face: &Arc<Face>) -> Result<Self, Reply> {
        let account = of(face.account_of(&parts.headers))?;
        Ok(Self(Arc::new(Face {
            world: account.ok_or_else(unauthorized)?,
            options: face.options,
            pace: Mutex::default(),
            delivering: Arc::clone(&face.delivering),
        })))
    }
}

pub(super) fn routes() -> Router<Arc<Face>> {
    Router::new()
        .route("/_control/ledger", get(ledger))
        .route(
            "/_control/faults",
            get(faults).post(add_faults).delete(clear_faults),
        )
        .route("/_control/clock", get(clock).post(move_clock))
        .route("/_control/switches", get(switches).post(set_switches))
        .route("/_control/reset", post(reset))
        .route("/_control/balance", get(balance).post(set_balance))
        .merge(lifecycle::routes())
        .merge(hooks::routes())
}

fn refuse(error: &WorldError) -> Reply {
    let status = match error {
        WorldError::Refused(Refusal::UnknownEsim | Refusal::UnknownOrder) => 404,
        WorldError::Refused(_) => 409,
        WorldError::Amount(_) => 400,
        WorldError::Catalogue(_) | WorldError::State(_) => 500,
    };
    Reply::failed(status, &error.to_string())
}

fn of<T>(outcome: Result<T, WorldError>) -> Result<T, Reply> {
    outcome.map_err(|error| refuse(&error))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Reply> {
    serde_json::from_slice(body).map_err(|error| Reply::invalid(&error.to_string()))
}

async fn ledger(Control(face): Control) -> Answer {
    let charges = of(face.world.ledger())?;
    let refunds = of(face.world.refunds())?;
    let balance = of(face.world.balance())?.to_string();
    Ok(Reply::json(
        200,
        &json!({ "balance": balance, "currency": "USD", "charges": charges, "refunds": refunds }),
    ))
}

async fn faults(Control(face): Control) -> Answer {
    Ok(Reply::json(200, &of(face.world.faults())?))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Value>),
    One(Value),
}

async fn add_faults(Control(face): Control, body: Bytes) -> Answer {
    let rules = match read(&body)? {
        OneOrMany::One(rule) => vec![rule],
        OneOrMany::Many(rules) => rules,
    };
    let rules = rules
        .into_iter()
        .map(serde_json::from_value::<Rule>)
        .collect::<Result<Vec<Rule>, _>>()
        .map_err(|error| Reply::invalid(&error.to_string()))?;
    Ok(Reply::json(200, &of(face.world.add_faults(rules))?))
}

async fn clear_faults(Control(face): Control) -> Answer {
    of(face.world.clear_faults())?;
    faults(Control(face)).await
}

async fn clock(Control(face): Control) -> Answer {
    Ok(Reply::json(200, &json!({ "now": of(face.world.now())? })))
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

async fn move_clock(Control(face): Control, body: Bytes) -> Answer {
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
        of(face.world.freeze())?;
    }
    if let Some(moment) = wanted.set {
        of(face.world.set_time(moment))?;
    }
    if let Some(by) = by {
        of(face.world.advance(by))?;
    }
    if wanted.run {
        of(face.world.run())?;
    }
    clock(Control(face)).await
}

/// `2h`, `30d`, `PT5M`: a day is 24 hours.
fn duration(text: &str) -> Result<SignedDuration, Reply> {
    let span: Span = text
        .parse()
        .map_err(|error: jiff::Error| Reply::invalid(&error.to_string()))?;
    span.to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| Reply::invalid("`advance` takes weeks, days, hours, minutes and seconds"))
}

async fn switches(Control(face): Control) -> Answer {
    Ok(Reply::json(200, &of(face.world.switches())?))
}

async fn set_switches(Control(face): Control, body: Bytes) -> Answer {
    let wanted: serde_json::Map<String, Value> = read(&body)?;
    let now = of(face.world.switches())?;
    let Ok(mut all) = serde_json::to_value(now) else {
        return Err(Reply::failed(500, "the switches are no object"));
    };
    merge(&mut all, wanted.into());
    let all = serde_json::from_value(all).map_err(|error| Reply::invalid(&error.to_string()))?;
    of(face.world.set_switches(all))?;
    switches(Control(face)).await
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

async fn reset(Control(face): Control) -> Answer {
    of(face.world.reset())?;
    balance(Control(face)).await
}

async fn balance(Control(face): Control) -> Answer {
    let balance = of(face.world.balance())?;
    Ok(Reply::json(
        200,
        &json!({ "balance": balance.to_string(), "currency": "USD" }),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum BalanceChange {
    Set(String),
    Add(String),
}

async fn set_balance(Control(face): Control, body: Bytes) -> Answer {
    match read(&body)? {
        BalanceChange::Set(text) => {
            of(amount(&text).and_then(|balance| face.world.set_balance(balance)))?;
        }
        BalanceChange::Add(text) => {
            let by: Decimal = text
                .parse()
                .map_err(|_| refuse(&WorldError::Amount(text)))?;
            of(face.world.add_balance(by))?;
        }
    }
    balance(Control(face)).await
}
