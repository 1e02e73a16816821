//! A secret that is given as a text or as the file that holds it.

use std::io;
use std::path::PathBuf;

use roamport_domain::Secret;

use super::error::SettingsError;
use super::origin::Origin;

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
    /// `None` where neither is set.
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
        self.read()?.ok_or_else(|| {
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
        })
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
        let text = std::fs::read_to_string(&path).map_err(failed)?;
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
