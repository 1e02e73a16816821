//! Which of our crates may use which third-party crate, and which crates none of them may use.

use anyhow::Context;

use super::Finding;
use super::rules::{Ban, Fence, Rules};
use crate::workspace::{Member, Workspace};

/// Compares the third-party dependencies of every member with the fences and the bans.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace.members.iter().flat_map(check_member).collect()
}

fn check_member(member: &Member) -> Vec<Finding> {
    let rules = Rules::get();
    let mut findings = Vec::new();
    for dependency in member
        .dependencies
        .iter()
        .filter(|dependency| !dependency.ours)
    {
        let package = dependency.package.as_str();
        if let Some(ban) = rules.bans.iter().find(|ban| bans(ban, package)) {
            findings.push(finding("bans", member, package, "", &ban.instead));
        }
        let fence = rules.fences.get(package).filter(|_| !dependency.tests_only);
        let role = rules.role_of(&member.folder).map(|(name, _)| name);
        if let Some((fence, home)) = fence.and_then(|fence| Some((fence, outside(fence, role)?))) {
            findings.push(finding("fences", member, package, &home, &fence.instead));
        }
    }
    findings
}

fn bans(ban: &Ban, package: &str) -> bool {
    ban.crates.iter().any(|banned| banned == package)
}

/// Where the crate may stand, if this is not such a place.
fn outside(fence: &Fence, role: Option<&str>) -> Option<String> {
    let named = |roles: &[String]| roles.iter().any(|name| role == Some(name));
    if fence.only_in.is_empty() {
        return named(&fence.not_in).then(String::new);
    }
    (!named(&fence.only_in)).then(|| format!(" (it stands only in: {})", fence.only_in.join(", ")))
}

fn finding(
    rule: &'static str,
    member: &Member,
    package: &str,
    home: &str,
    instead: &str,
) -> Finding {
    Finding {
        rule,
        place: member.manifest(),
        problem: format!(
            "`{}` must not depend on `{package}`{home}",
            member.short_name()
        ),
        instead: instead.to_owned(),
    }
}

/// Looks for crates that not even a dependency may bring along.
pub(super) fn check_lockfile(text: &str) -> anyhow::Result<Vec<Finding>> {
    let lockfile: toml::Table = text.parse().context("failed to read Cargo.lock")?;
    let packages = lockfile.get("package").and_then(toml::Value::as_array);
    let names = packages
        .into_iter()
        .flatten()
        .filter_map(|package| package.get("name")?.as_str());
    let banned = names.filter_map(|name| {
        let mut bans_anywhere = Rules::get().bans.iter().filter(|ban| ban.anywhere);
        Some((name, bans_anywhere.find(|ban| bans(ban, name))?))
    });
    let findings = banned.map(|(name, ban)| Finding {
        rule: "bans",
        place: "Cargo.lock".to_owned(),
        problem: format!("a dependency brings `{name}` along"),
        instead: format!(
            "{}; `cargo tree --invert {name}` shows who asks for it",
            ban.instead
        ),
    });
    Ok(findings.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::one_crate;

    /// Fences as (folder, crate, whether it may stand there).
    const FENCES: [(&str, &str, bool); 21] = [
        ("crates/provider-http", "reqwest", true),
        ("crates/adapter-roamify", "reqwest", false),
        ("crates/adapter-sqlite", "reqwest", false),
        ("crates/bootstrap", "reqwest", false),
        ("crates/cli", "reqwest", false),
        ("crates/adapter-sqlite", "sqlx", true),
        ("crates/adapter-postgres", "sqlx", true),
        ("crates/app", "sqlx", false),
        ("crates/adapter-roamify", "sqlx", false),
        ("crates/sandbox", "axum", true),
        ("crates/cli", "axum", false),
        ("crates/bootstrap", "config", true),
        ("crates/app", "config", false),
        ("crates/bootstrap", "tracing-subscriber", true),
        ("crates/cli", "tracing-subscriber", false),
        ("crates/domain", "tokio", false),
        ("crates/conformance", "tokio", true),
        ("crates/app", "anyhow", false),
        ("crates/sandbox", "anyhow", false),
        ("crates/cli", "anyhow", true),
        ("xtask", "anyhow", true),
    ];

    #[test]
    fn every_fenced_crate_stands_in_its_places_and_tests_are_free() {
        for (folder, package, allowed) in FENCES {
            let findings = check(&one_crate(folder, &[(package, None)]));
            assert_eq!(
                findings.is_empty(),
                allowed,
                "{folder} -> {package}: {findings:?}"
            );
            let in_tests = check(&one_crate(folder, &[(package, Some("dev"))]));
            assert_eq!(in_tests, [], "{folder} -> {package}");
        }
    }

    #[test]
    fn a_fence_says_where_the_crate_may_stand() {
        let findings = check(&one_crate("crates/cli", &[("axum", None)]));
        assert_eq!(
            findings[0].problem,
            "`cli` must not depend on `axum` (it stands only in: server, sandbox)"
        );
    }

    #[test]
    fn banned_crates_are_refused_even_in_tests() {
        for package in ["chrono", "reqwest-retry", "openssl-sys", "rusqlite", "ring"] {
            let findings = check(&one_crate("crates/app", &[(package, Some("dev"))]));
            assert_eq!(findings.len(), 1, "{package}");
            assert_eq!(findings[0].rule, "bans");
        }
    }

    #[test]
    fn a_banned_crate_in_the_lock_file_is_found() {
        let lockfile = "version = 4\n[[package]]\nname = \"chrono\"\nversion = \"0.4.0\"\n\
                        [[package]]\nname = \"openssl-sys\"\nversion = \"0.9.0\"\n";
        let findings = check_lockfile(lockfile).unwrap();
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].problem,
            "a dependency brings `openssl-sys` along"
        );
        assert_eq!(check_lockfile("version = 4\n").unwrap(), []);
        assert!(check_lockfile("version =").is_err());
    }
}
