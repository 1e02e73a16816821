//! A purchase as the order machine hands it to a provider: what is bought, under which reference, and when it
//! may be sent.

use std::num::NonZeroU16;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{EsimKey, Operation};
use crate::money::MoneyError;
use crate::{Clock, EsimId, Iccid, Money, Monotonic, PackageId, Reference};

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The package.
    pub package: PackageId,
    /// How many eSIMs of it.
    pub quantity: NonZeroU16,
    /// The wholesale price of one; the price of one day if `days` is set.
    pub unit_price: Money,
    /// How many days, for a package that is [sold by the day](crate::Package::by_day).
    pub days: Option<u16>,
}

impl Line {
    /// The price of the whole line: unit price times quantity, times days if it is sold by the day.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] if the product is out of range.
    pub fn total(&self) -> Result<Money, MoneyError> {
        let each = match self.days {
            Some(days) => self.unit_price.checked_times(days.into())?,
            None => self.unit_price,
        };
        each.checked_times(self.quantity.get().into())
    }

    /// The sum of what lines cost; `None` for no lines, different currencies or a sum out of range.
    pub(crate) fn sum<'a>(lines: impl IntoIterator<Item = &'a Self>) -> Option<Money> {
        let mut lines = lines.into_iter();
        let first = lines.next()?.total().ok()?;
        lines.try_fold(first, |sum, line| sum.checked_add(line.total().ok()?).ok())
    }
}

/// The time in which a purchase may be sent and answered, on two clocks: a sender stops when
/// *either* says it is over, so that no step of a wall clock costs money.
///
/// The adapter asks [`SendWindow::remaining`] after all its waiting, just before it writes to the
/// socket, and uses the smaller of that and its own timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendWindow {
    /// Nothing is sent before this moment: an earlier one means that the wall clock was set back.
    pub opens_at: Timestamp,
    /// The end on the wall clock.
    pub closes_at: Timestamp,
    /// The end on this process's own clock.
    pub closes_at_monotonic: Monotonic,
}

impl SendWindow {
    /// The window that opens now and is `length` long.
    pub fn open(clock: &dyn Clock, length: Duration) -> Self {
        let opens_at = clock.now();
        Self {
            opens_at,
            closes_at: crate::clock::later(opens_at, length),
            closes_at_monotonic: clock.monotonic().plus(length),
        }
    }

    /// What is left of the window on the clock that says less; `None` once either says it is over,
    /// or that it has not begun.
    pub fn remaining(&self, clock: &dyn Clock) -> Option<Duration> {
        let now = clock.now();
        if now < self.opens_at {
            return None;
        }
        let wall = Duration::try_from(self.closes_at.duration_since(now)).ok()?;
        let own = self.closes_at_monotonic.since(clock.monotonic());
        Some(wall.min(own)).filter(|left| !left.is_zero())
    }
}

/// What a purchase call buys. The journal stores it before the call, and the HTTP body is a pure function
/// of it and of the order's reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum PurchaseRequest {
    /// New eSIMs.
    PlaceOrder {
        /// The lines; two for one package stay two.
        lines: Vec<Line>,
        /// The day the journey starts, if a package needs it.
        start_date: Option<Date>,
    },
    /// More data for an eSIM.
    TopUp {
        /// The eSIM.
        esim: EsimId,
        /// Its ICCID, if known: some providers accept nothing else.
        iccid: Option<Iccid>,
        /// What is bought, once.
        package: PackageId,
        /// The wholesale price; the price of one day if `days` is set.
        unit_price: Money,
        /// How many days, for a package that is [sold by the day](crate::Package::by_day).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<u16>,
    },
}

impl PurchaseRequest {
    /// Which of the two purchases it is.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::PlaceOrder { .. } => Operation::PlaceOrder,
            Self::TopUp { .. } => Operation::TopUp,
        }
    }

    /// The lines of an order; none of a top-up.
    pub fn lines(&self) -> &[Line] {
        match self {
            Self::PlaceOrder { lines, .. } => lines,
            Self::TopUp { .. } => &[],
        }
    }

    /// The eSIM that is topped up; `None` for an order.
    pub fn top_up_target(&self) -> Option<EsimKey> {
        match self {
            Self::PlaceOrder { .. } => None,
            Self::TopUp { esim, iccid, .. } => Some(EsimKey::of(esim.clone(), iccid.clone())),
        }
    }

    /// What it must cost at the prices it was sent with; `None` if currencies differ or the sum is out of
    /// range.
    pub fn total(&self) -> Option<Money> {
        match self {
            Self::PlaceOrder { lines, .. } => Line::sum(lines),
            Self::TopUp {
                unit_price, days, ..
            } => unit_price.checked_times(days.map_or(1, u32::from)).ok(),
        }
    }
}

/// One purchase: a request, the reference it is made under, and the time in which it may be sent.
///
/// If the provider has a [price guard](super::Capabilities::price_guard), the HTTP request names every unit
/// price and the total, so that the provider refuses a price that moved instead of charging it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// Our name for the order, for its whole life.
    pub reference: Reference,
    /// What is bought.
    pub request: PurchaseRequest,
    /// When it may be sent.
    pub window: SendWindow,
    /// Whether the same request was sent before under this reference. It is sent again only at a provider that promises to
    /// charge it once ([`Dedup`](super::Dedup)), and then settles what became of the first one.
    pub replays: bool,
}
