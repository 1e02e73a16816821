//! The page of capabilities: every provider beside the others, as `roamport providers --json` tells them,
//! with what each fact means for an order and which settings change it.

mod explanations;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use roamport_bootstrap::settings::{DocumentedSetting, SandboxDialect};
use roamport_bootstrap::{Directories, Providers, SettingsLoader, SystemClock};
use serde_json::Value;

use self::explanations::EXPLANATIONS;
use super::markdown::{code, heading, item, paragraph, table};
use roamport_documents::provider::capabilities_json;

/// The setting that gives its provider several sets of capabilities.
const DIALECT: &str = "sandbox.dialect";

/// Where a setting comes from that this page sets.
const FLAG: &str = "this page";

/// The dialect under which settings are tried.
const ONE_DIALECT: &[SandboxDialect] = &[SandboxDialect::ALL[0]];

/// Other values for settings, one of which nearly each takes.
const OTHERS: [&str; 4] = ["7", "70s", "true", "false"];

const INTRODUCTION: &str = "\
Under the default settings; `roamport providers` shows the same under yours. A command that needs what a provider \
cannot do ends with 3 and says so. Facts have their names of `roamport providers --json`; a dash stands for none. An \
adapter that lies about one of them fails the conformance suite.";

/// The facts about one provider, by name.
type Facts = BTreeMap<String, Value>;

/// The facts about each provider, by its name and, where it has several dialects, its dialect.
type Table = Vec<(String, Facts)>;

/// The page. Nothing is started or sent, no file and no variable is looked at.
pub(super) fn page() -> anyhow::Result<String> {
    let columns = columns(&[], &SandboxDialect::ALL)?;
    let names = names(&columns);
    let changed_by = changed_by()?;
    let mut text = String::new();
    paragraph(&mut text, INTRODUCTION);
    let heads = columns.iter().map(|(head, _)| head.clone());
    let rows = names.iter().map(|name| {
        let cells = columns.iter().map(|(_, facts)| cell(facts.get(name)));
        std::iter::once(code(name)).chain(cells).collect()
    });
    table(
        &mut text,
        std::iter::once("Fact".to_owned()).chain(heads).collect(),
        rows.collect(),
    );
    heading(&mut text, 2, "What each fact means");
    for name in &names {
        let words = match changed_by.get(name) {
            Some(settings) => {
                let settings: Vec<String> = settings.iter().map(code).collect();
                let settings = settings.join(", ");
                format!("{} Settings that change it: {settings}.", explanation(name))
            }
            None => explanation(name),
        };
        item(&mut text, &code(name), &words);
    }
    Ok(text)
}

/// Names of facts, in the order in which they are explained; one without an explanation comes last.
fn names(columns: &Table) -> Vec<String> {
    let mut left: BTreeSet<&String> = columns.iter().flat_map(|(_, facts)| facts.keys()).collect();
    let explained = EXPLANATIONS.iter().map(|(name, ..)| (*name).to_owned());
    let mut names: Vec<String> = explained.filter(|name| left.remove(name)).collect();
    names.extend(left.into_iter().cloned());
    names
}

fn explanation(name: &str) -> String {
    let known = EXPLANATIONS.iter().find(|(known, ..)| *known == name);
    known.map_or_else(String::new, |(_, what, means)| format!("{what}. {means}"))
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::String(text)) => text.replace('_', " "),
        Some(other) => other.to_string(),
    }
}

/// What every provider can do, where these settings are other than the default ones.
fn columns(flags: &[(&str, &str)], dialects: &[SandboxDialect]) -> anyhow::Result<Table> {
    let mut columns = Table::new();
    let (simulated, _) = DIALECT.split_once('.').unwrap_or_default();
    for dialect in dialects {
        let settings = loader(flags).flag(DIALECT, dialect.as_str(), FLAG).load()?;
        for provider in Providers::standard().describe(&settings, Arc::new(SystemClock))? {
            let head = if provider.name == simulated {
                format!("{simulated} ({})", dialect.as_str())
            } else {
                provider.name
            };
            if columns.iter().all(|(known, _)| *known != head) {
                let facts = provider.capabilities.as_ref().map(capabilities_json);
                columns.push((head, flat(facts.unwrap_or_default())));
            }
        }
    }
    columns.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(columns)
}

/// The default settings but for these. No data is kept, so that any place for it will do.
fn loader(flags: &[(&str, &str)]) -> SettingsLoader {
    let loader = SettingsLoader::new().directories(Directories::at("config", "data"));
    flags.iter().fold(loader, |loader, (key, value)| {
        loader.flag(*key, *value, FLAG)
    })
}

/// Every fact under a name of its own: `look_up` says whether there is any, `look_up.since` what kind.
fn flat(facts: Value) -> Facts {
    let mut flat = Facts::new();
    let Value::Object(facts) = facts else {
        return flat;
    };
    for (name, value) in facts {
        match value {
            Value::Object(below) => {
                let below = below.into_iter();
                flat.extend(below.map(|(part, value)| (format!("{name}.{part}"), value)));
                flat.insert(name, Value::Bool(true));
            }
            value => {
                flat.insert(name, value);
            }
        }
    }
    flat
}

/// The settings that change each fact.
type ChangedBy = BTreeMap<String, BTreeSet<String>>;

/// Which settings change a fact, found out by changing each. One dialect will do: the simulated
/// provider is reached through the adapters of the others, by their settings.
fn changed_by() -> anyhow::Result<ChangedBy> {
    let usual = columns(&[], ONE_DIALECT)?;
    let mut changed_by = ChangedBy::new();
    for section in SettingsLoader::new().document()? {
        let flags: Vec<(&str, &str)> = section.settings.iter().filter_map(another).collect();
        find(&usual, &flags, &mut changed_by);
    }
    Ok(changed_by)
}

/// Making the adapters takes its time, so that settings are changed together as long as that changes
/// nothing. Two that do not go together are tried apart.
fn find(usual: &Table, flags: &[(&str, &str)], changed_by: &mut ChangedBy) {
    let changed = columns(flags, ONE_DIALECT);
    if flags.is_empty() || changed.as_ref().is_ok_and(|changed| changed == usual) {
        return;
    }
    if let [(key, _)] = flags {
        for name in differing(usual, &changed.unwrap_or_default()) {
            let settings = changed_by.entry(name).or_default();
            settings.insert((*key).to_owned());
        }
        return;
    }
    let (some, others) = flags.split_at(flags.len() / 2);
    find(usual, some, changed_by);
    find(usual, others, changed_by);
}

/// A setting with another value than its default one, if it takes one of a few.
fn another(setting: &DocumentedSetting) -> Option<(&str, &'static str)> {
    let flags = OTHERS.iter().map(|other| (setting.key.as_str(), *other));
    flags
        .filter(|(_, other)| setting.default.as_deref() != Some(other))
        .find(|flag| loader(&[*flag]).load().is_ok())
}

fn differing(usual: &Table, other: &Table) -> BTreeSet<String> {
    let pairs = usual.iter().zip(other);
    pairs
        .flat_map(|((_, usual), (_, other))| {
            let names = usual.keys().chain(other.keys());
            names.filter(|name| usual.get(*name) != other.get(*name))
        })
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_is_explained_and_nothing_else_is() {
        let columns = columns(&[], &SandboxDialect::ALL).unwrap();
        let facts: BTreeSet<&str> = columns
            .iter()
            .flat_map(|(_, facts)| facts.keys().map(String::as_str))
            .collect();
        let explained: BTreeSet<&str> = EXPLANATIONS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(explained, facts);
    }

    #[test]
    fn every_provider_has_a_column_and_the_simulated_one_has_one_for_each_dialect() {
        let columns = columns(&[], &SandboxDialect::ALL).unwrap();
        let heads: BTreeSet<&str> = columns.iter().map(|(head, _)| head.as_str()).collect();
        assert_eq!(heads.len(), columns.len());
        assert_eq!(
            heads.len(),
            Providers::standard().names().len() - 1 + SandboxDialect::ALL.len()
        );
        assert!(
            columns.iter().all(|(_, facts)| facts.len() >= 13),
            "{columns:?}"
        );
    }

    #[test]
    fn a_setting_is_named_with_the_facts_that_it_changes_and_with_no_other() {
        let changed_by = changed_by().unwrap();
        let time_outs = &changed_by["purchase_time_out_seconds"];
        let purchase_time_outs = SettingsLoader::new().document().unwrap();
        let purchase_time_outs: BTreeSet<String> = purchase_time_outs
            .into_iter()
            .flat_map(|section| section.settings)
            .filter(|setting| setting.key.ends_with(".purchase_timeout"))
            .map(|setting| setting.key)
            .collect();
        assert_eq!(purchase_time_outs.len(), SandboxDialect::ALL.len());
        assert!(time_outs.is_superset(&purchase_time_outs), "{time_outs:?}");
        let about_orders = |key: &String| key.starts_with("orders.");
        assert!(
            !changed_by.values().flatten().any(about_orders),
            "{changed_by:?}"
        );
        assert!(!changed_by.contains_key("top_up"), "{changed_by:?}");
    }

    #[test]
    fn what_a_provider_does_not_have_is_a_dash_and_what_lies_below_is_told() {
        let facts = flat(serde_json::json!({
            "usage": null,
            "look_up": { "since": true, "lag_seconds": 30 },
            "repeated_order": "may_charge_again",
        }));
        let cells: Vec<String> = facts.values().map(|value| cell(Some(value))).collect();
        assert_eq!(cells, ["yes", "30", "yes", "may charge again", "–"]);
        assert_eq!(cell(None), "–");
    }
}
