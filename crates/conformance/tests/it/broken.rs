//! A provider that breaks a promise fails the case of that promise, and the sentence says how.

mod cheat;
mod liar;
mod lie;

use roamport_domain::provider::{Line, Purchase, PurchaseRequest};
use std::sync::Arc;

use async_trait::async_trait;
use roamport_conformance::provider::SUITE;
use roamport_conformance::suite::{Making, Tally};
use roamport_conformance::{ProviderHarness, Verdict};
use roamport_domain::EsimProvider;

use self::cheat::{Trick, cheat};
use self::liar::liar;
use self::lie::Lie;
use crate::sandbox::accepting;
use crate::world::WorldHarness;

/// Asserts that each case finds this lie, or this trick, out.
macro_rules! found_out {
    ($made_by:ident $kind:ident: $($test:ident: $lie:ident, $($area:ident::$case:ident),+;)*) => {
        $(
            #[test]
            fn $test() {
                let make = || boxed($made_by($kind::$lie));
                check_broken(&[$(stringify!($case)),+], make);
            }
        )*
    };
}

/// A harness as a suite takes it.
fn boxed(harness: impl ProviderHarness + 'static) -> Making<dyn ProviderHarness> {
    Box::pin(async { Verdict::<Box<dyn ProviderHarness>>::Ok(Box::new(harness)) })
}

/// The lines of an order, to change; none of a top-up.
fn lines(purchase: &mut Purchase) -> &mut [Line] {
    match &mut purchase.request {
        PurchaseRequest::PlaceOrder { lines, .. } => lines,
        PurchaseRequest::TopUp { .. } => &mut [],
    }
}

fn check_broken(names: &[&str], make: fn() -> Making<dyn ProviderHarness>) {
    let tally = Tally::of(&SUITE.named(names), make).unwrap();
    assert_eq!(tally.broken.len(), names.len(), "{tally}");
}

found_out! {
    liar Lie:
    a_provider_that_charges_twice_is_found_out: ChargesTwice,
        orders::an_order_charges_once,
        orders::an_order_is_found_by_its_reference,
        top_up::a_top_up_charges_once_and_is_found,
        balance::the_balance_falls_by_exactly_the_total;
    a_provider_that_sends_outside_the_window_is_found_out: SendsLate,
        orders::a_closed_window_sends_no_order,
        top_up::a_closed_window_sends_no_top_up;
    a_provider_that_hides_a_doubt_is_found_out: HidesADoubt,
        orders::a_lost_reply_is_ambiguous_and_the_order_is_found,
        orders::a_servers_failure_after_the_charge_is_ambiguous,
        orders::an_unreadable_reply_to_an_order_is_ambiguous,
        top_up::a_lost_reply_to_a_top_up_is_ambiguous,
        provisioning::a_lost_reply_of_provisioning_is_ambiguous;
    a_provider_that_repeats_a_purchase_is_found_out: RepeatsOnAnError,
        orders::a_lost_reply_is_ambiguous_and_the_order_is_found,
        orders::an_order_that_never_arrived_is_not_found,
        orders::an_order_refused_for_its_rate_is_not_charged;
    a_provider_that_loses_orders_is_found_out: LosesOrders,
        orders::an_order_is_found_by_its_reference,
        orders::an_order_is_found_by_its_id,
        orders::an_order_is_found_by_its_time,
        orders::a_lost_reply_is_ambiguous_and_the_order_is_found,
        provisioning::provisioning_ends_in_a_ready_esim;
    a_provider_that_finds_other_orders_is_found_out: FindsTooMuch,
        orders::an_order_is_found_by_its_reference,
        orders::a_reference_never_used_finds_nothing;
    a_provider_that_names_every_order_as_it_was_asked_is_found_out: NamesTheReferenceAskedFor,
        orders::an_order_found_names_its_own_reference;
    a_provider_whose_look_ups_are_cut_is_found_out: CutsLookUps,
        orders::a_reference_never_used_finds_nothing;
    a_provider_with_a_short_catalogue_is_found_out: ShortensTheCatalogue,
        catalogue::a_catalogue_is_complete;
    a_provider_that_repeats_a_package_is_found_out: RepeatsAPackage,
        catalogue::a_package_is_listed_once,
        catalogue::a_catalogue_is_complete;
    a_provider_that_ignores_filters_is_found_out: IgnoresFilters,
        catalogue::filters_are_exact,
        catalogue::a_country_has_all_its_packages_and_no_others,
        catalogue::a_destination_has_exactly_its_packages,
        catalogue::every_package_lies_in_a_listed_destination,
        top_up::top_ups_are_listed_once_and_filtered_exactly;
    a_provider_that_is_quietly_short_is_found_out: SwallowsErrors,
        catalogue::a_listing_is_never_quietly_short,
        catalogue::a_listing_survives_a_page_that_fails_for_a_moment;
    a_provider_that_gives_up_on_a_passing_failure_is_found_out: EndsOnAPassingFailure,
        catalogue::a_listing_survives_a_page_that_fails_for_a_moment;
    a_provider_whose_listings_do_not_end_is_found_out: SpeaksAfterTheEnd,
        catalogue::an_ended_listing_stays_ended;
    a_provider_that_rounds_money_is_found_out: RoundsMoney,
        catalogue::a_price_keeps_every_decimal,
        prices::a_price_of_many_decimals_is_charged_exactly,
        balance::the_balance_is_exact,
        balance::the_balance_falls_by_exactly_the_total;
    a_provider_whose_reads_are_in_doubt_is_found_out: SaysReadsAreInDoubt,
        errors::a_failed_read_is_never_ambiguous,
        provisioning::an_unknown_esim_is_not_found;
    a_provider_whose_errors_name_another_call_is_found_out: NamesAnotherCall,
        errors::an_error_names_its_provider_and_its_call;
    a_provider_that_shows_its_token_is_found_out: ShowsItsToken,
        secrets::errors_show_no_secret;
    a_provider_that_lies_about_what_it_can_is_found_out: CallsEverythingUnsupported,
        usage::usage_is_read_and_its_figures_are_possible,
        usage::the_allowed_data_is_what_was_bought,
        top_up::a_provider_without_top_ups_says_so;
    a_provider_whose_capabilities_change_is_found_out: ChangesItsMind,
        errors::name_and_capabilities_stay_the_same;
    a_provider_that_promises_to_replay_and_does_not_is_found_out: PromisesToReplay,
        repeats::a_repeated_reference_does_what_is_promised,
        repeats::a_repeat_after_a_lost_reply_charges_no_more,
        repeats::a_repeated_top_up_does_what_is_promised,
        dropped::a_dropped_order_is_charged_at_most_once_and_found;
    a_provider_that_replays_under_another_id_is_found_out: ReplaysAsAnother,
        repeats::a_repeated_reference_does_what_is_promised;
    a_provider_that_promises_to_refuse_and_replays_is_found_out: RefusesARepeat,
        repeats::a_repeated_reference_does_what_is_promised;
    a_provider_that_answers_late_is_found_out: EffectsTooLate,
        delays::an_order_that_lands_late_lands_within_the_longest_effect;
    a_provider_that_forgets_a_waiting_order_is_found_out: ForgetsAWaitingOrder,
        delays::an_order_delivered_later_is_whole_in_the_end;
    a_provider_that_refunds_without_money_is_found_out: KeepsTheMoney,
        cancellation::an_esim_given_back_is_refunded,
        cancellation::giving_back_twice_is_harmless,
        dropped::a_dropped_cancellation_is_refunded_once;
    a_provider_that_only_says_it_took_back_is_found_out: OnlySaysItTookBack,
        cancellation::an_esim_given_back_is_refunded,
        cancellation::an_esim_is_given_back_by_either_name,
        cancellation::a_lost_reply_to_a_cancellation_is_ambiguous;
    a_provider_that_takes_an_installed_esim_back_is_found_out: TakesBackTheInstalled,
        cancellation::an_installed_esim_is_not_taken_back;
    a_provider_that_takes_unknown_esims_back_is_found_out: FindsUnknownOnesToTakeBack,
        cancellation::giving_back_an_unknown_esim_is_not_found;
    a_provider_that_hides_a_doubt_about_taking_back_is_found_out: HidesADoubtAboutTakingBack,
        cancellation::a_lost_reply_to_a_cancellation_is_ambiguous;
    a_provider_that_means_the_former_bearer_of_a_card_number_is_found_out: NamesTheFormerBearer,
        cancellation::a_card_number_names_the_esim_that_bears_it_now;
    a_provider_that_takes_back_against_its_word_is_found_out: TakesNothingBackButDoes,
        cancellation::a_provider_that_takes_nothing_back_says_so;
    a_price_guard_that_does_not_guard_is_found_out: GuardsNoPrice,
        prices::an_order_at_another_price_is_refused,
        prices::a_price_that_moved_is_refused_and_nothing_charged,
        prices::a_top_up_at_another_price_is_refused;
    a_provider_that_sells_many_days_as_one_is_found_out: SellsDaysForOne,
        prices::an_order_by_the_day_costs_its_days,
        prices::days_that_are_not_for_sale_are_never_charged;
    a_provider_that_mixes_a_batch_up_is_found_out: MixesABatchUp,
        usage_batch::usage_read_at_once_keeps_its_order,
        usage_batch::the_usage_of_any_number_is_read;
    a_provider_that_leaves_unknown_esims_out_of_a_batch_is_found_out: LeavesUnknownOnesOut,
        usage_batch::an_unknown_esim_among_several_is_none;
    a_provider_that_takes_more_at_once_than_it_says_is_found_out: TakesAnyNumber,
        usage_batch::too_many_esims_at_once_are_unsupported;
    a_provider_that_buys_again_when_dropped_is_found_out: BuysAgainWhenDropped,
        dropped::an_order_dropped_before_its_answer_is_found,
        dropped::a_dropped_order_is_charged_at_most_once_and_found;
    a_provider_whose_top_up_takes_away_is_found_out: TakesAwayWithATopUp,
        top_up::a_top_up_adds_to_what_is_there;
}

found_out! {
    cheat Trick:
    a_provider_that_charges_for_profiles_is_found_out: ChargesForProfiles,
        balance::only_purchases_move_the_balance,
        provisioning::provisioning_twice_is_safe;
    a_provider_that_shuffles_its_catalogue_is_found_out: ShufflesItsCatalogue,
        catalogue::a_catalogue_keeps_its_order;
    a_provider_that_lists_everything_for_an_id_is_found_out: ListsEverythingForAnId,
        catalogue::a_package_is_found_by_its_id;
    a_provider_whose_prices_are_in_another_currency_is_found_out: PricesInAnotherCurrency,
        catalogue::prices_are_in_the_wallets_currency;
    a_provider_that_sells_for_no_number_of_days_is_found_out: SellsForNoDays,
        catalogue::a_package_by_the_day_has_a_range_and_a_price_for_one;
    a_provider_that_tops_up_again_when_dropped_is_found_out: TopsUpAgainWhenDropped,
        dropped::a_dropped_top_up_is_charged_at_most_once;
    a_provider_that_answers_what_it_rules_out_is_found_out: AnswersWhatItRulesOut,
        errors::what_capabilities_rule_out_is_unsupported;
    a_provider_that_loses_its_place_when_dropped_is_found_out: LosesItsPlaceWhenDropped,
        errors::a_dropped_read_does_no_harm;
    a_provider_that_delivers_one_of_many_is_found_out: DeliversOneOfMany,
        orders::a_quantity_gives_so_many_items,
        orders::two_lines_for_one_package_are_both_delivered;
    a_provider_that_sells_something_else_is_found_out: SellsSomethingElse,
        orders::an_unknown_package_is_never_charged,
        orders::an_order_is_taken_whole_or_not_at_all,
        balance::only_purchases_move_the_balance;
    a_provider_that_cuts_large_orders_is_found_out: CutsLargeOrders,
        orders::an_order_of_impossible_size_is_refused;
    a_provider_that_calls_refusals_outages_is_found_out: CallsRefusalsOutages,
        orders::a_short_wallet_is_said_and_not_touched,
        usage::usage_that_cannot_be_read_is_refused,
        usage::usage_of_an_unknown_esim_is_refused;
    a_provider_that_invents_activations_is_found_out: InventsActivations,
        provisioning::an_esim_without_a_profile_has_no_activation;
    a_provider_that_calls_a_pending_profile_an_error_is_found_out: CallsPendingAnError,
        provisioning::a_pending_profile_is_no_error;
    a_provider_that_makes_up_a_travel_date_is_found_out: MakesUpATravelDate,
        provisioning::a_missing_travel_date_is_rejected;
    a_provider_that_provisions_nothing_gladly_is_found_out: ProvisionsNothingGladly,
        provisioning::provisioning_an_unknown_esim_is_refused;
    a_provider_that_promises_profiles_by_themselves_is_found_out: PromisesToPoll,
        provisioning::a_profile_comes_by_itself_where_that_is_promised;
    a_provider_that_promises_profiles_at_once_is_found_out: PromisesProfilesAtOnce,
        provisioning::a_profile_comes_with_the_order_where_that_is_promised;
    a_provider_that_knows_no_card_numbers_is_found_out: KnowsNoCardNumbers,
        provisioning::an_esim_is_read_by_its_id_and_by_its_iccid,
        top_up::an_esim_is_topped_up_by_either_name;
    a_provider_that_puts_secrets_into_notes_is_found_out: PutsSecretsIntoNotes,
        secrets::debug_of_an_esim_shows_no_secret;
    a_provider_that_prints_its_token_is_found_out: PrintsItsToken,
        secrets::debug_of_the_provider_shows_no_secret;
    a_provider_that_tops_up_something_else_is_found_out: TopsUpSomethingElse,
        top_up::an_impossible_top_up_is_never_charged;
    a_provider_that_lists_top_ups_for_every_esim_is_found_out: ListsTopUpsForEveryEsim,
        top_up::an_esim_that_cannot_be_topped_up_says_so;
    a_provider_that_reads_many_without_saying_so_is_found_out: ReadsManyWithoutSaying,
        usage_batch::a_provider_that_reads_one_at_a_time_says_so;
}

#[derive(Debug)]
struct Powerless(WorldHarness);

#[async_trait]
impl ProviderHarness for Powerless {
    fn provider(&self) -> Arc<dyn EsimProvider> {
        self.0.provider()
    }

    fn clock(&self) -> Arc<dyn roamport_domain::Clock> {
        self.0.clock()
    }
}

#[test]
fn a_case_that_lacks_a_power_is_skipped_and_says_which() {
    let names = [
        "a_catalogue_is_complete",
        "a_lost_reply_is_ambiguous_and_the_order_is_found",
        "an_order_charges_once",
        "debug_of_the_provider_shows_no_secret",
    ];
    let tally = Tally::of(&SUITE.named(&names), || boxed(Powerless(accepting()))).unwrap();
    // Without an oracle the order is counted by a lookup.
    assert_eq!(tally.kept, ["an_order_charges_once"]);
    let [complete, lost, secret] = &tally.not_applicable[..] else {
        panic!("{tally}")
    };
    assert!(
        complete.1.contains("harness") && lost.1.contains("harness"),
        "{tally}"
    );
    assert!(secret.1.contains("no secret"), "{tally}");
}
