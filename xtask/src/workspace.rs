//! What `cargo metadata` says of a workspace, reduced to what the tasks ask.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use xshell::{Shell, cmd};

/// What our package names begin with.
pub(crate) const PREFIX: &str = "roamport-";

/// A workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// In the order of `cargo metadata`.
    pub(crate) members: Vec<Member>,
    /// Where cargo puts what it builds.
    pub(crate) target_directory: PathBuf,
}

/// One crate of ours.
#[derive(Debug)]
pub(crate) struct Member {
    /// The package's name.
    pub(crate) package: String,
    /// Its folder below the root, with forward slashes: `crates/domain`.
    pub(crate) folder: String,
    /// Its lines in the manifest's dependency tables.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependency tables.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// The package's name, even where the manifest renames it.
    pub(crate) package: String,
    /// Whether tests, examples and benches alone see it.
    pub(crate) tests_only: bool,
    /// Whether it is a crate of this workspace.
    pub(crate) ours: bool,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Declared>,
}

#[derive(Deserialize)]
struct Declared {
    name: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

impl Workspace {
    /// Asks cargo in the folder of `shell`.
    pub(crate) fn read(shell: &Shell) -> anyhow::Result<Self> {
        let metadata = cmd!(shell, "cargo metadata --format-version 1 --no-deps");
        Self::parse(&metadata.quiet().read()?)
    }

    /// Reads the JSON of `cargo metadata`.
    fn parse(metadata: &str) -> anyhow::Result<Self> {
        let metadata: Metadata =
            serde_json::from_str(metadata).context("failed to read the JSON of cargo metadata")?;
        let packages = metadata.packages.into_iter();
        let members = packages.map(|package| package.into_member(&metadata.workspace_root));
        Ok(Self {
            members: members.collect::<anyhow::Result<_>>()?,
            target_directory: metadata.target_directory,
        })
    }

    /// Where `cargo build` puts the program with this name.
    pub(crate) fn built_program(&self, name: &str) -> PathBuf {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        self.target_directory.join("debug").join(name)
    }
}

impl Package {
    fn into_member(self, root: &Path) -> anyhow::Result<Member> {
        let folder = self
            .manifest_path
            .parent()
            .and_then(|folder| folder.strip_prefix(root).ok());
        let folder = folder.with_context(|| format!("{} lies outside the workspace", self.name))?;
        let dependencies = self.dependencies.into_iter().map(|declared| Dependency {
            ours: declared.path.is_some() || declared.name.starts_with(PREFIX),
            tests_only: declared.kind.as_deref() == Some("dev"),
            package: declared.name,
        });
        Ok(Member {
            package: self.name,
            folder: folder.to_string_lossy().replace('\\', "/"),
            dependencies: dependencies.collect(),
        })
    }
}

impl Member {
    /// The folder's own name: `domain` for `crates/domain`.
    pub(crate) fn short_name(&self) -> &str {
        self.folder.rsplit('/').next().unwrap_or(&self.folder)
    }

    /// The path of its manifest, below the root.
    pub(crate) fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(package: &Value) -> anyhow::Result<Workspace> {
        let metadata = json!({
            "workspace_root": "/repository",
            "target_directory": "/repository/target",
            "packages": [package],
        });
        Workspace::parse(&metadata.to_string())
    }

    /// A workspace of one crate with these dependencies, as (name, kind).
    pub(crate) fn one_crate(folder: &str, dependencies: &[(&str, Option<&str>)]) -> Workspace {
        let short_name = folder.rsplit('/').next().unwrap();
        let dependencies = dependencies.iter();
        let declared = dependencies
            .map(|(name, kind)| json!({"name": name, "kind": kind, "path": null}))
            .collect::<Vec<_>>();
        parse(&json!({
            "name": format!("{PREFIX}{short_name}"),
            "manifest_path": format!("/repository/{folder}/Cargo.toml"),
            "dependencies": declared,
        }))
        .unwrap()
    }

    #[test]
    fn a_member_is_known_by_its_folder_below_the_root() {
        let workspace = one_crate("crates/domain", &[("serde", None), ("tokio", Some("dev"))]);
        let member = &workspace.members[0];
        assert_eq!(member.short_name(), "domain");
        assert_eq!(member.manifest(), "crates/domain/Cargo.toml");
        assert!(!member.dependencies[0].tests_only);
        assert!(member.dependencies[1].tests_only);
    }

    #[test]
    fn a_crate_by_path_is_ours_whatever_its_name() {
        let workspace = parse(&json!({
            "name": "xtask", "manifest_path": "/repository/xtask/Cargo.toml",
            "dependencies": [{"name": "stowaway", "kind": null, "path": "/repository/stowaway"}],
        }));
        assert!(workspace.unwrap().members[0].dependencies[0].ours);
    }

    #[test]
    fn a_crate_outside_the_root_is_an_error() {
        let outside = json!({
            "name": "x", "manifest_path": "/elsewhere/x/Cargo.toml", "dependencies": [],
        });
        assert!(parse(&outside).is_err());
        assert!(Workspace::parse("not JSON").is_err());
    }
}
