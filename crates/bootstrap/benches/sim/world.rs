//! The provider's truth for one order: what was charged and when it shows. It promises nothing: every
//! request that reaches it under one reference is charged.
//!
//! The faults of a purchase call are those of the table in the design of the order machine: 1 % of
//! requests lost, 1 % of replies lost, 0.5 % take effect late, 1.5 % answer 500, half of those after
//! charging; look-ups lag up to 3 s and 2 % of them fail.

use std::time::Duration;

use super::dice::Dice;
use super::faults::{Bound, Fault, Tally};

/// How long a caller waits for the answer to a purchase.
pub(crate) const TIME_OUT: Duration = Duration::from_secs(30);

/// How long a charge may stay invisible to look-ups.
pub(crate) const LAG: Duration = Duration::from_secs(3);

/// How many requests in a million take effect late.
pub(crate) const LATE: u32 = 5_000;

/// The longest an effect is late while the bound is kept.
const LATEST_MS: u64 = 115_000;

/// Beyond the bound an effect may be so late.
const HOURS_MS: u64 = 2 * 3_600_000;

/// One charge. Times count from the beginning of the order's life.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    /// Its number, from 0.
    pub(crate) number: usize,
    /// When the wallet was charged.
    pub(crate) at: Duration,
    /// From when on look-ups show it.
    pub(crate) visible_at: Duration,
    /// From when on it names its eSIMs.
    pub(crate) delivered_at: Duration,
}

/// What a caller hears of a purchase call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It was taken: the charge with this number.
    Taken(usize),
    /// Nothing that would tell what happened.
    Nothing,
    /// An error, from which nothing can be told either.
    ServerError,
    /// The connection was refused: nothing was sent.
    NotReached,
}

#[derive(Debug)]
pub(crate) struct World {
    bound: Bound,
    late: u32,
    calls: Dice,
    looks: Dice,
    charges: Vec<Charge>,
    /// Each eSIM whose profile was asked for, and from when on it is there.
    profiles: Vec<(String, Duration)>,
    /// Requests that were written to the socket.
    pub(crate) sent: u32,
    /// Purchase calls between their last check and their answer.
    in_flight: u32,
    /// The most of them at once.
    pub(crate) most_in_flight: u32,
    pub(crate) tally: Tally,
}

impl World {
    /// The world of one order: the same for every rule that buys in it.
    pub(crate) fn new(seed: u64, index: u64, bound: Bound, late: u32) -> Self {
        Self {
            bound,
            late,
            calls: Dice::of(seed, index, 1),
            looks: Dice::of(seed, index, 2),
            charges: Vec::new(),
            profiles: Vec::new(),
            sent: 0,
            in_flight: 0,
            most_in_flight: 0,
            tally: Tally::default(),
        }
    }

    /// A purchase request is written at `at`; says what its caller hears, and how long after.
    pub(crate) fn send(&mut self, at: Duration, time_out: Duration) -> (Heard, Duration) {
        let travel = self.calls.between(20, 600);
        let error_at = travel.min(time_out);
        let chance = self.calls.per_million();
        // Whoever hears nothing waits for the time-out, or sees the connection break before it.
        let silence = if self.calls.next() & 1 == 0 {
            time_out
        } else {
            error_at
        };
        if chance >= 995_000 {
            self.tally.count(Fault::NotReached);
            return (Heard::NotReached, error_at);
        }
        self.sent += 1;
        match chance {
            0..10_000 => {
                self.tally.count(Fault::RequestLost);
                (Heard::Nothing, silence)
            }
            10_000..20_000 => {
                self.tally.count(Fault::ReplyLost);
                self.charge(at + travel / 2);
                (Heard::Nothing, silence)
            }
            20_000..27_500 => {
                self.tally.count(Fault::ErrorBeforeCharge);
                (Heard::ServerError, error_at)
            }
            27_500..35_000 => {
                self.tally.count(Fault::ErrorAfterCharge);
                self.charge(at + travel / 2);
                (Heard::ServerError, error_at)
            }
            late if late - 35_000 < self.late => {
                self.tally.count(Fault::LateEffect);
                let late = self.lateness();
                self.charge(at + late);
                (Heard::Nothing, silence)
            }
            _ => {
                let number = self.charge(at + travel / 2);
                if travel > time_out {
                    (Heard::Nothing, time_out)
                } else {
                    (Heard::Taken(number), travel)
                }
            }
        }
    }

    fn lateness(&mut self) -> Duration {
        if self.bound == Bound::Broken && self.calls.next() & 1 == 0 {
            self.tally.count(Fault::BeyondBound);
            return self.calls.wide(120_000, HOURS_MS);
        }
        self.calls.halving(14_000, LATEST_MS)
    }

    fn charge(&mut self, at: Duration) -> usize {
        let number = self.charges.len();
        let lag = u64::try_from(LAG.as_millis()).expect("three seconds");
        let visible_at = at + self.calls.between(0, lag);
        let delivered_at = if self.calls.hits(30_000) {
            self.tally.count(Fault::DeliveredLater);
            at + self.calls.between(1_000, 60_000)
        } else {
            at
        };
        self.charges.push(Charge {
            number,
            at,
            visible_at,
            delivered_at,
        });
        number
    }

    /// The charges that a look-up shows which is answered at `at`; `None` where it fails.
    pub(crate) fn look(&mut self, at: Duration) -> Option<Vec<Charge>> {
        if self.looks.hits(20_000) {
            self.tally.count(Fault::LookUpFailed);
            return None;
        }
        let made = self.charges.iter().filter(|charge| charge.at <= at);
        let (visible, hidden): (Vec<&Charge>, Vec<&Charge>) =
            made.partition(|charge| charge.visible_at <= at);
        if !hidden.is_empty() {
            self.tally.count(Fault::LookUpLagged);
        }
        Some(visible.into_iter().cloned().collect())
    }

    /// Every charge, those yet to come included.
    pub(crate) fn charges(&self) -> &[Charge] {
        &self.charges
    }

    /// From when on everything shows.
    pub(crate) fn all_visible_at(&self) -> Duration {
        let times = self
            .charges
            .iter()
            .map(|charge| charge.visible_at.max(charge.delivered_at));
        times.max().unwrap_or_default()
    }

    /// Has a profile made by then, unless it was asked for already.
    pub(crate) fn generate_profile(&mut self, esim: &str, ready_at: Duration) {
        if self.profile_ready_at(esim).is_none() {
            self.profiles.push((esim.to_owned(), ready_at));
        }
    }

    /// From when on a profile is there; `None` where it was not asked for.
    pub(crate) fn profile_ready_at(&self, esim: &str) -> Option<Duration> {
        let asked = self.profiles.iter().find(|(asked, _)| asked == esim);
        asked.map(|(_, ready_at)| *ready_at)
    }

    pub(crate) fn begin_call(&mut self) {
        self.in_flight += 1;
        self.most_in_flight = self.most_in_flight.max(self.in_flight);
    }

    pub(crate) fn end_call(&mut self) {
        self.in_flight -= 1;
    }
}
