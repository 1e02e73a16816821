//! Output that a document shows, shortened, compared with output that really came.

use anyhow::{Context, ensure};

/// Stands for lines that are left out.
const GAP: &str = "…";

/// The lines of a console block, blank ones left out.
pub(super) struct Excerpt(Vec<String>);

impl Excerpt {
    /// The console block that follows `marker` in a document.
    pub(super) fn after(marker: &str, document: &str) -> Option<Self> {
        let (_, behind) = document.split_once(marker)?;
        let (_, block) = behind.split_once("```console\n")?;
        let (block, _) = block.split_once("\n```")?;
        let lines = block.lines().filter(|line| !line.trim().is_empty());
        Some(Self(lines.map(str::to_owned).collect()))
    }

    /// The command lines in it.
    pub(super) fn commands(&self) -> impl Iterator<Item = &str> {
        commands(&self.0)
    }
}

fn commands(lines: &[String]) -> impl Iterator<Item = &str> {
    lines
        .iter()
        .map(String::as_str)
        .filter(|line| line.starts_with("$ "))
}

/// Whether the excerpt shows every command of the transcript, and what came back, in its order. Lines
/// may be left out where a line with three dots says so. What differs from run to run (ids, numbers,
/// moments) is not compared, nor is the width of columns.
pub(super) fn compare(shown: &Excerpt, transcript: &[String]) -> anyhow::Result<()> {
    let typed: Vec<String> = commands(transcript).map(neutral).collect();
    let listed: Vec<String> = shown.commands().map(neutral).collect();
    ensure!(
        typed == listed,
        "the commands differ; typed:\n{}\nshown:\n{}",
        typed.join("\n"),
        listed.join("\n")
    );
    let came: Vec<String> = transcript
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| neutral(line))
        .collect();
    let (mut place, mut gap) = (0, false);
    for line in &shown.0 {
        if line.trim() == GAP {
            gap = true;
            continue;
        }
        let wanted = neutral(line);
        let reach = if gap { came.len() } else { place + 1 };
        let found = (place..reach.min(came.len())).find(|at| came[*at] == wanted);
        let instead = came.get(place).map_or("the end", String::as_str);
        place = found.with_context(|| format!("`{line}` did not come; there is `{instead}`"))? + 1;
        gap = false;
    }
    ensure!(
        gap || place == came.len(),
        "more came than is shown: `{}`",
        came.get(place).map_or("", String::as_str)
    );
    Ok(())
}

/// A line without what differs from run to run.
fn neutral(line: &str) -> String {
    let words: Vec<String> = line.split_whitespace().map(neutral_word).collect();
    words.join(" ")
}

fn neutral_word(word: &str) -> String {
    let core = word.trim_matches(|character: char| !character.is_ascii_alphanumeric());
    let all = |what: fn(char) -> bool| core.chars().all(what);
    let count = |mark: char| core.matches(mark).count();
    let is_uuid = core.len() == 36 && count('-') == 4;
    let digits = core.chars().filter(char::is_ascii_digit).count();
    let is_number = digits >= 12 && all(|c| c.is_ascii_alphanumeric() || c == '/');
    let is_reference = core.len() == 26 && all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    let is_date = core.len() == 10 && count('-') == 2 && core.starts_with("20");
    let is_time = core.len() == 8 && count(':') == 2;
    if is_uuid || is_number || is_reference {
        word.replace(core, "[id]")
    } else if is_date || is_time {
        word.replace(core, "[moment]")
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &str = "<!-- here -->";

    fn excerpt(block: &str) -> Excerpt {
        let document = format!("# Title\n{MARKER}\n```console\n{block}\n```\nmore\n");
        Excerpt::after(MARKER, &document).unwrap()
    }

    fn transcript() -> Vec<String> {
        [
            "$ roamport buy a --yes",
            "Order      01a207c4-85c4-7572-86ed-680789133ff2",
            "",
            "at 2026-11-23 08:42:10 UTC",
            "$ roamport usage 261123704400004",
            "0 B of 1 GB",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    #[test]
    fn ids_and_moments_may_differ_and_nothing_else() {
        let same = "$ roamport buy a --yes\nOrder  018f0000-0000-7000-8000-000000000001\n\
                    at 2027-01-01 00:00:00 UTC\n$ roamport usage 99999999999999\n0 B of 1 GB";
        compare(&excerpt(same), &transcript()).unwrap();
        let error = compare(&excerpt(&same.replace("1 GB", "2 GB")), &transcript()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`0 B of 2 GB` did not come; there is `0 B of 1 GB`"
        );
    }

    #[test]
    fn lines_are_left_out_only_where_that_is_said() {
        let shortened = "$ roamport buy a --yes\n…\n$ roamport usage 1234567890123\n0 B of 1 GB";
        compare(&excerpt(shortened), &transcript()).unwrap();
        assert!(compare(&excerpt(&shortened.replace("…\n", "")), &transcript()).is_err());
        let cut = "$ roamport buy a --yes\n…\n$ roamport usage 1234567890123";
        let error = compare(&excerpt(cut), &transcript()).unwrap_err();
        assert_eq!(error.to_string(), "more came than is shown: `0 B of 1 GB`");
    }

    #[test]
    fn every_command_is_shown() {
        let error = compare(&excerpt("$ roamport buy a --yes\n…"), &transcript()).unwrap_err();
        assert!(
            error.to_string().starts_with("the commands differ"),
            "{error}"
        );
    }

    #[test]
    fn a_document_without_a_block_has_no_excerpt() {
        assert!(Excerpt::after(MARKER, "nothing").is_none());
        assert!(Excerpt::after(MARKER, "<!-- here -->\ntext").is_none());
    }
}
