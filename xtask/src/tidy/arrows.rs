//! Who may depend on whom among our own crates, and what a crate is called.

use super::Finding;
use super::role::{Role, names};
use super::workspace::{Dependency, Member, PREFIX, Workspace};

/// Compares every arrow of the workspace with the architecture's table.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace.members.iter().flat_map(check_member).collect()
}

fn check_member(member: &Member) -> Vec<Finding> {
    let Some(role) = Role::of(&member.folder) else {
        return vec![Finding {
            rule: "crates",
            place: member.manifest(),
            problem: format!("the architecture names no crate `{}`", member.folder),
            instead: "put the code into the crate whose job it is; a new crate needs a page in \
                      docs/decisions and a row in xtask/src/tidy/role.rs"
                .to_owned(),
        }];
    };
    let misnamed = check_name(member, role);
    let arrows = member
        .dependencies
        .iter()
        .filter(|dependency| dependency.ours)
        .filter_map(|dependency| check_arrow(member, role, dependency));
    misnamed.into_iter().chain(arrows).collect()
}

fn check_name(member: &Member, role: Role) -> Option<Finding> {
    let expected = match role {
        Role::Xtask => "xtask".to_owned(),
        _ => format!("{PREFIX}{}", member.short_name()),
    };
    (member.package != expected).then(|| Finding {
        rule: "crates",
        place: member.manifest(),
        problem: format!("the package is called `{}`", member.package),
        instead: format!("a package is called after its folder: `{expected}`"),
    })
}

fn check_arrow(member: &Member, from: Role, dependency: &Dependency) -> Option<Finding> {
    let target = dependency
        .package
        .strip_prefix(PREFIX)
        .unwrap_or(&dependency.package);
    let to = Role::of_crate(target);
    let always = from.may_use();
    let in_tests = from.tests_may_also_use();
    let fits = |allowed: &[Role]| to.is_some_and(|to| allowed.contains(&to));
    if fits(always) || dependency.tests_only && fits(in_tests) {
        return None;
    }
    let from_name = member.short_name();
    let (refusal, allowed) = if dependency.tests_only {
        (
            "must not, in its tests, depend",
            names(always.iter().chain(in_tests).copied()),
        )
    } else {
        ("must not depend", names(always.iter().copied()))
    };
    Some(Finding {
        rule: "arrows",
        place: member.manifest(),
        problem: format!("`{from_name}` {refusal} on `{target}`"),
        instead: format!(
            "{}; `{from_name}` may use: {allowed}",
            advice(from, to, dependency.tests_only, fits(in_tests))
        ),
    })
}

/// The way out that fits the commonest wishes behind a forbidden arrow.
fn advice(from: Role, to: Option<Role>, tests_only: bool, fits_in_tests: bool) -> &'static str {
    use Role::{App, Bootstrap, Domain, JournalAdapter, ProviderAdapter, Xtask};
    let adapter = |role| matches!(role, ProviderAdapter | JournalAdapter);
    match (from, to) {
        (_, None) => "the architecture names no such crate: use the one whose job it is",
        (Xtask, _) => "run the binary, as a person would",
        (Domain, _) => "move the code that needs it outward: `domain` stands alone",
        _ if fits_in_tests => "make it a dev-dependency",
        _ if tests_only => "move the test to `bootstrap`, where everything meets",
        (App, Some(to)) if adapter(to) => {
            "take the port as a parameter (`EsimProvider`, `OrderJournal`) and let `bootstrap` \
             choose the adapter"
        }
        (from, Some(to)) if adapter(from) && adapter(to) => {
            "no adapter knows another: what two of them share belongs to `domain`, or, of HTTP, to \
             `provider-http`"
        }
        (_, Some(Bootstrap)) => {
            "a library is given what it needs: only binaries are composed there"
        }
        (_, Some(to)) if adapter(to) => "let `bootstrap` choose the adapter",
        _ => "move what both need into `domain`, or the join into `bootstrap`",
    }
}

#[cfg(test)]
mod tests {
    use super::super::workspace::tests::one_crate;
    use super::*;

    const DEV: Option<&str> = Some("dev");

    #[track_caller]
    fn check_arrow(folder: &str, dependency: &str, kind: Option<&str>, allowed: bool) {
        let findings = check(&one_crate(folder, &[(dependency, kind)]));
        assert_eq!(
            findings.is_empty(),
            allowed,
            "{folder} -> {dependency}: {findings:?}"
        );
        assert!(findings.iter().all(|finding| finding.rule == "arrows"));
    }

    #[test]
    fn arrows_point_inward() {
        check_arrow("crates/app", "roamport-domain", None, true);
        check_arrow("crates/domain", "roamport-app", None, false);
        check_arrow("crates/domain", "roamport-conformance", DEV, false);
        check_arrow("crates/layers", "roamport-app", None, false);
        check_arrow("crates/conformance", "roamport-domain", None, true);
    }

    #[test]
    fn use_cases_see_no_adapter_even_in_tests() {
        check_arrow("crates/app", "roamport-adapter-sqlite", None, false);
        check_arrow("crates/app", "roamport-adapter-roamify", DEV, false);
        check_arrow("crates/app", "roamport-sandbox", None, false);
        check_arrow("crates/app", "roamport-sandbox", DEV, true);
        check_arrow("crates/app", "roamport-layers", DEV, true);
    }

    #[test]
    fn no_adapter_knows_another() {
        check_arrow(
            "crates/adapter-roamify",
            "roamport-adapter-sqlite",
            None,
            false,
        );
        check_arrow(
            "crates/adapter-esim-access",
            "roamport-adapter-roamify",
            DEV,
            false,
        );
        check_arrow("crates/adapter-sqlite", "roamport-conformance", DEV, true);
        check_arrow("crates/adapter-sqlite", "roamport-conformance", None, false);
    }

    #[test]
    fn the_sandbox_shares_no_wire_type_with_an_adapter() {
        check_arrow("crates/sandbox", "roamport-adapter-roamify", None, false);
        check_arrow("crates/sandbox", "roamport-adapter-roamify", DEV, false);
        check_arrow("crates/adapter-roamify", "roamport-sandbox", None, false);
        check_arrow("crates/adapter-roamify", "roamport-sandbox", DEV, true);
    }

    #[test]
    fn provider_adapters_share_one_way_to_send() {
        check_arrow(
            "crates/adapter-roamify",
            "roamport-provider-http",
            None,
            true,
        );
        check_arrow("crates/adapter-acme", "roamport-provider-http", DEV, true);
        check_arrow("crates/provider-http", "roamport-domain", None, true);
        check_arrow(
            "crates/provider-http",
            "roamport-adapter-roamify",
            None,
            false,
        );
        check_arrow("crates/provider-http", "roamport-sandbox", DEV, false);
        check_arrow(
            "crates/adapter-sqlite",
            "roamport-provider-http",
            None,
            false,
        );
        check_arrow("crates/app", "roamport-provider-http", None, false);
        check_arrow("crates/bootstrap", "roamport-provider-http", None, false);
    }

    #[test]
    fn everything_meets_in_bootstrap_and_nowhere_else() {
        check_arrow("crates/bootstrap", "roamport-adapter-roamify", None, true);
        check_arrow("crates/bootstrap", "roamport-conformance", DEV, true);
        check_arrow("crates/bootstrap", "roamport-conformance", None, false);
        check_arrow("crates/bootstrap", "roamport-provider-http", DEV, true);
        check_arrow("crates/cli", "roamport-bootstrap", None, true);
        check_arrow("crates/cli", "roamport-adapter-roamify", None, false);
        check_arrow("crates/server", "roamport-sandbox", None, false);
        check_arrow("crates/server", "roamport-sandbox", DEV, true);
        check_arrow("crates/layers", "roamport-bootstrap", None, false);
    }

    #[test]
    fn a_build_script_obeys_the_same_table() {
        check_arrow("crates/app", "roamport-sandbox", Some("build"), false);
    }

    #[test]
    fn a_forbidden_arrow_is_told_what_to_do_instead() {
        let findings = check(&one_crate(
            "crates/adapter-esim-access",
            &[("roamport-adapter-roamify", None)],
        ));
        assert_eq!(
            findings[0].instead,
            "no adapter knows another: what two of them share belongs to `domain`, or, of HTTP, to \
             `provider-http`; `adapter-esim-access` may use: domain, provider-http"
        );
        let findings = check(&one_crate(
            "crates/app",
            &[("roamport-adapter-sqlite", DEV)],
        ));
        assert_eq!(
            findings[0].problem,
            "`app` must not, in its tests, depend on `adapter-sqlite`"
        );
        assert_eq!(
            findings[0].instead,
            "move the test to `bootstrap`, where everything meets; \
             `app` may use: domain, sandbox, conformance, layers"
        );
        let findings = check(&one_crate("crates/layers", &[("roamport-sandbox", None)]));
        assert!(findings[0].instead.starts_with("make it a dev-dependency"));
    }

    #[test]
    fn a_crate_the_architecture_does_not_name_is_refused() {
        let findings = check(&one_crate("crates/utils", &[]));
        assert_eq!(
            findings[0].problem,
            "the architecture names no crate `crates/utils`"
        );
        check_arrow("crates/app", "roamport-utils", None, false);
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
    fn the_tasks_use_nothing_of_ours() {
        let mut workspace = one_crate("xtask", &[("roamport-domain", None)]);
        workspace.members[0].package = "xtask".to_owned();
        let findings = check(&workspace);
        assert_eq!(findings[0].problem, "`xtask` must not depend on `domain`");
        assert!(findings[0].instead.ends_with("may use: nothing of ours"));
    }
}
