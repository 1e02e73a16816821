//! The sandbox in process keeps every promise: with each habit about a reference that is used twice, and as
//! one that can do less.

use std::sync::Arc;
use std::time::Duration;

use roamport_domain::{Capabilities, EsimProvider as _};
use roamport_sandbox::switches::{ReferenceSearch, Tolerance};
use roamport_sandbox::{SandboxProvider, Switches};

use crate::world::WorldHarness;

/// The sandbox in process under these switches.
pub(crate) fn sandbox(switches: Switches) -> WorldHarness {
    let mut harness = WorldHarness::new(switches, |world, clock| {
        let provider = SandboxProvider::new(world.clone()).with_clock(clock);
        let capabilities = Capabilities {
            longest_effect: Duration::from_mins(1),
            ..provider.capabilities()
        };
        Arc::new(provider.with_capabilities(capabilities))
    });
    harness.lateness = Some(Duration::from_secs(30));
    harness
}

/// A second order under one reference is refused.
fn refusing() -> WorldHarness {
    sandbox(Switches::default())
}

/// A second order under one reference is simply another order.
pub(crate) fn accepting() -> WorldHarness {
    sandbox(Switches {
        duplicate_reference: Tolerance::Accepted,
        ..Switches::default()
    })
}

/// A second order under one reference is the first one again, prices are compared, and packages are
/// sold by the day.
pub(crate) fn replaying() -> WorldHarness {
    sandbox(Switches {
        replays_references: true,
        price_guard: true,
        day_passes: true,
        ..Switches::default()
    })
}

/// Nothing is taken back, usage is told one eSIM at a time, and lookups find what contains a reference and
/// list the oldest first.
fn reserved() -> WorldHarness {
    sandbox(Switches {
        cancellation: false,
        usage_batch: None,
        reference_search: ReferenceSearch::Contains,
        newest_first: false,
        ..Switches::default()
    })
}

/// What no sandbox in process need do: it can do these things, and its profiles need a call.
const NEVER: &[&str] = &[
    "a_profile_comes_by_itself_where_that_is_promised",
    "a_profile_comes_with_the_order_where_that_is_promised",
    "a_provider_without_top_ups_says_so",
];

/// What one need not do that reads the usage of several eSIMs at once and takes eSIMs back.
pub(crate) const ABLE: &[&str] = &[
    "a_provider_that_reads_one_at_a_time_says_so",
    "a_provider_that_takes_nothing_back_says_so",
];

/// What one need not do that compares no prices and sells nothing by the day.
pub(crate) const PLAIN: &[&str] = &[
    "a_package_by_the_day_has_a_range_and_a_price_for_one",
    "an_order_by_the_day_costs_its_days",
    "an_order_at_another_price_is_refused",
    "a_price_that_moved_is_refused_and_nothing_charged",
    "a_top_up_at_another_price_is_refused",
];

/// What one need not do that promises nothing about a repeated reference.
pub(crate) const CARELESS: &[&str] = &[
    "a_repeated_reference_does_what_is_promised",
    "a_repeat_after_a_lost_reply_charges_no_more",
    "a_repeated_top_up_does_what_is_promised",
];

/// What one need not do that takes nothing back and reads usage one eSIM at a time.
const RESERVED: &[&str] = &[
    "a_dropped_cancellation_is_refunded_once",
    "an_esim_given_back_is_refunded",
    "giving_back_twice_is_harmless",
    "an_esim_is_given_back_by_either_name",
    "an_installed_esim_is_not_taken_back",
    "giving_back_an_unknown_esim_is_not_found",
    "a_lost_reply_to_a_cancellation_is_ambiguous",
    "a_card_number_names_the_esim_that_bears_it_now",
    "usage_read_at_once_keeps_its_order",
    "an_unknown_esim_among_several_is_none",
    "too_many_esims_at_once_are_unsupported",
];

mod bare {
    use super::{ABLE, NEVER, PLAIN, refusing};

    roamport_conformance::provider_suite!(
        refusing(),
        not_applicable = [NEVER, ABLE, PLAIN].concat()
    );
}

mod with_duplicates {
    use super::{ABLE, CARELESS, NEVER, PLAIN, accepting};

    roamport_conformance::provider_suite!(
        accepting(),
        not_applicable = [NEVER, ABLE, PLAIN, CARELESS].concat()
    );
}

mod that_replays {
    use super::{ABLE, NEVER, replaying};

    roamport_conformance::provider_suite!(replaying(), not_applicable = [NEVER, ABLE].concat());
}

mod that_can_do_less {
    use super::{NEVER, PLAIN, RESERVED, reserved};

    roamport_conformance::provider_suite!(
        reserved(),
        not_applicable = [NEVER, PLAIN, RESERVED].concat()
    );
}
