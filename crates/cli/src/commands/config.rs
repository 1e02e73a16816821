//! `roamport config show`: the effective settings, redacted, each with its origin.

use roamport_bootstrap::Settings;
use serde::Serialize;

use crate::exit::Failure;
use crate::output::Output;
use crate::table::{Column, table};
use crate::text::TerminalText;

#[derive(Serialize)]
struct Document {
    settings: Vec<SettingJson>,
}

#[derive(Serialize)]
struct SettingJson {
    key: String,
    value: Option<String>,
    origin: String,
}

pub(super) fn show(settings: &Settings, output: &Output) -> Result<(), Failure> {
    let described = settings.describe().into_iter().map(|setting| SettingJson {
        key: setting.key,
        value: setting.value,
        origin: setting.origin.to_string(),
    });
    let document = Document {
        settings: described.collect(),
    };
    Ok(output.document(&document, || settings_table(&document))?)
}

fn settings_table(document: &Document) -> TerminalText {
    let columns = [
        Column::id("SETTING"),
        Column::text("VALUE"),
        Column::text("ORIGIN"),
    ];
    let row = |setting: &SettingJson| {
        let value = setting
            .value
            .clone()
            .unwrap_or_else(|| "(not set)".to_owned());
        vec![setting.key.clone(), value, setting.origin.clone()]
    };
    table(&columns, document.settings.iter().map(row).collect(), None)
}
