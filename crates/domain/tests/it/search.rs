//! Proof 1: everything that two workers, a faulty provider and two clocks can do to one order with
//! two attempts, searched exhaustively over the real machine with limits of a few ticks.
//!
//! Any worker may stall for any time before any of its steps; any call may be lost, charged with its
//! answer lost, or charged late; a look-up may miss what is young. No lease is modelled: leases save
//! work, and safety must not need them.

mod orders;
mod world;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use roamport_domain::Capabilities;
use roamport_domain::order::{OrderPolicy, OrderState};

use self::orders::{Orders, Situation};
use self::world::{Charge, Faults, World};
use crate::support::SEARCHABLE;

/// Limits in ticks, and what is altered to see that the search can fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    window: u8,
    quiet: u8,
    /// How long after a call its charge may take effect.
    late_effect: u8,
    /// How long a charge in effect may stay invisible.
    lag: u8,
    place_before: u8,
    reconcile_for: u8,
    attention_for: u8,
    /// By how much the wall clock may be set.
    clock_steps: [i8; 2],
    /// How far it may be set back in all.
    clock_reach: i16,
    /// Altered: look-ups count before the quiet period is over.
    trust_early_look_ups: bool,
    /// Altered: whoever takes over sends without having watched.
    ignore_watch: bool,
    /// Altered: the adapter does not ask the window before it writes.
    ignore_window: bool,
}

/// Late effect and lag together stay under the quiet period.
const SETTING: Setting = Setting {
    window: 2,
    quiet: 5,
    late_effect: 3,
    lag: 1,
    place_before: 9,
    reconcile_for: 9,
    attention_for: 2,
    clock_steps: [0, 0],
    clock_reach: 0,
    trust_early_look_ups: false,
    ignore_watch: false,
    ignore_window: false,
};

/// Shorter, since a clock that may be set at any moment makes every state many.
const CLOCK_SETTING: Setting = Setting {
    window: 1,
    quiet: 3,
    late_effect: 1,
    place_before: 6,
    reconcile_for: 6,
    attention_for: 2,
    clock_steps: [-4, 4],
    clock_reach: 4,
    ..SETTING
};

const NO_FAULTS: Faults = Faults {
    crashes: 0,
    look_ups: 0,
    calls: 0,
    clock: 0,
    cancels: 0,
};

impl Setting {
    /// How often an order in attention is looked up.
    const ATTENTION_EVERY: u8 = 2;

    /// A longer watch is no different: no limit reaches further.
    fn longest_watch(&self) -> u8 {
        (self.window + self.quiet)
            .max(self.reconcile_for)
            .max(self.attention_for)
    }

    fn policy(&self) -> OrderPolicy {
        let ticks = |count: u8| Duration::from_secs(count.into());
        OrderPolicy {
            place_within: ticks(self.place_before),
            quiet_period: ticks(self.quiet),
            max_attempts: 2,
            look_ups_for_absence: 2,
            look_up_waits: vec![ticks(1)],
            reconcile_for: ticks(self.reconcile_for),
            attention_look_up_every: ticks(Self::ATTENTION_EVERY),
            attention_look_up_for: ticks(self.attention_for),
            ..OrderPolicy::default()
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            purchase_time_out: Duration::from_secs(self.window.into()),
            ..SEARCHABLE
        }
    }
}

/// What a search saw.
struct Seen {
    orders: Orders,
    worlds: Vec<World>,
    parents: Vec<u32>,
    steps: usize,
    violation: Option<(&'static str, u32)>,
}

/// Breadth first, every world once, to the first violation.
fn search(setting: Setting, faults: Faults) -> Seen {
    let mut seen = Seen {
        orders: Orders::new(setting, faults.clock > 0),
        worlds: vec![World::new(faults)],
        parents: vec![0],
        steps: 0,
        violation: None,
    };
    let mut known: HashSet<World> = HashSet::from([seen.worlds[0]]);
    let mut parent = 0;
    while let Some(world) = seen.worlds.get(place(parent)).copied() {
        for next in world.successors(&mut seen.orders) {
            seen.steps += 1;
            if !known.insert(next) {
                continue;
            }
            if let Some(what) = next.violation(&seen.orders) {
                seen.violation = Some((what, u32::try_from(seen.worlds.len()).unwrap()));
            }
            seen.worlds.push(next);
            seen.parents.push(parent);
            if seen.violation.is_some() {
                return seen;
            }
        }
        parent += 1;
    }
    seen
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap()
}

impl Seen {
    /// How it came to this world, one step a line.
    fn story(&self, mut number: u32) -> String {
        let mut lines = Vec::new();
        loop {
            let world = self.worlds[place(number)];
            let (state, workers) = (self.orders.state(world.journal), world.workers);
            lines.push(format!("{state:15} {workers:?} {:?}", world.charge));
            if number == 0 {
                break;
            }
            number = self.parents[place(number)];
        }
        lines.reverse();
        lines.join("\n")
    }

    /// Nothing is wrong anywhere, and the search was no smaller than this.
    #[track_caller]
    fn assert_safe(&self, what: &str, at_least: usize) {
        if let Some((wrong, number)) = self.violation {
            panic!("{what}: {wrong}\n{}", self.story(number));
        }
        let (states, steps, orders) = (self.worlds.len(), self.steps, self.orders.len());
        println!("{what}: {states} states, {steps} steps, {orders} situations of the order");
        assert!(
            states >= at_least,
            "only {states} states: the model lost something"
        );
        assert_eq!(
            self.orders.most_calls(),
            2,
            "no second attempt was ever made"
        );
    }

    /// The search finds what an alteration makes possible.
    #[track_caller]
    fn assert_finds(&self, what: &str) {
        let Some((wrong, number)) = self.violation else {
            panic!(
                "{} states and nothing is wrong: the search cannot fail",
                self.worlds.len()
            );
        };
        println!(
            "found after {} states: {wrong}\n{}",
            self.worlds.len(),
            self.story(number)
        );
        assert_eq!(wrong, what);
    }

    /// The states in which the order was met.
    fn states_met(&self) -> Vec<OrderState> {
        let met = |state: &OrderState| {
            self.worlds
                .iter()
                .any(|world| self.orders.state(world.journal) == *state)
        };
        OrderState::ALL.into_iter().filter(met).collect()
    }

    /// From every situation that was met, one worker alone brings the order to rest, whatever its
    /// look-ups give; the most ticks that took.
    fn longest_way_to_rest(&mut self) -> u16 {
        let mut starts: HashSet<(Situation, Option<Charge>)> = HashSet::new();
        for world in &self.worlds {
            starts.insert((world.journal, world.charge));
        }
        let mut longest = 0;
        for look_ups_fail in [false, true] {
            let mut ticks_from: HashMap<World, u16> = HashMap::new();
            for (journal, charge) in &starts {
                let start = World {
                    journal: *journal,
                    charge: *charge,
                    ..World::new(NO_FAULTS)
                };
                longest = longest.max(self.ticks_to_rest(start, look_ups_fail, &mut ticks_from));
            }
        }
        longest
    }

    fn ticks_to_rest(
        &mut self,
        mut world: World,
        look_ups_fail: bool,
        ticks_from: &mut HashMap<World, u16>,
    ) -> u16 {
        let mut way = Vec::new();
        let rest = loop {
            if let Some(ticks) = ticks_from.get(&world) {
                break *ticks;
            }
            if self.orders.state(world.journal).is_settled() {
                break 0;
            }
            let (next, ticked) = world.carried_on(look_ups_fail, &mut self.orders);
            way.push((world, ticked));
            world = next;
            assert!(
                way.len() < 500,
                "no end in sight:\n{:?}",
                self.orders.order(world.journal)
            );
        };
        way.into_iter().rev().fold(rest, |ticks, (world, ticked)| {
            let ticks = ticks + u16::from(ticked);
            ticks_from.insert(world, ticks);
            ticks
        })
    }
}

/// Time enough for anything: twice the time to be placed and to be reconciled.
fn bound(setting: &Setting) -> u16 {
    2 * u16::from(setting.place_before + setting.reconcile_for)
}

#[test]
fn two_workers_that_stall_and_crash_never_charge_twice_and_always_come_to_rest() {
    let mut seen = search(
        SETTING,
        Faults {
            crashes: 1,
            ..NO_FAULTS
        },
    );
    seen.assert_safe("stalls and crashes", 400_000);
    let ticks = seen.longest_way_to_rest();
    println!("at rest after at most {ticks} ticks");
    assert!(
        (15..=bound(&SETTING)).contains(&ticks),
        "{ticks} ticks to rest"
    );
}

#[test]
fn calls_that_are_refused_or_never_sent_and_cancellation_change_nothing_of_that() {
    let mut seen = search(
        SETTING,
        Faults {
            calls: 1,
            cancels: 1,
            ..NO_FAULTS
        },
    );
    seen.assert_safe("calls not sent or refused, orders called off", 300_000);
    assert!(seen.longest_way_to_rest() <= bound(&SETTING));
    // All but those of an order that awaits items, which a top-up has none of.
    let awaiting_items = [OrderState::Placed, OrderState::Provisioning];
    let all = OrderState::ALL
        .into_iter()
        .filter(|state| !awaiting_items.contains(state));
    assert_eq!(seen.states_met(), all.collect::<Vec<_>>());
}

#[test]
fn look_ups_that_fail_change_nothing_of_that() {
    let mut seen = search(
        SETTING,
        Faults {
            look_ups: 1,
            ..NO_FAULTS
        },
    );
    seen.assert_safe("failed look-ups", 300_000);
    assert!(seen.longest_way_to_rest() <= bound(&SETTING));
}

#[test]
fn a_wall_clock_set_back_or_forward_at_any_moment_changes_nothing_of_that() {
    let mut seen = search(
        CLOCK_SETTING,
        Faults {
            clock: 1,
            ..NO_FAULTS
        },
    );
    seen.assert_safe("clock steps", 200_000);
    assert!(seen.longest_way_to_rest() <= bound(&CLOCK_SETTING));
}

#[test]
fn the_search_can_fail_without_a_quiet_period_it_finds_a_double_charge() {
    search(
        Setting {
            quiet: 0,
            ..SETTING
        },
        NO_FAULTS,
    )
    .assert_finds("G2: a double charge");
}

#[test]
fn the_search_can_fail_an_effect_later_than_the_quiet_period_is_a_double_charge() {
    let late = Setting {
        late_effect: 8,
        ..SETTING
    };
    search(late, NO_FAULTS).assert_finds("G2: a double charge");
}

#[test]
fn the_search_can_fail_early_look_ups_without_a_watch_lead_to_a_double_charge() {
    let early = Setting {
        trust_early_look_ups: true,
        ignore_watch: true,
        ..SETTING
    };
    search(early, NO_FAULTS).assert_finds("G2: a double charge");
}

#[test]
fn the_search_can_fail_one_clock_alone_is_not_enough() {
    let one_clock = Setting {
        ignore_watch: true,
        ..CLOCK_SETTING
    };
    search(one_clock, NO_FAULTS).assert_safe("one clock that is never set", 10_000);
    let set = search(
        one_clock,
        Faults {
            clock: 1,
            ..NO_FAULTS
        },
    );
    set.assert_finds("G2: a double charge");
}

#[test]
fn the_search_can_fail_a_call_sent_after_its_window_is_a_double_charge() {
    let unasked = Setting {
        ignore_window: true,
        ..SETTING
    };
    search(unasked, NO_FAULTS).assert_finds("G2: a double charge");
}
