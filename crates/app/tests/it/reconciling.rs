//! Reconciling: what no single order can know, found, shown and raised once; never clean where it
//! is not.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use roamport_app::reconcile::{Difference, Raised, Reconciliation};
use roamport_app::{Orders, Reconciler};
use roamport_domain::journal::{BalanceStore, OrderJournal as _, Owner};
use roamport_domain::order::{AttentionReason, OrderState};
use roamport_domain::provider::{
    FoundOrders, MockEsimProvider, OrderLookup, PurchaseRequest, SendWindow,
};
use roamport_domain::{Capabilities, EsimProvider, Order, ProviderOrderId, Reference};
use roamport_sandbox::world::Purchase;
use roamport_sandbox::{Fault, Lasting, Operation};

use crate::deciding::decision;
use crate::support::{PORTUGAL_3GB, Shop, noon, usd, wish};

pub(crate) async fn reconcile(shop: &Shop) -> Reconciliation {
    reconciler(shop).reconcile(None).await.unwrap()
}

pub(crate) fn reconciler(shop: &Shop) -> Reconciler {
    let balances: Arc<dyn BalanceStore> = shop.journal.clone();
    Reconciler::new(shop.orders.clone(), Some(balances))
}

/// Buys one at the provider, past every journal.
pub(crate) async fn buy_under(shop: &Shop, reference: &str) -> ProviderOrderId {
    let line = roamport_domain::provider::Line {
        package: crate::support::package_id(PORTUGAL_3GB),
        quantity: std::num::NonZeroU16::MIN,
        unit_price: usd("1"),
        days: None,
    };
    let purchase = roamport_domain::provider::Purchase {
        reference: Reference::parse(reference).unwrap(),
        request: PurchaseRequest::PlaceOrder {
            lines: vec![line],
            start_date: None,
        },
        window: SendWindow::open(&*shop.clock, Duration::from_mins(1)),
        replays: false,
    };
    shop.parts.provider.purchase(&purchase).await.unwrap().id
}

pub(crate) fn only(found: &Reconciliation) -> &roamport_app::reconcile::Finding {
    let [finding] = found.findings.as_slice() else {
        panic!("one finding, not {:?}", found.findings)
    };
    finding
}

pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// What the usual wish costs.
fn price(order: &Order) -> roamport_domain::Money {
    order.quoted_total().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_journal_and_a_provider_that_agree_are_clean() {
    let shop = Shop::careless();
    let found = reconcile(&shop).await;
    assert!(found.is_clean(), "{found:?}");
    assert_eq!((found.list.orders, found.ours.bought), (0, 0));
    pass(Duration::from_mins(1)).await;
    for key in ["one", "two", "three"] {
        shop.buy(key).await;
        pass(Duration::from_mins(1)).await;
    }
    shop.order(&wish(PORTUGAL_3GB, 1), "only recorded").await;
    let found = reconcile(&shop).await;
    assert!(found.is_clean(), "{found:?}");
    assert_eq!(
        (found.list.orders, found.ours.bought, found.ours.listed),
        (3, 3, 3)
    );
    assert_eq!(found.list.complete_from, Some(found.since));
    let [movement] = found.movements.as_slice() else {
        panic!("{:?}", found.movements)
    };
    assert_eq!(movement.orders, 3);
    assert!(movement.unexplained.unwrap().is_zero(), "{movement:?}");
    assert_eq!(
        movement.charged,
        Some(usd("1000").checked_sub(found.balance.balance).unwrap())
    );
}

#[tokio::test(start_paused = true)]
async fn a_late_second_charge_is_found_and_raised_once_with_both_ids() {
    let shop = Shop::careless().under(|policy| policy.quiet_period = Duration::ZERO);
    shop.fault(Operation::Order, Fault::LateEffect { ms: 239_000 });
    let order = shop.buy("hasty").await;
    assert_eq!((order.state(), shop.charges()), (OrderState::Fulfilled, 1));
    pass(Duration::from_mins(10)).await;
    assert_eq!(shop.charges(), 2);
    let first = order.placed().unwrap().id.clone();

    let found = reconcile(&shop).await;
    let finding = only(&found);
    let Difference::Twice {
        order: id,
        taken,
        others,
    } = &finding.difference
    else {
        panic!("{finding:?}")
    };
    assert_eq!((*id, taken.as_ref()), (order.id(), Some(&first)));
    assert_eq!(others.len(), 1);
    assert_ne!(others[0], first);
    assert_eq!((finding.settled, finding.raised), (false, Raised::Now));
    assert!(!found.is_clean());
    let second = others[0].clone();

    let raised = shop.orders.order(order.id()).await.unwrap();
    assert_eq!(raised.state(), OrderState::NeedsAttention);
    let open: Vec<_> = raised.open_attention().cloned().collect();
    assert_eq!(
        open,
        [AttentionReason::SecondCharge {
            order: second.clone()
        }]
    );
    let review = shop.orders.review(order.id()).await.unwrap();
    let known: Vec<&ProviderOrderId> = review
        .provider_orders
        .iter()
        .map(|known| &known.id)
        .collect();
    assert_eq!(known, [&first, &second]);

    // Told once: the next one shows it and raises nothing.
    let version = raised.version();
    let again = reconcile(&shop).await;
    assert_eq!(
        (only(&again).raised, only(&again).settled),
        (Raised::Before, false)
    );
    assert_eq!(
        shop.orders.order(order.id()).await.unwrap().version(),
        version
    );

    // Settled by a person, it counts no more.
    shop.orders.accept(order.id(), &decision()).await.unwrap();
    let after = reconcile(&shop).await;
    assert!(only(&after).settled);
    assert!(after.is_clean(), "{after:?}");
    assert_eq!(
        shop.orders.order(order.id()).await.unwrap().state(),
        OrderState::Fulfilled
    );
}

#[tokio::test(start_paused = true)]
async fn what_another_process_holds_is_raised_the_next_time() {
    let shop = Shop::careless();
    let order = shop.buy("held").await;
    buy_under(&shop, order.requested().reference.as_str()).await;
    let owner = Owner::new("another process");
    let hour = Duration::from_hours(1);
    let claim = shop
        .journal
        .claim_order(order.id(), &owner, hour)
        .await
        .unwrap()
        .unwrap();
    let before = shop.clock.elapsed();
    let found = reconcile(&shop).await;
    assert_eq!(only(&found).raised, Raised::Later);
    assert_eq!(shop.clock.elapsed(), before, "nobody waits for it");
    assert_eq!(
        shop.orders.order(order.id()).await.unwrap().version(),
        order.version()
    );
    shop.journal.release(&claim).await.unwrap();
    assert_eq!(only(&reconcile(&shop).await).raised, Raised::Now);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_no_journal_knows_is_theirs_and_not_ours() {
    let shop = Shop::careless();
    shop.buy("ours").await;
    let made = Purchase::order(PORTUGAL_3GB, 1, "SOMEBODY-ELSES");
    let made = shop.world.purchase(&made).unwrap();
    let found = reconcile(&shop).await;
    let finding = only(&found);
    let Difference::TheirsNotOurs { provider_order } = &finding.difference else {
        panic!("{finding:?}")
    };
    assert_eq!(provider_order.id.as_str(), made.id);
    assert_eq!(
        provider_order.reference.as_ref().unwrap().as_str(),
        "SOMEBODY-ELSES"
    );
    assert!(!found.is_clean());
}

#[tokio::test(start_paused = true)]
async fn an_order_of_a_journal_that_was_lost_is_theirs_and_not_ours() {
    let shop = Shop::careless();
    let order = shop.buy("before the fire").await;
    let after = Shop {
        journal: Shop::careless().journal,
        ..shop
    };
    let mut parts = after.parts.clone();
    parts.journal = after.journal.clone();
    parts.profiles = after.journal.clone();
    let reconciler = Reconciler::new(Orders::new(parts), None);
    let found = reconciler.reconcile(Some(noon())).await.unwrap();
    let Difference::TheirsNotOurs { provider_order } = &only(&found).difference else {
        panic!("{found:?}")
    };
    assert_eq!(provider_order.id, order.placed().unwrap().id);
    assert!(!found.keeps_balances);
}

#[tokio::test(start_paused = true)]
async fn an_order_the_provider_does_not_know_is_ours_and_not_theirs() {
    let shop = Shop::careless();
    let order = shop.buy("ours").await;
    let forgetful = provider(
        &shop,
        |_| true,
        |lookup, found| match lookup {
            OrderLookup::Since(_) | OrderLookup::Id(_) | OrderLookup::Reference { .. } => {
                FoundOrders {
                    orders: Vec::new(),
                    ..found
                }
            }
        },
    );
    let found = at(&shop, forgetful).reconcile(None).await.unwrap();
    let finding = only(&found);
    assert_eq!(
        finding.difference,
        Difference::OursNotTheirs {
            order: order.id(),
            provider_order: order.placed().unwrap().id.clone(),
            total: Some(price(&order)),
        }
    );
    assert_eq!(
        (found.ours.bought, found.ours.listed, found.ours.looked_up),
        (1, 0, 1)
    );
    assert!(!found.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_price_that_differs_is_raised_and_settled_like_everything_else() {
    let shop = Shop::careless();
    let order = shop.buy("dearer").await;
    let dearer = price(&order).checked_add(usd("0.5")).unwrap();
    let lists_another_price = || {
        provider(
            &shop,
            |_| true,
            move |_, mut found| {
                for order in &mut found.orders {
                    order.total = Some(dearer);
                }
                found
            },
        )
    };
    let found = at(&shop, lists_another_price())
        .reconcile(None)
        .await
        .unwrap();
    let finding = only(&found);
    assert_eq!(
        finding.difference,
        Difference::PriceDiffers {
            order: order.id(),
            provider_order: order.placed().unwrap().id.clone(),
            expected: price(&order),
            listed: dearer,
        }
    );
    assert_eq!(finding.raised, Raised::Now);
    let raised = shop.orders.order(order.id()).await.unwrap();
    assert_eq!(raised.state(), OrderState::NeedsAttention);
    shop.orders.accept(order.id(), &decision()).await.unwrap();
    let found = at(&shop, lists_another_price())
        .reconcile(None)
        .await
        .unwrap();
    assert!(only(&found).settled, "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_price_that_differed_in_the_answer_is_shown_without_being_raised_again() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::PriceChange { percent: 50 });
    let order = shop.buy("dearer").await;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    let found = reconcile(&shop).await;
    let finding = only(&found);
    assert!(
        matches!(finding.difference, Difference::PriceDiffers { .. }),
        "{finding:?}"
    );
    assert_eq!((finding.raised, finding.settled), (Raised::Before, false));
    shop.orders.accept(order.id(), &decision()).await.unwrap();
    assert!(reconcile(&shop).await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_refund_nobody_told_us_of_is_raised() {
    let shop = Shop::careless();
    let day = 24 * 3600 * 1000;
    let refund = Fault::OrderState {
        state: "COMPLETED".into(),
        ms: Lasting::Milliseconds(day),
    };
    shop.fault(Operation::Order, refund);
    let order = shop.buy("refunded later").await;
    assert_eq!(order.state(), OrderState::Fulfilled);
    let refunding = provider(
        &shop,
        |_| true,
        |_, mut found| {
            for order in &mut found.orders {
                order.status = roamport_domain::provider::ProviderOrderStatus::Refunded;
            }
            found
        },
    );
    let reconciler = at(&shop, refunding);
    let found = reconciler.reconcile(None).await.unwrap();
    assert!(
        matches!(only(&found).difference, Difference::StatusDiffers { .. }),
        "{found:?}"
    );
    assert_eq!(only(&found).raised, Raised::Now);
    let order = shop.orders.order(order.id()).await.unwrap();
    assert_eq!(order.state(), OrderState::NeedsAttention);
    shop.orders
        .write_off(order.id(), &decision())
        .await
        .unwrap();
    let found = reconciler.reconcile(None).await.unwrap();
    assert!(only(&found).settled && found.is_clean(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_charge_behind_an_order_that_was_called_off_is_raised() {
    let shop = Shop::careless();
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "off").await;
    shop.orders.cancel(id, &decision()).await.unwrap();
    let order = shop.orders.order(id).await.unwrap();
    let made = buy_under(&shop, order.requested().reference.as_str()).await;
    let found = reconcile(&shop).await;
    let finding = only(&found);
    let Difference::BoughtUnnoticed {
        order,
        state,
        provider_order,
        ..
    } = &finding.difference
    else {
        panic!("{finding:?}")
    };
    assert_eq!(
        (*order, *state, provider_order),
        (id, OrderState::Cancelled, &made)
    );
    assert_eq!(finding.raised, Raised::Now);
    // It can be taken over after all.
    shop.orders.attach(id, &made, &decision()).await.unwrap();
    assert_eq!(shop.carry(id).await.order.state(), OrderState::Fulfilled);
    assert!(reconcile(&shop).await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn an_order_still_on_its_way_is_no_difference() {
    let shop = Shop::careless();
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "restored").await;
    let order = shop.orders.order(id).await.unwrap();
    let made = buy_under(&shop, order.requested().reference.as_str()).await;
    let found = reconcile(&shop).await;
    assert!(found.is_clean(), "{found:?}");
    assert_eq!(found.on_their_way.len(), 1);
    assert_eq!(found.on_their_way[0].provider_order, made);
    // And it finds by itself what there is.
    assert_eq!(shop.carry(id).await.order.state(), OrderState::Fulfilled);
    assert_eq!(shop.charges(), 1);
    assert!(reconcile(&shop).await.on_their_way.is_empty());
}

#[tokio::test(start_paused = true)]
async fn several_under_one_reference_are_shown_until_one_is_attached_and_the_rest_settled() {
    let shop = Shop::careless();
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "several").await;
    let reference = shop
        .orders
        .order(id)
        .await
        .unwrap()
        .requested()
        .reference
        .clone();
    let first = buy_under(&shop, reference.as_str()).await;
    let second = buy_under(&shop, reference.as_str()).await;
    shop.carry(id).await;
    let found = reconcile(&shop).await;
    let Difference::Twice {
        taken: None,
        others,
        ..
    } = &only(&found).difference
    else {
        panic!("{found:?}")
    };
    assert_eq!(others.len(), 2);
    assert_eq!(only(&found).raised, Raised::Before);
    shop.orders.attach(id, &first, &decision()).await.unwrap();
    shop.carry(id).await;
    let found = reconcile(&shop).await;
    let Difference::Twice {
        taken: Some(taken),
        others,
        ..
    } = &only(&found).difference
    else {
        panic!("{found:?}")
    };
    assert_eq!((taken, others.as_slice()), (&first, &[second][..]));
    assert!(!found.is_clean());
    shop.orders.accept(id, &decision()).await.unwrap();
    assert!(reconcile(&shop).await.is_clean());
}

/// A reconciler over the shop's journal and another provider.
pub(crate) fn at(shop: &Shop, provider: MockEsimProvider) -> Reconciler {
    let mut parts = shop.parts.clone();
    parts.provider = Arc::new(provider);
    let balances: Arc<dyn BalanceStore> = shop.journal.clone();
    Reconciler::new(Orders::new(parts), Some(balances))
}

/// The shop's provider as its reads tell of it, its lists changed on the way; a look-up that
/// `answers` refuses fails. It sells nothing.
pub(crate) fn provider(
    shop: &Shop,
    answers: impl Fn(&OrderLookup) -> bool + Send + 'static,
    change: impl Fn(&OrderLookup, FoundOrders) -> FoundOrders + Send + 'static,
) -> MockEsimProvider {
    with_capabilities(shop, shop.parts.provider.capabilities(), answers, change)
}

pub(crate) fn with_capabilities(
    shop: &Shop,
    capabilities: Capabilities,
    answers: impl Fn(&OrderLookup) -> bool + Send + 'static,
    change: impl Fn(&OrderLookup, FoundOrders) -> FoundOrders + Send + 'static,
) -> MockEsimProvider {
    let inner: Arc<dyn EsimProvider> = shop.parts.provider.clone();
    let mut mock = MockEsimProvider::new();
    mock.expect_name().return_const(inner.name().clone());
    mock.expect_capabilities().return_const(capabilities);
    mock.expect_purchase().never();
    let wallet = inner.clone();
    mock.expect_balance()
        .returning(move || wallet.balance().now_or_never().unwrap());
    mock.expect_find_orders().returning(move |lookup| {
        if !answers(lookup) {
            return Err(crate::support::mocks::error(
                roamport_domain::provider::ErrorKind::Unavailable,
                roamport_domain::provider::Operation::FindOrders,
            ));
        }
        let found = inner.find_orders(lookup).now_or_never().unwrap()?;
        Ok(change(lookup, found))
    });
    mock
}
