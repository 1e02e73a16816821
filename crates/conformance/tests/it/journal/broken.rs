//! Journals that break one promise each are noticed by the cases of those promises.

mod flaw;
mod flawed;

use roamport_conformance::Verdict;
use roamport_conformance::journal::{JournalHarness, SUITE};
use roamport_conformance::suite::{Making, Tally};

pub(crate) use self::flaw::Flaw;
pub(crate) use self::flawed::with;

/// A journal with this flaw, as a suite takes it.
pub(crate) fn flawed(flaw: Flaw) -> Making<dyn JournalHarness> {
    Box::pin(async move { Verdict::<Box<dyn JournalHarness>>::Ok(Box::new(with(flaw))) })
}

fn check_broken(names: &[&str], make: fn() -> Making<dyn JournalHarness>) {
    let tally = Tally::of(&SUITE.named(names), make).unwrap();
    assert_eq!(tally.broken.len(), names.len(), "{tally}");
}

/// Asserts that these cases notice these flaws.
macro_rules! noticed {
    ($($test:ident { $($flaw:ident: $($area:ident::$case:ident),+;)+ })*) => {
        $(
            #[test]
            fn $test() {
                $(check_broken(&[$(stringify!($case)),+], || flawed(Flaw::$flaw));)+
            }
        )*
    };
}

noticed! {
    a_journal_without_a_fence_is_noticed {
        NoFence:
            appending::an_append_on_an_old_version_writes_nothing,
            appending::of_many_appends_on_one_version_one_wins;
    }
    a_journal_that_appends_by_parts_is_noticed {
        AppendsByParts:
            appending::a_providers_order_belongs_to_one_order;
    }
    a_journal_that_forgets_fingerprints_is_noticed {
        ForgetsFingerprints:
            opening::a_key_reused_for_something_else_records_nothing;
    }
    a_short_list_is_noticed {
        ShortList:
            lists::the_newest_come_first_and_none_is_missing,
            lists::orders_of_one_moment_are_all_listed;
    }
    a_journal_that_forgets_what_is_due_is_noticed {
        ForgetsDue:
            claims::nothing_is_claimed_before_it_is_due,
            appending::an_append_without_events_sets_the_due_time_alone;
    }
    a_journal_that_renews_what_was_lost_is_noticed {
        RenewsAnything:
            claims::a_claim_that_was_taken_is_lost;
    }
    a_journal_that_is_blind_to_unknown_outcomes_is_noticed {
        BlindToUnknown:
            pressure::pressure_counts_the_last_minute_at_one_provider;
    }
    a_store_that_erases_nothing_is_noticed {
        KeepsProfiles:
            profiles::an_erased_profile_is_gone_and_no_other;
    }
    a_journal_in_which_others_orders_take_up_the_limit_is_noticed {
        SharesTheLimit:
            claims::a_claim_for_one_provider_leaves_the_orders_of_others_alone;
    }
    a_journal_that_claims_the_orders_of_every_provider_is_noticed {
        ClaimsAnything:
            claims::a_claim_for_one_provider_leaves_the_orders_of_others_alone;
    }
    a_journal_that_gives_claims_out_twice_is_noticed {
        ClaimsTwice:
            claims::many_claimers_never_hold_one_order;
    }
    a_journal_that_forgets_keys_is_noticed {
        ForgetsKeys:
            opening::a_hundred_callers_with_one_key_make_one_order;
    }
    a_journal_that_claims_too_early_is_noticed {
        ClaimsTooEarly:
            claims::nothing_is_claimed_before_it_is_due;
    }
    a_journal_that_frees_newer_claims_is_noticed {
        FreesNewerClaims:
            claims::a_lost_claim_frees_nothing;
    }
    a_journal_whose_leases_are_short_is_noticed {
        ShortLeases:
            claims::a_held_order_is_claimed_again_when_its_lease_is_over;
    }
    a_journal_that_wakes_nothing_is_noticed {
        SleepsOn:
            claims::a_woken_order_is_due_at_once,
            handles::an_order_woken_through_one_handle_is_due_through_another;
    }
    a_journal_that_sends_a_woken_order_to_the_end_of_the_line_is_noticed {
        WakesAnew:
            claims::a_woken_order_is_due_at_once;
    }
    an_inbox_that_takes_an_event_twice_at_once_is_noticed {
        RemembersTwiceAtOnce:
            inbox::of_many_who_remember_one_event_one_is_first,
            handles::an_event_is_new_through_one_of_two_handles;
    }
    an_inbox_that_loses_its_events_when_it_is_opened_again_is_noticed {
        LosesEventsWhenOpenedAgain:
            handles::an_event_is_new_through_one_of_two_handles;
    }
    a_journal_that_wakes_orders_at_rest_is_noticed {
        WakesTheDead:
            claims::an_order_at_rest_is_not_woken;
    }
    an_inbox_that_forgets_or_mixes_events_is_noticed {
        ForgetsEvents:
            inbox::an_event_is_new_once,
            inbox::of_many_who_remember_one_event_one_is_first;
        MixesProviders:
            inbox::events_of_another_provider_stay_apart;
        ForgetsNoEvent:
            inbox::events_are_forgotten_by_age_and_number;
    }
    a_store_that_delivers_an_esim_again_is_noticed {
        DeliversAgain:
            profiles::an_esim_is_delivered_to_one_order,
            profiles::an_activation_code_is_delivered_once,
            profiles::of_many_orders_with_one_esim_one_has_it,
            profiles::a_refused_delivery_is_no_duplicate;
        ErasesDeliveries:
            profiles::an_erased_profile_was_still_delivered;
        ForgetsCodes:
            profiles::an_activation_code_is_delivered_once;
    }
    a_store_that_takes_two_esims_of_one_name_for_one_is_noticed {
        MixesAddresses:
            profiles::deliveries_stay_apart_by_provider_address_and_epoch;
    }
    a_journal_that_claims_too_few_or_too_many_accounts_is_noticed {
        LeavesOthersForEver:
            claims::the_orders_of_another_account_are_claimed_when_they_are_overdue;
        ClaimsForAll:
            claims::the_orders_of_another_account_are_claimed_when_they_are_overdue;
        ForgetsConfirmations:
            claims::the_orders_of_another_account_are_claimed_when_they_are_overdue;
    }
    a_store_that_cannot_tell_accounts_is_noticed {
        DigestsAnew:
            accounts::credentials_have_one_digest,
            handles::an_account_is_the_same_through_two_handles;
        ForgetsConfirmations:
            accounts::confirmed_accounts_are_the_same;
    }
    a_store_that_knows_the_wrong_order_is_noticed {
        KnowsTheAsker:
            accounts::the_known_order_is_the_newest_of_the_account;
        KnowsNoOrder:
            accounts::the_known_order_is_the_newest_of_the_account,
            accounts::a_purchase_that_was_found_counts_as_placed;
    }
    a_store_that_adds_up_too_little_is_noticed {
        MissesWhatIsInFlight:
            accounts::spending_names_every_call_of_the_span,
            accounts::a_call_belongs_to_the_account_that_sent_it;
        MissesRefunds:
            accounts::refunds_are_those_of_canceled_esims;
    }
    a_store_that_holds_or_counts_wrongly_is_noticed {
        HoldsTwice:
            accounts::a_hold_stands_until_it_is_lifted;
        HoldsForEver:
            accounts::a_hold_stands_until_it_is_lifted;
        CountsWitnessesTwice:
            accounts::witnesses_are_counted_by_order;
        KeepsTheFirstProbe:
            accounts::the_last_probe_of_an_account_is_kept;
    }
}
