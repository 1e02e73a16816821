//! The promises of the ports to what is kept, the order journal, the profile store and the balances:
//! one `async fn` each.
//!
//! A case takes a [`JournalHarness`] over an *empty* store, sets up its own orders and passes
//! against any journal that keeps the promise. [`journal_suite!`](crate::journal_suite) makes a test
//! of each, under its name, and one more that runs the journal beside a [`model`] of the contract: at
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
//! use roamport_conformance::journal::{Handle, JournalHarness, MovableClock, claims};
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
//! // One `#[test]` for each promise, and one for the model:
//! mod shop_journal {
//!     roamport_conformance::journal_suite!(super::Shop::empty().await);
//! }
//!
//! # fn main() {
//! // Or one promise by itself:
//! roamport_conformance::run("lost claims", async {
//!     claims::a_lost_claim_frees_nothing(&Shop::empty().await).await
//! });
//!
//! // Or the model alone, for longer:
//! let plan = Plan { cases: 20, time: None, ..Plan::default() };
//! let report = model::check(&plan, Shop::empty).expect("what the contract says");
//! assert_eq!(report.cases, 20);
//! # }
//! ```
//!
//! - **Read the tally.** Cases that need a second handle, balances or an inbox pass where the harness has
//!   none, and `the_tally_of_the_journal_is_told` names them: a promise that was not tried is not known to
//!   be kept. `journal_suite!(Shop::empty().await, not_applicable = [..])` makes the list exact.
//! - **The clock may run on.** Time is compared between two readings of the journal's clock, so a
//!   database's own clock passes as well as one that stands still.
//! - **Moments** in the samples are whole microseconds, which every database keeps.
//! - **Nothing is promised of speed.** The model stops drawing cases after a few seconds; a store that
//!   takes long to make has fewer of them.

pub mod accounts;
mod append_at;
pub mod appending;
pub mod balances;
pub mod claims;
mod clock;
pub mod handles;
pub mod inbox;
pub mod lists;
pub mod model;
pub mod opening;
pub mod pressure;
pub mod profiles;
pub mod sample;
mod trial;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use roamport_domain::{AccountStore, BalanceStore, EventInbox, OrderJournal, ProfileStore};

pub use self::append_at::{AppendAt, change_at};
pub use self::clock::MovableClock;

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

/// Makes one test for each promise of the journal and of the profile store, under the promise's
/// name, and one that runs the journal beside a [`model`](crate::journal::model) of the contract.
///
/// The expression makes a new [`JournalHarness`](crate::journal::JournalHarness) over an empty
/// store; it is evaluated once for each test, and for each case of the model, in an async context.
/// There, `?` on a [`Stopped::Skipped`](crate::Stopped::Skipped) skips the test: the server of that
/// journal may not be there. One test more tells the [tally](crate::suite::Tally); with
/// `not_applicable = [..]` behind the harness, the names of the promises that need not apply, it is exact. Call the macro inside a module of its own where one file tests several
/// journals.
#[macro_export]
macro_rules! journal_suite {
    ($harness:expr $(,)?) => {
        $crate::journal_suite! { @suite ($harness) (None) }
    };
    ($harness:expr, not_applicable = $names:expr $(,)?) => {
        $crate::journal_suite! { @suite ($harness) ($crate::suite::exactly($names)) }
    };
    (@suite $harness:tt $listed:tt) => {
        #[test]
        fn the_journal_does_what_a_model_of_the_contract_does() {
            let name = "the_journal_does_what_a_model_of_the_contract_does";
            $crate::journal::model::run(name, async || Ok($harness));
        }
        $crate::journal_suite! { @tests $harness $listed
            opening {
                a_new_wish_is_recorded
                a_new_order_is_due_at_once
                a_known_key_gives_its_order
                a_key_reused_for_something_else_records_nothing
                a_key_lives_as_long_as_its_order
                a_hundred_callers_with_one_key_make_one_order
                a_reference_belongs_to_one_order
                an_order_is_found_by_its_key
                an_unknown_order_is_not_found
            }
            appending {
                events_are_kept_in_order_with_version_and_time
                a_whole_life_is_read_back
                an_append_on_an_old_version_writes_nothing
                of_many_appends_on_one_version_one_wins
                an_append_without_events_sets_the_due_time_alone
                an_append_needs_no_claim
                a_providers_order_belongs_to_one_order
                appends_to_many_orders_at_once_are_all_kept
            }
            claims {
                the_longest_due_is_claimed_first_up_to_the_limit
                nothing_is_claimed_before_it_is_due
                an_order_that_waits_for_a_person_is_not_claimed
                a_claim_for_one_provider_leaves_the_orders_of_others_alone
                a_held_order_is_claimed_again_when_its_lease_is_over
                many_claimers_never_hold_one_order
                one_order_is_claimed_due_or_not_unless_it_is_held
                a_renewed_claim_lasts_from_now
                a_claim_that_was_taken_is_lost
                a_released_order_is_free_at_once
                a_lost_claim_frees_nothing
                a_woken_order_is_due_at_once
                an_order_at_rest_is_not_woken
                the_orders_of_another_account_are_claimed_when_they_are_overdue
            }
            lists {
                an_empty_journal_lists_nothing
                the_newest_come_first_and_none_is_missing
                orders_of_one_moment_are_all_listed
                a_list_says_what_each_order_says
                lists_are_filtered_exactly
                a_filter_follows_what_happens
            }
            pressure {
                pressure_counts_the_last_minute_at_one_provider
                pressure_follows_what_becomes_of_an_attempt
                an_order_of_unknown_outcome_counts_while_its_last_call_is_recent
                the_journals_clock_goes_on
            }
            profiles {
                a_profile_is_found_by_either_name
                a_kept_profile_takes_the_place_of_an_older_one
                an_id_goes_before_a_card_number
                an_erased_profile_is_gone_and_no_other
                a_profile_belongs_to_its_provider
                an_esim_is_delivered_to_one_order
                an_activation_code_is_delivered_once
                an_erased_profile_was_still_delivered
                deliveries_stay_apart_by_provider_address_and_epoch
                of_many_orders_with_one_esim_one_has_it
                a_refused_delivery_is_no_duplicate
            }
            accounts {
                credentials_have_one_digest
                confirmed_accounts_are_the_same
                the_known_order_is_the_newest_of_the_account
                a_purchase_that_was_found_counts_as_placed
                spending_names_every_call_of_the_span
                a_call_belongs_to_the_account_that_sent_it
                refunds_are_those_of_canceled_esims
                witnesses_are_counted_by_order
                a_hold_stands_until_it_is_lifted
                the_last_probe_of_an_account_is_kept
            }
            balances {
                readings_are_kept_whole_and_read_back_oldest_first
                readings_of_another_wallet_stay_apart
            }
            inbox {
                an_event_is_new_once
                of_many_who_remember_one_event_one_is_first
                events_of_another_provider_stay_apart
                events_are_forgotten_by_age_and_number
            }
            handles {
                another_handle_sees_what_was_written
                two_handles_fence_each_other
                two_handles_never_hold_one_order
                one_key_through_two_handles_makes_one_order
                an_order_woken_through_one_handle_is_due_through_another
                an_event_is_new_through_one_of_two_handles
                an_account_is_the_same_through_two_handles
            }
        }
    };
    (@tests $harness:tt $listed:tt $($area:ident { $($case:ident)* })*) => {
        #[cfg(test)]
        fn a_new_journal_harness() -> $crate::suite::Making<dyn $crate::journal::JournalHarness> {
            Box::pin(async {
                let harness = $harness;
                $crate::Verdict::<Box<dyn $crate::journal::JournalHarness>>::Ok(Box::new(harness))
            })
        }

        #[test]
        fn the_tally_of_the_journal_is_told() {
            let cases: &[$crate::suite::Case<dyn $crate::journal::JournalHarness>] = &[
                $($((
                    stringify!($case),
                    |harness| Box::pin($crate::journal::$area::$case(harness)),
                ),)*)*
            ];
            $crate::suite::tell("journal_suite", a_new_journal_harness, cases, $listed);
        }

        $($(
            #[test]
            fn $case() {
                $crate::suite::run_case(
                    stringify!($case),
                    a_new_journal_harness,
                    |harness| Box::pin($crate::journal::$area::$case(harness)),
                );
            }
        )*)*
    };
}
