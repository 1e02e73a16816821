//! What `cargo metadata` says about our crates, reduced to what the rules ask.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

/// What our package names begin with.
pub(super) const PREFIX: &str = "roamport-";

/// The members of the workspace.
#[derive(Debug)]
pub(super) struct Workspace {
    /// In the order of `cargo metadata`.
    pub(super) members: Vec<Member>,
}

/// One crate of ours.
#[derive(Debug)]
pub(super) struct Member {
    /// The package's name.
    pub(super) package: String,
    /// Its folder below the root, with forward slashes: `crates/domain`.
    pub(super) folder: String,
    /// What its manifest asks for.
    pub(super) dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependency tables.
#[derive(Debug)]
pub(super) struct Dependency {
    /// The package's name, even where the manifest renames it.
    pub(super) package: String,
    /// Whether tests, examples and benches alone see it.
    pub(super) tests_only: bool,
    /// Whether it is a crate of this workspace.
    pub(super) ours: bool,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: String,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: String,
    dependencies: Vec<Declared>,
}

#[derive(Deserialize)]
struct Declared {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

impl Workspace {
    /// Reads the JSON of `cargo metadata --format-version 1 --no-deps`.
    pub(super) fn parse(metadata: &str) -> anyhow::Result<Self> {
        let metadata: Metadata =
            serde_json::from_str(metadata).context("failed to read the JSON of cargo metadata")?;
        let root = Path::new(&metadata.workspace_root);
        let members = metadata
            .packages
            .into_iter()
            .map(|package| package.into_member(root));
        Ok(Self {
            members: members.collect::<anyhow::Result<_>>()?,
        })
    }
}

impl Package {
    fn into_member(self, root: &Path) -> anyhow::Result<Member> {
        let folder = Path::new(&self.manifest_path)
            .parent()
            .and_then(|folder| folder.strip_prefix(root).ok())
            .with_context(|| format!("{} lies outside the workspace", self.manifest_path))?;
        Ok(Member {
            folder: folder.to_string_lossy().replace('\\', "/"),
            dependencies: self
                .dependencies
                .into_iter()
                .map(Dependency::from)
                .collect(),
            package: self.name,
        })
    }
}

impl From<Declared> for Dependency {
    fn from(declared: Declared) -> Self {
        Self {
            ours: declared.path.is_some() || declared.name.starts_with(PREFIX),
            tests_only: declared.kind.as_deref() == Some("dev"),
            package: declared.name,
        }
    }
}

impl Member {
    /// The folder's own name: `domain` for `crates/domain`.
    pub(super) fn short_name(&self) -> &str {
        self.folder.rsplit('/').next().unwrap_or(&self.folder)
    }

    /// Where its manifest lies, below the root.
    pub(super) fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// A workspace of one crate with these dependencies, as (name, kind).
    pub(in crate::tidy) fn one_crate(
        folder: &str,
        dependencies: &[(&str, Option<&str>)],
    ) -> Workspace {
        let short = folder.rsplit('/').next().unwrap();
        let declared: Vec<_> = dependencies
            .iter()
            .map(|(name, kind)| json!({"name": name, "kind": kind, "path": null}))
            .collect();
        let metadata = json!({
            "workspace_root": "/repository",
            "packages": [{
                "name": format!("{PREFIX}{short}"),
                "manifest_path": format!("/repository/{folder}/Cargo.toml"),
                "dependencies": declared,
            }],
        });
        Workspace::parse(&metadata.to_string()).unwrap()
    }

    #[test]
    fn folders_are_told_below_the_root() {
        let workspace = one_crate("crates/domain", &[("serde", None), ("tokio", Some("dev"))]);
        let member = &workspace.members[0];
        assert_eq!(member.short_name(), "domain");
        assert_eq!(member.manifest(), "crates/domain/Cargo.toml");
        assert!(!member.dependencies[0].tests_only);
        assert!(member.dependencies[1].tests_only);
    }

    #[test]
    fn a_crate_by_path_is_ours_whatever_its_name() {
        let metadata = json!({"workspace_root": "/repository", "packages": [{
            "name": "xtask", "manifest_path": "/repository/xtask/Cargo.toml",
            "dependencies": [{"name": "stowaway", "kind": null, "path": "/repository/stowaway"}],
        }]});
        let workspace = Workspace::parse(&metadata.to_string()).unwrap();
        assert!(workspace.members[0].dependencies[0].ours);
    }

    #[test]
    fn a_crate_outside_the_root_is_an_error() {
        let metadata = json!({"workspace_root": "/repository", "packages": [{
            "name": "x", "manifest_path": "/elsewhere/x/Cargo.toml", "dependencies": [],
        }]});
        assert!(Workspace::parse(&metadata.to_string()).is_err());
        assert!(Workspace::parse("not JSON").is_err());
    }
}
