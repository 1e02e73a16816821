//! eSIM Access's error codes, one by one (reference: error codes), and what each means for money.

use roamport_domain::provider::ErrorKind;
use roamport_provider_http::Effect;

/// What a code says, whatever call it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// 000001: the provider failed.
    ServerError,
    /// 000101, 000102: a header is missing or malformed, above all the access code.
    Headers,
    /// 000103, 000104: our program speaks wrongly.
    Program,
    /// 000105 to 000107, 200008, 310201, 310211 to 310231, 310251: a parameter is wrong.
    Parameter,
    /// 101001: our clock is late or early.
    Clock,
    /// 101002: our address is not allowed.
    Address,
    /// 101003: the signature is wrong.
    Signature,
    /// 200002: the order's or eSIM's state does not allow it.
    State,
    /// 200005, 200006: a price is not the one we named.
    Price,
    /// 200007: the wallet is too small.
    Funds,
    /// 200009: the order is in an abnormal state, so there is one.
    AbnormalOrder,
    /// 200010: the profiles are still being allocated.
    Allocating,
    /// 200011: not enough profiles.
    OutOfStock,
    /// 310241, 310243: there is no such package.
    UnknownPackage,
    /// 310272: there is no such order.
    UnknownOrder,
    /// 310403: the card is not of that order.
    UnknownCard,
    /// 900001: too busy.
    Busy,
    /// 404 as a text: there is no such path.
    UnknownPath,
    /// A code this release does not know.
    Unknown,
}

/// The codes, one by one.
pub(super) const CODES: [(&str, Code); 30] = [
    ("000001", Code::ServerError),
    ("000101", Code::Headers),
    ("000102", Code::Headers),
    ("000103", Code::Program),
    ("000104", Code::Program),
    ("000105", Code::Parameter),
    ("000106", Code::Parameter),
    ("000107", Code::Parameter),
    ("200008", Code::Parameter),
    ("310201", Code::Parameter),
    ("310211", Code::Parameter),
    ("310221", Code::Parameter),
    ("310231", Code::Parameter),
    ("310251", Code::Parameter),
    ("101001", Code::Clock),
    ("101002", Code::Address),
    ("101003", Code::Signature),
    ("200002", Code::State),
    ("200005", Code::Price),
    ("200006", Code::Price),
    ("200007", Code::Funds),
    ("200009", Code::AbnormalOrder),
    ("200010", Code::Allocating),
    ("200011", Code::OutOfStock),
    ("310241", Code::UnknownPackage),
    ("310243", Code::UnknownPackage),
    ("310272", Code::UnknownOrder),
    ("310403", Code::UnknownCard),
    ("900001", Code::Busy),
    ("404", Code::UnknownPath),
];

impl Code {
    /// The meaning of the provider's code.
    pub(crate) fn of(code: &str) -> Self {
        let known = CODES.iter().find(|(known, _)| *known == code);
        known.map_or(Self::Unknown, |(_, meaning)| *meaning)
    }

    /// The kind of the port's error, for a call with this effect.
    pub(super) const fn kind(self, effect: Effect) -> ErrorKind {
        match self {
            Self::Headers | Self::Clock | Self::Address | Self::Signature => {
                ErrorKind::Unauthorized
            }
            Self::Program | Self::Parameter | Self::State | Self::Price | Self::OutOfStock => {
                ErrorKind::Rejected
            }
            Self::Funds => ErrorKind::InsufficientFunds,
            Self::UnknownPackage | Self::UnknownOrder | Self::UnknownCard => ErrorKind::NotFound,
            Self::UnknownPath => ErrorKind::Config,
            Self::ServerError => doubt(effect, ErrorKind::Unavailable),
            Self::Busy => doubt(effect, ErrorKind::RateLimited),
            // An order that cannot be read yet, or that is odd, is an order: it may be ours.
            Self::Allocating => match effect {
                Effect::None => ErrorKind::Unavailable,
                Effect::Purchase => ErrorKind::Ambiguous,
                Effect::Change => ErrorKind::Rejected,
            },
            Self::AbnormalOrder => match effect {
                Effect::Purchase => ErrorKind::Ambiguous,
                Effect::None | Effect::Change => ErrorKind::Rejected,
            },
            Self::Unknown => doubt(effect, ErrorKind::Rejected),
        }
    }

    /// What it says in our words, for an answer without any.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::ServerError => "the provider failed",
            Self::Headers => "a header is missing or malformed",
            Self::Program => "the request is not one this provider takes",
            Self::Parameter => "a parameter is missing or wrong",
            Self::Clock => "the request's timestamp is too far from the provider's clock",
            Self::Address => "the provider blocks this machine's address",
            Self::Signature => "the signature is wrong",
            Self::State => "its state does not allow this",
            Self::Price => "the price is not the one that was named",
            Self::Funds => "the wallet is too small",
            Self::AbnormalOrder => "the order is in an abnormal state",
            Self::Allocating => "the profiles are still being allocated",
            Self::OutOfStock => "not enough profiles in stock",
            Self::UnknownPackage => "there is no such package",
            Self::UnknownOrder => "there is no such order",
            Self::UnknownCard => "the ICCID is not of that order",
            Self::Busy => "the provider is busy",
            Self::UnknownPath => "there is no such path",
            Self::Unknown => "the provider refused with a code this release does not know",
        }
    }
}

const fn doubt(effect: Effect, read: ErrorKind) -> ErrorKind {
    match effect {
        Effect::None => read,
        Effect::Purchase | Effect::Change => ErrorKind::Ambiguous,
    }
}
