//! Faults on demand: which calls go wrong, how often, and in what way.

mod lie;
mod plan;
mod rule;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::lie::{Change, MixUp, Spelling};
pub use self::plan::Plan;
pub(crate) use self::plan::{Garble, Twists, plan};
pub use self::rule::{Rule, Target, Times};
use crate::switches::ReferenceSearch;

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
    /// The giving back of an eSIM.
    Cancel,
    /// An interruption, its end, or the end of an eSIM.
    Suspend,
    /// A message to a device.
    Message,
    /// Where the provider's events go.
    Webhook,
}

impl Operation {
    /// How many operations there are.
    pub(crate) const COUNT: usize = 18;

    /// Whether the call costs money when it succeeds.
    pub const fn is_purchase(self) -> bool {
        matches!(self, Self::Order | Self::Topup)
    }

    /// Whether the call changes anything at the provider.
    pub const fn has_effect(self) -> bool {
        matches!(
            self,
            Self::Order
                | Self::Topup
                | Self::Apply
                | Self::Cancel
                | Self::Suspend
                | Self::Message
                | Self::Webhook
        )
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
                    start
                        .checked_add(SignedDuration::from_millis(milliseconds))
                        .ok()
                })
                .unwrap_or(Timestamp::MAX),
        }
    }
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
    /// The effect happens, unless `before` is set; the answer has this status, these headers and
    /// this body. What is not given stays as it would have been sent.
    Answer {
        /// Whether nothing happens. The body is empty then, where none is given.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        before: bool,
        /// The HTTP status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// Headers by name, such as `content-type` or `age`; they replace those of the same name.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
        /// The body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
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
    /// One place of the answer's JSON, or several, is something else. HTTP alone.
    Edit {
        /// The names and list indices that lead to it, with dots between: `data.items.0.esimId`. `*`
        /// is every element, and `**` in front means at any depth. Empty for the whole body.
        at: String,
        /// What becomes of the value there.
        change: Change,
    },
    /// Lists and lookups compare what they are asked for in this way: a reference in the first
    /// dialect and in process, an `orderNo` in the second dialect.
    LooseFilter {
        /// How.
        search: ReferenceSearch,
    },
    /// References in the answer are spelled in another way.
    RespellReference {
        /// How.
        spelling: Spelling,
    },
    /// The answer names something of the newest other order; of an invented one, where there is none.
    MixUp {
        /// What.
        with: MixUp,
    },
    /// The answer of a read shows the orders, eSIMs, charges and refunds of so much earlier, as a
    /// replica that lags behind would. Money that was set by hand is not dated, and always shown.
    Stale {
        /// Milliseconds of the world's clock.
        ms: u64,
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
    /// The server answers at most so many packages, orders or eSIMs, whatever was asked for.
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
    /// The provider has no profiles left: the order is refused, and nothing is charged.
    OutOfStock,
    /// The order is charged in full and brings fewer eSIMs.
    FewerItems {
        /// How many are missing.
        #[serde(default = "one")]
        by: usize,
    },
}

impl Fault {
    /// Its word in the fault list.
    pub(crate) fn name(&self) -> String {
        let fields = serde_json::to_value(self).unwrap_or_default();
        fields["what"].as_str().unwrap_or_default().to_owned()
    }
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
