//! Which journal keeps the orders: a name, or the URL of a database, which is a secret.

use std::num::NonZeroU16;
use std::time::Duration;

use roamport_domain::Secret;

use super::error::SettingsError;
use super::origin::Origin;
use super::secret::SecretSetting;
use super::values::Values;

/// The setting itself. `journal_file` names a file that holds the URL.
const KEY: &str = "journal";
const FILE_KEY: &str = "journal_file";

/// The name under which the journal on PostgreSQL is registered, and that a URL stands for.
const POSTGRES: &str = "postgres";

/// The journal on PostgreSQL: the URL of `journal`, and `postgres.…`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PostgresSettings {
    /// `postgres://user:password@host:5432/database`.
    pub url: SecretSetting,
    /// The schema that holds the tables.
    pub schema: String,
    /// How many connections one process has at most.
    pub max_connections: NonZeroU16,
    /// How long the server works on one statement.
    pub statement_timeout: Duration,
    /// Time for a connection to stand.
    pub connect_timeout: Duration,
}

impl PostgresSettings {
    pub(super) fn read(values: &Values) -> Result<Self, SettingsError> {
        Ok(Self {
            url: url(values)?,
            schema: values.parsed("postgres.schema", "the name of a schema", |text| {
                Some(text.to_owned())
            })?,
            max_connections: values
                .whole("postgres.max_connections", 1..=1000)
                .map(|number| NonZeroU16::new(number).expect("the range begins at 1"))?,
            statement_timeout: values.duration("postgres.statement_timeout")?,
            connect_timeout: values.duration("postgres.connect_timeout")?,
        })
    }
}

/// The URL that `journal` is, or the file that `journal_file` names; a plain name is no URL.
fn url(values: &Values) -> Result<SecretSetting, SettingsError> {
    let text = values.text(KEY).unwrap_or_default();
    let inline = is_url(text).then(|| Secret::new(text.trim()));
    let file = values
        .path(FILE_KEY)
        .map(|path| (path, values.origin(FILE_KEY)));
    let origin = values.origin(KEY);
    // The compiled-in name gives way to a file; one that somebody chose does not.
    let is_chosen = origin != Origin::Default && text.trim() != POSTGRES;
    match file {
        Some((_, file)) if is_chosen => Err(SettingsError::BothSecrets {
            key: KEY.to_owned(),
            inline: origin,
            file,
        }),
        file => Ok(SecretSetting::new(KEY, inline, file)),
    }
}

/// The name under which the journal is registered.
pub(super) fn name(values: &Values) -> Result<String, SettingsError> {
    if values.path(FILE_KEY).is_some() {
        return Ok(POSTGRES.to_owned());
    }
    let allowed = "\"sqlite\", the URL of a PostgreSQL database (postgres://user:password@host/name) \
                   or the name of a journal that was registered";
    values.parsed(KEY, allowed, |text| {
        if is_url(text) {
            Some(POSTGRES.to_owned())
        } else {
            is_name(text).then(|| text.to_owned())
        }
    })
}

fn is_url(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// Whether a text can be the name of a journal, and so no secret: what is not, such as a URL with a
/// slip in it, may hold a password.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" -_".contains(&byte);
    text.bytes().all(plain)
}

/// Whether what `key` says must not be shown.
pub(super) fn is_secret(key: &str, text: &str) -> bool {
    key == KEY && !is_name(text)
}
