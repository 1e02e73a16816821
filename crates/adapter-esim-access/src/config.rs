//! The adapter's settings: plain data, checked once when the provider is built.

use std::fmt;
use std::num::NonZeroU16;
use std::time::Duration;

use roamport_domain::ProviderName;
use roamport_provider_http::HeaderValue;
use roamport_provider_http::settings::{
    SettingError, check_time_outs, secret_header, whole_seconds, without_credentials,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Rows on one page of a query, as eSIM Access takes them.
const PAGE_SIZES: std::ops::RangeInclusive<u16> = 5..=500;

/// How to reach eSIM Access and how patient to be with it.
///
/// An account answers to an access code alone, or asks for every request to be signed besides: then
/// [`secret_key`](Self::secret_key) is set. Unknown keys are errors. `Debug` shows neither code nor key
/// nor a password in the URL.
///
/// ```
/// use roamport_adapter_esim_access::EsimAccessConfig;
///
/// let config = EsimAccessConfig::new("https://api.esimaccess.com", "the-code-of-the-console")
///     .with_secret_key("the-key-of-the-console");
/// assert_eq!(config.page_size.get(), 100);
/// assert!(!format!("{config:?}").contains("console"));
/// ```
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EsimAccessConfig {
    /// Scheme, host and perhaps port, without `/api`: `https://api.esimaccess.com`. A code sent over
    /// `http://` can be read on the way; keep that to loopback and private networks.
    pub base_url: String,
    /// The access code of the account (header `RT-AccessCode`). Opaque: its form is not checked beyond
    /// what an HTTP header can carry.
    pub access_code: SecretString,
    /// The key that requests are signed with (HMAC-SHA256, header `RT-Signature`). Default none:
    /// requests are not signed.
    #[serde(default)]
    pub secret_key: Option<SecretString>,
    /// Whether the signature is written in capital letters. Default `false`: the provider's documents
    /// show both, and public integrations use either.
    #[serde(default)]
    pub upper_case_signature: bool,
    /// What orders, eSIMs and logs call this provider. Default `esim-access`.
    #[serde(default = "defaults::name")]
    pub name: ProviderName,
    /// Rows asked for on one page of a query of eSIMs, 5 to 500. Default 100.
    #[serde(default = "defaults::page_size")]
    pub page_size: NonZeroU16,
    /// Time for a connection to stand, TLS included. Default 10 s.
    #[serde(default = "defaults::connect_time_out", with = "whole_seconds")]
    pub connect_time_out: Duration,
    /// Time for one read. Default 15 s.
    #[serde(default = "defaults::read_time_out", with = "whole_seconds")]
    pub read_time_out: Duration,
    /// Time for the catalogue, which comes in one answer of several megabytes. Default 60 s.
    #[serde(default = "defaults::catalogue_time_out", with = "whole_seconds")]
    pub catalogue_time_out: Duration,
    /// Time for an order, a top-up, and any other call that changes something. Default 60 s.
    #[serde(default = "defaults::purchase_time_out", with = "whole_seconds")]
    pub purchase_time_out: Duration,
}

impl EsimAccessConfig {
    /// The settings for `base_url` and `access_code`, everything else by default.
    pub fn new(base_url: impl Into<String>, access_code: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            access_code: SecretString::from(access_code.into()),
            secret_key: None,
            upper_case_signature: false,
            name: defaults::name(),
            page_size: defaults::page_size(),
            connect_time_out: defaults::connect_time_out(),
            read_time_out: defaults::read_time_out(),
            catalogue_time_out: defaults::catalogue_time_out(),
            purchase_time_out: defaults::purchase_time_out(),
        }
    }

    /// The same, with every request signed.
    #[must_use]
    pub fn with_secret_key(mut self, secret_key: impl Into<String>) -> Self {
        self.secret_key = Some(SecretString::from(secret_key.into()));
        self
    }

    /// The value of the `RT-AccessCode` header, marked as sensitive.
    pub(crate) fn access_code_header(&self) -> Result<HeaderValue, SettingError> {
        secret_header("access_code", "", self.access_code.expose_secret())
    }

    /// What does not depend on the network: the key, the page size and the time-outs.
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        if let Some(key) = &self.secret_key {
            let key = key.expose_secret();
            if key.is_empty() || key.trim() != key {
                let words = "is empty or has blanks around it; copy it from eSIM Access's console, or \
                             leave it out where the account needs no signature";
                return Err(SettingError::new("secret_key", words));
            }
        }
        if !PAGE_SIZES.contains(&self.page_size.get()) {
            let words = "is not one of 5 to 500, which is what eSIM Access takes";
            return Err(SettingError::new("page_size", words));
        }
        check_time_outs([
            ("connect_time_out", self.connect_time_out),
            ("read_time_out", self.read_time_out),
            ("catalogue_time_out", self.catalogue_time_out),
            ("purchase_time_out", self.purchase_time_out),
        ])
    }
}

impl fmt::Debug for EsimAccessConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EsimAccessConfig")
            .field("base_url", &without_credentials(&self.base_url))
            .field("access_code", &"…")
            .field("secret_key", &self.secret_key.as_ref().map(|_| "…"))
            .field("upper_case_signature", &self.upper_case_signature)
            .field("name", &self.name.as_str())
            .field("page_size", &self.page_size)
            .field("connect_time_out", &self.connect_time_out)
            .field("read_time_out", &self.read_time_out)
            .field("catalogue_time_out", &self.catalogue_time_out)
            .field("purchase_time_out", &self.purchase_time_out)
            .finish()
    }
}

mod defaults {
    use std::num::NonZeroU16;
    use std::time::Duration;

    use roamport_domain::ProviderName;

    pub(super) fn name() -> ProviderName {
        ProviderName::parse("esim-access").expect("small letters and a dash are a provider name")
    }

    pub(super) const fn page_size() -> NonZeroU16 {
        NonZeroU16::new(100).expect("100 is not zero")
    }

    pub(super) const fn connect_time_out() -> Duration {
        Duration::from_secs(10)
    }

    pub(super) const fn read_time_out() -> Duration {
        Duration::from_secs(15)
    }

    pub(super) const fn catalogue_time_out() -> Duration {
        Duration::from_mins(1)
    }

    pub(super) const fn purchase_time_out() -> Duration {
        Duration::from_mins(1)
    }
}

#[cfg(test)]
mod tests;
