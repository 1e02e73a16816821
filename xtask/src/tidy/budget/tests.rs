//! The budget's rules over trees as `cargo tree` tells them.

use std::fs;

use super::*;

const DOMAIN: &str = "0 roamport-domain v0.1.0 (/repository/crates/domain)\n1 serde v1.0.229\n";
const ADAPTER: &str = "0 roamport-adapter-acme v0.1.0 (/repository/crates/adapter-acme)\n\
                       1 reqwest v0.13.5\n2 rustls v0.23.46\n3 aws-lc-rs v1.19.0\n";

fn cost(role: Role, told: &str) -> Cost {
    let package = told.split(' ').nth(1).unwrap();
    Cost {
        manifest: "Cargo.toml".to_owned(),
        role,
        tree: Tree::parse(package, told).unwrap(),
    }
}

fn domain(more: &str) -> Cost {
    cost(Role::Domain, &format!("{DOMAIN}{more}"))
}

fn adapter(more: &str) -> Cost {
    cost(Role::ProviderAdapter, &format!("{ADAPTER}{more}"))
}

/// What the check says of these costs in the repository at `root`.
fn checked(root: &Path, costs: &[Cost]) -> Vec<Finding> {
    check(costs, &Pins::load(root).unwrap())
}

fn problems(findings: &[Finding]) -> Vec<&str> {
    let problems = findings.iter().map(|finding| finding.problem.as_str());
    problems.collect()
}

/// A repository in which the crates of these costs are accepted.
fn accepted(costs: &[Cost]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("xtask")).unwrap();
    accept(root.path(), costs).unwrap();
    root
}

#[test]
fn what_was_accepted_passes() {
    let costs = [domain(""), adapter("")];
    let root = accepted(&costs);
    assert_eq!(checked(root.path(), &costs), []);
    assert_eq!(accept(root.path(), &costs).unwrap(), [""; 0]);
}

#[test]
fn a_runtime_in_the_domain_is_named_with_its_path() {
    let cost = domain("1 clock v1.0.0\n2 tokio v1.54.1\n");
    let [finding] = &check_limits(&cost)[..] else {
        panic!("one finding")
    };
    assert_eq!(
        finding.to_string(),
        "Cargo.toml: an embedder must not get `tokio`: roamport-domain → clock → tokio [budget]\n    \
         instead: keep `domain` pure: what waits, sends or stores belongs to an adapter"
    );
}

#[test]
fn the_domain_takes_fifty_crates_and_not_one_more() {
    let others = |number: usize| {
        let mut told = String::new();
        for index in 0..number {
            told.extend(["1 other-", &index.to_string(), " v1.0.0\n"]);
        }
        told
    };
    assert_eq!(check_limits(&domain(&others(48))), []);
    assert_eq!(
        problems(&check_limits(&domain(&others(49)))),
        ["`roamport-domain` compiles 51 crates; embedders get at most 50"]
    );
}

#[test]
fn an_adapter_gets_no_other_tls_no_database_and_no_server() {
    for (name, advice) in [
        ("native-tls", "one TLS stack"),
        ("openssl-sys", "one TLS stack"),
        ("ring", "one TLS stack"),
        ("libsqlite3-sys", "stores nothing"),
        ("rusqlite", "stores nothing"),
        ("sqlx-core", "stores nothing"),
        ("axum", "serving HTTP"),
    ] {
        let findings = check_limits(&adapter(&format!("1 between v1.0.0\n2 {name} v1.0.0\n")));
        assert_eq!(
            problems(&findings),
            [format!(
                "an embedder must not get `{name}`: roamport-adapter-acme → between → {name}"
            )]
        );
        assert!(findings[0].instead.contains(advice), "{name}");
    }
}

#[test]
fn an_adapter_may_use_a_runtime_and_look_for_certificates() {
    let cost = adapter("1 tokio v1.54.1\n1 openssl-probe v0.2.2\n1 tokio-rustls v0.26.6\n");
    assert_eq!(check_limits(&cost), []);
}

#[test]
fn a_tls_stack_in_two_versions_or_none_is_refused() {
    let twice = check_limits(&adapter("1 old v1.0.0\n2 rustls v0.22.0\n"));
    assert_eq!(
        problems(&twice),
        ["the adapter has `rustls` more than once: 0.22.0, 0.23.46"]
    );
    let none = cost(
        Role::ProviderAdapter,
        "0 roamport-adapter-acme v0.1.0\n1 rustls v0.23.46\n",
    );
    assert_eq!(
        problems(&check_limits(&none)),
        ["the adapter has no `aws-lc-rs`"]
    );
}

#[test]
fn a_new_crate_is_named_with_its_path() {
    let root = accepted(&[domain("")]);
    let findings = checked(root.path(), &[domain("1 hash v1.0.0\n2 cpu v0.3.0\n")]);
    let [finding] = &findings[..] else {
        panic!("one finding")
    };
    assert_eq!(
        finding.to_string(),
        "xtask/budget.toml: `roamport-domain` compiles 4 crates, accepted: 2; new: `cpu` \
         (roamport-domain → hash → cpu), `hash` (roamport-domain → hash) [budget]\n    \
         instead: do without, or accept them knowingly: `cargo xtask tidy --accept`"
    );
}

#[test]
fn a_crate_that_took_anothers_place_is_noticed_too() {
    let root = accepted(&[domain("1 old v1.0.0\n")]);
    let findings = checked(root.path(), &[domain("1 young v1.0.0\n")]);
    assert_eq!(
        problems(&findings),
        [
            "`roamport-domain` compiles 3 crates, accepted: 3; new: `young` (roamport-domain → \
             young)",
            "`roamport-domain` no longer compiles: old"
        ]
    );
}

#[test]
fn a_second_version_is_a_new_crate() {
    let root = accepted(&[domain("")]);
    let findings = checked(root.path(), &[domain("1 old v1.0.0\n2 serde v0.9.0\n")]);
    let [finding] = &findings[..] else {
        panic!("one finding")
    };
    assert!(
        finding
            .problem
            .ends_with("`serde` (roamport-domain → old → serde; roamport-domain → serde)"),
        "{finding}"
    );
}

#[test]
fn a_newer_version_of_an_accepted_crate_passes() {
    let root = accepted(&[domain("1 old v1.0.0\n")]);
    assert_eq!(checked(root.path(), &[domain("1 old v1.0.1\n")]), []);
}

#[test]
fn accepting_tells_what_joined_and_what_went() {
    let root = accepted(&[domain("1 old v1.0.0\n"), adapter("")]);
    let costs = [domain("1 young v1.0.0\n")];
    assert_eq!(
        problems(&checked(root.path(), &costs))[2],
        "no `roamport-adapter-acme` is embedded by itself"
    );
    assert_eq!(
        accept(root.path(), &costs).unwrap(),
        [
            "roamport-domain: accepted young",
            "roamport-domain: dropped old"
        ]
    );
    assert_eq!(checked(root.path(), &costs), []);
}

#[test]
fn accepting_does_not_lift_a_limit() {
    let costs = [domain("1 tokio v1.54.1\n")];
    let root = accepted(&costs);
    assert_eq!(checked(root.path(), &costs).len(), 1);
}

#[test]
fn a_damaged_file_stops_the_check_and_accepting_mends_it() {
    let costs = [domain("")];
    let root = accepted(&costs);
    fs::write(root.path().join(PLACE), "roamport-domain = 2\n").unwrap();
    let error = Pins::load(root.path()).unwrap_err().to_string();
    assert!(error.starts_with("xtask/budget.toml is damaged"), "{error}");
    accept(root.path(), &costs).unwrap();
    assert_eq!(checked(root.path(), &costs), []);
}

#[test]
fn an_adapter_being_written_need_not_be_accepted_but_the_domain_must() {
    let root = accepted(&[]);
    assert_eq!(checked(root.path(), &[adapter("")]), []);
    assert_eq!(checked(root.path(), &[domain("")]).len(), 1);
}

#[test]
fn the_count_is_printed_with_its_limit() {
    let printed = lines(&[domain(""), adapter("")], &Pins::default());
    assert_eq!(
        printed,
        [
            "budget: roamport-domain compiles 2 crates, itself included (at most 50)",
            "budget: roamport-adapter-acme compiles 4 crates, itself included (not accepted yet: `cargo \
             xtask tidy --accept`)"
        ]
    );
}

#[test]
fn the_file_of_this_repository_names_every_adapter_it_ships() {
    let pins = Pins::load(crate::repository_root()).unwrap();
    for package in [
        "roamport-domain",
        "roamport-adapter-roamify",
        "roamport-adapter-esim-access",
    ] {
        let pinned = pins.of(package).unwrap_or_default();
        assert!(pinned.iter().any(|name| name == package), "{package}");
    }
}
