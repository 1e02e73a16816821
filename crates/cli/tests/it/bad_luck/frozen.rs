//! A process that is stopped in its purchase call, overtaken, and woken with the answer in its hands.

use roamport_sandbox::Fault;

use super::{BOTH, Scene, ended};
use crate::home::text;
use crate::interruption::signal;

#[test]
fn a_frozen_process_that_wakes_after_its_order_was_taken_records_its_paid_answer() {
    for goods in BOTH {
        let scene = Scene::new(goods);
        scene.fault(Fault::Stall { ms: 400 });
        let sleeper = scene.home.start(&scene.line);
        scene.until_charged();
        signal(&sleeper, "STOP");
        // Another takes the order over once the lease is over, and ends it.
        scene.check_resumed("taken over from a frozen process");
        let id = text(&scene.newest()["id"]);
        let attempt = || {
            let shown = scene.home.json(&format!("order show {id}"));
            text(&shown["order"]["attempts"][0]["state"])
        };
        assert_eq!(attempt(), "abandoned", "{goods:?}");

        signal(&sleeper, "CONT");
        let woken = ended(sleeper);
        assert_eq!(woken.code, Some(0), "{goods:?}: {}", woken.stderr);
        assert_eq!(attempt(), "placed", "{goods:?}: the answer was recorded");
        scene.check_resumed("and after the frozen process has woken");
    }
}
