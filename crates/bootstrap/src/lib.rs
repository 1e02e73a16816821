#![doc = include_str!("../README.md")]

mod composition;
mod ending;
mod error;
mod journals;
mod providers;
mod registry;
pub mod settings;
mod stack;
mod telemetry;
pub mod terminal;

pub use self::composition::{Composition, CompositionBuilder};
pub use self::error::StartError;
pub use self::journals::{JournalContext, Journals, Storage};
pub use self::providers::{DescribedProvider, ProviderContext, Providers, RunningProvider};
pub use self::settings::{
    Described, Directories, Environment, Origin, Settings, SettingsError, SettingsLoader,
};
pub use self::stack::gate;
pub use self::telemetry::{Telemetry, TelemetryError};
pub use roamport_app::SystemClock;

/// The guides' steps, run as doctests here: the one crate that may see every other.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guides/embedding.md")]
#[doc = include_str!("../../../docs/guides/writing-an-adapter.md")]
struct Guides;
