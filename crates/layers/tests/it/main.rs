//! A provider under layers keeps every promise that it keeps without them, and the guard makes an
//! honest one of a provider that can do little.
#![cfg(test)]

use std::num::{NonZeroU16, NonZeroU32};
use std::sync::Arc;
use std::time::Duration;

use roamport_conformance::{ProviderHarness, Wrapped};
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

fn whole_stack(harness: WorldHarness) -> Wrapped<WorldHarness> {
    let clock = harness.clock();
    Wrapped::new(harness, |provider| {
        Arc::new(Stack::new(clock).with_retry(quick()).over(provider))
    })
}

mod traced {
    use super::{Arc, ProviderHarness, Trace, Wrapped, sandbox};

    roamport_conformance::provider_suite!({
        let harness = sandbox();
        let clock = harness.clock();
        Wrapped::new(harness, |provider| Arc::new(Trace::new(provider, clock)))
    });
}

mod guarded {
    use super::{Arc, Guard, Wrapped, sandbox};

    roamport_conformance::provider_suite!(Wrapped::new(sandbox(), |provider| {
        Arc::new(Guard::new(provider))
    }));
}

mod retried {
    use super::{Arc, Retry, Wrapped, quick, sandbox};

    roamport_conformance::provider_suite!(Wrapped::new(sandbox(), |provider| {
        Arc::new(Retry::new(provider, quick()))
    }));
}

mod watched {
    use super::{Arc, CircuitBreaker, CircuitBreakerPolicy, ProviderHarness, Wrapped, sandbox};

    roamport_conformance::provider_suite!({
        let harness = sandbox();
        let clock = harness.clock();
        Wrapped::new(harness, |provider| {
            let policy = CircuitBreakerPolicy::default();
            Arc::new(CircuitBreaker::new(provider, policy, clock))
        })
    });
}

mod stacked {
    roamport_conformance::provider_suite!(super::whole_stack(super::sandbox()));
}

mod stacked_on_a_box {
    use super::{Arc, EsimProvider, ProviderHarness, Stack, Wrapped, quick, sandbox};

    roamport_conformance::provider_suite!({
        let harness = sandbox();
        let clock = harness.clock();
        Wrapped::new(harness, |provider| {
            let boxed: Box<dyn EsimProvider> = Box::new(provider);
            Arc::new(Stack::new(clock).with_retry(quick()).over(boxed))
        })
    });
}

mod stacked_on_a_poor_provider {
    roamport_conformance::provider_suite!(super::whole_stack(super::poor()));
}
