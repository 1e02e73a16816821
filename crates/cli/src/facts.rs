//! What the command line knows about itself, for the pages of `docs/reference`.

use clap::CommandFactory as _;
use roamport_domain::provider::{ErrorKind, ProviderError};
use roamport_domain::{Capabilities, OrderId};

use crate::args::Arguments;
use crate::exit::{Exit, Failure, Kind, Report};
pub use crate::session::LOG;
pub use crate::view::order::{attention_sentence, state_sentence};

/// Every command with its options.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Every exit code with its meaning, from 0.
pub fn exit_codes() -> impl Iterator<Item = (u8, &'static str)> {
    Exit::ALL.iter().map(|exit| (exit.number(), exit.meaning()))
}

/// The exit code of a command that ends with such an error of a provider.
pub fn provider_exit_code(kind: ErrorKind) -> u8 {
    crate::exit::provider_exit_code(kind).number()
}

/// The kinds of the command line's own failures, by their names in JSON, each with its meaning.
pub fn failure_kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    Kind::ALL.iter().map(|kind| (kind.as_str(), kind.meaning()))
}

/// The JSON of this error about an order, with every field.
pub fn error_json(error: ProviderError, order: OrderId) -> String {
    Report::example(&Failure::from(error), order)
}

/// The capabilities of a provider, as `roamport providers --json` shows them.
pub fn capabilities_json(capabilities: &Capabilities) -> serde_json::Value {
    crate::view::provider::capabilities_json(capabilities)
}
