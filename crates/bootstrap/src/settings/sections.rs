//! The sections of the settings, read into the types that the other crates take.

use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use roamport_app::{BackPressurePolicy, LeasePolicy, WorkerPolicy};
use roamport_domain::Money;
use roamport_domain::money::Currency;
use roamport_domain::order::OrderPolicy;
use roamport_layers::{CircuitBreakerPolicy, RetryPolicy};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use super::error::SettingsError;
use super::secret::SecretSetting;
use super::values::Values;

const LARGEST_U16: u64 = u16::MAX as u64;
const LARGEST_U32: u64 = u32::MAX as u64;

/// How to reach Roamify: `roamify.…`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RoamifySettings {
    /// Scheme and host, without a slash at the end. Never holds credentials.
    pub base_url: String,
    /// The API key of the partner portal.
    pub token: SecretSetting,
    /// The secret that Roamify signs its events with; not set where none are taken.
    pub webhook_secret: SecretSetting,
    /// Packages on one page.
    pub page_size: NonZeroU16,
    /// Pages of one listing asked for at once, up to 64.
    pub pages_in_flight: NonZeroU16,
    /// Time for a connection to stand.
    pub connect_timeout: Duration,
    /// Time for one read.
    pub read_timeout: Duration,
    /// Time for one page of a listing.
    pub listing_timeout: Duration,
    /// Time for an order or a top-up.
    pub purchase_timeout: Duration,
    /// Time for the generation of a profile.
    pub provisioning_timeout: Duration,
    /// How long after a purchase call its effect may still appear.
    pub longest_effect: Duration,
    /// Order and profile in one call.
    pub instant_orders: bool,
    /// How many requests there may be; `None` for as many as come.
    pub rate: Option<RateSettings>,
}

/// A limit on requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateSettings {
    /// Requests a second, in the long run.
    pub per_second: NonZeroU32,
    /// Requests at once, after a rest.
    pub burst: NonZeroU32,
}

impl RoamifySettings {
    pub(super) fn read(values: &Values) -> Result<Self, SettingsError> {
        let at = |name: &str| format!("roamify.{name}");
        Ok(Self {
            base_url: base_url(values, &at("base_url"), "https://api.getroamify.com")?,
            token: values.secret(&at("token"))?,
            webhook_secret: values.secret(&at("webhook_secret"))?,
            page_size: values
                .whole::<u16>(&at("page_size"), 1..=10_000)
                .map(at_least_one)?,
            pages_in_flight: values
                .whole::<u16>(&at("pages_in_flight"), 1..=64)
                .map(at_least_one)?,
            connect_timeout: values.duration(&at("connect_timeout"))?,
            read_timeout: values.duration(&at("read_timeout"))?,
            listing_timeout: values.duration(&at("listing_timeout"))?,
            purchase_timeout: values.duration(&at("purchase_timeout"))?,
            provisioning_timeout: values.duration(&at("provisioning_timeout"))?,
            longest_effect: values.duration(&at("longest_effect"))?,
            instant_orders: values.switch(&at("instant_orders"))?,
            rate: rate(values, "roamify")?,
        })
    }
}

/// The limit on requests of a section, if it has one.
pub(super) fn rate(values: &Values, section: &str) -> Result<Option<RateSettings>, SettingsError> {
    let per_second = values.whole(&format!("{section}.requests_per_second"), 0..=100_000)?;
    let burst = values.whole(&format!("{section}.burst"), 1..=100_000)?;
    Ok(NonZeroU32::new(per_second)
        .zip(NonZeroU32::new(burst))
        .map(|(per_second, burst)| RateSettings { per_second, burst }))
}

/// Scheme and host, as `example` has them; without a slash at the end.
pub(super) fn base_url(values: &Values, key: &str, example: &str) -> Result<String, SettingsError> {
    let text = values
        .text(key)
        .unwrap_or_default()
        .trim()
        .trim_end_matches('/');
    if text.contains('@') {
        // A URL with credentials is refused without being shown.
        return Err(SettingsError::BadValue {
            key: key.to_owned(),
            value: None,
            origin: values.origin(key),
            allowed: "a URL without a user name and a password".to_owned(),
        });
    }
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with(['/', ':']) => Ok(text.to_owned()),
        _ => Err(values.bad(
            key,
            format!("http:// or https:// and a host, such as {example}"),
        )),
    }
}

/// Whose HTTP API the built-in sandbox imitates, and through whose adapter it is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SandboxDialect {
    /// Roamify's.
    #[default]
    Roamify,
    /// eSIM Access's.
    EsimAccess,
}

impl SandboxDialect {
    /// Every dialect.
    pub const ALL: [Self; 2] = [Self::Roamify, Self::EsimAccess];

    /// The name of it, as it stands in the setting.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Roamify => "roamify",
            Self::EsimAccess => "esim-access",
        }
    }
}

/// What the sandbox sells: `sandbox.…`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SandboxSettings {
    /// Whose HTTP API it imitates.
    pub dialect: SandboxDialect,
    /// The size of the catalogue.
    pub packages: usize,
    /// The seed of the catalogue.
    pub seed: u64,
    /// The wallet a new world begins with, in US dollars.
    pub balance: String,
    /// How long each answer waits.
    pub latency: Duration,
}

impl SandboxSettings {
    pub(super) fn read(values: &Values) -> Result<Self, SettingsError> {
        let dialect = values.parsed(
            "sandbox.dialect",
            "\"roamify\" or \"esim-access\"",
            |text| {
                SandboxDialect::ALL
                    .into_iter()
                    .find(|dialect| dialect.as_str() == text)
            },
        )?;
        Ok(Self {
            dialect,
            packages: values.whole("sandbox.packages", 1..=LARGEST_U32)?,
            seed: values.whole("sandbox.seed", 0..=u64::MAX)?,
            balance: values.parsed(
                "sandbox.balance",
                "an amount of US dollars that is not negative, such as 1000 or 12.50",
                |text| {
                    let amount = Money::parse_amount(text, Currency::USD).ok()?;
                    (!amount.is_negative()).then(|| amount.amount().to_string())
                },
            )?,
            latency: values.duration_or_zero("sandbox.latency")?,
        })
    }
}

pub(super) fn lease(values: &Values) -> Result<LeasePolicy, SettingsError> {
    let policy = LeasePolicy {
        lease: values.duration("orders.lease")?,
        renew_every: values.duration("orders.renew_every")?,
    };
    if policy.renew_every >= policy.lease {
        return Err(SettingsError::Conflict {
            key: "orders.renew_every".to_owned(),
            origin: values.origin("orders.renew_every"),
            other: "orders.lease".to_owned(),
            rule: "a lease has to be renewed before it is over".to_owned(),
        });
    }
    Ok(policy)
}

pub(super) fn back_pressure(values: &Values) -> Result<BackPressurePolicy, SettingsError> {
    Ok(BackPressurePolicy {
        reconciling: values.whole("orders.back_pressure_reconciling", 0..=LARGEST_U32)?,
        share_percent: values.whole("orders.back_pressure_share", 0..=100)?,
        calls: values.whole("orders.back_pressure_calls", 1..=LARGEST_U32)?,
    })
}

pub(super) fn worker(values: &Values) -> Result<WorkerPolicy, SettingsError> {
    let number = |key| values.whole::<u16>(key, 1..=10_000).map(at_least_one);
    Ok(WorkerPolicy {
        batch: number("worker.batch")?,
        at_once: number("worker.at_once")?,
        held: number("worker.held")?,
        idle_poll: values.duration("worker.idle_poll")?,
    })
}

pub(super) fn orders(values: &Values) -> Result<OrderPolicy, SettingsError> {
    let at = |name: &str| format!("orders.{name}");
    Ok(OrderPolicy {
        place_within: values.duration(&at("place_within"))?,
        quiet_period: values.duration(&at("quiet_period"))?,
        max_attempts: values.whole(&at("max_attempts"), 1..=100)?,
        look_ups_for_absence: values.whole(&at("look_ups_for_absence"), 1..=LARGEST_U16)?,
        proven_absence_first: values.switch(&at("proven_absence_first"))?,
        look_up_waits: values.durations(&at("look_up_waits"))?,
        reconcile_for: values.duration(&at("reconcile_for"))?,
        attention_look_up_every: values.duration(&at("attention_look_up_every"))?,
        attention_look_up_for: values.duration(&at("attention_look_up_for"))?,
        delivery_within: values.duration(&at("delivery_within"))?,
        profile_waits: values.durations(&at("profile_waits"))?,
        provision_again_after: values.duration(&at("provision_again_after"))?,
        provision_within: values.duration(&at("provision_within"))?,
        items_at_once: values.whole(&at("items_at_once"), 1..=100)?,
    })
}

pub(super) fn circuit_breaker(values: &Values) -> Result<CircuitBreakerPolicy, SettingsError> {
    Ok(CircuitBreakerPolicy {
        failures: values
            .whole("circuit_breaker.failures", 0..=1_000_000)
            .map(NonZeroU32::new)?,
        pause: values.duration("circuit_breaker.pause")?,
        probe_limit: values.duration("circuit_breaker.probe_limit")?,
    })
}

pub(super) fn retry(values: &Values) -> Result<RetryPolicy, SettingsError> {
    let policy = RetryPolicy {
        tries: values
            .whole::<u32>("retry.tries", 1..=100)
            .map(|tries| NonZeroU32::new(tries).expect("the range begins at 1"))?,
        shortest_pause: values.duration("retry.shortest_pause")?,
        longest_pause: values.duration("retry.longest_pause")?,
        longest_hint: values.duration_or_zero("retry.longest_hint")?,
        longest_read: values.duration("retry.longest_read")?,
    };
    if policy.shortest_pause > policy.longest_pause {
        return Err(SettingsError::Conflict {
            key: "retry.shortest_pause".to_owned(),
            origin: values.origin("retry.shortest_pause"),
            other: "retry.longest_pause".to_owned(),
            rule: "the shortest pause must not be the longer one".to_owned(),
        });
    }
    Ok(policy)
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// What is logged, and how: `log` and `log_format`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogSettings {
    /// A level or a filter, as `tracing-subscriber`'s `EnvFilter` reads it.
    pub filter: String,
    /// How a line is written.
    pub format: LogFormat,
}

impl LogSettings {
    /// What `filter` lets through, in `format`.
    pub fn new(filter: impl Into<String>, format: LogFormat) -> Self {
        Self {
            filter: filter.into(),
            format,
        }
    }

    pub(super) fn read(values: &Values) -> Result<Self, SettingsError> {
        let filter = values.parsed(
            "log",
            "a level (error, warn, info, debug, trace, off) or a filter such as \
             \"warn,roamport_app=debug\"",
            |text| is_filter(text).then(|| text.to_owned()),
        )?;
        let format = values.parsed("log_format", "\"text\" or \"json\"", |text| match text {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        })?;
        Ok(Self { filter, format })
    }
}

/// A misspelt level alone would count as the name of a module, and silence everything else.
fn is_filter(text: &str) -> bool {
    let bare = |part: &&str| !part.contains(['=', '[', ']']);
    text.split(',')
        .map(str::trim)
        .filter(bare)
        .all(|part| part.parse::<LevelFilter>().is_ok())
        && EnvFilter::builder().parse(text).is_ok()
}

fn at_least_one(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("the range begins at 1")
}
