//! What was asked and answered in one case, as a careful reader of both sides could write it down.

use std::time::Duration;

use roamport_sandbox::Dialect;

/// A call of a provider's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Call {
    Destinations,
    Packages,
    TopUpPackages,
    Wallet,
    FindByReference,
    FindById,
    List,
    Purchase,
    TopUp,
    Provision,
    Esim,
    Usage,
    Cancel,
}

impl Call {
    pub(crate) const ALL: [(Self, &'static str); 13] = [
        (Self::Destinations, "destinations"),
        (Self::Packages, "packages"),
        (Self::TopUpPackages, "top-up packages"),
        (Self::Wallet, "wallet"),
        (Self::FindByReference, "order by reference"),
        (Self::FindById, "order by id"),
        (Self::List, "list of orders"),
        (Self::Purchase, "purchase"),
        (Self::TopUp, "top-up"),
        (Self::Provision, "provision"),
        (Self::Esim, "eSIM"),
        (Self::Usage, "usage"),
        (Self::Cancel, "cancel"),
    ];

    pub(crate) const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Whether it buys.
    pub(crate) const fn buys(self) -> bool {
        matches!(self, Self::Purchase | Self::TopUp)
    }

    /// Whether it looks for orders.
    pub(crate) const fn finds(self) -> bool {
        matches!(self, Self::FindByReference | Self::FindById | Self::List)
    }
}

/// What a request asks for, as far as an answer can be held against it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) reference: Option<String>,
    pub(crate) order: Option<String>,
    pub(crate) esim: Option<String>,
    pub(crate) iccid: Option<String>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// No whole answer.
    Nothing,
    Whole {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
}

/// One request, and its answer as the liar sent it.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// The process that asked.
    pub(crate) process: u32,
    pub(crate) call: Call,
    /// The account whose credentials went with it.
    pub(crate) account: u8,
    /// When it was sent and when it was answered, since the case began.
    pub(crate) sent: Duration,
    pub(crate) answered: Duration,
    pub(crate) asked: Asked,
    pub(crate) answer: Answer,
    /// The process died before it could store what the answer says.
    pub(crate) lost: bool,
    /// What the rule that changed the answer is called; not for the judge.
    pub(crate) lie: Option<&'static str>,
}

/// What the journal says was ordered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ordered {
    pub(crate) reference: String,
    /// One entry for each eSIM or top-up.
    pub(crate) packages: Vec<String>,
    /// In ten-thousandths of a dollar.
    pub(crate) total: i64,
    /// The eSIM that is topped up.
    pub(crate) target: Option<KnownEsim>,
}

/// An eSIM that the journal delivered before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KnownEsim {
    pub(crate) id: String,
    pub(crate) iccid: String,
    pub(crate) code: String,
}

/// An order that the journal recorded before this one: the control order, and where an eSIM may have
/// gone already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) reference: String,
    pub(crate) order: String,
    pub(crate) esims: Vec<KnownEsim>,
    /// The account it was placed with.
    pub(crate) account: u8,
}

/// One case: the journal's view, and every answer in the order it came.
#[derive(Clone, Debug)]
pub(crate) struct Transcript {
    pub(crate) dialect: Dialect,
    pub(crate) ordered: Ordered,
    pub(crate) known: Vec<Known>,
    pub(crate) exchanges: Vec<Exchange>,
}
