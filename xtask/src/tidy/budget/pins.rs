//! The crates that were accepted for each package, by name, and how the truth departs from them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;

/// The file, below the root.
pub(super) const PLACE: &str = "xtask/budget.toml";

/// The command that writes it.
pub(super) const ACCEPT: &str = "cargo xtask tidy --accept";

const HEADING: &str = "\
# The crates that an embedder compiles with each of these packages, one line for each: a crate that comes
# in two versions stands here twice. `cargo xtask tidy` compares them with what cargo resolves, so that none
# joins unnoticed and none that has gone leaves room for another.
# Written by `cargo xtask tidy --accept`; whoever accepts a crate is asked why in the review.
";

/// The accepted names of each package, sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::tidy) struct Pins {
    packages: BTreeMap<String, Vec<String>>,
}

impl Pins {
    /// Reads the file below `root`.
    pub(in crate::tidy) fn load(root: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(root.join(PLACE)).with_context(|| {
            format!("failed to read {PLACE}; `{ACCEPT}` writes it from what cargo resolves now")
        })?;
        Self::parse(&text)
    }

    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut packages: BTreeMap<String, Vec<String>> =
            toml::from_str(text).with_context(|| {
                format!(
                    "{PLACE} is damaged: each package in it is a list of names; take it back from \
                     version control, or let `{ACCEPT}` write it from what cargo resolves now"
                )
            })?;
        for names in packages.values_mut() {
            names.sort_unstable();
        }
        Ok(Self { packages })
    }

    /// Accepts these crates for the package, instead of those before.
    pub(super) fn set<'a>(&mut self, package: &str, names: impl Iterator<Item = &'a str>) {
        let mut names: Vec<_> = names.map(str::to_owned).collect();
        names.sort_unstable();
        self.packages.insert(package.to_owned(), names);
    }

    /// The crates accepted for the package, if it is here.
    pub(super) fn of(&self, package: &str) -> Option<&[String]> {
        self.packages.get(package).map(Vec::as_slice)
    }

    /// The packages that are here.
    pub(super) fn packages(&self) -> impl Iterator<Item = &str> {
        self.packages.keys().map(String::as_str)
    }

    /// Writes the file below `root`.
    pub(super) fn save(&self, root: &Path) -> anyhow::Result<()> {
        fs::write(root.join(PLACE), self.text()).with_context(|| format!("failed to write {PLACE}"))
    }

    fn text(&self) -> String {
        let mut text = HEADING.to_owned();
        for (package, names) in &self.packages {
            text.extend(["\n", package, " = [\n"]);
            for name in names {
                text.extend(["    \"", name, "\",\n"]);
            }
            text.push_str("]\n");
        }
        text
    }
}

/// What stands more often in `more` than in `less`, each as often as it does so.
pub(super) fn surplus<'a>(
    more: impl Iterator<Item = &'a str>,
    less: impl Iterator<Item = &'a str>,
) -> Vec<&'a str> {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for name in less {
        *known.entry(name).or_default() += 1;
    }
    more.filter(|name| match known.get_mut(name) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_written_is_read_back() {
        let mut pins = Pins::default();
        pins.set("roamport-domain", ["syn", "serde", "syn"].into_iter());
        pins.set("roamport-adapter-roamify", [].into_iter());
        let text = pins.text();
        assert!(
            text.ends_with(
                "\nroamport-adapter-roamify = [\n]\n\n\
                 roamport-domain = [\n    \"serde\",\n    \"syn\",\n    \"syn\",\n]\n"
            ),
            "{text}"
        );
        assert_eq!(Pins::parse(&text).unwrap(), pins);
    }

    #[test]
    fn a_damaged_file_is_an_error_that_says_so() {
        for damaged in [
            "roamport-domain = [\"serde\"",
            "roamport-domain = 44",
            "roamport-domain = [1, 2]",
            "[roamport-domain]\ncrates = [\"serde\"]",
            "<<<<<<< ours\nroamport-domain = []",
            "roamport-domain = []\nroamport-domain = []",
        ] {
            let error = Pins::parse(damaged).unwrap_err().to_string();
            assert!(error.starts_with("xtask/budget.toml is damaged"), "{error}");
            assert!(error.contains("cargo xtask tidy --accept"), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_an_error_that_says_what_writes_it() {
        let error = Pins::load(tempfile::tempdir().unwrap().path()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "failed to read xtask/budget.toml; `cargo xtask tidy --accept` writes it from what \
             cargo resolves now"
        );
    }

    #[test]
    fn a_second_version_is_a_surplus_of_one() {
        let surplus = |more: &[&'static str], less: &[&'static str]| {
            surplus(more.iter().copied(), less.iter().copied())
        };
        assert_eq!(
            surplus(&["serde", "syn", "syn"], &["serde", "syn"]),
            ["syn"]
        );
        assert_eq!(surplus(&["a", "c"], &["b", "c"]), ["a"]);
        assert_eq!(surplus(&["a"], &["a", "a", "b"]), [""; 0]);
    }
}
