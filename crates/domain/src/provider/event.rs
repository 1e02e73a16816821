//! What providers send by themselves: the port that decodes such a delivery.
//!
//! A delivery is decoded without I/O, and what comes out only says what to *read again*: an event
//! never changes money or a state by itself, whoever sent it.

use std::fmt;
use std::fmt::Debug;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::EsimKey;
use crate::{ProviderName, ProviderOrderId, Reference};

/// One HTTP delivery as it arrived: bytes, not text, since a signature covers them.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// The headers: names in any case, values as they came.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body, unchanged.
    pub body: &'a [u8],
    /// When it arrived.
    pub received_at: Timestamp,
}

impl<'a> Delivery<'a> {
    /// The value of a header that is there exactly once; names are compared without regard to case
    /// (RFC 9110, section 5.1).
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        let mut values = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value);
        values.next().filter(|_| values.next().is_none())
    }
}

impl Debug for Delivery<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Delivery")
            .field("headers", &self.headers.len())
            .field("bytes", &self.body.len())
            .field("received_at", &self.received_at)
            .finish()
    }
}

/// Whether a delivery is known to come from the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// A signature over these very bytes was right.
    Verified,
    /// Anybody may have sent it.
    Hint,
}

/// What one event is about. It names what to read again; figures in it are not passed on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProviderEventKind {
    /// The provider tries whether anybody listens.
    Ping,
    /// Something happened to an order.
    OrderChanged {
        /// The provider's id of it.
        order: Option<ProviderOrderId>,
        /// Our reference, where the event names it.
        reference: Option<Reference>,
    },
    /// Something happened to an eSIM: its profile, its plan or its end.
    EsimChanged {
        /// Which.
        esim: EsimKey,
    },
    /// An eSIM used data.
    UsageChanged {
        /// Which.
        esim: EsimKey,
    },
    /// The wallet was moved or is running low.
    BalanceChanged,
    /// Somebody decided about a refund.
    RefundDecided {
        /// Of which eSIM.
        esim: EsimKey,
    },
    /// Something this release has no word for; the provider's text.
    Other(String),
}

/// One event of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderEvent {
    /// The same for every delivery of this event: the provider's id of it where it gives one,
    /// otherwise a digest of what it says. At most 128 characters, no secret.
    pub id: String,
    /// What it is about.
    pub kind: ProviderEventKind,
}

/// What a delivery holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedDelivery {
    /// Whether it is known to come from the provider.
    pub trust: Trust,
    /// The events, in the order they stand in.
    pub events: Vec<ProviderEvent>,
}

/// Why a delivery was refused. Nothing of it is passed on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The body is longer than any event of this provider.
    #[error("the delivery has {bytes} bytes; at most {limit} are read")]
    TooLarge {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// The provider signs its deliveries, and this one bears no signature, or several.
    #[error("the delivery bears no signature")]
    Unsigned,
    /// The signature is not that of these bytes under our secret.
    #[error("the delivery's signature is wrong: another secret, or changed on the way")]
    WrongSignature,
    /// The body is no event: not JSON, cut short, or without what every event has.
    #[error("the delivery cannot be read: {0}")]
    Malformed(String),
}

/// Decodes what a provider sends by itself: raw bytes and headers in, events and trust out.
///
/// Synchronous and without I/O; it reads no clock. An implementation compares signatures in constant
/// time, and checks them before it looks at the body.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait EventDecoder: Debug + Send + Sync + 'static {
    /// Whose events these are.
    fn provider(&self) -> &ProviderName;

    /// The events of a delivery. A kind of event that is not known is no error:
    /// [`ProviderEventKind::Other`].
    ///
    /// # Errors
    ///
    /// [`DeliveryError`]: the delivery is to be refused.
    #[expect(
        clippy::elidable_lifetime_names,
        reason = "the mock needs the lifetime named"
    )]
    fn decode<'a>(&self, delivery: &Delivery<'a>) -> Result<DecodedDelivery, DeliveryError>;
}
