//! Every order the search meets, kept once: the real [`Order::apply`] and [`next_step`], remembered.
//!
//! The machine knows no absolute time: what it does depends on how long ago things happened. So two
//! orders that are the same but for a shift of all their moments are one [`Situation`], and a moment
//! that lies further back than any limit reaches is simply long ago.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::Order;
use roamport_domain::order::{
    AccountStanding, AnswerEvidence, AttemptState, AttentionReason, DeferralReason, Ending, Event,
    LookUpResult, Moment, OrderState, PlacedOrder, PlacementEvidence, PlacementOutcome, Step,
    next_step,
};

use super::Setting;
use crate::support::{
    Scene, account, ambiguous, at, bought, cancelled, not_sent, proof, refused, top_up_content,
};

/// An order at a tick of the journal's clock, by its place in [`Orders`].
pub(crate) type Situation = u32;

/// How a purchase call ends for its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Answer {
    Placed,
    Refused,
    NotSent,
    Ambiguous,
}

/// Something that is appended now, in a few bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Deed {
    /// The attempt whose order was found, if any.
    Found {
        conclusive: bool,
        attempt: Option<u8>,
    },
    /// The look-up before a purchase was not healthy.
    NotReady,
    /// A look-up was not healthy.
    Unhealthy,
    Started {
        attempt: u8,
    },
    Settled {
        attempt: u8,
        answer: Answer,
    },
    Cancelled,
}

/// What [`next_step`] wants, with what it records already applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Record(Situation),
    Place,
    LookUp { conclusive: bool },
    Wait,
    Rest,
}

/// An order on the journal's clock as it stands there.
#[derive(Clone)]
struct Known {
    order: Rc<Order>,
    wall: i64,
    /// Whether that clock may yet be set back, so that what is long ago may not stay so.
    may_be_set: bool,
}

/// All situations met so far.
pub(crate) struct Orders {
    pub(crate) setting: Setting,
    list: Vec<Known>,
    places: HashMap<Vec<i16>, Situation>,
    applied: HashMap<(Situation, Deed), Option<Situation>>,
    moved: HashMap<(Situation, i8, bool), Situation>,
    wishes: HashMap<(Situation, u8), Wish>,
}

impl Orders {
    /// With the wish for a top-up at place 0: all money and no provisioning.
    pub(crate) fn new(setting: Setting, may_be_set: bool) -> Self {
        let scene = Scene::wishing(top_up_content());
        let mut requested = scene.order.requested().clone();
        requested.place_before = at(setting.place_before.into());
        let mut orders = Self {
            setting,
            list: Vec::new(),
            places: HashMap::new(),
            applied: HashMap::new(),
            moved: HashMap::new(),
            wishes: HashMap::new(),
        };
        let order = Rc::new(Order::open(scene.order.id(), requested));
        orders.keep(Known {
            order,
            wall: 0,
            may_be_set,
        });
        orders
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    fn known(&self, situation: Situation) -> &Known {
        &self.list[usize::try_from(situation).unwrap()]
    }

    pub(crate) fn order(&self, situation: Situation) -> &Order {
        &self.known(situation).order
    }

    pub(crate) fn state(&self, situation: Situation) -> OrderState {
        self.order(situation).state()
    }

    /// The most purchase calls that any order counts.
    pub(crate) fn most_calls(&self) -> usize {
        self.list
            .iter()
            .map(|known| known.order.counted_attempts())
            .max()
            .unwrap_or_default()
    }

    fn keep(&mut self, known: Known) -> Situation {
        let fresh = Situation::try_from(self.list.len()).unwrap();
        match self.places.entry(facts(&self.setting, &known)) {
            Entry::Occupied(place) => *place.get(),
            Entry::Vacant(free) => {
                free.insert(fresh);
                self.list.push(known);
                fresh
            }
        }
    }

    /// The same order so many ticks on.
    pub(crate) fn ticked(&mut self, situation: Situation, ticks: i8) -> Situation {
        let may_be_set = self.known(situation).may_be_set;
        self.moved(situation, ticks, may_be_set)
    }

    /// The same order after the wall clock was set, once and for all.
    pub(crate) fn set(&mut self, situation: Situation, ticks: i8) -> Situation {
        self.moved(situation, ticks, false)
    }

    fn moved(&mut self, situation: Situation, ticks: i8, may_be_set: bool) -> Situation {
        if let Some(known) = self.moved.get(&(situation, ticks, may_be_set)) {
            return *known;
        }
        let Known { order, wall, .. } = self.known(situation).clone();
        let moved = self.keep(Known {
            order,
            wall: wall + i64::from(ticks),
            may_be_set,
        });
        self.moved.insert((situation, ticks, may_be_set), moved);
        moved
    }

    /// The order after `deed`; `None` where it cannot follow.
    pub(crate) fn apply(&mut self, situation: Situation, deed: Deed) -> Option<Situation> {
        if let Some(known) = self.applied.get(&(situation, deed)) {
            return *known;
        }
        let known = self.known(situation).clone();
        let mut order = Order::clone(&known.order);
        let events = self.events(&order, known.wall, deed);
        let legal = events.iter().all(|event| order.apply(event).is_ok());
        let next = legal.then(|| {
            self.keep(Known {
                order: Rc::new(order),
                ..known
            })
        });
        self.applied.insert((situation, deed), next);
        next
    }

    fn events(&self, order: &Order, wall: i64, deed: Deed) -> Vec<Event> {
        let looked_up = |conclusive, result| Event::LookedUp {
            started_at: at(wall),
            conclusive,
            result,
            evidence: Some(Box::new(proof())),
        };
        let unhealthy = || {
            looked_up(
                false,
                LookUpResult::Unhealthy {
                    message: String::new(),
                },
            )
        };
        match deed {
            Deed::Found {
                conclusive,
                attempt,
            } => {
                let found = attempt.map(charged).into_iter().collect();
                vec![looked_up(conclusive, LookUpResult::Healthy { found })]
            }
            Deed::Unhealthy => vec![unhealthy()],
            Deed::NotReady => {
                let (reason, message) = (DeferralReason::LookUpUnhealthy, String::new());
                vec![
                    unhealthy(),
                    Event::Deferred {
                        at: at(wall),
                        reason,
                        message,
                    },
                ]
            }
            Deed::Started { attempt } => vec![Event::PlacementStarted {
                attempt: attempt.into(),
                opens_at: at(wall),
                closes_at: at(wall + i64::from(self.setting.window)),
                request: order.requested().content.request(),
                replays: None,
                blind: false,
                evidence: Some(PlacementEvidence {
                    account: account(),
                    baseline: None,
                }),
            }],
            Deed::Settled { attempt, answer } => vec![Event::PlacementSettled {
                attempt: attempt.into(),
                at: at(wall),
                outcome: match answer {
                    Answer::Placed => PlacementOutcome::Placed {
                        order: charged(attempt),
                    },
                    Answer::Refused => refused(),
                    Answer::NotSent => not_sent(),
                    Answer::Ambiguous => ambiguous(),
                },
                evidence: Some(AnswerEvidence::default()),
            }],
            Deed::Cancelled => vec![cancelled(wall)],
        }
    }

    /// What the machine wants with this order now, after a watch so long.
    pub(crate) fn wish(&mut self, situation: Situation, watched: u8) -> Wish {
        if let Some(known) = self.wishes.get(&(situation, watched)) {
            return *known;
        }
        let known = self.known(situation).clone();
        let watched_for = if self.setting.ignore_watch {
            u64::MAX
        } else {
            watched.into()
        };
        let moment = Moment {
            now: at(known.wall),
            watched: Duration::from_secs(watched_for),
            busy: BTreeSet::new(),
            begins: None,
            account: account(),
            standing: AccountStanding::Own,
            is_held: false,
        };
        let policy = self.setting.policy();
        let wish = match next_step(&known.order, &self.setting.capabilities(), &policy, &moment) {
            Step::Record(events) => {
                let mut order = Order::clone(&known.order);
                for event in &events {
                    order
                        .apply(event)
                        .expect("what the machine records can follow");
                }
                Wish::Record(self.keep(Known {
                    order: Rc::new(order),
                    ..known
                }))
            }
            Step::Place { .. } => Wish::Place,
            Step::LookUp { conclusive } => Wish::LookUp { conclusive },
            Step::Wait { until, .. } => {
                assert!(until > moment.now, "a wait for a moment that is over");
                Wish::Wait
            }
            Step::Rest => Wish::Rest,
            Step::ReadOrder(_) | Step::Items(_) => {
                unreachable!("a top-up is done once it is placed")
            }
        };
        self.wishes.insert((situation, watched), wish);
        wish
    }
}

/// The provider's order that this attempt made.
fn charged(attempt: u8) -> PlacedOrder {
    bought(&format!("po-{attempt}"), &[])
}

/// All of an order that can change what follows, as numbers; moments are ticks from now. Left out
/// are texts, versions (the search itself knows who is overtaken), and moments that nothing asks for.
fn facts(setting: &Setting, known: &Known) -> Vec<i16> {
    let (order, wall) = (&known.order, known.wall);
    let clock_reach = if known.may_be_set {
        setting.clock_reach
    } else {
        0
    };
    // A moment before all that `reach` asks for is as good as any other such moment.
    let ago = |moment: Option<Timestamp>, reach: u8| {
        let oldest = -i16::from(reach) - clock_reach;
        moment.map_or(i16::MIN, |moment| {
            let ticks = moment.duration_since(at(wall)).as_secs();
            i16::try_from(ticks).unwrap().max(oldest)
        })
    };
    let unknown_for = setting.reconcile_for.max(setting.attention_for);
    let mut facts = vec![
        clock_reach,
        order.state() as i16,
        ago(Some(order.place_before()), 0),
    ];
    let last_unknown = order
        .attempts()
        .iter()
        .rposition(roamport_domain::order::Attempt::is_unknown);
    for (number, attempt) in order.attempts().iter().enumerate() {
        facts.push(match &attempt.state {
            AttemptState::InFlight => 0,
            AttemptState::Abandoned => 1,
            AttemptState::Ambiguous { .. } => 2,
            AttemptState::NotSent { .. } | AttemptState::TurnedAway { .. } => 3,
            AttemptState::Refused { .. } => 4,
            AttemptState::Placed { .. } => 5,
        });
        let open = attempt.state == AttemptState::InFlight || attempt.is_unresolved();
        let opened = Some(attempt.opens_at).filter(|_| open);
        let settled = attempt.settled_at.filter(|_| Some(number) == last_unknown);
        facts.extend([
            i16::from(attempt.explained),
            ago(opened, setting.window + setting.quiet),
            ago(settled, unknown_for),
        ]);
    }
    let look_ups = order.look_ups();
    let late = |moment: Option<Timestamp>| {
        i16::from(moment.is_some_and(|moment| moment >= order.place_before()))
    };
    facts.extend([
        -1,
        ago(look_ups.last_at, Setting::ATTENTION_EVERY),
        late(look_ups.last_at),
        i16::try_from(look_ups.proven_empty.len()).unwrap(),
        ago(look_ups.late_since, setting.reconcile_for),
        late(look_ups.last_empty_at),
        late(look_ups.last_proven_at),
        i16::from(look_ups.fresh_empty),
        i16::from(look_ups.fresh_proven_at.is_some()),
        ago(order.deferral().map(|deferral| deferral.at), 1),
        i16::from(order.placed().is_some()),
    ]);
    for attention in order.attention() {
        let (kind, number) = match &attention.reason {
            AttentionReason::OutcomeUnknown { attempt } => (1, i16::try_from(*attempt).unwrap()),
            AttentionReason::AttemptsUsedUp => (2, 0),
            AttentionReason::UnsentUnconfirmed => (3, 0),
            other => unreachable!("one charge at most cannot lead to {other:?}"),
        };
        facts.extend([kind, number, i16::from(attention.open)]);
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
