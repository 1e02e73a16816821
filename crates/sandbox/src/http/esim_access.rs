//! eSIM Access's dialect: its routes, the fields of each, and its forms of success and failure.

mod auth;
mod catalog;
mod esims;
mod orders;
mod price_list;
mod small;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{MethodFilter, any};
use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::{Map, Value};

use self::catalog::{locations, packages};
use self::esims::query;
use self::orders::{create, top_up};
use self::small::{balance, cancel, hook, resume, revoke, save_hook, send_message, suspend, usage};
use super::api::{Api, Failure, Handler, Request, Route};
use super::check::Kind::{Moment, Object, Objects, Text, Texts, Whole, Word};
use super::check::{COUNT, Field, Fields, InvalidField, Kind, Problem, TEXT, needed, optional};
use super::context::ServerContext;
use super::dispatch;
use super::json::{Json, object};
use super::reply::Reply;
use crate::dialect::Dialect;
use crate::fault::Operation::{
    self, Balance, Cancel, Countries, Esim, Message, Order, Orders, Packages, Suspend, Topup,
    TopupPackages, Usage, Webhook,
};
use crate::switches::{EsimAccessSwitches, SuccessCode, Switches};
use crate::world::{Refusal, WorldError};

pub(super) const API: Api = Api {
    dialect: Dialect::EsimAccess,
    prefix: "/api/v1/open",
    access: "RT-AccessCode: <token>",
    routes: &ROUTES,
    lenient: true,
    admit: auth::admit,
    parse,
    refine,
    success,
    failure,
    invalid_field,
    down: ("000001", "server error"),
    busy: auth::BUSY,
    event: webhooks::event,
};

/// An amount in ten-thousandths of a dollar.
const AMOUNT: Kind = Whole(0, i64::MAX as u64);
const DAYS: Kind = Whole(1, 365);

const NOTHING: [Field; 0] = [];

const PACKAGES: [Field; 6] = [
    optional("type", Word(&["BASE", "TOPUP"])),
    optional("dataType", Whole(1, 4)),
    optional("packageCode", TEXT),
    optional("slug", TEXT),
    optional("locationCode", TEXT),
    optional("iccid", TEXT),
];

const ORDER: [Field; 3] = [
    needed("transactionId", Text(50)),
    optional("amount", AMOUNT),
    needed("packageInfoList", Objects(&LINE)),
];

const LINE: [Field; 4] = [
    needed("packageCode", Text(200)),
    needed("count", COUNT),
    optional("periodNum", DAYS),
    optional("price", AMOUNT),
];

const TOP_UP: [Field; 6] = [
    needed("transactionId", Text(50)),
    optional("esimTranNo", TEXT),
    optional("iccid", TEXT),
    needed("packageCode", Text(200)),
    optional("periodNum", DAYS),
    optional("amount", AMOUNT),
];

const QUERY: [Field; 6] = [
    needed("pager", Object(&PAGER)),
    optional("esimTranNo", TEXT),
    optional("iccid", TEXT),
    optional("startTime", Moment),
    optional("endTime", Moment),
    optional("orderNo", TEXT),
];

const PAGER: [Field; 2] = [
    needed("pageNum", Whole(1, 10_000)),
    needed("pageSize", Whole(5, 500)),
];

const ESIM: [Field; 2] = [optional("esimTranNo", TEXT), optional("iccid", TEXT)];

const MESSAGE: [Field; 3] = [
    optional("esimTranNo", TEXT),
    optional("iccid", TEXT),
    needed("message", Text(500)),
];

const USAGE: [Field; 1] = [needed("esimTranNoList", Texts(10))];
const HOOK: [Field; 1] = [needed("webhook", Text(500))];

const ROUTES: [Route; 14] = [
    call("/package/list", Packages, &PACKAGES, packages),
    call("/location/list", Countries, &NOTHING, locations),
    call("/esim/order", Order, &ORDER, create),
    call("/esim/query", Esim, &QUERY, query),
    call("/esim/cancel", Cancel, &ESIM, cancel),
    call("/esim/suspend", Suspend, &ESIM, suspend),
    call("/esim/unsuspend", Suspend, &ESIM, resume),
    call("/esim/revoke", Suspend, &ESIM, revoke),
    call("/esim/sendSms", Message, &MESSAGE, send_message),
    call("/esim/topup", Topup, &TOP_UP, top_up),
    call("/esim/usage/query", Usage, &USAGE, usage),
    call("/balance/query", Balance, &NOTHING, balance),
    call("/webhook/save", Webhook, &HOOK, save_hook),
    call("/webhook/query", Webhook, &NOTHING, hook),
];

/// A path of this provider. Methods other than POST have a failure of their own.
const fn call(
    path: &'static str,
    operation: Operation,
    takes: &'static [Field],
    handler: Handler,
) -> Route {
    let asking = MethodFilter::GET.or(MethodFilter::HEAD);
    let asking = asking.or(MethodFilter::OPTIONS);
    let changing = MethodFilter::PUT.or(MethodFilter::PATCH);
    let changing = changing.or(MethodFilter::DELETE);
    Route {
        method: MethodFilter::POST.or(asking).or(changing),
        path,
        operation,
        in_query: false,
        takes,
        handler,
    }
}

pub(super) fn routes() -> Router<Arc<ServerContext>> {
    dispatch::routes(&API).route("/api/v1/{*path}", any(unknown_path))
}

async fn unknown_path(State(context): State<Arc<ServerContext>>) -> Reply {
    let switches = context.world.switches().unwrap_or_default();
    let status = switches.esim_access.unknown_path_status;
    failure(
        &Failure::Said(status, "404", "no such path".to_owned()),
        &switches,
    )
}

/// The body of a request; none at all counts as `{}`.
fn parse(request: &Request<'_>) -> Result<Value, Failure> {
    if request.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    match serde_json::from_slice(request.body) {
        Ok(Value::Object(fields)) => Ok(Value::Object(fields)),
        _ => Err(said("000104", "the body is not a JSON object")),
    }
}

/// One path serves two calls of the fault list, here and there.
fn refine(operation: Operation, fields: Fields<'_>) -> Operation {
    let by_order = fields.text("orderNo").or(fields.text("startTime"));
    match operation {
        Esim if by_order.is_some() => Orders,
        Packages if fields.text("type") == Some("TOPUP") => TopupPackages,
        other => other,
    }
}

/// The envelope of an answer, in all the spellings it has been seen in.
fn envelope(switches: &EsimAccessSwitches, success: bool, code: Option<Json>) -> Json {
    let word = success.to_string();
    let success: Json = if switches.success_as_text {
        word.into()
    } else {
        success.into()
    };
    object! { "success": success }.with("errorCode", code)
}

const fn message_name(switches: &EsimAccessSwitches) -> &'static str {
    if switches.error_message {
        "errorMessage"
    } else {
        "errorMsg"
    }
}

fn success(obj: Json, _: Operation, switches: &Switches) -> Reply {
    let switches = &switches.esim_access;
    let code = match switches.success_code {
        SuccessCode::Text => Some("0".into()),
        SuccessCode::Number => Some(0_u8.into()),
        SuccessCode::Null => Some(Json::Null),
        SuccessCode::Missing => None,
    };
    let text: Json = switches.error_message.then_some("").into();
    let body = envelope(switches, true, code)
        .with(message_name(switches), Some(text))
        .with("obj", Some(obj));
    Reply::text(200, body.to_string())
}

fn failure(failure: &Failure, switches: &Switches) -> Reply {
    let (status, code, text) = match failure {
        Failure::HangUp => return Reply::hang_up(),
        Failure::Said(status, code, text) => (*status, *code, text.clone()),
        Failure::World(WorldError::Refused(refusal)) => (200, code_of(refusal), words(refusal)),
        Failure::World(error) => (200, "000001", error.to_string()),
    };
    let switches = &switches.esim_access;
    let body = envelope(switches, false, Some(code.into()))
        .with(message_name(switches), Some(text))
        .with("obj", Some(Json::Null));
    Reply::text(status, body.to_string())
}

fn said(code: &'static str, text: impl Into<String>) -> Failure {
    Failure::Said(200, code, text.into())
}

/// The provider's code for what the world refuses.
const fn code_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownPackage(_) => "310241",
        Refusal::UnknownOrder => "310272",
        Refusal::UnknownEsim => "310403",
        Refusal::PriceDiffers { .. } => "200005",
        Refusal::TotalDiffers { .. } => "200006",
        Refusal::InsufficientBalance { .. } => "200007",
        Refusal::OutOfStock => "200011",
        Refusal::StillPending | Refusal::NotApplied => "200010",
        Refusal::NotAllowed
        | Refusal::AlreadyCancelled
        | Refusal::Expired
        | Refusal::TopUpUnsupported
        | Refusal::UsageUnsupported => "200002",
        Refusal::NothingOrdered
        | Refusal::TooMany(_)
        | Refusal::DaysWrong(_)
        | Refusal::Incompatible
        | Refusal::DuplicateReference
        | Refusal::TransactionDiffers
        | Refusal::StartDateMissing
        | Refusal::StartDateMalformed
        | Refusal::StartDatePast => "200008",
    }
}

fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::InsufficientBalance { .. } => "balance too low".to_owned(),
        other => other.to_string(),
    }
}

/// No code is documented for a wrong type: the one for order parameters comes nearest.
fn invalid_field((path, problem): &InvalidField) -> Failure {
    let (code, what) = match problem {
        Problem::Missing | Problem::Empty => ("000105", "is missing"),
        Problem::Null => ("000106", "is null"),
        Problem::TooLong(longest) => ("000107", &*format!("is longer than {longest}")),
        Problem::Kind(words) => ("200008", &*format!("must be {words}")),
        Problem::Unknown => ("200008", "is unknown"),
    };
    said(code, format!("the parameter {path} {what}"))
}

/// The eSIM that a call names: by its number, or by its card.
fn named(fields: Fields<'_>) -> Result<&str, Failure> {
    let name = fields.text("esimTranNo").or(fields.text("iccid"));
    name.ok_or_else(|| invalid_field(&("esimTranNo".to_owned(), Problem::Missing)))
}

/// A moment as this provider writes it: `2026-11-20T09:14:07+0000`.
fn clock(moment: Timestamp, switches: &Switches) -> String {
    let zulu = switches.esim_access.zulu_times;
    let offset = if zulu { "Z" } else { "+0000" };
    format!("{}{offset}", moment.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// An amount in ten-thousandths of a dollar; what is beyond them is dropped.
fn units(amount: Decimal) -> i64 {
    let units = (amount * Decimal::from(10_000)).trunc();
    units.to_i64().unwrap_or(i64::MAX)
}
