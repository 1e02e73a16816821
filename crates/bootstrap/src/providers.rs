//! Which providers there are, by the name in the settings.

mod esim_access;
mod roamify;
mod sandbox;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use roamport_domain::order::ProviderInstance;
use roamport_domain::provider::{Classified, EventDecoder};
use roamport_domain::{Capabilities, Clock, EsimProvider, ProviderName, Secret};

use crate::ending::Ending;
use crate::registry::Registry;
use crate::{Settings, StartError};

/// What a provider is made from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderContext {
    /// All settings.
    pub settings: Arc<Settings>,
    /// The program's clocks.
    pub clock: Arc<dyn Clock>,
}

impl ProviderContext {
    pub(crate) fn new(settings: Arc<Settings>, clock: Arc<dyn Clock>) -> Self {
        Self { settings, clock }
    }
}

/// The providers that a setting can name: a plain list of names and constructors.
///
/// ```
/// use roamport_bootstrap::{Providers, RunningProvider};
///
/// let providers = Providers::standard().with("acme", |context| async move {
///     let url = context.settings.text("acme.url").unwrap_or("https://acme.example").to_owned();
///     # let _ = url;
///     # Err::<RunningProvider, _>(roamport_bootstrap::StartError::Provider {
///     #     name: "acme".to_owned(),
///     #     source: "this example has no adapter".into(),
///     # })
///     // Make the adapter, and say what orders call it: `RunningProvider::new(adapter, instance)`.
/// });
/// assert_eq!(providers.names(), ["acme", "esim-access", "roamify", "sandbox"]);
/// ```
#[derive(Clone)]
pub struct Providers {
    constructors: Registry<ProviderContext, RunningProvider>,
    capabilities: BTreeMap<String, Reading<Capabilities>>,
    events: BTreeMap<String, Reading<Arc<dyn EventDecoder>>>,
    classification: BTreeMap<String, fn() -> Vec<Classified>>,
}

/// Makes something of a provider's settings, without a call.
type Reading<Made> =
    Arc<dyn Fn(&ProviderContext) -> Result<Made, StartError> + Send + Sync + 'static>;

/// A provider that the setting can name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescribedProvider {
    /// Its name.
    pub name: String,
    /// Whether the settings name it.
    pub configured: bool,
    /// What it can do under the present settings; `None` where it was registered without
    /// [`Providers::with_capabilities`].
    pub capabilities: Option<Capabilities>,
}

impl Providers {
    /// The list of this release: `esim-access`, `roamify` and `sandbox`.
    pub fn standard() -> Self {
        Self::none()
            .with("esim-access", esim_access::start)
            .with_capabilities("esim-access", esim_access::capabilities)
            .with_events("esim-access", |context| Ok(esim_access::events(context)))
            .with_classification("esim-access", esim_access::classification)
            .with("roamify", roamify::start)
            .with_capabilities("roamify", roamify::capabilities)
            .with_events("roamify", roamify::events)
            .with_classification("roamify", roamify::classification)
            .with("sandbox", sandbox::start)
            .with_capabilities("sandbox", sandbox::capabilities)
            .with_events("sandbox", sandbox::events)
    }

    /// The empty list.
    pub fn none() -> Self {
        Self {
            constructors: Registry::new("provider"),
            capabilities: BTreeMap::new(),
            events: BTreeMap::new(),
            classification: BTreeMap::new(),
        }
    }

    /// The list with one more provider, which takes the place of an earlier one of that name and of
    /// what was said about it. The constructor makes the bare adapter; the layers are laid on it
    /// afterwards.
    #[must_use]
    pub fn with<Construct, Made>(mut self, name: impl Into<String>, construct: Construct) -> Self
    where
        Construct: Fn(ProviderContext) -> Made + Send + Sync + 'static,
        Made: Future<Output = Result<RunningProvider, StartError>> + Send + 'static,
    {
        let name = name.into();
        self.capabilities.remove(&name);
        self.events.remove(&name);
        self.classification.remove(&name);
        let constructors = self.constructors.with(name, construct);
        Self {
            constructors,
            ..self
        }
    }

    /// Says what the provider `name` can do, so that [`Providers::describe`] can tell it although the
    /// provider is not the configured one. It needs no secret and sends nothing.
    #[must_use]
    pub fn with_capabilities(
        mut self,
        name: impl Into<String>,
        read: impl Fn(&ProviderContext) -> Result<Capabilities, StartError> + Send + Sync + 'static,
    ) -> Self {
        self.capabilities.insert(name.into(), Arc::new(read));
        self
    }

    /// Says how the events of the provider `name` are decoded.
    #[must_use]
    pub fn with_events(
        mut self,
        name: impl Into<String>,
        make: impl Fn(&ProviderContext) -> Result<Arc<dyn EventDecoder>, StartError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.events.insert(name.into(), Arc::new(make));
        self
    }

    /// Says what the answers of the provider `name` mean, for pages that explain errors.
    #[must_use]
    pub fn with_classification(
        mut self,
        name: impl Into<String>,
        table: fn() -> Vec<Classified>,
    ) -> Self {
        self.classification.insert(name.into(), table);
        self
    }

    /// What each answer of the provider `name` means, as its adapter sorts them; `None` where nobody
    /// said.
    ///
    /// ```
    /// use roamport_bootstrap::Providers;
    /// use roamport_domain::provider::ErrorKind;
    ///
    /// let providers = Providers::standard();
    /// let names = providers.names();
    /// let told: Vec<_> = names.iter().filter_map(|name| providers.classification(name)).collect();
    /// assert_eq!(told.len(), 2);
    /// // An answer that never came leaves a purchase in doubt, whoever sells.
    /// for rows in told {
    ///     let lost = rows.iter().find(|row| row.detail == "no answer came");
    ///     assert_eq!(lost.map(|row| row.purchase), Some(ErrorKind::Ambiguous));
    /// }
    /// ```
    pub fn classification(&self, name: &str) -> Option<Vec<Classified>> {
        self.classification.get(name).map(|table| table())
    }

    /// The names, sorted.
    pub fn names(&self) -> Vec<String> {
        self.constructors.names()
    }

    /// Every provider of the list, with what it can do under these settings. Nothing is started, no
    /// secret is read and nothing is sent.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use roamport_bootstrap::{Directories, Providers, SettingsLoader, SystemClock};
    ///
    /// let settings = SettingsLoader::new()
    ///     .directories(Directories::at("config", "data"))
    ///     .load()?;
    /// let clock = Arc::new(SystemClock);
    /// let described = Providers::standard().describe(&settings, clock)?;
    /// let configured = described.iter().find(|provider| provider.configured);
    /// assert_eq!(configured.map(|provider| provider.name.as_str()), Some("sandbox"));
    /// # Ok::<(), roamport_bootstrap::StartError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError::Provider`] where an adapter refuses its settings.
    pub fn describe(
        &self,
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Vec<DescribedProvider>, StartError> {
        let context = ProviderContext::new(Arc::new(settings.clone()), clock);
        let described = self.names().into_iter().map(|name| {
            let read = self.capabilities.get(&name);
            Ok(DescribedProvider {
                configured: name == settings.provider.as_str(),
                capabilities: read.map(|read| read(&context)).transpose()?,
                name,
            })
        });
        described.collect()
    }

    /// The decoder of the events of the provider that the settings name; `None` where it sends none
    /// that can be read.
    ///
    /// # Errors
    ///
    /// [`StartError::Settings`] where the secret is missing that its events are signed with.
    pub fn event_decoder(
        &self,
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Arc<dyn EventDecoder>>, StartError> {
        let context = ProviderContext::new(Arc::new(settings.clone()), clock);
        let make = self.events.get(settings.provider.as_str());
        make.map(|make| make(&context)).transpose()
    }

    /// Starts the provider that the settings name.
    pub(crate) async fn start(
        &self,
        context: ProviderContext,
    ) -> Result<RunningProvider, StartError> {
        let settings = Arc::clone(&context.settings);
        let origin = settings.origin("provider");
        self.constructors
            .make(settings.provider.as_str(), origin, context)
            .await
    }
}

/// The error of an adapter that cannot be made from its settings.
fn refused(name: &ProviderName, error: impl Error + Send + Sync + 'static) -> StartError {
    StartError::Provider {
        name: name.to_string(),
        source: Box::new(error),
    }
}

/// The names.
impl fmt::Debug for Providers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Providers")
            .field(&self.constructors)
            .finish()
    }
}

/// A provider that can be called, and what runs behind it.
#[derive(Debug)]
pub struct RunningProvider {
    provider: Arc<dyn EsimProvider>,
    instance: ProviderInstance,
    account_identity: Secret,
    ending: Ending,
}

impl RunningProvider {
    /// A bare adapter, and what orders remember of it: the name and an address that stays the same
    /// from run to run. An order is only carried on with the instance it was started with.
    pub fn new(provider: Arc<dyn EsimProvider>, instance: ProviderInstance) -> Self {
        Self {
            account_identity: Secret::new(instance.to_string()),
            provider,
            instance,
            ending: Ending::default(),
        }
    }

    /// With the part of the credentials that names the account whose wallet pays, such as an access code.
    /// Orders remember a digest of it, and are never sent again under another account. Without one, all
    /// orders of the instance belong to one account.
    #[must_use]
    pub fn with_account_identity(self, account_identity: Secret) -> Self {
        Self {
            account_identity,
            ..self
        }
    }

    /// With something to end when the program does. What the closure owns lives until then; where the
    /// program ends without asking, it is dropped.
    #[must_use]
    pub fn with_shutdown<Ended>(self, shutdown: impl FnOnce() -> Ended + Send + 'static) -> Self
    where
        Ended: Future<Output = ()> + Send + 'static,
    {
        Self {
            ending: Ending::by(shutdown),
            ..self
        }
    }

    /// The adapter.
    pub fn provider(&self) -> &Arc<dyn EsimProvider> {
        &self.provider
    }

    /// What orders remember of it.
    pub fn instance(&self) -> &ProviderInstance {
        &self.instance
    }

    /// What names the account.
    pub(crate) const fn account_identity(&self) -> &Secret {
        &self.account_identity
    }

    pub(crate) async fn shutdown(self) {
        self.ending.end().await;
    }
}
