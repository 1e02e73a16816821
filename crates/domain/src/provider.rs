//! The port to a wholesale provider of eSIMs, and what crosses it.

mod capabilities;
mod classified;
mod error;
mod event;
mod extension;
mod forward;
mod gate;
mod purchase;
mod query;
mod request;

use std::fmt::Debug;

use async_trait::async_trait;
use futures_core::stream::BoxStream;

pub use self::capabilities::{
    Capabilities, Dedup, LookupSupport, Provisioning, Refund, UsageSupport,
};
pub use self::classified::Classified;
pub use self::error::{CallProof, ErrorKind, Operation, ProviderError, Reaction};
#[cfg(feature = "mock")]
pub use self::event::MockEventDecoder;
pub use self::event::{
    DecodedDelivery, Delivery, DeliveryError, EventDecoder, ProviderEvent, ProviderEventKind, Trust,
};
pub use self::extension::EsimProviderExt;
#[cfg(feature = "mock")]
pub use self::gate::MockGate;
pub use self::gate::{CallClass, Gate, OpenGate};
pub use self::purchase::{Line, Purchase, PurchaseRequest, SendWindow};
pub use self::query::{DestinationFilter, PackageQuery, TopUpQuery};
pub use self::request::{
    AnswerForm, CancelRequest, CancelledEsim, EmptyEsimKey, EsimKey, FoundOrders, OrderLookup,
    ProviderOrder, ProviderOrderItem, ProviderOrderStatus, ProvisionRequest, UsageQuery,
};
use crate::{Destination, Esim, Money, Package, ProviderName, Usage};

/// What a call to a provider gives.
pub type Result<T, E = ProviderError> = std::result::Result<T, E>;

/// A wholesale provider of eSIMs.
///
/// Used as `Arc<dyn EsimProvider>` and chosen at run time; implemented for `Arc` and `Box` of any
/// provider, so that a layer wraps either. Every method is required: a default would let a wrapper
/// forget it. Conveniences are in [`EsimProviderExt`]. What one provider alone sells is an inherent
/// method of its adapter.
///
/// # The contract
///
/// - An implementation makes one attempt at each HTTP request. Retrying is a layer's business, and
///   purchases are never retried but by the order machine.
/// - A call that [`Capabilities`] rules out answers [`ErrorKind::Unsupported`].
/// - Where an effect may have happened, the error is [`ErrorKind::Ambiguous`]. In doubt: ambiguous.
/// - Listings are complete or end in an error. They are never quietly short.
/// - No token, activation code, PIN or PUK appears in an error or in `Debug`.
/// - Dropping a future may abandon a request that was sent. Whoever drops a purchase call must
///   treat it as ambiguous.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EsimProvider: Debug + Send + Sync + 'static {
    /// The name under which orders, eSIMs and logs know this provider.
    fn name(&self) -> &ProviderName;

    /// The facts that decide how it may be used; those of the current stack, layers included.
    fn capabilities(&self) -> Capabilities;

    /// Where packages exist, in the provider's order.
    ///
    /// # Errors
    ///
    /// Those of any read: never [`ErrorKind::Ambiguous`].
    async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>>;

    /// The packages that match `query`, each once, in the provider's order.
    ///
    /// Pages stay inside. An item whose error reacts with [`Reaction::Retry`] does not end the
    /// stream: polling again asks for the same page once more. Any other error ends it. A list that
    /// moves while it is read is started again a bounded number of times and is then an error; a
    /// row that the provider deletes meanwhile may be missed.
    fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>>;

    /// The packages that can top up an eSIM, under the same rules as [`EsimProvider::packages`].
    /// Needs [`Capabilities::top_up`].
    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>>;

    /// Every order of the provider's answer, whatever reference it names, and what is known of the
    /// answer itself. The caller compares. None found is `Ok` and empty.
    ///
    /// # Errors
    ///
    /// Those of any read.
    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders>;

    /// One eSIM. Before its profile is generated it has no activation.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where there is none; those of any read.
    async fn esim(&self, key: &EsimKey) -> Result<Esim>;

    /// What is used and left of an eSIM's plan. Needs [`Capabilities::usage`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] or [`ErrorKind::Rejected`] where this eSIM's usage cannot be read;
    /// those of any read.
    async fn usage(&self, query: &UsageQuery) -> Result<Usage>;

    /// What is used and left of several eSIMs' plans, in one request: as many answers as `esims`, in
    /// their order, `None` where the provider knows nothing of one. At most as many as
    /// [`UsageSupport::batch`] says; [`EsimProviderExt::usages`] takes any number and any provider.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] where the provider reads one at a time, or is asked for too many;
    /// those of any read.
    async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>>;

    /// What is left in the wallet.
    ///
    /// # Errors
    ///
    /// Those of any read.
    async fn balance(&self) -> Result<Money>;

    /// Generates the profile of an eSIM. Moves no money; only the order machine repeats it. While the
    /// provider is still generating, the eSIM is pending and has no activation.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Ambiguous`] on a time-out or a gateway's error; [`ErrorKind::Rejected`] where a
    /// travel date is missing or wrong.
    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim>;

    /// Gives an eSIM back that nobody has installed. Costs nothing, and repeating it is harmless: an
    /// eSIM that was given back already is `Ok` too. Needs [`Capabilities::cancellation`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`] where it is installed, used or over; [`ErrorKind::NotFound`];
    /// [`ErrorKind::Ambiguous`] where it may have happened: then the eSIM is read.
    async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim>;

    /// Buys eSIMs, or more data for one ([`Capabilities::top_up`]). **Costs money.** Sends at most one request,
    /// inside `purchase.window`.
    ///
    /// # Errors
    ///
    /// Those of any call. Its [`proof`](ProviderError::proof) decides what the order does next:
    /// [`CallProof::NotSent`] and [`CallProof::TurnedAway`] where that is certain, and otherwise
    /// [`CallProof::Unknown`] with [`ErrorKind::Ambiguous`].
    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder>;
}
