//! Gathers the sources of settings and merges them in their order.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::directories::Directories;
use super::environment::Environment;
use super::error::SettingsError;
use super::layer::{Entry, Layer, Written};
use super::origin::Origin;
use super::values::Values;
use super::{DocumentedSection, Settings, documented, file};

/// The compiled-in settings, which are also the list of all there are.
pub const DEFAULTS: &str = include_str!("../../../../config/default.toml");

/// Loads [`Settings`]: compiled-in defaults, then the file, then the environment, then flags; the
/// later source wins, key by key.
///
/// Nothing is looked at that was not handed over: without [`SettingsLoader::environment`] no variable
/// counts, without [`SettingsLoader::directories`] or [`SettingsLoader::file`] no file is read.
#[derive(Debug, Default)]
pub struct SettingsLoader {
    more_defaults: Vec<String>,
    directories: Directories,
    file: Option<PathBuf>,
    environment: Environment,
    flags: Layer,
}

impl SettingsLoader {
    /// The loader that knows the compiled-in defaults alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// The loader of a program: the platform's directories and the environment of this process.
    pub fn of_process() -> Self {
        Self::new()
            .directories(Directories::of_platform())
            .environment(Environment::of_process())
    }

    /// Where the settings file lies if there is one, and where data goes unless something else says.
    #[must_use]
    pub fn directories(self, directories: Directories) -> Self {
        Self {
            directories,
            ..self
        }
    }

    /// Reads this file in the place of the platform's; it has to exist.
    #[must_use]
    pub fn file(self, path: impl Into<PathBuf>) -> Self {
        Self {
            file: Some(path.into()),
            ..self
        }
    }

    /// The environment.
    #[must_use]
    pub fn environment(self, environment: Environment) -> Self {
        Self {
            environment,
            ..self
        }
    }

    /// A setting from the command line: its key, its value, and the flag it came by, such as
    /// `--data-dir`.
    #[must_use]
    pub fn flag(
        mut self,
        key: impl Into<String>,
        value: impl Into<String>,
        flag: impl Into<String>,
    ) -> Self {
        let value = Written::One(value.into());
        self.flags.0.push(Entry {
            key: key.into(),
            value,
            origin: Origin::Flag(flag.into()),
        });
        self
    }

    /// Defaults of an embedder's own, as TOML: their keys become known, and
    /// [`Settings::text`] and [`Settings::secret`] read them. A provider of one's own has its section
    /// here. Keys whose last word is `token`, `secret`, `password` or `passphrase` are secrets.
    #[must_use]
    pub fn more_defaults(mut self, toml: impl Into<String>) -> Self {
        self.more_defaults.push(toml.into());
        self
    }

    /// The effective settings.
    ///
    /// # Errors
    ///
    /// [`SettingsError`]: an unknown key, a value that is not allowed, a file that cannot be read or
    /// parsed, no place for data.
    pub fn load(self) -> Result<Settings, SettingsError> {
        let mut layers = vec![file::read_defaults(DEFAULTS)?];
        for toml in &self.more_defaults {
            layers.push(file::read_defaults(toml)?);
        }
        let known: BTreeSet<String> = layers
            .iter()
            .flat_map(|layer| &layer.0)
            .map(|entry| entry.key.clone())
            .collect();
        let own_layers = [
            self.file_layer()?,
            self.environment.layer(&known)?,
            self.flags,
        ];
        for layer in &own_layers {
            layer.check(&known)?;
        }
        layers.extend(own_layers);
        Settings::from_values(Values::merge(&layers)?, &self.directories)
    }

    /// Explains every setting there is, those of [`SettingsLoader::more_defaults`] with them: what a
    /// reference page of the program holds. No file and no variable is looked at.
    ///
    /// ```
    /// use roamport_bootstrap::SettingsLoader;
    ///
    /// let sections = SettingsLoader::new()
    ///     .more_defaults("[acme]\n# Where Acme is reached.\nurl = \"\"")
    ///     .document()?;
    /// let acme = sections.last().map(|section| &section.settings[0]);
    /// assert_eq!(acme.map(|url| url.variable.as_str()), Some("ROAMPORT__ACME__URL"));
    /// assert_eq!(acme.map(|url| url.description.as_str()), Some("Where Acme is reached."));
    /// # Ok::<(), roamport_bootstrap::SettingsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SettingsError::Defaults`] where such defaults are no TOML.
    pub fn document(&self) -> Result<Vec<DocumentedSection>, SettingsError> {
        let more = self.more_defaults.iter().map(String::as_str);
        let texts: Vec<&str> = std::iter::once(DEFAULTS).chain(more).collect();
        documented::document(&texts)
    }

    fn file_layer(&self) -> Result<Layer, SettingsError> {
        if let Some(path) = &self.file {
            return file::read(path);
        }
        let Some(path) = self.directories.settings_file() else {
            return Ok(Layer::default());
        };
        match file::read(&path) {
            // Nobody asked for this file; one that is there but cannot be read is another matter.
            Err(SettingsError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
                Ok(Layer::default())
            }
            read => read,
        }
    }
}
