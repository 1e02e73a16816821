//! What every adapter asks of its settings: a base URL, a secret in a header, time-outs that are none of
//! them zero.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

/// Where a provider's API is: scheme, host, perhaps a port and a path, without a slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Reads what a person wrote. A token sent over `http://` can be read on the way; keep that to loopback
    /// and private networks.
    ///
    /// # Errors
    ///
    /// [`BaseUrlError`] where it is no URL of a web server, or holds more than a path.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let unusable = |words: &str| Err(BaseUrlError::Unusable(words.to_owned()));
        let mut url =
            Url::parse(text.trim()).map_err(|error| BaseUrlError::Unusable(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return unusable("it needs http:// or https:// and a host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return unusable("it takes no `?` and no `#`");
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The URL as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub(crate) fn with(&self, path: &str, query: &[(&'static str, Cow<'_, str>)]) -> Url {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{path}"));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("BaseUrl")
            .field(&self.as_str())
            .finish()
    }
}

/// Why a base URL cannot be used. Shows no user name and no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// It is none, not one of a web server, or holds a query or a fragment.
    #[error("{0}")]
    Unusable(String),
    /// It holds a user name or a password, which would end up in logs.
    #[error("it must not hold a user name or a password")]
    Credentials,
}

/// A base URL that may not have been checked yet, fit for a `Debug`: whatever stands before an `@` is left
/// out.
pub fn without_credentials(base_url: &str) -> &str {
    base_url.rsplit('@').next().unwrap_or_default()
}

/// Why a secret cannot be sent in a header. Shows no character of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretHeaderError {
    /// There is none.
    #[error("it is empty")]
    Empty,
    /// It has a blank, a line break or another character that no HTTP header carries.
    #[error("it has a blank or a character that is not visible ASCII")]
    Malformed,
}

/// The value of a header that holds a secret, behind a `prefix` such as `"Bearer "`; marked as sensitive.
/// Secrets are opaque: their form is not checked beyond what a header can carry.
///
/// # Errors
///
/// [`SecretHeaderError`] where it is empty, or has a character that is not visible ASCII.
pub fn secret_header(prefix: &str, secret: &str) -> Result<HeaderValue, SecretHeaderError> {
    if secret.is_empty() {
        return Err(SecretHeaderError::Empty);
    }
    if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SecretHeaderError::Malformed);
    }
    let mut value = HeaderValue::try_from(format!("{prefix}{secret}"))
        .map_err(|_| SecretHeaderError::Malformed)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The name of the first time-out that is zero: nothing could ever be answered in it.
pub fn find_zero(
    time_outs: impl IntoIterator<Item = (&'static str, Duration)>,
) -> Option<&'static str> {
    let mut time_outs = time_outs.into_iter();
    let (name, _) = time_outs.find(|(_, time_out)| time_out.is_zero())?;
    Some(name)
}

/// Durations as whole seconds, as a person writes them in a settings file: for serde's `with`.
pub mod whole_seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer};

    /// Reads a whole number of seconds.
    ///
    /// # Errors
    ///
    /// Those of the reader; a number that is negative or has decimals.
    pub fn deserialize<'de, D: Deserializer<'de>>(reader: D) -> Result<Duration, D::Error> {
        u64::deserialize(reader).map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests;
