//! The types that a dialect is written in: its routes, its forms, and what a handler receives.

use axum::http::request::Parts;
use axum::routing::MethodFilter;
use jiff::Timestamp;
use serde_json::Value;

use super::check::{Field, Fields, InvalidField};
use super::json::Json;
use super::pace::Pace;
use super::reply::Reply;
use crate::dialect::Dialect;
use crate::fault::{Fault, Operation, Plan};
use crate::switches::Switches;
use crate::world::{EsimRecord, Hook, Notice, OrderRecord, Purchase, Refusal, World, WorldError};

/// Everything that is particular to the HTTP API of one provider.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) dialect: Dialect,
    /// What every path begins with.
    pub(super) prefix: &'static str,
    /// The header that authenticates a caller.
    pub(super) access: &'static str,
    pub(super) routes: &'static [Route],
    /// Whether a field that is `null` or empty counts as missing, and unknown fields are ignored.
    pub(super) lenient: bool,
    /// The account that a request is for.
    pub(super) admit: fn(&Request<'_>) -> Result<World, Failure>,
    /// The fields of a body, which must then be an object.
    pub(super) parse: fn(&Request<'_>) -> Result<Value, Failure>,
    /// The operation that faults know a call as, where its path alone does not tell.
    pub(super) refine: fn(Operation, Fields<'_>) -> Operation,
    pub(super) success: fn(Json, Operation, &Switches) -> Reply,
    pub(super) failure: fn(&Failure, &Switches) -> Reply,
    pub(super) invalid_field: fn(&InvalidField) -> Failure,
    /// Code and text of an answer that says that the server is down.
    pub(super) down: (&'static str, &'static str),
    /// Code and text of an answer that says that there are too many requests.
    pub(super) busy: (&'static str, &'static str),
    pub(super) event: fn(&Notice, &Hook, &World, &Switches) -> WrittenEvent,
}

/// The body of an event, and name and value of the header that signs it.
pub(super) type WrittenEvent = (String, Option<(&'static str, String)>);

/// One path of a dialect.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) method: MethodFilter,
    pub(super) path: &'static str,
    pub(super) operation: Operation,
    /// Whether the fields come in the query, not in the body.
    pub(super) in_query: bool,
    pub(super) takes: &'static [Field],
    pub(super) handler: Handler,
}

/// What a route does.
pub(super) type Handler = fn(&Call<'_>) -> Result<Answer, Failure>;

/// A request as it was received. Its headers hold secrets, so it has no `Debug`.
pub(super) struct Request<'a> {
    pub(super) world: &'a World,
    pub(super) pace: &'a Pace,
    pub(super) operation: Operation,
    pub(super) head: &'a Parts,
    pub(super) body: &'a [u8],
    pub(super) switches: &'a Switches,
}

/// What a handler has to say.
#[derive(Debug)]
pub(super) enum Answer {
    /// This, in the provider's envelope.
    Data(Json),
    /// This, as it is.
    Bare(Json),
    /// An empty object, if this address takes a trial event: events go there from then on. A failure
    /// of this code otherwise.
    Trial { hook: Hook, otherwise: &'static str },
}

impl From<Json> for Answer {
    fn from(data: Json) -> Self {
        Self::Data(data)
    }
}

/// Why there is no such answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The world refuses, or cannot be used.
    World(WorldError),
    /// The API itself refuses: a status, a code where the dialect has codes, and a text.
    Said(u16, &'static str, String),
    /// The connection closes.
    HangUp,
}

impl From<WorldError> for Failure {
    fn from(error: WorldError) -> Self {
        Self::World(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::World(refusal.into())
    }
}

/// One call, read and checked.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// As this call sees it.
    pub(super) world: &'a World,
    pub(super) fields: Fields<'a>,
    pub(super) plan: &'a Plan,
    pub(super) switches: &'a Switches,
}

impl Call<'_> {
    /// What time it is, asked for after what the call did: before it, a profile made just now would
    /// not be there yet.
    pub(super) fn now(&self) -> Result<Timestamp, Failure> {
        Ok(self.world.now()?)
    }

    /// The order as this call shows it.
    pub(super) fn shown_order(&self, order: OrderRecord) -> Result<OrderRecord, Failure> {
        Ok(self.world.told_order(order, self.plan)?)
    }

    /// The eSIM as this call shows it.
    pub(super) fn shown_esim(&self, esim: EsimRecord) -> Result<EsimRecord, Failure> {
        Ok(self.world.told_esim(esim, self.plan)?)
    }

    /// The eSIM of a card number.
    pub(super) fn esim_of_card(&self, iccid: &str) -> Result<EsimRecord, Failure> {
        let esim = self.world.find_esim_by_iccid(iccid)?;
        Ok(esim.ok_or(Refusal::UnknownEsim)?)
    }

    /// Buys now, or later where a fault says so.
    pub(super) fn buy(&self, purchase: &Purchase) -> Result<OrderRecord, Failure> {
        if let Some(Fault::LateEffect { ms }) = self.plan.ending {
            self.world.purchase_later(purchase, self.plan, ms)?;
            return Err(Failure::HangUp);
        }
        Ok(self.world.purchase_with(purchase, self.plan)?)
    }

    /// The most rows of a list that asks for this many.
    pub(super) fn capped(&self, asked: u64) -> u64 {
        self.plan.page_cap.map_or(asked, |cap| asked.min(cap))
    }

    /// The rows of a page in a list of this length, as faults have moved the list by now.
    pub(super) fn rows(&self, total: usize, page: u64, size: u64) -> Result<Vec<usize>, Failure> {
        let total = total as u64;
        if total == 0 {
            return Ok(Vec::new());
        }
        let (rotated, inserted) = self.world.moved()?;
        let places = self.places(total.saturating_add(inserted), page, size);
        Ok(places
            .map(|place| match place.checked_sub(inserted) {
                None => place % total,
                Some(place) => (place + total - rotated % total) % total,
            })
            .filter_map(|row| usize::try_from(row).ok())
            .collect())
    }

    /// The places of a page in a list of this length.
    pub(super) fn places(&self, listed: u64, page: u64, size: u64) -> std::ops::Range<u64> {
        let endless = self.switches.endless_pages || self.plan.endless;
        let start = match (page - 1).saturating_mul(size) {
            start if start >= listed && endless => listed.saturating_sub(1) / size * size,
            start => start.min(listed),
        };
        start..start.saturating_add(size).min(listed)
    }
}
