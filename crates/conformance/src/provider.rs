//! The promises of the provider port, one `async fn` each.
//!
//! A case takes a [`ProviderHarness`](crate::ProviderHarness), sets up its own data (it buys) and
//! passes against any provider that keeps the promise. [`provider_suite!`](crate::provider_suite)
//! makes a test of each.

pub mod balance;
pub mod cancellation;
pub mod catalogue;
pub mod delays;
pub mod dropped;
pub mod errors;
pub mod orders;
pub mod prices;
pub mod provisioning;
pub mod repeats;
pub mod secrets;
pub mod top_up;
mod trial;
pub mod usage;
pub mod usage_batch;

/// Makes one test for each promise of the provider port, under the promise's name.
///
/// The expression makes a new [`ProviderHarness`](crate::ProviderHarness); it is evaluated once for
/// each test, in an async context, so that it may `.await`. One test more tells the
/// [tally](crate::suite::Tally) of what holds and what does not apply; with `not_applicable = [..]`
/// behind the harness, the names of the promises that need not apply, it is exact. Call the macro inside a module of its
/// own where one file tests several providers: the [crate's page](crate) shows it.
#[macro_export]
macro_rules! provider_suite {
    ($harness:expr $(,)?) => {
        $crate::provider_suite! { @suite ($harness) (None) }
    };
    ($harness:expr, not_applicable = $names:expr $(,)?) => {
        $crate::provider_suite! { @suite ($harness) ($crate::suite::exactly($names)) }
    };
    (@suite $harness:tt $listed:tt) => {
        $crate::provider_suite! { @tests $harness $listed
            catalogue {
                a_catalogue_is_complete
                a_package_is_listed_once
                a_catalogue_keeps_its_order
                an_ended_listing_stays_ended
                filters_are_exact
                a_country_has_all_its_packages_and_no_others
                a_destination_has_exactly_its_packages
                a_package_is_found_by_its_id
                every_package_lies_in_a_listed_destination
                prices_are_in_the_wallets_currency
                a_price_keeps_every_decimal
                a_package_by_the_day_has_a_range_and_a_price_for_one
                a_listing_survives_a_page_that_fails_for_a_moment
                a_listing_is_never_quietly_short
            }
            orders {
                an_order_charges_once
                a_quantity_gives_so_many_items
                two_lines_for_one_package_are_both_delivered
                an_order_is_found_by_its_reference
                a_reference_never_used_finds_nothing
                an_order_found_names_its_own_reference
                an_order_is_found_by_its_id
                an_order_is_found_by_its_time
                a_lost_reply_is_ambiguous_and_the_order_is_found
                a_servers_failure_after_the_charge_is_ambiguous
                an_unreadable_reply_to_an_order_is_ambiguous
                an_order_that_never_arrived_is_not_found
                an_order_refused_for_its_rate_is_not_charged
                an_unknown_package_is_never_charged
                an_order_is_taken_whole_or_not_at_all
                a_closed_window_sends_no_order
                an_order_of_impossible_size_is_refused
                a_short_wallet_is_said_and_not_touched
            }
            repeats {
                a_repeated_reference_does_what_is_promised
                a_repeat_after_a_lost_reply_charges_no_more
                a_repeated_top_up_does_what_is_promised
            }
            prices {
                a_price_of_many_decimals_is_charged_exactly
                an_order_at_another_price_is_refused
                a_price_that_moved_is_refused_and_nothing_charged
                a_top_up_at_another_price_is_refused
                an_order_by_the_day_costs_its_days
                days_that_are_not_for_sale_are_never_charged
            }
            delays {
                an_order_delivered_later_is_whole_in_the_end
                an_order_that_lands_late_lands_within_the_longest_effect
            }
            dropped {
                a_dropped_order_is_charged_at_most_once_and_found
                an_order_dropped_before_its_answer_is_found
                a_dropped_top_up_is_charged_at_most_once
                a_dropped_cancellation_is_refunded_once
            }
            provisioning {
                an_esim_without_a_profile_has_no_activation
                provisioning_ends_in_a_ready_esim
                provisioning_twice_is_safe
                a_pending_profile_is_no_error
                a_lost_reply_of_provisioning_is_ambiguous
                a_missing_travel_date_is_rejected
                provisioning_an_unknown_esim_is_refused
                a_profile_comes_by_itself_where_that_is_promised
                a_profile_comes_with_the_order_where_that_is_promised
                an_esim_is_read_by_its_id_and_by_its_iccid
                an_unknown_esim_is_not_found
            }
            top_up {
                top_ups_are_listed_once_and_filtered_exactly
                a_top_up_charges_once_and_is_found
                a_top_up_adds_to_what_is_there
                an_esim_is_topped_up_by_either_name
                a_lost_reply_to_a_top_up_is_ambiguous
                a_closed_window_sends_no_top_up
                an_impossible_top_up_is_never_charged
                an_esim_that_cannot_be_topped_up_says_so
                a_provider_without_top_ups_says_so
            }
            usage {
                usage_is_read_and_its_figures_are_possible
                the_allowed_data_is_what_was_bought
                usage_that_cannot_be_read_is_refused
                usage_of_an_unknown_esim_is_refused
            }
            usage_batch {
                usage_read_at_once_keeps_its_order
                an_unknown_esim_among_several_is_none
                too_many_esims_at_once_are_unsupported
                the_usage_of_any_number_is_read
                a_provider_that_reads_one_at_a_time_says_so
            }
            cancellation {
                an_esim_given_back_is_refunded
                giving_back_twice_is_harmless
                an_esim_is_given_back_by_either_name
                an_installed_esim_is_not_taken_back
                giving_back_an_unknown_esim_is_not_found
                a_lost_reply_to_a_cancellation_is_ambiguous
                a_card_number_names_the_esim_that_bears_it_now
                a_provider_that_takes_nothing_back_says_so
            }
            balance {
                the_balance_is_exact
                the_balance_falls_by_exactly_the_total
                only_purchases_move_the_balance
            }
            errors {
                an_error_names_its_provider_and_its_call
                a_failed_read_is_never_ambiguous
                what_capabilities_rule_out_is_unsupported
                name_and_capabilities_stay_the_same
                a_dropped_read_does_no_harm
            }
            secrets {
                debug_of_the_provider_shows_no_secret
                errors_show_no_secret
                debug_of_an_esim_shows_no_secret
            }
        }
    };
    (@tests $harness:tt $listed:tt $($area:ident { $($case:ident)* })*) => {
        #[cfg(test)]
        fn a_new_provider_harness() -> $crate::suite::Making<dyn $crate::ProviderHarness> {
            Box::pin(async {
                let harness = $harness;
                $crate::Verdict::<Box<dyn $crate::ProviderHarness>>::Ok(Box::new(harness))
            })
        }

        #[test]
        fn the_tally_of_the_provider_is_told() {
            let cases: &[$crate::suite::Case<dyn $crate::ProviderHarness>] = &[
                $($((
                    stringify!($case),
                    |harness| Box::pin($crate::provider::$area::$case(harness)),
                ),)*)*
            ];
            $crate::suite::tell("provider_suite", a_new_provider_harness, cases, $listed);
        }

        $($(
            #[test]
            fn $case() {
                $crate::suite::run_case(
                    stringify!($case),
                    a_new_provider_harness,
                    |harness| Box::pin($crate::provider::$area::$case(harness)),
                );
            }
        )*)*
    };
}
