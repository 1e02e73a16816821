//! The promises of the ports to what is kept, the order journal, the profile store and the balances.
//!
//! A case takes a [`JournalHarness`] over an *empty* store, sets up its own orders and passes
//! against any journal that keeps the promise. [`journal_suite!`](crate::journal_suite) makes one test that
//! tries them all, and one more that runs the journal beside a [`model`] of the contract: at
//! random, with everything compared after each step.
//!
//! # A journal of your own
//!
//! In `tests/`, with this crate as a dev-dependency; for `ShopJournal` put yours:
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use roamport_conformance::journal::model::{self, Plan};
//! use roamport_conformance::journal::{Handle, JournalHarness, MovableClock};
//! # use roamport_domain::journal::InMemoryJournal as ShopJournal;
//! use roamport_domain::{AccountStore, BalanceStore, EventInbox, OrderJournal, ProfileStore};
//!
//! #[derive(Debug)]
//! struct Shop {
//!     clock: Arc<MovableClock>,
//!     journal: Arc<ShopJournal>,
//! }
//!
//! impl Shop {
//!     // A store that nothing was ever written to: a database or a directory of its own, removed when
//!     // the harness is dropped. Each case makes one, several at once.
//!     async fn empty() -> Self {
//!         let clock = Arc::new(MovableClock::default());
//!         Self { journal: Arc::new(ShopJournal::new(clock.clone())), clock }
//!     }
//! }
//!
//! #[async_trait::async_trait]
//! impl JournalHarness for Shop {
//!     fn journal(&self) -> Arc<dyn OrderJournal> {
//!         self.journal.clone()
//!     }
//!
//!     fn profiles(&self) -> Arc<dyn ProfileStore> {
//!         self.journal.clone()
//!     }
//!
//!     // `None`, the default, where the store knows nothing of accounts.
//!     fn accounts(&self) -> Option<Arc<dyn AccountStore>> {
//!         Some(self.journal.clone())
//!     }
//!
//!     // `None`, the default, where the store keeps no balances.
//!     fn balances(&self) -> Option<Arc<dyn BalanceStore>> {
//!         Some(self.journal.clone())
//!     }
//!
//!     // `None`, the default, where the store remembers no provider events.
//!     fn inbox(&self) -> Option<Arc<dyn EventInbox>> {
//!         Some(self.journal.clone())
//!     }
//!
//!     // The journal's own clock. Where that is the database's, which nobody can move, let the journal
//!     // add an offset that only tests set.
//!     async fn pass(&self, time: Duration) {
//!         self.clock.pass(time);
//!     }
//!
//!     // What a second process sees that opens the same store. A journal in a file or a database opens
//!     // it again here; two handles on one connection would prove nothing.
//!     async fn another(&self) -> Option<Handle> {
//!         Some(Handle::whole(self.journal.clone()))
//!     }
//! }
//!
//! // One `#[test]` for the promises, and one for the model:
//! mod shop_journal {
//!     roamport_conformance::journal_suite!(super::Shop::empty().await);
//! }
//!
//! # fn main() {
//! // Or the model alone, for longer:
//! let plan = Plan { cases: 20, time: None, ..Plan::default() };
//! let report = model::check(&plan, Shop::empty).expect("what the contract says");
//! assert_eq!(report.cases, 20);
//! # }
//! ```
//!
//! - **Read the tally.** Cases that need a second handle, balances or an inbox do not apply where the harness
//!   has none, and the test prints which: a promise that was not tried is not known to be kept.
//!   `journal_suite!(Shop::empty().await, not_applicable = [..])` makes the list exact.
//! - **The clock may run on.** Time is compared between two readings of the journal's clock, so a
//!   database's own clock passes as well as one that stands still.
//! - **Moments** in the samples are whole microseconds, which every database keeps.
//! - **Nothing is promised of speed.** The model stops drawing cases after a few seconds; a store that
//!   takes long to make has fewer of them.

mod accounts;
mod append_at;
mod appending;
mod balances;
mod claims;
mod clock;
mod handles;
mod inbox;
mod lists;
pub mod model;
mod opening;
mod pressure;
mod profiles;
pub mod sample;
mod trial;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use roamport_domain::{AccountStore, BalanceStore, EventInbox, OrderJournal, ProfileStore};

pub use self::append_at::{AppendAt, change_at};
pub use self::clock::MovableClock;
use crate::suite::{Area, Suite};

/// The ports, as one open handle on the store gives them.
#[derive(Clone, Debug)]
pub struct Handle {
    /// The order journal.
    pub journal: Arc<dyn OrderJournal>,
    /// The profile store.
    pub profiles: Arc<dyn ProfileStore>,
    /// What is known of accounts; `None` where the store knows nothing of them.
    pub accounts: Option<Arc<dyn AccountStore>>,
    /// The balances; `None` where the store keeps none.
    pub balances: Option<Arc<dyn BalanceStore>>,
    /// The inbox of provider events; `None` where the store has none.
    pub inbox: Option<Arc<dyn EventInbox>>,
}

impl Handle {
    /// On a store that keeps neither accounts nor balances nor provider events.
    pub fn new(store: Arc<impl OrderJournal + ProfileStore>) -> Self {
        Self {
            journal: Arc::clone(&store) as _,
            profiles: store,
            accounts: None,
            balances: None,
            inbox: None,
        }
    }

    /// On a store that keeps everything.
    pub fn whole(
        store: Arc<impl OrderJournal + ProfileStore + AccountStore + BalanceStore + EventInbox>,
    ) -> Self {
        Self {
            accounts: Some(Arc::clone(&store) as _),
            balances: Some(Arc::clone(&store) as _),
            inbox: Some(Arc::clone(&store) as _),
            ..Self::new(store)
        }
    }
}

/// The journal under test, over an empty store, and power over its clock. The
/// [module](crate::journal) shows one for a journal of your own.
#[async_trait]
pub trait JournalHarness: Debug + Send + Sync {
    /// The journal under test.
    fn journal(&self) -> Arc<dyn OrderJournal>;

    /// The profile store under test.
    fn profiles(&self) -> Arc<dyn ProfileStore>;

    /// What is known of accounts; `None` where the store knows nothing of them. The cases that need it
    /// are then skipped, and say so.
    fn accounts(&self) -> Option<Arc<dyn AccountStore>> {
        None
    }

    /// The balances under test; `None` where the store keeps none. The cases that need them are then
    /// skipped, and say so.
    fn balances(&self) -> Option<Arc<dyn BalanceStore>> {
        None
    }

    /// The inbox of provider events under test; `None` where the store has none. The cases that need
    /// it are then skipped, and say so.
    fn inbox(&self) -> Option<Arc<dyn EventInbox>> {
        None
    }

    /// Lets this much time go by on the journal's clock, the one that
    /// [`OrderJournal::now`] reads, for every handle on the store. A [`MovableClock`] does it at once.
    async fn pass(&self, time: Duration);

    /// A second handle on the same store, as another process would open it; `None` where the store
    /// lives in one process alone. The cases that need it are then skipped, and say so. The model goes
    /// on with it as after a restart, and lets go of the one before; and it has provider events
    /// remembered through two at once.
    async fn another(&self) -> Option<Handle> {
        None
    }
}

/// Every promise of the ports to what is kept.
pub static SUITE: Suite<dyn JournalHarness> = Suite {
    name: "journal_suite!",
    title: "Journals",
    areas: &[
        Area::new("opening", "New orders", opening::PROMISES),
        Area::new("appending", "Events of an order", appending::PROMISES),
        Area::new("claims", "Claims", claims::PROMISES),
        Area::new("lists", "Lists", lists::PROMISES),
        Area::new("pressure", "Pressure", pressure::PROMISES),
        Area::new("profiles", "Profiles", profiles::PROMISES),
        Area::new("accounts", "Accounts at providers", accounts::PROMISES),
        Area::new("balances", "Balances", balances::PROMISES),
        Area::new("inbox", "Provider events", inbox::PROMISES),
        Area::new("handles", "Several handles on one store", handles::PROMISES),
    ],
};

/// Makes one test that tries every promise of the journal and of the stores beside it, several at once, and
/// names each that is broken; and one that runs the journal beside a [`model`](crate::journal::model).
///
/// The expression makes a new [`JournalHarness`](crate::journal::JournalHarness) over an empty
/// store; it is evaluated once for each promise, and for each case of the model, in an async context.
/// There, `?` on a [`Skipped`](crate::Skipped) skips the tests: the server of that journal may not be
/// there. `not_applicable` and `only` are those of [`provider_suite!`](crate::provider_suite). Call the
/// macro inside a module of its own where one file tests several journals.
#[macro_export]
macro_rules! journal_suite {
    ($harness:expr $(, $($options:tt)*)?) => {
        #[test]
        fn the_journal_does_what_a_model_of_the_contract_does() {
            let name = "the_journal_does_what_a_model_of_the_contract_does";
            $crate::journal::model::run(name, async || Ok($harness));
        }

        $crate::suite_test! {
            every_promise_of_the_journal_is_kept,
            $crate::journal::SUITE,
            dyn $crate::journal::JournalHarness;
            $harness $(, $($options)*)?
        }
    };
}
