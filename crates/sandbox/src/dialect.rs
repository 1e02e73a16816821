//! The HTTP dialects that one world speaks.

use serde::{Deserialize, Serialize};

/// A provider whose HTTP API the sandbox imitates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Roamify's, under `/api/…`.
    Roamify,
    /// eSIM Access's, under `/api/v1/open/…`.
    EsimAccess,
}

impl Dialect {
    /// Its name, such as `esim-access`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Roamify => "roamify",
            Self::EsimAccess => "esim-access",
        }
    }
}

/// Which dialects a server answers. Their paths are different ones, so that it may be both at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Dialects {
    /// Roamify's alone
    Roamify,
    /// eSIM Access's alone
    EsimAccess,
    /// Each under its own paths
    #[default]
    Both,
}

impl Dialects {
    /// Whether this dialect is one of them.
    pub const fn speaks(self, dialect: Dialect) -> bool {
        matches!(
            (self, dialect),
            (Self::Both, _)
                | (Self::Roamify, Dialect::Roamify)
                | (Self::EsimAccess, Dialect::EsimAccess)
        )
    }
}
