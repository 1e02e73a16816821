//! What the tests share: a folder of their own, and settings loaded from nothing but what they say.

use std::path::{Path, PathBuf};

use roamport_bootstrap::{Directories, Environment, Settings, SettingsError, SettingsLoader};
use tempfile::TempDir;

/// A folder in the place of the platform's directories.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    pub(crate) fn directories(&self) -> Directories {
        Directories::at(self.0.path(), self.data())
    }

    /// Writes a file into the folder, and gives its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn loader(&self) -> SettingsLoader {
        SettingsLoader::new().directories(self.directories())
    }

    /// A sandbox small enough to start at once.
    pub(crate) fn small_sandbox(&self) -> SettingsLoader {
        self.loader().flag("sandbox.packages", "300", "--packages")
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Settings from a file's text alone.
pub(crate) fn from_file(text: &str) -> Result<Settings, SettingsError> {
    let home = Home::new();
    let path = home.write("settings.toml", text);
    home.loader().file(path).load()
}

/// Settings from variables alone.
pub(crate) fn from_environment(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Home::new()
        .loader()
        .environment(Environment::from_pairs(pairs.iter().copied()))
        .load()
}

/// The error as a person reads it, with the folder's path left out.
#[track_caller]
pub(crate) fn message(result: Result<Settings, SettingsError>) -> String {
    let text = result.map(|_| ()).unwrap_err().to_string();
    match text.find("settings.toml") {
        Some(end) => {
            let start = text[..end].rfind([' ', '(']).map_or(0, |blank| blank + 1);
            format!("{}{}", &text[..start], &text[end..])
        }
        None => text,
    }
}
