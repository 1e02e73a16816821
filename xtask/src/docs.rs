//! `cargo xtask docs`: the pages of `docs/reference`, written by the example `reference`, or compared with what
//! it would write.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use similar::TextDiff;
use xshell::{Shell, cmd};

use crate::files::files_below;

/// Where the pages lie.
const FOLDER: &str = "docs/reference";

/// The environment in which the pages are written: a page that depended on any of it would not be the one in
/// the folder, and one that showed the secret neither.
const ODD_ENVIRONMENT: [(&str, &str); 6] = [
    ("COLUMNS", "20"),
    ("CLICOLOR_FORCE", "1"),
    ("ROAMPORT__PROVIDER", "no such provider"),
    (
        "ROAMPORT__JOURNAL",
        "postgres://ada:s3cr3t-of-this-machine@localhost/shop",
    ),
    ("ROAMPORT__SANDBOX__TOKEN", "s3cr3t-of-this-machine"),
    ("ROAMPORT__ORDERS__QUIET_PERIOD", "1h"),
];

/// The text of each file, by its name.
type Pages = BTreeMap<String, String>;

/// Writes every page anew; with `check`, changes nothing and fails if a page is not what would be written.
pub(crate) fn run(shell: &Shell, root: &Path, check: bool) -> anyhow::Result<()> {
    let new = tempfile::tempdir().context("failed to make a temporary directory")?;
    let place = new.path();
    cmd!(
        shell,
        "cargo run --quiet --package xtask --example reference -- {place}"
    )
    .envs(ODD_ENVIRONMENT)
    .run()?;
    let (written, folder) = (read(place)?, root.join(FOLDER));
    if !check {
        fs::create_dir_all(&folder).with_context(|| format!("failed to make {FOLDER}"))?;
        for (name, text) in &written {
            fs::write(folder.join(name), text)
                .with_context(|| format!("failed to write {FOLDER}/{name}"))?;
        }
    }
    let findings = compare(&read(&folder)?, &written);
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!(
            "docs: {} pages are as the program writes them",
            written.len()
        );
        return Ok(());
    }
    bail!("{FOLDER} is not what the program writes; type `cargo xtask docs`")
}

/// The pages in a folder; none if there is no folder. Line ends are those of Unix: a checkout may have changed
/// them.
fn read(folder: &Path) -> anyhow::Result<Pages> {
    let mut pages = Pages::new();
    if folder.exists() {
        for path in files_below(folder, |_| true)? {
            let name = path.to_string_lossy().into_owned();
            let text = fs::read_to_string(folder.join(&path))
                .with_context(|| format!("failed to read the page {name}"))?;
            pages.insert(name, text.replace("\r\n", "\n"));
        }
    }
    Ok(pages)
}

/// What is wrong with the stored pages: those that are missing or differ, and files that nothing writes.
fn compare(stored: &Pages, written: &Pages) -> Vec<String> {
    let names: BTreeSet<_> = stored.keys().chain(written.keys()).collect();
    let findings = names.into_iter().filter_map(|name| {
        let place = format!("{FOLDER}/{name}");
        match (stored.get(name), written.get(name)) {
            (None, _) => Some(format!("{place}: the page is missing")),
            (_, None) => Some(format!(
                "{place}: the program writes no such page\n    instead: delete the file, or move what a person \
                 wrote out of the folder"
            )),
            (Some(stored), Some(written)) if stored != written => {
                let diff = TextDiff::from_lines(stored, written);
                let diff = diff.unified_diff().context_radius(0).header(&place, "the program").to_string();
                Some(diff)
            }
            _ => None,
        }
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(pages: &[(&str, &str)]) -> Pages {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        pages.iter().map(owned).collect()
    }

    #[test]
    fn a_stale_page_is_shown_by_its_name_and_the_lines_that_differ() {
        let stored = pages(&[("errors.md", "# Errors\n\nold\ntwo\n")]);
        let written = pages(&[("errors.md", "# Errors\n\none\ntwo\n")]);
        let findings = compare(&stored, &written);
        let expected = "--- docs/reference/errors.md\n+++ the program\n@@ -3 +3 @@\n-old\n+one\n";
        assert_eq!(findings, [expected]);
        assert_eq!(compare(&written, &written), [""; 0]);
    }

    #[test]
    fn a_page_that_ends_too_early_or_too_late_is_stale() {
        let (short, long) = (
            pages(&[("errors.md", "one\n")]),
            pages(&[("errors.md", "one\ntwo\n")]),
        );
        assert!(compare(&short, &long)[0].ends_with("+two\n"));
        assert!(compare(&long, &short)[0].ends_with("-two\n"));
    }

    #[test]
    fn a_missing_page_and_a_file_that_nothing_writes_are_found() {
        let findings = compare(&pages(&[("old.md", "")]), &pages(&[("errors.md", "")]));
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert_eq!(findings[0], "docs/reference/errors.md: the page is missing");
        assert!(findings[1].starts_with("docs/reference/old.md: the program writes no such page"));
    }

    #[test]
    fn a_page_is_read_whatever_ends_its_lines_and_a_missing_folder_has_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("errors.md"), "one\r\ntwo\r\n").unwrap();
        assert_eq!(
            read(folder.path()).unwrap(),
            pages(&[("errors.md", "one\ntwo\n")])
        );
        assert_eq!(read(&folder.path().join("none")).unwrap(), Pages::new());
    }
}
