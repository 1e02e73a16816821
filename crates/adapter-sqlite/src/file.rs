//! The journal's file: made for its owner alone, and watched for being taken away.

use std::fs;
use std::io;
use std::path::Path;

use crate::error::Trouble;

/// Makes the directories and the file where they are missing, and takes rights from everybody but
/// the owner: the file holds activation codes.
pub(crate) fn prepare(path: &Path) -> Result<(), Trouble> {
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    make_directories(directory)?;
    match make_file(path) {
        Ok(()) => sync_directory(directory),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            refuse_read_only(path)?;
            if let Err(error) = keep_private(path) {
                tracing::warn!(path = %path.display(), %error, "the journal can be read by others");
            }
            Ok(())
        }
        Err(error) => Err(Trouble::file(path, "making", error)),
    }
}

/// Refuses a file that nobody may write, before SQLite looks at it: it would read it all the same, and
/// leave files beside it that cannot be written either. Whoever may write it nonetheless, as a
/// super-user may, did not mean to.
fn refuse_read_only(path: &Path) -> Result<(), Trouble> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.permissions().readonly() => {
            Err(Trouble::refusal(format!(
                "{} is read-only; nothing was written: make the file and its directory writable \
                 for this user",
                path.display()
            )))
        }
        _ => Ok(()),
    }
}

/// Makes what is missing of a directory and those above it, each on disk before the next.
fn make_directories(directory: &Path) -> Result<(), Trouble> {
    if directory.as_os_str().is_empty() || directory.is_dir() {
        return Ok(());
    }
    if let Some(parent) = directory.parent() {
        make_directories(parent)?;
    }
    make_directory(directory).map_err(|error| Trouble::file(directory, "making", error))?;
    match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent),
        _ => sync_directory(Path::new(".")),
    }
}

/// Puts a directory's entries on disk: a durable file whose name was lost with the power is lost.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> Result<(), Trouble> {
    fs::File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| Trouble::file(directory, "writing", error))
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> Result<(), Trouble> {
    Ok(())
}

#[cfg(unix)]
fn make_directory(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

#[cfg(not(unix))]
fn make_directory(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

fn make_file(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        options.mode(0o600);
    }
    options.open(path).map(drop)
}

/// SQLite gives the files it makes beside the database the database's own mode.
#[cfg(unix)]
fn keep_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let metadata = fs::metadata(path)?;
    let mode = metadata.permissions().mode();
    if metadata.is_file() && mode & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn keep_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Which file a path named when the journal was opened.
///
/// A database that is deleted or replaced while it is open can still be written, and everything
/// written is gone with the process: an intent that seems durable and is not. So each commit first
/// asks whether the path still names the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileIdentity {
    #[cfg(unix)]
    device_and_node: (u64, u64),
}

impl FileIdentity {
    /// The file that `path` names now.
    pub(crate) fn of(path: &Path) -> Result<Self, Trouble> {
        let metadata =
            fs::metadata(path).map_err(|error| Trouble::file(path, "looking at", error))?;
        Ok(Self::of_metadata(&metadata))
    }

    #[cfg(unix)]
    fn of_metadata(metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;

        Self {
            device_and_node: (metadata.dev(), metadata.ino()),
        }
    }

    #[cfg(not(unix))]
    const fn of_metadata(_: &fs::Metadata) -> Self {
        Self {}
    }

    /// Refuses where `path` names another file by now, or none.
    pub(crate) fn check(self, path: &Path) -> Result<(), Trouble> {
        match fs::metadata(path) {
            Ok(metadata) if Self::of_metadata(&metadata) == self => Ok(()),
            _ => Err(Trouble::refusal(format!(
                "{} was moved, deleted or replaced while it was open; nothing was written: put it \
                 back, then start this program again",
                path.display()
            ))),
        }
    }
}
