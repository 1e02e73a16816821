//! A member's manifest says `workspace = true` and decides nothing by itself.

use anyhow::Context;
use toml::{Table, Value};

use super::Finding;
use crate::workspace::Member;

const INHERITED: [&str; 5] = [
    "version",
    "edition",
    "rust-version",
    "license",
    "repository",
];
const DEPENDENCY_TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Checks the text of the member's `Cargo.toml`.
pub(super) fn check(member: &Member, text: &str) -> anyhow::Result<Vec<Finding>> {
    let place = member.manifest();
    let manifest: Table = text
        .parse()
        .with_context(|| format!("failed to read {place}"))?;
    let lints = check_lints(&place, &manifest);
    let package = check_package(&place, &manifest);
    let dependencies = check_dependencies(&place, &manifest);
    Ok(lints
        .into_iter()
        .chain(package)
        .chain(dependencies)
        .collect())
}

fn check_lints(place: &str, manifest: &Table) -> Option<Finding> {
    (!manifest.get("lints").is_some_and(inherits)).then(|| Finding {
        rule: "manifests",
        place: place.to_owned(),
        problem: "the crate sets lint levels of its own, or none".to_owned(),
        instead: "write `[lints]` and `workspace = true`".to_owned(),
    })
}

fn check_package(place: &str, manifest: &Table) -> Vec<Finding> {
    INHERITED
        .into_iter()
        .filter(|key| {
            let value = manifest.get("package").and_then(|package| package.get(key));
            !value.is_some_and(inherits)
        })
        .map(|key| Finding {
            rule: "manifests",
            place: place.to_owned(),
            problem: format!("`package.{key}` is not the workspace's"),
            instead: format!("write `{key}.workspace = true`"),
        })
        .collect()
}

fn check_dependencies(place: &str, manifest: &Table) -> Vec<Finding> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(targets)
        .flat_map(|scope| {
            DEPENDENCY_TABLES
                .into_iter()
                .filter_map(|name| scope.get(name))
        })
        .filter_map(Value::as_table)
        .flat_map(Table::iter)
        .filter(|(_, value)| !inherits(value))
        .map(|(name, _)| Finding {
            rule: "manifests",
            place: place.to_owned(),
            problem: format!("`{name}` has a version or a path of its own"),
            instead: format!(
                "declare it in the root's [workspace.dependencies] and write \
                 `{name}.workspace = true`"
            ),
        })
        .collect()
}

fn inherits(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::one_crate;

    const GOOD: &str = "
        [package]
        name = 'roamport-app'
        version.workspace = true
        edition.workspace = true
        rust-version.workspace = true
        license.workspace = true
        repository.workspace = true
        [dependencies]
        serde.workspace = true
        tokio = { workspace = true, features = ['time'] }
        [lints]
        workspace = true
    ";

    fn problems(text: &str) -> Vec<String> {
        let workspace = one_crate("crates/app", &[]);
        let findings = check(&workspace.members[0], text).unwrap();
        findings
            .into_iter()
            .map(|finding| finding.problem)
            .collect()
    }

    #[test]
    fn a_manifest_that_inherits_everything_passes() {
        assert_eq!(problems(GOOD), [""; 0]);
    }

    #[test]
    fn a_version_in_a_member_is_refused_in_every_table() {
        let own_versions = format!(
            "{GOOD}
            [dev-dependencies]
            insta = '1'
            [build-dependencies]
            cc = {{ version = '1' }}
            [target.'cfg(unix)'.dependencies]
            libc = '0.2'"
        );
        let expected = ["insta", "cc", "libc"]
            .map(|name| format!("`{name}` has a version or a path of its own"));
        assert_eq!(problems(&own_versions), expected);
    }

    #[test]
    fn lints_and_package_facts_are_inherited() {
        let own_lints = GOOD.replace("[lints]\n        workspace = true", "[lints.rust]");
        assert_eq!(
            problems(&own_lints),
            ["the crate sets lint levels of its own, or none"]
        );
        let own_version = GOOD.replace("version.workspace = true\n        edition", "edition");
        assert_eq!(
            problems(&own_version),
            ["`package.version` is not the workspace's"]
        );
    }

    #[test]
    fn an_unreadable_manifest_is_an_error() {
        let workspace = one_crate("crates/app", &[]);
        assert!(check(&workspace.members[0], "[package").is_err());
    }
}
