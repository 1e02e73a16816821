//! The provider: the port, and what only Roamify has beyond it.

mod apply;
mod by_reference;
mod effects;
mod lists;
mod lookup;
pub(crate) mod reads;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, Dedup, DestinationFilter, ErrorKind, EsimKey, EsimProvider,
    FoundOrders, Gate, LookupSupport, Operation, OrderLookup, PackageQuery, ProviderOrder,
    ProvisionRequest, Provisioning, Purchase, Result, TopUpQuery, UsageQuery, UsageSupport,
};
use roamport_domain::{
    Capabilities, Clock, Destination, Esim, Iccid, Money, Package, ProviderError, ProviderName,
    ProviderOrderId, Reference, Secret, Usage,
};
use roamport_provider_http::Failure;
use roamport_provider_http::settings::SettingError;

use crate::client::Client;
use crate::config::RoamifyConfig;
use crate::history::HistoryEntry;
use crate::listing;

/// How long a new order may stay out of the lists: records were seen some 3 s before the answer that
/// names them, so this is generous. Not documented.
const LOOKUP_LAG: Duration = Duration::from_secs(5);
/// Usage comes every four hours (Roamify's page on usage webhooks).
const USAGE_LAG: Duration = Duration::from_hours(4);

/// Roamify as an [`EsimProvider`].
///
/// Cheap to clone: clones share their connections. `Debug` shows no secret.
#[derive(Clone)]
pub struct Roamify {
    client: Arc<Client>,
    instant_orders: bool,
    longest_effect: Duration,
}

impl Roamify {
    /// The provider with these settings. `clock` tells when a purchase may still be sent and what a
    /// `Retry-After` date means.
    ///
    /// # Errors
    ///
    /// [`SettingError`], which names the setting that cannot be used.
    pub fn new(config: &RoamifyConfig, clock: Arc<dyn Clock>) -> Result<Self, SettingError> {
        let client = Arc::new(Client::new(config, clock)?);
        Ok(Self {
            client,
            instant_orders: config.instant_orders,
            longest_effect: config.longest_effect,
        })
    }

    /// The same, asking `gate` before each HTTP request. By default everything is let through.
    #[must_use]
    pub fn with_gate(mut self, gate: Arc<dyn Gate>) -> Self {
        Arc::make_mut(&mut self.client).transport.set_gate(gate);
        self
    }

    /// What names the account whose wallet pays: the token, since the API has no name for an account. A
    /// token that is rotated inside one account looks like another account.
    pub fn account_identity(&self) -> Secret {
        self.client.token.clone()
    }

    /// Whether Roamify answers (`GET /api/health`).
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub async fn health(&self) -> Result<()> {
        let outcome = lists::health(&self.client).await;
        outcome.map_err(self.failed(Operation::Other("health")))
    }

    /// eSIMs, the newest first as far as known, at most
    /// [`list_limit`](RoamifyConfig::list_limit) (`GET /api/esims`).
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub async fn esims(&self, filter: &EsimFilter) -> Result<Vec<Esim>> {
        let operation = Operation::Other("esims");
        let status = filter.status.map(EsimStatus::as_str);
        let outcome =
            lists::esims(&self.client, operation, status, filter.reference.as_ref()).await;
        outcome.map_err(self.failed(operation))
    }

    /// What was bought for an eSIM: its package and its top-ups (`GET /api/esim/history`).
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub async fn history(&self, iccid: &Iccid) -> Result<Vec<HistoryEntry>> {
        let outcome = lists::history(&self.client, iccid).await;
        outcome.map_err(self.failed(Operation::Other("history")))
    }

    /// One order by Roamify's id (`GET /api/esim/order?orderId=…`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](roamport_domain::provider::ErrorKind::NotFound) where there is none;
    /// those of any read.
    pub async fn order(&self, id: &ProviderOrderId) -> Result<ProviderOrder> {
        let operation = Operation::Other("order");
        let parameter = ("orderId", id.as_str().into());
        let outcome = lookup::order(&self.client, operation, parameter).await;
        outcome.map_err(self.failed(operation))
    }

    /// One order by our reference (`GET /api/esim/order?referenceId=…`). Shows one order only: whether
    /// there are several under one reference is for [`EsimProvider::find_orders`] to say.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](roamport_domain::provider::ErrorKind::NotFound) where there is none;
    /// those of any read.
    pub async fn order_under(&self, reference: &Reference) -> Result<ProviderOrder> {
        let operation = Operation::Other("order");
        let parameter = ("referenceId", reference.as_str().into());
        let outcome = lookup::order(&self.client, operation, parameter).await;
        outcome.map_err(self.failed(operation))
    }

    /// Orders by a reference that was provided before, without naming the packages (`POST /api/esim/order`
    /// with `referenceId` alone). `purchase` says what was ordered under that reference, as the journal or
    /// the caller knows it: its reference, its lines with the prices they were quoted at, and when this
    /// may be sent. Its travel date is not sent.
    ///
    /// **This can cost money, and nobody outside Roamify knows when.** Its overview page mentions the form in
    /// one sentence; every other page of its documentation says that `items` are required, and recorded
    /// traffic of June 2025 was refused: 400 `{"error":"\"items\" is required"}`. Whether an accepted one is the
    /// same order again or another one is not documented. So it is no part of
    /// [`EsimProvider`]: no use-case sends it, and nothing repeats it. One request is made, by the
    /// client that buys, inside `purchase.window`.
    ///
    /// The order is returned only where the answer names this reference, exactly these packages as often as
    /// they were ordered, and their total; the sum of its items counts where it names no total.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Ambiguous`] where the outcome is unknown: no answer, one that cannot be read, one
    /// about anything else than was ordered, one that does not tell, and every status but a refusal of the
    /// request itself. Money may have moved; look the reference up and do not send it again.
    /// [`ErrorKind::Rejected`] where Roamify refused the request, or where `purchase` has no lines and
    /// nothing was sent; otherwise those of [`EsimProvider::purchase`] by which nothing was sent.
    pub async fn order_by_reference(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        let outcome = by_reference::order(&self.client, purchase).await;
        outcome.map_err(self.failed(Operation::PlaceOrder))
    }

    /// Has the profiles of a whole order generated, where no package in it asks for a travel date
    /// (`POST /api/esim/apply` by `referenceId`).
    ///
    /// # Errors
    ///
    /// Those of [`EsimProvider::provision`].
    pub async fn provision_order(&self, reference: &Reference) -> Result<Vec<Esim>> {
        let outcome = apply::order(&self.client, reference).await;
        outcome.map_err(self.failed(Operation::Provision))
    }

    fn unsupported(&self, operation: Operation, message: &str) -> ProviderError {
        let name = self.client.name.clone();
        ProviderError::new(ErrorKind::Unsupported, name, operation, message).not_sent()
    }

    fn failed(&self, operation: Operation) -> impl FnOnce(Failure) -> ProviderError {
        move |failure| self.client.error(operation, failure)
    }
}

impl fmt::Debug for Roamify {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Roamify")
            .field("name", &self.client.name.as_str())
            .field("base_url", &self.client.transport.base_url().as_str())
            .field("instant_orders", &self.instant_orders)
            .finish_non_exhaustive()
    }
}

/// Which eSIMs to list. Empty: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EsimFilter {
    /// Only those in this state.
    pub status: Option<EsimStatus>,
    /// Only those of the order under this reference.
    pub reference: Option<Reference>,
}

/// A state that Roamify filters eSIMs by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EsimStatus {
    /// Not processed yet.
    New,
    /// Can be downloaded.
    Ready,
    /// On a device.
    Installed,
    /// Taken back.
    Revoked,
    /// No longer usable.
    Expired,
    /// Roamify does not know.
    Unknown,
}

impl EsimStatus {
    /// Roamify's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Ready => "READY",
            Self::Installed => "INSTALLED",
            Self::Revoked => "REVOKED",
            Self::Expired => "EXPIRED",
            Self::Unknown => "UNKNOWN",
        }
    }
}

#[async_trait]
impl EsimProvider for Roamify {
    fn name(&self) -> &ProviderName {
        &self.client.name
    }

    /// Roamify promises nothing about a second order under one reference, and documents no limit of
    /// lines or eSIMs in one order.
    fn capabilities(&self) -> Capabilities {
        let time_outs = self.client.time_outs;
        let (purchase_time_out, provisioning) = if self.instant_orders {
            (time_outs.provision, Provisioning::WithOrder)
        } else {
            (time_outs.purchase, Provisioning::SeparateCall)
        };
        Capabilities {
            dedup: Dedup::None,
            lookup: Some(LookupSupport {
                by_reference: true,
                since: true,
                lag: LOOKUP_LAG,
            }),
            longest_effect: self.longest_effect,
            purchase_time_out,
            provisioning,
            top_up: true,
            usage: Some(UsageSupport {
                lag: USAGE_LAG,
                daily: true,
                batch: None,
            }),
            webhooks: true,
            ..Capabilities::NONE
        }
    }

    async fn destinations(&self, filter: &DestinationFilter) -> Result<Vec<Destination>> {
        let outcome = reads::destinations(&self.client, filter).await;
        outcome.map_err(self.failed(Operation::Destinations))
    }

    fn packages(&self, query: PackageQuery) -> BoxStream<'static, Result<Package>> {
        listing::packages(Arc::clone(&self.client), query)
    }

    fn top_up_packages(&self, query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        listing::top_up_packages(Arc::clone(&self.client), query)
    }

    async fn find_orders(&self, lookup: &OrderLookup) -> Result<FoundOrders> {
        let outcome = lookup::find_orders(&self.client, lookup).await;
        outcome.map_err(self.failed(Operation::FindOrders))
    }

    async fn esim(&self, key: &EsimKey) -> Result<Esim> {
        let outcome = reads::esim(&self.client, Operation::Esim, key).await;
        outcome.map_err(self.failed(Operation::Esim))
    }

    async fn usage(&self, query: &UsageQuery) -> Result<Usage> {
        let outcome = reads::usage(&self.client, query).await;
        outcome.map_err(self.failed(Operation::Usage))
    }

    async fn usage_batch(&self, _esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        let message = "Roamify tells the usage of one eSIM at a time; ask for each";
        Err(self.unsupported(Operation::UsageBatch, message))
    }

    async fn balance(&self) -> Result<Money> {
        let outcome = reads::balance(&self.client).await;
        outcome.map_err(self.failed(Operation::Balance))
    }

    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
        let outcome = apply::esim(&self.client, request).await;
        outcome.map_err(self.failed(Operation::Provision))
    }

    /// Roamify's refunds are requests that its support decides about (refunds page): no call of theirs
    /// takes an eSIM back.
    async fn cancel(&self, _request: &CancelRequest) -> Result<CancelledEsim> {
        let message = "Roamify takes no eSIM back by itself, so nothing was given back; ask its \
                       support for a refund";
        Err(self.unsupported(Operation::Cancel, message))
    }

    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        let outcome = effects::purchase(&self.client, self.instant_orders, purchase).await;
        outcome.map_err(self.failed(purchase.request.operation()))
    }
}
