//! A simulated provider in the test's own process, with faults on demand and a ledger to read.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::time::Duration;

use roamport_sandbox::{Charge, Fault, Operation, Rule, Server, Target, World};
use tokio::runtime::Runtime;

use crate::home::Home;

pub(crate) const TOKEN: &str = "a-token-of-the-tests";

/// A world, served over HTTP on a free port of loopback.
pub(crate) struct Sandbox {
    pub(crate) world: World,
    base_url: String,
    server: Option<Server>,
    runtime: Runtime,
}

impl Sandbox {
    /// A sandbox that serves a small catalogue and a wallet of 1000 USD.
    pub(crate) fn start() -> Self {
        Self::start_with_packages(300)
    }

    /// The same with so many packages.
    pub(crate) fn start_with_packages(packages: usize) -> Self {
        let world = World::builder()
            .packages(packages)
            .token(TOKEN)
            .build()
            .unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = runtime
            .block_on(Server::start(world.clone(), any_port))
            .unwrap();
        Self {
            world,
            base_url: server.base_url(),
            server: Some(server),
            runtime,
        }
    }

    /// A home whose provider is this sandbox, as `roamify`; as `esim-access` with that one setting.
    pub(crate) fn home(&self) -> Home {
        Home::new()
            .set("PROVIDER", "roamify")
            .set("ROAMIFY__BASE_URL", &self.base_url)
            .set("ROAMIFY__TOKEN", TOKEN)
            .set("ESIM_ACCESS__BASE_URL", &self.base_url)
            .set("ESIM_ACCESS__ACCESS_CODE", TOKEN)
    }

    /// Where it is reached.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Puts a fault on the next call of an operation.
    pub(crate) fn fault(&self, on: Operation, fault: Fault) {
        self.world.add_fault(Rule::new(on, fault)).unwrap();
    }

    /// Puts a fault on every call of an operation.
    pub(crate) fn fault_for_ever(&self, on: impl Into<Target>, fault: Fault) {
        self.world
            .add_fault(Rule::new(on, fault).for_ever())
            .unwrap();
    }

    /// Every charge so far.
    pub(crate) fn charges(&self) -> Vec<Charge> {
        self.world.ledger().unwrap()
    }

    /// Waits until `reached` says so; fails the test where it does not come to that.
    pub(crate) fn until(&self, what: &str, reached: impl Fn(&World) -> bool) {
        let (sender, receiver) = mpsc::channel::<()>();
        for _ in 0..2000 {
            if reached(&self.world) {
                return;
            }
            // Nobody sends: this is a pause of a hundredth of a second.
            let _ = receiver.recv_timeout(Duration::from_millis(10));
        }
        drop(sender);
        panic!("it never came to that: {what}");
    }

    /// Stops serving: the provider is down from here on.
    pub(crate) fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.shutdown());
        }
    }
}
