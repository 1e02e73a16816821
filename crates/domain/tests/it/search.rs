//! Proof 1: everything that two workers, a faulty provider and two clocks can do to one order with
//! two attempts, searched exhaustively over the real machine with limits of a few ticks.

mod orders;
mod world;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use roamport_domain::Capabilities;
use roamport_domain::order::OrderPolicy;

use self::orders::Orders;
use self::world::{Faults, World};
use crate::support::SEARCHABLE;

/// Limits in ticks, and what is altered to see that the search can fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) window: u8,
    pub(crate) quiet: u8,
    /// How long after a call its charge may take effect.
    pub(crate) late_effect: u8,
    /// How long a charge in effect may stay invisible.
    pub(crate) lag: u8,
    pub(crate) place_before: u8,
    pub(crate) reconcile_for: u8,
    pub(crate) attention_for: u8,
    /// A longer watch is no different.
    pub(crate) longest_watch: u8,
    pub(crate) clock_steps: [i8; 2],
    /// How far the wall clock may be set back in all.
    pub(crate) clock_reach: i16,
    /// Altered: look-ups count before the quiet period is over.
    pub(crate) trust_early_look_ups: bool,
    /// Altered: whoever takes over sends without having watched.
    pub(crate) ignore_watch: bool,
}

/// Late effect and lag together stay under the quiet period.
const SETTING: Setting = Setting {
    window: 2,
    quiet: 5,
    late_effect: 3,
    lag: 1,
    place_before: 10,
    reconcile_for: 10,
    attention_for: 3,
    longest_watch: 7,
    clock_steps: [-9, 9],
    clock_reach: 0,
    trust_early_look_ups: false,
    ignore_watch: false,
};

impl Setting {
    /// How often an order in attention is looked up.
    pub(crate) const ATTENTION_EVERY: u8 = 2;

    pub(crate) fn policy(&self) -> OrderPolicy {
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

    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities { purchase_time_out: Duration::from_secs(self.window.into()), ..SEARCHABLE }
    }
}

/// What a search saw.
struct Seen {
    orders: Orders,
    worlds: Vec<World>,
    parents: Vec<u32>,
    edges: Vec<(u32, u32)>,
    violation: Option<(&'static str, u32)>,
}

/// Breadth first, every world once, to the first violation.
fn search(setting: Setting, faults: Faults) -> Seen {
    let mut seen = Seen {
        orders: Orders::new(setting),
        worlds: vec![World::new(faults)],
        parents: vec![0],
        edges: Vec::new(),
        violation: None,
    };
    let mut places: HashMap<World, u32> = HashMap::from([(seen.worlds[0], 0)]);
    let mut next = 0;
    while let Some(world) = seen.worlds.get(usize::try_from(next).unwrap()).copied() {
        for after in world.successors(&mut seen.orders) {
            let fresh = u32::try_from(seen.worlds.len()).unwrap();
            let place = match places.entry(after) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(free) => {
                    free.insert(fresh);
                    seen.worlds.push(after);
                    seen.parents.push(next);
                    if let Some(what) = after.violation(&seen.orders) {
                        seen.violation = Some((what, fresh));
                        return seen;
                    }
                    fresh
                }
            };
            seen.edges.push((next, place));
        }
        next += 1;
        if next > 3_000_000 { break; }
    }
    seen
}

impl Seen {
    /// How it came to this world, one a line.
    fn story(&self, mut place: u32) -> String {
        let mut lines = Vec::new();
        loop {
            let world = self.worlds[usize::try_from(place).unwrap()];
            let (state, workers) = (self.orders.state(world.journal), world.workers);
            lines.push(format!("{state:15} {workers:?} {:?}", world.charge));
            if place == 0 {
                break;
            }
            place = self.parents[usize::try_from(place).unwrap()];
        }
        lines.reverse();
        lines.join("\n")
    }

    fn count(&self, what: &str) -> usize {
        println!(
            "{what}: {} states, {} steps, {} different situations of the order",
            self.worlds.len(),
            self.edges.len(),
            self.orders.len()
        );
        self.worlds.len()
    }

    #[track_caller]
    fn assert_safe(&self) {
        if let Some((what, place)) = self.violation {
            panic!("{what}\n{}", self.story(place));
        }
    }
}

#[test]
fn trial() {
    for (setting, faults) in [
        (SETTING, Faults { crashes: 1, ..NONE }),
        (SETTING, Faults { calls: 1, ..NONE }),
        (SETTING, Faults { look_ups: 1, ..NONE }),
        (SETTING, Faults { cancels: 1, ..NONE }),
        (Setting { clock_reach: 9, ..SETTING }, Faults { clock: 1, ..NONE }),
    ] {
        let begin = std::time::SystemTime::now();
        let seen = search(setting, faults);
        println!("{:?} {faults:?}", begin.elapsed());
        seen.assert_safe();
        seen.count("");
    }
}
const NONE: Faults = Faults { crashes: 0, look_ups: 0, calls: 0, clock: 0, cancels: 0 };
