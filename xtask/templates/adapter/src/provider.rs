//! The provider: the port, and what only @Words@ has beyond it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, ErrorKind, EsimKey, EsimProvider, FoundOrders,
    Gate, Operation, OrderLookup, PackageQuery, ProviderOrder, ProvisionRequest, Purchase, Result,
    TopUpQuery, UsageQuery,
};
use roamport_domain::{
    Capabilities, Clock, Destination, Esim, Money, Package, ProviderError, ProviderName, Usage,
};
use roamport_provider_http::settings::SettingError;

use crate::client::Client;
use crate::config::@Type@Config;

/// @Words@ as an [`EsimProvider`].
///
/// Cheap to clone: clones share their connections. `Debug` shows no secret.
#[derive(Clone)]
pub struct @Type@ {
    client: Arc<Client>,
}

impl @Type@ {
    /// The provider with these settings. `clock` tells when a purchase may still be sent.
    ///
    /// # Errors
    ///
    /// [`SettingError`], which names the setting that cannot be used.
    pub fn new(config: &@Type@Config, clock: Arc<dyn Clock>) -> Result<Self, SettingError> {
        let client = Arc::new(Client::new(config, clock)?);
        Ok(Self { client })
    }

    /// The same, asking `gate` before each HTTP request. By default everything is let through.
    #[must_use]
    pub fn with_gate(mut self, gate: Arc<dyn Gate>) -> Self {
        Arc::make_mut(&mut self.client).transport.set_gate(gate);
        self
    }

    /// A call that is not written. [`ErrorKind::Config`] makes everybody stop until a person acted.
    fn not_written(&self, operation: Operation) -> ProviderError {
        let words = format!(
            "`{operation}` is not written, so nothing was sent and no money moved; write it in \
             crates/adapter-@kebab@/src/provider.rs"
        );
        ProviderError::new(ErrorKind::Config, self.client.name.clone(), operation, words)
    }

    /// A call that [`Capabilities`] rules out.
    fn unsupported(&self, operation: Operation) -> ProviderError {
        let words = format!("this adapter claims no `{operation}`, so nothing was sent");
        let name = self.client.name.clone();
        ProviderError::new(ErrorKind::Unsupported, name, operation, words)
    }
}

impl fmt::Debug for @Type@ {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("@Type@")
            .field("name", &self.client.name.as_str())
            .field("base_url", &self.client.transport.base_url().as_str())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl EsimProvider for @Type@ {
    fn name(&self) -> &ProviderName {
        &self.client.name
    }

    /// Nothing is claimed yet. Claim one fact at a time, each with the page of @Words@ that documents it.
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            purchase_time_out: self.client.purchase_time_out,
            ..Capabilities::NONE
        }
    }

    async fn destinations(&self, _filter: &DestinationFilter) -> Result<Vec<Destination>> {
        Err(self.not_written(Operation::Destinations))
    }

    fn packages(&self, _query: PackageQuery) -> BoxStream<'static, Result<Package>> {
        let error = self.not_written(Operation::Packages);
        stream::iter([Err(error)]).boxed()
    }

    fn top_up_packages(&self, _query: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        let error = self.unsupported(Operation::TopUpPackages);
        stream::iter([Err(error)]).boxed()
    }

    async fn find_orders(&self, _lookup: &OrderLookup) -> Result<FoundOrders> {
        Err(self.not_written(Operation::FindOrders))
    }

    async fn esim(&self, _key: &EsimKey) -> Result<Esim> {
        Err(self.not_written(Operation::Esim))
    }

    async fn usage(&self, _query: &UsageQuery) -> Result<Usage> {
        Err(self.unsupported(Operation::Usage))
    }

    async fn usage_batch(&self, _esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        Err(self.unsupported(Operation::UsageBatch))
    }

    async fn balance(&self) -> Result<Money> {
        Err(self.not_written(Operation::Balance))
    }

    async fn provision(&self, _request: &ProvisionRequest) -> Result<Esim> {
        Err(self.not_written(Operation::Provision))
    }

    async fn cancel(&self, _request: &CancelRequest) -> Result<CancelledEsim> {
        Err(self.unsupported(Operation::Cancel))
    }

    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        Err(match purchase.request.operation() {
            Operation::TopUp => self.unsupported(Operation::TopUp),
            operation => self.not_written(operation),
        })
    }
}
