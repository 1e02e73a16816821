//! The sandbox in process keeps every promise: bare, in a `Box`, in an `Arc`, and with either habit
//! about a reference that is used twice.

use std::sync::Arc;

use roamport_conformance::Wrapped;
use roamport_domain::EsimProvider;
use roamport_sandbox::switches::{ReferenceSearch, Tolerance};
use roamport_sandbox::{SandboxProvider, Switches};

use crate::world::WorldHarness;

/// The sandbox in process under these switches.
pub(crate) fn sandbox(switches: Switches) -> WorldHarness {
    WorldHarness::new(switches, |world, clock| {
        Arc::new(SandboxProvider::new(world.clone()).with_clock(clock))
    })
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
