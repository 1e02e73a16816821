//! Why a program cannot start with its settings.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use roamport_domain::journal::JournalError;
use roamport_sandbox::WorldError;

use crate::settings::{Origin, SettingsError};

/// Why provider or journal could not be started. No order was touched and no money moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting is missing, or what it names cannot be read.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Nobody is registered under the name.
    #[error(
        "unknown {kind} `{name}` {place}: {hint}",
        place = origin.place(),
        hint = hint(nearest.as_deref(), known)
    )]
    Unknown {
        /// What was looked for: `provider` or `journal`.
        kind: &'static str,
        /// The name in the settings.
        name: String,
        /// Where it stands.
        origin: Origin,
        /// The registered name that is nearest to it, if any is near.
        nearest: Option<String>,
        /// All registered names.
        known: Vec<String>,
    },
    /// The provider's adapter refuses its settings.
    #[error("provider `{name}` cannot be used: {source}")]
    Provider {
        /// Its name in the settings.
        name: String,
        /// What is wrong.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The sandbox cannot continue its world.
    #[error("the sandbox cannot start: {source}{}", sandbox_hint(source))]
    Sandbox {
        /// What is wrong.
        #[source]
        source: WorldError,
    },
    /// The sandbox found no port on loopback.
    #[error("the sandbox cannot listen on loopback: {0}")]
    SandboxPort(#[source] io::Error),
    /// The directory for data cannot be made.
    #[error("cannot make the data directory {path}: {source}; name another one with --data-dir", path = path.display())]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

fn hint(nearest: Option<&str>, known: &[String]) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("there is {}", known.join(", ")),
    }
}

/// What to do about a world of another catalogue; other errors say it themselves.
fn sandbox_hint(error: &WorldError) -> &'static str {
    use roamport_sandbox::state::StateError;
    match error {
        WorldError::State(StateError::OtherWorld { .. }) => {
            "; set sandbox.seed and sandbox.packages back, name another data directory with \
             --data-dir, or move the file away to begin a new world"
        }
        _ => "",
    }
}
