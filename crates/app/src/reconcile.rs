//! The use-case "reconcile": the journal joined with the provider's list of orders and the wallet.
//!
//! It finds what no look-up of a single order can: a charge that escaped every rule (later than the
//! quiet period, or sent by a process that stood still), an order of a journal that was lost, a price
//! or a refund that nobody told us of. What it finds on one of our orders that has come to rest it
//! raises there, so that a person settles it once; what a person has settled is shown and counts no
//! more.
//!
//! It never calls a list complete that the provider cut: [`Reach::complete_from`] says from when on
//! nothing is missing, and [`Reconciliation::is_clean`] is `false` where that is later than asked for.

mod compare;
mod join;
mod look_up;
mod raise;
mod read;
mod wallet;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::journal::{BalanceReading, BalanceStore, DuplicateDelivery};
use roamport_domain::order::{OrderState, ProviderInstance};
use roamport_domain::provider::{ProviderOrder, ProviderOrderStatus};
use roamport_domain::{Money, OrderId, ProviderOrderId};

pub use self::wallet::Movement;
use crate::{AppError, Orders};

/// How far back is looked where nobody says: 30 days.
pub const USUAL_REACH: Duration = Duration::from_hours(30 * 24);

/// Joins the journal with the provider.
#[derive(Clone, Debug)]
pub struct Reconciler {
    orders: Orders,
    balances: Option<Arc<dyn BalanceStore>>,
}

/// What a reconciliation found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// With whom.
    pub provider: ProviderInstance,
    /// When, on the journal's clock.
    pub at: Timestamp,
    /// From when on orders were compared.
    pub since: Timestamp,
    /// What the provider's list gave.
    pub list: Reach,
    /// What our side gave.
    pub ours: Compared,
    /// What differs, settled or not.
    pub findings: Vec<Finding>,
    /// What the provider has for orders of ours that are still on their way: no difference yet.
    pub on_their_way: Vec<OnItsWay>,
    /// The wallet now.
    pub balance: BalanceReading,
    /// What moved between two readings of the wallet, the oldest first.
    pub movements: Vec<Movement>,
    /// Whether readings are kept. Where they are not, there is nothing to compare the wallet with.
    pub keeps_balances: bool,
    /// Deliveries to two orders that an earlier release did not notice, however long ago. They do not
    /// count against [`Reconciliation::is_clean`]: nothing in the journal says that one is settled.
    pub duplicates: Vec<DuplicateDelivery>,
}

/// How far the provider's list of orders reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// How many orders it named.
    pub orders: usize,
    /// From when on nothing is missing in it; `None` where that cannot be said of any moment.
    pub complete_from: Option<Timestamp>,
}

/// How the orders of the journal were compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Orders of ours the provider took in this time, as far as the journal knows.
    pub bought: usize,
    /// Of them, those that the provider's list named.
    pub listed: usize,
    /// Of them, those that were looked up one by one.
    pub looked_up: usize,
    /// Of them, those about which the provider gave no answer, or that were too many to ask for.
    pub unanswered: usize,
}

/// Something that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub difference: Difference,
    /// Whether it is over: a person has settled it on the order, or the money went back. It counts no
    /// more.
    pub settled: bool,
    /// What was done about it in the journal.
    pub raised: Raised,
}

/// What was done in the journal about a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raised {
    /// Nothing: it belongs to no order of ours at rest, or there is nothing to raise.
    No,
    /// It was raised on the order just now: it needs attention.
    Now,
    /// It was there before.
    Before,
    /// Another process holds the order: the next reconciliation raises it.
    Later,
}

/// How journal and provider differ.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The journal knows an order at the provider that the provider does not.
    OursNotTheirs {
        /// Our order.
        order: OrderId,
        /// The provider's id in the journal.
        provider_order: ProviderOrderId,
        /// What was charged, as far as the journal knows.
        total: Option<Money>,
    },
    /// The provider has an order that no order of this journal stands for.
    TheirsNotOurs {
        /// As the provider tells it.
        provider_order: ProviderOrder,
    },
    /// The provider has several orders for one of ours.
    Twice {
        /// Our order.
        order: OrderId,
        /// The one it has taken as its own; `None` where it took none.
        taken: Option<ProviderOrderId>,
        /// The others.
        others: Vec<ProviderOrderId>,
    },
    /// Our order came to rest without a purchase, and the provider has one.
    BoughtUnnoticed {
        /// Our order.
        order: OrderId,
        /// Where it stands.
        state: OrderState,
        /// The provider's order.
        provider_order: ProviderOrderId,
        /// What was charged.
        total: Option<Money>,
    },
    /// The provider charged another price than was quoted, or than it answered.
    PriceDiffers {
        /// Our order.
        order: OrderId,
        /// The provider's.
        provider_order: ProviderOrderId,
        /// What it was to cost.
        expected: Money,
        /// What the provider's list says.
        listed: Money,
    },
    /// The provider took the order back or asks for something, and the journal does not know; or the
    /// journal has it so and the provider no longer says so.
    StatusDiffers {
        /// Our order.
        order: OrderId,
        /// The provider's.
        provider_order: ProviderOrderId,
        /// What the journal has.
        ours: ProviderOrderStatus,
        /// What the provider says.
        theirs: ProviderOrderStatus,
    },
}

/// An order of ours whose outcome is still looked for, and what the provider has of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnItsWay {
    /// Our order.
    pub order: OrderId,
    /// Where it stands.
    pub state: OrderState,
    /// The provider's order.
    pub provider_order: ProviderOrderId,
}

impl Reconciliation {
    /// Whether the provider's list reaches as far back as was asked for.
    pub fn is_complete(&self) -> bool {
        self.list
            .complete_from
            .is_some_and(|from| from <= self.since)
            && self.ours.unanswered == 0
    }

    /// Whether nothing differs that a person has not settled, no money is missing in the wallet, and
    /// nothing was left out.
    pub fn is_clean(&self) -> bool {
        self.is_complete() && self.agrees()
    }

    /// Whether everything that is known agrees and every order of ours was found, but the provider's list is
    /// not proven whole: it may have left out an order that is not in this journal.
    pub fn is_unproven(&self) -> bool {
        !self.is_complete() && self.ours.unanswered == 0 && self.agrees()
    }

    fn agrees(&self) -> bool {
        self.findings.iter().all(|finding| finding.settled)
            && !self.movements.iter().any(Movement::is_missing_money)
    }
}

impl Reconciler {
    /// Joins `orders` with their provider. Without `balances` no reading is kept, and movements of
    /// the wallet cannot be told.
    pub const fn new(orders: Orders, balances: Option<Arc<dyn BalanceStore>>) -> Self {
        Self { orders, balances }
    }

    /// Compares everything since a moment; [`USUAL_REACH`] back where `None`. Keeps the balance it
    /// reads, and raises what it finds on orders at rest. Buys nothing.
    ///
    /// # Errors
    ///
    /// [`AppError::Provider`] where the list or the wallet cannot be read; [`AppError::Journal`].
    pub async fn reconcile(&self, since: Option<Timestamp>) -> Result<Reconciliation, AppError> {
        let parts = self.orders.parts();
        let since = match since {
            Some(since) => since,
            None => earlier(parts.journal.now().await?, USUAL_REACH),
        };
        // The provider first: an order that is placed between the two reads is then in the journal
        // alone, and looked up. The other way round it would look like somebody else's.
        let theirs = read::provider(parts, since).await?;
        let earlier = match &self.balances {
            Some(store) => store.balances(&parts.instance, since).await?,
            None => Vec::new(),
        };
        let ours = read::journal(parts, since, &theirs).await?;
        let joined = join::join(ours, &theirs, since);
        let answers = look_up::look_up(parts, &joined).await;
        let mut report = compare::Report::default();
        report.compare_all(&joined, &answers);
        self.raise(&mut report.findings).await?;
        let charges = wallet::charges(&joined, &answers);
        let mut balance = theirs.balance.clone();
        wallet::note_newest(&mut balance, &charges);
        if let Some(store) = &self.balances {
            store.keep_balance(&balance).await?;
        }
        Ok(Reconciliation {
            provider: parts.instance.clone(),
            at: balance.at,
            since,
            list: Reach {
                orders: theirs.orders.len(),
                complete_from: theirs.complete_from,
            },
            ours: report.compared,
            findings: report
                .findings
                .into_iter()
                .map(raise::Pending::done)
                .collect(),
            on_their_way: report.on_their_way,
            movements: wallet::movements(
                &earlier,
                &balance,
                &charges,
                (since, theirs.complete_from),
            ),
            balance,
            keeps_balances: self.balances.is_some(),
            duplicates: parts.profiles.duplicates(&parts.instance).await?,
        })
    }
}

fn earlier(moment: Timestamp, by: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(by)
        .ok()
        .and_then(|by| moment.checked_sub(by).ok())
        .unwrap_or(Timestamp::MIN)
}
