//! The crates that come with one package, read from `cargo tree`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use xshell::{Shell, cmd};

/// The platform that is counted for, whatever machine counts: the numbers are pinned.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// What a package compiles, itself included.
#[derive(Debug)]
pub(super) struct Tree {
    /// The package that an embedder names.
    pub(super) package: String,
    /// By name and version; the value is the first path that leads there.
    crates: BTreeMap<(String, String), String>,
}

impl Tree {
    /// Asks cargo for the crates that come with `package`, a member of the workspace at `root`.
    ///
    /// Its default features; normal dependencies, those of procedural macros among them, and neither
    /// build scripts' nor tests'. The package is resolved alone: `cargo metadata` would count the features
    /// that other members of the workspace switch on, which an embedder does not get.
    pub(super) fn of(root: &Path, package: &str) -> anyhow::Result<Self> {
        let shell = Shell::new()?;
        shell.change_dir(root);
        let format = " {p}";
        let told = cmd!(
            shell,
            "cargo tree --package {package} --edges normal --target {PLATFORM} --prefix depth
             --format {format} --color never"
        )
        .quiet()
        .read()?;
        Self::parse(package, &told)
    }

    /// Reads lines such as `2 syn v3.0.10 (*)`: the depth, then the crate. A crate that was there before
    /// bears the star, and its dependencies are left out.
    pub(super) fn parse(package: &str, told: &str) -> anyhow::Result<Self> {
        let mut crates = BTreeMap::new();
        let mut above: Vec<&str> = Vec::new();
        for line in told.lines().filter(|line| !line.is_empty()) {
            let (depth, name, version) =
                read_line(line).with_context(|| format!("cargo tree said `{line}`"))?;
            ensure!(
                depth <= above.len() && (depth > 0) != crates.is_empty(),
                "cargo tree said `{line}` where no such depth can stand"
            );
            above.truncate(depth);
            above.push(name);
            crates
                .entry((name.to_owned(), version.to_owned()))
                .or_insert_with(|| above.join(" → "));
        }
        match crates.keys().find(|(name, _)| name == package) {
            Some(_) => Ok(Self {
                package: package.to_owned(),
                crates,
            }),
            None => bail!("cargo tree did not name {package} itself"),
        }
    }

    /// How many crates are compiled, itself included.
    pub(super) fn count(&self) -> usize {
        self.crates.len()
    }

    /// The crates by name, sorted; one that comes in two versions stands there twice.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.crates.keys().map(|(name, _)| name.as_str())
    }

    /// The versions in which the crate comes: none where it does not.
    pub(super) fn versions(&self, name: &str) -> Vec<&str> {
        self.found(name)
            .map(|((_, version), _)| version.as_str())
            .collect()
    }

    /// Through whom the crate comes, from the package to it, once for each version.
    pub(super) fn paths(&self, name: &str) -> Vec<&str> {
        self.found(name).map(|(_, path)| path.as_str()).collect()
    }

    fn found(&self, name: &str) -> impl Iterator<Item = (&(String, String), &String)> {
        self.crates
            .iter()
            .filter(move |((found, _), _)| found == name)
    }
}

fn read_line(line: &str) -> anyhow::Result<(usize, &str, &str)> {
    let mut words = line.split(' ');
    let mut word = |what| words.next().with_context(|| format!("{what} is missing"));
    let depth = word("the depth")?;
    let depth = depth.parse().context("the depth is no number")?;
    let name = word("the name")?;
    let version = word("the version")?
        .strip_prefix('v')
        .context("the version does not begin with a v")?;
    Ok((depth, name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `cargo tree` says of a small domain that got itself a runtime.
    const TOLD: &str = "0 roamport-domain v0.1.0 (/repository/crates/domain)\n\
                        1 async-trait v0.1.92 (proc-macro)\n\
                        2 syn v3.0.10\n\
                        3 unicode-ident v1.0.27\n\
                        1 clock v2.0.0\n\
                        2 tokio v1.54.1\n\
                        2 syn v2.0.119\n\
                        3 unicode-ident v1.0.27\n\
                        1 syn v3.0.10 (*)\n";

    fn tree() -> Tree {
        Tree::parse("roamport-domain", TOLD).unwrap()
    }

    #[test]
    fn a_crate_counts_once_for_each_version() {
        let names: Vec<_> = tree().names().map(str::to_owned).collect();
        assert_eq!(
            names,
            [
                "async-trait",
                "clock",
                "roamport-domain",
                "syn",
                "syn",
                "tokio",
                "unicode-ident"
            ]
        );
        assert_eq!(tree().count(), 7);
        assert_eq!(tree().versions("syn"), ["2.0.119", "3.0.10"]);
        assert_eq!(tree().versions("reqwest"), [""; 0]);
    }

    #[test]
    fn the_path_names_everybody_on_the_way() {
        assert_eq!(tree().paths("tokio"), ["roamport-domain → clock → tokio"]);
        assert_eq!(
            tree().paths("syn"),
            [
                "roamport-domain → clock → syn",
                "roamport-domain → async-trait → syn"
            ]
        );
        assert_eq!(tree().paths("roamport-domain"), ["roamport-domain"]);
    }

    #[test]
    fn what_is_no_tree_is_an_error_that_quotes_it() {
        for (told, expected) in [
            ("", "did not name roamport-domain itself"),
            (
                "0 roamport-app v0.1.0\n",
                "did not name roamport-domain itself",
            ),
            ("1 roamport-domain v0.1.0\n", "where no such depth"),
            ("0 roamport-domain v0.1.0\n2 syn v2.0.0\n", "`2 syn v2.0.0`"),
            ("0 roamport-domain v0.1.0\n0 syn v2.0.0\n", "`0 syn v2.0.0`"),
            ("0 roamport-domain\n", "the version is missing"),
            ("0 roamport-domain 0.1.0\n", "does not begin with a v"),
            ("├── syn v2.0.0\n", "the depth is no number"),
        ] {
            let error = format!("{:#}", Tree::parse("roamport-domain", told).unwrap_err());
            assert!(error.contains(expected), "{told:?}: {error}");
        }
    }
}
