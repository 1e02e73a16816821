//! The merged settings, each with its origin, and the ways to read one.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Config, Value, ValueKind};
use jiff::SignedDuration;
use roamport_domain::Secret;

use super::error::SettingsError;
use super::journal;
use super::layer::Layer;
use super::origin::{Described, HIDDEN, Origin};
use super::secret::{SecretSetting, is_secret};

/// The longest duration that makes sense anywhere.
const LONGEST: Duration = Duration::from_hours(366 * 24);

#[derive(Clone, Debug)]
enum Stored {
    Text(String),
    List(Vec<String>),
    Secret(Secret),
}

/// Every setting there is, merged.
#[derive(Clone, Debug)]
pub(super) struct Values(BTreeMap<String, (Stored, Origin)>);

impl Values {
    /// Merges layers, a later one over an earlier one.
    pub(super) fn merge(layers: &[Layer]) -> Result<Self, SettingsError> {
        let builder = layers.iter().fold(Config::builder(), |builder, layer| {
            builder.add_source(layer.clone())
        });
        let merged = builder
            .build()
            .map_err(|error| SettingsError::Defaults(error.to_string()))?;
        // `config` keeps the text of an origin; a person is helped by what kind of place it is.
        let origins: BTreeMap<&str, &Origin> = layers
            .iter()
            .flat_map(|layer| &layer.0)
            .map(|entry| (entry.key.as_str(), &entry.origin))
            .collect();
        let mut values = BTreeMap::new();
        flatten("", merged.cache, &mut |key, stored| {
            let origin = origins
                .get(key.as_str())
                .map_or(Origin::Default, |origin| (*origin).clone());
            values.insert(key, (stored, origin));
        });
        Ok(Self(values))
    }

    /// All of them, those outside a section first.
    pub(super) fn describe(&self) -> Vec<Described> {
        let mut all: Vec<Described> = self
            .0
            .iter()
            .map(|(key, (stored, origin))| {
                let value = match stored {
                    Stored::Secret(secret) if secret.expose().is_empty() => None,
                    Stored::Secret(_) => Some(HIDDEN.to_owned()),
                    Stored::Text(text) => Some(text.clone()).filter(|text| !text.is_empty()),
                    Stored::List(items) => Some(items.join(", ")),
                };
                Described {
                    key: key.clone(),
                    value,
                    origin: origin.clone(),
                }
            })
            .collect();
        all.sort_by(|one, other| {
            (one.key.contains('.'), &one.key).cmp(&(other.key.contains('.'), &other.key))
        });
        all
    }

    /// Shows the value that is in force, which is the default one where nothing was written.
    pub(super) fn fill(&mut self, key: &str, value: String) {
        let origin = self.text(key).map_or(Origin::Default, |_| self.origin(key));
        self.0.insert(key.to_owned(), (Stored::Text(value), origin));
    }

    /// Where a setting came from; of one that nobody has heard of, the defaults.
    pub(super) fn origin(&self, key: &str) -> Origin {
        self.0
            .get(key)
            .map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// The text of a setting, `None` where it is empty or a list.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        let (stored, _) = self.0.get(key)?;
        let text = match stored {
            Stored::Text(text) => text.as_str(),
            Stored::Secret(secret) => secret.expose(),
            Stored::List(_) => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// The error for a value that the setting does not take.
    pub(super) fn bad(&self, key: &str, allowed: impl Into<String>) -> SettingsError {
        let value = match self.0.get(key) {
            Some((Stored::Text(text), _)) => Some(text.clone()),
            Some((Stored::List(items), _)) => Some(format!("[{}]", items.join(", "))),
            Some((Stored::Secret(_), _)) | None => None,
        };
        SettingsError::BadValue {
            key: key.to_owned(),
            value,
            origin: self.origin(key),
            allowed: allowed.into(),
        }
    }

    /// A setting that `parse` understands.
    pub(super) fn parsed<T>(
        &self,
        key: &str,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, SettingsError> {
        self.text(key)
            .and_then(|text| parse(text.trim()))
            .ok_or_else(|| self.bad(key, allowed))
    }

    /// A whole number within a range.
    pub(super) fn whole<T: TryFrom<u64>>(
        &self,
        key: &str,
        range: RangeInclusive<u64>,
    ) -> Result<T, SettingsError> {
        let allowed = format!("a whole number from {} to {}", range.start(), range.end());
        self.parsed(key, &allowed, |text| {
            let number = text.parse().ok().filter(|number| range.contains(number))?;
            T::try_from(number).ok()
        })
    }

    /// `true` or `false`.
    pub(super) fn switch(&self, key: &str) -> Result<bool, SettingsError> {
        self.parsed(key, "true or false", |text| {
            text.to_lowercase().parse().ok()
        })
    }

    /// A duration above zero.
    pub(super) fn duration(&self, key: &str) -> Result<Duration, SettingsError> {
        let allowed = "a duration above zero and up to 8784h, such as 250ms, 180s, 15m or PT3M";
        self.parsed(key, allowed, |text| {
            duration(text).filter(|duration| !duration.is_zero())
        })
    }

    /// A duration that may be zero.
    pub(super) fn duration_or_zero(&self, key: &str) -> Result<Duration, SettingsError> {
        self.parsed(
            key,
            "a duration up to 8784h, such as 0s, 20ms or PT3S",
            duration,
        )
    }

    /// At least one duration, each above zero.
    pub(super) fn durations(&self, key: &str) -> Result<Vec<Duration>, SettingsError> {
        let written: Vec<&str> = match self.0.get(key) {
            Some((Stored::List(items), _)) => items.iter().map(String::as_str).collect(),
            _ => self.text(key).unwrap_or_default().split(',').collect(),
        };
        let waits: Option<Vec<Duration>> = written
            .iter()
            .map(|text| duration(text.trim()).filter(|duration| !duration.is_zero()))
            .collect();
        waits.filter(|waits| !waits.is_empty()).ok_or_else(|| {
            self.bad(
                key,
                "at least one duration above zero: [\"2s\", \"5s\"] in a file, 2s,5s in a variable",
            )
        })
    }

    /// A path. A relative one in a settings file counts from that file's folder, any other from the
    /// folder the program runs in. `None` where it is not set.
    pub(super) fn path(&self, key: &str) -> Option<PathBuf> {
        let path = Path::new(self.text(key)?);
        match self.origin(key) {
            Origin::File { path: file, .. } => Some(
                file.parent()
                    .map_or_else(|| path.to_owned(), |folder| folder.join(path)),
            ),
            _ => Some(path.to_owned()),
        }
    }

    /// The secret `key`, or the file that `key` with `_file` behind it names.
    pub(super) fn secret(&self, key: &str) -> Result<SecretSetting, SettingsError> {
        let file_key = format!("{key}_file");
        let inline = self.text(key).map(Secret::new);
        let file = self
            .path(&file_key)
            .map(|path| (path, self.origin(&file_key)));
        if let (Some(_), Some((_, file))) = (&inline, &file) {
            let (inline, file) = (self.origin(key), file.clone());
            return Err(SettingsError::BothSecrets {
                key: key.to_owned(),
                inline,
                file,
            });
        }
        Ok(SecretSetting::new(key, inline, file))
    }
}

fn flatten(prefix: &str, value: Value, keep: &mut impl FnMut(String, Stored)) {
    match value.kind {
        ValueKind::Table(table) => {
            for (name, value) in table {
                let key = if prefix.is_empty() {
                    name
                } else {
                    format!("{prefix}.{name}")
                };
                flatten(&key, value, keep);
            }
        }
        ValueKind::Array(items) => {
            let items = items
                .into_iter()
                .map(|item| item.into_string().unwrap_or_default());
            let items: Vec<String> = items.collect();
            let stored = if is_secret(prefix) || journal::is_secret(prefix, &items.concat()) {
                Stored::Secret(Secret::new(items.concat()))
            } else {
                Stored::List(items)
            };
            keep(prefix.to_owned(), stored);
        }
        scalar => {
            let text = Value::new(None, scalar).into_string().unwrap_or_default();
            let stored = if is_secret(prefix) || journal::is_secret(prefix, &text) {
                Stored::Secret(Secret::new(text))
            } else {
                Stored::Text(text)
            };
            keep(prefix.to_owned(), stored);
        }
    }
}

/// Reads `15m`, `1h 30m`, `2.5s` or ISO 8601's `PT15M`. Nothing negative, nothing beyond a year.
fn duration(text: &str) -> Option<Duration> {
    let signed: SignedDuration = text.parse().ok()?;
    Duration::try_from(signed)
        .ok()
        .filter(|duration| *duration <= LONGEST)
}
