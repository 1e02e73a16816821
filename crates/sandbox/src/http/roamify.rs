//! The face that speaks Roamify's dialect: its routes, and the way of every call through them.

mod answers;
mod esims;
mod orders;
mod packages;
mod query;
mod small;
mod usage;

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{MethodFilter, on};
use jiff::Timestamp;

pub(super) use self::answers::{Amount, UNLIMITED};
use self::query::Query;
use super::Face;
use super::garble::{broken, garble};
use super::reply::{Reply, unauthorized};
use crate::fault::{Ending, Operation, Plan};
use crate::switches::Switches;
use crate::world::{EsimRecord, Refusal, World, WorldError};

/// More than any documented request needs.
const LARGEST_BODY: usize = 1 << 20;

/// One call, understood as far as all calls are alike.
struct Call<'a> {
    world: &'a World,
    query: Query,
    /// The JSON body; an empty object where the request has none.
    body: serde_json::Value,
    plan: &'a Plan,
    switches: Switches,
}

/// What a route does. Both ways out are answers.
type Handler = fn(&Call<'_>) -> Result<Reply, Reply>;

const GET: MethodFilter = MethodFilter::GET;
const POST: MethodFilter = MethodFilter::POST;

const ROUTES: [(MethodFilter, &str, Operation, Handler); 20] = [
    (
        GET,
        "/api/esim/countries",
        Operation::Countries,
        packages::countries,
    ),
    (
        GET,
        "/api/esim/packages",
        Operation::Packages,
        packages::list,
    ),
    (POST, "/api/esim/order", Operation::Order, orders::create),
    (
        POST,
        "/api/esim/order/instant",
        Operation::Order,
        orders::create_instant,
    ),
    (
        POST,
        "/api/esim/order/topup",
        Operation::Topup,
        orders::top_up,
    ),
    (GET, "/api/esim/order", Operation::Orders, orders::read),
    (GET, "/api/esim/orders", Operation::Orders, orders::list),
    (POST, "/api/esim/apply", Operation::Apply, esims::apply),
    (GET, "/api/esim", Operation::Esim, esims::read),
    (GET, "/api/esims", Operation::Esim, esims::list),
    (GET, "/api/esim/usage", Operation::Usage, usage::summary),
    (
        GET,
        "/api/esim/usage/details",
        Operation::Usage,
        usage::details,
    ),
    (GET, "/api/esim/history", Operation::History, usage::history),
    (
        GET,
        "/api/esim/topup/packages",
        Operation::TopupPackages,
        packages::top_ups,
    ),
    (GET, "/api/esim/event", Operation::Events, usage::events),
    (GET, "/api/esim/events", Operation::Events, usage::events),
    (POST, "/api/esim/events", Operation::Events, usage::events),
    (GET, "/api/balance", Operation::Balance, small::balance),
    (GET, "/api/health", Operation::Health, small::health),
    (
        GET,
        "/api/compatible-devices",
        Operation::Devices,
        small::devices,
    ),
];

pub(super) fn routes() -> Router<Arc<Face>> {
    ROUTES.into_iter().fold(
        Router::new(),
        |router, (method, path, operation, handler)| {
            let way = move |State(face): State<Arc<Face>>, request: Request| async move {
                let mut reply = way(&face, operation, handler, request).await;
                reply.wait += face.options.latency;
                if !reply.wait.is_zero() {
                    tokio::time::sleep(reply.wait).await;
                }
                reply
            };
            router.route(path, on(method, way))
        },
    )
}

async fn way(face: &Face, operation: Operation, handler: Handler, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return Reply::failed(413, "request entity too large");
    };
    let switches = match face.world.switches() {
        Ok(switches) => switches,
        Err(error) => return refuse(&error, &Switches::default()),
    };
    let open = operation == Operation::Health && !switches.health_needs_token;
    let world = match face.account_of(&head.headers) {
        Ok(Some(world)) => world,
        Ok(None) if open => face.world.clone(),
        Ok(None) => return unauthorized(),
        Err(error) => return refuse(&error, &switches),
    };
    let plan = match world.draw(operation) {
        Ok(plan) => plan,
        Err(error) => return refuse(&error, &switches),
    };
    let mut reply = if plan.stops(operation) {
        Reply::hang_up()
    } else {
        attempt(&world, handler, &plan, switches, &head, &body).unwrap_or_else(|refusal| refusal)
    };
    reply.body = garble(std::mem::take(&mut reply.body), &plan.garbles);
    let mut reply = end(reply, &plan);
    reply.wait += plan.stall;
    reply
}

fn attempt(
    world: &World,
    handler: Handler,
    plan: &Plan,
    switches: Switches,
    head: &axum::http::request::Parts,
    body: &[u8],
) -> Result<Reply, Reply> {
    let query = Query::parse(&head.uri, switches.strict)?;
    let body = json(&head.headers, body)?;
    handler(&Call {
        world: &world.seen_by(plan),
        query,
        body,
        plan,
        switches,
    })
}

/// The body as an Express server sees it: without the content type of JSON there is none.
fn json(headers: &HeaderMap, body: &[u8]) -> Result<serde_json::Value, Reply> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if body.is_empty()
        || !content_type
            .to_ascii_lowercase()
            .starts_with("application/json")
    {
        return Ok(serde_json::Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice(body).map_err(|_| Reply::invalid("request body is not valid JSON"))
}

/// The answer as the fault that ends this call has it.
fn end(reply: Reply, plan: &Plan) -> Reply {
    match &plan.ending {
        None => reply,
        Some(Ending::Drop { .. } | Ending::Late { .. }) => Reply::hang_up(),
        Some(Ending::Status {
            status,
            body,
            retry_after,
            ..
        }) => match body {
            Some(body) => Reply::text(*status, body.clone()),
            None => Reply::failed(*status, "Unknown error"),
        }
        .retry_after(*retry_after),
        Some(Ending::RateLimit { retry_after }) => {
            Reply::failed(429, "Too many requests").retry_after(*retry_after)
        }
        Some(Ending::BrokenJson) => Reply {
            body: broken(&reply.body),
            ..reply
        },
        Some(Ending::Html { status, .. }) => Reply::html(*status),
        Some(Ending::Answer(sent)) => reply.overridden(sent),
        Some(Ending::FailureBody { message }) => Reply::failed(200, message),
    }
}

/// The provider's words and status for a refusal.
fn refuse(error: &WorldError, switches: &Switches) -> Reply {
    let WorldError::Refused(refusal) = error else {
        return Reply::failed(500, &error.to_string());
    };
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

impl Call<'_> {
    fn refuse(&self, error: &WorldError) -> Reply {
        refuse(error, &self.switches)
    }

    /// What time it is, asked for after what the call did: before it, a profile made just now would
    /// not be there yet.
    fn now(&self) -> Result<Timestamp, Reply> {
        self.of(self.world.now())
    }

    /// The most rows of a list.
    fn limit(&self) -> Result<usize, Reply> {
        let cap = self.plan.page_cap.unwrap_or(u64::MAX);
        let cap = usize::try_from(cap).unwrap_or(usize::MAX);
        Ok(self.query.limit()?.min(cap))
    }

    /// The eSIM as this call tells it.
    fn told(&self, esim: EsimRecord) -> Result<EsimRecord, Reply> {
        self.of(self.world.told_esim(esim, self.plan))
    }

    /// Unwraps what the world says into an answer.
    fn of<T>(&self, outcome: Result<T, WorldError>) -> Result<T, Reply> {
        outcome.map_err(|error| self.refuse(&error))
    }
}
