//! The file that keeps a world: a header line, then one line of JSON for each transaction, then a mark.
//!
//! Several processes may hold it open. Each takes the file lock, reads what the others appended,
//! appends its own line *before* it answers anybody, and lets go. A line that was being written when
//! its process died has no line end; nobody was answered on the strength of it, and the next one to
//! take the lock cuts it off.
//!
//! The mark stands behind the last line and has no line end itself, so that an earlier release takes it for
//! such a line. Where it is missing, the file was cut, or its last writer died or was an earlier release:
//! what is whole is read, and whoever opens the file is told.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version of the format. Another one is refused, never guessed at.
const VERSION: u32 = 1;

/// What stands behind the last line. Shorter than any line, so that a line written over it hides it.
const MARK: &[u8] = b"#";

/// What a state file cannot do.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The operating system refused.
    #[error("cannot {action} the sandbox's state file {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The file belongs to another catalogue.
    #[error(
        "the sandbox's state file {path} is of a world with {kept}, not {asked}: use these, or another file",
        path = path.display()
    )]
    OtherWorld {
        /// The file.
        path: PathBuf,
        /// What the file says.
        kept: String,
        /// What was asked for.
        asked: String,
    },
    /// The file is no longer the one that was opened.
    #[error("the sandbox's state file {path} was deleted or replaced while the sandbox runs, so nothing is kept any more: put it back, or start the sandbox again", path = path.display())]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a state file, or was damaged.
    #[error("line {line} of the sandbox's state file {path} cannot be read ({reason}): move the file away to start a new world", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Why.
        reason: String,
    },
}

/// The first line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header<B> {
    pub(crate) roamport_sandbox: u32,
    pub(crate) seed: u64,
    pub(crate) packages: usize,
    /// Wallet, clock and switches as they were at first, and are again after a reset.
    #[serde(flatten)]
    pub(crate) beginning: B,
    /// What the ids of this world are derived from, so that two worlds never share one.
    pub(crate) salt: String,
}

impl<B> Header<B> {
    pub(crate) const fn new(seed: u64, packages: usize, beginning: B, salt: String) -> Self {
        Self {
            roamport_sandbox: VERSION,
            seed,
            packages,
            beginning,
            salt,
        }
    }

    fn world(&self) -> String {
        format!("seed {} and {} packages", self.seed, self.packages)
    }
}

/// An open state file.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    /// How far this process has read, always at the beginning of a line.
    offset: u64,
    /// The number of the line that begins there.
    line: u64,
    /// What was found to be missing when the file was opened, in words.
    cut: Option<String>,
}

impl Log {
    /// Opens the file, or begins it with `asked`. Gives the header in force.
    pub(crate) fn open<B: Serialize + DeserializeOwned>(
        path: &Path,
        asked: Header<B>,
    ) -> Result<(Self, Header<B>), StateError> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder)
                .map_err(|source| failure(path, "create the folder of", source))?;
        }
        let existed = path.exists();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // It holds activation codes, of a simulation; the journal beside it is no more readable.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(path)
            .map_err(|source| failure(path, "open", source))?;
        let mut log = Self {
            path: path.to_owned(),
            file,
            offset: 0,
            line: 1,
            cut: None,
        };
        log.lock()?;
        let opened = log.look_for_a_cut(existed).and_then(|()| log.header(asked));
        log.unlock()?;
        Ok((log, opened?))
    }

    /// What was missing at the end of the file when it was opened.
    pub(crate) fn cut(&self) -> Option<&str> {
        self.cut.as_deref()
    }

    /// Looks at the end of a file that was there. Two may begin one file at once: the second then finds it
    /// whole.
    fn look_for_a_cut(&mut self, existed: bool) -> Result<(), StateError> {
        let bytes = self.read_bytes()?;
        let words = match bytes.split_last() {
            None if existed => "is empty: a new world begins, and what an earlier one held is lost",
            None => return Ok(()),
            Some((last, _)) if *last == MARK[0] => return Ok(()),
            Some((b'\n', _)) => {
                "has no end mark: it was cut, or an earlier release wrote it; transactions at its end may be \
                 missing"
            }
            Some(_) => {
                "ends in the middle of a line: it was cut, or its writer was killed; that transaction is not \
                 in it, and others behind it may be missing"
            }
        };
        let words = format!("the sandbox's state file {} {words}", self.path.display());
        tracing::error!("{words}");
        self.cut = Some(words);
        Ok(())
    }

    fn header<B: Serialize + DeserializeOwned>(
        &mut self,
        asked: Header<B>,
    ) -> Result<Header<B>, StateError> {
        let text = self.read_lines()?;
        let Some(first) = text.lines().next() else {
            self.write_line(&asked, true)?;
            return Ok(asked);
        };
        let kept: Header<B> =
            serde_json::from_str(first).map_err(|error| self.unreadable(1, &error))?;
        if kept.roamport_sandbox != VERSION {
            return Err(StateError::Unreadable {
                path: self.path.clone(),
                line: 1,
                reason: format!(
                    "format {}, this program writes {VERSION}",
                    kept.roamport_sandbox
                ),
            });
        }
        if (kept.seed, kept.packages) != (asked.seed, asked.packages) {
            return Err(StateError::OtherWorld {
                path: self.path.clone(),
                kept: kept.world(),
                asked: asked.world(),
            });
        }
        self.offset = first.len() as u64 + 1;
        self.line = 2;
        Ok(kept)
    }

    /// Waits for the lock. Nobody holds it for longer than one transaction.
    pub(crate) fn lock(&self) -> Result<(), StateError> {
        self.file
            .lock()
            .map_err(|source| failure(&self.path, "lock", source))
    }

    /// Makes sure that the name still leads to the file that is open: what is written to another is lost.
    /// Under the lock only.
    ///
    /// # Errors
    ///
    /// [`StateError::Gone`].
    pub(crate) fn still_there(&self) -> Result<(), StateError> {
        let measured = |source| failure(&self.path, "measure", source);
        let open = self.file.metadata().map_err(measured)?;
        match std::fs::metadata(&self.path) {
            Ok(named) if same_file(&open, &named) => Ok(()),
            Ok(_) => Err(self.gone()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(self.gone()),
            Err(error) => Err(measured(error)),
        }
    }

    fn gone(&self) -> StateError {
        let path = self.path.clone();
        tracing::error!(path = %path.display(), "the state file was deleted or replaced");
        StateError::Gone { path }
    }

    pub(crate) fn unlock(&self) -> Result<(), StateError> {
        self.file
            .unlock()
            .map_err(|source| failure(&self.path, "unlock", source))
    }

    /// The events that others appended since. Under the lock only.
    pub(crate) fn catch_up<E: DeserializeOwned>(&mut self) -> Result<Vec<E>, StateError> {
        let text = self.read_lines()?;
        let mut events = Vec::new();
        for line in text.lines() {
            let transaction: Vec<E> =
                serde_json::from_str(line).map_err(|error| self.unreadable(self.line, &error))?;
            events.extend(transaction);
            self.offset += line.len() as u64 + 1;
            self.line += 1;
        }
        Ok(events)
    }

    /// Appends one transaction. Under the lock, and caught up, only. `durable` waits for the disk.
    pub(crate) fn append(
        &mut self,
        events: &[impl Serialize],
        durable: bool,
    ) -> Result<(), StateError> {
        self.write_line(&events, durable)
    }

    /// Forgets what was read, so that the next catching up replays everything after the header.
    pub(crate) fn rewind(&mut self) -> Result<(), StateError> {
        self.offset = 0;
        let text = self.read_lines()?;
        self.offset = text.find('\n').map_or(0, |end| end as u64 + 1);
        self.line = 2;
        Ok(())
    }

    /// The whole lines behind the offset; cuts off what has no line end.
    fn read_lines(&mut self) -> Result<String, StateError> {
        let length = self
            .file
            .metadata()
            .map_err(|source| failure(&self.path, "measure", source))?
            .len();
        if length == self.offset || length == self.offset + MARK.len() as u64 {
            return Ok(String::new());
        }
        if length < self.offset {
            return Err(StateError::Unreadable {
                path: self.path.clone(),
                line: self.line,
                reason: "the file became shorter while in use".to_owned(),
            });
        }
        let mut bytes = self.read_bytes()?;
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        if bytes[whole..] == *MARK {
            bytes.truncate(whole);
        }
        if whole < bytes.len() {
            tracing::warn!(path = %self.path.display(), "cutting off a line that was never finished");
            self.file
                .set_len(self.offset + whole as u64)
                .map_err(|source| failure(&self.path, "shorten", source))?;
            bytes.truncate(whole);
        }
        String::from_utf8(bytes).map_err(|error| self.unreadable(self.line, &error))
    }

    /// Everything behind the offset.
    fn read_bytes(&mut self) -> Result<Vec<u8>, StateError> {
        self.seek(self.offset)?;
        let mut bytes = Vec::new();
        self.file
            .read_to_end(&mut bytes)
            .map_err(|source| failure(&self.path, "read", source))?;
        Ok(bytes)
    }

    fn write_line(&mut self, value: &impl Serialize, durable: bool) -> Result<(), StateError> {
        let mut line =
            serde_json::to_vec(value).map_err(|error| self.unreadable(self.line, &error))?;
        line.push(b'\n');
        let length = line.len() as u64;
        line.extend_from_slice(MARK);
        self.seek(self.offset)?;
        let written = self.file.write_all(&line).and_then(|()| {
            if durable {
                self.file.sync_data()
            } else {
                Ok(())
            }
        });
        if let Err(source) = written {
            // Half a line, or one whose durability is unknown, is taken back: nobody is answered for it.
            let _ = self.file.set_len(self.offset);
            return Err(failure(&self.path, "write to", source));
        }
        self.offset += length;
        self.line += 1;
        Ok(())
    }

    fn seek(&mut self, offset: u64) -> Result<(), StateError> {
        let moved = self.file.seek(SeekFrom::Start(offset));
        moved
            .map(|_| ())
            .map_err(|source| failure(&self.path, "read", source))
    }

    fn unreadable(&self, line: u64, reason: &impl ToString) -> StateError {
        StateError::Unreadable {
            path: self.path.clone(),
            line,
            reason: reason.to_string(),
        }
    }
}

#[cfg(unix)]
fn same_file(open: &Metadata, named: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

/// Elsewhere an open file cannot be deleted.
#[cfg(not(unix))]
fn same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

fn failure(path: &Path, action: &'static str, source: std::io::Error) -> StateError {
    StateError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
