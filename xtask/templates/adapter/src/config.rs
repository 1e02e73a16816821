//! The adapter's settings: plain data, checked once when the provider is built.

use std::fmt;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use roamport_domain::ProviderName;
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
    #[serde(default = "default_connect_time_out")]
    pub connect_time_out: Duration,
    /// Time for one read. Default 15 s.
    #[serde(default = "default_read_time_out")]
    pub read_time_out: Duration,
    /// Time for an order or a top-up. Default 60 s.
    #[serde(default = "default_purchase_time_out")]
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

    /// The base URL, without a slash at its end.
    pub(crate) fn checked_base_url(&self) -> Result<Url, @Type@ConfigError> {
        let mut url = Url::parse(self.base_url.trim())
            .map_err(|error| @Type@ConfigError::BaseUrl(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            let words = "it needs http:// or https:// and a host";
            return Err(@Type@ConfigError::BaseUrl(words.to_owned()));
        }
        let credentials = !url.username().is_empty() || url.password().is_some();
        if credentials || url.query().is_some() || url.fragment().is_some() {
            let words = "it takes no user name, no password, no `?` and no `#`";
            return Err(@Type@ConfigError::BaseUrl(words.to_owned()));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(url)
    }

    /// The value of the `Authorization` header, marked as sensitive.
    pub(crate) fn checked_authorization(&self) -> Result<HeaderValue, @Type@ConfigError> {
        let token = self.token.expose_secret();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(@Type@ConfigError::Token);
        }
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| @Type@ConfigError::Token)?;
        value.set_sensitive(true);
        Ok(value)
    }

    pub(crate) fn check_time_outs(&self) -> Result<(), @Type@ConfigError> {
        let all = [
            ("connect_time_out", self.connect_time_out),
            ("read_time_out", self.read_time_out),
            ("purchase_time_out", self.purchase_time_out),
        ];
        match all.into_iter().find(|(_, time_out)| time_out.is_zero()) {
            Some((name, _)) => Err(@Type@ConfigError::NoTime(name)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for @Type@Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base_url = self.base_url.rsplit('@').next().unwrap_or_default();
        formatter
            .debug_struct("@Type@Config")
            .field("base_url", &base_url)
            .field("token", &"…")
            .field("name", &self.name.as_str())
            .field("connect_time_out", &self.connect_time_out)
            .field("read_time_out", &self.read_time_out)
            .field("purchase_time_out", &self.purchase_time_out)
            .finish()
    }
}

/// Why settings cannot be used. Shows no character of the token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum @Type@ConfigError {
    /// The base URL is none, or not one of a web server.
    #[error("`base_url` cannot be used: {0}")]
    BaseUrl(String),
    /// The token is empty, or has a character that no HTTP header carries.
    #[error("`token` is empty or has a character that is not visible ASCII; copy it once more")]
    Token,
    /// A time-out is zero: nothing could ever be answered in it.
    #[error("`{0}` is zero; give it at least one second")]
    NoTime(&'static str),
    /// The HTTP client could not be built, for instance without any CA certificates on the machine.
    #[error("the HTTP client could not be built")]
    Http(#[source] reqwest::Error),
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
        for base_url in ["", "ftp://host", "https://", "https://user:word@host", "https://h/?a"] {
            let config = @Type@Config::new(base_url, "token");
            assert!(config.checked_base_url().is_err(), "{base_url}");
        }
        for token in ["", "two words", "line\n"] {
            let config = @Type@Config::new("https://host", token);
            assert!(config.checked_authorization().is_err(), "{token:?}");
        }
        let mut config = @Type@Config::new("https://host", "token");
        config.check_time_outs().unwrap();
        config.read_time_out = Duration::ZERO;
        assert!(config.check_time_outs().is_err());
    }

    #[test]
    fn debug_shows_neither_token_nor_password() {
        let shown = format!("{:?}", @Type@Config::new("https://user:word@host", "t0ken"));
        assert!(!shown.contains("t0ken") && !shown.contains("word"), "{shown}");
    }
}
