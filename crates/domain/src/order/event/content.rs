//! What an order is made of as the journal writes it down: wish, lines, the provider's answer.

use std::fmt::{self, Write as _};
use std::num::NonZeroU16;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::provider::{Line, ProviderOrder, ProviderOrderStatus, PurchaseRequest};
use crate::{
    Account, DataAllowance, EsimId, IdempotencyKey, Money, PackageId, ProviderName,
    ProviderOrderId, Reference, TopUp,
};

/// The number of a purchase call in an order's life, from 1.
pub type AttemptNumber = u16;

/// The place of an eSIM in its order, from 0.
pub type ItemNumber = u16;

/// The provider an order was started with: another one refuses to carry it on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProviderInstance {
    /// The name in the settings.
    pub name: ProviderName,
    /// Where its API lies. No credentials.
    pub base_url: String,
}

impl fmt::Display for ProviderInstance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.name, self.base_url)
    }
}

/// A line as it was ordered, with what a person was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedLine {
    /// What is sent to the provider.
    pub line: Line,
    /// The package's [other name](crate::Package::alias) when it was ordered: an answer may name the
    /// package by either. Absent in orders of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<PackageId>,
    /// The display name of the package when it was ordered.
    pub name: String,
    /// Its data when it was ordered: it later tells the unit of usage figures.
    pub data: DataAllowance,
}

impl OrderedLine {
    /// Whether `name` is the package's id or its other name.
    pub fn is_called(&self, name: &PackageId) -> bool {
        self.line.package == *name || self.alias.as_ref() == Some(name)
    }
}

/// What an order is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OrderContent {
    /// New eSIMs.
    Esims {
        /// The lines; two for one package stay two.
        lines: Vec<OrderedLine>,
        /// The day the journey starts, where a package asks for it.
        start_date: Option<Date>,
    },
    /// More data for an eSIM.
    TopUp(TopUp),
}

impl OrderContent {
    /// The lines of it; a top-up has one.
    pub fn lines(&self) -> &[OrderedLine] {
        match self {
            Self::Esims { lines, .. } => lines,
            Self::TopUp(top_up) => std::slice::from_ref(&top_up.line),
        }
    }

    /// The same lines, to change.
    pub fn lines_mut(&mut self) -> &mut [OrderedLine] {
        match self {
            Self::Esims { lines, .. } => lines,
            Self::TopUp(top_up) => std::slice::from_mut(&mut top_up.line),
        }
    }

    /// The day the journey starts, where one was given.
    pub const fn start_date(&self) -> Option<Date> {
        match self {
            Self::Esims { start_date, .. } => *start_date,
            Self::TopUp(_) => None,
        }
    }

    /// Whether it is a top-up.
    pub const fn is_top_up(&self) -> bool {
        matches!(self, Self::TopUp(_))
    }

    /// How many eSIMs must come of it; none of a top-up.
    pub fn expected_items(&self) -> usize {
        match self {
            Self::Esims { lines, .. } => lines
                .iter()
                .map(|line| usize::from(line.line.quantity.get()))
                .sum(),
            Self::TopUp(_) => 0,
        }
    }
}

/// What makes two requests the same: a SHA-256 over kind, provider instance, lines, target eSIM and
/// start date, in hexadecimal. Prices are not part of it: a quote may change, the wish does not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of `content` at `provider`.
    pub fn of(provider: &ProviderInstance, content: &OrderContent) -> Self {
        match content {
            OrderContent::Esims { lines, start_date } => {
                let lines = lines
                    .iter()
                    .map(|line| (&line.line.package, line.line.quantity, line.line.days));
                Self::of_esims(provider, lines, *start_date)
            }
            OrderContent::TopUp(top_up) => {
                let line = &top_up.line.line;
                Self::of_top_up(provider, &top_up.esim, &line.package, line.days)
            }
        }
    }

    /// The fingerprint of an order for new eSIMs: package, quantity and, where the provider sells by
    /// the day, days of each line.
    pub fn of_esims<'a>(
        provider: &ProviderInstance,
        lines: impl IntoIterator<Item = (&'a PackageId, NonZeroU16, Option<u16>)>,
        start_date: Option<Date>,
    ) -> Self {
        let mut digest = Digester::new(provider, "esims");
        digest.part(&start_date.map(|date| date.to_string()).unwrap_or_default());
        for (package, quantity, days) in lines {
            digest.part(package.as_str());
            digest.part(&quantity.to_string());
            digest.part(&days.map(|days| days.to_string()).unwrap_or_default());
        }
        digest.finish()
    }

    /// The fingerprint of a top-up; with its days, where it is sold by the day.
    pub fn of_top_up(
        provider: &ProviderInstance,
        esim: &EsimId,
        package: &PackageId,
        days: Option<u16>,
    ) -> Self {
        let mut digest = Digester::new(provider, "top_up");
        digest.part(esim.as_str());
        digest.part(package.as_str());
        if let Some(days) = days {
            digest.part(&days.to_string());
        }
        digest.finish()
    }

    /// The 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hashes texts so that no two lists of them run together: each after its length.
struct Digester(hmac_sha256::Hash);

impl Digester {
    fn new(provider: &ProviderInstance, kind: &str) -> Self {
        let mut digest = Self(hmac_sha256::Hash::new());
        for text in [
            "roamport fingerprint v1",
            provider.name.as_str(),
            &provider.base_url,
            kind,
        ] {
            digest.part(text);
        }
        digest
    }

    fn part(&mut self, text: &str) {
        let length = u64::try_from(text.len()).expect("a length fits 64 bits");
        self.0.update(length.to_be_bytes());
        self.0.update(text);
    }

    fn finish(self) -> Fingerprint {
        let mut text = String::with_capacity(64);
        for byte in self.0.finalize() {
            write!(text, "{byte:02x}").expect("writing to a String cannot fail");
        }
        Fingerprint(text)
    }
}

/// The wish to buy: the first event of every order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// When it was recorded.
    pub at: Timestamp,
    /// The caller's key.
    pub key: IdempotencyKey,
    /// What makes another request under this key the same.
    pub fingerprint: Fingerprint,
    /// With whom.
    pub provider: ProviderInstance,
    /// What we call it toward the provider.
    pub reference: Reference,
    /// What for.
    pub content: OrderContent,
    /// The most the whole order may cost.
    pub cap: Money,
    /// No purchase call begins after this moment.
    pub place_before: Timestamp,
    /// The account it was requested for. Absent in orders of releases before format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
}

/// One eSIM of an order as the provider's answer named it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedItem {
    /// The eSIM.
    pub esim: Option<EsimId>,
    /// Its package.
    pub package: Option<PackageId>,
    /// What it cost.
    pub price: Option<Money>,
}

/// A provider's order as the journal keeps it: no profile, no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedOrder {
    /// The provider's id.
    pub id: ProviderOrderId,
    /// Where it stands.
    pub status: ProviderOrderStatus,
    /// What was charged.
    pub total: Option<Money>,
    /// Its eSIMs.
    pub items: Vec<PlacedItem>,
}

impl PlacedOrder {
    /// The sum of what its items cost; `None` where one names no price, there are none, currencies
    /// differ or the sum is out of range.
    pub fn total_of_items(&self) -> Option<Money> {
        let mut prices = self.items.iter().map(|item| item.price);
        let first = prices.next()??;
        prices.try_fold(first, |sum, price| sum.checked_add(price?).ok())
    }
}

impl PlacedOrder {
    /// The most items that are stored beyond those that were ordered.
    const MOST_MORE: usize = 100;

    /// What is stored of `order`, which answers for `content`. Items far beyond what was ordered are left
    /// out, so that no answer fills the journal; that there are too many is compared before.
    pub fn of(order: &ProviderOrder, content: &OrderContent) -> Self {
        let item = |item: &crate::provider::ProviderOrderItem| PlacedItem {
            esim: item
                .esim
                .clone()
                .or_else(|| Some(item.profile.as_ref()?.id().clone())),
            package: item.package.clone(),
            price: item.price,
        };
        Self {
            id: order.id.clone(),
            status: order.status.clone(),
            total: order.total,
            items: order
                .items
                .iter()
                .map(item)
                .take(content.expected_items().saturating_add(Self::MOST_MORE))
                .collect(),
        }
    }
}

impl OrderContent {
    /// What it was quoted at in all; `None` where currencies differ or the sum is out of range.
    pub fn quoted_total(&self) -> Option<Money> {
        Line::sum(self.lines().iter().map(|line| &line.line))
    }

    /// The request that buys this, at the prices of its lines.
    pub fn request(&self) -> PurchaseRequest {
        match self {
            Self::Esims { lines, start_date } => PurchaseRequest::PlaceOrder {
                lines: lines.iter().map(|line| line.line.clone()).collect(),
                start_date: *start_date,
            },
            Self::TopUp(top_up) => PurchaseRequest::TopUp {
                esim: top_up.esim.clone(),
                iccid: top_up.iccid.clone(),
                package: top_up.line.line.package.clone(),
                unit_price: top_up.line.line.unit_price,
                days: top_up.line.line.days,
            },
        }
    }
}
