//! What a route takes, as a table, and whether a request fits it.

use std::str::FromStr as _;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// One field of a query or body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    name: &'static str,
    kind: Kind,
    needed: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A text of at most this many characters.
    Text(usize),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number. A query writes it as text.
    Number,
    /// A whole number between two others. A query writes it as text.
    Whole(u64, u64),
    /// `true` or `false`, as a query writes them.
    Flag,
    /// A moment in ISO 8601.
    Moment,
    /// An object with these fields.
    Object(&'static [Field]),
    /// Objects with these fields, at least one.
    Objects(&'static [Field]),
    /// Texts, from one to this many.
    Texts(usize),
}

/// A text of any length.
pub(super) const TEXT: Kind = Kind::Text(usize::MAX);

pub(super) const fn needed(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        needed: true,
    }
}

pub(super) const fn optional(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        needed: false,
    }
}

/// A whole number from 1.
pub(super) const COUNT: Kind = Kind::Whole(1, u64::MAX);

/// What is wrong with a field.
#[derive(Clone, Debug)]
pub(super) enum Problem {
    Missing,
    Null,
    Empty,
    TooLong(usize),
    /// It must be this instead.
    Kind(String),
    /// The table does not have it.
    Unknown,
}

/// How a provider reads requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    /// Whether a field that is `null` or empty counts as one that is missing.
    pub(super) blank_is_missing: bool,
    /// Whether fields that are not in the table are refused.
    pub(super) strict: bool,
    /// Whether numbers and flags come as text, as in a query.
    pub(super) from_query: bool,
}

/// The first field of a request that is wrong: its path, and what is wrong with it.
pub(super) type InvalidField = (String, Problem);

impl Reader {
    /// Compares the fields of a request, or of a part of one, with a table.
    pub(super) fn check(
        self,
        fields: Fields<'_>,
        table: &'static [Field],
        prefix: &str,
    ) -> Result<(), InvalidField> {
        let unknown = || {
            let mut names = fields.0.keys();
            let odd = names.find(|name| table.iter().all(|field| field.name != *name));
            match odd {
                Some(name) if self.strict => Err((format!("{prefix}{name}"), Problem::Unknown)),
                _ => Ok(()),
            }
        };
        // A query is searched for unknown names first, a body last.
        if self.from_query {
            unknown()?;
        }
        for field in table {
            let path = format!("{prefix}{}", field.name);
            if let Some(value) = self.present(fields, *field, &path)? {
                self.check_value(value, field.kind, &path)?;
            }
        }
        unknown()
    }

    fn present<'a>(
        self,
        fields: Fields<'a>,
        field: Field,
        path: &str,
    ) -> Result<Option<&'a Value>, InvalidField> {
        let blank = |value: &Value| value.is_null() || value.as_str().is_some_and(str::is_empty);
        let problem = match fields.0.get(field.name) {
            Some(Value::Null) if field.needed && self.blank_is_missing => Problem::Null,
            Some(value) if !(self.blank_is_missing && blank(value)) => return Ok(Some(value)),
            _ if field.needed => Problem::Missing,
            _ => return Ok(None),
        };
        Err((path.to_owned(), problem))
    }

    fn check_value(self, value: &Value, kind: Kind, path: &str) -> Result<(), InvalidField> {
        match (kind, value) {
            (Kind::Object(table), Value::Object(fields)) => {
                return self.check(Fields(fields), table, &format!("{path}."));
            }
            (Kind::Objects(table), Value::Array(items)) if !items.is_empty() => {
                return (0..).zip(items).try_for_each(|(place, item): (usize, _)| {
                    let path = format!("{path}[{place}]");
                    self.check_value(item, Kind::Object(table), &path)
                });
            }
            (Kind::Texts(most), Value::Array(items)) if (1..=most).contains(&items.len()) => {
                let mut items = items.iter();
                return items.try_for_each(|item| self.check_value(item, TEXT, path));
            }
            _ => {}
        }
        let problem = match (kind, value) {
            (Kind::Objects(_) | Kind::Texts(_), Value::Array(items)) if items.is_empty() => {
                Problem::Empty
            }
            (Kind::Texts(most), Value::Array(_)) => Problem::TooLong(most),
            (Kind::Text(longest), Value::String(text)) if text.chars().count() > longest => {
                Problem::TooLong(longest)
            }
            (Kind::Object(_) | Kind::Objects(_) | Kind::Texts(_), _) => Problem::Kind(kind.words()),
            (_, Value::String(text)) if text.is_empty() => Problem::Empty,
            _ if kind.holds(value, self.from_query) => return Ok(()),
            _ => Problem::Kind(kind.words()),
        };
        Err((path.to_owned(), problem))
    }
}

impl Kind {
    /// What a field of this kind must be.
    fn words(self) -> String {
        match self {
            Self::Text(_) => "a string".to_owned(),
            Self::Word(words) => format!("one of [{}]", words.join(", ")),
            Self::Number => "a number".to_owned(),
            Self::Whole(least, u64::MAX) => format!("a whole number from {least}"),
            Self::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Self::Flag => "a boolean".to_owned(),
            Self::Moment => "a moment in ISO 8601".to_owned(),
            Self::Object(_) => "of type object".to_owned(),
            Self::Objects(_) | Self::Texts(_) => "an array".to_owned(),
        }
    }

    /// Whether a value that is neither object nor list is of this kind.
    fn holds(self, value: &Value, from_query: bool) -> bool {
        let number = decimal(value).filter(|_| value.is_number() || from_query);
        match self {
            Self::Text(_) => value.is_string(),
            Self::Word(words) => words.iter().any(|word| value == word),
            Self::Number => number.is_some(),
            Self::Whole(least, most) => number.is_some_and(|number| {
                let whole = number.is_integer().then(|| u64::try_from(number).ok());
                whole
                    .flatten()
                    .is_some_and(|whole| (least..=most).contains(&whole))
            }),
            Self::Flag => value == "true" || value == "false",
            Self::Moment => value.as_str().and_then(moment).is_some(),
            Self::Object(_) | Self::Objects(_) | Self::Texts(_) => false,
        }
    }
}

fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(text) => Decimal::from_str(text).ok(),
        Value::Number(number) => Decimal::from_str(&number.to_string()).ok(),
        _ => None,
    }
}

/// Reads a moment, with or without a colon in its offset.
fn moment(text: &str) -> Option<Timestamp> {
    let offset = text.len().checked_sub(5).and_then(|at| text.get(at..));
    match offset {
        Some(offset) if offset.starts_with(['+', '-']) => {
            let (start, minutes) = text.split_at(text.len() - 2);
            format!("{start}:{minutes}").parse().ok()
        }
        _ => text.parse().ok(),
    }
}

/// The fields of a request, or of a part of one, that fit their table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// A text. An empty one counts as none.
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        let text = self.0.get(name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    }

    /// A text that the table says is needed.
    pub(super) fn needed(self, name: &str) -> &'a str {
        self.text(name).unwrap_or_default()
    }

    pub(super) fn owned(self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    pub(super) fn number(self, name: &str) -> Option<Decimal> {
        self.0.get(name).and_then(decimal)
    }

    /// A whole number.
    pub(super) fn count(self, name: &str) -> Option<u64> {
        self.number(name)
            .and_then(|number| u64::try_from(number).ok())
    }

    pub(super) fn flag(self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    pub(super) fn moment(self, name: &str) -> Option<Timestamp> {
        self.text(name).and_then(moment)
    }

    pub(super) fn object(self, name: &str) -> Option<Self> {
        self.0.get(name).and_then(Value::as_object).map(Self)
    }

    pub(super) fn objects(self, name: &str) -> impl Iterator<Item = Self> {
        let items = self.0.get(name).and_then(Value::as_array);
        let items = items.into_iter().flatten().filter_map(Value::as_object);
        items.map(Self)
    }

    pub(super) fn texts(self, name: &str) -> impl Iterator<Item = &'a str> {
        let items = self.0.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str)
    }

    pub(super) fn names(self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}
