//! Writes the pages of `docs/reference` into a folder: `reference FOLDER`, which `cargo xtask docs` runs.
//!
//! No page depends on the machine, the terminal, the environment or the clock.

mod commands;
mod errors;
mod markdown;
mod providers;
mod settings;

use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// A page, but for the index.
struct Page {
    /// The name of its file, without the ending.
    name: &'static str,
    title: &'static str,
    /// What the index says of it.
    about: &'static str,
    body: fn() -> anyhow::Result<String>,
}

const PAGES: [Page; 4] = [
    Page {
        name: "commands",
        title: "Commands",
        about: "every command of `roamport`, with its options and examples",
        body: || Ok(commands::page()),
    },
    Page {
        name: "errors",
        title: "Errors",
        about: "exit codes, kinds of errors, whether money may have moved, what to do; what each provider's answers \
                mean",
        body: || Ok(errors::page()),
    },
    Page {
        name: "providers",
        title: "What each provider can do",
        about: "capabilities side by side, what each means for an order, which settings change it",
        body: providers::page,
    },
    Page {
        name: "settings",
        title: "Settings",
        about: "every setting, its variable, default and range",
        body: settings::page,
    },
];

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1);
    let folder = folder.context("usage: reference FOLDER")?;
    write(Path::new(&folder), "README", "Reference", &index())?;
    for page in &PAGES {
        write(Path::new(&folder), page.name, page.title, &(page.body)()?)?;
    }
    Ok(())
}

fn write(folder: &Path, name: &str, title: &str, body: &str) -> anyhow::Result<()> {
    let path = folder.join(name).with_extension("md");
    let page = format!(
        "# {title}\n\nGenerated from the program by `cargo xtask docs`: edit the code, not this page.\n\n{body}"
    );
    fs::write(&path, page).with_context(|| format!("failed to write {}", path.display()))
}

fn index() -> String {
    let mut text = String::new();
    for Page {
        name, title, about, ..
    } in &PAGES
    {
        markdown::item(&mut text, &format!("[{title}]({name}.md)"), about);
    }
    text
}
