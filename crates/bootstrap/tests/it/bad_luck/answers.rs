//! Answers that are lost, that say too little or too much, and a wallet that empties meanwhile.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use roamport_app::order_and_provision::{Wish, WishLine};
use roamport_app::{Observer, StopSignal};
use roamport_domain::PackageId;
use roamport_domain::order::{AttemptState, AttentionReason, Doubt, OrderState};
use roamport_sandbox::Fault;
use rust_decimal::Decimal;

use super::on_both_faces;
use super::shop::{Goods, Once, PACKAGE, Shop, carry, carry_telling, place, purchasing, ready};

on_both_faces!(
    a_reply_lost_after_the_charge_is_looked_up_and_charged_once,
    a_500_after_the_charge_is_looked_up_and_charged_once,
    a_500_before_the_charge_is_sent_again_only_once_absence_is_proved,
    two_lines_for_one_package_are_two_esims_and_one_charge,
    a_wallet_that_empties_between_check_and_order_buys_nothing,
    an_answer_with_fewer_esims_than_asked_is_shown_to_a_person,
    an_answer_with_another_price_is_shown_to_a_person,
);

fn status(status: u16, before: bool) -> Fault {
    let (body, retry_after) = (None, None);
    if before {
        Fault::StatusBeforeEffect {
            status,
            body,
            retry_after,
        }
    } else {
        Fault::StatusAfterEffect {
            status,
            body,
            retry_after,
        }
    }
}

async fn a_reply_lost_after_the_charge_is_looked_up_and_charged_once(shop: Shop) {
    shop.fault(Fault::DropAfterEffect);
    let order = shop.buy("lost").await;
    shop.check_bought_once(&order, 1, "the reply was lost");
    assert!(!shop.charges()[0].answered, "the ledger says so, too");
    // The quiet period was not needed: what is found is found.
    let names = shop.names_of_events(order.id()).await;
    assert!(!names.contains(&"absence_established"), "{names:?}");
}

async fn a_500_after_the_charge_is_looked_up_and_charged_once(shop: Shop) {
    shop.fault(status(500, false));
    let order = shop.buy("oops").await;
    shop.check_bought_once(&order, 1, "500 after the charge");
    assert!(!shop.charges()[0].answered);
    let attempt = &order.attempts()[0].state;
    assert!(
        matches!(attempt, AttemptState::Ambiguous { .. }),
        "{attempt:?}"
    );
}

async fn a_500_before_the_charge_is_sent_again_only_once_absence_is_proved(shop: Shop) {
    shop.fault(status(500, true));
    let began = shop.clock.elapsed();
    let order = shop.buy("oops").await;
    shop.check_bought_once(&order, 2, "500 before the charge");
    let names = shop.names_of_events(order.id()).await;
    assert!(names.contains(&"absence_established"), "{names:?}");
    let took = shop.clock.since(began);
    assert!(took >= shop.window_and_quiet(), "{took:?}");
}

async fn two_lines_for_one_package_are_two_esims_and_one_charge(shop: Shop) {
    // A top-up has one line by its nature.
    if shop.goods == Goods::TopUp {
        return;
    }
    for (key, fault) in [("plain", None), ("lost", Some(Fault::DropAfterEffect))] {
        let before = shop.charges().len();
        if let Some(fault) = fault {
            shop.fault(fault);
        }
        let line = WishLine::new(PackageId::parse(PACKAGE).unwrap(), NonZeroU16::MIN);
        let wish = Wish {
            lines: vec![line.clone(), line],
            start_date: None,
        };
        let quote = shop.orders.quote(&wish).await.unwrap();
        let id = place(&shop.orders, &quote, key).await;
        let order = carry(&shop.orders, id).await.order;
        assert_eq!(
            (order.state(), ready(&order)),
            (OrderState::Fulfilled, 2),
            "{key}"
        );
        let charges = shop.charges();
        assert_eq!(charges.len(), before + 1, "{key}");
        assert_eq!(charges[before].packages, [PACKAGE, PACKAGE], "{key}");
        assert_eq!(charges[before].amount, quote.total.amount(), "{key}");
    }
}

/// All checks are passed and the intent is durable; then somebody else spends the money.
fn spent_at_the_call(shop: &Shop) -> Arc<dyn Observer> {
    let world = shop.world.clone();
    Once::at(purchasing, move || {
        world.set_balance(Decimal::new(1, 2)).unwrap();
    })
}

async fn a_wallet_that_empties_between_check_and_order_buys_nothing(shop: Shop) {
    let id = shop.order("too late").await;
    let observer = spent_at_the_call(&shop);
    let soon = StopSignal::never().after(Duration::from_millis(500));
    let carried = shop.orders.carry_on(id, observer, soon).await.unwrap();
    let order = carried.order;
    assert_eq!(order.state(), OrderState::Requested, "it waits for money");
    assert!(!order.money_may_have_moved());
    assert_eq!((shop.charges().len(), shop.calls()), (0, 1));
    let AttemptState::TurnedAway { message } = &order.attempts()[0].state else {
        panic!("nothing was bought, not {:?}", order.attempts())
    };
    assert!(
        message.contains("Insufficient partner balance"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_is_filled_again_in_time_pays_once() {
    for goods in Goods::BOTH {
        let shop = Shop::in_process(goods).await;
        let id = shop.order("in time").await;
        let orders = shop.orders.clone();
        let observer = spent_at_the_call(&shop);
        let work = tokio::spawn(async move { carry_telling(&orders, id, observer).await });
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert_eq!((shop.charges().len(), shop.calls()), (0, 1), "{goods:?}");
        // More than was there before: while money is gone that no order explains, nothing is sent.
        shop.world.add_balance(Decimal::from(10_000)).unwrap();
        let order = work.await.unwrap().order;
        // What was refused for want of money counts as no attempt.
        shop.check_bought_once(&order, 2, "with a wallet that is full again");
        assert_eq!(order.counted_attempts(), 1, "{goods:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wallet_emptied_by_nothing_that_is_known_leaves_the_order_to_a_person() {
    for goods in Goods::BOTH {
        let shop = Shop::in_process(goods).await;
        let id = shop.order("never").await;
        let observer = spent_at_the_call(&shop);
        let order = carry_telling(&shop.orders, id, observer).await.order;
        assert_eq!(order.state(), OrderState::NeedsAttention, "{goods:?}");
        let reasons: Vec<_> = order.open_attention().collect();
        assert_eq!(reasons, [&AttentionReason::UnsentUnconfirmed], "{goods:?}");
        assert_eq!(
            order.look_ups().last_doubt,
            Some(Doubt::Wallet),
            "{goods:?}"
        );
        assert!(!order.money_may_have_moved());
        assert_eq!((shop.charges().len(), shop.calls()), (0, 1), "{goods:?}");
    }
}

async fn an_answer_with_fewer_esims_than_asked_is_shown_to_a_person(shop: Shop) {
    // The answer to a top-up names no eSIM of its own.
    if shop.goods == Goods::TopUp {
        return;
    }
    shop.fault(Fault::FewerItems { by: 1 });
    let three = NonZeroU16::new(3).unwrap();
    let wish = Wish::new(PackageId::parse(PACKAGE).unwrap(), three);
    let quote = shop.orders.quote(&wish).await.unwrap();
    let id = place(&shop.orders, &quote, "fewer").await;
    let order = carry(&shop.orders, id).await.order;
    assert_eq!(
        (order.state(), ready(&order)),
        (OrderState::NeedsAttention, 2)
    );
    let reasons: Vec<_> = order.open_attention().collect();
    let expected = AttentionReason::ItemCountDiffers {
        expected: 3,
        actual: 2,
    };
    assert_eq!(reasons, [&expected]);
    let charges = shop.charges();
    assert_eq!((charges.len(), shop.calls()), (1, 1));
    assert_eq!(charges[0].amount, quote.total.amount(), "charged in full");
}

async fn an_answer_with_another_price_is_shown_to_a_person(shop: Shop) {
    // Told by the answer, and by the look-up where the answer is lost.
    for (number, lost) in [false, true].into_iter().enumerate() {
        shop.fault(Fault::PriceChange { percent: 50 });
        if lost {
            shop.fault(Fault::DropAfterEffect);
        }
        let quoted = shop.quote(&shop.orders).await.total;
        let order = shop.buy(&format!("dearer {number}")).await;
        assert_eq!(order.state(), OrderState::NeedsAttention, "lost: {lost}");
        let charges = shop.charges();
        assert_eq!(
            (charges.len(), shop.calls()),
            (number + 1, number as u64 + 1)
        );
        let paid = charges[number].amount;
        assert!(paid > quoted.amount());
        let reasons: Vec<_> = order.open_attention().collect();
        let told = match reasons[..] {
            [
                AttentionReason::PriceDiffers {
                    quoted: was,
                    charged,
                },
            ] => *was == quoted && charged.amount() == paid,
            [AttentionReason::FoundDiffers { order }] => order.as_str() == charges[number].order_id,
            _ => false,
        };
        assert!(told, "lost: {lost}: {reasons:?}");
    }
}
