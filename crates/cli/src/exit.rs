//! How a command ends: its failures, what they say, and the one function that gives the exit code.

mod code;
mod report;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

use jiff::civil::Date;
use roamport_app::{AppError, DecisionError, Halt, Refusal};
use roamport_domain::esim::Undeliverable;
use roamport_domain::journal::JournalError;
use roamport_domain::order::{DeferralReason, Ending, OrderState};
use roamport_domain::provider::{ErrorKind, ProviderError};
use roamport_domain::{Capabilities, EsimId, Order, OrderId, ProviderName};

pub(crate) use self::code::Exit;
pub(crate) use self::report::{Report, tell, tell_usage};
use crate::output::WriteFailed;
use crate::view::provider::abilities;

/// How giving an eSIM back ended where it did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotGivenBack {
    /// The provider refused.
    Refused,
    /// Nothing happened; it may be asked for again.
    NotDone,
    /// It may have happened; asking again is harmless.
    Unknown,
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A use-case failed.
    App(Box<AppError>),
    /// The provider cannot do what was asked for.
    CannotDo {
        /// As the use-case said it.
        error: Box<AppError>,
        /// What it can do.
        abilities: String,
    },
    /// An eSIM was not given back, as far as is known.
    NotGivenBack {
        /// The order that bought it.
        order: OrderId,
        /// Which eSIM.
        esim: EsimId,
        /// How it ended.
        why: NotGivenBack,
        /// What was seen.
        message: String,
    },
    /// The settings are wrong, or what they name cannot be used.
    Settings {
        /// What is wrong, and what to do.
        message: String,
        /// Whether all settings could be read, so that they can be shown.
        readable: bool,
    },
    /// The sandbox cannot be served as asked.
    Sandbox {
        /// What is wrong, and what to do.
        message: String,
    },
    /// The command line cannot be carried out as typed.
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The first day of the journey is over in UTC, and nobody can be asked whether it is meant.
    DateOver {
        /// As it was typed.
        date: Date,
        /// The day it is, in UTC.
        today: Date,
    },
    /// The profile of an eSIM is not there yet.
    NoProfile {
        /// Which.
        esim: String,
        /// Why none will come; `None` if it only has not come yet.
        why: Option<Undeliverable>,
    },
    /// An order did not come to the end that was asked for.
    Order {
        /// As it stands.
        order: Box<Order>,
        /// Why nobody waits for it any longer.
        halt: Halt,
    },
    /// An order for the same thing is unfinished, and nobody can be asked about it.
    Unfinished {
        /// Which.
        order: OrderId,
        /// Where it stands.
        state: OrderState,
    },
    /// Several of the orders that were carried on did not come to a good end.
    Several {
        /// How many.
        count: usize,
        /// The gravest of their codes.
        exit: Exit,
    },
    /// A reconciliation found no difference, and the provider's list is not proven whole.
    ListUnproven {
        /// What is not known, in a sentence.
        verdict: String,
        /// What to do.
        hint: String,
    },
    /// A reconciliation found differences, or could not look everywhere.
    NotClean {
        /// What is wrong, in a sentence.
        verdict: String,
        /// What to do.
        hint: String,
    },
    /// Somebody said no at the prompt.
    Declined,
    /// The process was interrupted before anything was at stake, or an order was left at once.
    Interrupted {
        /// The order that was worked on, and whether money may have moved.
        order: Option<(OrderId, bool)>,
    },
    /// A worker was left at once, with calls under way.
    WorkerLeft,
    /// A file could not be written.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What became of orders could not be written to standard output.
    NotPrinted {
        /// The order, where it is one, and whether money may have moved for it.
        order: Option<(OrderId, bool)>,
        /// Why.
        source: io::Error,
    },
    /// Standard output could not be written.
    Stdout(io::Error),
    /// The reader of standard output went away, as `head` does.
    StdoutClosed,
    /// The machine refused something no command can do without.
    Machine(String),
}

impl Failure {
    /// The failure, and where the provider cannot do what was asked for, what it can do.
    pub(crate) fn with_abilities(self, provider: &ProviderName, can: &Capabilities) -> Self {
        match self {
            Self::App(error) if cannot_do(&error) => Self::CannotDo {
                error,
                abilities: abilities(provider, can),
            },
            failure => failure,
        }
    }
}

fn cannot_do(error: &AppError) -> bool {
    match error {
        AppError::Provider(error) => error.kind() == ErrorKind::Unsupported,
        AppError::Refused(refusal) => matches!(refusal, Refusal::CannotCancel { .. }),
        _ => false,
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        Self::App(Box::new(error))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        AppError::from(refusal).into()
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        AppError::from(error).into()
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        AppError::from(error).into()
    }
}

impl From<WriteFailed> for Failure {
    fn from(error: WriteFailed) -> Self {
        match error {
            WriteFailed::Closed => Self::StdoutClosed,
            WriteFailed::Failed(error) => Self::Stdout(error),
        }
    }
}

/// The exit code of a failure: the one place that decides it.
pub(crate) fn exit_code(failure: &Failure) -> Exit {
    match failure {
        Failure::App(error) | Failure::CannotDo { error, .. } => app_exit_code(error),
        Failure::NotGivenBack { why, .. } => match why {
            NotGivenBack::Refused => Exit::Refused,
            NotGivenBack::NotDone => Exit::Unreachable,
            NotGivenBack::Unknown => Exit::Unfinished,
        },
        Failure::Settings { .. } => Exit::Settings,
        Failure::Usage { .. } | Failure::DateOver { .. } => Exit::Usage,
        Failure::Order { order, .. } => order_exit_code(order),
        Failure::Several { exit, .. } => *exit,
        Failure::ListUnproven { .. } => Exit::Unproven,
        Failure::NoProfile { .. }
        | Failure::Unfinished { .. }
        | Failure::NotClean { .. }
        | Failure::Interrupted { order: Some(_) }
        | Failure::WorkerLeft => Exit::Unfinished,
        Failure::Interrupted { order: None } => Exit::Interrupted,
        Failure::Sandbox { .. }
        | Failure::Declined
        | Failure::File { .. }
        | Failure::NotPrinted { .. }
        | Failure::Stdout(_)
        | Failure::Machine(_) => Exit::Other,
        Failure::StdoutClosed => Exit::Done,
    }
}

fn app_exit_code(error: &AppError) -> Exit {
    match error {
        AppError::Provider(error) => provider_exit_code(error.kind()),
        AppError::Journal(error) => journal_exit_code(error),
        AppError::Refused(Refusal::Empty)
        | AppError::UnknownCountry { .. }
        | AppError::UnknownDestination { .. }
        | AppError::KeyReused { .. } => Exit::Usage,
        AppError::Refused(_) => Exit::Refused,
        AppError::Decision(error) => decision_exit_code(error),
        AppError::OtherProvider { .. } => Exit::Settings,
        AppError::AnswerNotRecorded { .. }
        | AppError::CancellationNotRecorded { .. }
        | AppError::Broken(_) => Exit::Unfinished,
        _ => Exit::Other,
    }
}

const fn decision_exit_code(error: &DecisionError) -> Exit {
    match error {
        DecisionError::Unsigned { .. } | DecisionError::NotChecked { .. } => Exit::Usage,
        DecisionError::HeldElsewhere { .. } => Exit::Unfinished,
        _ => Exit::Refused,
    }
}

/// The exit code of a provider's error.
pub(crate) const fn provider_exit_code(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::Unavailable | ErrorKind::RateLimited | ErrorKind::InvalidResponse => {
            Exit::Unreachable
        }
        ErrorKind::Rejected
        | ErrorKind::NotFound
        | ErrorKind::Unsupported
        | ErrorKind::InsufficientFunds => Exit::Refused,
        ErrorKind::Ambiguous => Exit::Unfinished,
        ErrorKind::Unauthorized | ErrorKind::Config => Exit::Settings,
        _ => Exit::Other,
    }
}

const fn journal_exit_code(error: &JournalError) -> Exit {
    match error {
        JournalError::NotFound(_) => Exit::Usage,
        JournalError::VersionConflict { .. } | JournalError::ClaimLost(_) => Exit::Unfinished,
        _ => Exit::Other,
    }
}

/// The exit code of an order that stands as it does.
pub(crate) fn order_exit_code(order: &Order) -> Exit {
    match order.state() {
        OrderState::Fulfilled => Exit::Done,
        OrderState::Failed => match order.ending() {
            Some(Ending::Expired) => expired_exit_code(order),
            Some(Ending::WrittenOff) => Exit::Other,
            _ => Exit::Refused,
        },
        OrderState::Cancelled => Exit::Other,
        OrderState::Requested
        | OrderState::Placing
        | OrderState::Reconciling
        | OrderState::Placed
        | OrderState::Provisioning
        | OrderState::NeedsAttention => Exit::Unfinished,
    }
}

/// An order that was never sent in time ends for the reason it waited for.
fn expired_exit_code(order: &Order) -> Exit {
    match order.deferral().map(|deferral| deferral.reason) {
        Some(Some(DeferralReason::Halted)) => Exit::Settings,
        Some(
            Some(
                DeferralReason::ProviderUnavailable
                | DeferralReason::LookUpUnhealthy
                | DeferralReason::BackPressure
                | DeferralReason::Held,
            )
            | None,
        ) => Exit::Unreachable,
        Some(Some(DeferralReason::WalletShort)) | None => Exit::Refused,
    }
}
