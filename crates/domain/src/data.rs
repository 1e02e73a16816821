//! How much data a plan carries.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount of data in bytes. Every adapter knows its own provider's megabyte and converts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct DataSize(u64);

impl DataSize {
    /// 1024² bytes, the megabyte of Roamify and Airalo.
    pub const MEBIBYTE: Self = Self(1 << 20);
    /// 1024³ bytes.
    pub const GIBIBYTE: Self = Self(1 << 30);

    /// This many bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// `count` times this size, or `None` beyond 2^64−1 bytes.
    pub fn checked_times(self, count: u64) -> Option<Self> {
        self.0.checked_mul(count).map(Self)
    }

    /// The sum of two sizes, or `None` beyond 2^64−1 bytes.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

/// As people in the trade write it, in binary units: `1 GB`, `1.5 GB`, `512 MB`, `300 kB`.
impl fmt::Display for DataSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [
            (1 << 40, "TB"),
            (1 << 30, "GB"),
            (1 << 20, "MB"),
            (1 << 10, "kB"),
        ];
        let (unit, name) = UNITS
            .into_iter()
            .find(|(unit, _)| self.0 >= *unit)
            .unwrap_or((1, "B"));
        // Hundredths, rounded half up, in integers: 128 bits hold 100 times any u64.
        let hundredths = (u128::from(self.0) * 100 + u128::from(unit) / 2) / u128::from(unit);
        let (whole, part) = (hundredths / 100, hundredths % 100);
        let text = match part {
            0 => format!("{whole} {name}"),
            part if part % 10 == 0 => format!("{whole}.{} {name}", part / 10),
            part => format!("{whole}.{part:02} {name}"),
        };
        formatter.pad(&text)
    }
}

/// What happens after a limit of full-speed data is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterLimit {
    /// Nothing more is carried.
    Stopped,
    /// Data goes on at this many kilobits (1000 bits) a second.
    Slowed {
        /// Kilobits a second.
        kilobits_per_second: u32,
    },
    /// The provider does not say.
    Unknown,
}

/// The full-speed part of an unlimited plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FairUse {
    /// Full-speed data before the limit, where the provider says how much.
    pub threshold: Option<DataSize>,
    /// What happens after it.
    pub then: AfterLimit,
}

/// The data of a plan.
///
/// A provider's own sentinel for "unlimited", such as 2^53−1 MB, never gets this far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DataAllowance {
    /// So much in all.
    Fixed {
        /// The whole allowance.
        size: DataSize,
    },
    /// So much on each day.
    Daily {
        /// Each day's allowance.
        per_day: DataSize,
        /// What happens once a day's allowance is used.
        then: AfterLimit,
    },
    /// No end, though perhaps slower after a while.
    Unlimited {
        /// The fair-use limit, where there is one.
        fair_use: Option<FairUse>,
    },
}

impl DataAllowance {
    /// The size of a fixed allowance.
    pub const fn fixed_size(&self) -> Option<DataSize> {
        match self {
            Self::Fixed { size } => Some(*size),
            Self::Daily { .. } | Self::Unlimited { .. } => None,
        }
    }

    /// Whether the plan has no end of data.
    pub const fn is_unlimited(&self) -> bool {
        matches!(self, Self::Unlimited { .. })
    }
}

impl fmt::Display for DataAllowance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Fixed { size } => size.to_string(),
            Self::Daily { per_day, .. } => format!("{per_day} a day"),
            Self::Unlimited { fair_use: None } => "unlimited".to_owned(),
            Self::Unlimited {
                fair_use: Some(FairUse {
                    threshold: None, ..
                }),
            } => "unlimited, fair use".to_owned(),
            Self::Unlimited {
                fair_use:
                    Some(FairUse {
                        threshold: Some(size),
                        then,
                    }),
            } => match then {
                AfterLimit::Slowed {
                    kilobits_per_second,
                } => {
                    format!("unlimited ({size}, then {kilobits_per_second} kbit/s)")
                }
                AfterLimit::Stopped | AfterLimit::Unknown => {
                    format!("unlimited ({size} at full speed)")
                }
            },
        };
        formatter.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_binary_units_with_at_most_two_decimals() {
        let shown = |bytes| DataSize::from_bytes(bytes).to_string();
        assert_eq!(shown(0), "0 B");
        assert_eq!(shown(1 << 30), "1 GB");
        assert_eq!(shown(3 << 29), "1.5 GB");
        assert_eq!(shown(2211 << 20), "2.16 GB");
        assert_eq!(shown(512 << 20), "512 MB");
        assert_eq!(shown(u64::MAX), "16777216 TB");
    }

    #[test]
    fn an_allowance_is_readable() {
        let fair_use = FairUse {
            threshold: Some(DataSize::from_bytes(2 << 30)),
            then: AfterLimit::Slowed {
                kilobits_per_second: 128,
            },
        };
        let unlimited = DataAllowance::Unlimited {
            fair_use: Some(fair_use),
        };
        assert_eq!(unlimited.to_string(), "unlimited (2 GB, then 128 kbit/s)");
        assert_eq!(
            DataAllowance::Fixed {
                size: DataSize::GIBIBYTE
            }
            .to_string(),
            "1 GB"
        );
    }

    #[test]
    fn sizes_beyond_sixty_four_bits_are_refused() {
        assert_eq!(
            DataSize::from_bytes(u64::MAX).checked_add(DataSize::from_bytes(1)),
            None
        );
        assert_eq!(DataSize::GIBIBYTE.checked_times(1 << 34), None);
    }
}
