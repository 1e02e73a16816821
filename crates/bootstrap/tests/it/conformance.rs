//! The suite that every provider passes, over `adapter-roamify` and real HTTP to the sandbox: bare,
//! through the layers, as a `Box` and as an `Arc`.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_conformance::{ProviderHarness as _, Wrapped};
use roamport_domain::EsimProvider;
use roamport_layers::{RateLimit, RetryPolicy, Stack};
use roamport_sandbox::{SandboxProvider, Server, Switches};

use self::world::{TOKEN, WorldHarness};

#[path = "../../../conformance/tests/it/world.rs"]
mod world;

/// The world behind a server, and the adapter in front of it.
async fn over_http(wrap: impl FnOnce(Roamify) -> Arc<dyn EsimProvider>) -> Wrapped<WorldHarness> {
    let harness = WorldHarness::new(Switches::default(), |world, clock| {
        Arc::new(SandboxProvider::new(world.clone()).with_clock(clock))
    });
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(harness.world.clone(), address).await.unwrap();
    let config = RoamifyConfig::new(server.base_url(), TOKEN);
    // The server ends with the runtime of its test.
    std::mem::forget(server);
    let gate = RateLimit::new(
        NonZeroU32::new(10_000).unwrap(),
        NonZeroU32::new(10_000).unwrap(),
    );
    let roamify = Roamify::new(&config, harness.clock())
        .unwrap()
        .with_gate(Arc::new(gate));
    let provider = wrap(roamify);
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

mod bare {
    use super::{Arc, over_http};

    roamport_conformance::provider_suite!(over_http(|adapter| Arc::new(adapter)).await);
}

mod through_the_layers {
    use super::{layered, over_http};

    roamport_conformance::provider_suite!(over_http(|adapter| layered(adapter)).await);
}

mod boxed {
    use super::{EsimProvider, layered, over_http};

    roamport_conformance::provider_suite!(
        over_http(|adapter| layered(Box::new(adapter) as Box<dyn EsimProvider>)).await
    );
}

mod shared {
    use super::{Arc, EsimProvider, over_http};

    roamport_conformance::provider_suite!(
        over_http(|adapter| Arc::new(Arc::new(adapter) as Arc<dyn EsimProvider>)).await
    );
}
