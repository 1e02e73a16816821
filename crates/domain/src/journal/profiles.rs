//! The port to profiles, which can be erased, and to deliveries, which cannot: each eSIM and each
//! activation code is delivered to one order.

use std::fmt::Debug;

use async_trait::async_trait;

use super::JournalError;
use crate::order::ProviderInstance;
use crate::provider::EsimKey;
use crate::{DataAllowance, Esim, EsimId, OrderId, PackageId, ProviderName};

/// A profile as it is kept: the eSIM, and what it was bought with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptProfile {
    /// The eSIM, activation data included.
    pub esim: Esim,
    /// The order that bought it.
    pub order: OrderId,
    /// Where the API of the order's provider lies, as the order recorded it. Empty for a profile that an
    /// earlier release kept for an order which is not in the journal.
    pub base_url: String,
    /// How often the provider gave the eSIM's id out before, from 0. Always 0 at providers whose ids are
    /// used once.
    pub epoch: u32,
    /// The package it was bought with.
    pub package: PackageId,
    /// The data of that package.
    pub data: DataAllowance,
}

/// What became of a profile that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Delivery {
    /// It is kept, and its eSIM and its activation code are delivered to the profile's order.
    Kept,
    /// The eSIM was delivered to this order before, or the activation code was delivered with another
    /// eSIM of this order. Nothing was stored.
    DeliveredBefore(OrderId),
}

/// What was delivered twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duplicated {
    /// The eSIM.
    Esim,
    /// The activation code.
    ActivationCode,
}

/// A delivery to a second order, made by a release that did not notice. Since deliveries are stored,
/// none is added.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DuplicateDelivery {
    /// What the two have in common.
    pub what: Duplicated,
    /// The eSIM of the later delivery.
    pub esim: EsimId,
    /// The later order.
    pub order: OrderId,
    /// The order that had it before; for a code, it may be the same order with another eSIM.
    pub duplicate_of: OrderId,
}

/// Keeps profiles apart from events, so that they can be replaced and erased; and keeps what was
/// delivered to which order, which outlasts them.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ProfileStore: Debug + Send + Sync + 'static {
    /// Keeps a profile, in the place of an older one of the same eSIM, and its delivery, both or neither.
    /// An eSIM (provider, base URL, id and epoch) belongs to the first order it was kept for, for good;
    /// an activation code (provider and base URL) to the first order and eSIM.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn keep(&self, profile: &KeptProfile) -> Result<Delivery, JournalError>;

    /// The profile of an eSIM at a provider: by its id where the key has one, otherwise by the card
    /// number it bears now; `None` where none is kept.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`], [`JournalError::Corrupt`].
    async fn find_profile(
        &self,
        provider: &ProviderName,
        key: &EsimKey,
    ) -> Result<Option<KeptProfile>, JournalError>;

    /// Erases the profile of an eSIM. Events keep its id alone, and its delivery stays.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`].
    async fn erase(&self, provider: &ProviderName, esim: &EsimId) -> Result<(), JournalError>;

    /// Every delivery at a provider instance to a second order, sorted.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`], [`JournalError::Corrupt`].
    async fn duplicates(
        &self,
        provider: &ProviderInstance,
    ) -> Result<Vec<DuplicateDelivery>, JournalError>;
}
