//! The page of settings: what the compiled-in text and the code that reads it say of each.

use roamport_bootstrap::SettingsLoader;
use roamport_bootstrap::settings::{DocumentedSection, DocumentedSetting};

use super::markdown::{capital, code, heading, item, paragraph};
use roamport_cli::facts::LOG;

const INTRODUCTION: &str = "\
Each setting has a compiled-in default. A settings file (TOML, `--config FILE`, otherwise `config.toml` in \
the platform's directory) wins over it, an environment variable over both, and a flag over all. \
`roamport config show` prints the effective ones and where each came from; it shows no secret.

- A name in the file is a key below the head of its section: `[orders]`, then `lease = \"30s\"`.
- Durations are written like `250ms`, `180s`, `15m`, `1h 30m` or `PT3M`. Lists are written `[\"2s\", \"5s\"]` in a \
file and `2s,5s` in a variable.
- An empty text means \"not set\", and takes back what a source before it set.
- A secret may stand in a file instead, named by the setting with `_file` behind its name. A relative path in a \
settings file counts from that file's folder.
- A name that is not on this page is refused, with the nearest one that is.";

/// The page. No file and no variable is looked at.
pub(super) fn page() -> anyhow::Result<String> {
    let sections = SettingsLoader::new().more_defaults(LOG).document()?;
    let mut text = String::new();
    paragraph(&mut text, INTRODUCTION);
    for part in &sections {
        section(&mut text, part);
    }
    Ok(text.trim_end().to_owned() + "\n")
}

fn section(text: &mut String, section: &DocumentedSection) {
    if section.name.is_empty() {
        heading(text, 2, "Outside a section");
    } else {
        heading(text, 2, &format!("`[{}]`", section.name));
        paragraph(text, &section.description);
    }
    for setting in &section.settings {
        item(text, &code(&setting.key), &words(setting));
    }
    text.push('\n');
}

fn words(setting: &DocumentedSetting) -> String {
    let default = match &setting.default {
        Some(value) => format!("default {}", code(value)),
        None => "not set by default".to_owned(),
    };
    let secret = if setting.is_secret { "; a secret" } else { "" };
    format!(
        "{} Takes {}; {default}{secret}. Variable {}.",
        capital(&setting.description),
        setting.takes,
        code(&setting.variable),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_told_with_what_it_takes_its_default_and_its_variable() {
        let page = page().unwrap();
        let expected = "- **`orders.items_at_once`**: Profiles generated at once, per order. Takes a whole \
                        number from 1 to 100; default `4`. Variable `ROAMPORT__ORDERS__ITEMS_AT_ONCE`.\n";
        assert!(page.contains(expected), "{page}");
        assert!(
            page.contains("\n## `[orders]`\n\nTimes and limits"),
            "{page}"
        );
    }

    #[test]
    fn the_default_is_the_one_that_this_program_has() {
        let page = page().unwrap();
        let log = page.lines().find(|line| line.starts_with("- **`log`**"));
        assert!(
            log.is_some_and(|line| line.contains("default `error`")),
            "{log:?}"
        );
    }

    #[test]
    fn what_has_no_default_is_not_set_and_a_secret_is_called_one() {
        let page = page().unwrap();
        let secrets: Vec<&str> = page
            .lines()
            .filter(|line| line.contains("; a secret."))
            .collect();
        assert!(secrets.len() >= 5, "{secrets:?}");
        let unset =
            |line: &&str| line.contains("not set by default") || line.contains("**`journal`**");
        assert!(secrets.iter().all(unset), "{secrets:?}");
    }

    #[test]
    fn every_setting_stands_on_the_page() {
        let page = page().unwrap();
        let sections = SettingsLoader::new().document().unwrap();
        let settings: Vec<_> = sections
            .into_iter()
            .flat_map(|section| section.settings)
            .collect();
        assert!(settings.len() > 50, "{}", settings.len());
        for setting in settings {
            assert!(
                page.contains(&format!("- **`{}`**: ", setting.key)),
                "{}",
                setting.key
            );
        }
    }
}
