//! The page about bad luck names tests: each of them is there.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All Rust text of a crate: its tests, and the unit tests in its sources.
fn text_of(folder: &Path, into: &mut String) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text_of(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Whether a function of this name is a test: marked as one, or in the list of a macro that makes
/// tests.
fn is_test(text: &str, name: &str) -> bool {
    let marked = text.match_indices(&format!("fn {name}(")).any(|(at, _)| {
        let above = text[..at].rsplit("\n\n").next().unwrap_or_default();
        above.contains("#[test]") || above.contains("#[tokio::test") || above.contains("_suite!")
    });
    let in_a_list = |opens: &str, closes: &str| {
        text.split(opens)
            .skip(1)
            .filter_map(|rest| rest.split(closes).next())
            .flat_map(|list| list.split([',', '\n']))
            .any(|listed| listed.trim() == name)
    };
    marked || in_a_list("on_both_faces!(", ");") || in_a_list("promises! {", "\n}")
}

/// The tests a page names: `` `crate::…::name` `` in the last column of its tables.
fn named(page: &str) -> Vec<(String, String)> {
    let rows = page.lines().filter(|line| line.starts_with("| "));
    rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next())
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter_map(|path| {
            let (folder, rest) = path.split_once("::")?;
            let name = rest.rsplit("::").next()?;
            Some((folder.to_owned(), name.to_owned()))
        })
        .collect()
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let page = root().join("docs/operations/bad-luck.md");
    let page = std::fs::read_to_string(page).unwrap();
    let named = named(&page);
    assert!(named.len() >= 30, "the page names {} tests", named.len());
    for (folder, name) in named {
        let folder = root().join("crates").join(&folder);
        let mut text = String::new();
        text_of(&folder.join("tests"), &mut text);
        text_of(&folder.join("src"), &mut text);
        assert!(
            is_test(&text, &name),
            "{}: no test {name}",
            folder.display()
        );
    }
}

#[test]
fn a_name_that_is_no_test_is_noticed() {
    let text = "#[tokio::test]\nasync fn a_test_is_one() {}\n\nasync fn a_helper_is_none() {}\n\n\
                on_both_faces!(\n    one_of_two,\n    the_other,\n);\n\
                promises! { dyn Harness:\n    /// Words, kept.\n    a_promise,\n}\n";
    for (name, expected) in [
        ("a_test_is_one", true),
        ("a_helper_is_none", false),
        ("one_of_two", true),
        ("the_other", true),
        ("a_promise", true),
        ("nobody", false),
    ] {
        assert_eq!(is_test(text, name), expected, "{name}");
    }
    let page = "| a | b | `app::keys::x_y`, `cli::z` |\n|---|---|---|\n`not::this`\n";
    let expected = [("app", "x_y"), ("cli", "z")];
    let expected = expected.map(|(folder, name)| (folder.to_owned(), name.to_owned()));
    assert_eq!(named(page), expected);
}
