//! The rules about crates, read from `xtask/house.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// Everything in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rules {
    pub(super) roles: BTreeMap<String, Role>,
    pub(super) fences: BTreeMap<String, Fence>,
    pub(super) bans: Vec<Ban>,
    pub(super) embedded: BTreeMap<String, Limits>,
}

/// The place of a crate in the architecture.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    /// Empty if the folder is named as the role is.
    #[serde(default)]
    folders: Vec<String>,
    /// Roles that the crate itself may use.
    pub(super) uses: Vec<String>,
    /// Roles that its tests, examples and benches may use besides.
    #[serde(default)]
    pub(super) tests: Vec<String>,
    /// What to do instead of the usual forbidden arrow.
    pub(super) instead: Option<String>,
}

/// Where a third-party crate may stand as a normal dependency.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Fence {
    /// Empty: everywhere but in `not_in`.
    #[serde(default)]
    pub(super) only_in: Vec<String>,
    #[serde(default)]
    pub(super) not_in: Vec<String>,
    pub(super) instead: String,
}

/// Crates that no member may name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ban {
    pub(super) crates: Vec<String>,
    /// Whether they may not stand in the lock file either.
    #[serde(default)]
    pub(super) anywhere: bool,
    pub(super) instead: String,
}

/// Limits on what comes along with a crate that is embedded by itself.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    /// The most crates that it may compile, itself included.
    pub(super) most: Option<usize>,
    pub(super) never: Vec<Ban>,
    /// Crates that must come along in exactly one version.
    pub(super) once: Vec<String>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    toml::from_str(include_str!("../../house.toml")).expect("a test reads xtask/house.toml")
});

impl Rules {
    /// The rules of this house.
    pub(super) fn get() -> &'static Self {
        &RULES
    }

    /// The name and the role of a crate by its folder below the root, if the architecture names it.
    pub(super) fn role_of(&self, folder: &str) -> Option<(&str, &Role)> {
        let short_name = match folder.strip_prefix("crates/") {
            Some(short_name) => short_name,
            None if folder == "xtask" => folder,
            None => return None,
        };
        let exact = |(name, role): &(&String, &Role)| {
            let named = role.folders.is_empty() && *name == short_name;
            named || role.folders.iter().any(|folder| folder == short_name)
        };
        let pattern = |(_, role): &(&String, &Role)| {
            let fits =
                |prefix: &str| short_name.len() > prefix.len() && short_name.starts_with(prefix);
            role.folders
                .iter()
                .any(|folder| folder.strip_suffix('*').is_some_and(fits))
        };
        let found = self.roles.iter().find(exact);
        let (name, role) = found.or_else(|| self.roles.iter().find(pattern))?;
        Some((name, role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role_of(folder: &str) -> Option<&'static str> {
        Rules::get().role_of(folder).map(|(name, _)| name)
    }

    #[test]
    fn a_role_is_found_by_the_folder() {
        for (folder, role) in [
            ("crates/domain", "domain"),
            ("crates/adapter-roamify", "provider-adapter"),
            ("crates/adapter-acme", "provider-adapter"),
            ("crates/adapter-sqlite", "journal-adapter"),
            ("xtask", "xtask"),
        ] {
            assert_eq!(role_of(folder), Some(role), "{folder}");
        }
        for folder in [
            "crates/utils",
            "crates/adapter-",
            "crates/provider-adapter",
            "domain",
            "",
        ] {
            assert_eq!(role_of(folder), None, "{folder}");
        }
    }

    #[test]
    fn every_role_that_a_rule_names_exists() {
        let rules = Rules::get();
        let of_roles = rules
            .roles
            .values()
            .flat_map(|role| role.uses.iter().chain(&role.tests));
        let of_fences = rules
            .fences
            .values()
            .flat_map(|fence| fence.only_in.iter().chain(&fence.not_in));
        for name in of_roles.chain(of_fences).chain(rules.embedded.keys()) {
            assert!(rules.roles.contains_key(name), "{name}");
        }
    }
}
