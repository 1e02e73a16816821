//! `roamport esim show` and `roamport esim qr`: profile, install links, QR code.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use roamport_app::esims::EsimView;
use roamport_documents::esim::EsimJson;
use roamport_domain::Activation;
use roamport_domain::provider::EsimKey;
use roamport_domain::qr::QrMatrix;
use serde::Serialize;

use super::cancel;
use crate::args::EsimCommand;
use crate::exit::Failure;
use crate::output::Output;
use crate::session::Session;
use crate::view::esim::{esim_text, qr_text};

/// Pixels on each side of a module: a picture of some 300 pixels.
const PIXELS: u8 = 8;

#[derive(Serialize)]
struct Document {
    esim: EsimJson,
    /// Whether the provider told it just now; otherwise it is what was kept.
    live: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
}

pub(super) async fn run(session: &Session, command: EsimCommand) -> Result<(), Failure> {
    let interrupts = session.interrupts();
    match command {
        EsimCommand::Show { esim } => interrupts.abandoning(show(session, &esim)).await,
        EsimCommand::Qr { esim, png, svg } => {
            let view = interrupts.abandoning(read(session, &esim)).await?;
            qr(session.output(), &view, png.as_deref(), svg.as_deref())
        }
        EsimCommand::Cancel(arguments) => cancel::run(session, &arguments).await,
    }
}

async fn show(session: &Session, esim: &EsimKey) -> Result<(), Failure> {
    let view = read(session, esim).await?;
    let document = document(&view, &[]);
    Ok(session
        .output()
        .document(&document, || esim_text(&view.esim))?)
}

async fn read(session: &Session, key: &EsimKey) -> Result<EsimView, Failure> {
    let view = session.esims().await?.esim(key).await?;
    if !view.live {
        session
            .output()
            .note("the provider cannot be reached: this is what was kept when it was bought");
    }
    Ok(view)
}

fn document(view: &EsimView, files: &[PathBuf]) -> Document {
    Document {
        esim: EsimJson::from(&view.esim),
        live: view.live,
        files: files
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
    }
}

fn qr(
    output: &Output,
    view: &EsimView,
    png: Option<&Path>,
    svg: Option<&Path>,
) -> Result<(), Failure> {
    let matrix = matrix(view)?;
    let mut files = Vec::new();
    if let Some(path) = png {
        let picture = matrix
            .to_png(PIXELS)
            .map_err(|error| Failure::Machine(error.to_string()))?;
        write_private(output, path, &picture)?;
        files.push(path.to_owned());
    }
    if let Some(path) = svg {
        write_private(output, path, matrix.to_svg().as_bytes())?;
        files.push(path.to_owned());
    }
    if files.is_empty() || output.is_json() {
        output.document(&document(view, &files), || qr_text(&matrix))?;
    }
    Ok(())
}

fn matrix(view: &EsimView) -> Result<QrMatrix, Failure> {
    let no_profile = || Failure::NoProfile {
        esim: view.esim.id().to_string(),
        why: view.esim.undeliverable(),
    };
    let activation: &Activation = view.esim.activation().ok_or_else(no_profile)?;
    activation
        .qr()
        .map_err(|error| Failure::Machine(error.to_string()))
}

/// Writes a file that its owner alone can read: whoever sees the code can install the profile. It is whole
/// before it bears its name, and takes the place of a file, never of a link, a device or a directory.
fn write_private(output: &Output, path: &Path, content: &[u8]) -> Result<(), Failure> {
    let failed = |source| Failure::File {
        path: path.to_owned(),
        source,
    };
    let replaced = is_replaceable(path).map_err(failed)?;
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let unnamed = path.with_file_name(name);
    let written = write_new(&unnamed, content).and_then(|()| std::fs::rename(&unnamed, path));
    if let Err(error) = written {
        // It may not be there: the failure above is what counts.
        let _ = std::fs::remove_file(&unnamed);
        return Err(failed(error));
    }
    let what = if replaced { "replaced" } else { "wrote" };
    output.note(format!("{what} {}", path.display()));
    Ok(())
}

/// Whether there is a file of this name that may be replaced.
fn is_replaceable(path: &Path) -> io::Result<bool> {
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let refused = |words| Err(io::Error::new(io::ErrorKind::AlreadyExists, words));
    if found.is_symlink() {
        refused("it is a link, and links are not followed: name the file itself")
    } else if found.is_file() {
        Ok(true)
    } else {
        refused("it is there and no file")
    }
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
