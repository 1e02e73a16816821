//! The provider: the port, and what only eSIM Access has beyond it.

mod effects;
mod lookup;
pub(crate) mod reads;

use roamport_provider_http::settings::SettingError;
use std::fmt;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, Dedup, DestinationFilter, EsimKey, EsimProvider, FoundOrders,
    Gate, LookupSupport, Operation, OrderLookup, PackageQuery, ProviderOrder, ProvisionRequest,
    Provisioning, Purchase, Refund, Result, TopUpQuery, UsageQuery, UsageSupport,
};
use roamport_domain::{
    Capabilities, Clock, Destination, Esim, EsimId, Money, Package, ProviderError, ProviderName,
    Secret, Usage,
};
use roamport_provider_http::{Effect, Failure};

use crate::client::Client;
use crate::config::EsimAccessConfig;
use crate::listing;
use crate::wire::{Nothing, WebhookBody};

/// How long a new order may stay out of a list: its eSIMs appear once they are allocated, usually in
/// seconds, up to about 30 s (reference: facts). Twice that.
const LOOKUP_LAG: Duration = Duration::from_mins(1);
/// When the effect of an order may appear at the latest. The provider documents about 30 s from the
/// order to its profiles, and nothing about a request that waits in front of it. Twice the documented
/// time; the order machine doubles it once more, and waits three minutes at the least.
const LONGEST_EFFECT: Duration = Duration::from_mins(1);
/// Usage is 2 to 3 hours late (reference: query).
const USAGE_LAG: Duration = Duration::from_hours(3);

/// eSIM Access as an [`EsimProvider`].
///
/// Cheap to clone: clones share their connections. `Debug` shows no secret.
#[derive(Clone)]
pub struct EsimAccess {
    client: Arc<Client>,
}

impl EsimAccess {
    /// The provider with these settings. `clock` dates signed requests and tells when a purchase may
    /// still be sent: one that is minutes wrong has every signed request refused (101001).
    ///
    /// # Errors
    ///
    /// [`SettingError`], which names the setting that cannot be used.
    pub fn new(config: &EsimAccessConfig, clock: Arc<dyn Clock>) -> Result<Self, SettingError> {
        let client = Arc::new(Client::new(config, clock)?);
        Ok(Self { client })
    }

    /// The same, asking `gate` before each HTTP request. By default everything is let through; the
    /// provider takes 8 requests a second for the account.
    #[must_use]
    pub fn with_gate(mut self, gate: Arc<dyn Gate>) -> Self {
        Arc::make_mut(&mut self.client).transport.set_gate(gate);
        self
    }

    /// What names the account whose wallet pays: the access code.
    pub fn account_identity(&self) -> Secret {
        self.client.access_code.clone()
    }

    /// Interrupts the plan of an eSIM that is in use (`POST /esim/suspend`). Moves no money.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`](roamport_domain::provider::ErrorKind::Rejected) where its state does not allow it; [`ErrorKind::NotFound`](roamport_domain::provider::ErrorKind::NotFound);
    /// [`ErrorKind::Ambiguous`](roamport_domain::provider::ErrorKind::Ambiguous) where it may have happened: then the eSIM is read.
    pub async fn suspend(&self, esim: &EsimId) -> Result<()> {
        self.lifecycle("suspend", "/esim/suspend", esim).await
    }

    /// Lets the plan of a suspended eSIM go on (`POST /esim/unsuspend`). Moves no money.
    ///
    /// # Errors
    ///
    /// Those of [`EsimAccess::suspend`].
    pub async fn unsuspend(&self, esim: &EsimId) -> Result<()> {
        self.lifecycle("unsuspend", "/esim/unsuspend", esim).await
    }

    /// Ends an eSIM for good (`POST /esim/revoke`). **The money does not come back**, and nothing brings
    /// the eSIM back; [`EsimProvider::cancel`] is the call that refunds.
    ///
    /// # Errors
    ///
    /// Those of [`EsimAccess::suspend`].
    pub async fn revoke(&self, esim: &EsimId) -> Result<()> {
        self.lifecycle("revoke", "/esim/revoke", esim).await
    }

    /// Sends a text message of 1 to 500 characters to an eSIM whose package takes messages
    /// (`POST /esim/sendSms`). What it costs is not documented.
    ///
    /// # Errors
    ///
    /// Those of [`EsimAccess::suspend`]; [`ErrorKind::Rejected`](roamport_domain::provider::ErrorKind::Rejected) for a message of another length.
    pub async fn send_sms(&self, esim: &EsimId, message: &str) -> Result<()> {
        let outcome = effects::send_sms(&self.client, esim, message).await;
        outcome.map_err(self.failed(Operation::Other("send_sms")))
    }

    /// Has events sent to `address` (`POST /webhook/save`), in place of where they went before. The
    /// provider sends a `CHECK_HEALTH` there first, and keeps the address only if it is answered with
    /// 200. Deliveries are not signed, so the address should hold a long secret path.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`](roamport_domain::provider::ErrorKind::Rejected) where the address is not taken; [`ErrorKind::Ambiguous`](roamport_domain::provider::ErrorKind::Ambiguous) where it may
    /// have been.
    pub async fn save_webhook(&self, address: &str) -> Result<()> {
        let outcome = effects::save_webhook(&self.client, address).await;
        outcome.map_err(self.failed(Operation::Other("save_webhook")))
    }

    /// Where events are sent (`POST /webhook/query`); `None` where nowhere.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub async fn find_webhook(&self) -> Result<Option<String>> {
        let operation = Operation::Other("find_webhook");
        let call = self.client.read(operation, "/webhook/query", &Nothing {});
        let outcome = self.client.send(call).await.and_then(|body| {
            let data = Client::decode::<WebhookBody>(Effect::None, &body)?;
            Ok(data.webhook.filter(|address| !address.trim().is_empty()))
        });
        outcome.map_err(self.failed(operation))
    }

    async fn lifecycle(&self, name: &'static str, path: &'static str, esim: &EsimId) -> Result<()> {
        let operation = Operation::Other(name);
        let outcome = effects::lifecycle(&self.client, operation, path, esim).await;
        outcome.map_err(self.failed(operation))
    }

    fn failed(&self, operation: Operation) -> impl FnOnce(Failure) -> ProviderError {
        move |failure| self.client.error(operation, failure)
    }
}

impl fmt::Debug for EsimAccess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EsimAccess")
            .field("name", &self.client.name.as_str())
            .field("base_url", &self.client.transport.base_url().as_str())
            .field("signed", &self.client.is_signing())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl EsimProvider for EsimAccess {
    fn name(&self) -> &ProviderName {
        &self.client.name
    }

    /// A repeat under one `transactionId` gives the same order; for how long is not documented. Orders
    /// are not found by it, only by their number and by time.
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            dedup: Dedup::Replays { window: None },
            lookup: Some(LookupSupport {
                by_reference: false,
                since: true,
                lag: LOOKUP_LAG,
            }),
            longest_effect: LONGEST_EFFECT,
            purchase_time_out: self.client.time_outs.purchase,
            provisioning: Provisioning::Polled,
            lines_per_order: None,
            esims_per_order: NonZeroU16::new(effects::ESIMS_PER_ORDER),
            top_up: true,
            usage: Some(UsageSupport {
                lag: USAGE_LAG,
                daily: false,
                batch: NonZeroU16::new(reads::USAGE_BATCH),
            }),
            price_guard: true,
            cancellation: Some(Refund::AtOnce),
            webhooks: true,
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

    async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        let outcome = reads::usage_batch(&self.client, esims).await;
        outcome.map_err(self.failed(Operation::UsageBatch))
    }

    async fn balance(&self) -> Result<Money> {
        let outcome = reads::balance(&self.client).await;
        outcome.map_err(self.failed(Operation::Balance))
    }

    /// Profiles come by themselves: this reads the eSIM and changes nothing. A date is not looked at.
    async fn provision(&self, request: &ProvisionRequest) -> Result<Esim> {
        let key = EsimKey::from_id(request.esim.clone());
        let outcome = reads::esim(&self.client, Operation::Provision, &key).await;
        outcome.map_err(self.failed(Operation::Provision))
    }

    async fn cancel(&self, request: &CancelRequest) -> Result<CancelledEsim> {
        let outcome = effects::cancel(&self.client, request).await;
        outcome.map_err(self.failed(Operation::Cancel))
    }

    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        let outcome = effects::purchase(&self.client, purchase).await;
        outcome.map_err(self.failed(purchase.request.operation()))
    }
}
