//! Compares the form of an answer with that of a sample: names and types, not values.

use std::collections::BTreeMap;

use serde_json::Value;

/// The form of a JSON value: what is alike in all elements of an array counts once.
#[derive(Debug, PartialEq)]
pub(crate) enum Shape {
    Nothing,
    Simple(&'static str),
    List(Box<Shape>),
    Object(BTreeMap<String, Shape>),
}

impl Shape {
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Simple("null"),
            Value::Bool(_) => Self::Simple("boolean"),
            Value::Number(_) => Self::Simple("number"),
            Value::String(_) => Self::Simple("text"),
            Value::Array(items) => {
                let merged = items.iter().map(Self::of).fold(Self::Nothing, Self::merge);
                Self::List(Box::new(merged))
            }
            Value::Object(fields) => Self::Object(
                fields
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::of(value)))
                    .collect(),
            ),
        }
    }

    fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing | Self::Simple("null"), shape)
            | (shape, Self::Nothing | Self::Simple("null")) => shape,
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.merge(*other))),
            (Self::Object(mut fields), Self::Object(others)) => {
                for (name, shape) in others {
                    let known = fields.remove(&name).unwrap_or(Self::Nothing);
                    fields.insert(name, known.merge(shape));
                }
                Self::Object(fields)
            }
            (one, other) => {
                assert_eq!(one, other, "one field has two types");
                one
            }
        }
    }

    pub(crate) fn differences(&self, sample: &Self, path: &str, found: &mut Vec<String>) {
        match (self, sample) {
            // An empty list says nothing of its elements.
            (Self::Nothing, _) | (_, Self::Nothing) => {}
            (Self::List(ours), Self::List(sample)) => {
                ours.differences(sample, &format!("{path}[]"), found);
            }
            (Self::Object(ours), Self::Object(sample)) => {
                for name in ours.keys().filter(|name| !sample.contains_key(*name)) {
                    found.push(format!("{path}.{name} is not in the sample"));
                }
                for (name, shape) in sample {
                    match ours.get(name) {
                        Some(ours) => ours.differences(shape, &format!("{path}.{name}"), found),
                        None => found.push(format!("{path}.{name} is missing")),
                    }
                }
            }
            (ours, sample) if ours == sample => {}
            (ours, sample) => found.push(format!("{path} is {ours:?}, the sample has {sample:?}")),
        }
    }
}

/// A sample of a folder of `fixtures`.
pub(crate) fn sample(folder: &str, name: &str) -> Value {
    let path = format!(
        "{}/../../fixtures/{folder}/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// Fails where the answer has another form than the sample.
#[track_caller]
pub(crate) fn same_form(answer: &Value, folder: &str, name: &str) {
    let mut found = Vec::new();
    Shape::of(answer).differences(&Shape::of(&sample(folder, name)), "$", &mut found);
    assert!(found.is_empty(), "{name}: {found:#?}\n{answer}");
}
