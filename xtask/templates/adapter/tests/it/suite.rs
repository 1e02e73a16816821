//! Every promise of the provider port. The suite names each that is broken, until it is kept.

use std::net::TcpListener;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_adapter_@snake@::{@Type@, @Type@Config};
use roamport_conformance::ProviderHarness;
use roamport_domain::{Clock, EsimProvider, Monotonic, PackageId, Secret};
use tokio::time::Instant;

/// No error and no `Debug` may show it.
const TOKEN: &str = "test-token-4711";

#[derive(Debug)]
struct MachineClock(Instant);

impl Clock for MachineClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "windows are opened on the clock that the adapter asks"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.0.elapsed())
    }
}

/// What the suite is lent. Put a simulation of @Words@ in the place of `nobody`, and tell through the other
/// methods of the harness what happened in it: without them, cases are skipped that cost money.
#[derive(Debug)]
struct Harness {
    provider: Arc<dyn EsimProvider>,
    clock: Arc<dyn Clock>,
    /// A port at which nobody answers.
    _nobody: TcpListener,
}

fn harness() -> Harness {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", nobody.local_addr().unwrap());
    let clock: Arc<dyn Clock> = Arc::new(MachineClock(Instant::now()));
    let provider = @Type@::new(&@Type@Config::new(base_url, TOKEN), Arc::clone(&clock)).unwrap();
    Harness {
        provider: Arc::new(provider),
        clock,
        _nobody: nobody,
    }
}

#[async_trait]
impl ProviderHarness for Harness {
    fn provider(&self) -> Arc<dyn EsimProvider> {
        Arc::clone(&self.provider)
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Named, so that the cases which buy are tried, and fail. Give the id of a package that the simulation
    /// sells, or leave this method out: the first ordinary package of the catalogue is taken then.
    async fn a_package(&self) -> Option<PackageId> {
        Some(PackageId::parse("a-package-of-the-simulation").unwrap())
    }

    fn secrets(&self) -> Vec<Secret> {
        vec![Secret::new(TOKEN)]
    }
}

roamport_conformance::provider_suite!(harness());
