//! What the command line knows about itself, for the pages of `docs/reference`.

use clap::CommandFactory as _;
use roamport_domain::OrderId;
use roamport_domain::provider::{ErrorKind, ProviderError};

use crate::args::Arguments;
use crate::exit::{Exit, Failure, Report};
pub use crate::session::LOG;

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

/// The JSON of this error about an order, with every field.
pub fn error_json(error: ProviderError, order: OrderId) -> String {
    Report::example(&Failure::from(error), order)
}
