//! The promises of the provider port, one `async fn` each.
//!
//! A case takes a [`ProviderHarness`](crate::ProviderHarness), sets up its own data (it buys) and
//! passes against any provider that keeps the promise. [`provider_suite!`](crate::provider_suite)
//! makes a test of each.

pub mod balance;
pub mod catalogue;
pub mod errors;
pub mod orders;
pub mod provisioning;
pub mod secrets;
pub mod top_up;
mod trial;
pub mod usage;

/// Makes one test for each promise of the provider port, under the promise's name.
///
/// The expression makes a new [`ProviderHarness`](crate::ProviderHarness); it is evaluated once for
/// each test, in an async context, so that it may `.await`. Call the macro inside a module of its
/// own where one file tests several providers: the [crate's page](crate) shows it.
#[macro_export]
macro_rules! provider_suite {
    ($harness:expr) => {
        $crate::provider_suite! { @tests ($harness)
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
                a_listing_survives_a_page_that_fails_for_a_moment
                a_listing_is_never_quietly_short
            }
            orders {
                an_order_charges_once
                a_quantity_gives_so_many_items
                two_lines_for_one_package_are_both_delivered
                an_order_is_found_by_its_reference
                a_reference_never_used_finds_nothing
                references_are_compared_for_equality
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
                a_repeated_reference_does_what_is_promised
            }
            provisioning {
                an_esim_without_a_profile_has_no_activation
                provisioning_ends_in_a_ready_esim
                provisioning_twice_is_safe
                an_order_is_provisioned_by_its_reference
                a_pending_profile_is_no_error
                a_lost_reply_of_provisioning_is_ambiguous
                a_missing_travel_date_is_rejected
                provisioning_an_unknown_esim_is_refused
                an_esim_is_read_by_its_id_and_by_its_iccid
                an_unknown_esim_is_not_found
            }
            top_up {
                top_ups_are_listed_once_and_filtered_exactly
                a_top_up_charges_once_and_is_found
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
    (@tests $harness:tt $($area:ident { $($case:ident)* })*) => {
        $($(
            #[test]
            fn $case() {
                $crate::run(stringify!($case), async {
                    let harness = $harness;
                    $crate::provider::$area::$case(&harness).await
                });
            }
        )*)*
    };
}
