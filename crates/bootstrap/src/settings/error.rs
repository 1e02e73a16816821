//! What can be wrong with settings, said so that a person can put it right.

use std::io;
use std::path::PathBuf;

use super::origin::Origin;

/// Why settings cannot be used. Shows no character of a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// There is no such setting.
    #[error("unknown setting `{name}` {place}{hint}", place = source_of(origin), hint = hint(nearest.as_deref()))]
    UnknownKey {
        /// The key or the variable, as it was written.
        name: String,
        /// Where it stands.
        origin: Origin,
        /// The known spelling that is nearest to it, if any is near.
        nearest: Option<String>,
    },
    /// The value is not one that the setting takes.
    #[error("setting `{key}`{value} {place}: it takes {allowed}", value = shown(value.as_deref()), place = origin.place())]
    BadValue {
        /// The setting.
        key: String,
        /// The value as it was written; `None` where it must not be shown.
        value: Option<String>,
        /// Where it stands.
        origin: Origin,
        /// What is allowed, within a sentence.
        allowed: String,
    },
    /// Two settings are each fine, but not together.
    #[error("setting `{key}` {place} does not go with `{other}`: {rule}", place = origin.place())]
    Conflict {
        /// One of the two.
        key: String,
        /// Where that one stands.
        origin: Origin,
        /// The other one.
        other: String,
        /// What would be right.
        rule: String,
    },
    /// A secret is given, and so is a file that holds it.
    #[error(
        "both `{key}` ({inline}) and `{key}_file` ({file}) are set: remove one of them, or set it to an empty text"
    )]
    BothSecrets {
        /// The setting that holds the secret itself.
        key: String,
        /// Where the secret stands.
        inline: Origin,
        /// Where the file's path stands.
        file: Origin,
    },
    /// A setting that the chosen provider cannot do without is not set.
    #[error("setting `{key}` is not set: {hint}")]
    Missing {
        /// The setting.
        key: String,
        /// What to do.
        hint: String,
    },
    /// The file of a secret cannot be read.
    #[error("cannot read the secret file {path}, named by `{key}` {place}: {source}", path = path.display(), place = origin.place())]
    SecretFile {
        /// The setting that names it.
        key: String,
        /// The file.
        path: PathBuf,
        /// Where the path stands.
        origin: Origin,
        /// The reason.
        source: io::Error,
    },
    /// The file of a secret has no text in it.
    #[error("the secret file {path}, named by `{key}`, is empty: write the secret into it", path = path.display())]
    EmptySecretFile {
        /// The setting that names it.
        key: String,
        /// The file.
        path: PathBuf,
    },
    /// A secret of a real provider is too short to be kept out of messages and the journal.
    #[error(
        "the secret `{key}` has fewer than 8 characters, so it could not be kept out of messages: use the whole one that the provider shows"
    )]
    ShortSecret {
        /// The setting.
        key: String,
    },
    /// The settings file cannot be read.
    #[error("cannot read the settings file {path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The settings file is no TOML. Its text is not shown, for a secret may stand there.
    #[error("the settings file {path} is not valid TOML at line {line}, column {column}: {message}", path = path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// Neither a setting nor the platform says where data is kept.
    #[error(
        "this account has no home directory, so there is no usual place for data: name one with `data_dir` (--data-dir, or ROAMPORT__DATA_DIR)"
    )]
    NoDataDirectory,
    /// The compiled-in defaults of an embedder are no settings.
    #[error("the compiled-in defaults cannot be used: {0}")]
    Defaults(String),
}

/// The name of an unknown setting already is that of its variable.
fn source_of(origin: &Origin) -> String {
    match origin {
        Origin::Environment(_) => "in the environment".to_owned(),
        origin => origin.place(),
    }
}

fn hint(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!(": did you mean `{nearest}`?"),
        None => ": `roamport config show` lists all there are".to_owned(),
    }
}

fn shown(value: Option<&str>) -> String {
    match value {
        Some("") => " is empty".to_owned(),
        Some(value) => format!(" is `{value}`"),
        None => String::new(),
    }
}
