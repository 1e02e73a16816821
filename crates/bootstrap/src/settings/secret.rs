//! A secret that is given as a text or as the file that holds it.

use std::io;
use std::path::{Path, PathBuf};

use roamport_domain::Secret;

use super::error::SettingsError;
use super::origin::Origin;
use super::{address, reading};

/// The largest file of a secret, in bytes.
const LARGEST: u64 = 64 * 1024;

/// Characters that a secret of a provider has at least: a shorter one stands in too many words to be kept
/// out of what a provider says.
const SHORTEST: usize = 8;

/// A secret setting: not set, set, or in a file. `Debug` shows no character of the secret.
#[derive(Clone, Debug)]
pub struct SecretSetting {
    key: String,
    inline: Option<Secret>,
    file: Option<(PathBuf, Origin)>,
}

impl SecretSetting {
    pub(super) fn new(key: &str, inline: Option<Secret>, file: Option<(PathBuf, Origin)>) -> Self {
        Self {
            key: key.to_owned(),
            inline,
            file,
        }
    }

    /// The secret, read from its file where it stands in one; line ends behind it are cut off.
    /// `None` where neither is set. A file has at most 64 KiB; a pipe is read for at most five seconds.
    ///
    /// The file is read now and not when settings are loaded, so that a program that needs no secret
    /// needs no file.
    ///
    /// # Errors
    ///
    /// [`SettingsError::SecretFile`] and [`SettingsError::EmptySecretFile`].
    pub fn read(&self) -> Result<Option<Secret>, SettingsError> {
        match &self.file {
            Some((path, origin)) => self.read_file(path.clone(), origin).map(Some),
            None => Ok(self.inline.clone()),
        }
    }

    /// The secret, or an error that says how to set it.
    ///
    /// # Errors
    ///
    /// Those of [`SecretSetting::read`], and [`SettingsError::Missing`].
    pub fn required(&self, what: &str) -> Result<Secret, SettingsError> {
        self.read()?.ok_or_else(|| self.missing(what))
    }

    /// The secret for a provider that is reached at `base_url`, or an error that says how to set it.
    ///
    /// # Errors
    ///
    /// Those of [`SecretSetting::read_for`], and [`SettingsError::Missing`].
    pub fn required_for(&self, base_url: &str, what: &str) -> Result<Secret, SettingsError> {
        self.read_for(base_url)?.ok_or_else(|| self.missing(what))
    }

    fn missing(&self, what: &str) -> SettingsError {
        let (variable, file) = (
            super::environment::variable_of(&self.key),
            super::environment::variable_of(&self.file_key()),
        );
        SettingsError::Missing {
            key: self.key.clone(),
            hint: format!(
                "put {what} into {variable}, or the path of a file that holds it into {file}"
            ),
        }
    }

    /// The secret for a provider that is reached at `base_url`, if it is set.
    ///
    /// # Errors
    ///
    /// Those of [`SecretSetting::read`], and [`SettingsError::ShortSecret`] where it has fewer than 8
    /// characters. A simulated provider on this machine takes any.
    pub fn read_for(&self, base_url: &str) -> Result<Option<Secret>, SettingsError> {
        let secret = self.read()?;
        let is_short = |secret: &Secret| secret.expose().chars().count() < SHORTEST;
        if secret.as_ref().is_some_and(is_short) && !address::is_loopback(base_url) {
            return Err(SettingsError::ShortSecret {
                key: self.key.clone(),
            });
        }
        Ok(secret)
    }

    /// The file that holds it, where one is named.
    pub(super) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|(path, _)| path.as_path())
    }

    fn file_key(&self) -> String {
        format!("{}_file", self.key)
    }

    fn read_file(&self, path: PathBuf, origin: &Origin) -> Result<Secret, SettingsError> {
        let failed = |source: io::Error| SettingsError::SecretFile {
            key: self.file_key(),
            path: path.clone(),
            origin: origin.clone(),
            source,
        };
        let text = reading::read_text(&path, LARGEST).map_err(failed)?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() {
            return Err(SettingsError::EmptySecretFile {
                key: self.file_key(),
                path,
            });
        }
        Ok(Secret::new(text))
    }
}

/// Whether the value of a setting must never be shown, by the last word of its key.
pub(super) fn is_secret(key: &str) -> bool {
    let name = key.rsplit('.').next().unwrap_or(key);
    let word = name.rsplit('_').next().unwrap_or(name);
    matches!(
        word,
        "token" | "secret" | "password" | "passphrase" | "key" | "credential"
    ) || name.ends_with("access_code")
}
