//! Bad luck of real processes: signals, a disk that fills, a journal that cannot be used. The judge is
//! the sandbox's ledger, at a provider that charges whatever it is sent.

mod disk_full;
mod ended;
mod frozen;
mod unusable;

use std::process::Child;
use std::sync::mpsc;
use std::time::Duration;

use roamport_sandbox::switches::{Switches, Tolerance};
use roamport_sandbox::{Charge, ChargeKind, Fault, Operation};

use crate::home::{Finished, Home, text};
use crate::sandbox::Sandbox;

/// What is bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goods {
    Esims,
    TopUp,
}

const BOTH: [Goods; 2] = [Goods::Esims, Goods::TopUp];

/// A provider, a home, and a command line that buys.
struct Scene {
    goods: Goods,
    sandbox: Sandbox,
    home: Home,
    /// What to say for buying it, without a key.
    line: String,
}

impl Scene {
    fn new(goods: Goods) -> Self {
        let sandbox = Sandbox::start();
        let switches = Switches {
            duplicate_reference: Tolerance::Accepted,
            ..Switches::default()
        };
        sandbox.world.set_switches(switches).unwrap();
        let home = sandbox.home();
        let line = match goods {
            Goods::Esims => format!("buy {} --yes", home.package()),
            Goods::TopUp => {
                let esim = home.esim();
                let found = home.json(&format!("topup packages {esim} --limit 1"));
                let package = text(&found["packages"][0]["id"]);
                format!("topup buy {esim} {package} --yes")
            }
        };
        Self {
            goods,
            sandbox,
            home,
            line,
        }
    }

    fn call(&self) -> Operation {
        match self.goods {
            Goods::Esims => Operation::Order,
            Goods::TopUp => Operation::Topup,
        }
    }

    fn fault(&self, fault: Fault) {
        self.sandbox.fault(self.call(), fault);
    }

    /// The judge: the charges for what is bought here.
    fn charges(&self) -> Vec<Charge> {
        let kind = match self.goods {
            Goods::Esims => ChargeKind::Order,
            Goods::TopUp => ChargeKind::Topup,
        };
        let all = self.sandbox.charges().into_iter();
        all.filter(|charge| charge.kind == kind).collect()
    }

    fn calls(&self) -> u64 {
        self.sandbox.world.calls(self.call())
    }

    /// Waits for the charge.
    fn until_charged(&self) {
        self.sandbox
            .until("the charge", |_| !self.charges().is_empty());
    }

    /// The newest order of this home, as the journal has it.
    fn newest(&self) -> serde_json::Value {
        self.home.json("order list")["orders"][0].clone()
    }

    /// Another process carries on what is unfinished: one charge, one call, one order for it.
    #[track_caller]
    fn check_resumed(&self, what: &str) {
        let goods = self.goods;
        let resumed = self.home.json("order resume");
        let orders = resumed["orders"].as_array().unwrap();
        for order in orders {
            assert_eq!(order["order"]["state"], "fulfilled", "{goods:?}, {what}");
        }
        let newest = self.newest();
        assert_eq!(newest["state"], "fulfilled", "{goods:?}, {what}");
        let charges = self.charges();
        assert_eq!(
            (charges.len(), self.calls()),
            (1, 1),
            "{goods:?}, {what}: {charges:?}"
        );
        let shown = self
            .home
            .json(&format!("order show {}", text(&newest["id"])));
        assert_eq!(
            shown["order"]["provider_order"]["id"], charges[0].order_id,
            "{goods:?}, {what}"
        );
    }
}

fn ended(child: Child) -> Finished {
    child.wait_with_output().unwrap().into()
}

/// A pause of a hundredth of a second: nobody sends.
fn pause() {
    let (_sender, receiver) = mpsc::channel::<()>();
    let _ = receiver.recv_timeout(Duration::from_millis(10));
}
