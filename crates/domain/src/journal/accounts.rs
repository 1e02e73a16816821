//! The port to what is known of accounts at providers: whose credentials are whose, what the account
//! bought, and whether new orders are held there.

use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::JournalError;
use crate::order::ProviderInstance;
use crate::{Account, Money, OrderId, ProviderOrderId, Reference, Secret};

/// An order that the provider has answered for, by which a lookup is checked: the same call must find
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownOrder {
    /// The provider's id.
    pub order: ProviderOrderId,
    /// Our reference.
    pub reference: Reference,
    /// When its purchase call was settled as placed, on the journal's clock.
    pub placed_at: Timestamp,
}

/// How a purchase call ended, for whoever adds up what an account spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeState {
    /// It has not been settled.
    InFlight,
    /// The provider accepted it.
    Placed,
    /// Its outcome is unknown.
    Unknown,
    /// It is known to have charged nothing.
    None,
}

impl ChargeState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 4] = [Self::InFlight, Self::Placed, Self::Unknown, Self::None];

    /// The name of it, as it stands in a journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InFlight => "in_flight",
            Self::Placed => "placed",
            Self::Unknown => "unknown",
            Self::None => "none",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A purchase call, as the wallet may show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The order that made it.
    pub order: OrderId,
    /// What it costs at the prices it was sent with. Absent where the sum is out of range.
    pub amount: Option<Money>,
    /// When its window opened.
    pub opened_at: Timestamp,
    /// When it became known that the provider took it, else when it was settled or abandoned; absent while it
    /// is in flight. A call whose answer was lost may have been charged until then.
    pub settled_at: Option<Timestamp>,
    /// How it ended.
    pub state: ChargeState,
    /// The provider's id of the order that it made, once that is known.
    pub placed: Option<ProviderOrderId>,
}

/// What an account spent and got back in a span of time, as far as the journal knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// Purchase calls that were open at some moment of the span, the oldest first.
    pub charges: Vec<Charge>,
    /// What cancellations recorded in the span put back into the wallet, one entry each.
    pub refunds: Vec<Money>,
}

/// New orders are held at an account: something is wrong with the provider rather than with one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountHold {
    /// Since when.
    pub since: Timestamp,
    /// Why, in words for a person.
    pub reason: String,
}

/// What `provider probe` found out about the lookup at an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupProbe {
    /// When it asked.
    pub at: Timestamp,
    /// Whether a reference that exists nowhere found nothing.
    pub filter_held: bool,
    /// The exact body of a 404 by which the provider says that there is no such order. Absent where it
    /// answers with an empty list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none_body: Option<String>,
}

/// Stores what is known of accounts. Accounts of different provider instances never have the same
/// digest, unless their credentials are the same.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AccountStore: Debug + Send + Sync + 'static {
    /// The digest of the credentials that name an account: an HMAC-SHA-256 in hexadecimal, under a
    /// random key that the journal drew once and keeps. Prefixed by nothing, 64 characters.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn account(&self, identity: &Secret) -> Result<Account, JournalError>;

    /// Records that a person confirmed two accounts to be one, as after a token was rotated. Symmetric,
    /// and transitive with earlier confirmations. Recording a pair twice is a no-op.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn confirm_same(
        &self,
        one: &Account,
        other: &Account,
        by: &str,
    ) -> Result<(), JournalError>;

    /// Every account that is the same as this one, itself included.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn same_as(&self, account: &Account) -> Result<Vec<Account>, JournalError>;

    /// The newest order of the account, or of one that is the same, that was placed at this provider
    /// instance before `before` and is not `except`.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`], [`JournalError::Corrupt`].
    async fn known_at(
        &self,
        provider: &ProviderInstance,
        account: &Account,
        before: Timestamp,
        except: OrderId,
    ) -> Result<Option<KnownOrder>, JournalError>;

    /// What the account spent and got back between two moments, both included.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`], [`JournalError::Corrupt`].
    async fn spending(
        &self,
        account: &Account,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Spending, JournalError>;

    /// Notes that an order needs attention because a witness spoke against its absence or its answer.
    /// Returns how many different orders of the account that are since `since`, this one included.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn note_witness(
        &self,
        account: &Account,
        order: OrderId,
        since: Timestamp,
    ) -> Result<u64, JournalError>;

    /// Holds new orders at an account. Returns whether it was not held before.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn hold(&self, account: &Account, reason: &str) -> Result<bool, JournalError>;

    /// The hold on an account; `None` where new orders may be sent.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn held(&self, account: &Account) -> Result<Option<AccountHold>, JournalError>;

    /// Lifts the hold on an account and forgets the witnesses noted so far. Returns whether there was
    /// one.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn lift_hold(&self, account: &Account, by: &str) -> Result<bool, JournalError>;

    /// Stores what a probe found, in the place of an earlier one of the account.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn keep_probe(&self, account: &Account, probe: &LookupProbe) -> Result<(), JournalError>;

    /// What the last probe of the account found; `None` where it was never probed.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`], [`JournalError::Corrupt`].
    async fn probe(&self, account: &Account) -> Result<Option<LookupProbe>, JournalError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_a_charge_is_read_as_it_was_written() {
        let names = ChargeState::ALL.map(ChargeState::as_str);
        assert_eq!(names, ["in_flight", "placed", "unknown", "none"]);
        for state in ChargeState::ALL {
            assert_eq!(ChargeState::from_name(state.as_str()), Some(state));
        }
        assert_eq!(ChargeState::from_name("charged"), None);
    }
}
