//! What is asked of a provider beside purchases, and the orders it answers with.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Refund;
use crate::{Esim, EsimId, Iccid, Money, Oddity, PackageId, ProviderOrderId, Reference};

/// How to find an order again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderLookup {
    /// All orders under our reference.
    Reference {
        /// Our reference.
        reference: Reference,
        /// No order older than this can be meant.
        not_before: Timestamp,
    },
    /// The order with the provider's id.
    Id(ProviderOrderId),
    /// All orders made at this moment or later.
    Since(Timestamp),
}

/// The orders of an answer: all of its rows, whatever reference they name. What is not asked for shows
/// that the provider's filter does not hold, so that nothing is left out here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundOrders {
    /// Every order of the answer.
    pub orders: Vec<ProviderOrder>,
    /// Whether these are all there are. A cut list proves no absence.
    pub complete: bool,
    /// The form of the answer.
    pub form: AnswerForm,
    /// Whether it came from no cache: no `Age` above 0, and no hit named in a header.
    pub fresh: bool,
}

/// The form of an answer to a lookup. An answer that is neither is an error.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AnswerForm {
    /// Exactly as documented: status 200, the success word, no error, a list of orders.
    Documented,
    /// It does not say that the call failed, and is not as documented: no success word, `null` for the
    /// list, or 204. Proves no absence once something was sent.
    Tolerated,
    /// It is 404 with this failure body of the provider's own, at most 1000 bytes of it. Proves absence
    /// only where the provider is known to say so.
    NotFound(String),
}

impl FoundOrders {
    /// A documented, complete and fresh answer with these orders.
    pub const fn documented(orders: Vec<ProviderOrder>) -> Self {
        Self {
            orders,
            complete: true,
            form: AnswerForm::Documented,
            fresh: true,
        }
    }
}

/// Where an order stands at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProviderOrderStatus {
    /// Accepted; the items may come later.
    Pending,
    /// Done.
    Completed,
    /// Taken back before it was done.
    Cancelled,
    /// The money went back.
    Refunded,
    /// A part of the money went back: not all that was ordered is to be had.
    PartiallyRefunded,
    /// A person has to do something at the provider.
    ActionRequired,
    /// Done and filed away.
    Archived,
    /// A state this release has no word for; the provider's text. Nothing waits for it for ever.
    Other(String),
}

impl ProviderOrderStatus {
    /// Whether the provider will change it no more by itself.
    pub const fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Completed
                | Self::Cancelled
                | Self::Refunded
                | Self::PartiallyRefunded
                | Self::Archived
        )
    }

    /// Whether a person should look: the order was taken back, or asks for something.
    pub const fn wants_attention(&self) -> bool {
        matches!(
            self,
            Self::Cancelled | Self::Refunded | Self::PartiallyRefunded | Self::ActionRequired
        )
    }
}

/// One eSIM of a provider's order, as far as the answer names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderOrderItem {
    /// What was bought.
    pub package: Option<PackageId>,
    /// The eSIM.
    pub esim: Option<EsimId>,
    /// The card of it, where the answer names it apart from a profile: of a top-up, the card that was
    /// topped up.
    pub iccid: Option<Iccid>,
    /// What this one cost, wholesale. Absent where the amount is another one, such as a retail price.
    pub price: Option<Money>,
    /// The finished profile, where the answer already holds it.
    pub profile: Option<Esim>,
}

/// An order as the provider tells it. Some answer with an id alone and deliver later, some with the
/// finished profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderOrder {
    /// The provider's id.
    pub id: ProviderOrderId,
    /// The reference it was made under, as the provider spells it; see [`Reference::named`] and
    /// [`Reference::compare`]. `None` where it names none.
    pub reference: Option<Reference>,
    /// Where it stands.
    pub status: ProviderOrderStatus,
    /// What was charged in all.
    pub total: Option<Money>,
    /// Its eSIMs, one entry each.
    pub items: Vec<ProviderOrderItem>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// What the provider sent of it and could not be read, each once; in its place stands nothing.
    pub oddities: Vec<Oddity>,
}

/// The names by which an eSIM is known: its id, its card number, or both; never neither.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EsimKey {
    id: Option<EsimId>,
    iccid: Option<Iccid>,
}

/// An eSIM was to be named by nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an eSIM is named by its id or its ICCID; neither was given")]
pub struct EmptyEsimKey;

impl EsimKey {
    /// The eSIM with these names.
    ///
    /// # Errors
    ///
    /// [`EmptyEsimKey`] where both are missing.
    pub fn new(id: Option<EsimId>, iccid: Option<Iccid>) -> Result<Self, EmptyEsimKey> {
        if id.is_none() && iccid.is_none() {
            Err(EmptyEsimKey)
        } else {
            Ok(Self { id, iccid })
        }
    }

    /// The eSIM with the provider's id.
    pub const fn from_id(id: EsimId) -> Self {
        Self {
            id: Some(id),
            iccid: None,
        }
    }

    /// The eSIM that bears this card number now.
    pub const fn from_iccid(iccid: Iccid) -> Self {
        Self {
            id: None,
            iccid: Some(iccid),
        }
    }

    /// The eSIM with the provider's id, and its card number if that is known too.
    pub const fn of(id: EsimId, iccid: Option<Iccid>) -> Self {
        Self {
            id: Some(id),
            iccid,
        }
    }

    /// The provider's id, where known.
    pub const fn id(&self) -> Option<&EsimId> {
        self.id.as_ref()
    }

    /// The card number, where known.
    pub const fn iccid(&self) -> Option<&Iccid> {
        self.iccid.as_ref()
    }
}

impl fmt::Display for EsimKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.id, &self.iccid) {
            (Some(id), _) => id.fmt(formatter),
            (None, Some(iccid)) => iccid.fmt(formatter),
            (None, None) => formatter.pad(""),
        }
    }
}

/// Which usage to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageQuery {
    /// Of which eSIM.
    pub esim: EsimKey,
    /// Day by day as well, where the provider has it.
    pub daily: bool,
}

/// Gives an eSIM back that nobody has installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelRequest {
    /// Which eSIM.
    pub esim: EsimKey,
}

/// An eSIM that was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelledEsim {
    /// When its money comes back.
    pub refund: Refund,
    /// How much of it, where the provider says so.
    pub amount: Option<Money>,
}

/// Asks for the profile of an eSIM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionRequest {
    /// For which eSIM.
    pub esim: EsimId,
    /// The day the journey starts, where the package asks for it.
    pub start_date: Option<Date>,
}

#[cfg(test)]
mod tests;
