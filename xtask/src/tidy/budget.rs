//! What an embedder pays for our crates: how many others come with them, and which never may.
//!
//! `xtask/dependencies.txt` lists what each crate that is embedded by itself brings along, as `cargo tree`
//! resolves it. A crate that joins fails the check until it is accepted. One that has gone fails it too, since
//! its line would be room for the next to join unseen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

use super::Finding;
use super::rules::{Limits, Rules};
use crate::workspace::Workspace;

/// The accepted list, below the root.
pub(super) const PLACE: &str = "xtask/dependencies.txt";

/// The command that writes it.
const ACCEPT: &str = "cargo xtask tidy --accept";

/// The platform that is resolved for on every machine, so that the list is the same on each.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

const HEADING: &str = "\
# The crates that an embedder compiles with each of these packages, beyond those of the other packages here that it
# uses. `cargo xtask tidy` compares them with what cargo resolves; `cargo xtask tidy --accept` writes this file. A
# change to it says in its commit why a crate joined.
";

/// What a package compiles, itself included: names and versions.
#[derive(Debug)]
pub(super) struct Tree {
    package: String,
    /// The path of its manifest, below the root.
    manifest: String,
    limits: &'static Limits,
    crates: BTreeSet<(String, String)>,
}

/// Resolves each package that is embedded by itself.
pub(super) fn trees(root: &Path, workspace: &Workspace) -> anyhow::Result<Vec<Tree>> {
    let shell = Shell::new()?;
    shell.change_dir(root);
    let rules = Rules::get();
    let mut trees = Vec::new();
    for member in &workspace.members {
        let role = rules.role_of(&member.folder);
        if let Some(limits) = role.and_then(|(name, _)| rules.embedded.get(name)) {
            let (package, format) = (&member.package, "{p}");
            // Each package alone: `cargo metadata` would add the features that other members switch on.
            let printed = cmd!(
                shell,
                "cargo tree --package {package} --edges normal --target {PLATFORM} --prefix none
                 --format {format} --color never"
            );
            let printed = printed.quiet().read()?;
            trees.push(Tree::parse(package, member.manifest(), limits, &printed)?);
        }
    }
    Ok(trees)
}

impl Tree {
    /// Reads lines such as `syn v3.0.10 (proc-macro) (*)`.
    fn parse(
        package: &str,
        manifest: String,
        limits: &'static Limits,
        printed: &str,
    ) -> anyhow::Result<Self> {
        let read = |line: &str| {
            let mut words = line.split(' ');
            let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
            Some((name.to_owned(), version.to_owned()))
        };
        let lines = printed.lines().filter(|line| !line.is_empty());
        let crates: anyhow::Result<BTreeSet<_>> = lines
            .map(|line| read(line).with_context(|| format!("cargo tree printed `{line}`")))
            .collect();
        let tree = Self {
            package: package.to_owned(),
            manifest,
            limits,
            crates: crates?,
        };
        ensure!(
            tree.has(package),
            "cargo tree did not name {package} itself"
        );
        Ok(tree)
    }

    fn has(&self, name: &str) -> bool {
        self.versions(name).next().is_some()
    }

    fn versions(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.crates.iter().filter(move |(known, _)| known == name);
        found.map(|(_, version)| version.as_str())
    }

    /// The crates of others beyond those of the other trees that this one contains, with how many versions.
    fn own<'a>(&'a self, trees: &'a [Self]) -> BTreeMap<&'a str, usize> {
        let below = trees
            .iter()
            .filter(|other| other.package != self.package && self.has(&other.package));
        let below: BTreeSet<_> = below.flat_map(|other| &other.crates).collect();
        let mut own = BTreeMap::new();
        for known in self
            .crates
            .iter()
            .filter(|known| !below.contains(known) && known.0 != self.package)
        {
            *own.entry(known.0.as_str()).or_default() += 1;
        }
        own
    }
}

/// The lines of the list for these trees.
fn lines(trees: &[Tree]) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for tree in trees {
        lines.extend(
            tree.own(trees)
                .into_iter()
                .map(|(name, versions)| match versions {
                    1 => format!("{}: {name}", tree.package),
                    _ => format!("{}: {name} in {versions} versions", tree.package),
                }),
        );
    }
    lines
}

fn accepted(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let text = fs::read_to_string(root.join(PLACE))
        .with_context(|| format!("failed to read {PLACE}; `{ACCEPT}` writes it"))?;
    Ok(text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect())
}

/// Compares the trees with the limits and with what was accepted.
pub(super) fn check(root: &Path, trees: &[Tree]) -> anyhow::Result<Vec<Finding>> {
    let (lines, accepted) = (lines(trees), accepted(root)?);
    let finding = |problem, instead| Finding {
        rule: "budget",
        place: PLACE.to_owned(),
        problem,
        instead,
    };
    let joined = lines.difference(&accepted).map(|line| {
        let who =
            "`cargo tree --package PACKAGE --edges normal --invert CRATE` shows who brings it";
        finding(
            format!("not accepted: {line}"),
            format!("do without it ({who}), or accept it knowingly: `{ACCEPT}`"),
        )
    });
    let gone = accepted.difference(&lines).map(|line| {
        finding(
            format!("no longer compiled: {line}"),
            format!("keep what was won: `{ACCEPT}`"),
        )
    });
    Ok(trees
        .iter()
        .flat_map(check_limits)
        .chain(joined)
        .chain(gone)
        .collect())
}

fn check_limits(tree: &Tree) -> Vec<Finding> {
    let (package, count) = (&tree.package, tree.crates.len());
    let finding = |problem, instead: &str| Finding {
        rule: "budget",
        place: tree.manifest.clone(),
        problem,
        instead: instead.to_owned(),
    };
    let mut findings = Vec::new();
    for ban in &tree.limits.never {
        for name in ban.crates.iter().filter(|name| tree.has(name)) {
            let problem = format!("an embedder of `{package}` must not get `{name}`");
            let who =
                format!("`cargo tree --package {package} --invert {name}` shows who brings it");
            findings.push(finding(problem, &format!("{}; {who}", ban.instead)));
        }
    }
    if let Some(most) = tree.limits.most.filter(|most| count > *most) {
        let problem = format!("`{package}` compiles {count} crates; embedders get at most {most}");
        findings.push(finding(problem, "drop a dependency, or features of one"));
    }
    for name in &tree.limits.once {
        let versions: Vec<_> = tree.versions(name).collect();
        if versions.len() != 1 {
            let problem = format!(
                "`{package}` has `{name}` in these versions: [{}]",
                versions.join(", ")
            );
            let instead = "use the workspace's `reqwest`, with rustls and aws-lc-rs: one TLS stack";
            findings.push(finding(problem, instead));
        }
    }
    findings
}

/// One line a package, for the person who runs `tidy`.
pub(super) fn costs(trees: &[Tree]) -> Vec<String> {
    let line = |tree: &Tree| {
        let most = tree
            .limits
            .most
            .map_or_else(String::new, |most| format!(" (at most {most})"));
        let (package, count) = (&tree.package, tree.crates.len());
        format!("budget: {package} compiles {count} crates, itself included{most}")
    };
    trees.iter().map(line).collect()
}

/// Writes the list below `root` as the trees are now; returns what that changes.
pub(super) fn accept(root: &Path, trees: &[Tree]) -> anyhow::Result<Vec<String>> {
    let before = accepted(root).unwrap_or_default();
    let lines = lines(trees);
    let mut text = HEADING.to_owned();
    for line in &lines {
        text.extend([line, "\n"]);
    }
    fs::write(root.join(PLACE), text).with_context(|| format!("failed to write {PLACE}"))?;
    let joined = lines
        .difference(&before)
        .map(|line| format!("accepted {line}"));
    let gone = before
        .difference(&lines)
        .map(|line| format!("dropped {line}"));
    Ok(joined.chain(gone).collect())
}

#[cfg(test)]
mod tests {
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
}
