//! The adapter's settings: plain data, checked once when the provider is built.

use std::fmt;
use std::time::Duration;

use roamport_domain::ProviderName;
use roamport_provider_http::HeaderValue;
use roamport_provider_http::settings::{
    SettingError, check_time_outs, secret_header, whole_seconds, without_credentials,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// How to reach @Words@ and how patient to be with it. Unknown keys are errors. `Debug` shows neither the
/// token nor what stands before an `@` in the URL.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct @Type@Config {
    /// Scheme and host, perhaps a port and a path.
    pub base_url: String,
    /// The key of @Words@'s partner portal. Opaque: checked only for what an HTTP header can carry.
    pub token: SecretString,
    /// What orders, eSIMs and logs call this provider. Default `@kebab@`.
    #[serde(default = "default_name")]
    pub name: ProviderName,
    /// Time for a connection to stand, TLS included. Default 10 s.
    #[serde(default = "default_connect_time_out", with = "whole_seconds")]
    pub connect_time_out: Duration,
    /// Time for one read. Default 15 s.
    #[serde(default = "default_read_time_out", with = "whole_seconds")]
    pub read_time_out: Duration,
    /// Time for an order or a top-up. Default 60 s.
    #[serde(default = "default_purchase_time_out", with = "whole_seconds")]
    pub purchase_time_out: Duration,
}

impl @Type@Config {
    /// The settings for `base_url` and `token`, everything else by default.
    pub fn new(base_url: impl Into<String>, token: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            token: SecretString::from(token.into()),
            name: default_name(),
            connect_time_out: default_connect_time_out(),
            read_time_out: default_read_time_out(),
            purchase_time_out: default_purchase_time_out(),
        }
    }

    /// The value of the `Authorization` header, marked as sensitive.
    pub(crate) fn authorization(&self) -> Result<HeaderValue, SettingError> {
        secret_header("token", "Bearer ", self.token.expose_secret())
    }

    pub(crate) fn check(&self) -> Result<(), SettingError> {
        check_time_outs([
            ("connect_time_out", self.connect_time_out),
            ("read_time_out", self.read_time_out),
            ("purchase_time_out", self.purchase_time_out),
        ])
    }
}

impl fmt::Debug for @Type@Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("@Type@Config")
            .field("base_url", &without_credentials(&self.base_url))
            .field("token", &"…")
            .field("name", &self.name.as_str())
            .field("connect_time_out", &self.connect_time_out)
            .field("read_time_out", &self.read_time_out)
            .field("purchase_time_out", &self.purchase_time_out)
            .finish()
    }
}

fn default_name() -> ProviderName {
    ProviderName::parse("@kebab@").expect("lower-case letters, digits and dashes are a name")
}

const fn default_connect_time_out() -> Duration {
    Duration::from_secs(10)
}

const fn default_read_time_out() -> Duration {
    Duration::from_secs(15)
}

const fn default_purchase_time_out() -> Duration {
    Duration::from_mins(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_work_are_refused() {
        for token in ["", "two words", "line\n"] {
            let config = @Type@Config::new("https://host", token);
            assert!(config.authorization().is_err(), "{token:?}");
        }
        let mut config = @Type@Config::new("https://host", "token");
        config.check().unwrap();
        config.read_time_out = Duration::ZERO;
        assert!(config.check().is_err());
    }

    #[test]
    fn debug_shows_neither_token_nor_password() {
        let shown = format!("{:?}", @Type@Config::new("https://user:word@host", "t0ken"));
        assert!(!shown.contains("t0ken") && !shown.contains("word"), "{shown}");
    }
}
