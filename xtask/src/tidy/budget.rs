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
mod tests;
