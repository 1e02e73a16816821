//! Answers a request, in every dialect by the same steps: admission, faults, check, handler, ending.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Query, State};
use axum::http::Uri;
use axum::routing::on;
use serde_json::{Map, Value};

use super::api::{Answer, Api, Call, Failure, Request, Route};
use super::check::{Fields, Problem, Reader};
use super::context::ServerContext;
use super::garble::{broken, garble};
use super::hooks;
use super::json::object;
use super::reply::Reply;
use crate::fault::{Fault, Plan};
use crate::switches::Switches;
use crate::world::World;

/// More than any documented request needs.
const LARGEST_BODY: usize = 1 << 20;

/// The routes of a dialect.
pub(super) fn routes(api: &'static Api) -> Router<Arc<ServerContext>> {
    api.routes.iter().fold(Router::new(), |router, route| {
        let answer = move |State(context): State<Arc<ServerContext>>,
                           request: axum::extract::Request| async move {
            let mut reply = dispatch(&context, api, route, request).await;
            reply.wait += context.options.latency;
            if !reply.wait.is_zero() {
                tokio::time::sleep(reply.wait).await;
            }
            reply
        };
        let path = format!("{}{}", api.prefix, route.path);
        router.route(&path, on(route.method, answer))
    })
}

async fn dispatch(
    context: &ServerContext,
    api: &'static Api,
    route: &'static Route,
    request: axum::extract::Request,
) -> Reply {
    let (head, body) = request.into_parts();
    let usual = Switches::default();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        let text = "request entity too large".to_owned();
        return (api.failure)(&Failure::Said(413, api.down.0, text), &usual);
    };
    let switches = match context.world.switches() {
        Ok(switches) => switches,
        Err(error) => return (api.failure)(&error.into(), &usual),
    };
    let request = Request {
        world: &context.world,
        pace: &context.pace,
        operation: route.operation,
        head: &head,
        body: &body,
        switches: &switches,
    };
    admitted(api, route, &request)
        .await
        .unwrap_or_else(|failure| (api.failure)(&failure, &switches))
}

async fn admitted(
    api: &'static Api,
    route: &'static Route,
    request: &Request<'_>,
) -> Result<Reply, Failure> {
    let switches = request.switches;
    let world = (api.admit)(request)?;
    let read = read(api, route, request);
    let operation = match &read {
        Ok(Value::Object(fields)) => (api.refine)(route.operation, Fields(fields)),
        _ => route.operation,
    };
    let plan = world.draw(operation)?;
    let reply = if plan.stops(operation) {
        Reply::hang_up()
    } else {
        let outcome = match read {
            Ok(value) => handled(api, route, &value, &world.seen_by(&plan), &plan, switches).await,
            Err(failure) => Err(failure),
        };
        outcome.unwrap_or_else(|failure| (api.failure)(&failure, switches))
    };
    let body = garble(reply.body, &plan.garbles);
    let mut reply = end(api, Reply { body, ..reply }, &plan, switches);
    reply.wait += plan.stall;
    reply.faults = plan.faults;
    Ok(reply)
}

/// The fields of a request, wherever this route has them.
fn read(api: &Api, route: &Route, request: &Request<'_>) -> Result<Value, Failure> {
    if api.lenient {
        return (api.parse)(request);
    }
    let malformed = || (api.invalid_field)(&("query".to_owned(), Problem::Empty));
    let fields = query(&request.head.uri).ok_or_else(malformed)?;
    if route.in_query {
        return Ok(Value::Object(fields));
    }
    match fields.keys().next() {
        Some(name) if request.switches.strict => {
            Err((api.invalid_field)(&(name.clone(), Problem::Unknown)))
        }
        _ => (api.parse)(request),
    }
}

/// The names and values of a query. A name that occurs twice has a list, as in Express.
fn query(uri: &Uri) -> Option<Map<String, Value>> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?.0;
    let mut fields = Map::new();
    for (name, value) in pairs {
        let value = match fields.remove(&name) {
            None => Value::String(value),
            Some(before) => Value::Array(vec![before, value.into()]),
        };
        fields.insert(name, value);
    }
    Some(fields)
}

async fn handled(
    api: &'static Api,
    route: &Route,
    value: &Value,
    world: &World,
    plan: &Plan,
    switches: &Switches,
) -> Result<Reply, Failure> {
    let Value::Object(fields) = value else {
        let words = Problem::Kind("of type object".to_owned());
        return Err((api.invalid_field)(&("value".to_owned(), words)));
    };
    let fields = Fields(fields);
    let reader = Reader {
        blank_is_missing: api.lenient,
        strict: switches.strict && !api.lenient,
        from_query: route.in_query,
    };
    let checked = reader.check(fields, route.takes, "");
    checked.map_err(|invalid| (api.invalid_field)(&invalid))?;
    let call = Call {
        world,
        fields,
        plan,
        switches,
    };
    let data = match (route.handler)(&call)? {
        Answer::Data(data) => data,
        Answer::Bare(body) => return Ok(Reply::text(200, body.to_string())),
        Answer::Trial { hook, otherwise } => {
            let tried = hooks::try_out(world, api, &hook).await;
            tried.map_err(|text| Failure::Said(200, otherwise, text))?;
            world.set_hook(hook)?;
            object! {}
        }
    };
    Ok((api.success)(data, route.operation, switches))
}

/// The answer as the fault that ends this call has it.
fn end(api: &Api, reply: Reply, plan: &Plan, switches: &Switches) -> Reply {
    let said = |status, code, text: &str| {
        (api.failure)(&Failure::Said(status, code, text.to_owned()), switches)
    };
    match &plan.ending {
        Some(Fault::DropBeforeEffect | Fault::DropAfterEffect | Fault::LateEffect { .. }) => {
            Reply::hang_up()
        }
        Some(
            Fault::StatusBeforeEffect {
                status,
                body,
                retry_after,
            }
            | Fault::StatusAfterEffect {
                status,
                body,
                retry_after,
            },
        ) => match body {
            Some(body) => Reply::text(*status, body.clone()),
            None => said(*status, api.down.0, api.down.1),
        }
        .retry_after(*retry_after),
        Some(Fault::RateLimit { retry_after }) => {
            said(429, api.busy.0, api.busy.1).retry_after(*retry_after)
        }
        Some(Fault::BrokenJson) => Reply {
            body: broken(&reply.body),
            ..reply
        },
        Some(Fault::Html { status } | Fault::HtmlError { status }) => Reply::html(*status),
        Some(Fault::Answer {
            status,
            headers,
            body,
            ..
        }) => Reply {
            status: status.unwrap_or(reply.status),
            body: body.clone().unwrap_or(reply.body),
            headers: headers.clone(),
            hang_up: false,
            ..reply
        },
        Some(Fault::FailureBodyWith200 { message }) => said(200, api.down.0, message),
        _ => reply,
    }
}
