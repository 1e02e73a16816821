//! The elements of a list, counted while they are read.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The elements of a list, each still raw, so that a long list costs 16 bytes an element and one that is too long
/// is an error before it costs more. What an element is made of is decoded one by one.
#[derive(Debug, Default)]
pub struct Elements<'a>(pub Vec<&'a RawValue>);

impl Elements<'_> {
    /// The most elements of a list. The largest catalog known has some ten thousand packages.
    pub const MOST: usize = 100_000;
}

struct ElementsVisitor;

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Elements<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            if elements.len() == Elements::MOST {
                let most = Elements::MOST;
                return Err(S::Error::custom(format_args!("more than {most} elements")));
            }
            elements.push(element);
        }
        Ok(Elements(elements))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_seq(ElementsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(count: usize) -> String {
        format!("[{}]", vec!["{}"; count].join(","))
    }

    #[test]
    fn elements_are_counted_while_they_are_read() {
        let most = list(Elements::MOST);
        let elements: Elements<'_> = serde_json::from_str(&most).unwrap();
        assert_eq!(elements.0.len(), Elements::MOST);
        let text = list(Elements::MOST + 1);
        let misfit = super::super::misfit::<Elements<'_>>(&text);
        assert_eq!(misfit.words, "holds more than 100000 elements");
        // The rest is not read: it would not be JSON.
        let cut = format!("{},{{}},{{\"", &most[..most.len() - 1]);
        let misfit = super::super::misfit::<Elements<'_>>(&cut);
        assert_eq!(misfit.words, "holds more than 100000 elements");
    }
}
