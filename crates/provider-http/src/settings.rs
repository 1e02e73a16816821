//! What every adapter asks of its settings: a base URL, a secret in a header, time-outs that are none of
//! them zero.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::BuildError;

/// Where a provider's API is: scheme, host, perhaps a port and a path, without a slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Reads what a person wrote. A token sent over `http://` can be read on the way; keep that to loopback
    /// and private networks.
    ///
    /// # Errors
    ///
    /// [`SettingError`] of `base_url` if it is no URL of a web server, or holds more than a path.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let refused = |words: &str| {
            let example = "write it like https://api.example.com";
            SettingError::new("base_url", format!("cannot be used: {words}; {example}"))
        };
        let unusable = |words: &str| Err(refused(words));
        let mut url = Url::parse(text.trim()).map_err(|error| refused(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return unusable("it needs http:// or https:// and a host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            let words = "must not hold a user name or a password, which would end up in logs";
            return Err(SettingError::new("base_url", words));
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

/// A base URL that may not have been checked yet, fit for a `Debug`: whatever stands before an `@` is left
/// out.
pub fn without_credentials(base_url: &str) -> &str {
    base_url.rsplit('@').next().unwrap_or_default()
}

/// The value of a header that holds the secret of `setting`, behind a `prefix` such as `"Bearer "`; marked as sensitive.
/// Secrets are opaque: their form is not checked beyond what a header can carry.
///
/// # Errors
///
/// [`SettingError`] of `setting` if the secret is empty, or has a character that is not visible ASCII.
pub fn secret_header(
    setting: &'static str,
    prefix: &str,
    secret: &str,
) -> Result<HeaderValue, SettingError> {
    let malformed = || {
        let words = "has a blank or a character that is not visible ASCII; copy it once more, \
                     without line breaks";
        SettingError::new(setting, words)
    };
    if secret.is_empty() {
        let words = "is empty; copy it from the provider's portal";
        return Err(SettingError::new(setting, words));
    }
    if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(malformed());
    }
    let mut value = HeaderValue::try_from(format!("{prefix}{secret}")).map_err(|_| malformed())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Checks that no timeout is zero: nothing could ever be answered in it.
///
/// # Errors
///
/// [`SettingError`] of the first one that is.
pub fn check_time_outs(
    time_outs: impl IntoIterator<Item = (&'static str, Duration)>,
) -> Result<(), SettingError> {
    let mut time_outs = time_outs.into_iter();
    match time_outs.find(|(_, time_out)| time_out.is_zero()) {
        Some((setting, _)) => {
            let words = "is zero; give it at least one second";
            Err(SettingError::new(setting, words))
        }
        None => Ok(()),
    }
}

/// Why an adapter cannot be made from its settings. Shows no character of a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// A setting has a value that cannot be used.
    #[error("`{setting}` {problem}")]
    Unusable {
        /// Its name, as it stands in the settings.
        setting: &'static str,
        /// What is wrong with it and what to do: the rest of the sentence.
        problem: String,
    },
    /// The HTTP client could not be built, for instance without any CA certificates on the machine.
    #[error(transparent)]
    Http(#[from] BuildError),
}

impl SettingError {
    /// The error of `setting`; `problem` is the rest of the sentence that its name begins.
    pub fn new(setting: &'static str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        Self::Unusable { setting, problem }
    }
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
