//! Roamify's dialect: its routes, the fields of each, and its forms of success and failure.

mod catalog;
mod esims;
mod orders;
mod usage;
mod webhooks;

use axum::http::header::CONTENT_TYPE;
use axum::routing::MethodFilter;
use jiff::Timestamp;
use serde_json::{Map, Value};

use self::catalog::{countries, packages, top_ups};
use self::esims::{apply, esim, esims};
use self::orders::{create, create_instant, order, orders, top_up};
use self::usage::{balance, devices, events, health, history, usage, usage_by_day};
use super::api::{Api, Call, Failure, Handler, Request, Route};
use super::check::Kind::{Flag, Number, Objects, Word};
use super::check::{COUNT, Field, InvalidField, Problem, TEXT, needed, optional};
use super::context::bearer;
use super::json::{Json, object};
use super::reply::Reply;
use crate::dialect::Dialect;
use crate::fault::Operation::{
    self, Apply, Balance, Countries, Devices, Esim, Events, Health, History, Order, Orders,
    Packages, Topup, TopupPackages, Usage,
};
use crate::switches::Switches;
use crate::world::{Refusal, World, WorldError};

pub(super) const API: Api = Api {
    dialect: Dialect::Roamify,
    prefix: "/api",
    access: "Authorization: Bearer <token>",
    routes: &ROUTES,
    lenient: false,
    admit,
    parse,
    refine: |operation, _| operation,
    success,
    failure,
    invalid_field,
    down: (FAILED, "Unknown error"),
    busy: (FAILED, "Too many requests"),
    event: webhooks::event,
};

/// This provider has no codes, but two forms of a failure.
const FAILED: &str = "failed";
const INVALID: &str = "invalid";

/// 2^53 − 1: how the provider writes «unlimited».
const UNLIMITED: u64 = 9_007_199_254_740_991;

/// How many rows a list has that asks for no number of them.
const USUAL_LIMIT: u64 = 50;

const GEOGRAPHIES: [&str; 3] = ["local", "regional", "global"];

const ORDER_STATES: [&str; 6] = [
    "PENDING",
    "COMPLETED",
    "ARCHIVED",
    "CANCELLED",
    "REFUNDED",
    "REQUIRE_ACTION",
];

const ESIM_STATES: [&str; 6] = ["NEW", "READY", "INSTALLED", "REVOKED", "EXPIRED", "UNKNOWN"];

const NOTHING: [Field; 0] = [];

const ORDER: [Field; 2] = [
    needed("items", Objects(&LINE)),
    optional("referenceId", TEXT),
];

/// An order that may leave out its items, as the switch `order_by_reference` says.
const ORDER_AGAIN: [Field; 2] = [
    optional("items", Objects(&LINE)),
    optional("referenceId", TEXT),
];

const LINE: [Field; 2] = [needed("packageId", TEXT), needed("quantity", COUNT)];

const TOP_UP: [Field; 3] = [
    needed("iccid", TEXT),
    needed("packageId", TEXT),
    optional("referenceId", TEXT),
];

const APPLY: [Field; 3] = [
    optional("esimId", TEXT),
    optional("referenceId", TEXT),
    optional("startDate", TEXT),
];

const PACKAGES: [Field; 9] = [
    optional("country", TEXT),
    optional("countryCode", TEXT),
    optional("geography", Word(&GEOGRAPHIES)),
    optional("days", Number),
    optional("gbs", Number),
    optional("isUnlimited", Flag),
    optional("packageId", TEXT),
    optional("page", COUNT),
    optional("pageSize", COUNT),
];

const TOP_UPS: [Field; 5] = [
    needed("iccid", TEXT),
    optional("days", Number),
    optional("gbs", Number),
    optional("isUnlimited", Flag),
    optional("packageId", TEXT),
];

const COUNTRIES: [Field; 1] = [optional("geography", Word(&GEOGRAPHIES))];
const ONE_ORDER: [Field; 2] = [optional("orderId", TEXT), optional("referenceId", TEXT)];
const ONE_ESIM: [Field; 2] = [optional("esimId", TEXT), optional("iccid", TEXT)];
const CARD: [Field; 1] = [needed("iccid", TEXT)];

const ORDERS: [Field; 3] = [
    optional("status", Word(&ORDER_STATES)),
    optional("limit", COUNT),
    optional("referenceId", TEXT),
];

const ESIMS: [Field; 3] = [
    optional("status", Word(&ESIM_STATES)),
    optional("limit", COUNT),
    optional("referenceId", TEXT),
];

const EVENTS: [Field; 3] = [
    optional("iccid", TEXT),
    optional("esimId", TEXT),
    optional("referenceId", TEXT),
];

const ROUTES: [Route; 20] = [
    get("/esim/countries", Countries, &COUNTRIES, countries),
    get("/esim/packages", Packages, &PACKAGES, packages),
    post("/esim/order", Order, &ORDER_AGAIN, create),
    post("/esim/order/instant", Order, &ORDER, create_instant),
    post("/esim/order/topup", Topup, &TOP_UP, top_up),
    get("/esim/order", Orders, &ONE_ORDER, order),
    get("/esim/orders", Orders, &ORDERS, orders),
    post("/esim/apply", Apply, &APPLY, apply),
    get("/esim", Esim, &ONE_ESIM, esim),
    get("/esims", Esim, &ESIMS, esims),
    get("/esim/usage", Usage, &CARD, usage),
    get("/esim/usage/details", Usage, &CARD, usage_by_day),
    get("/esim/history", History, &CARD, history),
    get("/esim/topup/packages", TopupPackages, &TOP_UPS, top_ups),
    get("/esim/event", Events, &EVENTS, events),
    get("/esim/events", Events, &EVENTS, events),
    Route {
        method: MethodFilter::POST,
        ..get("/esim/events", Events, &EVENTS, events)
    },
    get("/balance", Balance, &NOTHING, balance),
    get("/health", Health, &NOTHING, health),
    get("/compatible-devices", Devices, &NOTHING, devices),
];

const fn get(
    path: &'static str,
    operation: Operation,
    takes: &'static [Field],
    handler: Handler,
) -> Route {
    Route {
        method: MethodFilter::GET,
        path,
        operation,
        in_query: true,
        takes,
        handler,
    }
}

const fn post(
    path: &'static str,
    operation: Operation,
    takes: &'static [Field],
    handler: Handler,
) -> Route {
    Route {
        method: MethodFilter::POST,
        in_query: false,
        ..get(path, operation, takes, handler)
    }
}

fn admit(request: &Request<'_>) -> Result<World, Failure> {
    let open = request.operation == Health && !request.switches.health_needs_token;
    match bearer(request.world, &request.head.headers)? {
        Some(world) => Ok(world),
        None if open => Ok(request.world.clone()),
        None => Err(failed(401, "Unauthorized")),
    }
}

/// The body as an Express server sees it: without the content type of JSON there is none.
fn parse(request: &Request<'_>) -> Result<Value, Failure> {
    let content_type = request.head.headers.get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    if request.body.is_empty() || !content_type.starts_with("application/json") {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(request.body).map_err(|_| invalid("request body is not valid JSON"))
}

fn success(data: Json, operation: Operation, switches: &Switches) -> Reply {
    let status = if operation.has_effect() {
        switches.success_status
    } else {
        200
    };
    let body = object! { "status": "success", "data": data };
    Reply::text(status, body.to_string())
}

fn failed(status: u16, message: &str) -> Failure {
    Failure::Said(status, FAILED, message.to_owned())
}

fn invalid(error: &str) -> Failure {
    Failure::Said(400, INVALID, error.to_owned())
}

fn failure(failure: &Failure, switches: &Switches) -> Reply {
    match failure {
        Failure::HangUp => Reply::hang_up(),
        Failure::Said(_, INVALID, error) => Reply::invalid(error),
        Failure::Said(status, _, message) => Reply::failed(*status, message),
        Failure::World(WorldError::Refused(refusal)) => refused(refusal, switches),
        Failure::World(error) => Reply::failed(500, &error.to_string()),
    }
}

/// The provider's words and status for what the world refuses.
fn refused(refusal: &Refusal, switches: &Switches) -> Reply {
    let text = refusal.to_string();
    match refusal {
        // Packages that are sold by the day do not exist in this dialect.
        Refusal::UnknownPackage(_) | Refusal::DaysWrong(_) | Refusal::OutOfStock => {
            Reply::failed(switches.unknown_package_status, "Unknown error")
        }
        Refusal::NothingOrdered => Reply::invalid("\"items\" must contain at least 1 items"),
        Refusal::TooMany(most) => Reply::invalid(&format!(
            "\"items\" must order at most {most} eSIMs in total"
        )),
        Refusal::InsufficientBalance { .. } => Reply::failed(switches.low_balance_status, &text),
        // The last three are refused to other dialects alone, which name prices and repeat orders.
        Refusal::DuplicateReference
        | Refusal::PriceDiffers { .. }
        | Refusal::TotalDiffers { .. }
        | Refusal::TransactionDiffers => Reply::failed(409, &text),
        Refusal::UnknownEsim | Refusal::UnknownOrder => Reply::failed(404, &text),
        Refusal::StartDateMissing | Refusal::StartDateMalformed | Refusal::StartDatePast => {
            Reply::invalid(&text)
        }
        Refusal::StillPending => Reply::failed(switches.pending_status, &text),
        Refusal::TopUpUnsupported
        | Refusal::Incompatible
        | Refusal::NotApplied
        | Refusal::Expired
        | Refusal::NotAllowed
        | Refusal::AlreadyCancelled
        | Refusal::UsageUnsupported => Reply::failed(400, &text),
    }
}

/// The words of the provider's validator.
fn invalid_field((path, problem): &InvalidField) -> Failure {
    let what = match problem {
        Problem::Missing => "is required",
        Problem::Empty => "is not allowed to be empty",
        Problem::Unknown => "is not allowed",
        Problem::Null => "must not be null",
        Problem::TooLong(longest) => &format!("must not be longer than {longest}"),
        Problem::Kind(words) => &format!("must be {words}"),
    };
    invalid(&format!("\"{path}\" {what}"))
}

/// A moment in Unix seconds; −1 for none.
fn seconds(moment: Option<Timestamp>) -> i64 {
    moment.map_or(-1, Timestamp::as_second)
}

/// How many rows a list has at most.
fn limit(call: &Call<'_>) -> usize {
    let asked = call.fields.count("limit").unwrap_or(USUAL_LIMIT);
    usize::try_from(call.capped(asked)).unwrap_or(usize::MAX)
}

/// Exactly one of two fields.
fn one_of<'a>(
    call: &Call<'a>,
    names: [&'static str; 2],
) -> Result<(&'static str, &'a str), Failure> {
    let [one, other] = names;
    match (call.fields.text(one), call.fields.text(other)) {
        (Some(text), None) => Ok((one, text)),
        (None, Some(text)) => Ok((other, text)),
        (None, None) => Err(invalid(&format!(
            "\"value\" must contain at least one of [{one}, {other}]"
        ))),
        (Some(_), Some(_)) => Err(invalid(&format!(
            "\"value\" contains a conflict between exclusive peers [{one}, {other}]"
        ))),
    }
}
