//! The use-case "check usage": the provider's figures, read with the help of what was bought; of one
//! eSIM or of many in as few calls as the provider has.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt as _;
use roamport_domain::journal::OrderFilter;
use roamport_domain::order::{OrderContent, OrderState};
use roamport_domain::provider::{ErrorKind, EsimKey, UsageQuery};
use roamport_domain::usage::DataUsage;
use roamport_domain::{
    DataAllowance, EsimId, EsimProvider, EsimProviderExt as _, OrderJournal, ProfileStore, Usage,
};

use crate::AppError;

/// Usage, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageView {
    /// As the provider gave it.
    pub usage: Usage,
    /// What we bought for this eSIM: the original package and every top-up. Empty where we did not.
    pub purchased: Vec<DataAllowance>,
    /// The data figures, in bytes where the provider documents the unit or what was bought gives it away.
    pub data: DataUsage,
    /// How old the provider's figures may have been when they were read; `None` if it does not say.
    pub lag: Option<Duration>,
}

/// Reads usage.
#[derive(Clone, Debug)]
pub struct UsageReader {
    provider: Arc<dyn EsimProvider>,
    journal: Arc<dyn OrderJournal>,
    profiles: Arc<dyn ProfileStore>,
}

impl UsageReader {
    /// Reads usage at `provider` of eSIMs that `journal` may know.
    pub const fn new(
        provider: Arc<dyn EsimProvider>,
        journal: Arc<dyn OrderJournal>,
        profiles: Arc<dyn ProfileStore>,
    ) -> Self {
        Self {
            provider,
            journal,
            profiles,
        }
    }

    /// The usage of one eSIM, day by day too where `daily` and the provider has it.
    ///
    /// # Errors
    ///
    /// [`AppError::Provider`]: no such eSIM, or one whose usage cannot be read.
    pub async fn usage(&self, key: &EsimKey, daily: bool) -> Result<UsageView, AppError> {
        let key = self.named(key).await?;
        let daily = daily
            && self
                .provider
                .capabilities()
                .usage
                .is_some_and(|usage| usage.daily);
        let usage = self
            .provider
            .usage(&UsageQuery {
                esim: key.clone(),
                daily,
            })
            .await?;
        self.view(&key, usage).await
    }

    /// The usage of several eSIMs, in their order and without figures for each day: many in one call
    /// where the provider can, otherwise one by one. `None` where the provider knows nothing of one.
    ///
    /// # Errors
    ///
    /// [`AppError::Provider`]: one whose usage cannot be read; the first one ends it.
    pub async fn usages(&self, keys: &[EsimKey]) -> Result<Vec<Option<UsageView>>, AppError> {
        let (mut named, mut places) = (Vec::with_capacity(keys.len()), Vec::new());
        for (place, key) in keys.iter().enumerate() {
            match self.named(key).await {
                Ok(key) => {
                    named.push(key);
                    places.push(place);
                }
                Err(AppError::Provider(error)) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let usages = self.provider.usages(&named).await?;
        let mut views: Vec<Option<UsageView>> = keys.iter().map(|_| None).collect();
        for ((place, key), usage) in places.into_iter().zip(&named).zip(usages) {
            if let Some(usage) = usage {
                views[place] = Some(self.view(key, usage).await?);
            }
        }
        Ok(views)
    }

    /// Both names of an eSIM, from what is kept or else from the provider.
    async fn named(&self, key: &EsimKey) -> Result<EsimKey, AppError> {
        let provider = self.provider.name();
        match self.profiles.find_profile(provider, key).await? {
            Some(kept) => Ok(EsimKey::new(
                Some(kept.esim.id().clone()),
                kept.esim.iccid().cloned(),
            )
            .expect("the id is given")),
            None => Ok(self.provider.resolve(key).await?),
        }
    }

    async fn view(&self, key: &EsimKey, usage: Usage) -> Result<UsageView, AppError> {
        let purchased = match key.id() {
            Some(esim) => self.purchased(esim).await?,
            None => Vec::new(),
        };
        let data = usage.data(&purchased);
        Ok(UsageView {
            usage,
            purchased,
            data,
            lag: self.provider.capabilities().usage.map(|usage| usage.lag),
        })
    }

    /// What the journal knows to have been bought for an eSIM, the oldest first.
    async fn purchased(&self, esim: &EsimId) -> Result<Vec<DataAllowance>, AppError> {
        let filter = OrderFilter {
            esim: Some(esim.clone()),
            provider: Some(self.provider.name().clone()),
            ..OrderFilter::default()
        };
        let mut purchased = Vec::new();
        let mut orders = self.journal.list(filter);
        while let Some(summary) = orders.try_next().await? {
            let order = self.journal.load(summary.id).await?;
            if matches!(order.state(), OrderState::Failed | OrderState::Cancelled) {
                continue;
            }
            match &order.requested().content {
                OrderContent::TopUp(top_up) if order.placed().is_some() => {
                    purchased.push(top_up.line.data);
                }
                OrderContent::TopUp(_) => {}
                OrderContent::Esims { lines, .. } => {
                    let item = order.items().iter().find(|item| item.esim == *esim);
                    let package = item.and_then(|item| item.package.as_ref());
                    purchased.extend(
                        lines
                            .iter()
                            .find(|line| {
                                package.is_none_or(|package| line.line.package == *package)
                            })
                            .map(|line| line.data),
                    );
                }
            }
        }
        purchased.reverse();
        Ok(purchased)
    }
}
