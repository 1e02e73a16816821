//! The face that speaks eSIM Access's dialect: its routes, and the way of every call through them.

mod answers;
mod auth;
mod body;
mod failure;
mod lifecycle;
mod orders;
mod packages;
mod price_list;
mod query;
mod small;

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{Method, request::Parts};
use axum::routing::any;
use jiff::Timestamp;
use serde::Serialize;

use self::answers::{Envelope, clock};
pub(super) use self::answers::{
    data_bytes, eid, esim_state, profile_state, used_bytes, validity_days,
};
pub(super) use self::auth::hmac;
use self::body::Body;
use self::failure::{Failure, refuse};
use super::Face;
use super::garble::{broken, garble};
use super::reply::Reply;
use crate::fault::{Ending, Operation, Plan};
use crate::switches::{EsimAccessSwitches, Switches};
use crate::world::{World, WorldError};

/// More than any documented request needs.
const LARGEST_BODY: usize = 1 << 20;

/// One call, understood as far as all calls are alike.
struct Call<'a> {
    world: &'a World,
    body: &'a Body,
    plan: &'a Plan,
    switches: &'a EsimAccessSwitches,
}

/// The `obj` of an answer, as JSON.
type Outcome = Result<String, Failure>;

#[derive(Clone, Copy)]
enum Handler {
    /// Everything happens in the world.
    World(fn(&Call<'_>) -> Outcome),
    /// The address for events: somebody else is asked first.
    SaveHook,
}

const ROUTES: [(&str, Operation, Handler); 14] = [
    (
        "/package/list",
        Operation::Packages,
        Handler::World(packages::list),
    ),
    (
        "/location/list",
        Operation::Countries,
        Handler::World(packages::locations),
    ),
    (
        "/esim/order",
        Operation::Order,
        Handler::World(orders::create),
    ),
    ("/esim/query", Operation::Esim, Handler::World(query::query)),
    (
        "/esim/cancel",
        Operation::Cancel,
        Handler::World(lifecycle::cancel),
    ),
    (
        "/esim/suspend",
        Operation::Suspend,
        Handler::World(lifecycle::suspend),
    ),
    (
        "/esim/unsuspend",
        Operation::Suspend,
        Handler::World(lifecycle::resume),
    ),
    (
        "/esim/revoke",
        Operation::Suspend,
        Handler::World(lifecycle::revoke),
    ),
    (
        "/esim/sendSms",
        Operation::Message,
        Handler::World(lifecycle::send_message),
    ),
    (
        "/esim/topup",
        Operation::Topup,
        Handler::World(orders::top_up),
    ),
    (
        "/esim/usage/query",
        Operation::Usage,
        Handler::World(small::usage),
    ),
    (
        "/balance/query",
        Operation::Balance,
        Handler::World(small::balance),
    ),
    ("/webhook/save", Operation::Webhook, Handler::SaveHook),
    (
        "/webhook/query",
        Operation::Webhook,
        Handler::World(small::hook),
    ),
];

pub(super) fn routes() -> Router<Arc<Face>> {
    let unknown = |State(face): State<Arc<Face>>| async move { unknown_path(&face) };
    let router = Router::new().route("/api/v1/{*path}", any(unknown));
    ROUTES
        .into_iter()
        .fold(router, |router, (path, operation, handler)| {
            let way = move |State(face): State<Arc<Face>>, request: Request| async move {
                let mut reply = way(&face, operation, handler, request).await;
                reply.wait += face.options.latency;
                if !reply.wait.is_zero() {
                    tokio::time::sleep(reply.wait).await;
                }
                reply
            };
            router.route(&format!("/api/v1/open{path}"), any(way))
        })
}

fn unknown_path(face: &Face) -> Reply {
    let switches = face
        .world
        .switches()
        .map(|switches| switches.esim_access)
        .unwrap_or_default();
    let failure = Failure::new("404", "no such path");
    Reply {
        status: switches.unknown_path_status,
        ..failure.reply(&switches)
    }
}

async fn way(face: &Face, operation: Operation, handler: Handler, request: Request) -> Reply {
    let (head, bytes) = request.into_parts();
    let Ok(bytes) = to_bytes(bytes, LARGEST_BODY).await else {
        return Reply::html(413);
    };
    let switches = match face.world.switches() {
        Ok(switches) => switches,
        Err(error) => return refuse(&error).reply(&Switches::default().esim_access),
    };
    let switches = switches.esim_access;
    let (world, body) = match admitted(face, &head, &bytes, &switches) {
        Ok(admitted) => admitted,
        Err(failure) => return failure.reply(&switches),
    };
    let plan = match world.draw(refined(operation, &body)) {
        Ok(plan) => plan,
        Err(error) => return refuse(&error).reply(&switches),
    };
    let mut reply = if plan.stops(operation) {
        Reply::hang_up()
    } else {
        let call = Call {
            world: &world.seen_by(&plan),
            body: &body,
            plan: &plan,
            switches: &switches,
        };
        let outcome = match handler {
            Handler::World(handler) => handler(&call),
            Handler::SaveHook => small::save_hook(&call).await,
        };
        match outcome {
            Ok(obj) => Envelope::success(&switches, &obj),
            Err(failure) => failure.reply(&switches),
        }
    };
    reply.body = garble(std::mem::take(&mut reply.body), &plan.garbles);
    let mut reply = end(reply, &plan, &switches);
    reply.wait += plan.stall;
    reply
}

/// What every call has to pass before anybody looks at what it asks.
fn admitted(
    face: &Face,
    head: &Parts,
    bytes: &[u8],
    switches: &EsimAccessSwitches,
) -> Result<(World, Body), Failure> {
    if switches.address_blocked {
        return Err(Failure::new("101002", "this address is blocked"));
    }
    if !face.within_pace(switches.requests_per_second) {
        return Err(Failure::new("900001", "system busy: too many requests").with_status(429));
    }
    let world = auth::check(face, &head.headers, bytes, switches)?;
    if head.method != Method::POST {
        return Err(Failure::new("000103", "only POST is supported"));
    }
    Ok((world, Body::parse(bytes)?))
}

/// One path serves two calls of the fault list, here and there.
fn refined(operation: Operation, body: &Body) -> Operation {
    match operation {
        Operation::Esim if body.names("orderNo") || body.names("startTime") => Operation::Orders,
        Operation::Packages if body.is("type", "TOPUP") => Operation::TopupPackages,
        other => other,
    }
}

/// The answer as the fault that ends this call has it.
fn end(reply: Reply, plan: &Plan, switches: &EsimAccessSwitches) -> Reply {
    let failure = |code, text: &str| Failure::new(code, text).reply(switches);
    match &plan.ending {
        None => reply,
        Some(Ending::Drop { .. } | Ending::Late { .. }) => Reply::hang_up(),
        Some(Ending::Status {
            status,
            body,
            retry_after,
            ..
        }) => {
            let answer = match body {
                Some(body) => Reply::text(*status, body.clone()),
                None => failure("000001", "server error"),
            };
            Reply {
                status: *status,
                ..answer
            }
            .retry_after(*retry_after)
        }
        Some(Ending::RateLimit { retry_after }) => Reply {
            status: 429,
            ..failure("900001", "system busy: too many requests")
        }
        .retry_after(*retry_after),
        Some(Ending::BrokenJson) => Reply {
            body: broken(&reply.body),
            ..reply
        },
        Some(Ending::Html { status, .. }) => Reply::html(*status),
        Some(Ending::Answer(sent)) => reply.overridden(sent),
        Some(Ending::FailureBody { message }) => failure("000001", message),
    }
}

impl Call<'_> {
    /// Unwraps what the world says into an answer.
    #[expect(
        clippy::unused_self,
        reason = "read as «what the world says to this call»"
    )]
    fn of<T>(&self, outcome: Result<T, WorldError>) -> Result<T, Failure> {
        outcome.map_err(|error| refuse(&error))
    }

    fn now(&self) -> Result<Timestamp, Failure> {
        self.of(self.world.now())
    }

    fn time(&self, moment: Timestamp) -> String {
        clock(moment, self.switches)
    }
}

/// An `obj` as JSON.
fn obj(value: &impl Serialize) -> Outcome {
    serde_json::to_string(value).map_err(|error| Failure::new("000001", error.to_string()))
}
