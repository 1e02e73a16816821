//! A provider under layers keeps every promise that it keeps without them, and the guard makes an
//! honest one of a provider that can do little.
#![cfg(test)]

use std::num::{NonZeroU16, NonZeroU32};
use std::sync::Arc;
use std::time::Duration;

use roamport_conformance::ProviderHarness as _;
use roamport_domain::{Capabilities, EsimProvider};
use roamport_layers::{
    CircuitBreaker, CircuitBreakerPolicy, Guard, Retry, RetryPolicy, Stack, Trace,
};
use roamport_sandbox::{SandboxProvider, Switches};

use crate::world::WorldHarness;

#[path = "../../../conformance/tests/it/world.rs"]
mod world;

/// The usual policy with pauses that a test does not feel.
fn quick() -> RetryPolicy {
    RetryPolicy {
        shortest_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(2),
        tries: NonZeroU32::new(4).unwrap(),
        ..RetryPolicy::default()
    }
}

fn sandbox() -> WorldHarness {
    WorldHarness::new(Switches::default(), |world, clock| {
        Arc::new(SandboxProvider::new(world.clone()).with_clock(clock))
    })
}

/// The sandbox, saying of itself that it can hardly do anything.
fn poor() -> WorldHarness {
    let capabilities = Capabilities {
        lines_per_order: Some(NonZeroU16::MIN),
        esims_per_order: Some(NonZeroU16::MIN),
        ..Capabilities::NONE
    };
    WorldHarness::new(Switches::default(), |world, clock| {
        let provider = SandboxProvider::new(world.clone()).with_clock(clock);
        Arc::new(provider.with_capabilities(capabilities))
    })
}

/// The layers over a provider, as an application stacks them.
fn whole_stack(harness: WorldHarness) -> WorldHarness {
    let clock = harness.clock();
    harness.wrapped(|provider| Arc::new(Stack::new(clock).with_retry(quick()).over(provider)))
}

/// What does not apply to the sandbox, and hence to no layer over it.
const SANDBOX: [&str; 11] = [
    "a_package_by_the_day_has_a_range_and_a_price_for_one",
    "an_order_by_the_day_costs_its_days",
    "an_order_at_another_price_is_refused",
    "a_price_that_moved_is_refused_and_nothing_charged",
    "a_top_up_at_another_price_is_refused",
    "an_order_that_lands_late_lands_within_the_longest_effect",
    "a_profile_comes_by_itself_where_that_is_promised",
    "a_profile_comes_with_the_order_where_that_is_promised",
    "a_provider_without_top_ups_says_so",
    "a_provider_that_reads_one_at_a_time_says_so",
    "a_provider_that_takes_nothing_back_says_so",
];

/// What does not apply to a provider that can hardly do anything.
const POOR: [&str; 43] = [
    "a_package_by_the_day_has_a_range_and_a_price_for_one",
    "an_order_by_the_day_costs_its_days",
    "an_order_at_another_price_is_refused",
    "a_price_that_moved_is_refused_and_nothing_charged",
    "a_top_up_at_another_price_is_refused",
    "an_order_that_lands_late_lands_within_the_longest_effect",
    "a_profile_comes_by_itself_where_that_is_promised",
    "a_profile_comes_with_the_order_where_that_is_promised",
    // One line, one eSIM in an order.
    "a_quantity_gives_so_many_items",
    "two_lines_for_one_package_are_both_delivered",
    "an_order_is_taken_whole_or_not_at_all",
    // No look-ups.
    "an_order_is_found_by_its_reference",
    "a_reference_never_used_finds_nothing",
    "an_order_found_names_its_own_reference",
    "an_order_is_found_by_its_id",
    "an_order_is_found_by_its_time",
    "an_order_delivered_later_is_whole_in_the_end",
    // No promise about a repeated reference.
    "a_repeated_reference_does_what_is_promised",
    "a_repeat_after_a_lost_reply_charges_no_more",
    "a_repeated_top_up_does_what_is_promised",
    // No top-ups.
    "a_dropped_top_up_is_charged_at_most_once",
    "top_ups_are_listed_once_and_filtered_exactly",
    "a_top_up_charges_once_and_is_found",
    "a_top_up_adds_to_what_is_there",
    "an_esim_is_topped_up_by_either_name",
    "a_lost_reply_to_a_top_up_is_ambiguous",
    "a_closed_window_sends_no_top_up",
    "an_impossible_top_up_is_never_charged",
    "an_esim_that_cannot_be_topped_up_says_so",
    // No usage.
    "usage_is_read_and_its_figures_are_possible",
    "the_allowed_data_is_what_was_bought",
    "usage_read_at_once_keeps_its_order",
    "an_unknown_esim_among_several_is_none",
    "too_many_esims_at_once_are_unsupported",
    "the_usage_of_any_number_is_read",
    // Nothing is taken back.
    "a_dropped_cancellation_is_refunded_once",
    "an_esim_given_back_is_refunded",
    "giving_back_twice_is_harmless",
    "an_esim_is_given_back_by_either_name",
    "an_installed_esim_is_not_taken_back",
    "giving_back_an_unknown_esim_is_not_found",
    "a_lost_reply_to_a_cancellation_is_ambiguous",
    "a_card_number_names_the_esim_that_bears_it_now",
];

fn traced() -> WorldHarness {
    let harness = sandbox();
    let clock = harness.clock();
    harness.wrapped(|provider| Arc::new(Trace::new(provider, clock)))
}

fn guarded() -> WorldHarness {
    sandbox().wrapped(|provider| Arc::new(Guard::new(provider)))
}

fn retried() -> WorldHarness {
    sandbox().wrapped(|provider| Arc::new(Retry::new(provider, quick())))
}

fn watched() -> WorldHarness {
    let harness = sandbox();
    let (clock, policy) = (harness.clock(), CircuitBreakerPolicy::default());
    harness.wrapped(|provider| Arc::new(CircuitBreaker::new(provider, policy, clock)))
}

/// The whole stack, over a provider in an `Arc` in a `Box`: neither changes an answer.
fn stacked() -> WorldHarness {
    whole_stack(sandbox().wrapped(|provider| {
        let boxed: Box<dyn EsimProvider> = Box::new(provider);
        Arc::new(boxed)
    }))
}

mod trace {
    roamport_conformance::provider_suite!(super::traced(), not_applicable = super::SANDBOX);
}

mod guard {
    roamport_conformance::provider_suite!(super::guarded(), not_applicable = super::SANDBOX);
}

mod retry {
    roamport_conformance::provider_suite!(super::retried(), not_applicable = super::SANDBOX);
}

mod circuit_breaker {
    roamport_conformance::provider_suite!(super::watched(), not_applicable = super::SANDBOX);
}

mod stack {
    roamport_conformance::provider_suite!(super::stacked(), not_applicable = super::SANDBOX);
}

mod stack_over_a_poor_provider {
    use super::{POOR, poor, whole_stack};

    roamport_conformance::provider_suite!(whole_stack(poor()), not_applicable = POOR);
}
