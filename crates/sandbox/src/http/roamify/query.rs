//! Requests as the provider validates them: strict, and with the words of its validator (Joi).

use std::str::FromStr;

use axum::http::Uri;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::super::reply::Reply;

/// The largest number that the provider's language can count with: 2^53 − 1.
const SAFE_NUMBER: u64 = 9_007_199_254_740_991;

/// The query of a request.
#[derive(Debug)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
    strict: bool,
}

impl Query {
    pub(super) fn parse(uri: &Uri, strict: bool) -> Result<Self, Reply> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Reply::invalid("query is not valid"))?
            .0;
        Ok(Self { pairs, strict })
    }

    /// Refuses what nobody has documented.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Reply> {
        match self
            .pairs
            .iter()
            .find(|(name, _)| !known.contains(&name.as_str()))
        {
            Some((name, _)) if self.strict => Err(invalid(name, "is not allowed")),
            _ => Ok(()),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Reply> {
        let mut values = self
            .pairs
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(_), Some(_)) => Err(invalid(name, "must be a string")),
            (Some(""), None) => Err(invalid(name, "is not allowed to be empty")),
            (value, None) => Ok(value),
        }
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Reply> {
        self.text(name)?.ok_or_else(|| invalid(name, "is required"))
    }

    /// Exactly one of two.
    pub(super) fn one_of(
        &self,
        one: &str,
        other: &str,
    ) -> Result<(Option<&str>, Option<&str>), Reply> {
        match (self.text(one)?, self.text(other)?) {
            (None, None) => Err(Reply::invalid(&format!(
                "\"value\" must contain at least one of [{one}, {other}]"
            ))),
            (Some(_), Some(_)) => Err(Reply::invalid(&format!(
                "\"value\" contains a conflict between exclusive peers [{one}, {other}]"
            ))),
            found => Ok(found),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<Decimal>, Reply> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let number = Decimal::from_str(text).map_err(|_| invalid(name, "must be a number"))?;
        if number > Decimal::from(SAFE_NUMBER) {
            return Err(invalid(name, "must be a safe number"));
        }
        Ok(Some(number))
    }

    /// A whole number from 1.
    pub(super) fn count(&self, name: &str) -> Result<Option<u64>, Reply> {
        let Some(number) = self.number(name)? else {
            return Ok(None);
        };
        if !number.is_integer() {
            return Err(invalid(name, "must be an integer"));
        }
        match u64::try_from(number) {
            Ok(count) if count >= 1 => Ok(Some(count)),
            _ => Err(invalid(name, "must be greater than or equal to 1")),
        }
    }

    pub(super) fn boolean(&self, name: &str) -> Result<bool, Reply> {
        match self.text(name)? {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid(name, "must be a boolean")),
        }
    }

    pub(super) fn word(&self, name: &str, words: &[&str]) -> Result<Option<&str>, Reply> {
        match self.text(name)? {
            Some(word) if !words.contains(&word) => Err(invalid(
                name,
                &format!("must be one of [{}]", words.join(", ")),
            )),
            word => Ok(word),
        }
    }

    /// The `limit` of a list; 50 where none is given.
    pub(super) fn limit(&self) -> Result<usize, Reply> {
        Ok(self
            .count("limit")?
            .map_or(50, |limit| usize::try_from(limit).unwrap_or(usize::MAX)))
    }
}

/// A text field of a body.
pub(super) fn field<'a>(
    body: &'a Map<String, Value>,
    name: &str,
    path: &str,
) -> Result<Option<&'a str>, Reply> {
    match body.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if text.is_empty() => {
            Err(invalid(path, "is not allowed to be empty"))
        }
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid(path, "must be a string")),
    }
}

pub(super) fn required_field<'a>(
    body: &'a Map<String, Value>,
    name: &str,
    path: &str,
) -> Result<&'a str, Reply> {
    field(body, name, path)?.ok_or_else(|| invalid(path, "is required"))
}

/// The body as an object.
pub(super) fn object<'a>(value: &'a Value, path: &str) -> Result<&'a Map<String, Value>, Reply> {
    value
        .as_object()
        .ok_or_else(|| invalid(path, "must be of type object"))
}

/// Refuses fields that nobody has documented. Looked at last, as the provider does.
pub(super) fn only_fields(
    body: &Map<String, Value>,
    known: &[&str],
    prefix: &str,
    strict: bool,
) -> Result<(), Reply> {
    match body.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) if strict => Err(invalid(&format!("{prefix}{name}"), "is not allowed")),
        _ => Ok(()),
    }
}

pub(super) fn invalid(name: &str, what: &str) -> Reply {
    Reply::invalid(&format!("\"{name}\" {what}"))
}
