//! A process that dies around a purchase call, and the one that comes after it.
//!
//! The simulation stops at every append and every call; here each of the three gaps around the call
//! that costs money has a test of its own, and is opened on a journal that survives on disk, too.

use std::sync::Arc;

use roamport_domain::order::AttemptState;

use super::on_both_faces;
use super::ports::{Behind, Database, Death, Dying, Unanswered};
use super::shop::{Shop, carry, carry_beside, frozen, until};

on_both_faces!(
    a_crash_between_intent_and_send_is_bought_once_after_the_quiet_period,
    a_crash_between_send_and_answer_is_found_and_bought_once,
    a_crash_between_answer_and_append_is_found_and_bought_once,
);

/// Carries an order on in a process that dies at `death`, then in another.
async fn check(shop: &Shop, death: Death, charges_at_death: usize) {
    let id = shop.order("crash").await;
    let dying = Dying::at(death);
    let doomed = shop.process("doomed", |parts| {
        // A dead process renews nothing.
        frozen(parts);
        parts.journal = Arc::new(Behind {
            inner: parts.journal.clone(),
            dying: Some(dying.clone()),
            database: Database::default(),
        });
        parts.provider = Arc::new(Unanswered {
            inner: parts.provider.clone(),
            dying: dying.clone(),
        });
    });
    let dead = carry_beside(&doomed, id);
    until("the death", async || dying.is_dead()).await;
    assert_eq!(shop.charges().len(), charges_at_death, "{death:?}");
    let left = shop.now(id).await;
    assert_eq!(left.attempts()[0].state, AttemptState::InFlight);

    let died_at = shop.clock.elapsed();
    let successor = shop.process("successor", |_| {});
    let order = carry(&successor, id).await.order;
    shop.check_bought_once(&order, 1, &format!("{death:?}"));
    assert_eq!(order.attempts()[0].state, AttemptState::Abandoned);
    if charges_at_death == 0 {
        let took = shop.clock.since(died_at);
        assert!(took >= shop.window_and_quiet() / 2, "{death:?}: {took:?}");
        let names = shop.names_of_events(id).await;
        assert!(names.contains(&"absence_established"), "{names:?}");
    }
    dead.abort();
}

async fn a_crash_between_intent_and_send_is_bought_once_after_the_quiet_period(shop: Shop) {
    check(&shop, Death::Unsent, 0).await;
}

async fn a_crash_between_send_and_answer_is_found_and_bought_once(shop: Shop) {
    check(&shop, Death::Unanswered, 1).await;
}

async fn a_crash_between_answer_and_append_is_found_and_bought_once(shop: Shop) {
    check(&shop, Death::Unrecorded, 1).await;
}
