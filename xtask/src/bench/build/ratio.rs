//! Times compared without a float: ratios in thousandths, medians, and the words for them.

use std::fmt;
use std::time::Duration;

/// A ratio in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ratio(pub(super) u128);

impl Ratio {
    /// How often `floor` goes into `time`, cut off behind the third decimal.
    pub(super) fn of(time: Duration, floor: Duration) -> Self {
        Self(time.as_nanos() * 1000 / floor.as_nanos().max(1))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded upwards: no figure looks better than it is.
        let hundredths = self.0.div_ceil(10);
        write!(formatter, "{}.{:02}×", hundredths / 100, hundredths % 100)
    }
}

/// The ratios of all rounds: the least, the one in the middle, the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spread {
    pub(super) least: Ratio,
    pub(super) median: Ratio,
    pub(super) greatest: Ratio,
}

impl Spread {
    /// Each time over the floor of the same round; `None` where no round has both.
    pub(super) fn of(times: &[Duration], floors: &[Duration]) -> Option<Self> {
        let mut ratios: Vec<_> = times
            .iter()
            .zip(floors)
            .map(|(time, floor)| Ratio::of(*time, *floor))
            .collect();
        ratios.sort_unstable();
        let below = ratios.get(ratios.len().checked_sub(1)? / 2)?.0;
        let above = ratios.get(ratios.len() / 2)?.0;
        Some(Self {
            least: *ratios.first()?,
            median: Ratio(u128::midpoint(below, above)),
            greatest: *ratios.last()?,
        })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            least,
            median,
            greatest,
        } = self;
        write!(formatter, "{median} (from {least} to {greatest})")
    }
}

/// Seconds with one decimal.
pub(super) fn seconds(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// The time in the middle, or the mean of the two that are; `None` of none.
pub(super) fn median(times: &[Duration]) -> Option<Duration> {
    let mut times = times.to_vec();
    times.sort_unstable();
    let below = *times.get(times.len().checked_sub(1)? / 2)?;
    let above = *times.get(times.len() / 2)?;
    Some((below + above) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(seconds: &[u64]) -> Vec<Duration> {
        seconds.iter().copied().map(Duration::from_secs).collect()
    }

    #[test]
    fn a_ratio_is_read_in_hundredths_and_never_looks_better_than_it_is() {
        let ratio = Ratio::of(Duration::from_millis(1251), Duration::from_secs(1));
        assert_eq!(ratio, Ratio(1251));
        assert_eq!(ratio.to_string(), "1.26×");
        assert_eq!(Ratio(600).to_string(), "0.60×");
        assert_eq!(Ratio(1005).to_string(), "1.01×");
    }

    #[test]
    fn each_round_is_compared_with_itself() {
        // A machine that was twice as slow in one round was so for both.
        let spread = Spread::of(&times(&[12, 26, 11]), &times(&[10, 20, 10])).unwrap();
        assert_eq!(spread.to_string(), "1.20× (from 1.10× to 1.30×)");
    }

    #[test]
    fn an_even_number_of_rounds_has_the_mean_of_the_middle_two() {
        let spread = Spread::of(&times(&[1, 4, 2, 3]), &times(&[1, 1, 1, 1])).unwrap();
        assert_eq!(spread.median, Ratio(2500));
        assert_eq!(
            median(&times(&[1, 4, 2, 3])),
            Some(Duration::from_millis(2500))
        );
        assert_eq!(median(&times(&[9, 1, 2])), Some(Duration::from_secs(2)));
    }

    #[test]
    fn without_a_round_there_is_no_figure() {
        assert_eq!(Spread::of(&[], &[]), None);
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn times_are_written_for_people() {
        assert_eq!(seconds(Duration::from_millis(61_970)), "61.9 s");
        assert_eq!(seconds(Duration::from_millis(40)), "0.0 s");
    }
}
