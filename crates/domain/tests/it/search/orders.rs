//! Every order the search meets, kept once: the real [`Order::apply`] and [`next_step`], remembered.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use roamport_domain::Order;
use roamport_domain::order::{
    AttemptState, AttentionReason, DeferralReason, Ending, Event, LookUpResult, Moment, OrderState,
    PlacementOutcome, Step, next_step,
};

use super::Setting;
use crate::support::{Scene, at, bought, not_sent, refused, request_of, top_up_content};

/// An order by its place in [`Orders`].
pub(crate) type Place = u32;

/// How a purchase call ends for its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Answer {
    Placed,
    Refused,
    NotSent,
    Ambiguous,
}

/// An event in a few bytes; moments are ticks of the journal's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Deed {
    /// The orders found, a bit for each attempt that was charged; `None` where it was not healthy.
    LookedUp { at: i16, conclusive: bool, found: Option<u8> },
    Deferred { at: i16 },
    Started { at: i16, attempt: u8 },
    Settled { at: i16, attempt: u8, answer: Answer },
    Cancelled { at: i16 },
}

/// What [`next_step`] wants, with what it records already applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Record(Place),
    Place(u8),
    LookUp { conclusive: bool },
    Wait,
    Rest,
}

/// All orders met so far.
pub(crate) struct Orders {
    pub(crate) setting: Setting,
    list: Vec<Order>,
    places: HashMap<Vec<i32>, Place>,
    applied: HashMap<(Place, Deed), Option<Place>>,
    wishes: HashMap<(Place, i16, u8), Wish>,
}

impl Orders {
    /// With the wish for a top-up at place 0: all money and no provisioning.
    pub(crate) fn new(setting: Setting) -> Self {
        let mut scene = Scene::wishing(top_up_content());
        let mut requested = scene.order.requested().clone();
        requested.place_before = at(setting.place_before.into());
        scene.order = Order::open(scene.order.id(), requested);
        let mut orders = Self {
            setting,
            list: Vec::new(),
            places: HashMap::new(),
            applied: HashMap::new(),
            wishes: HashMap::new(),
        };
        orders.keep(scene.order);
        orders
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn order(&self, place: Place) -> &Order {
        &self.list[usize::try_from(place).unwrap()]
    }

    pub(crate) fn state(&self, place: Place) -> OrderState {
        self.order(place).state()
    }

    fn keep(&mut self, order: Order) -> Place {
        let place = Place::try_from(self.list.len()).unwrap();
        match self.places.entry(facts(&order)) {
            std::collections::hash_map::Entry::Occupied(known) => *known.get(),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(place);
                self.list.push(order);
                place
            }
        }
    }

    /// The order after `deed`; `None` where it cannot follow.
    pub(crate) fn apply(&mut self, place: Place, deed: Deed) -> Option<Place> {
        if let Some(known) = self.applied.get(&(place, deed)) {
            return *known;
        }
        let mut order = self.order(place).clone();
        let event = self.event(&order, deed);
        let next = order.apply(&event).is_ok().then(|| self.keep(order));
        self.applied.insert((place, deed), next);
        next
    }

    fn event(&self, order: &Order, deed: Deed) -> Event {
        match deed {
            Deed::LookedUp { at: tick, conclusive, found } => Event::LookedUp {
                started_at: at(tick.into()),
                conclusive,
                result: match found {
                    None => LookUpResult::Unhealthy { message: String::new() },
                    Some(bits) => LookUpResult::Healthy {
                        found: (1..=8).filter(|n| bits & (1 << (n - 1)) != 0).map(charged).collect(),
                    },
                },
            },
            Deed::Deferred { at: tick } => Event::Deferred {
                at: at(tick.into()),
                reason: DeferralReason::LookUpUnhealthy,
                message: String::new(),
            },
            Deed::Started { at: tick, attempt } => Event::PlacementStarted {
                attempt: attempt.into(),
                opens_at: at(tick.into()),
                closes_at: at((tick + i16::from(self.setting.window)).into()),
                request: request_of(&order.requested().content),
                replays: None,
                blind: false,
            },
            Deed::Settled { at: tick, attempt, answer } => Event::PlacementSettled {
                attempt: attempt.into(),
                at: at(tick.into()),
                outcome: match answer {
                    Answer::Placed => PlacementOutcome::Placed { order: charged(attempt) },
                    Answer::Refused => refused(),
                    Answer::NotSent => not_sent(),
                    Answer::Ambiguous => crate::support::ambiguous(),
                },
            },
            Deed::Cancelled { at: tick } => crate::support::cancelled(tick.into()),
        }
    }

    /// What the machine wants with this order at this tick, after a watch so long.
    pub(crate) fn wish(&mut self, place: Place, tick: i16, watched: u8) -> Wish {
        if let Some(known) = self.wishes.get(&(place, tick, watched)) {
            return *known;
        }
        let watched_for = if self.setting.ignore_watch { u64::MAX } else { watched.into() };
        let moment = Moment {
            now: at(tick.into()),
            watched: Duration::from_secs(watched_for),
            busy: BTreeSet::new(),
        };
        let policy = self.setting.policy();
        let step = next_step(self.order(place), &self.setting.capabilities(), &policy, &moment);
        let wish = match step {
            Step::Record(events) => {
                let mut order = self.order(place).clone();
                for event in &events {
                    order.apply(event).expect("what the machine records can follow");
                }
                Wish::Record(self.keep(order))
            }
            Step::Place { attempt, .. } => Wish::Place(u8::try_from(attempt).unwrap()),
            Step::LookUp { conclusive } => Wish::LookUp { conclusive },
            Step::Wait { until, .. } => {
                assert!(until > at(tick.into()), "a wait for a moment that is over");
                Wish::Wait
            }
            Step::Rest => Wish::Rest,
            Step::ReadOrder(_) | Step::Items(_) => unreachable!("a top-up that is done"),
        };
        self.wishes.insert((place, tick, watched), wish);
        wish
    }
}

/// The provider's order that this attempt made.
fn charged(attempt: u8) -> roamport_domain::order::PlacedOrder {
    bought(&format!("po-{attempt}"), &[])
}

/// All of an order that can change what follows, as numbers. Left out are texts, versions (the
/// search itself knows who is overtaken), and moments of what is explained or harmless.
fn facts(order: &Order) -> Vec<i32> {
    let tick = |moment: Option<jiff::Timestamp>| {
        moment.map_or(-999, |moment| {
            i32::try_from(moment.duration_since(at(0)).as_secs()).unwrap()
        })
    };
    let mut facts = vec![order.state() as i32, i32::from(order.granted_attempts())];
    for attempt in order.attempts() {
        let state = match &attempt.state {
            AttemptState::InFlight => 0,
            AttemptState::Abandoned => 1,
            AttemptState::Ambiguous { .. } => 2,
            AttemptState::NotSent { .. } => 3,
            AttemptState::Refused { .. } => 4,
            AttemptState::Placed { .. } => 5,
        };
        let closed = attempt.explained || !attempt.is_unknown();
        let opened = if closed && state != 0 { None } else { Some(attempt.opens_at) };
        let settled = attempt.settled_at.filter(|_| attempt.is_unknown());
        facts.extend([state, tick(opened), tick(settled), i32::from(attempt.explained)]);
    }
    let look_ups = order.look_ups();
    let confirmed = look_ups.last_empty_at.is_some_and(|at| at >= order.place_before());
    facts.extend([
        -1,
        tick(look_ups.last_at),
        i32::try_from(look_ups.conclusive_empty.len()).unwrap(),
        tick(look_ups.late_since),
        i32::from(confirmed),
        i32::from(look_ups.fresh_empty),
        tick(order.deferral().map(|deferral| deferral.at)),
        i32::from(order.placed().is_some()),
    ]);
    for attention in order.attention() {
        let (kind, number) = match &attention.reason {
            AttentionReason::OutcomeUnknown { attempt } => (1, i32::from(*attempt)),
            AttentionReason::AttemptsUsedUp => (2, 0),
            AttentionReason::SeveralFound { orders } => (3, i32::try_from(orders.len()).unwrap()),
            AttentionReason::SecondCharge { order } => {
                (4, order.as_str().trim_start_matches("po-").parse().unwrap())
            }
            AttentionReason::UnsentUnconfirmed => (5, 0),
            other => unreachable!("the search cannot lead to {other:?}"),
        };
        facts.extend([kind, number, i32::from(attention.open)]);
    }
    facts.push(match order.ending() {
        None => 0,
        Some(Ending::Refused { .. }) => 1,
        Some(Ending::Expired) => 2,
        Some(Ending::Cancelled { .. }) => 3,
        Some(other) => unreachable!("nobody in the search does {other:?}"),
    });
    facts
}
