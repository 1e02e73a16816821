//! Random events in random order: no panic, nothing half applied, replay gives the same, no end that
//! is not earned, and no advice that goes round for ever.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use roamport_domain::order::{
    AbsenceEvidence, Attempt, AttemptState, AttentionReason, Ending, EsimProgress, Event,
    GuardReason, ItemState, OrderState, PlacedOrder, ProvisioningOutcome, Resolution, Step,
    next_step,
};
use roamport_domain::provider::{Dedup, ProviderOrderStatus, Provisioning};

use crate::support::{
    Scene, abandoned, absent, account, ambiguous, asked, at, bought, cancelled,
    conclusively_nothing, deferred, esims, found, generated, line, not_sent, nothing, package,
    pending, placed, raised, refused, resolved, settled, top_up_content, unhealthy, usd,
};

/// The bytes an event is made of, and how much time passes before it.
type Dice = (u8, u8, u8, u16);

fn provider_orders(dice: u8) -> PlacedOrder {
    let id = format!("po-{}", dice % 3);
    match dice % 8 {
        0 | 1 => bought(&id, &["esim-1", "esim-2"]),
        2 => bought(&id, &["esim-1"]),
        3 => PlacedOrder {
            total: Some(usd("9.99")),
            ..bought(&id, &["esim-1", "esim-2"])
        },
        4 => PlacedOrder {
            status: ProviderOrderStatus::Refunded,
            ..bought(&id, &["esim-1"])
        },
        5 => {
            let mut other = bought(&id, &["esim-7"]);
            other.items[0].package = Some(package("other"));
            other
        }
        _ => pending(&id),
    }
}

/// An event that often, and not always, fits the order as it stands.
fn event(scene: &Scene, (kind, one, two, _): Dice) -> Event {
    let now = scene.now;
    let last = u16::try_from(scene.order.attempts().len()).unwrap();
    let attempt = if one % 4 == 0 {
        u16::from(two % 4)
    } else {
        last
    };
    let item = u16::from(two % 3);
    match kind % 26 {
        0 => deferred(now),
        1 => Event::GuardRefused {
            at: at(now),
            reason: GuardReason::PackageGone,
            message: String::new(),
        },
        2..=4 => {
            let root = scene
                .order
                .attempts()
                .iter()
                .find(|attempt| attempt.replay_until.is_some());
            scene.start(last + 1, now, root.map(Attempt::root), one % 8 == 0)
        }
        5 => settled(attempt, now, placed(provider_orders(two))),
        6 => settled(attempt, now, refused()),
        7 => settled(attempt, now, not_sent()),
        8 | 9 => settled(attempt, now, ambiguous()),
        10 => abandoned(attempt, now),
        11 | 12 => nothing(now),
        13 => unhealthy(now),
        14 | 15 => conclusively_nothing(now),
        16 => found(now, vec![provider_orders(two)]),
        17 => found(now, vec![provider_orders(one), provider_orders(two)]),
        18 => Event::AbsenceEstablished {
            attempt,
            look_ups: scene.order.look_ups().proven_empty.clone(),
            evidence: Some(AbsenceEvidence { account: account() }),
        },
        19 => Event::ReplayPermitted {
            attempt,
            at: at(now),
            until: at(now + 300),
        },
        20 => {
            let order = (one % 3 > 0).then(|| provider_orders(two));
            Event::OrderRead {
                at: at(now),
                order,
                evidence: None,
            }
        }
        21 => asked(item, now),
        22 => {
            let message = String::new();
            let outcome = match one % 5 {
                0 | 1 => ProvisioningOutcome::Ready,
                2 => ProvisioningOutcome::Failed { message },
                3 => ProvisioningOutcome::NotDone { message },
                _ => ProvisioningOutcome::Pending,
            };
            generated(item, now, outcome)
        }
        23 => {
            let progress = if one % 2 == 0 {
                EsimProgress::NotStarted
            } else {
                EsimProgress::Pending
            };
            Event::EsimRead {
                item,
                at: at(now),
                progress,
            }
        }
        24 => match one % 6 {
            0 => cancelled(now),
            1 => Event::Expired { at: at(now) },
            2 => raised(now, AttentionReason::DeliveryOverdue),
            3 => raised(now, AttentionReason::OutcomeUnknown { attempt }),
            4 => raised(now, AttentionReason::UnsentUnconfirmed),
            _ => absent(attempt, &[i64::from(two)]),
        },
        _ => {
            let resolution = match one % 5 {
                0 => Resolution::Attach {
                    order: provider_orders(two),
                },
                1 | 2 => Resolution::Resend {
                    place_before: at(now + 900),
                },
                3 => Resolution::Accept,
                _ => Resolution::WriteOff,
            };
            resolved(now, resolution)
        }
    }
}

fn scene() -> impl Strategy<Value = Scene> {
    let wish = prop_oneof![
        Just(esims(vec![line("one", 2, "3.27")])),
        Just(esims(vec![line("one", 1, "3.27"), line("two", 1, "3.27")])),
        Just(top_up_content()),
    ];
    let dedup = prop_oneof![
        2 => Just(Dedup::None),
        1 => Just(Dedup::Rejects),
        1 => Just(Dedup::Replays { window: Some(Duration::from_mins(5)) }),
        1 => Just(Dedup::Replays { window: None }),
    ];
    let way = prop_oneof![
        Just(Provisioning::SeparateCall),
        Just(Provisioning::WithOrder),
        Just(Provisioning::Polled),
    ];
    (wish, dedup, way, prop::bool::weighted(0.8)).prop_map(|(wish, dedup, way, searchable)| {
        let scene = Scene::wishing(wish)
            .at_a_provider_that(dedup)
            .provisioned(way);
        if searchable {
            scene
        } else {
            scene.without_look_up()
        }
    })
}

/// What holds of any order, however it came about.
fn check_order(scene: &Scene) -> TestCaseResult {
    let order = &scene.order;
    let in_flight = order
        .attempts()
        .iter()
        .filter(|attempt| attempt.state == AttemptState::InFlight)
        .count();
    prop_assert!(in_flight <= 1);
    prop_assert_eq!(in_flight == 1, order.state() == OrderState::Placing);
    if order.state().is_final() {
        prop_assert_eq!(
            order.open_attention().count(),
            0,
            "{} with an open question",
            order.state()
        );
    }
    if matches!(order.state(), OrderState::Failed | OrderState::Cancelled)
        && order.ending() != Some(&Ending::WrittenOff)
    {
        prop_assert!(order.attempts().iter().all(Attempt::is_harmless));
        prop_assert!(order.placed().is_none());
        prop_assert!(!order.money_may_have_moved());
    }
    if order.state() == OrderState::Fulfilled {
        prop_assert!(order.placed().is_some());
        if order.ending() != Some(&Ending::Accepted) {
            prop_assert!(
                order
                    .items()
                    .iter()
                    .all(|item| item.state == ItemState::Ready)
            );
            prop_assert!(order.unresolved_attempt().is_none());
        }
    }
    if let OrderState::Requested = order.state() {
        prop_assert!(order.placed().is_none());
        prop_assert!(order.unresolved_attempt().is_none());
    }
    for attempt in order.attempts() {
        let promised = attempt.replay_until.is_some();
        prop_assert!(!promised || (attempt.is_unknown() && !attempt.explained));
    }
    Ok(())
}

/// The advice for this moment: the same twice, fit for the state, possible to follow, and never a
/// chain of records without end.
fn check_advice(mut scene: Scene) -> TestCaseResult {
    for _ in 0..50 {
        let step = scene.step();
        let again = next_step(
            &scene.order,
            &scene.capabilities,
            &scene.policy,
            &scene.moment(),
        );
        prop_assert_eq!(&step, &again);
        let state = scene.state();
        match step {
            Step::Record(events) => {
                prop_assert!(!events.is_empty());
                for event in events {
                    prop_assert!(scene.order.apply(&event).is_ok(), "{event:?} in {state}");
                    check_order(&scene)?;
                }
                continue;
            }
            Step::Place {
                attempt,
                replays,
                blind,
            } => {
                prop_assert_eq!(state, OrderState::Requested);
                if !blind {
                    prop_assert!(scene.order.apply(&nothing(scene.now)).is_ok());
                }
                let start = scene.start(attempt, scene.now, replays, blind);
                prop_assert!(
                    scene.order.apply(&start).is_ok(),
                    "the call advised is illegal"
                );
            }
            Step::LookUp { conclusive } => {
                let look = if conclusive {
                    conclusively_nothing
                } else {
                    nothing
                };
                prop_assert!(scene.order.apply(&look(scene.now)).is_ok());
            }
            Step::ReadOrder(id) => {
                prop_assert_eq!(state, OrderState::Placed);
                prop_assert_eq!(Some(&id), scene.order.placed().map(|order| &order.id));
            }
            Step::Items(items) => {
                prop_assert_eq!(state, OrderState::Provisioning);
                prop_assert!((1..=4).contains(&items.len()));
            }
            Step::Wait { until, .. } => {
                prop_assert!(!state.is_final());
                prop_assert!(until > at(scene.now), "a wait for a moment that is over");
                prop_assert!(until <= at(scene.now + 900), "a wait without end: {until}");
            }
            Step::Rest => prop_assert!(state.is_settled(), "nothing is done in {state}"),
        }
        return Ok(());
    }
    Err(TestCaseError::fail(format!(
        "it records for ever in {}: {:?}",
        scene.state(),
        scene.step()
    )))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_leads_the_machine_astray(
        mut scene in scene(),
        dice in prop::collection::vec(any::<Dice>(), 1..60),
        watched in 0_i64..2000,
    ) {
        for roll in dice {
            // Mostly forward, at times far, now and then back.
            scene.now += match roll.3 % 8 {
                0 => -i64::from(roll.3 % 1000),
                1 => i64::from(roll.3),
                _ => i64::from(roll.3 % 120),
            };
            scene.watched = if roll.3 % 5 == 0 { watched } else { 0 };
            // The machine's own advice, or anything.
            let event = match scene.step() {
                Step::Record(events) if roll.1 % 3 == 0 => events[0].clone(),
                _ => event(&scene, roll),
            };
            let before = scene.order.clone();
            if scene.order.apply(&event).is_ok() {
                scene.events.push(event);
                prop_assert_eq!(scene.order.version(), before.version().next());
            } else {
                prop_assert_eq!(&scene.order, &before, "a rejected event changed the order");
            }
            check_order(&scene)?;
            check_advice(scene.clone())?;
        }
        let count = u64::try_from(scene.events.len()).unwrap();
        prop_assert_eq!(scene.order.version().count(), count);
        prop_assert_eq!(scene.replayed(), scene.order.clone());
        let stored: Vec<Event> = scene
            .events
            .iter()
            .map(|event| Event::from_stored(&event.to_stored()).unwrap())
            .collect();
        prop_assert_eq!(stored, scene.events);
    }
}

/// What a faulty provider does, one decision a byte.
struct Faulty {
    dice: Vec<u8>,
    rolled: usize,
    /// The moments on which charges take effect, on a clock that no one sets.
    charges: Vec<(u16, i64)>,
    true_time: i64,
}

impl Faulty {
    fn roll(&mut self) -> u8 {
        self.rolled += 1;
        // Once the dice are used up, all is well and nothing is lost.
        self.dice.get(self.rolled - 1).copied().unwrap_or(0)
    }

    fn visible(&self) -> Option<u16> {
        let seen = self
            .charges
            .iter()
            .find(|(_, effect)| effect + 3 <= self.true_time);
        seen.map(|(attempt, _)| *attempt)
    }

    /// A purchase call: it lasts a moment and ends somehow.
    fn buy(&mut self, attempt: u16) -> roamport_domain::order::PlacementOutcome {
        let charged = |faulty: &mut Self, late| {
            let effect = faulty.true_time + late;
            faulty.charges.push((attempt, effect));
        };
        match self.roll() % 10 {
            0..=3 => {
                charged(self, 0);
                placed(order_of(attempt))
            }
            4 => {
                charged(self, 0);
                ambiguous()
            }
            5 => {
                charged(self, 120);
                ambiguous()
            }
            6 | 7 => ambiguous(),
            8 => not_sent(),
            _ => refused(),
        }
    }
}

fn order_of(attempt: u16) -> PlacedOrder {
    bought(&format!("po-{attempt}"), &["esim-1", "esim-2"])
}

/// Does what the machine says until the order rests; the most steps that may take is far above any
/// honest way.
fn drive(scene: &mut Scene, faulty: &mut Faulty) -> TestCaseResult {
    for _ in 0..3000 {
        let now = scene.now;
        match scene.step() {
            Step::Record(events) => events.into_iter().for_each(|event| scene.take(event)),
            Step::Place {
                attempt,
                replays,
                blind,
            } => {
                if !blind {
                    let seen = faulty.visible().map(order_of).into_iter().collect();
                    scene.take(found(now, seen));
                    if !scene.order.look_ups().fresh_empty {
                        continue;
                    }
                }
                scene.take(scene.start(attempt, now, replays, blind));
                let outcome = faulty.buy(attempt);
                scene.watched = 0;
                if faulty.roll() % 8 == 1 {
                    continue; // The process is gone before it could tell.
                }
                scene.take(settled(attempt, now, outcome));
            }
            Step::LookUp { conclusive } => {
                let seen = faulty.visible().map(order_of).into_iter().collect();
                let result = roamport_domain::order::LookUpResult::Healthy { found: seen };
                match faulty.roll() % 8 {
                    1 => scene.take(unhealthy(now)),
                    _ => scene.take(Event::LookedUp {
                        started_at: at(now),
                        conclusive,
                        result,
                        evidence: None,
                    }),
                }
            }
            Step::ReadOrder(_) => scene.take(Event::OrderRead {
                at: at(now),
                order: None,
                evidence: None,
            }),
            Step::Items(items) => {
                for step in items {
                    let (roamport_domain::order::ItemStep::Provision(item)
                    | roamport_domain::order::ItemStep::Read(item)) = step;
                    if matches!(step, roamport_domain::order::ItemStep::Provision(_)) {
                        scene.take(asked(item, now));
                    }
                    match faulty.roll() % 4 {
                        0 => scene.take(generated(item, now, ProvisioningOutcome::Ready)),
                        _ => scene.take(Event::EsimRead {
                            item,
                            at: at(now),
                            progress: EsimProgress::NotStarted,
                        }),
                    }
                }
            }
            Step::Wait { .. } => {
                if scene.state().is_settled() {
                    return Ok(());
                }
                let (seconds, _) = scene.wait();
                scene.pass(seconds);
                faulty.true_time += seconds;
                match faulty.roll() {
                    250.. => scene.watched = 0,
                    240..=249 => scene.now -= 4000,
                    230..=239 => scene.now += 4000,
                    _ => {}
                }
            }
            Step::Rest => return Ok(()),
        }
        check_order(scene)?;
    }
    Err(TestCaseError::fail(format!(
        "no rest in {}: {:?}",
        scene.state(),
        scene.step()
    )))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_provider_does_the_order_comes_to_rest_with_one_charge_at_most(
        dice in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut scene = Scene::wishing(esims(vec![line("one", 2, "3.27")]));
        let mut faulty = Faulty { dice, rolled: 0, charges: Vec::new(), true_time: 0 };
        drive(&mut scene, &mut faulty)?;
        prop_assert!(scene.state().is_settled());
        prop_assert!(faulty.charges.len() <= 1, "charged {} times", faulty.charges.len());
        match scene.state() {
            OrderState::Fulfilled => prop_assert_eq!(faulty.charges.len(), 1),
            OrderState::Failed => prop_assert_eq!(faulty.charges.len(), 0),
            _ => {}
        }
        prop_assert_eq!(scene.replayed(), scene.order.clone());
    }
}
