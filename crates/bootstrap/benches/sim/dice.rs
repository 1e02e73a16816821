//! Dice that fall the same way whenever they start from the same seed.

use std::time::Duration;

/// `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice of their own for one purpose of one order of one run.
    pub(crate) fn of(seed: u64, index: u64, purpose: u64) -> Self {
        let mut run = Self(seed);
        let mut order = Self(run.next() ^ index.wrapping_mul(0xA24B_AED4_963E_E407));
        Self(order.next() ^ purpose.wrapping_mul(0x9FB2_1C65_1E98_DF25))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, not including, `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(end);
        u64::try_from(wide >> 64).expect("the upper half of 128 bits fits 64")
    }

    /// A number from 0 up to, not including, a million.
    pub(crate) fn per_million(&mut self) -> u32 {
        u32::try_from(self.below(1_000_000)).expect("below a million")
    }

    /// Whether something happens that happens so often in a million.
    pub(crate) fn hits(&mut self, in_a_million: u32) -> bool {
        self.per_million() < in_a_million
    }

    /// A time in whole milliseconds, each as likely as the other.
    pub(crate) fn between(&mut self, from_ms: u64, to_ms: u64) -> Duration {
        Duration::from_millis(from_ms + self.below(to_ms.saturating_sub(from_ms) + 1))
    }

    /// A time with a long tail: each further `half_ms` is half as likely; never above `most_ms`.
    pub(crate) fn halving(&mut self, half_ms: u64, most_ms: u64) -> Duration {
        let halves = u64::from(self.next().trailing_zeros());
        let within = self.below(half_ms);
        Duration::from_millis((halves * half_ms + within).min(most_ms))
    }

    /// A time of any order of magnitude: `from_ms` doubled some times, at most to `to_ms`.
    pub(crate) fn wide(&mut self, from_ms: u64, to_ms: u64) -> Duration {
        let doublings = u64::from((to_ms / from_ms.max(1)).max(1).ilog2()) + 1;
        let base = from_ms << self.below(doublings);
        Duration::from_millis((base + self.below(base)).min(to_ms))
    }

    /// A step of a clock, forward or back, in milliseconds.
    pub(crate) fn step_ms(&mut self, most_ms: u64) -> i64 {
        let size = i64::try_from(self.wide(1_000, most_ms).as_millis()).expect("an hour or so");
        if self.next() & 1 == 0 { size } else { -size }
    }
}
