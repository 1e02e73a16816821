//! The rules that seem good enough, over the same provider, faults and seeds: for comparison.

use std::time::Duration;

use super::world::{Heard, TIME_OUT, World};

/// What to do once nobody knows what became of a purchase call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Send it again: what a generic retry middleware does.
    Repeat,
    /// Look once; send it again unless it shows.
    LookOnce,
    /// Look for 60 s; then send it again once, else leave it to a person.
    LookForAMinute,
}

impl Rule {
    pub(crate) const ALL: [(Self, &'static str); 3] = [
        (Self::Repeat, "repeat the POST (a generic retry)"),
        (Self::LookOnce, "look once, then repeat"),
        (
            Self::LookForAMinute,
            "look for 60 s, then repeat once, else park",
        ),
    ];
}

/// What came of buying under a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bought {
    /// Charges beyond the first.
    pub(crate) second_charges: u64,
    /// Orders left to a person.
    pub(crate) parked: u64,
}

/// Purchase calls until even a retry gives up.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// Buys once under `rule`. Nobody crashes or freezes here: the rule is at its best.
pub(crate) fn buy(rule: Rule, world: &mut World) -> Bought {
    let parked = !obey(rule, world);
    let charges = u64::try_from(world.charges().len()).expect("a few charges");
    Bought {
        second_charges: charges.saturating_sub(1),
        parked: u64::from(parked),
    }
}

/// Whether the rule came to an end by itself.
fn obey(rule: Rule, world: &mut World) -> bool {
    let mut now = Duration::ZERO;
    let mut unknown = 0;
    loop {
        let (heard, after) = world.send(now, TIME_OUT);
        now += after;
        match heard {
            Heard::Taken(_) => return true,
            Heard::NotReached => {
                now += PAUSE;
                continue;
            }
            Heard::Nothing | Heard::ServerError => unknown += 1,
        }
        let again = match rule {
            Rule::Repeat => {
                now += PAUSE;
                unknown < TRIES
            }
            Rule::LookOnce => {
                now += PAUSE;
                if world.look(now).is_some_and(|found| !found.is_empty()) {
                    return true;
                }
                unknown < TRIES
            }
            Rule::LookForAMinute => {
                if shows_within_a_minute(world, &mut now) {
                    return true;
                }
                unknown < 2
            }
        };
        if !again {
            return false;
        }
    }
}

fn shows_within_a_minute(world: &mut World, now: &mut Duration) -> bool {
    for wait in [2, 5, 10, 20, 23] {
        *now += Duration::from_secs(wait);
        if world.look(*now).is_some_and(|found| !found.is_empty()) {
            return true;
        }
    }
    false
}
