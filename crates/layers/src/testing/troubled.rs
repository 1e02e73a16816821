//! A provider whose troubles follow a script, and which remembers every call.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, ErrorKind, EsimKey, FoundOrders, Operation,
    OrderLookup, PackageQuery, ProviderOrder, ProvisionRequest, Purchase, Refund, Result,
    TopUpQuery, UsageQuery,
};
use roamport_domain::{
    Capabilities, Destination, Esim, EsimProvider, Money, Package, ProviderName, Usage,
};
use tokio::time::Instant;

/// One call that reached the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    /// How many calls came before it.
    pub(crate) number: usize,
    /// How long after the provider was made.
    pub(crate) at: Duration,
}

/// How the provider answers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answer {
    after: Duration,
    error: Option<(ErrorKind, Option<Duration>)>,
}

impl Answer {
    /// Well, and at once.
    pub(crate) fn good() -> Self {
        Self::default()
    }

    pub(crate) fn bad(kind: ErrorKind) -> Self {
        Self {
            error: Some((kind, None)),
            ..Self::default()
        }
    }

    /// "Too many requests", with and without a wait.
    pub(crate) fn too_many(retry_after: Option<Duration>) -> Self {
        Self {
            error: Some((ErrorKind::RateLimited, retry_after)),
            ..Self::default()
        }
    }

    /// What an adapter says when the answer to this call does not come in time: of a read that it is
    /// not to be had, of an effect that it is unknown.
    pub(crate) fn timed_out(operation: Operation) -> Self {
        let (seconds, kind) = if operation.has_effect() {
            (60, ErrorKind::Ambiguous)
        } else {
            (15, ErrorKind::Unavailable)
        };
        Self {
            after: Duration::from_secs(seconds),
            ..Self::bad(kind)
        }
    }

    pub(crate) fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }
}

type Script = dyn Fn(Call) -> Answer + Send + Sync;

/// Has a wallet, a catalogue of one package and no eSIMs; can do everything. Clones are one provider.
#[derive(Clone)]
pub(crate) struct Troubled(Arc<Inner>);

struct Inner {
    name: ProviderName,
    capabilities: Capabilities,
    made: Instant,
    calls: Mutex<Vec<Call>>,
    script: Box<Script>,
}

impl fmt::Debug for Troubled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Troubled").finish_non_exhaustive()
    }
}

impl Troubled {
    pub(crate) fn new(script: impl Fn(Call) -> Answer + Send + Sync + 'static) -> Self {
        Self::able(super::everything(), script)
    }

    /// The same with other capabilities.
    pub(crate) fn able(
        capabilities: Capabilities,
        script: impl Fn(Call) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            name: super::name(),
            capabilities,
            made: Instant::now(),
            calls: Mutex::default(),
            script: Box::new(script),
        }))
    }

    /// Every call so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.0.calls.lock().unwrap().clone()
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.calls().len()
    }

    /// How many there were of one kind.
    pub(crate) fn count_of(&self, operation: Operation) -> usize {
        let calls = self.calls();
        calls
            .iter()
            .filter(|call| call.operation == operation)
            .count()
    }

    async fn called(&self, operation: Operation) -> Result<()> {
        let answer = {
            let mut calls = self.0.calls.lock().unwrap();
            let call = Call {
                operation,
                number: calls.len(),
                at: self.0.made.elapsed(),
            };
            calls.push(call);
            (self.0.script)(call)
        };
        tokio::time::sleep(answer.after).await;
        match answer.error {
            None => Ok(()),
            Some((kind, None)) => Err(super::error(kind, operation)),
            Some((kind, Some(wait))) => Err(super::error(kind, operation).with_retry_after(wait)),
        }
    }

    /// One package; a failed page can be asked for again.
    fn listing(&self, operation: Operation) -> BoxStream<'static, Result<Package>> {
        stream::unfold(Some(self.clone()), move |state| async move {
            let provider = state?;
            match provider.called(operation).await {
                Ok(()) => Some((Ok(super::package("P-1")), None)),
                Err(error) => Some((Err(error), Some(provider))),
            }
        })
        .boxed()
    }
}

#[async_trait]
impl EsimProvider for Troubled {
    fn name(&self) -> &ProviderName {
        &self.0.name
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities
    }

    async fn destinations(&self, _: &DestinationFilter) -> Result<Vec<Destination>> {
        self.called(Operation::Destinations).await?;
        Ok(Vec::new())
    }

    fn packages(&self, _: PackageQuery) -> BoxStream<'static, Result<Package>> {
        self.listing(Operation::Packages)
    }

    fn top_up_packages(&self, _: TopUpQuery) -> BoxStream<'static, Result<Package>> {
        self.listing(Operation::TopUpPackages)
    }

    async fn find_orders(&self, _: &OrderLookup) -> Result<FoundOrders> {
        self.called(Operation::FindOrders).await?;
        Ok(FoundOrders::documented(Vec::new()))
    }

    async fn esim(&self, _: &EsimKey) -> Result<Esim> {
        self.called(Operation::Esim).await?;
        Err(super::error(ErrorKind::NotFound, Operation::Esim))
    }

    async fn usage(&self, _: &UsageQuery) -> Result<Usage> {
        self.called(Operation::Usage).await?;
        Err(super::error(ErrorKind::NotFound, Operation::Usage))
    }

    async fn usage_batch(&self, esims: &[EsimKey]) -> Result<Vec<Option<Usage>>> {
        self.called(Operation::UsageBatch).await?;
        Ok(esims.iter().map(|_| None).collect())
    }

    async fn balance(&self) -> Result<Money> {
        self.called(Operation::Balance).await?;
        Ok(super::money("1"))
    }

    async fn provision(&self, _: &ProvisionRequest) -> Result<Esim> {
        self.called(Operation::Provision).await?;
        Err(super::error(ErrorKind::NotFound, Operation::Provision))
    }

    async fn cancel(&self, _: &CancelRequest) -> Result<CancelledEsim> {
        self.called(Operation::Cancel).await?;
        Ok(CancelledEsim {
            refund: Refund::AtOnce,
            amount: None,
        })
    }

    async fn purchase(&self, purchase: &Purchase) -> Result<ProviderOrder> {
        self.called(purchase.request.operation()).await?;
        Ok(super::placed())
    }
}
