//! `cargo xtask new-adapter NAME`: a crate for one more provider, whose suite fails by name until it is
//! written.

mod check;
mod manifest;
mod name;
mod template;

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use clap::Args;
use xshell::{Shell, cmd};

use name::AdapterName;

/// The manifest that every crate's dependencies are declared in.
const ROOT_MANIFEST: &str = "Cargo.toml";

/// What `new-adapter` is asked for.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The provider's name, in lower-case words joined by dashes: `blue-roam`.
    #[arg(required_unless_present = "check")]
    name: Option<String>,
    /// Only say what would be written.
    #[arg(long)]
    dry_run: bool,
    /// Make one in a copy of the repository instead, and see that it builds, keeps the house rules and
    /// fails its suite by name.
    #[arg(long, conflicts_with_all = ["name", "dry_run"])]
    check: bool,
}

/// Writes the crate, or tries the template out.
pub(crate) fn run(shell: &Shell, root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.check {
        return check::run(shell, root);
    }
    let name = arguments.name.as_deref().unwrap_or_default();
    let name = AdapterName::parse(name)?;
    refuse_existing(root, &name)?;
    if arguments.dry_run {
        for place in template::places(&name) {
            println!("would write {place}");
        }
        println!("would add {} to {ROOT_MANIFEST}", name.package());
        return Ok(());
    }
    create(root, &name)?;
    let package = name.package();
    cmd!(shell, "cargo fmt --package {package}").run()?;
    println!("{}", next_steps(&name));
    Ok(())
}

/// Tries the template out; `ci` runs it.
pub(crate) fn check(shell: &Shell, root: &Path) -> anyhow::Result<()> {
    check::run(shell, root)
}

/// Writes the crate below `root` and declares it. Where anything fails, nothing is left behind.
fn create(root: &Path, name: &AdapterName) -> anyhow::Result<()> {
    refuse_existing(root, name)?;
    let manifest = root.join(ROOT_MANIFEST);
    let before =
        fs::read_to_string(&manifest).with_context(|| format!("failed to read {ROOT_MANIFEST}"))?;
    let declared = manifest::with_adapter(&before, name)?;
    let folder = root.join(name.folder());
    // Fails where the folder has come into being meanwhile: nothing is ever overwritten.
    fs::create_dir(&folder).with_context(|| format!("failed to make {}", name.folder()))?;
    let written = write_files(root, name).and_then(|()| {
        fs::write(&manifest, declared).with_context(|| format!("failed to write {ROOT_MANIFEST}"))
    });
    if written.is_err() {
        fs::remove_dir_all(&folder).context("failed to take back what was written")?;
    }
    written
}

fn write_files(root: &Path, name: &AdapterName) -> anyhow::Result<()> {
    for (place, text) in template::files(name) {
        let path = root.join(&place);
        let parent = path.parent().context("a file lies in a folder")?;
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .with_context(|| format!("failed to write {place}"))?;
    }
    Ok(())
}

fn refuse_existing(root: &Path, name: &AdapterName) -> anyhow::Result<()> {
    let folder = name.folder();
    if fs::symlink_metadata(root.join(&folder)).is_ok() {
        bail!("{folder} exists; nothing was written. Choose another name, or go on writing there");
    }
    Ok(())
}

fn next_steps(name: &AdapterName) -> String {
    let (package, folder) = (name.package(), name.folder());
    format!(
        "Wrote {folder} and declared {package} in {ROOT_MANIFEST}. No fence needs an entry: an \
         `adapter-*` is a provider adapter.\n\n\
         Next:\n\
         1. cargo nextest run -p {package}    (its suite fails by name: that is the list of work)\n\
         2. write src/wire.rs, src/convert.rs and src/provider.rs, one call at a time\n\
         3. put a simulation of the provider into tests/it/suite.rs\n\
         4. claim a capability when its test passes, never before\n\
         5. register it in crates/bootstrap/src/providers.rs, and say in CHANGELOG.md and \
         docs/decisions that it is there\n\n\
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

    fn name(text: &str) -> AdapterName {
        AdapterName::parse(text).unwrap()
    }

    #[test]
    fn every_file_is_written_and_the_crate_is_declared() {
        let root = repository();
        create(root.path(), &name("blue-roam")).unwrap();
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
        let error = create(root.path(), &name("blue-roam")).unwrap_err();
        assert!(error.to_string().contains("nothing was written"), "{error}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        let manifest = fs::read_to_string(root.path().join(ROOT_MANIFEST)).unwrap();
        assert_eq!(manifest, MANIFEST);
    }

    #[test]
    fn a_manifest_that_cannot_be_extended_leaves_no_folder() {
        let root = repository();
        fs::write(root.path().join(ROOT_MANIFEST), "[workspace]\n").unwrap();
        assert!(create(root.path(), &name("blue-roam")).is_err());
        assert!(!root.path().join("crates/adapter-blue-roam").exists());
    }

    #[test]
    fn a_dry_run_writes_nothing_at_all() {
        let root = repository();
        let arguments = Arguments {
            name: Some("blue-roam".to_owned()),
            dry_run: true,
            check: false,
        };
        run(&Shell::new().unwrap(), root.path(), &arguments).unwrap();
        assert!(!root.path().join("crates/adapter-blue-roam").exists());
    }
}
