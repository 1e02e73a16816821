//! The budget's rules over trees as `cargo tree` prints them.

use super::*;

fn tree(role: &str, package: &str, more: &str) -> Tree {
    let printed = format!("{package} v0.1.0 (/repository/crates/x)\n{more}");
    let limits = &Rules::get().embedded[role];
    Tree::parse(package, "Cargo.toml".to_owned(), limits, &printed).unwrap()
}

fn domain(more: &str) -> Tree {
    tree(
        "domain",
        "roamport-domain",
        &format!("serde v1.0.229\n{more}"),
    )
}

fn adapter(more: &str) -> Tree {
    let usual = "roamport-domain v0.1.0 (/repository/crates/domain)\nserde v1.0.229 (*)\n\
                 rustls v0.23.46\naws-lc-rs v1.19.0\n";
    tree(
        "provider-adapter",
        "roamport-adapter-acme",
        &format!("{usual}{more}"),
    )
}

fn problems(findings: &[Finding]) -> Vec<&str> {
    findings
        .iter()
        .map(|finding| finding.problem.as_str())
        .collect()
}

/// A repository in which these trees are accepted.
fn repository(trees: &[Tree]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("xtask")).unwrap();
    accept(root.path(), trees).unwrap();
    root
}

#[track_caller]
fn check_change(before: &[Tree], after: &[Tree], expected: &[&str]) {
    let root = repository(before);
    assert_eq!(problems(&check(root.path(), after).unwrap()), expected);
    accept(root.path(), after).unwrap();
    assert_eq!(check(root.path(), after).unwrap(), []);
    assert_eq!(accept(root.path(), after).unwrap(), [""; 0]);
}

#[test]
fn a_crate_that_joined_or_went_is_named_until_it_is_accepted() {
    let before = [domain("old v1.0.0\n"), adapter("")];
    let after = [domain("young v1.0.0\n"), adapter("")];
    let expected = [
        "not accepted: roamport-domain: young",
        "no longer compiled: roamport-domain: old",
    ];
    check_change(&before, &after, &expected);
    let root = repository(&before);
    let changes = accept(root.path(), &after).unwrap();
    assert_eq!(
        changes,
        [
            "accepted roamport-domain: young",
            "dropped roamport-domain: old"
        ]
    );
}

#[test]
fn a_second_version_is_a_new_crate_and_a_newer_version_is_none() {
    let expected = [
        "not accepted: roamport-domain: serde in 2 versions",
        "no longer compiled: roamport-domain: serde",
    ];
    check_change(&[domain("")], &[domain("serde v0.9.0\n")], &expected);
    check_change(&[domain("old v1.0.0\n")], &[domain("old v1.0.1\n")], &[]);
}

#[test]
fn a_crate_stands_where_it_first_joins() {
    let trees = [domain("old v1.0.0\n"), adapter("old v1.0.0\nold v2.0.0\n")];
    let lines: Vec<_> = lines(&trees).into_iter().collect();
    let expected =
        ["aws-lc-rs", "old", "rustls"].map(|name| format!("roamport-adapter-acme: {name}"));
    assert_eq!(lines[..3], expected);
    assert_eq!(
        lines[3..],
        ["roamport-domain: old", "roamport-domain: serde"]
    );
}

#[test]
fn a_package_that_is_gone_leaves_no_line() {
    let expected = [
        "no longer compiled: roamport-adapter-acme: aws-lc-rs",
        "no longer compiled: roamport-adapter-acme: rustls",
    ];
    check_change(&[domain(""), adapter("")], &[domain("")], &expected);
}

#[test]
fn accepting_lifts_no_limit() {
    let trees = [domain("tokio v1.54.1\n")];
    let root = repository(&trees);
    let findings = check(root.path(), &trees).unwrap();
    assert_eq!(
        problems(&findings),
        ["an embedder of `roamport-domain` must not get `tokio`"]
    );
    let advice = &findings[0].instead;
    assert!(
        advice.starts_with("keep `domain` pure") && advice.contains("--invert tokio"),
        "{advice}"
    );
}

#[test]
fn the_domain_takes_fifty_crates_and_not_one_more() {
    let others = |number: usize| {
        let other = |index: usize| format!("other-{index} v1.0.0\n");
        (0..number).map(other).collect::<String>()
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
        let findings = check_limits(&adapter(&format!("{name} v1.0.0\n")));
        assert_eq!(findings.len(), 1, "{name}");
        assert!(findings[0].instead.contains(advice), "{name}");
    }
    let usual = adapter("tokio v1.54.1\nopenssl-probe v0.2.2\ntokio-rustls v0.26.6\n");
    assert_eq!(check_limits(&usual), []);
}

#[test]
fn a_tls_stack_in_two_versions_or_none_is_refused() {
    assert_eq!(
        problems(&check_limits(&adapter("rustls v0.22.0\n"))),
        ["`roamport-adapter-acme` has `rustls` in these versions: [0.22.0, 0.23.46]"]
    );
    let none = tree(
        "provider-adapter",
        "roamport-adapter-acme",
        "rustls v0.23.46\n",
    );
    assert_eq!(
        problems(&check_limits(&none)),
        ["`roamport-adapter-acme` has `aws-lc-rs` in these versions: []"]
    );
}

#[test]
fn the_count_is_printed_with_its_limit() {
    let printed = costs(&[domain(""), adapter("")]);
    assert_eq!(
        printed,
        [
            "budget: roamport-domain compiles 2 crates, itself included (at most 50)",
            "budget: roamport-adapter-acme compiles 5 crates, itself included",
        ]
    );
}

#[test]
fn what_is_no_tree_is_an_error_that_quotes_it() {
    for (printed, expected) in [
        ("", "did not name roamport-domain itself"),
        ("roamport-domain", "printed `roamport-domain`"),
        ("├── syn v2.0.0", "printed `├── syn v2.0.0`"),
    ] {
        let limits = &Rules::get().embedded["domain"];
        let error = Tree::parse("roamport-domain", String::new(), limits, printed).unwrap_err();
        assert!(error.to_string().contains(expected), "{printed:?}: {error}");
    }
}

#[test]
fn a_missing_list_is_an_error_that_says_what_writes_it() {
    let error = check(tempfile::tempdir().unwrap().path(), &[domain("")]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`cargo xtask tidy --accept` writes it"),
        "{error}"
    );
}
