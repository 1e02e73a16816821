//! Which providers there are, by the name in the settings.

mod roamify;
mod sandbox;

use std::sync::Arc;

use roamport_domain::order::ProviderInstance;
use roamport_domain::{Clock, EsimProvider};

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
/// assert_eq!(providers.names(), ["acme", "roamify", "sandbox"]);
/// ```
#[derive(Clone, Debug)]
pub struct Providers(Registry<ProviderContext, RunningProvider>);

impl Providers {
    /// The list of this release: `roamify` and `sandbox`.
    pub fn standard() -> Self {
        Self::none()
            .with("roamify", roamify::start)
            .with("sandbox", sandbox::start)
    }

    /// The empty list.
    pub fn none() -> Self {
        Self(Registry::new("provider"))
    }

    /// The list with one more provider, which takes the place of an earlier one of that name. The
    /// constructor makes the bare adapter; the layers are laid on it afterwards.
    #[must_use]
    pub fn with<Construct, Made>(self, name: impl Into<String>, construct: Construct) -> Self
    where
        Construct: Fn(ProviderContext) -> Made + Send + Sync + 'static,
        Made: Future<Output = Result<RunningProvider, StartError>> + Send + 'static,
    {
        Self(self.0.with(name, construct))
    }

    /// The names, sorted.
    pub fn names(&self) -> Vec<String> {
        self.0.names()
    }

    /// Starts the provider that the settings name.
    pub(crate) async fn start(
        &self,
        context: ProviderContext,
    ) -> Result<RunningProvider, StartError> {
        let settings = Arc::clone(&context.settings);
        let origin = settings.origin("provider");
        self.0
            .make(settings.provider.as_str(), origin, context)
            .await
    }
}

/// A provider that can be called, and what runs behind it.
#[derive(Debug)]
pub struct RunningProvider {
    provider: Arc<dyn EsimProvider>,
    instance: ProviderInstance,
    ending: Ending,
}

impl RunningProvider {
    /// A bare adapter, and what orders remember of it: the name and an address that stays the same
    /// from run to run. An order is only carried on with the instance it was started with.
    pub fn new(provider: Arc<dyn EsimProvider>, instance: ProviderInstance) -> Self {
        Self {
            provider,
            instance,
            ending: Ending::default(),
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

    pub(crate) async fn shutdown(self) {
        self.ending.end().await;
    }
}
