//! The repository's text files, and the rule for all of them: no path of a developer's machine.

use std::fs;
use std::path::Path;

use anyhow::Context;
use walkdir::DirEntry;

use super::Finding;
use crate::files::files_below;

/// A text file of the repository.
#[derive(Debug)]
pub(super) struct TextFile {
    /// Its path below the root, with forward slashes.
    pub(super) place: String,
    /// What it says.
    pub(super) text: String,
}

impl TextFile {
    /// Whether the rules for Rust sources apply.
    pub(super) fn is_rust(&self) -> bool {
        Path::new(&self.place)
            .extension()
            .is_some_and(|extension| extension == "rs")
    }
}

/// Folders with a leading dot that are part of the repository.
const DOTTED: [&str; 4] = [".cargo", ".ci", ".config", ".github"];

/// Paths that mean something on one machine only. Assembled, so that this file passes its own rule.
const FOREIGN: [&str; 6] = [
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
    concat!("../sha", "red"),
    concat!(".lib", "rary"),
];

/// Reads every text file below `root`, except build output and other tools' folders.
pub(super) fn text_files(root: &Path) -> anyhow::Result<Vec<TextFile>> {
    let mut files = Vec::new();
    for path in files_below(root, is_ours)? {
        let place = path.to_string_lossy().replace('\\', "/");
        let bytes =
            fs::read(root.join(&path)).with_context(|| format!("failed to read {place}"))?;
        // What is not UTF-8 is a picture or the like.
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(TextFile { place, text });
        }
    }
    Ok(files)
}

fn is_ours(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let at_root = entry.depth() == 1;
    if entry.file_type().is_dir() {
        (!name.starts_with('.') || DOTTED.contains(&&*name)) && !(at_root && name == "target")
    } else {
        // In a worktree of git, `.git` is a file that names the main checkout.
        !(at_root && name == ".git")
    }
}

/// Finds the lines that name a path of somebody's machine.
pub(super) fn check(file: &TextFile) -> Vec<Finding> {
    let lines = file.text.lines().zip(1..);
    lines
        .filter_map(|(line, number)| Some((foreign_path(line)?, number)))
        .map(|(path, number)| Finding {
            rule: "paths",
            place: format!("{}:{number}", file.place),
            problem: format!("names a path of a developer's machine: `{path}`"),
            instead: "write the path relative to the repository, or take a folder that exists \
                      everywhere"
                .to_owned(),
        })
        .collect()
}

fn foreign_path(line: &str) -> Option<&'static str> {
    FOREIGN.into_iter().find(|path| {
        line.match_indices(path).any(|(start, _)| {
            // `crates/work/` and `self.library` are somebody's names, not such paths.
            let before = line[..start].chars().next_back();
            !before.is_some_and(|before| before.is_alphanumeric() || "_-.)".contains(before))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(line: &str) -> usize {
        check(&TextFile {
            place: "README.md".to_owned(),
            text: line.to_owned(),
        })
        .len()
    }

    #[test]
    fn a_path_of_a_developers_machine_is_found() {
        for path in FOREIGN {
            assert_eq!(findings(&format!("see {path}notes.md")), 1, "{path}");
            assert_eq!(findings(&format!("`{path}notes.md`")), 1, "{path}");
        }
    }

    #[test]
    fn a_folder_that_only_sounds_like_one_passes() {
        for start in ["crates", "self", "my-net", "snake_"] {
            for path in &FOREIGN {
                assert_eq!(findings(&format!("{start}{path}")), 0, "{start}{path}");
            }
        }
        assert_eq!(findings("https://example.com/homepage"), 0);
    }

    #[test]
    fn the_finding_names_the_line() {
        let text = format!("first\nsecond {}\n", FOREIGN[0]);
        let found = check(&TextFile {
            place: "docs/a.md".to_owned(),
            text,
        });
        assert_eq!(found[0].place, "docs/a.md:2");
    }

    #[test]
    fn the_link_of_a_git_worktree_is_not_read() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(".git"), "gitdir: elsewhere").unwrap();
        assert!(text_files(root.path()).unwrap().is_empty());
    }

    #[test]
    fn build_output_and_pictures_are_not_read() {
        let root = tempfile::tempdir().unwrap();
        for (place, bytes) in [
            ("target/debug/note.md", &b"x"[..]),
            (".git/config", b"x"),
            (".ci/run", b"x"),
            ("crates/a/target/kept.md", b"x"),
            ("picture.png", b"\x89PNG\xff"),
            ("README.md", b"x"),
        ] {
            let path = root.path().join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let files = text_files(root.path()).unwrap();
        let places: Vec<_> = files.iter().map(|file| file.place.as_str()).collect();
        assert_eq!(places, [".ci/run", "README.md", "crates/a/target/kept.md"]);
    }
}
