//! Numbers that look random and follow from a seed, so that a run can be asked for again.

use std::ops::RangeInclusive;
use std::time::Duration;

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, fast, and any seed is a good one.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A sequence of its own for the thing with this number, the same in every run.
    pub(crate) fn of(seed: u64, number: u64) -> Self {
        let mut parent = Self(seed ^ number.wrapping_mul(0xD1B5_4A32_D192_ED03));
        Self(parent.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number of this range. A slight favour for small ones does no harm here.
    pub(crate) fn between(&mut self, range: RangeInclusive<u64>) -> u64 {
        let size = range.end().saturating_sub(*range.start()).saturating_add(1);
        range.start() + self.next() % size.max(1)
    }

    /// Whether something happens that happens in `percent` of all cases.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.between(0..=99) < percent
    }

    pub(crate) fn milliseconds(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.between(range))
    }

    /// The place of one of these weights, heavier ones more often.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = u64> + Clone) -> usize {
        let total: u64 = weights.clone().sum();
        let mut left = self.between(1..=total.max(1));
        for (place, weight) in weights.enumerate() {
            if left <= weight {
                return place;
            }
            left -= weight;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed| {
            let mut chance = Chance::of(seed, 3);
            [chance.next(), chance.next(), chance.next()]
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
        assert_ne!(Chance::of(7, 1).next(), Chance::of(7, 2).next());
    }

    #[test]
    fn a_range_is_reached_to_both_ends_and_never_left() {
        let mut chance = Chance::new(1);
        let mut seen = [0_u32; 4];
        for _ in 0..400 {
            let number = chance.between(2..=5);
            seen[usize::try_from(number).unwrap() - 2] += 1;
        }
        assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
        assert_eq!(chance.between(9..=9), 9);
    }

    #[test]
    fn weights_decide_how_often_something_is_drawn() {
        let mut chance = Chance::new(1);
        let mut seen = [0_u32; 3];
        for _ in 0..1000 {
            seen[chance.weighted([1, 0, 9].into_iter())] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!(seen[0] > 50 && seen[2] > 800, "{seen:?}");
    }
}
