//! JSON bodies: fields in the order they are written in, and amounts with exactly their decimal text.
//!
//! The `json!` of `serde_json` sorts the fields and takes amounts through a float.

use std::fmt;

use rust_decimal::Decimal;

/// A JSON value on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    /// A text, without its quotes.
    Text(String),
    /// Anything else that is no list and no object, as it is written.
    Literal(String),
    List(Vec<Self>),
    Object(Vec<(&'static str, Self)>),
}

/// An object, written like one: `object! { "price": price, "currency": "USD" }`.
macro_rules! object {
    ($($name:literal: $value:expr),* $(,)?) => {
        $crate::http::json::Json::Object(vec![
            $(($name, $crate::http::json::Json::from($value))),*
        ])
    };
}
pub(super) use object;

impl Json {
    /// The same object with one field more, where there is a value for it.
    pub(super) fn with(mut self, name: &'static str, value: Option<impl Into<Self>>) -> Self {
        if let (Self::Object(fields), Some(value)) = (&mut self, value) {
            fields.push((name, value.into()));
        }
        self
    }

    /// The same object with the fields of another behind its own.
    pub(super) fn and(mut self, other: Self) -> Self {
        if let (Self::Object(fields), Self::Object(more)) = (&mut self, other) {
            fields.extend(more);
        }
        self
    }
}

impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => {
                let quoted = serde_json::to_string(text).map_err(|_| fmt::Error)?;
                formatter.write_str(&quoted)
            }
            Self::Null => formatter.write_str("null"),
            Self::Literal(text) => formatter.write_str(text),
            Self::List(items) => {
                formatter.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    let comma = if place == 0 { "" } else { "," };
                    write!(formatter, "{comma}{item}")?;
                }
                formatter.write_str("]")
            }
            Self::Object(fields) => {
                formatter.write_str("{")?;
                for (place, (name, value)) in fields.iter().enumerate() {
                    let comma = if place == 0 { "" } else { "," };
                    write!(formatter, "{comma}\"{name}\":{value}")?;
                }
                formatter.write_str("}")
            }
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Json {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Decimal> for Json {
    fn from(amount: Decimal) -> Self {
        Self::Literal(amount.normalize().to_string())
    }
}

macro_rules! literal {
    ($($type:ty),*) => {
        $(impl From<$type> for Json {
            fn from(value: $type) -> Self {
                Self::Literal(value.to_string())
            }
        })*
    };
}

literal!(bool, u8, u16, u32, u64, i32, i64);

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Json {
    fn from(values: Vec<T>) -> Self {
        values.into_iter().collect()
    }
}

impl<T: Into<Self>> FromIterator<T> for Json {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_amounts_their_digits() {
        let body = object! {
            "z": "Å \"quoted\"\n",
            "a": Decimal::new(900_719_925_474_099_310, 2),
            "none": None::<u64>,
            "list": vec![1_u8, 2],
            "object": object! {},
        }
        .with("more", Some(true))
        .with("less", None::<bool>);
        assert_eq!(
            body.to_string(),
            r#"{"z":"Å \"quoted\"\n","a":9007199254740993.1,"none":null,"list":[1,2],"object":{},"more":true}"#
        );
    }
}
