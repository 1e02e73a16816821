//! What a command works with: the program put together from its settings, and the two streams.

use std::sync::Arc;

use jiff::Timestamp;
use roamport_app::{Cancellations, Catalogue, Esims, Orders, Reconciler, UsageReader, Worker};
use roamport_bootstrap::{
    Composition, Environment, Settings, SettingsError, SettingsLoader, StartError, Telemetry,
};
use roamport_domain::order::ProviderInstance;
use roamport_domain::{Clock, EsimProvider};

use crate::args::GlobalArguments;
use crate::exit::Failure;
use crate::interrupt::Interrupts;
use crate::output::Output;

/// A command tells of its own failure: unless somebody asks for a log, only what no command tells
/// is in it.
pub const LOG: &str = "log = \"error\"";

/// The effective settings: compiled-in, from the file, from the environment, from the flags.
pub(crate) fn settings(global: &GlobalArguments) -> Result<Settings, Failure> {
    let mut loader = SettingsLoader::of_process().more_defaults(LOG);
    if let Some(file) = &global.config {
        loader = loader.file(file);
    }
    if let Some(provider) = &global.provider {
        loader = loader.flag("provider", provider, "--provider");
    }
    if let Some(directory) = &global.data_dir {
        let directory = directory.to_str().ok_or_else(|| Failure::Settings {
            message: format!("--data-dir {} is not text in UTF-8", directory.display()),
            readable: false,
        })?;
        loader = loader.flag("data_dir", directory, "--data-dir");
    }
    let level = match (global.quiet, global.verbose) {
        (true, _) => Some(("error", "--quiet")),
        (false, 0) => None,
        (false, 1) => Some(("info", "-v")),
        (false, 2) => Some(("debug", "-vv")),
        (false, _) => Some(("trace", "-vvv")),
    };
    if let Some((level, flag)) = level {
        loader = loader.flag("log", level, flag);
    }
    Ok(loader.load()?)
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::Settings {
            message: error.to_string(),
            readable: false,
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Journal(error) => error.into(),
            StartError::SandboxPort(_) => Self::Machine(error.to_string()),
            error => Self::Settings {
                message: error.to_string(),
                readable: true,
            },
        }
    }
}

/// A program that was put together for one command.
#[derive(Debug)]
pub(crate) struct Session {
    output: Arc<Output>,
    interrupts: Interrupts,
    composition: Composition,
}

impl Session {
    /// Puts the program together. Nothing is sent to the provider, and no journal is opened.
    pub(crate) async fn start(
        global: &GlobalArguments,
        output: Arc<Output>,
        interrupts: Interrupts,
    ) -> Result<Self, Failure> {
        let settings = settings(global)?;
        let telemetry = Telemetry::on_stderr(&settings.log, &Environment::of_process());
        if let Err(error) = telemetry.install() {
            return Err(Failure::Settings {
                message: error.to_string(),
                readable: true,
            });
        }
        for warning in settings.warnings() {
            output.warn(&warning);
        }
        let composition = Composition::start(settings).await?;
        Ok(Self {
            output,
            interrupts,
            composition,
        })
    }

    /// Where words go.
    pub(crate) const fn output(&self) -> &Arc<Output> {
        &self.output
    }

    /// Whether and how often the process was asked to stop.
    pub(crate) const fn interrupts(&self) -> &Interrupts {
        &self.interrupts
    }

    /// The provider under its layers.
    pub(crate) fn provider(&self) -> Arc<dyn EsimProvider> {
        self.composition.provider()
    }

    /// The use-case "browse".
    pub(crate) fn catalogue(&self) -> Catalogue {
        self.composition.catalogue()
    }

    /// The use-cases of orders.
    pub(crate) async fn orders(&self) -> Result<Orders, Failure> {
        Ok(self.composition.orders().await?)
    }

    /// The use-case "give an eSIM back".
    pub(crate) async fn cancellations(&self) -> Result<Cancellations, Failure> {
        Ok(self.composition.cancellations().await?)
    }

    /// The use-case "reconcile".
    pub(crate) async fn reconciler(&self) -> Result<Reconciler, Failure> {
        Ok(self.composition.reconciler().await?)
    }

    /// A worker on the orders of the journal.
    pub(crate) async fn worker(&self) -> Result<Worker, Failure> {
        Ok(self.composition.worker().await?)
    }

    /// With whom orders are placed: its name and address.
    pub(crate) fn instance(&self) -> &ProviderInstance {
        self.composition.instance()
    }

    /// The clocks.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.composition.clock()
    }

    /// The machine's wall clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.composition.clock().now()
    }

    /// The use-case "show an eSIM".
    pub(crate) async fn esims(&self) -> Result<Esims, Failure> {
        Ok(self.composition.esims().await?)
    }

    /// The use-case "check usage".
    pub(crate) async fn usage(&self) -> Result<UsageReader, Failure> {
        Ok(self.composition.usage().await?)
    }

    /// Ends what runs behind the provider.
    pub(crate) async fn end(self) {
        self.composition.shutdown().await;
    }
}
