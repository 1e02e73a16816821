//! The suite that every provider passes, over both adapters and real HTTP to the sandbox: each bare,
//! through the layers, as a `Box` and as an `Arc`.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use roamport_adapter_esim_access::{EsimAccess, EsimAccessConfig};
use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_conformance::{ProviderHarness as _, Wrapped};
use roamport_domain::EsimProvider;
use roamport_layers::{RateLimit, RetryPolicy, Stack};
use roamport_sandbox::{Dialect, SandboxProvider, Server, Switches};

use self::world::{TOKEN, WorldHarness};

#[path = "../../../conformance/tests/it/world.rs"]
mod world;

/// A world behind a server that speaks this dialect, and where it is.
async fn served(dialect: Dialect) -> (WorldHarness, String) {
    let mut harness = WorldHarness::new(Switches::default(), |world, clock| {
        Arc::new(SandboxProvider::new(world.clone()).with_clock(clock))
    });
    harness.dialect = Some(dialect);
    harness.lateness = Some(Duration::from_secs(20));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(harness.world.clone(), address).await.unwrap();
    let address = server.base_url();
    // The server ends with the runtime of its test.
    std::mem::forget(server);
    (harness, address)
}

/// A gate that no test waits at.
fn gate() -> Arc<RateLimit> {
    let many = NonZeroU32::new(10_000).unwrap();
    Arc::new(RateLimit::new(many, many))
}

/// The first adapter in front of a world.
async fn roamify(wrap: impl FnOnce(Roamify) -> Arc<dyn EsimProvider>) -> Wrapped<WorldHarness> {
    let (harness, address) = served(Dialect::Roamify).await;
    let config = RoamifyConfig::new(address, TOKEN);
    let adapter = Roamify::new(&config, harness.clock()).unwrap();
    let provider = wrap(adapter.with_gate(gate()));
    Wrapped::new(harness, |_| provider)
}

/// The second adapter in front of a world.
async fn esim_access(
    wrap: impl FnOnce(EsimAccess) -> Arc<dyn EsimProvider>,
) -> Wrapped<WorldHarness> {
    let (harness, address) = served(Dialect::EsimAccess).await;
    let config = EsimAccessConfig::new(address, TOKEN);
    let adapter = EsimAccess::new(&config, harness.clock()).unwrap();
    let provider = wrap(adapter.with_gate(gate()));
    Wrapped::new(harness, |_| provider)
}

fn layered(adapter: impl EsimProvider) -> Arc<dyn EsimProvider> {
    let quick = RetryPolicy {
        shortest_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(2),
        ..RetryPolicy::default()
    };
    let clock = Arc::new(roamport_bootstrap::SystemClock::new());
    Arc::new(Stack::new(clock).with_retry(quick).over(adapter))
}

mod roamify_over_http {
    mod bare {
        use crate::conformance::{Arc, roamify};

        roamport_conformance::provider_suite!(roamify(|adapter| Arc::new(adapter)).await);
    }

    mod through_the_layers {
        use crate::conformance::{layered, roamify};

        roamport_conformance::provider_suite!(roamify(|adapter| layered(adapter)).await);
    }

    mod boxed {
        use crate::conformance::{EsimProvider, layered, roamify};

        roamport_conformance::provider_suite!(
            roamify(|adapter| layered(Box::new(adapter) as Box<dyn EsimProvider>)).await
        );
    }

    mod shared {
        use crate::conformance::{Arc, EsimProvider, roamify};

        roamport_conformance::provider_suite!(
            roamify(|adapter| Arc::new(Arc::new(adapter) as Arc<dyn EsimProvider>)).await
        );
    }
}

mod esim_access_over_http {
    mod bare {
        use crate::conformance::{Arc, esim_access};

        roamport_conformance::provider_suite!(esim_access(|adapter| Arc::new(adapter)).await);
    }

    mod through_the_layers {
        use crate::conformance::{esim_access, layered};

        roamport_conformance::provider_suite!(esim_access(|adapter| layered(adapter)).await);
    }

    mod boxed {
        use crate::conformance::{EsimProvider, esim_access, layered};

        roamport_conformance::provider_suite!(
            esim_access(|adapter| layered(Box::new(adapter) as Box<dyn EsimProvider>)).await
        );
    }

    mod shared {
        use crate::conformance::{Arc, EsimProvider, esim_access};

        roamport_conformance::provider_suite!(
            esim_access(|adapter| Arc::new(Arc::new(adapter) as Arc<dyn EsimProvider>)).await
        );
    }
}
