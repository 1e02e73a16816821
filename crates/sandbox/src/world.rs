//! The simulated world: one handle on catalogue, wallet, orders, eSIMs, ledger, faults and clock.

mod account;
mod builder;
mod contents;
mod control;
mod ending;
mod identity;
mod lifecycle;
mod notice;
mod outbox;
mod purchase;
mod record;
mod refusal;
mod request;
mod search;
mod telling;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use roamport_domain::Clock;
use rust_decimal::Decimal;
use secrecy::SecretString;

pub(crate) use self::builder::amount;
pub use self::builder::{USUAL_PACKAGES, USUAL_SECRET_KEY, USUAL_TOKEN, WorldBuilder};
use self::contents::Event;
use self::contents::{Contents, Pace};
pub use self::identity::SMDP_ADDRESS;
pub use self::lifecycle::ApplyTarget;
pub(crate) use self::notice::Notice;
pub use self::notice::{Hook, NoticeKind};
pub use self::record::{
    Allowance, EsimRecord, EsimState, ItemRecord, OrderRecord, Profile, UsageDay,
};
pub use self::refusal::{Refusal, WorldError};
pub use self::request::{OrderDetails, Profiles, Purchase, PurchaseLine, TopUpDetails};
pub use self::search::OrderSearch;
use crate::catalogue::Catalogue;
use crate::fault::{Operation, Plan, plan};
use crate::ledger::Charge;
use crate::state::Log;

/// A simulated provider. Cloning gives another handle on the same world.
///
/// Every method takes a short lock, and the file's lock where the world is kept in one. The methods
/// fail only where that file cannot be used, unless they say more.
#[derive(Clone)]
pub struct World {
    inner: Arc<Inner>,
    /// Whose orders and wallet this handle sees; those of the world's own token where none is named.
    account: Option<Arc<str>>,
    /// How far behind this handle sees the world.
    lag: SignedDuration,
}

struct Inner {
    catalogue: Catalogue,
    seed: u64,
    salt: String,
    token: SecretString,
    secret_key: SecretString,
    base: Base,
    cut: Option<String>,
    live: Mutex<Live>,
    calls: [AtomicU64; Operation::COUNT],
}

/// The clock that the world's own one follows.
#[derive(Debug)]
enum Base {
    System,
    Given(Arc<dyn Clock>),
}

impl Base {
    #[expect(
        clippy::disallowed_methods,
        reason = "a stand-alone sandbox is the outermost program: here its time comes from the machine"
    )]
    fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Given(clock) => clock.now(),
        }
    }
}

struct Live {
    /// What belongs to the world's own token.
    contents: Contents,
    /// What belongs to further accounts, by their tokens.
    others: BTreeMap<String, Contents>,
    log: Option<Log>,
    /// What is in memory may differ from the file: read it again from the beginning.
    stale: bool,
}

/// One atomic piece of work: sees everything that others wrote, and is written as one line.
struct Transaction<'a> {
    catalogue: &'a Catalogue,
    salt: &'a str,
    account: Option<&'a str>,
    contents: &'a mut Contents,
    /// What time it is, or was, as far behind as this transaction sees.
    now: Timestamp,
    lagging: bool,
    /// Kept only where there is a file to write them to.
    events: Option<Vec<Event>>,
    /// Those that happen to every account.
    shared: Vec<Event>,
}

impl Transaction<'_> {
    /// Lets a change happen, and makes the events that belong to it.
    fn commit(&mut self, event: Event) {
        let notices = self.notices_of(&event);
        self.record(event);
        if !notices.is_empty() {
            self.record(Event::Posted(notices));
        }
    }

    /// The wallet; where this transaction lags behind, without the charges and refunds since.
    fn balance(&self) -> Decimal {
        let Contents {
            balance,
            ledger,
            refunds,
            ..
        } = &*self.contents;
        if !self.lagging {
            return *balance;
        }
        let charged = ledger.iter().filter(|charge| charge.at > self.now);
        let refunded = refunds.iter().filter(|refund| refund.at > self.now);
        let charged: Decimal = charged.map(|charge| charge.amount).sum();
        balance + charged - refunded.map(|refund| refund.amount).sum::<Decimal>()
    }

    fn record(&mut self, event: Event) {
        let shared = event.is_shared();
        if let Some(events) = &mut self.events {
            let event = event.clone();
            events.push(match self.account {
                Some(account) if !shared => Event::Of {
                    account: account.to_owned(),
                    event: Box::new(event),
                },
                _ => event,
            });
        }
        if shared {
            self.shared.push(event.clone());
        }
        self.contents.apply(event);
    }
}

impl World {
    /// A world with everything as usual but what is set here.
    pub fn builder() -> WorldBuilder {
        WorldBuilder::default()
    }

    /// The price list.
    pub fn catalogue(&self) -> &Catalogue {
        &self.inner.catalogue
    }

    /// What was missing at the end of the state file when this world was opened, in a sentence that names
    /// it: then charges may be missing, too. `None` where nothing was, and without a file.
    pub fn cut(&self) -> Option<&str> {
        self.inner.cut.as_deref()
    }

    /// The seed of the price list.
    pub fn seed(&self) -> u64 {
        self.inner.seed
    }

    /// The bearer token of the first dialect, and the access code of the second.
    pub fn token(&self) -> &SecretString {
        &self.inner.token
    }

    /// What signed requests of the second dialect are signed with.
    pub fn secret_key(&self) -> &SecretString {
        &self.inner.secret_key
    }

    /// What time it is in this world.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn now(&self) -> Result<Timestamp, WorldError> {
        self.transact(|transaction| Ok(transaction.now))
    }

    /// What time it is outside: on the clock that this world's own follows.
    pub(crate) fn real_now(&self) -> Timestamp {
        self.inner.base.now()
    }

    /// What is left in the wallet, in US dollars.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn balance(&self) -> Result<Decimal, WorldError> {
        self.transact(|transaction| Ok(transaction.balance()))
    }

    /// Sets the wallet, in US dollars.
    ///
    /// # Errors
    ///
    /// [`WorldError::Amount`] for less than nothing.
    pub fn set_balance(&self, balance: Decimal) -> Result<(), WorldError> {
        if balance < Decimal::ZERO {
            return Err(WorldError::Amount(balance.to_string()));
        }
        self.commit(Event::Balance(balance))
    }

    /// Adds to the wallet (takes from it, if negative) and gives what is then in it.
    ///
    /// # Errors
    ///
    /// [`WorldError::Amount`] where less than nothing would be left.
    pub fn add_balance(&self, amount: Decimal) -> Result<Decimal, WorldError> {
        self.transact(|transaction| {
            let sum = transaction.contents.balance + amount;
            if sum < Decimal::ZERO {
                return Err(WorldError::Amount(sum.to_string()));
            }
            transaction.commit(Event::Balance(sum));
            Ok(sum)
        })
    }

    /// Every charge there ever was, oldest first.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn ledger(&self) -> Result<Vec<Charge>, WorldError> {
        self.transact(|transaction| Ok(transaction.contents.ledger.clone()))
    }

    /// The charges under one reference, oldest first. More than one is a double charge.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn charges_for(&self, reference: &str) -> Result<Vec<Charge>, WorldError> {
        let mut charges = self.ledger()?;
        charges.retain(|charge| charge.reference.as_deref() == Some(reference));
        Ok(charges)
    }

    /// Everything as it was at the beginning: wallet, ledger, orders, eSIMs, faults, switches, clock.
    /// Ids that were given out do not come back.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn reset(&self) -> Result<(), WorldError> {
        self.commit(Event::Reset)
    }

    /// How often an operation was called, through this handle and its clones, since they were made.
    pub fn calls(&self, operation: Operation) -> u64 {
        self.inner.calls[operation as usize].load(Ordering::Relaxed)
    }

    /// Counts a call and takes the faults that apply to it off the list.
    pub(crate) fn draw(&self, operation: Operation) -> Result<Plan, WorldError> {
        self.inner.calls[operation as usize].fetch_add(1, Ordering::Relaxed);
        self.transact(|transaction| {
            let (plan, left) = plan(&transaction.contents.rules, operation);
            if let Some(left) = left {
                transaction.commit(Event::Rules(left));
            }
            let (mut rotated, mut inserted) =
                (transaction.contents.rotated, transaction.contents.inserted);
            for (by, insert) in &plan.moves {
                let moved = if *insert { &mut inserted } else { &mut rotated };
                *moved = moved.saturating_add(*by);
            }
            if !plan.moves.is_empty() {
                transaction.commit(Event::Moved { rotated, inserted });
            }
            Ok(plan)
        })
    }

    /// The same world as a call with these faults sees it.
    pub(crate) fn seen_by(&self, plan: &Plan) -> Self {
        let ms = i64::try_from(plan.stale).unwrap_or(i64::MAX);
        Self {
            inner: Arc::clone(&self.inner),
            account: self.account.clone(),
            lag: SignedDuration::from_millis(ms),
        }
    }

    fn commit(&self, event: Event) -> Result<(), WorldError> {
        self.transact(|transaction| {
            transaction.commit(event);
            Ok(())
        })
    }

    fn transact<T>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, WorldError>,
    ) -> Result<T, WorldError> {
        let mut live = self
            .inner
            .live
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = &live.log {
            log.lock()?;
        }
        let there = live.log.as_ref().map_or(Ok(()), Log::still_there);
        let result = match there {
            Ok(()) => self.inner.locked(&mut live, self, work),
            Err(error) => Err(error.into()),
        };
        if let Some(log) = &live.log {
            log.unlock()?;
        }
        result
    }
}

impl Inner {
    fn locked<T>(
        &self,
        live: &mut Live,
        seen: &World,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, WorldError>,
    ) -> Result<T, WorldError> {
        live.catch_up()?;
        let account = seen.account.as_deref();
        let keeps = live.log.is_some();
        let contents = live.of(account);
        let mut transaction = Transaction {
            catalogue: &self.catalogue,
            salt: &match account {
                None => Cow::Borrowed(self.salt.as_str()),
                Some(account) => Cow::Owned(format!("{} {account}", self.salt)),
            },
            account,
            now: time(contents.pace, &self.base),
            lagging: !seen.lag.is_zero(),
            contents,
            events: keeps.then(Vec::new),
            shared: Vec::new(),
        };
        transaction.settle();
        let now = transaction.now;
        transaction.now = now.checked_sub(seen.lag).unwrap_or(now);
        let result = work(&mut transaction);
        let Transaction { events, shared, .. } = transaction;
        let events = events.unwrap_or_default();
        for event in shared {
            live.share(event, account);
        }
        if let (Some(log), false) = (&mut live.log, events.is_empty()) {
            let durable = events.iter().any(Event::moves_money);
            if let Err(error) = log.append(&events, durable) {
                live.stale = true;
                return Err(error.into());
            }
        }
        result
    }
}

impl Live {
    fn catch_up(&mut self) -> Result<(), WorldError> {
        let Some(log) = &mut self.log else {
            return Ok(());
        };
        if self.stale {
            log.rewind()?;
            self.contents = self.contents.begun();
            self.others.clear();
            self.stale = false;
        }
        match log.catch_up() {
            Ok(events) => {
                for event in events {
                    self.replay(event);
                }
                Ok(())
            }
            Err(error) => {
                self.stale = true;
                Err(error.into())
            }
        }
    }
}

fn time(pace: Pace, base: &Base) -> Timestamp {
    match pace {
        Pace::Ahead(ahead) => {
            let real = base.now();
            real.checked_add(ahead).unwrap_or(real)
        }
        Pace::Frozen(at) => at,
    }
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("World")
            .field("seed", &self.inner.seed)
            .field("packages", &self.inner.catalogue.len())
            .finish_non_exhaustive()
    }
}
