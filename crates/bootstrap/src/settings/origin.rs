//! Where a setting came from, and what is set in its place.

use std::fmt;
use std::path::PathBuf;

/// Where the effective value of a setting came from.
///
/// `Display` is short, for a column: `default`, `roamport.toml:12`, `ROAMPORT__PROVIDER`, `--config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Compiled in.
    Default,
    /// A settings file.
    File {
        /// The file.
        path: PathBuf,
        /// The line of the key, from 1.
        line: usize,
    },
    /// An environment variable, with the spelling it has there.
    Environment(String),
    /// A flag of the command line, such as `--data-dir`.
    Flag(String),
}

impl Origin {
    /// The origin within a sentence: `in the environment variable ROAMPORT__PROVIDER`.
    pub fn place(&self) -> String {
        match self {
            Self::Default => "in the compiled-in defaults".to_owned(),
            Self::File { path, line } => format!("in {}, line {line}", path.display()),
            Self::Environment(name) => format!("in the environment variable {name}"),
            Self::Flag(name) => format!("given with {name}"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Self::Environment(name) | Self::Flag(name) => formatter.write_str(name),
        }
    }
}

/// One effective setting, as `roamport config show` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The key, its levels separated by dots: `roamify.page_size`.
    pub key: String,
    /// The value as it was written, `None` where none is set; of a secret, [`HIDDEN`] alone.
    pub value: Option<String>,
    /// Where it came from.
    pub origin: Origin,
}

/// What stands for a secret that is set.
pub const HIDDEN: &str = "(hidden)";
