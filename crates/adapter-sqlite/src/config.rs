//! The settings of a journal.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

/// Where a journal lies and how it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteJournalConfig {
    /// The database file. Missing directories above it are made (mode 0700), and so is the file
    /// (mode 0600). It must lie on a local disk: SQLite's write-ahead log does not work over a
    /// network file system.
    pub path: PathBuf,
    /// How long a statement waits for another process that holds the file; 5 s by default.
    pub busy_time_out: Duration,
    /// How many connections read at once, beside the one that writes; 4 by default.
    pub readers: NonZeroU16,
}

impl SqliteJournalConfig {
    /// The settings for the journal at `path`, everything else as it usually is.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            busy_time_out: Duration::from_secs(5),
            readers: const { NonZeroU16::new(4).expect("four is not zero") },
        }
    }
}
