//! `cargo xtask new-adapter NAME`: a crate for one more provider, whose suite fails by name until it is
//! written.

mod check;
mod manifest;
mod name;
mod template;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use xshell::{Shell, cmd};

use name::AdapterName;

/// The manifest that every crate's dependencies are declared in.
const ROOT_MANIFEST: &str = "Cargo.toml";

/// Files of this repository that a crate outside of it is built, checked and formatted with.
const COMPANIONS: [&str; 4] = [
    "Cargo.lock",
    "clippy.toml",
    "rust-toolchain.toml",
    "rustfmt.toml",
];

/// What `new-adapter` is asked for.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The provider's name, in lower-case words joined by dashes: `blue-roam`.
    #[arg(required_unless_present = "check")]
    name: Option<String>,
    /// Write the crate into this new folder, outside the repository and its workspace.
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
    /// Only print what would be written.
    #[arg(long)]
    dry_run: bool,
    /// Make one in a copy of the repository and one outside of it instead, and see that they build, keep the house
    /// rules and fail their suite by name.
    #[arg(long, conflicts_with_all = ["name", "path", "dry_run"])]
    check: bool,
}

/// Writes the crate, or tries the template out.
pub(crate) fn run(shell: &Shell, root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.check {
        return check(shell, root);
    }
    let name = AdapterName::parse(arguments.name.as_deref().unwrap_or_default())?;
    let place = Place::new(root, &name, arguments.path.as_deref())?;
    place.refuse_existing()?;
    if arguments.dry_run {
        for (file, _) in template::files(&name)? {
            println!("would write {}", place.folder.join(file).display());
        }
        if !place.outside {
            println!("would add {} to {ROOT_MANIFEST}", name.package());
        }
        return Ok(());
    }
    create(root, &name, &place)?;
    place.format(shell)?;
    println!("{}", next_steps(&name, &place));
    Ok(())
}

/// Tries the template out; `ci` runs it.
pub(crate) fn check(shell: &Shell, root: &Path) -> anyhow::Result<()> {
    check::run(shell, root)
}

/// Where the crate is written.
struct Place {
    folder: PathBuf,
    /// Whether it is a workspace of its own.
    outside: bool,
}

impl Place {
    /// `path`, or the crate's folder in the repository at `root`.
    fn new(root: &Path, name: &AdapterName, path: Option<&Path>) -> anyhow::Result<Self> {
        let folder = match path {
            None => root.join(name.folder()),
            Some(path) => std::path::absolute(path).context("failed to find the current folder")?,
        };
        if path.is_some() && folder.starts_with(root) {
            bail!(
                "{} lies in the repository; without `--path` it is written to crates",
                folder.display()
            );
        }
        Ok(Self {
            folder,
            outside: path.is_some(),
        })
    }

    fn refuse_existing(&self) -> anyhow::Result<()> {
        if fs::symlink_metadata(&self.folder).is_ok() {
            let folder = self.folder.display();
            bail!(
                "{folder} exists; nothing was written. Choose another name, or go on writing there"
            );
        }
        Ok(())
    }

    fn format(&self, shell: &Shell) -> anyhow::Result<()> {
        let manifest = self.folder.join("Cargo.toml");
        cmd!(shell, "cargo fmt --manifest-path {manifest}").run()?;
        Ok(())
    }
}

/// Writes the crate, and declares it if it lies in the workspace at `root`. If anything fails, nothing is left
/// behind.
fn create(root: &Path, name: &AdapterName, place: &Place) -> anyhow::Result<()> {
    place.refuse_existing()?;
    let manifest = root.join(ROOT_MANIFEST);
    let before = fs::read_to_string(&manifest).context("failed to read the root manifest")?;
    let mut files = template::files(name)?;
    let mut declared = None;
    if place.outside {
        stand_alone(&mut files, root, name, &before)?;
    } else {
        declared = Some(manifest::with_adapter(&before, name)?);
    }
    let folder = place.folder.display();
    // Fails if the folder has come into being meanwhile: nothing is ever overwritten.
    fs::create_dir(&place.folder).with_context(|| format!("failed to make {folder}"))?;
    let written = write_files(&place.folder, &files).and_then(|()| match declared {
        Some(text) => fs::write(&manifest, text).context("failed to write the root manifest"),
        None => Ok(()),
    });
    if written.is_err() {
        fs::remove_dir_all(&place.folder).context("failed to take back what was written")?;
    }
    written
}

/// Changes the files of a crate in the workspace to those of a crate outside of it.
fn stand_alone(
    files: &mut Vec<(String, String)>,
    root: &Path,
    name: &AdapterName,
    root_manifest: &str,
) -> anyhow::Result<()> {
    let here = format!("{}/", name.folder());
    for (file, text) in &mut *files {
        *text = text.replace(&here, "");
        if file == "Cargo.toml" {
            *text = manifest::standalone(text, root_manifest, root)?;
        }
    }
    for companion in COMPANIONS {
        let text = fs::read_to_string(root.join(companion))
            .with_context(|| format!("failed to read {companion}"))?;
        files.push((companion.to_owned(), text));
    }
    Ok(())
}

fn write_files(folder: &Path, files: &[(String, String)]) -> anyhow::Result<()> {
    for (place, text) in files {
        let path = folder.join(place);
        let parent = path.parent().context("a file lies in a folder")?;
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .with_context(|| format!("failed to write {place}"))?;
    }
    Ok(())
}

fn next_steps(name: &AdapterName, place: &Place) -> String {
    let (package, folder) = (name.package(), place.folder.display());
    let (declared, register) = if place.outside {
        (
            "It takes our crates from this repository by their paths.",
            "hand it to `Providers` of bootstrap",
        )
    } else {
        (
            "It is declared in Cargo.toml, and no fence needs an entry.",
            "register it in \
          crates/bootstrap/src/providers.rs, and say in CHANGELOG.md and docs/decisions that it is there",
        )
    };
    format!(
        "Wrote {package} to {folder}. {declared}\n\n\
         Next:\n\
         1. cargo nextest run -p {package}    (its suite fails by name: that is the list of work)\n\
         2. write src/wire.rs, src/convert.rs and src/provider.rs, one call at a time\n\
         3. put a simulation of the provider into tests/it/suite.rs\n\
         4. claim a capability when its test passes, never before\n\
         5. {register}\n\n\
         docs/guides/writing-an-adapter.md goes through it file by file."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[workspace]\nmembers = [\"crates/*\"]\n\n[workspace.dependencies]\n\
                            roamport-adapter-roamify = { path = \"crates/adapter-roamify\" }\n\
                            roamport-domain = { path = \"crates/domain\" }\n";

    fn repository() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("crates")).unwrap();
        fs::write(root.path().join(ROOT_MANIFEST), MANIFEST).unwrap();
        root
    }

    fn make(root: &Path, name: &str) -> anyhow::Result<()> {
        let name = AdapterName::parse(name)?;
        create(root, &name, &Place::new(root, &name, None)?)
    }

    #[test]
    fn every_file_is_written_and_the_crate_is_declared() {
        let root = repository();
        make(root.path(), "blue-roam").unwrap();
        let folder = root.path().join("crates/adapter-blue-roam");
        for place in [
            "Cargo.toml",
            "README.md",
            "src/provider.rs",
            "tests/it/suite.rs",
            "examples/balance.rs",
        ] {
            assert!(folder.join(place).is_file(), "{place}");
        }
        let provider = fs::read_to_string(folder.join("src/provider.rs")).unwrap();
        assert!(provider.contains("impl EsimProvider for BlueRoam"));
        let manifest = fs::read_to_string(root.path().join(ROOT_MANIFEST)).unwrap();
        assert!(manifest.contains("roamport-adapter-blue-roam = {"));
    }

    #[test]
    fn an_adapter_that_exists_is_never_overwritten() {
        let root = repository();
        let folder = root.path().join("crates/adapter-blue-roam");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("notes.md"), "mine").unwrap();
        let error = make(root.path(), "blue-roam").unwrap_err();
        assert!(error.to_string().contains("nothing was written"), "{error}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        let manifest = fs::read_to_string(root.path().join(ROOT_MANIFEST)).unwrap();
        assert_eq!(manifest, MANIFEST);
    }

    #[test]
    fn a_manifest_that_cannot_be_extended_leaves_no_folder() {
        let root = repository();
        fs::write(root.path().join(ROOT_MANIFEST), "[workspace]\n").unwrap();
        assert!(make(root.path(), "blue-roam").is_err());
        assert!(!root.path().join("crates/adapter-blue-roam").exists());
    }

    #[test]
    fn a_dry_run_writes_nothing_at_all() {
        let root = repository();
        let arguments = Arguments {
            name: Some("blue-roam".to_owned()),
            path: None,
            dry_run: true,
            check: false,
        };
        run(&Shell::new().unwrap(), root.path(), &arguments).unwrap();
        assert!(!root.path().join("crates/adapter-blue-roam").exists());
    }

    #[test]
    fn a_crate_outside_the_repository_names_no_place_in_it_but_its_dependencies() {
        let (root, away) = (crate::repository_root(), tempfile::tempdir().unwrap());
        let name = AdapterName::parse("blue-roam").unwrap();
        let place = Place::new(root, &name, Some(&away.path().join("blue"))).unwrap();
        let before = fs::read_to_string(root.join(ROOT_MANIFEST)).unwrap();
        create(root, &name, &place).unwrap();
        assert_eq!(
            fs::read_to_string(root.join(ROOT_MANIFEST)).unwrap(),
            before
        );
        let read = |file: &str| fs::read_to_string(place.folder.join(file)).unwrap();
        assert!(!read("src/provider.rs").contains("crates/adapter-blue-roam"));
        let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
        let domain = manifest["dependencies"]["roamport-domain"]["path"]
            .as_str()
            .unwrap();
        assert_eq!(Path::new(domain), root.join("crates/domain"));
        assert!(
            create(root, &name, &place)
                .unwrap_err()
                .to_string()
                .contains("nothing was written")
        );
    }

    #[test]
    fn a_path_within_the_repository_is_refused() {
        let root = crate::repository_root();
        let name = AdapterName::parse("blue-roam").unwrap();
        assert!(Place::new(root, &name, Some(&root.join("crates/elsewhere"))).is_err());
    }
}
