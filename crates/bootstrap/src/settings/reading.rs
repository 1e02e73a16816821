//! Reads a file that a person named: bounded in size and in time, and never a device.

use std::fs::{File, FileType, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// How long a pipe may take to say everything.
const PIPE_TIMEOUT: Duration = Duration::from_secs(5);

/// The text of a file of at most `most` bytes. Links are followed. A pipe is read for at most five
/// seconds.
///
/// # Errors
///
/// An error that says what is wrong with the file: too large, a device, a directory, no UTF-8, a pipe
/// that nobody finished writing to.
pub(super) fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let metadata = std::fs::metadata(path)?;
    if is_pipe(&metadata) {
        return read_pipe(path.to_owned(), most, PIPE_TIMEOUT);
    }
    refuse_devices(metadata.file_type())?;
    let file = File::open(path)?;
    // What was opened may be something else than what was looked at.
    refuse_devices(file.metadata()?.file_type())?;
    read(file, most)
}

/// The text of a file of any kind, of at most `most` bytes.
///
/// # Errors
///
/// An error that says that it is larger, or no UTF-8.
pub(super) fn read(file: File, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let words = format!("it is larger than {} KiB", most / 1024);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
    }
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not text in UTF-8"))
}

/// Reads on a thread of its own: opening a pipe waits for whoever writes, and nothing can interrupt that.
fn read_pipe(path: PathBuf, most: u64, timeout: Duration) -> io::Result<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new()
        .name("pipe".to_owned())
        .spawn(move || {
            let text = File::open(path).and_then(|file| read(file, most));
            // The other side may have given up.
            let _ = sender.send(text);
        })?;
    receiver.recv_timeout(timeout).unwrap_or_else(|_| {
        let words = format!("it is a pipe, and nobody finished writing to it within {timeout:?}");
        Err(io::Error::new(io::ErrorKind::TimedOut, words))
    })
}

fn refuse_devices(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    let words = if kind.is_dir() {
        "it is a directory"
    } else {
        "it is a device or a socket, not a file"
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, words))
}

#[cfg(unix)]
fn is_pipe(metadata: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u64 = 2048;

    fn refused(path: &Path) -> String {
        read_text(path, MOST).unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "t".repeat(2048)).unwrap();
        assert_eq!(read_text(&path, MOST).unwrap().len(), 2048);
        std::fs::write(&path, "t".repeat(2049)).unwrap();
        assert_eq!(refused(&path), "it is larger than 2 KiB");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(refused(&path), "it is not text in UTF-8");
        assert_eq!(refused(folder.path()), "it is a directory");
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_refused_and_a_link_to_a_file_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        for device in ["/dev/zero", "/dev/null"] {
            let refused = refused(Path::new(device));
            assert_eq!(refused, "it is a device or a socket, not a file");
        }
        let (file, link) = (folder.path().join("token"), folder.path().join("link"));
        std::fs::write(&file, "secret").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(read_text(&link, MOST).unwrap(), "secret");
        let link = folder.path().join("zero");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        assert_eq!(refused(&link), "it is a device or a socket, not a file");
    }

    #[cfg(unix)]
    fn pipe(folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        path
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_read_to_its_end_and_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = pipe(&folder);
        for (size, expected) in [(20, Ok(20)), (4096, Err("it is larger than 2 KiB"))] {
            let writer = path.clone();
            let writer = std::thread::spawn(move || std::fs::write(writer, vec![b't'; size]));
            let text = read_text(&path, MOST).map(|text| text.len());
            assert_eq!(
                text.map_err(|error| error.to_string()),
                expected.map_err(str::to_owned)
            );
            // It may find that nobody reads any more.
            let _ = writer.join().unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_to_which_nobody_writes_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let given_up = read_pipe(pipe(&folder), MOST, Duration::from_millis(20)).unwrap_err();
        assert_eq!(given_up.kind(), io::ErrorKind::TimedOut);
        assert_eq!(
            given_up.to_string(),
            "it is a pipe, and nobody finished writing to it within 20ms"
        );
    }
}
