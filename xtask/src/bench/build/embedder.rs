//! The throw-away packages whose cold builds are timed: what an embedder's manifest would name, in a
//! workspace of their own, with the versions of the repository's lock file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use toml::{Table, Value};

/// What stands in one such package.
#[derive(Debug)]
pub(super) struct Embedder {
    /// What a table calls it.
    pub(super) title: &'static str,
    /// The package's name, and its folder's.
    pub(super) name: &'static str,
    /// Crates of ours, by their folders' short names.
    pub(super) ours: &'static [&'static str],
    /// Crates of others, taken as the root manifest has them.
    pub(super) others: &'static [&'static str],
    /// How its build may compare with that of the first, in thousandths.
    pub(super) at_most: Option<u128>,
}

/// Everything is held against the first: an HTTP client, which an embedder needs anyway.
pub(super) const EMBEDDERS: [Embedder; 3] = [
    Embedder {
        title: "reqwest alone",
        name: "embeds-reqwest",
        ours: &[],
        others: &["reqwest"],
        at_most: None,
    },
    Embedder {
        title: "roamport-domain",
        name: "embeds-domain",
        ours: &["domain"],
        others: &[],
        at_most: Some(600),
    },
    Embedder {
        title: "roamport-domain + roamport-adapter-roamify",
        name: "embeds-adapter",
        ours: &["domain", "adapter-roamify"],
        others: &[],
        at_most: Some(1250),
    },
];

impl Embedder {
    /// Writes the package below `home`; gives the path of its manifest.
    ///
    /// No profile is written: what the root manifest sets for development reaches no embedder.
    pub(super) fn write(&self, root: &Path, home: &Path) -> anyhow::Result<PathBuf> {
        let folder = home.join(self.name);
        let root_manifest = read(&root.join("Cargo.toml"))?;
        let lockfile = read(&root.join("Cargo.lock"))?;
        let manifest = folder.join("Cargo.toml");
        fs::create_dir_all(folder.join("src"))
            .with_context(|| format!("failed to make {}", folder.display()))?;
        for (path, text) in [
            (manifest.clone(), self.manifest(root, &root_manifest)?),
            (folder.join("Cargo.lock"), lockfile),
            (folder.join("src/lib.rs"), self.source()),
        ] {
            fs::write(&path, text)
                .with_context(|| format!("failed to write {}", path.display()))?;
        }
        Ok(manifest)
    }

    fn manifest(&self, root: &Path, root_manifest: &str) -> anyhow::Result<String> {
        let root_manifest: Table = root_manifest.parse().context("failed to read Cargo.toml")?;
        let workspace = root_manifest.get("workspace");
        let mut dependencies = Table::new();
        for name in self.others {
            let declared = workspace
                .and_then(|workspace| workspace.get("dependencies")?.get(name))
                .with_context(|| format!("the workspace has no dependency `{name}`"))?;
            dependencies.insert((*name).to_owned(), declared.clone());
        }
        for short_name in self.ours {
            let path = root.join("crates").join(short_name);
            let path = path.to_str().context("the repository's path is no text")?;
            let path = Table::from_iter([("path".to_owned(), path.into())]);
            dependencies.insert(format!("roamport-{short_name}"), path.into());
        }
        let package = [
            ("name", Value::from(self.name)),
            ("version", "0.0.0".into()),
            ("edition", "2024".into()),
            ("publish", false.into()),
        ];
        let package = package.map(|(key, value)| (key.to_owned(), value));
        let manifest = Table::from_iter([
            ("package".to_owned(), Table::from_iter(package).into()),
            ("workspace".to_owned(), Table::new().into()),
            ("dependencies".to_owned(), dependencies.into()),
        ]);
        Ok(manifest.to_string())
    }

    fn source(&self) -> String {
        let mut source = "//! Thrown away after its build was timed.\n".to_owned();
        for short_name in self.ours {
            let name = format!("roamport-{short_name}").replace('-', "_");
            source.extend(["pub use ", &name, ";\n"]);
        }
        for name in self.others {
            source.extend(["pub use ", &name.replace('-', "_"), ";\n"]);
        }
        source
    }

    /// Sees that the resolved lock file beside the package's manifest took every version from the
    /// repository's: otherwise two builds would be compared that share less than an embedder's.
    pub(super) fn check_versions(&self, root: &Path, manifest: &Path) -> anyhow::Result<()> {
        let ours = versions(&read(&root.join("Cargo.lock"))?)?;
        let resolved = versions(&read(&manifest.with_file_name("Cargo.lock"))?)?;
        let foreign: Vec<_> = resolved
            .difference(&ours)
            .filter(|(name, _)| name != self.name)
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        ensure!(
            foreign.is_empty(),
            "cargo chose versions for {} that the repository's Cargo.lock does not have: {}",
            self.title,
            foreign.join(", ")
        );
        Ok(())
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))
}

/// The packages of a lock file, by name and version.
fn versions(lockfile: &str) -> anyhow::Result<BTreeSet<(String, String)>> {
    let lockfile: Table = lockfile.parse().context("failed to read a Cargo.lock")?;
    let packages = lockfile.get("package").and_then(Value::as_array);
    packages
        .into_iter()
        .flatten()
        .map(|package| {
            let text = |key| package.get(key).and_then(Value::as_str).map(str::to_owned);
            text("name")
                .zip(text("version"))
                .context("a package in a Cargo.lock has no name or version")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT_MANIFEST: &str = "[workspace.dependencies.reqwest]\nversion = '0.13'\n\
                                 default-features = false\nfeatures = ['rustls']\n\
                                 [profile.dev]\ndebug = false\n";

    fn lockfile(packages: &[(&str, &str)]) -> String {
        let mut text = "version = 4\n".to_owned();
        for (name, version) in packages {
            text.extend([
                "[[package]]\nname = \"",
                name,
                "\"\nversion = \"",
                version,
                "\"\n",
            ]);
        }
        text
    }

    fn repository() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("Cargo.toml"), ROOT_MANIFEST).unwrap();
        let lockfile = lockfile(&[("reqwest", "0.13.5"), ("serde", "1.0.0")]);
        fs::write(root.path().join("Cargo.lock"), lockfile).unwrap();
        root
    }

    #[test]
    fn the_floor_has_the_features_of_the_workspace_and_no_profile_of_ours() {
        let root = repository();
        let manifest = EMBEDDERS[0].write(root.path(), root.path()).unwrap();
        let table: Table = fs::read_to_string(&manifest).unwrap().parse().unwrap();
        let expected: Table = ROOT_MANIFEST.parse().unwrap();
        assert_eq!(table["dependencies"], expected["workspace"]["dependencies"]);
        assert_eq!(table["workspace"], Table::new().into());
        assert!(!table.contains_key("profile"));
        let source = fs::read_to_string(manifest.with_file_name("src/lib.rs")).unwrap();
        assert!(source.ends_with("pub use reqwest;\n"), "{source}");
    }

    #[test]
    fn our_crates_are_taken_by_their_folders() {
        let root = repository();
        let manifest = EMBEDDERS[2].write(root.path(), root.path()).unwrap();
        let table: Table = fs::read_to_string(&manifest).unwrap().parse().unwrap();
        let path = |name: &str| table["dependencies"][name]["path"].as_str().unwrap();
        let crates = root.path().join("crates");
        assert_eq!(Path::new(path("roamport-domain")), crates.join("domain"));
        assert_eq!(
            Path::new(path("roamport-adapter-roamify")),
            crates.join("adapter-roamify")
        );
        assert_eq!(table["dependencies"].as_table().unwrap().len(), 2);
    }

    #[test]
    fn a_floor_that_the_workspace_does_not_declare_is_an_error() {
        let root = repository();
        fs::write(root.path().join("Cargo.toml"), "[workspace]\n").unwrap();
        let error = EMBEDDERS[0].write(root.path(), root.path()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the workspace has no dependency `reqwest`"
        );
    }

    #[test]
    fn a_version_from_elsewhere_is_refused_by_name() {
        let root = repository();
        let manifest = EMBEDDERS[0].write(root.path(), root.path()).unwrap();
        let own = ("embeds-reqwest", "0.0.0");
        let resolve = |packages: &[(&str, &str)]| {
            fs::write(manifest.with_file_name("Cargo.lock"), lockfile(packages)).unwrap();
            EMBEDDERS[0].check_versions(root.path(), &manifest)
        };
        resolve(&[own, ("reqwest", "0.13.5")]).unwrap();
        let error = resolve(&[own, ("reqwest", "0.13.9")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cargo chose versions for reqwest alone that the repository's Cargo.lock does not \
             have: reqwest 0.13.9"
        );
    }

    #[test]
    fn a_lock_file_that_is_none_is_an_error() {
        for damaged in ["version =", "[[package]]\nname = 'serde'\n"] {
            assert!(versions(damaged).is_err(), "{damaged}");
        }
    }

    #[test]
    fn only_the_first_is_measured_without_a_bar() {
        let bars = EMBEDDERS.map(|embedder| embedder.at_most);
        assert_eq!(bars, [None, Some(600), Some(1250)]);
    }
}
