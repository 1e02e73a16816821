//! The sandbox in process keeps every promise: bare, in a `Box`, in an `Arc`, with each habit about a
//! reference that is used twice, and as one that can do less.

use std::sync::Arc;
use std::time::Duration;

use roamport_conformance::Wrapped;
use roamport_domain::{Capabilities, EsimProvider};
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

/// Nothing is taken back, and usage is told one eSIM at a time.
fn reserved() -> WorldHarness {
    sandbox(Switches {
        cancellation: false,
        usage_batch: None,
        ..Switches::default()
    })
}

/// Look-ups find what contains a reference, and list the oldest first.
fn loose() -> WorldHarness {
    sandbox(Switches {
        reference_search: ReferenceSearch::Contains,
        newest_first: false,
        ..Switches::default()
    })
}

mod bare {
    roamport_conformance::provider_suite!(super::refusing());
}

mod with_duplicates {
    roamport_conformance::provider_suite!(super::accepting());
}

mod that_replays {
    roamport_conformance::provider_suite!(super::replaying());
}

mod that_can_do_less {
    roamport_conformance::provider_suite!(super::reserved());
}

mod with_loose_look_ups {
    roamport_conformance::provider_suite!(super::loose());
}

mod boxed {
    use super::{Arc, EsimProvider, Wrapped};

    roamport_conformance::provider_suite!(Wrapped::new(super::refusing(), |provider| {
        let boxed: Box<dyn EsimProvider> = Box::new(provider);
        Arc::new(boxed)
    }));
}

mod shared {
    use super::{Arc, Wrapped};

    roamport_conformance::provider_suite!(Wrapped::new(super::refusing(), |provider| {
        Arc::new(Arc::new(provider))
    }));
}
