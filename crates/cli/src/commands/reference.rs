//! `roamport reference`: the pages of `docs/reference`, written by the program that they describe.
//!
//! No page depends on the machine, the terminal, the environment or the clock.

mod commands;
mod errors;
mod markdown;
mod providers;
mod settings;

use clap::ValueEnum as _;
use serde::Serialize;

use crate::args::ReferencePage;
use crate::exit::Failure;
use crate::output::Output;
use crate::text::TerminalText;

#[derive(Serialize)]
struct Index {
    pages: Vec<String>,
}

#[derive(Serialize)]
struct Page<'a> {
    page: &'a str,
    markdown: &'a str,
}

pub(super) fn run(page: Option<ReferencePage>, output: &Output) -> Result<(), Failure> {
    let Some(page) = page else {
        let pages: Vec<String> = ReferencePage::value_variants()
            .iter()
            .map(|page| name(*page))
            .collect();
        let document = Index { pages };
        return Ok(output.document(&document, || lines(&document.pages))?);
    };
    let markdown = format!("{}{}", heading(page), body(page)?);
    let name = name(page);
    let document = Page {
        page: &name,
        markdown: &markdown,
    };
    Ok(output.document(&document, || TerminalText::of_program(&*markdown))?)
}

fn lines(names: &[String]) -> TerminalText {
    let mut text = TerminalText::new();
    for name in names {
        text.push(name);
    }
    text
}

/// The name of a page, which is that of its file.
fn name(page: ReferencePage) -> String {
    let value = page.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

fn heading(page: ReferencePage) -> String {
    format!(
        "# {}\n\nGenerated from the program by `cargo xtask docs`: edit the code, not this page.\n\n",
        title(page)
    )
}

const fn title(page: ReferencePage) -> &'static str {
    match page {
        ReferencePage::Index => "Reference",
        ReferencePage::Commands => "Commands",
        ReferencePage::Errors => "Errors",
        ReferencePage::Providers => "What each provider can do",
        ReferencePage::Settings => "Settings",
    }
}

fn body(page: ReferencePage) -> Result<String, Failure> {
    match page {
        ReferencePage::Index => Ok(index()),
        ReferencePage::Commands => Ok(commands::page()),
        ReferencePage::Errors => Ok(errors::page()),
        ReferencePage::Providers => providers::page(),
        ReferencePage::Settings => settings::page(),
    }
}

fn index() -> String {
    let mut text = String::new();
    for page in ReferencePage::value_variants() {
        let about = match page {
            ReferencePage::Index => continue,
            ReferencePage::Commands => "every command of `roamport`, with its options and examples",
            ReferencePage::Errors => {
                "exit codes, kinds of errors, whether money may have moved, what to do; what each \
                 provider's answers mean"
            }
            ReferencePage::Providers => {
                "capabilities side by side, what each means for an order, which settings change it"
            }
            ReferencePage::Settings => "every setting, its variable, default and range",
        };
        markdown::item(
            &mut text,
            &format!("[{}]({}.md)", title(*page), name(*page)),
            about,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_a_file_of_its_own_name_and_stands_in_the_index() {
        let index = index();
        for page in ReferencePage::value_variants() {
            let name = name(*page);
            assert!(!name.is_empty());
            let is_index = *page == ReferencePage::Index;
            assert_eq!(index.contains(&format!("({name}.md)")), !is_index, "{name}");
        }
    }

    #[test]
    fn every_page_says_that_it_is_generated_and_how() {
        for page in ReferencePage::value_variants() {
            assert!(heading(*page).contains("`cargo xtask docs`"));
        }
    }
}
