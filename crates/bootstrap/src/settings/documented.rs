//! What a person is told about each setting: its variable, what it takes, its default, what it does.

use std::collections::BTreeMap;

use super::error::SettingsError;
use super::layer::{Entry, Written};
use super::{SettingsLoader, environment, file, journal, secret};

/// A group of settings below one word, or those outside any.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DocumentedSection {
    /// The word, `orders` for `orders.lease`; empty for the settings outside a section.
    pub name: String,
    /// What they are about: the comment above the section's head. Empty where there is none.
    pub description: String,
    /// The settings, in the order of the compiled-in text.
    pub settings: Vec<DocumentedSetting>,
}

/// A setting as a reference page explains it. Holds no value that anybody set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DocumentedSetting {
    /// The key, its levels separated by dots: `roamify.page_size`.
    pub key: String,
    /// The environment variable that sets it: `ROAMPORT__ROAMIFY__PAGE_SIZE`.
    pub variable: String,
    /// What it does: the comment above the key. Empty where there is none.
    pub description: String,
    /// The compiled-in value; `None` where it is not set.
    pub default: Option<String>,
    /// What it takes, within a sentence, in the words in which a wrong value is refused. Settings that
    /// an embedder added take a text: their owner checks them.
    pub takes: String,
    /// Whether its value is shown by nothing, or not by all means: `journal` may be a URL.
    pub is_secret: bool,
}

/// Values that no setting takes which takes anything less than every text.
const NOT_TAKEN: [&str; 2] = ["?!", ""];

/// A secret wherever a secret may stand: a URL with a password.
const SECRET_URL: &str = "postgres://user:password@host/database";

/// Explains the settings of these compiled-in texts; a later one may set a default anew.
pub(super) fn document(texts: &[&str]) -> Result<Vec<DocumentedSection>, SettingsError> {
    let mut defaults = BTreeMap::new();
    let mut sections: Vec<DocumentedSection> = Vec::new();
    for text in texts {
        for entry in file::read_defaults(text)?.0 {
            defaults.insert(entry.key.clone(), default_of(&entry));
        }
        for (key, description) in described_lines(text) {
            match key {
                Line::Section(name) => {
                    let section = section(&mut sections, &name);
                    if section.description.is_empty() {
                        section.description = description;
                    }
                }
                Line::Key(key) => add(&mut sections, key, description),
            }
        }
    }
    for setting in sections
        .iter_mut()
        .flat_map(|section| &mut section.settings)
    {
        setting.default = defaults.get(&setting.key).cloned().flatten();
        setting.takes = takes(&setting.key);
    }
    Ok(sections)
}

/// A key may be written again by a later text: it stays where it stood, with the words it has.
fn add(sections: &mut Vec<DocumentedSection>, key: String, description: String) {
    let name = key.rsplit_once('.').map_or("", |(section, _)| section);
    let section = section(sections, name);
    if let Some(known) = section.settings.iter_mut().find(|known| known.key == key) {
        if !description.is_empty() {
            known.description = description;
        }
        return;
    }
    section.settings.push(DocumentedSetting {
        variable: environment::variable_of(&key),
        is_secret: secret::is_secret(&key) || journal::is_secret(&key, SECRET_URL),
        default: None,
        takes: String::new(),
        description,
        key,
    });
}

fn section<'a>(sections: &'a mut Vec<DocumentedSection>, name: &str) -> &'a mut DocumentedSection {
    let place = sections.iter().position(|section| section.name == name);
    let place = place.unwrap_or_else(|| {
        sections.push(DocumentedSection {
            name: name.to_owned(),
            description: String::new(),
            settings: Vec::new(),
        });
        sections.len() - 1
    });
    &mut sections[place]
}

fn default_of(entry: &Entry) -> Option<String> {
    match &entry.value {
        Written::One(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Written::Many(texts) => Some(texts.join(", ")),
        Written::EmptySection => None,
    }
}

/// What a line of compiled-in text names.
enum Line {
    Section(String),
    Key(String),
}

/// The heads and keys of a text, each with the comment that stands right above it.
///
/// The text is the house's own or an embedder's: one key a line, no table within a line, as TOML is
/// written by people. Whatever else TOML allows is a key without a description, at worst.
fn described_lines(text: &str) -> Vec<(Line, String)> {
    let (mut lines, mut comment, mut section) = (Vec::new(), Vec::new(), String::new());
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix('#') {
            comment.push(words.trim());
            continue;
        }
        let description = std::mem::take(&mut comment).join(" ");
        if let Some(head) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            section = format!("{}.", head.trim());
            lines.push((Line::Section(head.trim().to_owned()), description));
        } else if let Some((key, _)) = line.split_once('=') {
            lines.push((Line::Key(format!("{section}{}", key.trim())), description));
        }
    }
    lines
}

/// What a setting takes, found out by giving it what it does not take.
fn takes(key: &str) -> String {
    let refused = NOT_TAKEN.iter().find_map(|value| {
        let loader = SettingsLoader::new().directories(super::Directories::at("config", "data"));
        match loader.flag(key, *value, "").load() {
            Err(SettingsError::BadValue { allowed, .. }) => Some(allowed),
            _ => None,
        }
    });
    let is_path = key.ends_with("_file") || key.ends_with("_dir");
    refused.unwrap_or_else(|| if is_path { "a path" } else { "a text" }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::DEFAULTS;
    use super::*;

    fn standard() -> Vec<DocumentedSetting> {
        let sections = document(&[DEFAULTS]).unwrap();
        sections
            .into_iter()
            .flat_map(|section| section.settings)
            .collect()
    }

    fn setting(key: &str) -> DocumentedSetting {
        let found = standard().into_iter().find(|setting| setting.key == key);
        found.unwrap_or_else(|| panic!("no setting {key}"))
    }

    #[test]
    fn every_setting_and_every_section_is_described() {
        for section in document(&[DEFAULTS]).unwrap() {
            let is_named = !section.name.is_empty();
            assert!(
                !is_named || section.description.ends_with('.'),
                "{section:?}"
            );
            for setting in section.settings {
                assert!(
                    setting.description.ends_with('.'),
                    "{} needs a comment of its own in config/default.toml",
                    setting.key
                );
            }
        }
    }

    #[test]
    fn exactly_the_settings_there_are_stand_in_the_list() {
        let layer = file::read_defaults(DEFAULTS).unwrap();
        let mut known: Vec<String> = layer.0.into_iter().map(|entry| entry.key).collect();
        let mut listed: Vec<String> = standard().into_iter().map(|setting| setting.key).collect();
        known.sort();
        listed.sort();
        assert_eq!(listed, known);
    }

    #[test]
    fn what_a_setting_takes_is_what_a_wrong_value_is_told() {
        assert_eq!(
            setting("roamify.pages_in_flight").takes,
            "a whole number from 1 to 64"
        );
        assert_eq!(setting("roamify.instant_orders").takes, "true or false");
        assert_eq!(setting("postgres.schema").takes, "the name of a schema");
        assert_eq!(setting("roamify.token_file").takes, "a path");
        assert_eq!(setting("roamify.token").takes, "a text");
        assert!(
            setting("orders.lease")
                .takes
                .starts_with("a duration above zero")
        );
        assert!(setting("journal").takes.contains("postgres://"));
    }

    #[test]
    fn only_what_bears_a_secret_is_called_one() {
        let secrets = standard().into_iter().filter(|setting| setting.is_secret);
        let secrets: Vec<String> = secrets.map(|setting| setting.key).collect();
        assert_eq!(
            secrets,
            [
                "journal",
                "roamify.token",
                "roamify.webhook_secret",
                "esim_access.access_code",
                "esim_access.secret_key",
            ]
        );
    }

    #[test]
    fn a_default_is_the_compiled_in_value_and_a_later_text_wins() {
        assert_eq!(setting("roamify.page_size").default.as_deref(), Some("50"));
        assert_eq!(setting("roamify.token").default, None);
        assert_eq!(
            setting("orders.profile_waits").default.as_deref(),
            Some("5s, 10s, 30s")
        );
        let sections =
            document(&[DEFAULTS, "log = \"error\"\n[acme]\n# Where.\nurl = \"x\""]).unwrap();
        let log = sections[0]
            .settings
            .iter()
            .find(|setting| setting.key == "log")
            .unwrap();
        assert_eq!(log.default.as_deref(), Some("error"));
        assert!(log.description.contains("a level"), "{log:?}");
        let acme = sections.last().unwrap();
        assert_eq!(
            (acme.name.as_str(), acme.description.as_str()),
            ("acme", "")
        );
        assert_eq!(acme.settings[0].description, "Where.");
        assert_eq!(acme.settings[0].variable, "ROAMPORT__ACME__URL");
    }

    #[test]
    fn a_comment_belongs_to_the_line_right_below_it_alone() {
        let text = "# Of nobody.\n\n# Of one,\n# in two lines.\none = 1\ntwo = 2\n";
        let sections = document(&[text]).unwrap();
        let described: Vec<&str> = sections[0]
            .settings
            .iter()
            .map(|setting| setting.description.as_str())
            .collect();
        assert_eq!(described, ["Of one, in two lines.", ""]);
    }

    #[test]
    fn text_that_is_no_toml_is_an_error() {
        assert!(document(&["one = "]).is_err());
    }
}
