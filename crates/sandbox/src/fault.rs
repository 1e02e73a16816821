//! Faults on demand: which calls go wrong, how often, and in what way.

mod plan;

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::plan::Plan;
pub(crate) use self::plan::{Ending, Garble, Twists, plan};

/// The calls a fault can be put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// The list of destinations.
    Countries,
    /// A page of the catalogue.
    Packages,
    /// A purchase of eSIMs, plain or instant.
    Order,
    /// A purchase for an existing eSIM.
    #[serde(alias = "top_up")]
    Topup,
    /// A look-up of orders: one or a list.
    Orders,
    /// The making of a profile.
    Apply,
    /// A look-up of eSIMs: one or a list.
    Esim,
    /// Usage, with or without details.
    Usage,
    /// What an eSIM was bought with.
    History,
    /// The packages that may top up an eSIM.
    #[serde(alias = "top_up_packages")]
    TopupPackages,
    /// The wallet.
    Balance,
    /// Whether the provider is up.
    Health,
    /// Devices that take eSIMs.
    Devices,
    /// What happened to an eSIM.
    Events,
}

impl Operation {
    /// How many operations there are.
    pub(crate) const COUNT: usize = 14;

    /// Whether the call costs money when it succeeds.
    pub const fn is_purchase(self) -> bool {
        matches!(self, Self::Order | Self::Topup)
    }

    /// Whether the call changes anything at the provider.
    pub const fn has_effect(self) -> bool {
        matches!(self, Self::Order | Self::Topup | Self::Apply)
    }
}

/// Where a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every call of the provider's dialect; `any` on the wire.
    Any,
    /// One operation.
    Only(Operation),
}

impl Target {
    fn takes(self, operation: Operation) -> bool {
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

/// A number of milliseconds of the world's clock, or no end; `"for_ever"` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// So many milliseconds.
    Milliseconds(u64),
    /// Without an end.
    ForEver,
}

impl Lasting {
    /// When it is over, counted from `start`; [`Timestamp::MAX`] for never.
    pub(crate) fn after(self, start: Timestamp) -> Timestamp {
        match self {
            Self::ForEver => Timestamp::MAX,
            Self::Milliseconds(milliseconds) => i64::try_from(milliseconds)
                .ok()
                .and_then(|milliseconds| {
                    start.checked_add(SignedDuration::from_millis(milliseconds)).ok()
                })
                .unwrap_or(Timestamp::MAX),
        }
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

/// What goes wrong, under the key `what`. «Before» leaves the world untouched; «after» means the
/// effect (a charge, a profile) happens and only the answer suffers.
///
/// Faults that end a call (those above `stall`) exclude each other: the first rule of the list that
/// applies takes the call and the others wait for the next. All the others combine freely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The effect happens; the connection closes without an answer.
    DropAfterEffect,
    /// Nothing happens; the connection closes without an answer.
    DropBeforeEffect,
    /// Nothing happens; the answer has this status.
    StatusBeforeEffect {
        /// The HTTP status.
        status: u16,
        /// The body, `{"message":"Unknown error","status":"failed"}` by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        /// A `Retry-After` header, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// The effect happens; the answer has this status.
    StatusAfterEffect {
        /// The HTTP status.
        status: u16,
        /// The body, `{"message":"Unknown error","status":"failed"}` by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        /// A `Retry-After` header, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// The connection closes at once; the purchase happens so much later, and looks as if it was
    /// made then. On a call that is no purchase nothing happens at all.
    LateEffect {
        /// Milliseconds of the world's clock.
        ms: u64,
    },
    /// Nothing happens; 429.
    RateLimit {
        /// A `Retry-After` header, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// The effect happens; the answer's JSON stops in the middle.
    BrokenJson,
    /// The effect happens; the answer is a web page.
    Html {
        /// The HTTP status.
        #[serde(default = "ok")]
        status: u16,
    },
    /// Nothing happens; the answer is the web page of a gateway.
    HtmlError {
        /// The HTTP status.
        #[serde(default = "bad_gateway")]
        status: u16,
    },
    /// Nothing happens; the answer is 200 with a body that says it failed.
    #[serde(rename = "failure_body_with_200")]
    FailureBodyWith200 {
        /// What the body says.
        #[serde(default = "failure_message")]
        message: String,
    },
    /// The effect happens at once; the answer waits.
    Stall {
        /// Milliseconds of real time.
        ms: u64,
    },
    /// Every number of the answer is a text.
    NumbersAsText,
    /// Every object of the answer has fields nobody has documented.
    UnknownFields,
    /// Every order and eSIM state of the answer is a word nobody has documented.
    UnknownState {
        /// The word.
        #[serde(default = "quantum")]
        state: String,
    },
    /// From this page on, the catalogue has moved: later pages repeat rows and the last rows of the
    /// list are now its first ones.
    PageMoves {
        /// By how many packages.
        #[serde(default = "usual_page")]
        by: u64,
        /// Repeat the first rows in front instead of moving the last ones there, so that nothing is
        /// lost to a reader.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        insert: bool,
    },
    /// The server answers at most so many rows, whatever was asked for.
    CapPageSize {
        /// The most rows of a page.
        max: u64,
    },
    /// A page behind the end repeats the last one.
    EndlessPages,
    /// The order that is placed cannot be looked up before so much later. It is charged at once.
    LateVisibility {
        /// Milliseconds of the world's clock.
        ms: u64,
    },
    /// The profile takes so long: asking for it says «still pending processing», and until then the
    /// eSIM reads as `NEW`. Afterwards it is ready without being asked for again.
    PendingProfile {
        /// Milliseconds of the world's clock, or `"for_ever"`.
        ms: Lasting,
    },
    /// The order that is placed has this state first, and `COMPLETED` later.
    OrderState {
        /// The state, such as `PENDING`, `CANCELLED` or a word of one's own.
        state: String,
        /// Milliseconds of the world's clock, or `"for_ever"`.
        ms: Lasting,
    },
    /// The purchase costs so much more than the catalogue says (less, if negative); on `packages`
    /// the catalogue itself says so.
    PriceChange {
        /// Percent of the price.
        percent: i32,
    },
    /// The order is charged in full and brings fewer eSIMs.
    FewerItems {
        /// How many are missing.
        #[serde(default = "one")]
        by: usize,
    },
}

const fn ok() -> u16 {
    200
}

const fn bad_gateway() -> u16 {
    502
}

fn failure_message() -> String {
    "Unknown error".to_owned()
}

fn quantum() -> String {
    "QUANTUM".to_owned()
}

const fn usual_page() -> u64 {
    50
}

const fn one() -> usize {
    1
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
        Self { on: on.into(), times: Times::Count(1), skip: 0, fault }
    }

    /// The same rule, firing on so many calls.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times: Times::Count(times), ..self }
    }

    /// The same rule, firing until the rules are cleared.
    #[must_use]
    pub fn for_ever(self) -> Self {
        Self { times: Times::ForEver, ..self }
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
        Flat { on: self.on, times: self.times, skip: self.skip, fault: &self.fault }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rule {
    // By hand, because serde's `flatten` would let a misspelt key through in silence.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = serde_json::Map::deserialize(deserializer)?;
        let on = fields.remove("on").ok_or_else(|| D::Error::missing_field("on"))?;
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
        );
        if plain && names > 1 {
            return Err(D::Error::custom("this fault takes no field but `on`, `times`, `skip`, `what`"));
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
        let rule: Rule = serde_json::from_str(r#"{"on":"order","what":"drop_after_effect"}"#).unwrap();
        assert_eq!(rule, Rule::new(Operation::Order, Fault::DropAfterEffect));
        for rule in [
            rule.for_ever(),
            Rule { on: Target::Any, ..Rule::new(Operation::Apply, Fault::Stall { ms: 5 }).skip(3) },
            Rule::new(Operation::Apply, Fault::PendingProfile { ms: Lasting::ForEver }).times(7),
            Rule::new(Operation::Packages, Fault::PageMoves { by: 3, insert: true }),
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
