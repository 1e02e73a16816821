//! Processes that are asked to end, or are killed, in the middle of a purchase.

use roamport_sandbox::{Fault, Lasting, Operation, Rule};

use super::{BOTH, Goods, Scene, ended};
use crate::interruption::signal;

#[test]
fn a_termination_signal_in_a_purchase_call_waits_for_its_answer_and_loses_nothing() {
    for goods in BOTH {
        let scene = Scene::new(goods);
        scene.fault(Fault::Stall { ms: 500 });
        // A profile is asked for after the purchase; a top-up's order is made to be unfinished.
        if goods == Goods::TopUp {
            scene.fault(Fault::OrderState {
                state: "PENDING".to_owned(),
                ms: Lasting::Milliseconds(3_600_000),
            });
        }
        let child = scene.home.start(&scene.line);
        scene.until_charged();
        signal(&child, "TERM");
        let finished = ended(child);
        assert_eq!(finished.code, Some(4), "{goods:?}: {}", finished.stderr);
        assert!(
            finished.stderr.contains("money has moved"),
            "{goods:?}: {}",
            finished.stderr
        );
        let state = &scene.newest()["state"];
        let expected = match goods {
            Goods::Esims => "provisioning",
            Goods::TopUp => "placed",
        };
        assert_eq!(*state, expected, "{goods:?}: the answer was recorded");

        let hour = jiff::SignedDuration::from_hours(1);
        scene.sandbox.world.advance(hour).unwrap();
        scene.check_resumed("ended in its purchase call");
    }
}

#[test]
fn a_termination_signal_while_an_outcome_is_looked_up_loses_nothing() {
    for goods in BOTH {
        let scene = Scene::new(goods);
        scene.fault(Fault::DropAfterEffect);
        let rule = Rule::new(Operation::Orders, Fault::HtmlError { status: 502 });
        scene
            .sandbox
            .world
            .add_fault(rule.skip(1).for_ever())
            .unwrap();
        let asked = scene.sandbox.world.calls(Operation::Orders);
        let child = scene.home.start(&scene.line);
        scene.sandbox.until("look-ups that fail", |world| {
            world.calls(Operation::Orders) > asked + 3
        });
        signal(&child, "TERM");
        let finished = ended(child);
        assert_eq!(finished.code, Some(4), "{goods:?}: {}", finished.stderr);
        assert!(
            finished.stderr.contains("money may have moved"),
            "{goods:?}: {}",
            finished.stderr
        );
        assert_eq!(scene.newest()["state"], "reconciling", "{goods:?}");
        scene.sandbox.world.clear_faults().unwrap();
        scene.check_resumed("ended while its outcome was looked up");
    }
}

#[test]
fn a_process_killed_while_its_call_is_on_its_way_is_not_bought_again_before_the_quiet_period() {
    for goods in BOTH {
        let scene = Scene::new(goods);
        // The intent is durable; the call hangs, and nothing comes of it.
        scene.fault(Fault::DropBeforeEffect);
        scene.fault(Fault::Stall { ms: 30_000 });
        let child = scene.home.start(&scene.line);
        scene.sandbox.until("the call", |_| scene.calls() > 0);
        signal(&child, "KILL");
        assert_eq!(ended(child).code, None);
        assert_eq!(scene.newest()["state"], "placing", "{goods:?}");

        let resumed = scene.home.run("order resume --wait 2s --json");
        assert_eq!(resumed.code, Some(4), "{goods:?}: {}", resumed.stderr);
        let order = &scene.newest();
        assert_eq!(order["state"], "reconciling", "{goods:?}");
        assert_eq!(
            (scene.charges().len(), scene.calls()),
            (0, 1),
            "{goods:?}: looked for, and not sent again"
        );
    }
}

#[test]
fn eight_processes_with_one_key_are_one_order_and_one_charge() {
    for goods in BOTH {
        let scene = Scene::new(goods);
        scene.fault(Fault::DropAfterEffect);
        let line = format!("{} --key one-wish --json", scene.line);
        let children: Vec<_> = (0..8).map(|_| scene.home.start(&line)).collect();
        let mut ids = std::collections::BTreeSet::new();
        for child in children {
            let finished = ended(child);
            let document = finished.document();
            ids.insert(crate::home::text(&document["order"]["id"]));
        }
        assert_eq!(ids.len(), 1, "{goods:?}");
        scene.check_resumed("eight processes");
    }
}
