//! The platform's own places for settings and data.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

/// The folder of ours below the platform's directories.
const FOLDER: &str = "roamport";

/// Where settings and data lie when nobody says otherwise.
///
/// On Linux `~/.config/roamport` and `~/.local/share/roamport`, or where `XDG_CONFIG_HOME` and
/// `XDG_DATA_HOME` point to; on macOS and Windows the directories that these platforms define.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directories {
    config: Option<PathBuf>,
    data: Option<PathBuf>,
}

impl Directories {
    /// Those of the platform, for the account that runs this process. None where it has no home.
    pub fn of_platform() -> Self {
        match etcetera::base_strategy::choose_native_strategy() {
            Ok(platform) => Self {
                config: Some(platform.config_dir().join(FOLDER)),
                data: Some(platform.data_dir().join(FOLDER)),
            },
            Err(_) => Self::default(),
        }
    }

    /// `config` for `config.toml` and `data` for everything that is kept, nothing below them added.
    pub fn at(config: impl Into<PathBuf>, data: impl Into<PathBuf>) -> Self {
        Self {
            config: Some(config.into()),
            data: Some(data.into()),
        }
    }

    /// The settings file that is read if it exists.
    pub fn settings_file(&self) -> Option<PathBuf> {
        Some(self.config.as_ref()?.join("config.toml"))
    }

    /// Where data is kept.
    pub fn data(&self) -> Option<&Path> {
        self.data.as_deref()
    }
}
