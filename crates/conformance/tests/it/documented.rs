//! Every promise has a case, a test of that name and a line in the README.

use std::collections::BTreeSet;

const PROVIDER: [&str; 8] = [
    include_str!("../../src/provider/balance.rs"),
    include_str!("../../src/provider/catalogue.rs"),
    include_str!("../../src/provider/errors.rs"),
    include_str!("../../src/provider/orders.rs"),
    include_str!("../../src/provider/provisioning.rs"),
    include_str!("../../src/provider/secrets.rs"),
    include_str!("../../src/provider/top_up.rs"),
    include_str!("../../src/provider/usage.rs"),
];

/// The names of the public cases in these sources.
fn cases(areas: &[&'static str]) -> BTreeSet<&'static str> {
    let lines = areas.iter().flat_map(|area| area.lines());
    lines
        .filter_map(|line| line.strip_prefix("pub async fn ")?.split('(').next())
        .collect()
}

/// The names that a suite's macro makes tests of.
fn tests(source: &'static str) -> BTreeSet<&'static str> {
    let (_, list) = source.split_once("@tests ($harness)").unwrap();
    let (list, _) = list.split_once("};").unwrap();
    let lines = list.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.ends_with(['{', '}']))
        .collect()
}

/// The names in the tables of one section of the README.
fn documented(heading: &str) -> BTreeSet<&'static str> {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once(heading).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines();
    rows.filter_map(|line| {
        line.strip_prefix("| `")?
            .split_once("` | ")
            .map(|(name, _)| name)
    })
    .collect()
}

#[test]
fn every_case_of_a_provider_is_made_a_test_by_the_macro() {
    assert_eq!(
        tests(include_str!("../../src/provider.rs")),
        cases(&PROVIDER)
    );
}

#[test]
fn every_promise_of_a_provider_is_in_the_readme_under_its_tests_name() {
    assert_eq!(
        documented("\n## The promises of a provider\n"),
        cases(&PROVIDER)
    );
}
