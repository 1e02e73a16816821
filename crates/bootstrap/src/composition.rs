//! The program put together: provider in its layers, clocks, and the journal when it is asked for.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;

use roamport_app::{
    Cancellations, Catalogue, Esims, Orders, OrdersParts, ProviderEvents, Reconciler, UsageReader,
    Worker,
};
use roamport_domain::journal::Owner;
use roamport_domain::order::ProviderInstance;
use roamport_domain::{Clock, EsimProvider, OrderJournal, ProfileStore};
use tokio::sync::OnceCell;

use crate::providers::{ProviderContext, RunningProvider};
use crate::{
    JournalContext, Journals, Providers, Settings, StartError, Storage, SystemClock, stack,
};

/// Everything a front end needs, made from [`Settings`].
///
/// The provider is started at once. The journal is opened by the first call that asks for it, so that
/// a read of the catalogue or the wallet needs none.
#[derive(Debug)]
pub struct Composition {
    settings: Arc<Settings>,
    clock: Arc<dyn Clock>,
    running: RunningProvider,
    provider: Arc<dyn EsimProvider>,
    providers: Providers,
    journals: Journals,
    storage: OnceCell<Storage>,
    owner: Owner,
}

/// Puts a program together with providers, journals or a clock of one's own.
#[derive(Debug)]
pub struct CompositionBuilder {
    settings: Settings,
    providers: Providers,
    journals: Journals,
    clock: Arc<dyn Clock>,
}

impl CompositionBuilder {
    /// The providers that `provider` can name; [`Providers::standard`] by default.
    #[must_use]
    pub fn providers(self, providers: Providers) -> Self {
        Self { providers, ..self }
    }

    /// The journals that `journal` can name; [`Journals::standard`] by default.
    #[must_use]
    pub fn journals(self, journals: Journals) -> Self {
        Self { journals, ..self }
    }

    /// The clocks; the machine's by default.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Starts the provider. Nothing is sent to it.
    ///
    /// # Errors
    ///
    /// [`StartError`]: an unknown provider, a missing or unreadable secret, a sandbox whose world
    /// belongs to another catalogue.
    pub async fn start(self) -> Result<Composition, StartError> {
        let settings = Arc::new(self.settings);
        let context = ProviderContext::new(Arc::clone(&settings), Arc::clone(&self.clock));
        let running = self.providers.start(context).await?;
        let adapter = Arc::clone(running.provider());
        let provider = stack::layered(adapter, Arc::clone(&self.clock), &settings);
        Ok(Composition {
            settings,
            clock: self.clock,
            running,
            provider,
            providers: self.providers,
            journals: self.journals,
            storage: OnceCell::new(),
            owner: owner(),
        })
    }
}

impl Composition {
    /// What `settings` ask for, with the standard providers, journals and the machine's clock.
    ///
    /// # Errors
    ///
    /// Those of [`CompositionBuilder::start`].
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        Self::builder(settings).start().await
    }

    /// The same, with parts of one's own.
    pub fn builder(settings: Settings) -> CompositionBuilder {
        CompositionBuilder {
            settings,
            providers: Providers::standard(),
            journals: Journals::standard(),
            clock: Arc::new(SystemClock),
        }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The clocks.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The provider under all layers.
    pub fn provider(&self) -> Arc<dyn EsimProvider> {
        Arc::clone(&self.provider)
    }

    /// What orders remember of the provider: the same at every start with the same settings.
    pub fn instance(&self) -> &ProviderInstance {
        self.running.instance()
    }

    /// This process's name toward the journal. No other process has it.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Where orders and profiles are kept, opened now if nobody asked before.
    ///
    /// # Errors
    ///
    /// [`StartError`]: an unknown journal, a data directory that cannot be made, a database that
    /// cannot be opened. The next call tries again.
    pub async fn storage(&self) -> Result<&Storage, StartError> {
        let open = || {
            let context = JournalContext::new(Arc::clone(&self.settings), Arc::clone(&self.clock));
            self.journals.open(context)
        };
        self.storage.get_or_try_init(open).await
    }

    /// The journal.
    ///
    /// # Errors
    ///
    /// Those of [`Composition::storage`].
    pub async fn journal(&self) -> Result<Arc<dyn OrderJournal>, StartError> {
        Ok(self.storage().await?.journal())
    }

    /// The profile store.
    ///
    /// # Errors
    ///
    /// Those of [`Composition::storage`].
    pub async fn profiles(&self) -> Result<Arc<dyn ProfileStore>, StartError> {
        Ok(self.storage().await?.profiles())
    }

    /// The use-case "browse": needs no journal.
    pub fn catalogue(&self) -> Catalogue {
        Catalogue::new(self.provider())
    }

    /// The use-cases of orders and top-ups.
    ///
    /// # Errors
    ///
    /// Those of [`Composition::storage`].
    pub async fn orders(&self) -> Result<Orders, StartError> {
        let storage = self.storage().await?;
        let accounts = storage.accounts();
        let account = accounts.account(self.running.account_identity()).await?;
        let orders = Orders::new(OrdersParts {
            provider: self.provider(),
            instance: self.instance().clone(),
            journal: storage.journal(),
            profiles: storage.profiles(),
            accounts,
            account,
            clock: self.clock(),
            policy: self.settings.orders.clone(),
            lease: self.settings.lease,
            owner: self.owner.clone(),
        });
        Ok(orders.with_back_pressure(self.settings.back_pressure))
    }

    /// A worker on the orders of the journal.
    ///
    /// # Errors
    ///
    /// Those of [`Composition::storage`].
    pub async fn worker(&self) -> Result<Worker, StartError> {
        Ok(Worker::new(self.orders().await?, self.settings.worker))
    }

    /// The use-case "reconcile", with the balances of the journal.
    ///
    /// # Errors
    ///
    /// Those of [`Composition::storage`].
    pub async fn reconciler(&self) -> Result<Reconciler, StartError> {
        let balances = self.storage().await?.balances();
        Ok(Reconciler::new(self.orders().await?, balances))
    }

    /// The use-case "give an eSIM back".
    ///
    /// # Errors
    ///
    /// Those of [`Composition::storage`].
    pub async fn cancellations(&self) -> Result<Cancellations, StartError> {
        Ok(Cancellations::new(self.orders().await?))
    }

    /// The use-case "take what the provider sends"; `None` where the provider sends no events that
    /// can be read, or the journal has no place for them.
    ///
    /// # Errors
    ///
    /// Those of [`Composition::storage`], and [`StartError::Settings`] where the secret is missing
    /// that the events are signed with.
    pub async fn provider_events(&self) -> Result<Option<ProviderEvents>, StartError> {
        let decoder = self.providers.event_decoder(&self.settings, self.clock())?;
        let inbox = self.storage().await?.inbox();
        let orders = self.orders().await?;
        Ok(decoder
            .zip(inbox)
            .map(|(decoder, inbox)| ProviderEvents::new(orders, decoder, inbox)))
    }

    /// The use-cases of eSIMs.
    ///
    /// # Errors
    ///
    /// Those of [`Composition::storage`].
    pub async fn esims(&self) -> Result<Esims, StartError> {
        Ok(Esims::new(self.provider(), self.profiles().await?))
    }

    /// The use-case "check usage".
    ///
    /// # Errors
    ///
    /// Those of [`Composition::storage`].
    pub async fn usage(&self) -> Result<UsageReader, StartError> {
        let storage = self.storage().await?;
        Ok(UsageReader::new(
            self.provider(),
            storage.journal(),
            storage.profiles(),
        ))
    }

    /// Closes the journal, which writes what is queued, and ends what runs behind the provider. An
    /// order under way stays in the journal.
    ///
    /// Dropping a composition ends it too, but waits for nothing.
    pub async fn shutdown(self) {
        if let Some(storage) = self.storage.into_inner() {
            storage.shutdown().await;
        }
        self.running.shutdown().await;
    }
}

/// A process id is used again one day, so a random number stands beside it: the standard library's,
/// drawn to seed its hash maps.
fn owner() -> Owner {
    let random = RandomState::new().build_hasher().finish();
    Owner::new(format!("process {} {random:016x}", std::process::id()))
}
