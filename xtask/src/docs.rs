//! `cargo xtask docs`: the pages of `docs/reference`, written by the program that they describe, or
//! compared with what it would write.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use xshell::{Shell, cmd};

use crate::process::built_program;

/// Where the pages lie.
const FOLDER: &str = "docs/reference";

/// Characters of a line that are quoted, and how many of them stand before the first that differs.
const QUOTED: usize = 80;
const BEFORE: usize = 20;

/// A page as the program writes it.
struct Page {
    /// The name of its file, without the ending.
    name: String,
    text: String,
}

/// Writes every page anew; with `check`, changes nothing and fails where a page is not what it would
/// write.
pub(crate) fn run(shell: &Shell, root: &Path, check: bool) -> anyhow::Result<()> {
    cmd!(shell, "cargo build --package roamport-cli").run()?;
    let pages = pages(shell, &built_program(shell, "roamport")?)?;
    let folder = root.join(FOLDER);
    if !check {
        fs::create_dir_all(&folder).with_context(|| format!("failed to make {FOLDER}"))?;
        for page in &pages {
            fs::write(folder.join(file_name(page)), &page.text)
                .with_context(|| format!("failed to write {FOLDER}/{}", file_name(page)))?;
        }
    }
    let findings = compare(&folder, &pages)?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("docs: {} pages are as the program writes them", pages.len());
            Ok(())
        }
        _ => bail!("{FOLDER} is not what the program writes; type `cargo xtask docs`"),
    }
}

/// Asks the program which pages there are, and for each.
fn pages(shell: &Shell, program: &Path) -> anyhow::Result<Vec<Page>> {
    let names = cmd!(shell, "{program} reference").quiet().read()?;
    let pages: Vec<Page> = names
        .lines()
        .map(|name| {
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            ensure!(is_name, "`roamport reference` lists a page called {name:?}");
            let output = cmd!(shell, "{program} reference {name}").quiet().output()?;
            let text = String::from_utf8(output.stdout)
                .with_context(|| format!("the page {name} is no text"))?;
            let name = name.to_owned();
            Ok(Page { name, text })
        })
        .collect::<anyhow::Result<_>>()?;
    ensure!(!pages.is_empty(), "`roamport reference` lists no page");
    Ok(pages)
}

fn file_name(page: &Page) -> String {
    format!("{}.md", page.name)
}

/// What is wrong in the folder: pages that are missing or differ, and files that nothing writes.
fn compare(folder: &Path, pages: &[Page]) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for page in pages {
        let kept = match fs::read_to_string(folder.join(file_name(page))) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(error).with_context(|| format!("failed to read {}", place(page)));
            }
        };
        findings.extend(difference(page, kept.as_deref()));
    }
    let written: Vec<PathBuf> = pages
        .iter()
        .map(|page| folder.join(file_name(page)))
        .collect();
    for file in files(folder)?
        .into_iter()
        .filter(|file| !written.contains(file))
    {
        let name = file.file_name().unwrap_or_default().display().to_string();
        findings.push(format!(
            "{FOLDER}/{name}: the program writes no such page\n    instead: delete the file, or move what a \
             person wrote out of the folder"
        ));
    }
    Ok(findings)
}

fn place(page: &Page) -> String {
    format!("{FOLDER}/{}", file_name(page))
}

/// The files of the folder, by name; none where there is no folder.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).with_context(|| format!("failed to list {FOLDER}"))?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

/// The first line in which the kept page is not the program's. Line ends are not compared: a checkout
/// may have changed them.
fn difference(page: &Page, kept: Option<&str>) -> Option<String> {
    let Some(kept) = kept else {
        return Some(format!("{}: the page is missing", place(page)));
    };
    let (mut kept, mut written) = (kept.lines(), page.text.lines());
    for number in 1.. {
        let (kept, written) = (kept.next(), written.next());
        if kept.is_none() && written.is_none() {
            break;
        }
        if kept != written {
            let [kept, written] = quoted(kept, written);
            return Some(format!(
                "{}:{number}: the page is not what the program writes\n    the page:    {kept}\n    the \
                 program: {written}",
                place(page)
            ));
        }
    }
    None
}

/// Both lines around the first character that differs.
fn quoted(kept: Option<&str>, written: Option<&str>) -> [String; 2] {
    let characters = |line: Option<&str>| line.unwrap_or_default().chars().collect::<Vec<char>>();
    let (one, other) = (characters(kept), characters(written));
    let same = one
        .iter()
        .zip(&other)
        .take_while(|(one, other)| one == other)
        .count();
    let start = same.saturating_sub(BEFORE);
    [kept, written].map(|line| match line {
        None => "(ends here)".to_owned(),
        Some(line) => {
            let part: String = line.chars().skip(start).take(QUOTED).collect();
            let before = if start > 0 { "…" } else { "" };
            let after = if line.chars().count() > start + QUOTED {
                "…"
            } else {
                ""
            };
            format!("{before}{part}{after}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        Page {
            name: "errors".to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_stale_page_is_told_by_its_name_and_its_first_differing_line() {
        let told = difference(
            &page("# Errors\n\none\ntwo\n"),
            Some("# Errors\n\nold\ntwo\n"),
        );
        assert_eq!(
            told.unwrap(),
            "docs/reference/errors.md:3: the page is not what the program writes\n    the page:    old\n    \
             the program: one"
        );
    }

    #[test]
    fn a_page_that_ends_too_early_or_too_late_is_stale() {
        let told = difference(&page("one\ntwo\n"), Some("one\n")).unwrap();
        assert!(told.starts_with("docs/reference/errors.md:2: "), "{told}");
        assert!(
            told.ends_with("the page:    (ends here)\n    the program: two"),
            "{told}"
        );
        let told = difference(&page("one\n"), Some("one\ntwo\n")).unwrap();
        assert!(
            told.ends_with("the page:    two\n    the program: (ends here)"),
            "{told}"
        );
    }

    #[test]
    fn a_page_is_good_whatever_ends_its_lines() {
        assert_eq!(difference(&page("one\ntwo\n"), Some("one\ntwo\n")), None);
        assert_eq!(
            difference(&page("one\ntwo\n"), Some("one\r\ntwo\r\n")),
            None
        );
    }

    #[test]
    fn a_long_line_is_quoted_around_what_differs() {
        let kept = format!("{}old{}", "×".repeat(300), "y".repeat(300));
        let written = format!("{}new{}", "×".repeat(300), "y".repeat(300));
        let [kept, written] = quoted(Some(&kept), Some(&written));
        assert_eq!(kept, format!("…{}old{}…", "×".repeat(20), "y".repeat(57)));
        assert!(written.contains("new"), "{written}");
    }

    #[test]
    fn a_missing_page_and_a_file_that_nothing_writes_are_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("old.md"), "# Old\n").unwrap();
        let findings = compare(folder.path(), &[page("# Errors\n")]).unwrap();
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert_eq!(findings[0], "docs/reference/errors.md: the page is missing");
        assert!(findings[1].starts_with("docs/reference/old.md: the program writes no such page"));

        fs::remove_file(folder.path().join("old.md")).unwrap();
        fs::write(folder.path().join("errors.md"), "# Errors\n").unwrap();
        assert_eq!(
            compare(folder.path(), &[page("# Errors\n")]).unwrap(),
            [""; 0]
        );
    }

    #[test]
    fn without_the_folder_every_page_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let none = folder.path().join("none");
        assert_eq!(compare(&none, &[page("x")]).unwrap().len(), 1);
    }
}
