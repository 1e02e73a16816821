//! Environment variables as settings: `ROAMPORT__ORDERS__LEASE` is `orders.lease`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;

use super::error::SettingsError;
use super::layer::{Entry, Layer, Written};
use super::origin::Origin;

const PREFIX: &str = "ROAMPORT__";
const NEAR_PREFIX: &str = "ROAMPORT_";

/// The environment variables of a process, or those a test made up.
///
/// Levels of a key are separated by two underscores, and neither prefix nor key minds its case. A
/// list is written with commas. An empty variable is an empty text: it takes back a token that a file
/// sets. `Debug` shows names alone.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// The variables of this process.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the composition root looks at the environment"
    )]
    pub fn of_process() -> Self {
        Self::from_pairs(std::env::vars_os())
    }

    /// These variables. One whose name is no UTF-8 is left out: no setting is called so.
    pub fn from_pairs<N: Into<OsString>, V: Into<OsString>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let known = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name.into().into_string().ok()?, value.into())));
        Self(known.collect())
    }

    /// Whether somebody asked for no colours: `NO_COLOR` is set and not empty, as
    /// [no-color.org](https://no-color.org) defines it.
    pub fn wants_no_colour(&self) -> bool {
        self.0
            .get("NO_COLOR")
            .is_some_and(|value| !value.is_empty())
    }

    /// The variables that are settings.
    ///
    /// # Errors
    ///
    /// [`SettingsError::BadValue`] for a value that is no UTF-8, [`SettingsError::UnknownKey`] for a
    /// setting whose name only lacks an underscore. Other unknown names are found later.
    pub(super) fn layer(&self, known: &BTreeSet<String>) -> Result<Layer, SettingsError> {
        let mut layer = Layer::default();
        for (name, value) in &self.0 {
            let Some(key) = strip_prefix(name, PREFIX) else {
                refuse_near_miss(name, known)?;
                continue;
            };
            let key = key.to_lowercase().replace("__", ".");
            let origin = Origin::Environment(name.clone());
            let Some(text) = value.to_str() else {
                let allowed = "text in UTF-8".to_owned();
                return Err(SettingsError::BadValue {
                    key,
                    value: None,
                    origin,
                    allowed,
                });
            };
            layer.0.push(Entry {
                key,
                value: Written::One(text.to_owned()),
                origin,
            });
        }
        Ok(layer)
    }
}

/// Shows names alone: a value may be a secret.
impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// The variable that sets `key`.
pub(super) fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// `ROAMPORT_PROVIDER=roamify` would leave the sandbox in charge without a word.
fn refuse_near_miss(name: &str, known: &BTreeSet<String>) -> Result<(), SettingsError> {
    let Some(rest) = strip_prefix(name, NEAR_PREFIX) else {
        return Ok(());
    };
    let squeezed = |text: &str| text.to_lowercase().replace(['_', '.'], "");
    let meant = known.iter().find(|key| squeezed(key) == squeezed(rest));
    match meant {
        Some(key) => Err(SettingsError::UnknownKey {
            name: name.to_owned(),
            origin: Origin::Environment(name.to_owned()),
            nearest: Some(variable_of(key)),
        }),
        None => Ok(()),
    }
}

fn strip_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}
