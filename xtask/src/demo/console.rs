//! A console block of a document: its commands are typed, and what comes back is compared with what it shows.
//!
//! Ids and times differ from run to run. The first time the block shows an id, it stands for the one that came;
//! commands below it are typed with that one. `trycmd` compares such blocks too, but cannot put a value of one
//! command's output into the next command.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use anyhow::{bail, ensure};
use regex::Regex;

/// Stands for any number of lines that are left out.
const GAP: &str = "…";

/// An id or an activation code, then a date or a time.
static CHANGING: LazyLock<Regex> = LazyLock::new(|| {
    let changing = r"(?x)
        (?<id> \b[0-9a-f]{8} (-[0-9a-f]{4}){3} -[0-9a-f]{12}\b | \b[0-9A-Z]{26}\b | \b[A-Z]*[0-9]{12,}\b
            | \bSANDBOX(-[0-9A-F]{4}){3}\b )
        | \b20[0-9]{2}-[0-9]{2}-[0-9]{2}\b | \b[0-9]{2}:[0-9]{2}:[0-9]{2}\b";
    Regex::new(changing).expect("the pattern is well formed")
});

/// The lines that a command printed.
pub(super) type Printed = Vec<String>;

/// Types a command and returns what it printed.
pub(super) trait Terminal {
    /// Fails if the command ends other than `fails` says.
    fn types(&mut self, words: &[String], fails: bool) -> anyhow::Result<Printed>;
}

/// The commands of a console block, each with the lines that are shown below it.
pub(super) struct Block<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Block<'a> {
    /// The console block that follows `marker` in a document.
    pub(super) fn after(marker: &str, document: &'a str) -> Option<Self> {
        let (_, behind) = document.split_once(marker)?;
        let text = behind.trim_start().strip_prefix("```console\n")?;
        let (text, _) = text.split_once("\n```")?;
        let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match line.strip_prefix("$ ") {
                Some(command) => commands.push((command, Vec::new())),
                None => commands.last_mut()?.1.push(line),
            }
        }
        Some(Self(commands))
    }

    /// The commands, as they stand in the block.
    #[cfg(test)]
    pub(super) fn commands(&self) -> Vec<&'a str> {
        self.0.iter().map(|(command, _)| *command).collect()
    }

    /// Types each command, with the ids that came for those shown before it, and compares what it prints.
    pub(super) fn follow(&self, terminal: &mut impl Terminal) -> anyhow::Result<()> {
        let mut ids = Ids::default();
        for (command, shown) in &self.0 {
            let fails = shown.iter().any(|line| line.starts_with("error: "));
            let printed = terminal.types(&words(&ids.put_into(command)), fails)?;
            let compared = compare(shown, &printed, &mut ids);
            compared
                .map_err(|error| error.context(format!("`{command}` prints something else")))?;
        }
        Ok(())
    }
}

/// Splits a command at blanks, save within single quotes.
fn words(command: &str) -> Vec<String> {
    let parts = command.split('\'').enumerate();
    let words = parts.flat_map(|(number, part)| match number % 2 {
        0 => part.split_whitespace().collect(),
        _ => vec![part],
    });
    words.map(str::to_owned).collect()
}

/// The ids that came, by those that the document shows in their place.
#[derive(Default)]
struct Ids(BTreeMap<String, String>);

impl Ids {
    fn put_into(&self, command: &str) -> String {
        let put = |found: &regex::Captures<'_>| {
            self.0
                .get(&found[0])
                .map_or(found[0].to_owned(), Clone::clone)
        };
        CHANGING.replace_all(command, put).into_owned()
    }

    /// Whether the line that came is the one shown. Widths of columns, times and new ids may differ.
    fn allow(&mut self, shown: &str, came: &str) -> bool {
        let plain = |line: &str| {
            let line = CHANGING.replace_all(line, "[…]");
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        if plain(shown) != plain(came) {
            return false;
        }
        let ids = |line: &str| {
            let ids = CHANGING
                .captures_iter(line)
                .filter_map(|found| found.name("id"));
            ids.map(|id| id.as_str().to_owned()).collect::<Vec<_>>()
        };
        let pairs: Vec<_> = ids(shown).into_iter().zip(ids(came)).collect();
        let agree = pairs
            .iter()
            .all(|(shown, came)| self.0.get(shown).is_none_or(|known| known == came));
        if agree {
            self.0.extend(pairs);
        }
        agree
    }
}

/// Compares the lines in order. Some may be left out only where a gap says so.
fn compare(shown: &[&str], printed: &[String], ids: &mut Ids) -> anyhow::Result<()> {
    let mut came = printed.iter().filter(|line| !line.trim().is_empty());
    let mut gap = false;
    for line in shown {
        if line.trim() == GAP {
            gap = true;
        } else if gap {
            gap = false;
            ensure!(
                came.any(|came| ids.allow(line, came)),
                "no line is `{line}`"
            );
        } else {
            match came.next() {
                Some(came) if ids.allow(line, came) => {}
                Some(came) => bail!("`{came}` instead of `{line}`"),
                None => bail!("nothing instead of `{line}`"),
            }
        }
    }
    match came.next() {
        Some(came) if !gap => bail!("`{came}`, which the document does not show"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &str = "<!-- here -->";

    /// Notes what is typed, and prints an order, then its usage.
    #[derive(Default)]
    struct Notebook(Vec<String>);

    impl Terminal for Notebook {
        fn types(&mut self, words: &[String], fails: bool) -> anyhow::Result<Printed> {
            let failing = if fails { " (fails)" } else { "" };
            self.0.push(format!("{}{failing}", words.join("|")));
            let printed = match words[1].as_str() {
                "buy" => {
                    "Order      01a207c4-85c4-7572-86ed-680789133ff2\n\nof 2026-11-23 08:42:10 UTC\n\
                          eSIM 261123704400004 LPA:1$x$SANDBOX-D4D6-D424-DD26"
                }
                "usage" => "0 B of 1 GB",
                _ => "error: eSIM 261123704400004 is in use",
            };
            Ok(printed.lines().map(str::to_owned).collect())
        }
    }

    fn follow(text: &str) -> Result<Vec<String>, String> {
        let document = format!("# Title\n{MARKER}\n```console\n{text}\n```\nmore\n");
        let mut notebook = Notebook::default();
        let followed = Block::after(MARKER, &document)
            .unwrap()
            .follow(&mut notebook);
        followed
            .map_err(|error| format!("{error:#}"))
            .map(|()| notebook.0)
    }

    const SHOWN: &str = "$ roamport buy a --yes\nOrder  018f0000-0000-7000-8000-000000000001\n\
                         of 2027-01-01 00:00:00 UTC\neSIM 999999999999999 LPA:1$x$SANDBOX-0000-1111-2222\n\n\
                         $ roamport usage 999999999999999\n0 B of 1 GB\n\
                         $ roamport cancel 999999999999999 --why 'called off'\nerror: eSIM 999999999999999 is in use";

    #[test]
    fn a_command_is_typed_with_the_id_that_came() {
        assert_eq!(
            follow(SHOWN).unwrap(),
            [
                "roamport|buy|a|--yes",
                "roamport|usage|261123704400004",
                "roamport|cancel|261123704400004|--why|called off (fails)",
            ]
        );
    }

    #[test]
    fn ids_and_times_may_differ_and_nothing_else() {
        let error = follow(&SHOWN.replace("1 GB", "2 GB")).unwrap_err();
        assert!(
            error.ends_with("prints something else: `0 B of 1 GB` instead of `0 B of 2 GB`"),
            "{error}"
        );
    }

    #[test]
    fn an_id_stands_for_one_value_throughout() {
        let mut ids = Ids::default();
        assert!(ids.allow("order 111111111111111", "order 222222222222222"));
        assert!(!ids.allow("order 111111111111111", "order 333333333333333"));
        assert_eq!(ids.put_into("show 111111111111111"), "show 222222222222222");
    }

    #[test]
    fn lines_are_left_out_only_where_that_is_said() {
        let shortened = "$ roamport buy a\n…\neSIM 999999999999999 LPA:1$x$SANDBOX-0000-1111-2222";
        follow(shortened).unwrap();
        follow("$ roamport buy a\n…").unwrap();
        let error = follow(&shortened.replace("…\n", "")).unwrap_err();
        assert!(error.contains("instead of `eSIM"), "{error}");
        let error = follow("$ roamport usage 1\n…\n1 B of 1 GB").unwrap_err();
        assert!(error.ends_with("no line is `1 B of 1 GB`"), "{error}");
        let error = follow("$ roamport usage 1").unwrap_err();
        assert!(
            error.ends_with("`0 B of 1 GB`, which the document does not show"),
            "{error}"
        );
        let error = follow("$ roamport usage 1\n0 B of 1 GB\nmore").unwrap_err();
        assert!(error.ends_with("nothing instead of `more`"), "{error}");
    }

    #[test]
    fn a_document_without_a_block_after_the_marker_has_none() {
        assert!(Block::after(MARKER, "nothing").is_none());
        assert!(Block::after(MARKER, "<!-- here -->\ntext").is_none());
        assert!(Block::after(MARKER, "<!-- here -->\n```console\nno command\n```").is_none());
    }
}
