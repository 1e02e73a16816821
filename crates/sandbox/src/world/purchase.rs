//! Buying: eSIMs and top-ups, each a charge to the wallet and a line of the ledger.

mod esims;
mod top_up;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::contents::{Event, LateEffect};
use super::identity;
use super::record::{Allowance, ItemRecord, OrderRecord};
use super::refusal::{Refusal, WorldError};
use super::request::{OrderDetails, Profiles, Purchase, TopUpDetails};
use super::{Transaction, World};
use crate::catalogue::{CataloguePackage, MOST_DAYS, Talk};
use crate::fault::{Plan, Twists};
use crate::ledger::{Charge, ChargeKind};
use crate::switches::{KnownTransaction, Tolerance};

/// A package as one entry of a purchase buys it.
#[derive(Clone, Debug)]
struct Bought {
    package: CataloguePackage,
    /// For so many days, where it is sold by the day.
    days: Option<u16>,
    /// What the entry costs, all its days together.
    price: Decimal,
}

/// What every purchase is told besides what is bought.
#[derive(Clone, Copy, Debug)]
struct Circumstances<'a> {
    twists: &'a Twists,
    at: Timestamp,
    answered: bool,
}

impl World {
    /// Buys, without any fault: what a call of the provider's own would do.
    ///
    /// # Errors
    ///
    /// [`WorldError::Refused`] where the provider refuses: nothing was charged then.
    pub fn purchase(&self, purchase: &Purchase) -> Result<OrderRecord, WorldError> {
        self.purchase_with(purchase, &Plan::default())
    }

    /// Buys under the faults of this call. A fault that ends the call early is the caller's to obey.
    pub(crate) fn purchase_with(
        &self,
        purchase: &Purchase,
        plan: &Plan,
    ) -> Result<OrderRecord, WorldError> {
        self.transact(|transaction| {
            let now = transaction.now;
            Ok(transaction.buy(purchase, &plan.twists, now, plan.answers())?)
        })
    }

    /// Has the purchase happen by itself, so many milliseconds from now.
    pub(crate) fn purchase_later(
        &self,
        purchase: &Purchase,
        plan: &Plan,
        ms: u64,
    ) -> Result<(), WorldError> {
        self.transact(|transaction| {
            transaction.commit(Event::Scheduled(LateEffect {
                due: later(transaction.now, ms),
                purchase: purchase.clone(),
                twists: plan.twists.clone(),
            }));
            Ok(())
        })
    }
}

impl Transaction<'_> {
    /// Lets the scheduled purchases happen that are due, each at its own moment.
    pub(super) fn settle(&mut self) {
        if !self
            .contents
            .late
            .iter()
            .any(|effect| effect.due <= self.now)
        {
            return;
        }
        let (mut due, waiting): (Vec<_>, Vec<_>) = self
            .contents
            .late
            .iter()
            .cloned()
            .partition(|effect| effect.due <= self.now);
        due.sort_by_key(|effect| effect.due);
        self.commit(Event::Waiting(waiting));
        for effect in due {
            if let Err(refusal) = self.buy(&effect.purchase, &effect.twists, effect.due, false) {
                tracing::debug!(%refusal, "a late purchase came to nothing");
            }
        }
    }

    fn buy(
        &mut self,
        purchase: &Purchase,
        twists: &Twists,
        at: Timestamp,
        answered: bool,
    ) -> Result<OrderRecord, Refusal> {
        let how = Circumstances {
            twists,
            at,
            answered,
        };
        let outcome = match purchase {
            Purchase::Order(details) => self.buy_esims(details, how),
            Purchase::TopUp(details) => self.buy_top_up(details, how),
        };
        if let Err(Refusal::InsufficientBalance { .. }) = outcome {
            self.tell_of_short_wallet();
        }
        outcome
    }

    /// The order under this reference that answers the request again, where there is one.
    fn replayed(
        &self,
        reference: Option<&str>,
        replays: bool,
        fingerprint: &str,
        at: Timestamp,
    ) -> Result<Option<OrderRecord>, Refusal> {
        let Some(reference) = reference else {
            return Ok(None);
        };
        let switches = &self.contents.switches;
        if !replays && !switches.replays_references {
            let taken = self.contents.orders_under(reference).next().is_some();
            return if taken && switches.duplicate_reference == Tolerance::Refused {
                Err(Refusal::DuplicateReference)
            } else {
                Ok(None)
            };
        }
        let memory = switches.esim_access.transaction_memory_ms;
        let remembered =
            |order: &&OrderRecord| memory.is_none_or(|memory| at < later(order.created_at, memory));
        let known = || self.contents.orders_under(reference).filter(remembered);
        let same = |order: &&OrderRecord| order.fingerprint.as_deref() == Some(fingerprint);
        if let Some(order) = known().find(same) {
            return Ok(Some(order.clone()));
        }
        match (known().next(), switches.esim_access.known_transaction) {
            (Some(order), KnownTransaction::First) => Ok(Some(order.clone())),
            (Some(_), KnownTransaction::Refused) => Err(Refusal::TransactionDiffers),
            (Some(_), KnownTransaction::SoldAgain) | (None, _) => Ok(None),
        }
    }

    /// The package and its price, as the caller asks for it.
    fn bought(
        &self,
        package_id: &str,
        days: Option<u16>,
        named: Option<Decimal>,
        twists: &Twists,
    ) -> Result<Bought, Refusal> {
        let package = self
            .catalogue
            .find(package_id)
            .ok_or_else(|| Refusal::UnknownPackage(package_id.to_owned()))?;
        let fits = match days {
            Some(days) => package.by_day.is_some() && (1..=MOST_DAYS).contains(&days),
            None => package.by_day.is_none(),
        };
        if !fits {
            return Err(Refusal::DaysWrong(package_id.to_owned()));
        }
        let unit = twists.price(package.price);
        if named.is_some_and(|named| named != unit) {
            return Err(Refusal::PriceDiffers {
                package: package_id.to_owned(),
                price: unit,
            });
        }
        Ok(Bought {
            price: unit * Decimal::from(days.unwrap_or(1)),
            package,
            days,
        })
    }

    fn order_of(
        &self,
        reference: Option<&str>,
        fingerprint: String,
        bought: &[Bought],
        how: Circumstances<'_>,
        kind: ChargeKind,
    ) -> OrderRecord {
        let Circumstances { twists, at, .. } = how;
        let items: Vec<ItemRecord> = bought
            .iter()
            .map(|bought| ItemRecord {
                esim_id: String::new(),
                package_id: bought.package.id.clone(),
                package: bought.package.name.clone(),
                price: bought.price,
                created_at: at,
            })
            .collect();
        let number = identity::transaction_number(self.salt, self.contents.ids, at);
        OrderRecord {
            id: identity::uuid(self.salt, "order", self.contents.ids),
            reference: reference.map(str::to_owned),
            kind,
            total: items.iter().map(|item| item.price).sum(),
            items,
            created_at: at,
            visible_from: later(at, twists.late_visibility),
            first_state: twists
                .order_state
                .clone()
                .map(|(state, lasting)| (state, lasting.after(at))),
            number: Some(format!("B{number}")),
            fingerprint: Some(fingerprint),
        }
    }

    fn charge_of(&self, order: &OrderRecord, answered: bool) -> Result<Charge, Refusal> {
        let balance_after = self.contents.balance - order.total;
        if balance_after < Decimal::ZERO {
            return Err(Refusal::InsufficientBalance {
                missing: -balance_after,
            });
        }
        Ok(Charge {
            seq: self.contents.ledger.len() as u64 + 1,
            at: order.created_at,
            reference: order.reference.clone(),
            order_id: order.id.clone(),
            kind: order.kind,
            amount: order.total,
            balance_after,
            packages: order
                .items
                .iter()
                .map(|item| item.package_id.clone())
                .collect(),
            answered,
        })
    }
}

/// Whether the total is what the caller named, where one was named.
fn check_total(named: Option<Decimal>, order: &OrderRecord) -> Result<(), Refusal> {
    match named {
        Some(named) if named != order.total => Err(Refusal::TotalDiffers { total: order.total }),
        _ => Ok(()),
    }
}

fn allowance(
    item: &ItemRecord,
    bought: &Bought,
    transaction: &str,
    reference: Option<&str>,
) -> Allowance {
    let plan = &bought.package.plan;
    let (sms, minutes) = match plan.talk {
        None => (0, 0),
        Some(Talk::Counted { sms, minutes }) => (sms.into(), minutes.into()),
        Some(Talk::Unlimited) => (u64::from(u32::MAX), u64::from(u32::MAX)),
    };
    let days = bought.days.unwrap_or(1);
    Allowance {
        item: item.clone(),
        days: plan.days * days,
        megabytes: plan
            .megabytes()
            .map(|megabytes| megabytes * u64::from(days)),
        sms,
        minutes,
        transaction: Some(transaction.to_owned()),
        reference: reference.map(str::to_owned),
    }
}

/// So many milliseconds after a moment; [`Timestamp::MAX`] where that is past the end of time.
pub(super) fn later(moment: Timestamp, ms: u64) -> Timestamp {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| moment.checked_add(SignedDuration::from_millis(ms)).ok())
        .unwrap_or(Timestamp::MAX)
}
