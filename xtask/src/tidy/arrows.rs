//! Who may depend on whom among our own crates, and what a crate is called.

use super::Finding;
use super::rules::{Role, Rules};
use crate::workspace::{Dependency, Member, PREFIX, Workspace};

/// Compares every arrow of the workspace with the table of roles.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace.members.iter().flat_map(check_member).collect()
}

fn check_member(member: &Member) -> Vec<Finding> {
    let Some((role_name, role)) = Rules::get().role_of(&member.folder) else {
        return vec![Finding {
            rule: "crates",
            place: member.manifest(),
            problem: format!("the architecture names no crate `{}`", member.folder),
            instead: "put the code into the crate whose job it is; a new crate needs a page in \
                      docs/decisions and a row in xtask/house.toml"
                .to_owned(),
        }];
    };
    let misnamed = check_name(member, role_name);
    let ours = member
        .dependencies
        .iter()
        .filter(|dependency| dependency.ours);
    let arrows = ours.filter_map(|dependency| check_arrow(member, role, dependency));
    misnamed.into_iter().chain(arrows).collect()
}

fn check_name(member: &Member, role: &str) -> Option<Finding> {
    let expected = match role {
        "xtask" => "xtask".to_owned(),
        _ => format!("{PREFIX}{}", member.short_name()),
    };
    (member.package != expected).then(|| Finding {
        rule: "crates",
        place: member.manifest(),
        problem: format!("the package is called `{}`", member.package),
        instead: format!("a package is called after its folder: `{expected}`"),
    })
}

fn check_arrow(member: &Member, role: &Role, dependency: &Dependency) -> Option<Finding> {
    let target = dependency
        .package
        .strip_prefix(PREFIX)
        .unwrap_or(&dependency.package);
    let found = Rules::get().role_of(&format!("crates/{target}"));
    let fits =
        |allowed: &[String]| found.is_some_and(|(to, _)| allowed.iter().any(|name| name == to));
    if fits(&role.uses) || dependency.tests_only && fits(&role.tests) {
        return None;
    }
    let from = member.short_name();
    let (refusal, allowed) = if dependency.tests_only {
        (
            "must not, in its tests, depend",
            [&role.uses[..], &role.tests].concat(),
        )
    } else {
        ("must not depend", role.uses.clone())
    };
    let advice = if fits(&role.tests) {
        "make it a dev-dependency"
    } else if dependency.tests_only && !role.tests.is_empty() {
        "move the test to `bootstrap`, where everything meets"
    } else {
        let usual = "move what both need into `domain`, or the join into `bootstrap`";
        role.instead.as_deref().unwrap_or(usual)
    };
    let allowed = if allowed.is_empty() {
        "nothing of ours".to_owned()
    } else {
        allowed.join(", ")
    };
    Some(Finding {
        rule: "arrows",
        place: member.manifest(),
        problem: format!("`{from}` {refusal} on `{target}`"),
        instead: format!("{advice}; `{from}` may use: {allowed}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::one_crate;

    const DEV: Option<&str> = Some("dev");

    /// Arrows as (from, to, the dependency's kind, whether it is allowed).
    const ARROWS: [(&str, &str, Option<&str>, bool); 45] = [
        // Arrows point inward.
        ("app", "domain", None, true),
        ("domain", "app", None, false),
        ("domain", "conformance", DEV, false),
        ("layers", "app", None, false),
        ("conformance", "domain", None, true),
        // Use-cases see no adapter, in tests either.
        ("app", "adapter-sqlite", None, false),
        ("app", "adapter-roamify", DEV, false),
        ("app", "sandbox", None, false),
        ("app", "sandbox", DEV, true),
        ("app", "layers", DEV, true),
        // No adapter knows another.
        ("adapter-roamify", "adapter-sqlite", None, false),
        ("adapter-esim-access", "adapter-roamify", DEV, false),
        ("adapter-sqlite", "conformance", DEV, true),
        ("adapter-sqlite", "conformance", None, false),
        // The sandbox shares no wire type with an adapter.
        ("sandbox", "adapter-roamify", None, false),
        ("sandbox", "adapter-roamify", DEV, false),
        ("adapter-roamify", "sandbox", None, false),
        ("adapter-roamify", "sandbox", DEV, true),
        // Provider adapters share one way to send.
        ("adapter-roamify", "provider-http", None, true),
        ("adapter-acme", "provider-http", DEV, true),
        ("provider-http", "domain", None, true),
        ("provider-http", "adapter-roamify", None, false),
        ("provider-http", "sandbox", DEV, false),
        ("adapter-sqlite", "provider-http", None, false),
        ("app", "provider-http", None, false),
        ("bootstrap", "provider-http", None, false),
        // Everything meets in bootstrap and nowhere else.
        ("bootstrap", "adapter-roamify", None, true),
        ("bootstrap", "conformance", DEV, true),
        ("bootstrap", "conformance", None, false),
        ("bootstrap", "provider-http", DEV, true),
        ("cli", "bootstrap", None, true),
        ("cli", "adapter-roamify", None, false),
        ("server", "sandbox", None, false),
        ("server", "sandbox", DEV, true),
        ("layers", "bootstrap", None, false),
        ("fuzz", "bootstrap", None, false),
        ("fuzz", "adapter-roamify", DEV, true),
        ("adapter-acme", "adapter-acme", None, false),
        // Every program shows the same documents.
        ("documents", "app", None, true),
        ("documents", "bootstrap", None, false),
        ("cli", "documents", None, true),
        ("app", "documents", None, false),
        // A build script obeys the same table.
        ("app", "sandbox", Some("build"), false),
        ("app", "domain", Some("build"), true),
        // A crate that the architecture does not name is nobody's dependency.
        ("app", "utils", None, false),
    ];

    #[test]
    fn every_arrow_is_as_the_architecture_has_it() {
        for (from, to, kind, allowed) in ARROWS {
            let to = format!("{PREFIX}{to}");
            let findings = check(&one_crate(&format!("crates/{from}"), &[(&to, kind)]));
            assert_eq!(findings.is_empty(), allowed, "{from} -> {to}: {findings:?}");
            assert!(findings.iter().all(|finding| finding.rule == "arrows"));
        }
    }

    #[test]
    fn a_forbidden_arrow_says_what_to_do_instead() {
        let instead = |from: &str, to: &str, kind| {
            let findings = check(&one_crate(from, &[(to, kind)]));
            findings[0].instead.clone()
        };
        assert_eq!(
            instead(
                "crates/adapter-esim-access",
                "roamport-adapter-roamify",
                None
            ),
            "no adapter knows another: what two of them share belongs to `domain`, or, of HTTP, to \
             `provider-http`; `adapter-esim-access` may use: domain, provider-http"
        );
        assert_eq!(
            instead("crates/app", "roamport-adapter-sqlite", DEV),
            "move the test to `bootstrap`, where everything meets; \
             `app` may use: domain, sandbox, conformance, layers"
        );
        let advice = instead("crates/layers", "roamport-sandbox", None);
        assert!(advice.starts_with("make it a dev-dependency"), "{advice}");
        let advice = instead("crates/domain", "roamport-app", None);
        assert!(advice.ends_with("may use: nothing of ours"), "{advice}");
    }

    #[test]
    fn a_crate_the_architecture_does_not_name_is_refused() {
        let findings = check(&one_crate("crates/utils", &[]));
        assert_eq!(
            findings[0].problem,
            "the architecture names no crate `crates/utils`"
        );
    }

    #[test]
    fn a_package_is_called_after_its_folder() {
        let mut workspace = one_crate("crates/app", &[]);
        workspace.members[0].package = "roamport-application".to_owned();
        let findings = check(&workspace);
        assert_eq!(
            findings[0].instead,
            "a package is called after its folder: `roamport-app`"
        );
    }

    #[test]
    fn the_tasks_use_nothing_of_ours_but_in_their_examples() {
        let check = |kind| {
            let mut workspace = one_crate("xtask", &[("roamport-domain", kind)]);
            workspace.members[0].package = "xtask".to_owned();
            check(&workspace)
        };
        assert_eq!(
            check(None)[0].problem,
            "`xtask` must not depend on `domain`"
        );
        assert_eq!(check(DEV), []);
    }
}
