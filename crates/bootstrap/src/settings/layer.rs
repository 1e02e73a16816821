//! One source of settings on its way into the merge: keys, written values and their origins.

use std::collections::BTreeSet;
use std::fmt;

use config::{ConfigError, Map, Source, Value, ValueKind};

use super::error::SettingsError;
use super::nearest::nearest;
use super::origin::Origin;

/// A value as somebody wrote it. Numbers stay text: nothing is rounded on the way.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// A text, a number, `true` or `false`.
    One(String),
    /// A list of such.
    Many(Vec<String>),
    /// A section without a key in it.
    EmptySection,
}

/// A written value with its key and its place.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: Written,
    pub(super) origin: Origin,
}

/// What one source says. Later layers win over earlier ones, key by key.
#[derive(Clone, Default)]
pub(super) struct Layer(pub(super) Vec<Entry>);

impl Layer {
    /// Refuses the first key that stands in none of the compiled-in defaults.
    pub(super) fn check(&self, known: &BTreeSet<String>) -> Result<(), SettingsError> {
        self.0.iter().try_for_each(|entry| entry.check(known))
    }
}

impl Entry {
    fn check(&self, known: &BTreeSet<String>) -> Result<(), SettingsError> {
        let is_section = is_section(&self.key, known);
        if known.contains(&self.key) || (is_section && self.value == Written::EmptySection) {
            return Ok(());
        }
        if is_section {
            return Err(SettingsError::BadValue {
                key: self.key.clone(),
                value: None,
                origin: self.origin.clone(),
                allowed: format!(
                    "settings below it, such as `{}`",
                    first_below(&self.key, known)
                ),
            });
        }
        Err(self.unknown(known))
    }

    fn unknown(&self, known: &BTreeSet<String>) -> SettingsError {
        let sections = known
            .iter()
            .filter_map(|key| key.split_once('.'))
            .map(|(section, _)| section);
        let found = match &self.value {
            Written::EmptySection => nearest(&self.key, sections, "."),
            _ => nearest(&self.key, known.iter().map(String::as_str), "."),
        };
        let (name, nearest) = match &self.origin {
            Origin::Environment(name) => (name.clone(), found.map(super::environment::variable_of)),
            _ => (self.key.clone(), found.map(str::to_owned)),
        };
        SettingsError::UnknownKey {
            name,
            origin: self.origin.clone(),
            nearest,
        }
    }
}

fn is_section(key: &str, known: &BTreeSet<String>) -> bool {
    known.iter().any(|known| {
        known
            .strip_prefix(key)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

fn first_below<'a>(key: &str, known: &'a BTreeSet<String>) -> &'a str {
    let below = known
        .iter()
        .find(|known| known.starts_with(&format!("{key}.")));
    below.map_or("", String::as_str)
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        let values = self.0.iter().filter_map(|entry| {
            let kind = match &entry.value {
                Written::One(text) => ValueKind::from(text.clone()),
                Written::Many(texts) => ValueKind::from(texts.clone()),
                Written::EmptySection => return None,
            };
            Some((
                entry.key.clone(),
                Value::new(Some(&entry.origin.to_string()), kind),
            ))
        });
        Ok(values.collect())
    }
}

/// Shows keys and origins alone: a value may be a secret.
impl fmt::Debug for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_map()
            .entries(self.0.iter().map(|entry| (&entry.key, &entry.origin)))
            .finish()
    }
}
