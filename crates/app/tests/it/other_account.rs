//! An order in doubt under the credentials of another account: looked up, never sent, until a person
//! confirms that the two accounts are one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use roamport_app::{Orders, OrdersParts, Progress};
use roamport_domain::journal::MockOrderJournal;
use roamport_domain::order::{AttentionReason, OrderState, Resolution};
use roamport_domain::provider::{FoundOrders, OrderLookup};
use roamport_domain::{Account, Order, OrderId, ProviderName, Reference};

use crate::deciding::{decision, last_decision};
use crate::support::mocks::{self, Desk};
use crate::support::{Listener, carry, key, wish};

fn account(name: &str) -> Account {
    Account::parse(name).unwrap()
}

/// A provider that takes no call of an order in doubt as proof of anything: the first call is lost,
/// and no lookup finds it. Counts the purchase calls.
fn losing_the_first() -> (Desk, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase()
            .returning(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
                0 => Err(mocks::lost()),
                call => Ok(mocks::placed(
                    &format!("P-{call}"),
                    &[&format!("esim-{call}")],
                )),
            });
    }));
    (desk, calls)
}

/// An order whose purchase call was lost, left by the process that sent it.
async fn in_doubt(desk: &Desk) -> OrderId {
    let id = desk.order(1).await;
    let ended = |progress: &Progress| matches!(progress, Progress::PurchaseEnded { .. });
    let (listener, stop) = Listener::stopping(ended);
    desk.orders.carry_on(id, listener, stop).await.unwrap();
    let state = desk.orders.order(id).await.unwrap().state();
    assert_eq!(state, OrderState::Reconciling);
    id
}

/// The same orders under the credentials of another account.
fn under(desk: &Desk, name: &str) -> Orders {
    Orders::new(OrdersParts {
        account: account(name),
        ..desk.parts.clone()
    })
}

#[tokio::test(start_paused = true)]
async fn an_order_in_doubt_is_not_sent_under_another_account_before_a_person_confirms_it() {
    let (desk, calls) = losing_the_first();
    let id = in_doubt(&desk).await;
    let other = under(&desk, "the rotated token");
    for _ in 0..3 {
        let order = carry(&other, id).await.order;
        assert_eq!(order.state(), OrderState::NeedsAttention);
        let asked = AttentionReason::OtherAccount {
            sent_with: Some(desk.parts.account.clone()),
            current: account("the rotated token"),
        };
        assert_eq!(order.open_attention().collect::<Vec<_>>(), [&asked]);
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);

    // A word about some other account changes nothing.
    let unrelated = account("a third account");
    let resumed = other.confirm_account(&unrelated, &decision()).await;
    assert_eq!(resumed.unwrap(), []);
    assert_eq!(
        other.order(id).await.unwrap().state(),
        OrderState::NeedsAttention
    );

    let resumed = other
        .confirm_account(&desk.parts.account, &decision())
        .await;
    assert_eq!(resumed.unwrap(), [id]);
    let (resolution, by, why) = last_decision(&other, id).await;
    let same = Resolution::SameAccount {
        account: account("the rotated token"),
    };
    assert_eq!(resolution, same);
    assert_eq!(
        (by.as_str(), why.as_str()),
        (decision().by(), decision().why())
    );
    // It goes on as under its own account: absence is proven anew, then it is sent once more.
    let order = carry(&other, id).await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

/// A journal of years is not read for a confirmation.
#[tokio::test(start_paused = true)]
async fn a_confirmation_reads_only_orders_of_its_provider_that_need_a_person() {
    let (desk, _) = losing_the_first();
    let id = in_doubt(&desk).await;
    let asked = carry(&under(&desk, "the rotated token"), id).await.order;
    assert_eq!(asked.state(), OrderState::NeedsAttention);
    let bought = desk
        .record_under(&wish(mocks::PACKAGE, 1), "another key")
        .await;
    let bought = carry(&desk.orders, bought).await.order;
    assert_eq!(bought.state(), OrderState::Fulfilled);

    let loads = Arc::new(AtomicUsize::new(0));
    let counted = loads.clone();
    let count = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        None
    };
    let mock = MockOrderJournal::new();
    let counting = mocks::journal_over(mock, &desk.journal, |_| None, count);
    let desk = desk.on(counting);
    let unrelated = account("a third account");
    for (provider, reads) in [(None, 1), (Some("elsewhere"), 0)] {
        let mut parts = desk.parts.clone();
        if let Some(name) = provider {
            parts.instance.name = ProviderName::parse(name).unwrap();
        }
        loads.store(0, Ordering::SeqCst);
        let decision = decision();
        let orders = Orders::new(parts);
        let resumed = orders.confirm_account(&unrelated, &decision).await;
        assert_eq!(resumed.unwrap(), []);
        assert_eq!(loads.load(Ordering::SeqCst), reads, "{provider:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_confirmation_is_enough_for_every_order_of_the_pair() {
    let (desk, _) = losing_the_first();
    let id = in_doubt(&desk).await;
    let other = under(&desk, "the rotated token");
    let resumed = other
        .confirm_account(&desk.parts.account, &decision())
        .await;
    assert_eq!(resumed.unwrap(), [], "the order was not asked about yet");
    let order = carry(&other, id).await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    let asked = |reason: &AttentionReason| matches!(reason, AttentionReason::OtherAccount { .. });
    let mut reasons = order.attention().iter();
    assert!(!reasons.any(|attention| asked(&attention.reason)));
}

#[tokio::test(start_paused = true)]
async fn an_order_in_doubt_is_found_under_another_account_without_a_word() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let desk = Desk::at(mocks::provider(|mock| {
        let lost = counted.clone();
        mock.expect_purchase().returning(move |_| {
            lost.fetch_add(1, Ordering::SeqCst);
            Err(mocks::lost())
        });
        mock.expect_find_orders().returning(move |lookup| {
            Ok(match counted.load(Ordering::SeqCst) {
                0 => mocks::nothing(),
                _ => mocks::ours(lookup, vec![mocks::placed("P-1", &["esim-1"])]),
            })
        });
        mock.expect_provision()
            .returning(|_| Ok(mocks::ready("esim-1")));
    }));
    let id = in_doubt(&desk).await;
    let other = under(&desk, "the rotated token");
    let mut order = carry(&other, id).await.order;
    if order.state() == OrderState::NeedsAttention {
        order = carry(&other, id).await.order;
    }
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(order.open_attention().count(), 0);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn orders_that_need_attention_are_listed_by_reason_oldest_first() {
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase().returning(|_| Err(mocks::lost()));
        let mut lookups = 0;
        mock.expect_find_orders().returning(move |lookup| {
            lookups += 1;
            let second = Reference::derive(&mocks::name(), &key("second"));
            let half = Reference::parse(&second.as_str()[..14]).unwrap();
            let looks_alike = mocks::under(&half, mocks::placed("P-1", &["esim-1"]));
            let asked =
                matches!(lookup, OrderLookup::Reference { reference, .. } if *reference == second);
            Ok(if lookups > 1 && asked {
                mocks::found(vec![looks_alike])
            } else {
                FoundOrders {
                    complete: false,
                    ..mocks::nothing()
                }
            })
        });
    }));
    let mut ids = Vec::new();
    for name in ["first", "second", "third"] {
        let id = desk.record_under(&wish(mocks::PACKAGE, 1), name).await;
        let order = carry(&desk.orders, id).await.order;
        assert_eq!(order.state(), OrderState::NeedsAttention, "{name}");
        ids.push(id);
    }
    let reason = AttentionReason::OutcomeUnknown { attempt: 1 };
    let listed = desk
        .orders
        .needing_attention_for(reason.name())
        .await
        .unwrap();
    let listed: Vec<_> = listed.iter().map(Order::id).collect();
    assert_eq!(listed, [ids[0], ids[2]]);

    let mut instance = desk.parts.instance.clone();
    instance.base_url = "https://elsewhere.example".to_owned();
    let elsewhere = Orders::new(OrdersParts {
        instance,
        ..desk.parts.clone()
    });
    let listed = elsewhere
        .needing_attention_for(reason.name())
        .await
        .unwrap();
    assert_eq!(listed, []);
}
