//! Which of our crates may use which third-party crate, and which crates nobody may use.

use anyhow::Context;

use super::Finding;
use super::role::{Role, names};
use super::workspace::{Member, Workspace};

/// Where a third-party crate may stand as a normal dependency; tests are free.
struct Fence {
    package: &'static str,
    allowed: Allowed,
    instead: &'static str,
}

enum Allowed {
    OnlyIn(&'static [Role]),
    ExceptIn(&'static [Role]),
}

const FENCES: [Fence; 7] = [
    Fence {
        package: "reqwest",
        allowed: Allowed::OnlyIn(&[Role::ProviderHttp]),
        instead: "an adapter sends through `provider-http`, which never sends a purchase twice; everybody \
                  else speaks through the `EsimProvider` port",
    },
    Fence {
        package: "sqlx",
        allowed: Allowed::OnlyIn(&[Role::JournalAdapter]),
        instead: "speak through the `OrderJournal` port: databases are an adapter's business",
    },
    Fence {
        package: "axum",
        allowed: Allowed::OnlyIn(&[Role::Server, Role::Sandbox]),
        instead: "serve HTTP from `server` or `sandbox`",
    },
    Fence {
        package: "config",
        allowed: Allowed::OnlyIn(&[Role::Bootstrap]),
        instead: "take settings as a parameter: only `bootstrap` loads them",
    },
    Fence {
        package: "tracing-subscriber",
        allowed: Allowed::OnlyIn(&[Role::Bootstrap]),
        instead: "emit with `tracing`: only `bootstrap` installs a subscriber",
    },
    Fence {
        package: "tokio",
        allowed: Allowed::ExceptIn(&[Role::Domain]),
        instead: "keep `domain` pure: what waits or performs belongs to `app` or an adapter",
    },
    Fence {
        package: "anyhow",
        allowed: Allowed::OnlyIn(&[Role::Cli, Role::Server, Role::Xtask]),
        instead: "give the library an error type of its own, so that a caller can react to it",
    },
];

/// A crate that no member may name, and whether it may not even stand in the lock file.
struct Banned {
    package: &'static str,
    anywhere: bool,
    instead: &'static str,
}

const ONE_TLS_STACK: &str = "use rustls with aws-lc-rs: one TLS stack in the whole program";
const ONE_TIME_TYPE: &str = "use jiff: one time type in the whole program";

const BANNED: [Banned; 9] = [
    Banned {
        package: "reqwest-retry",
        anywhere: true,
        instead: "use `layers::Retry`: a middleware would send a purchase again",
    },
    Banned {
        package: "native-tls",
        anywhere: true,
        instead: ONE_TLS_STACK,
    },
    Banned {
        package: "openssl-sys",
        anywhere: true,
        instead: ONE_TLS_STACK,
    },
    Banned {
        package: "openssl",
        anywhere: true,
        instead: ONE_TLS_STACK,
    },
    // Named by rustls for targets and features that we do not build, hence in the lock file.
    Banned {
        package: "ring",
        anywhere: false,
        instead: ONE_TLS_STACK,
    },
    Banned {
        package: "rusqlite",
        anywhere: true,
        instead: "use sqlx: the two cannot be linked into one program",
    },
    Banned {
        package: "chrono",
        anywhere: false,
        instead: ONE_TIME_TYPE,
    },
    Banned {
        package: "time",
        anywhere: false,
        instead: ONE_TIME_TYPE,
    },
    Banned {
        package: "reqwest-middleware",
        anywhere: true,
        instead: "use `layers`: an adapter makes one attempt at each request",
    },
];

/// Compares the third-party dependencies of every member with the fences and the bans.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace.members.iter().flat_map(check_member).collect()
}

fn check_member(member: &Member) -> Vec<Finding> {
    let mut findings = Vec::new();
    for dependency in member
        .dependencies
        .iter()
        .filter(|dependency| !dependency.ours)
    {
        let package = dependency.package.as_str();
        if let Some(banned) = BANNED.iter().find(|banned| banned.package == package) {
            findings.push(finding("bans", member, package, "", banned.instead));
        }
        if dependency.tests_only {
            continue;
        }
        let Some(fence) = FENCES.iter().find(|fence| fence.package == package) else {
            continue;
        };
        if let Some(home) = outside(fence, Role::of(&member.folder)) {
            findings.push(finding("fences", member, package, &home, fence.instead));
        }
    }
    findings
}

/// Where the crate may stand, if this is not such a place.
fn outside(fence: &Fence, role: Option<Role>) -> Option<String> {
    match fence.allowed {
        Allowed::OnlyIn(roles) if role.is_some_and(|role| roles.contains(&role)) => None,
        Allowed::OnlyIn(roles) => Some(format!(" (it stands only in: {})", names(roles.to_vec()))),
        Allowed::ExceptIn(roles) if role.is_some_and(|role| roles.contains(&role)) => {
            Some(String::new())
        }
        Allowed::ExceptIn(_) => None,
    }
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
    let packages = lockfile
        .get("package")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten();
    let names = packages.filter_map(|package| package.get("name")?.as_str());
    Ok(names
        .filter_map(|name| {
            BANNED
                .iter()
                .find(|banned| banned.anywhere && banned.package == name)
        })
        .map(|banned| Finding {
            rule: "bans",
            place: "Cargo.lock".to_owned(),
            problem: format!("a dependency brings `{}` along", banned.package),
            instead: format!(
                "{}; `cargo tree --invert {}` shows who asks for it",
                banned.instead, banned.package
            ),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::workspace::tests::one_crate;
    use super::*;

    #[track_caller]
    fn check_fence(folder: &str, package: &str, allowed: bool) {
        let findings = check(&one_crate(folder, &[(package, None)]));
        assert_eq!(
            findings.is_empty(),
            allowed,
            "{folder} -> {package}: {findings:?}"
        );
        let in_tests = check(&one_crate(folder, &[(package, Some("dev"))]));
        assert_eq!(in_tests, [], "tests are free");
    }

    #[test]
    fn the_http_client_stands_in_one_crate() {
        check_fence("crates/provider-http", "reqwest", true);
        check_fence("crates/adapter-roamify", "reqwest", false);
        check_fence("crates/adapter-sqlite", "reqwest", false);
        check_fence("crates/bootstrap", "reqwest", false);
        check_fence("crates/cli", "reqwest", false);
    }

    #[test]
    fn databases_stand_in_journal_adapters() {
        check_fence("crates/adapter-sqlite", "sqlx", true);
        check_fence("crates/adapter-postgres", "sqlx", true);
        check_fence("crates/app", "sqlx", false);
        check_fence("crates/adapter-roamify", "sqlx", false);
    }

    #[test]
    fn servers_settings_and_subscribers_have_their_places() {
        check_fence("crates/sandbox", "axum", true);
        check_fence("crates/cli", "axum", false);
        check_fence("crates/bootstrap", "config", true);
        check_fence("crates/app", "config", false);
        check_fence("crates/bootstrap", "tracing-subscriber", true);
        check_fence("crates/cli", "tracing-subscriber", false);
    }

    #[test]
    fn the_domain_has_no_runtime_and_libraries_no_anyhow() {
        check_fence("crates/domain", "tokio", false);
        check_fence("crates/conformance", "tokio", true);
        check_fence("crates/app", "anyhow", false);
        check_fence("crates/sandbox", "anyhow", false);
        check_fence("crates/cli", "anyhow", true);
        check_fence("xtask", "anyhow", true);
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
