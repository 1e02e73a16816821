//! The provider's error codes, and which refusal of the world is which.

use super::super::reply::Reply;
use super::answers::Envelope;
use crate::switches::EsimAccessSwitches;
use crate::world::{Refusal, WorldError};

/// A code with a text; HTTP 200, unless it says otherwise.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    code: &'static str,
    message: String,
    status: u16,
    hang_up: bool,
}

impl Failure {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            status: 200,
            hang_up: false,
        }
    }

    pub(super) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// No answer at all.
    pub(super) fn hang_up() -> Self {
        Self {
            hang_up: true,
            ..Self::new("000001", "")
        }
    }

    pub(super) fn reply(&self, switches: &EsimAccessSwitches) -> Reply {
        if self.hang_up {
            return Reply::hang_up();
        }
        Reply {
            status: self.status,
            ..Envelope::failure(switches, self.code, &self.message)
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        refuse(&refusal.into())
    }
}

/// The provider's code for what the world refuses.
pub(super) fn refuse(error: &WorldError) -> Failure {
    let WorldError::Refused(refusal) = error else {
        return Failure::new("000001", error.to_string());
    };
    let code = match refusal {
        Refusal::UnknownPackage(_) => "310241",
        Refusal::UnknownOrder => "310272",
        Refusal::UnknownEsim => "310403",
        Refusal::PriceDiffers { .. } => "200005",
        Refusal::TotalDiffers { .. } => "200006",
        Refusal::InsufficientBalance { .. } => "200007",
        Refusal::OutOfStock => "200011",
        Refusal::StillPending | Refusal::NotApplied => "200010",
        Refusal::NotAllowed
        | Refusal::AlreadyCancelled
        | Refusal::Expired
        | Refusal::TopUpUnsupported
        | Refusal::UsageUnsupported => "200002",
        Refusal::NothingOrdered
        | Refusal::TooMany(_)
        | Refusal::DaysWrong(_)
        | Refusal::Incompatible
        | Refusal::DuplicateReference
        | Refusal::TransactionDiffers
        | Refusal::StartDateMissing
        | Refusal::StartDateMalformed
        | Refusal::StartDatePast => "200008",
    };
    let text = match refusal {
        Refusal::InsufficientBalance { .. } => "balance too low".to_owned(),
        other => other.to_string(),
    };
    Failure::new(code, text)
}
