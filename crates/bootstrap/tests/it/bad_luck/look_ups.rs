//! Look-ups that lag behind the charge, that fail, and that find two.

use roamport_domain::order::{AttentionReason, OrderState};
use roamport_domain::provider::EsimKey;
use roamport_sandbox::world::Purchase;
use roamport_sandbox::{Fault, Operation, Rule};

use super::on_both_faces;
use super::shop::{Goods, Once, PACKAGE, Shop, carry_telling, purchasing};

on_both_faces!(
    a_look_up_that_lags_behind_the_charge_causes_no_other,
    look_ups_that_fail_only_delay,
    look_ups_that_never_answer_end_with_a_person_and_no_second_call,
    a_look_up_that_finds_two_asks_a_person_and_sends_nothing_more,
);

async fn a_look_up_that_lags_behind_the_charge_causes_no_other(shop: Shop) {
    let lag = shop.window_and_quiet() * 9 / 10;
    shop.fault(Fault::LateVisibility {
        ms: u64::try_from(lag.as_millis()).unwrap(),
    });
    shop.fault(Fault::DropAfterEffect);
    let began = shop.clock.elapsed();
    let order = shop.buy("lag").await;
    shop.check_bought_once(&order, 1, "the look-ups lag");
    let took = shop.clock.since(began);
    assert!(took >= lag, "{took:?}");
}

async fn look_ups_that_fail_only_delay(shop: Shop) {
    shop.fault(Fault::DropAfterEffect);
    // The look-up before the purchase passes, the twenty after it fail.
    shop.rule(
        Rule::new(Operation::Orders, Fault::HtmlError { status: 502 })
            .skip(1)
            .times(20),
    );
    let order = shop.buy("failing").await;
    shop.check_bought_once(&order, 1, "the look-ups fail");
    assert!(shop.world.calls(Operation::Orders) > 20);
}

async fn look_ups_that_never_answer_end_with_a_person_and_no_second_call(shop: Shop) {
    // In production a person is asked after a quarter of an hour.
    let mut parts = shop.parts.clone();
    parts.policy.reconcile_for = shop.window_and_quiet() * 2;
    let shop = shop.with(parts);
    shop.fault(Fault::DropAfterEffect);
    shop.rule(
        Rule::new(Operation::Orders, Fault::HtmlError { status: 502 })
            .skip(1)
            .for_ever(),
    );
    let order = shop.buy("silent").await;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert!(order.money_may_have_moved());
    assert_eq!((shop.charges().len(), shop.calls()), (1, 1));
    // Once look-ups answer again, whoever carries the order on finds the charge.
    shop.world.clear_faults().unwrap();
    let order = super::shop::carry(&shop.orders, order.id()).await.order;
    if order.state() == OrderState::NeedsAttention {
        assert_eq!((shop.charges().len(), shop.calls()), (1, 1));
    } else {
        shop.check_bought_once(&order, 1, "found at last");
    }
}

async fn a_look_up_that_finds_two_asks_a_person_and_sends_nothing_more(shop: Shop) {
    let id = shop.order("two").await;
    let reference = shop.now(id).await.requested().reference.clone();
    // Somebody else at the same account has used our reference while our call was under way.
    let by_hand = match shop.goods {
        Goods::Esims => Purchase::order(PACKAGE, 1, reference.as_str()),
        Goods::TopUp => Purchase::top_up(&iccid(&shop).await, PACKAGE, reference.as_str()),
    };
    shop.fault(Fault::DropAfterEffect);
    let world = shop.world.clone();
    let observer = Once::at(purchasing, move || {
        world.purchase(&by_hand).unwrap();
    });
    let order = carry_telling(&shop.orders, id, observer).await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    let charges = shop.charges();
    assert_eq!((charges.len(), shop.calls()), (2, 1), "{charges:?}");
    let reasons: Vec<_> = order.open_attention().collect();
    let [AttentionReason::SeveralFound { orders }] = reasons[..] else {
        panic!("several found, not {reasons:?}")
    };
    let mut shown: Vec<&str> = orders
        .iter()
        .map(roamport_domain::ProviderOrderId::as_str)
        .collect();
    let mut ledger: Vec<&str> = charges.iter().map(|charge| &*charge.order_id).collect();
    shown.sort_unstable();
    ledger.sort_unstable();
    assert_eq!(shown, ledger, "a person is shown both");
    // Nor does carrying it on send anything.
    super::shop::carry(&shop.orders, id).await;
    assert_eq!((shop.charges().len(), shop.calls()), (2, 1));
}

/// The number of the card that is topped up.
async fn iccid(shop: &Shop) -> String {
    let quote = shop.quote(&shop.orders).await;
    let roamport_domain::order::OrderContent::TopUp(top_up) = quote.content else {
        panic!("a top-up")
    };
    let key = EsimKey::from_id(top_up.esim);
    let known = shop.orders.resolve(&key).await.unwrap();
    known.iccid().expect("it is ready").as_str().to_owned()
}
