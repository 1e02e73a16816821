//! Journals that break one promise each are noticed by the cases of those promises.

mod flawed;

use roamport_conformance::journal::{
    appending, claims, handles, inbox, lists, opening, pressure, profiles,
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
    check(&appending::an_illegal_event_writes_nothing(&with(Flaw::AppendsByParts)).await);
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
