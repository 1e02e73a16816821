//! Journals that break one promise each are noticed by the cases of those promises.

mod flawed;

use roamport_conformance::journal::{
    accounts, appending, claims, handles, inbox, lists, opening, pressure, profiles,
};
use roamport_conformance::{Stopped, Verdict};

pub(crate) use self::flawed::{Flaw, with};

#[track_caller]
fn check(verdict: &Verdict) {
    assert!(
        verdict.as_ref().is_err_and(Stopped::is_broken),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn a_journal_without_a_fence_is_noticed() {
    check(&appending::an_append_on_an_old_version_writes_nothing(&with(Flaw::NoFence)).await);
    check(&appending::of_many_appends_on_one_version_one_wins(&with(Flaw::NoFence)).await);
}

#[tokio::test]
async fn a_journal_that_appends_by_parts_is_noticed() {
    check(&appending::a_providers_order_belongs_to_one_order(&with(Flaw::AppendsByParts)).await);
}

#[tokio::test]
async fn a_journal_that_forgets_fingerprints_is_noticed() {
    let harness = with(Flaw::ForgetsFingerprints);
    check(&opening::a_key_reused_for_something_else_records_nothing(&harness).await);
}

#[tokio::test]
async fn a_short_list_is_noticed() {
    check(&lists::the_newest_come_first_and_none_is_missing(&with(Flaw::ShortList)).await);
    check(&lists::orders_of_one_moment_are_all_listed(&with(Flaw::ShortList)).await);
}

#[tokio::test]
async fn a_journal_that_forgets_what_is_due_is_noticed() {
    check(&claims::nothing_is_claimed_before_it_is_due(&with(Flaw::ForgetsDue)).await);
    check(
        &appending::an_append_without_events_sets_the_due_time_alone(&with(Flaw::ForgetsDue)).await,
    );
}

#[tokio::test]
async fn a_journal_that_renews_what_was_lost_is_noticed() {
    check(&claims::a_claim_that_was_taken_is_lost(&with(Flaw::RenewsAnything)).await);
}

#[tokio::test]
async fn a_journal_that_is_blind_to_unknown_outcomes_is_noticed() {
    let harness = with(Flaw::BlindToUnknown);
    check(&pressure::pressure_counts_the_last_minute_at_one_provider(&harness).await);
}

#[tokio::test]
async fn a_store_that_erases_nothing_is_noticed() {
    check(&profiles::an_erased_profile_is_gone_and_no_other(&with(Flaw::KeepsProfiles)).await);
}

#[tokio::test]
async fn a_journal_in_which_others_orders_take_up_the_limit_is_noticed() {
    let harness = with(Flaw::SharesTheLimit);
    check(&claims::a_claim_for_one_provider_leaves_the_orders_of_others_alone(&harness).await);
}

#[tokio::test]
async fn a_journal_that_claims_the_orders_of_every_provider_is_noticed() {
    let harness = with(Flaw::ClaimsAnything);
    check(&claims::a_claim_for_one_provider_leaves_the_orders_of_others_alone(&harness).await);
}

#[tokio::test]
async fn a_journal_that_gives_claims_out_twice_is_noticed() {
    check(&claims::many_claimers_never_hold_one_order(&with(Flaw::ClaimsTwice)).await);
}

#[tokio::test]
async fn a_journal_that_forgets_keys_is_noticed() {
    check(&opening::a_hundred_callers_with_one_key_make_one_order(&with(Flaw::ForgetsKeys)).await);
}

#[tokio::test]
async fn a_journal_that_claims_too_early_is_noticed() {
    check(&claims::nothing_is_claimed_before_it_is_due(&with(Flaw::ClaimsTooEarly)).await);
}

#[tokio::test]
async fn a_journal_that_frees_newer_claims_is_noticed() {
    check(&claims::a_lost_claim_frees_nothing(&with(Flaw::FreesNewerClaims)).await);
}

#[tokio::test]
async fn a_journal_whose_leases_are_short_is_noticed() {
    let harness = with(Flaw::ShortLeases);
    check(&claims::a_held_order_is_claimed_again_when_its_lease_is_over(&harness).await);
}

#[tokio::test]
async fn a_journal_that_wakes_nothing_is_noticed() {
    check(&claims::a_woken_order_is_due_at_once(&with(Flaw::SleepsOn)).await);
    let harness = with(Flaw::SleepsOn);
    check(&handles::an_order_woken_through_one_handle_is_due_through_another(&harness).await);
}

#[tokio::test]
async fn a_journal_that_sends_a_woken_order_to_the_end_of_the_line_is_noticed() {
    check(&claims::a_woken_order_is_due_at_once(&with(Flaw::WakesAnew)).await);
}

#[tokio::test]
async fn an_inbox_that_takes_an_event_twice_at_once_is_noticed() {
    let harness = with(Flaw::RemembersTwiceAtOnce);
    check(&inbox::of_many_who_remember_one_event_one_is_first(&harness).await);
    check(&handles::an_event_is_new_through_one_of_two_handles(&harness).await);
}

#[tokio::test]
async fn an_inbox_that_loses_its_events_when_it_is_opened_again_is_noticed() {
    let harness = with(Flaw::LosesEventsWhenOpenedAgain);
    check(&handles::an_event_is_new_through_one_of_two_handles(&harness).await);
}

#[tokio::test]
async fn a_journal_that_wakes_orders_at_rest_is_noticed() {
    check(&claims::an_order_at_rest_is_not_woken(&with(Flaw::WakesTheDead)).await);
}

#[tokio::test]
async fn an_inbox_that_forgets_or_mixes_events_is_noticed() {
    let forgetful = with(Flaw::ForgetsEvents);
    check(&inbox::an_event_is_new_once(&forgetful).await);
    check(&inbox::of_many_who_remember_one_event_one_is_first(&forgetful).await);
    check(&inbox::events_of_another_provider_stay_apart(&with(Flaw::MixesProviders)).await);
    let hoarding = with(Flaw::ForgetsNoEvent);
    check(&inbox::events_are_forgotten_by_age_and_number(&hoarding).await);
}

#[tokio::test]
async fn a_store_that_delivers_an_esim_again_is_noticed() {
    let again = || with(Flaw::DeliversAgain);
    check(&profiles::an_esim_is_delivered_to_one_order(&again()).await);
    check(&profiles::an_activation_code_is_delivered_once(&again()).await);
    check(&profiles::of_many_orders_with_one_esim_one_has_it(&again()).await);
    check(&profiles::a_refused_delivery_is_no_duplicate(&again()).await);
    let forgetful = with(Flaw::ErasesDeliveries);
    check(&profiles::an_erased_profile_was_still_delivered(&forgetful).await);
    let blind = with(Flaw::ForgetsCodes);
    check(&profiles::an_activation_code_is_delivered_once(&blind).await);
}

#[tokio::test]
async fn a_store_that_takes_two_esims_of_one_name_for_one_is_noticed() {
    let mixed = with(Flaw::MixesAddresses);
    check(&profiles::deliveries_stay_apart_by_provider_address_and_epoch(&mixed).await);
}

#[tokio::test]
async fn a_journal_that_claims_too_few_or_too_many_accounts_is_noticed() {
    for flaw in [
        Flaw::LeavesOthersForEver,
        Flaw::ClaimsForAll,
        Flaw::ForgetsConfirmations,
    ] {
        let harness = with(flaw);
        check(
            &claims::the_orders_of_another_account_are_claimed_when_they_are_overdue(&harness)
                .await,
        );
    }
}

#[tokio::test]
async fn a_store_that_cannot_tell_accounts_is_noticed() {
    let anew = || with(Flaw::DigestsAnew);
    check(&accounts::credentials_have_one_digest(&anew()).await);
    check(&handles::an_account_is_the_same_through_two_handles(&anew()).await);
    let apart = with(Flaw::ForgetsConfirmations);
    check(&accounts::confirmed_accounts_are_the_same(&apart).await);
}

#[tokio::test]
async fn a_store_that_knows_the_wrong_order_is_noticed() {
    let asker = with(Flaw::KnowsTheAsker);
    check(&accounts::the_known_order_is_the_newest_of_the_account(&asker).await);
    let nobody = || with(Flaw::KnowsNoOrder);
    check(&accounts::the_known_order_is_the_newest_of_the_account(&nobody()).await);
    check(&accounts::a_purchase_that_was_found_counts_as_placed(&nobody()).await);
}

#[tokio::test]
async fn a_store_that_adds_up_too_little_is_noticed() {
    let in_flight = || with(Flaw::MissesWhatIsInFlight);
    check(&accounts::spending_names_every_call_of_the_span(&in_flight()).await);
    check(&accounts::a_call_belongs_to_the_account_that_sent_it(&in_flight()).await);
    let refunds = with(Flaw::MissesRefunds);
    check(&accounts::refunds_are_those_of_canceled_esims(&refunds).await);
}

#[tokio::test]
async fn a_store_that_holds_or_counts_wrongly_is_noticed() {
    let twice = with(Flaw::CountsWitnessesTwice);
    check(&accounts::witnesses_are_counted_by_order(&twice).await);
    for flaw in [Flaw::HoldsTwice, Flaw::HoldsForEver] {
        check(&accounts::a_hold_stands_until_it_is_lifted(&with(flaw)).await);
    }
    let first = with(Flaw::KeepsTheFirstProbe);
    check(&accounts::the_last_probe_of_an_account_is_kept(&first).await);
}
