//! Requests as this provider reads them: JSON objects with more or fewer fields, strict in what it
//! knows and blind to what it does not.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::failure::Failure;

/// The JSON object of a request, or of a part of one.
#[derive(Debug)]
pub(super) struct Body {
    fields: Map<String, Value>,
}

impl Body {
    /// The body of a request; none at all counts as `{}`.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self { fields: Map::new() });
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self { fields }),
            _ => Err(Failure::new("000104", "the body is not a JSON object")),
        }
    }

    fn of(value: &Value, name: &str) -> Result<Self, Failure> {
        match value {
            Value::Object(fields) => Ok(Self {
                fields: fields.clone(),
            }),
            _ => Err(wrong_type(name, "an object")),
        }
    }

    /// Whether a text is there.
    pub(super) fn names(&self, name: &str) -> bool {
        self.fields
            .get(name)
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty())
    }

    pub(super) fn is(&self, name: &str, text: &str) -> bool {
        self.fields.get(name).and_then(Value::as_str) == Some(text)
    }

    /// A text; an empty one and `null` count as none.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Failure> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong_type(name, "a text")),
        }
    }

    /// A text that has to be there, with so many characters at most.
    pub(super) fn required_text(&self, name: &str, longest: usize) -> Result<&str, Failure> {
        self.required(name)?;
        let text = self.text(name)?.ok_or_else(|| missing(name))?;
        if text.chars().count() > longest {
            return Err(too_long(name, longest));
        }
        Ok(text)
    }

    /// A whole number from 0.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(wrong_type(name, "a whole number")),
            },
        }
    }

    pub(super) fn required_number(&self, name: &str) -> Result<u64, Failure> {
        self.required(name)?;
        self.number(name)?.ok_or_else(|| missing(name))
    }

    /// An amount in ten-thousandths of a dollar, as dollars.
    pub(super) fn amount(&self, name: &str) -> Result<Option<Decimal>, Failure> {
        let Some(number) = self.number(name)? else {
            return Ok(None);
        };
        match i64::try_from(number) {
            Ok(number) => Ok(Some(Decimal::new(number, 4))),
            Err(_) => Err(wrong_type(name, "an amount")),
        }
    }

    /// A moment in ISO 8601.
    pub(super) fn moment(&self, name: &str) -> Result<Option<Timestamp>, Failure> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let colon = match text
            .len()
            .checked_sub(5)
            .and_then(|place| text.get(place..))
        {
            Some(offset) if offset.starts_with(['+', '-']) => {
                let (start, minutes) = text.split_at(text.len() - 2);
                format!("{start}:{minutes}")
            }
            _ => text.to_owned(),
        };
        match colon.parse() {
            Ok(moment) => Ok(Some(moment)),
            Err(_) => Err(wrong_type(name, "a moment in ISO 8601")),
        }
    }

    pub(super) fn required_object(&self, name: &str) -> Result<Self, Failure> {
        Self::of(self.required(name)?, name)
    }

    /// A list that has to be there, and to have something in it.
    pub(super) fn required_list(&self, name: &str) -> Result<&[Value], Failure> {
        match self.required(name)? {
            Value::Array(items) if items.is_empty() => Err(missing(name)),
            Value::Array(items) => Ok(items),
            _ => Err(wrong_type(name, "a list")),
        }
    }

    pub(super) fn required_objects(&self, name: &str) -> Result<Vec<Self>, Failure> {
        let items = self.required_list(name)?.iter();
        items.map(|item| Self::of(item, name)).collect()
    }

    fn required(&self, name: &str) -> Result<&Value, Failure> {
        match self.fields.get(name) {
            None => Err(missing(name)),
            Some(Value::Null) => Err(Failure::new("000106", format!("{name} is null"))),
            Some(value) => Ok(value),
        }
    }
}

pub(super) fn missing(name: &str) -> Failure {
    Failure::new("000105", format!("the parameter {name} is missing"))
}

pub(super) fn too_long(name: &str, longest: usize) -> Failure {
    let text = format!("the parameter {name} is longer than {longest}");
    Failure::new("000107", text)
}

/// No code is documented for it: the one for order parameters comes nearest.
pub(super) fn wrong_type(name: &str, what: &str) -> Failure {
    Failure::new("200008", format!("the parameter {name} must be {what}"))
}
