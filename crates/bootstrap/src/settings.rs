//! The effective settings of a program, each with its origin.

mod address;
mod directories;
mod documented;
mod environment;
mod error;
mod esim_access;
mod file;
mod journal;
mod layer;
mod loader;
mod nearest;
mod origin;
mod reading;
mod secret;
mod sections;
mod values;
mod warnings;

use std::path::PathBuf;

use roamport_app::{BackPressurePolicy, LeasePolicy, WorkerPolicy};
use roamport_domain::order::OrderPolicy;
use roamport_domain::{ProviderName, Secret};
use roamport_layers::{CircuitBreakerPolicy, RetryPolicy};

pub use self::directories::Directories;
pub use self::documented::{DocumentedSection, DocumentedSetting};
pub use self::environment::Environment;
pub use self::error::SettingsError;
pub use self::esim_access::EsimAccessSettings;
pub use self::journal::PostgresSettings;
pub use self::loader::{DEFAULTS, SettingsLoader};
pub(crate) use self::nearest::nearest;
pub use self::origin::{Described, HIDDEN, Origin};
pub use self::secret::SecretSetting;
pub use self::sections::{
    LogFormat, LogSettings, RateSettings, RoamifySettings, SandboxDialect, SandboxSettings,
};
use self::values::Values;

/// All settings, read and checked. Made by a [`SettingsLoader`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Who sells, by the name under which a provider is registered. `provider`.
    pub provider: ProviderName,
    /// Who keeps the orders, by the name under which a journal is registered; `postgres` where
    /// `journal` is the URL of such a database, or `journal_file` names a file with one.
    pub journal: String,
    /// Where everything is kept. `data_dir`.
    pub data_dir: PathBuf,
    /// How to reach PostgreSQL. `journal` and `postgres.…`.
    pub postgres: PostgresSettings,
    /// How to reach Roamify. `roamify.…`.
    pub roamify: RoamifySettings,
    /// How to reach eSIM Access. `esim_access.…`.
    pub esim_access: EsimAccessSettings,
    /// What the sandbox sells. `sandbox.…`.
    pub sandbox: SandboxSettings,
    /// Times and limits of the order machine. `orders.…`.
    pub orders: OrderPolicy,
    /// How long a process keeps an order it works on. `orders.lease` and `orders.renew_every`.
    pub lease: LeasePolicy,
    /// From when on new orders wait. `orders.back_pressure_…`.
    pub back_pressure: BackPressurePolicy,
    /// How much a worker takes on. `worker.…`.
    pub worker: WorkerPolicy,
    /// When a failing provider is left alone. `circuit_breaker.…`.
    pub circuit_breaker: CircuitBreakerPolicy,
    /// How reads are repeated. `retry.…`.
    pub retry: RetryPolicy,
    /// What is logged. `log` and `log_format`.
    pub log: LogSettings,
    values: Values,
}

impl Settings {
    fn from_values(mut values: Values, directories: &Directories) -> Result<Self, SettingsError> {
        let usual = || directories.data().map(ToOwned::to_owned);
        let data_dir = values
            .path("data_dir")
            .or_else(usual)
            .ok_or(SettingsError::NoDataDirectory)?;
        values.fill("data_dir", data_dir.display().to_string());
        Ok(Self {
            provider: values.parsed(
                "provider",
                "a provider's name: \"sandbox\", \"roamify\", \"esim-access\" or one that was registered",
                |text| ProviderName::parse(text).ok(),
            )?,
            journal: journal::name(&values)?,
            postgres: PostgresSettings::read(&values)?,
            data_dir,
            roamify: RoamifySettings::read(&values)?,
            esim_access: EsimAccessSettings::read(&values)?,
            sandbox: SandboxSettings::read(&values)?,
            orders: sections::orders(&values)?,
            lease: sections::lease(&values)?,
            back_pressure: sections::back_pressure(&values)?,
            worker: sections::worker(&values)?,
            circuit_breaker: sections::circuit_breaker(&values)?,
            retry: sections::retry(&values)?,
            log: LogSettings::read(&values)?,
            values,
        })
    }

    /// Every setting with its effective value and where it came from, those outside a section first.
    /// Secrets are [`HIDDEN`].
    pub fn describe(&self) -> Vec<Described> {
        self.values.describe()
    }

    /// Where a setting came from.
    pub fn origin(&self, key: &str) -> Origin {
        self.values.origin(key)
    }

    /// The text of a setting, also of one that an embedder added; `None` where it is not set.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.text(key)
    }

    /// A secret that an embedder added, from `key` or from the file that `key` with `_file` behind it
    /// names; `None` where neither is set.
    ///
    /// # Errors
    ///
    /// [`SettingsError::BothSecrets`] and those of [`SecretSetting::read`].
    pub fn secret(&self, key: &str) -> Result<Option<Secret>, SettingsError> {
        self.values.secret(key)?.read()
    }

    /// The error for a setting whose value cannot be used, with its origin and what is `allowed`, for
    /// an embedder's own settings.
    pub fn bad_value(&self, key: &str, allowed: impl Into<String>) -> SettingsError {
        self.values.bad(key, allowed)
    }
}
