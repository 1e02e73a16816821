//! The exit codes: their numbers and what each says.

use std::process::ExitCode;

/// How the process ends. The numbers are part of the command line's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Anything else, and "no" at the prompt.
    Other = 1,
    /// The command line cannot be carried out as typed.
    Usage = 2,
    /// Refused by the provider or by a check; nothing was bought.
    Refused = 3,
    /// Unfinished, of unknown outcome, in need of attention, or an order that was interrupted.
    Unfinished = 4,
    /// The provider cannot be reached or read, on a read.
    Unreachable = 5,
    /// The settings or the token are wrong.
    Settings = 6,
    /// Everything that is known agrees, and the provider's list is not proven whole.
    Unproven = 7,
    /// Interrupted where nothing was at stake, as 128 and the number of SIGINT say in a shell.
    Interrupted = 130,
}

impl Exit {
    /// Every code, from 0.
    pub(crate) const ALL: [Self; 9] = [
        Self::Done,
        Self::Other,
        Self::Usage,
        Self::Refused,
        Self::Unfinished,
        Self::Unreachable,
        Self::Settings,
        Self::Unproven,
        Self::Interrupted,
    ];

    /// What it says, as help and the reference have it.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Other => "anything else, and \"no\" at the prompt",
            Self::Usage => "the command line cannot be carried out as typed",
            Self::Refused => "refused by the provider or by a check: nothing was bought",
            Self::Unfinished => {
                "unfinished, of unknown outcome, in need of attention, or an order was interrupted"
            }
            Self::Unreachable => "the provider cannot be reached, or its answer cannot be read",
            Self::Settings => "the settings or the token are wrong",
            Self::Unproven => {
                "everything that is known agrees, but the provider's list may be incomplete"
            }
            Self::Interrupted => "interrupted, and nothing was at stake: no money moved",
        }
    }

    /// The number.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}
