//! Reads a TOML file into a layer that knows the line of every key.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::error::SettingsError;
use super::layer::{Entry, Layer, Written};
use super::origin::Origin;
use super::reading;

/// The largest settings file, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// What the file says.
///
/// # Errors
///
/// [`SettingsError::File`] and [`SettingsError::Syntax`].
pub(super) fn read(path: &Path) -> Result<Layer, SettingsError> {
    let opened = File::open(path).and_then(|file| reading::read(file, LARGEST));
    let text = opened.map_err(|source| SettingsError::File {
        path: path.to_owned(),
        source,
    })?;
    let origin = |line| Origin::File {
        path: path.to_owned(),
        line,
    };
    parse(&text, &origin).map_err(|error| {
        let (line, column) = position(&text, error.span().map_or(0, |span| span.start));
        let message = error.message().to_owned();
        SettingsError::Syntax {
            path: path.to_owned(),
            line,
            column,
            message,
        }
    })
}

/// What compiled-in text says; the origin of all of it is the default.
///
/// # Errors
///
/// [`SettingsError::Defaults`].
pub(super) fn read_defaults(text: &str) -> Result<Layer, SettingsError> {
    parse(text, &|_| Origin::Default).map_err(|error| SettingsError::Defaults(error.to_string()))
}

fn parse(text: &str, origin: &dyn Fn(usize) -> Origin) -> Result<Layer, toml::de::Error> {
    let mut layer = Layer::default();
    let table = DeTable::parse(text)?;
    let mut below = Below {
        text,
        origin,
        layer: &mut layer,
    };
    below.table("", table.get_ref());
    Ok(layer)
}

struct Below<'a> {
    text: &'a str,
    origin: &'a dyn Fn(usize) -> Origin,
    layer: &'a mut Layer,
}

impl Below<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            self.value(&key, name.span(), value.get_ref());
        }
    }

    fn value(&mut self, key: &str, span: Range<usize>, value: &DeValue<'_>) {
        let value = match value {
            DeValue::Table(table) if table.is_empty() => Written::EmptySection,
            DeValue::Table(table) => return self.table(&format!("{key}."), table),
            DeValue::Array(items) => {
                Written::Many(items.iter().map(|item| written(item.get_ref())).collect())
            }
            scalar => Written::One(written(scalar)),
        };
        let origin = (self.origin)(position(self.text, span.start).0);
        self.layer.0.push(Entry {
            key: key.to_owned(),
            value,
            origin,
        });
    }
}

/// A scalar as text. What lies deeper than a list is no setting, and is refused as a bad value.
fn written(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.clone().into_owned(),
        DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => number.to_string(),
            Err(_) => number.as_str().to_owned(),
        },
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(switch) => switch.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        DeValue::Array(_) | DeValue::Table(_) => value.type_str().to_owned(),
    }
}

/// The line and column, each from 1, of a byte of `text`.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}
