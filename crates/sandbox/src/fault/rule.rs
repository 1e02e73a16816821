//! A rule of the fault list: which calls, how often, and the JSON it is written in.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Fault, Lasting, Operation};

/// Where a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every call of the provider's dialect; `any` on the wire.
    Any,
    /// One operation.
    Only(Operation),
}

impl Target {
    pub(super) fn takes(self, operation: Operation) -> bool {
        match self {
            Self::Any => true,
            Self::Only(only) => only == operation,
        }
    }
}

impl From<Operation> for Target {
    fn from(operation: Operation) -> Self {
        Self::Only(operation)
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str("any"),
            Self::Only(operation) => operation.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        if word == "any" {
            return Ok(Self::Any);
        }
        Operation::deserialize(serde::de::value::StringDeserializer::new(word)).map(Self::Only)
    }
}

/// How often a rule fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// So many calls.
    Count(u64),
    /// Every call, until the rules are cleared; `"for_ever"` on the wire.
    ForEver,
}

/// One rule of the fault list: where, what, how often, and how many calls to let through first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which calls.
    pub on: Target,
    /// How many more calls it fires on.
    pub times: Times,
    /// How many more calls pass untouched before it fires.
    pub skip: u64,
    /// What goes wrong.
    pub fault: Fault,
}

impl Rule {
    /// A rule that fires once, on the next call of this operation.
    pub fn new(on: impl Into<Target>, fault: Fault) -> Self {
        Self {
            on: on.into(),
            times: Times::Count(1),
            skip: 0,
            fault,
        }
    }

    /// The same rule, firing on so many calls.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self {
            times: Times::Count(times),
            ..self
        }
    }

    /// The same rule, firing until the rules are cleared.
    #[must_use]
    pub fn for_ever(self) -> Self {
        Self {
            times: Times::ForEver,
            ..self
        }
    }

    /// The same rule, letting so many calls pass first.
    #[must_use]
    pub fn skip(self, skip: u64) -> Self {
        Self { skip, ..self }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum NumberOrWord {
    Number(u64),
    Word(String),
}

fn number_or_for_ever<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match NumberOrWord::deserialize(deserializer) {
        Ok(NumberOrWord::Number(number)) => Ok(Some(number)),
        Ok(NumberOrWord::Word(word)) if word == "for_ever" => Ok(None),
        _ => Err(D::Error::custom("expected a whole number or \"for_ever\"")),
    }
}

macro_rules! number_or_for_ever {
    ($type:ident, $number:ident) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    Self::$number(number) => serializer.serialize_u64(*number),
                    Self::ForEver => serializer.serialize_str("for_ever"),
                }
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(number_or_for_ever(deserializer)?.map_or(Self::ForEver, Self::$number))
            }
        }
    };
}

number_or_for_ever!(Lasting, Milliseconds);
number_or_for_ever!(Times, Count);

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Flat<'a> {
            on: Target,
            times: Times,
            skip: u64,
            #[serde(flatten)]
            fault: &'a Fault,
        }
        Flat {
            on: self.on,
            times: self.times,
            skip: self.skip,
            fault: &self.fault,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rule {
    // By hand, because serde's `flatten` would let a misspelt key through in silence.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = serde_json::Map::deserialize(deserializer)?;
        let on = fields
            .remove("on")
            .ok_or_else(|| D::Error::missing_field("on"))?;
        let times = fields.remove("times").unwrap_or_else(|| 1.into());
        let skip = fields.remove("skip").unwrap_or_else(|| 0.into());
        // Serde lets extra keys of a unit variant pass, too.
        let names = fields.len();
        let fault: Fault = serde_json::from_value(fields.into()).map_err(D::Error::custom)?;
        let plain = matches!(
            fault,
            Fault::DropAfterEffect
                | Fault::DropBeforeEffect
                | Fault::BrokenJson
                | Fault::NumbersAsText
                | Fault::UnknownFields
                | Fault::EndlessPages
                | Fault::OutOfStock
        );
        if plain && names > 1 {
            return Err(D::Error::custom(
                "this fault takes no field but `on`, `times`, `skip`, `what`",
            ));
        }
        Ok(Self {
            on: serde_json::from_value(on).map_err(D::Error::custom)?,
            times: serde_json::from_value(times).map_err(D::Error::custom)?,
            skip: serde_json::from_value(skip).map_err(D::Error::custom)?,
            fault,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_needs_little_and_survives_its_own_json() {
        let rule: Rule =
            serde_json::from_str(r#"{"on":"order","what":"drop_after_effect"}"#).unwrap();
        assert_eq!(rule, Rule::new(Operation::Order, Fault::DropAfterEffect));
        for rule in [
            rule.for_ever(),
            Rule {
                on: Target::Any,
                ..Rule::new(Operation::Apply, Fault::Stall { ms: 5 }).skip(3)
            },
            Rule::new(
                Operation::Apply,
                Fault::PendingProfile {
                    ms: Lasting::ForEver,
                },
            )
            .times(7),
            Rule::new(
                Operation::Packages,
                Fault::PageMoves {
                    by: 3,
                    insert: true,
                },
            ),
        ] {
            let text = rule.to_string();
            assert_eq!(serde_json::from_str::<Rule>(&text).unwrap(), rule, "{text}");
        }
    }

    #[test]
    fn a_misspelt_rule_is_refused_instead_of_doing_something_else() {
        for text in [
            r#"{"what":"drop_after_effect"}"#,
            r#"{"on":"ordr","what":"drop_after_effect"}"#,
            r#"{"on":"order","what":"drop"}"#,
            r#"{"on":"order"}"#,
            r#"{"on":"order","what":"drop_after_effect","time":2}"#,
            r#"{"on":"order","what":"status_after_effect"}"#,
            r#"{"on":"order","what":"status_after_effect","status":"500"}"#,
            r#"{"on":"order","what":"stall","ms":5,"retry_after":1}"#,
            r#"{"on":"apply","what":"pending_profile","ms":"soon"}"#,
            r#"{"on":"apply","what":"drop_after_effect","times":-1}"#,
        ] {
            assert!(serde_json::from_str::<Rule>(text).is_err(), "{text}");
        }
    }
}
