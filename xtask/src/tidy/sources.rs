//! Rules for Rust files: a module doc, a bearable length, and tests that are facts.

use super::Finding;
use super::files::TextFile;

/// Beyond this a file is usually two ideas.
const LONGEST_FILE: usize = 600;
/// Fewer words than this name a subject, but state no fact.
const SHORTEST_FACT: usize = 3;

/// Checks one source file.
pub(super) fn check(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(check_module_doc(file));
    findings.extend(check_length(file));
    findings.extend(check_attributes(file));
    findings.extend(check_test_names(file));
    findings
}

fn check_module_doc(file: &TextFile) -> Option<Finding> {
    let first = file
        .text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let documented = first.starts_with("//! ") || first.starts_with("#![doc = include_str!(");
    (!documented).then(|| Finding {
        rule: "module-docs",
        place: file.place.clone(),
        problem: "the file does not begin with its `//!` doc".to_owned(),
        instead: "say in the first line what its one job is".to_owned(),
    })
}

fn check_length(file: &TextFile) -> Option<Finding> {
    let lines = file.text.lines().count();
    (lines > LONGEST_FILE).then(|| Finding {
        rule: "length",
        place: file.place.clone(),
        problem: format!("the file has {lines} lines"),
        instead: format!("split it: past {LONGEST_FILE} lines a file is usually two ideas"),
    })
}

fn check_attributes(file: &TextFile) -> Vec<Finding> {
    let refused = |line: &str| {
        if line.starts_with("#[ignore") {
            Some((
                "ignore",
                "a test runs, or it is deleted; one that needs a server says when it is skipped",
            ))
        } else if line.starts_with("#[should_panic") {
            Some(("should_panic", "return a `Result` and test its error"))
        } else {
            None
        }
    };
    let lines = file.text.lines().zip(1..);
    lines
        .filter_map(|(line, number)| Some((refused(line.trim_start())?, number)))
        .map(|((attribute, instead), number)| Finding {
            rule: "tests",
            place: format!("{}:{number}", file.place),
            problem: format!("a test bears `#[{attribute}]`"),
            instead: instead.to_owned(),
        })
        .collect()
}

fn check_test_names(file: &TextFile) -> Vec<Finding> {
    test_names(&file.text)
        .into_iter()
        .filter(|(name, _)| {
            let words = name.split('_').filter(|word| !word.is_empty()).count();
            // A macro's `$name` is a fact where the macro is called.
            !name.starts_with('$') && (name.starts_with("test_") || words < SHORTEST_FACT)
        })
        .map(|(name, number)| Finding {
            rule: "tests",
            place: format!("{}:{number}", file.place),
            problem: format!("`{name}` does not say what the test shows"),
            instead: "name it as a fact: `a_lost_reply_is_reconciled_not_repeated`".to_owned(),
        })
        .collect()
}

/// The functions under a test attribute, each with its line.
fn test_names(text: &str) -> Vec<(&str, usize)> {
    let mut names = Vec::new();
    let mut under_attribute = false;
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim_start();
        if ["#[test]", "#[tokio::test", "#[rstest"]
            .iter()
            .any(|start| line.starts_with(start))
        {
            under_attribute = true;
        } else if let Some(name) = function_name(line).filter(|_| under_attribute) {
            names.push((name, number));
            under_attribute = false;
        }
    }
    names
}

/// The name of the function that a line declares.
fn function_name(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    let rest = line.strip_prefix("fn ")?;
    rest.split(['(', '<']).next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(place: &str, text: &str) -> Vec<String> {
        let file = TextFile {
            place: place.to_owned(),
            text: text.to_owned(),
        };
        check(&file)
            .into_iter()
            .map(|finding| finding.problem)
            .collect()
    }

    #[test]
    fn a_file_begins_with_its_one_job() {
        let expected = ["the file does not begin with its `//!` doc"];
        assert_eq!(problems("src/a.rs", "use std::fmt;\n//! Late.\n"), expected);
        assert_eq!(problems("src/a.rs", "//!\n"), expected);
        assert_eq!(problems("src/a.rs", ""), expected);
        assert_eq!(problems("src/a.rs", "//! One job.\n"), [""; 0]);
        assert_eq!(
            problems("src/lib.rs", "#![doc = include_str!(\"../README.md\")]\n"),
            [""; 0]
        );
    }

    #[test]
    fn a_file_that_is_two_ideas_is_found() {
        let longest = "//! One job.\n".repeat(LONGEST_FILE);
        assert_eq!(problems("src/a.rs", &longest), [""; 0]);
        let too_long = format!("{longest}\n");
        assert_eq!(problems("src/a.rs", &too_long), ["the file has 601 lines"]);
    }

    #[test]
    fn a_test_that_hides_is_found() {
        let text = "//! T.\n#[test]\n#[ignore = \"slow\"]\nfn a_slow_fact_holds() {}\n";
        assert_eq!(problems("src/a.rs", text), ["a test bears `#[ignore]`"]);
        let text = "//! T.\n#[test]\n    #[should_panic]\nfn a_fact_panics_now() {}\n";
        assert_eq!(
            problems("src/a.rs", text),
            ["a test bears `#[should_panic]`"]
        );
    }

    #[test]
    fn a_test_that_states_no_fact_is_found() {
        let text = "//! T.\n#[test]\nfn test_of_the_parser() {}\n\
                    #[tokio::test(start_paused = true)]\nasync fn works() {}\n\
                    #[rstest]\n#[case(1)]\nfn one_is_odd(#[case] number: u8) {}\nfn helper() {}\n";
        assert_eq!(
            problems("src/a.rs", text),
            [
                "`test_of_the_parser` does not say what the test shows",
                "`works` does not say what the test shows"
            ]
        );
    }
}
