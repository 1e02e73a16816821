//! A purchase call of unknown outcome at a provider whose filter lets other orders through: the unfiltered
//! list decides, if it proves anything.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use roamport_app::Progress;
use roamport_domain::order::{Absence, AttentionReason, Doubt, Event, OrderState};
use roamport_domain::provider::{
    AnswerForm, ErrorKind, FoundOrders, LookupSupport, Operation, OrderLookup, ProviderOrder,
};
use roamport_domain::{Capabilities, Order, OrderId, ProviderOrderId, Reference};

use crate::support::mocks::{self, Desk, error, found, nothing, placed, under};
use crate::support::{Listener, carry, key, noon, package_id, usd, wish};

/// What a provider can do that lists its orders, too.
fn listing() -> Capabilities {
    Capabilities {
        lookup: Some(LookupSupport {
            by_reference: true,
            since: true,
            lag: Duration::ZERO,
        }),
        ..mocks::capabilities()
    }
}

type Lists = Arc<dyn Fn(&Reference) -> Option<FoundOrders> + Send + Sync>;

fn strangers() -> ProviderOrder {
    let other = Reference::derive(&mocks::name(), &key("somebody else's"));
    under(&other, dated(placed("P-strangers", &["esim-9"])))
}

fn dated(order: ProviderOrder) -> ProviderOrder {
    ProviderOrder {
        created_at: Some(noon() + SignedDuration::from_secs(1)),
        ..order
    }
}

/// The provider's own order of the call that was lost.
fn ours(reference: &Reference) -> ProviderOrder {
    under(reference, dated(placed("P-1", &["esim-1"])))
}

/// Loses its first purchase call and accepts later ones. After the call every lookup finds `filtered`, which
/// is told whether absence has to be proven, and the list is as `lists` has it for our reference; `None`
/// cannot be read. Counts the calls.
fn desk(
    filtered: impl Fn(&Reference, bool) -> Vec<ProviderOrder> + Send + Sync + 'static,
    lists: Lists,
) -> (Desk, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let sent: Arc<Mutex<Option<Reference>>> = Arc::default();
    let known: Arc<Mutex<Vec<ProviderOrder>>> = Arc::default();
    let (counted, first, taken) = (calls.clone(), sent.clone(), known.clone());
    let reads = Arc::new(AtomicUsize::new(0));
    let read = reads.clone();
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_capabilities().return_const(listing());
        mock.expect_purchase().returning(move |request| {
            let call = counted.fetch_add(1, Ordering::SeqCst);
            if call == 0 {
                *first.lock().unwrap() = Some(request.reference.clone());
                return Err(mocks::lost());
            }
            let order = placed(&format!("P-again-{call}"), &[&format!("esim-{call}")]);
            let named = under(&request.reference, order.clone());
            taken.lock().unwrap().push(named);
            Ok(order)
        });
        mock.expect_balance().returning(move || {
            read.fetch_add(1, Ordering::SeqCst);
            Ok(usd("100"))
        });
        mock.expect_find_orders().returning(move |lookup| {
            let Some(reference) = sent.lock().unwrap().clone() else {
                return Ok(nothing());
            };
            let OrderLookup::Reference {
                reference: asked, ..
            } = lookup
            else {
                let list = lists(&reference);
                return list.ok_or_else(|| error(ErrorKind::Unavailable, Operation::FindOrders));
            };
            // The quote reads the wallet, and the check before the call; then only a proof does.
            let mut rows = filtered(&reference, reads.load(Ordering::SeqCst) > 2);
            let known = known.lock().unwrap();
            rows.extend(
                known
                    .iter()
                    .find(|order| order.reference.as_ref() == Some(asked))
                    .cloned(),
            );
            Ok(found(rows))
        });
        mock.expect_provision()
            .returning(|_| Ok(mocks::ready("esim-1")));
    }));
    (desk, calls)
}

async fn bought(lists: Lists) -> (Order, usize) {
    let (desk, calls) = desk(|_, _| vec![strangers()], lists);
    let order = desk.buy().await.order;
    (order, calls.load(Ordering::SeqCst))
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_whole_and_lacks_ours_proves_absence() {
    let other_goods = || {
        let mut order = dated(placed("P-other", &["esim-8"]));
        order.items[0].package = Some(package_id("esim-elsewhere"));
        order
    };
    let cases: [Lists; 2] = [
        Arc::new(|_| Some(found(vec![strangers()]))),
        // Without a reference, and for other goods: it cannot be ours.
        Arc::new(move |_| Some(found(vec![strangers(), other_goods()]))),
    ];
    for lists in cases {
        let (order, calls) = bought(lists).await;
        assert_eq!(order.state(), OrderState::Fulfilled);
        assert_eq!(order.placed().unwrap().id.as_str(), "P-again-1");
        assert_eq!(calls, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn our_order_in_the_list_is_delivered() {
    let (order, calls) = bought(Arc::new(|reference| {
        Some(found(vec![strangers(), ours(reference)]))
    }))
    .await;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(order.placed().unwrap().id.as_str(), "P-1");
    assert_eq!(calls, 1);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_proves_nothing_leads_to_a_person_and_to_no_second_call() {
    fn list(change: fn(&mut FoundOrders)) -> Lists {
        Arc::new(move |_| {
            let mut list = found(vec![strangers()]);
            change(&mut list);
            Some(list)
        })
    }
    let undated = |list: &mut FoundOrders| list.orders[0].created_at = None;
    for (why, lists) in [
        ("it cannot be read", Arc::new(|_: &_| None) as Lists),
        (
            "it has no documented form",
            list(|list| list.form = AnswerForm::Tolerated),
        ),
        ("it came from a cache", list(|list| list.fresh = false)),
        ("it was cut", list(|list| list.complete = false)),
        ("an order in it has no time", list(undated)),
    ] {
        let (order, calls) = bought(lists).await;
        assert_eq!(order.state(), OrderState::NeedsAttention, "{why}");
        let unknown = AttentionReason::OutcomeUnknown { attempt: 1 };
        assert!(order.open_attention().any(|open| *open == unknown), "{why}");
        assert_eq!(calls, 1, "{why}");
    }
}

/// Leaves an order whose call was lost, buys another one, and goes on with the first.
async fn with_another_order_placed(lists: Lists) -> (Order, usize) {
    let (desk, calls) = desk(|_, _| vec![strangers()], lists);
    let id = in_doubt(&desk).await;
    let other = desk.record_under(&wish(mocks::PACKAGE, 1), "another").await;
    let other = carry(&desk.orders, other).await.order;
    assert_eq!(other.placed().unwrap().id.as_str(), "P-again-1");
    let order = carry(&desk.orders, id).await.order;
    (order, calls.load(Ordering::SeqCst))
}

async fn in_doubt(desk: &Desk) -> OrderId {
    let id = desk.order(1).await;
    let ended = |progress: &Progress| matches!(progress, Progress::PurchaseEnded { .. });
    let (listener, stop) = Listener::stopping(ended);
    desk.orders.carry_on(id, listener, stop).await.unwrap();
    id
}

#[tokio::test(start_paused = true)]
async fn the_list_must_have_the_orders_that_the_journal_knows() {
    let known = || {
        let other = Reference::derive(&mocks::name(), &key("another"));
        under(&other, dated(placed("P-again-1", &["esim-1"])))
    };
    let with: Lists = Arc::new(move |_| Some(found(vec![strangers(), known()])));
    let (order, calls) = with_another_order_placed(with).await;
    assert_eq!((order.state(), calls), (OrderState::Fulfilled, 3));

    let without: Lists = Arc::new(|_| Some(found(vec![strangers()])));
    let (order, calls) = with_another_order_placed(without).await;
    assert_eq!((order.state(), calls), (OrderState::NeedsAttention, 2));
}

#[tokio::test(start_paused = true)]
async fn what_resembles_ours_is_named_once_whether_lookup_or_list_shows_it() {
    let like = |id: &str, reference: &Reference| {
        let half = Reference::parse(&reference.as_str()[..14]).unwrap();
        under(&half, dated(placed(id, &["esim-7"])))
    };
    let same = |id: &str| dated(placed(id, &["esim-6"]));
    let both = move |reference: &Reference| vec![like("L-1", reference), same("S-1")];
    let lists: Lists = Arc::new(move |reference| {
        let mut rows = both(reference);
        rows.extend([like("L-2", reference), same("S-2")]);
        Some(found(rows))
    });
    // They show up when absence has to be proven.
    let filtered = move |reference: &Reference, proof: bool| {
        let mut rows = vec![strangers()];
        if proof {
            rows.extend(both(reference));
        }
        rows
    };
    let (desk, calls) = desk(filtered, lists);
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::NeedsAttention);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let ids = |names: [&str; 2]| names.map(|id| ProviderOrderId::parse(id).unwrap()).to_vec();
    let named = [
        AttentionReason::LooksAlike {
            orders: ids(["L-1", "L-2"]),
        },
        AttentionReason::SameGoods {
            orders: ids(["S-1", "S-2"]),
        },
    ];
    let open: Vec<_> = order.open_attention().cloned().collect();
    assert_eq!(open, named);
    assert_eq!(last_absence(&desk, &order).await, RESEMBLES);
}

const RESEMBLES: Absence = Absence::Unproven {
    doubt: Doubt::Resembles,
};

/// What the last lookup of an order was worth.
async fn last_absence(desk: &Desk, order: &Order) -> Absence {
    let events = desk.orders.events(order.id()).await.unwrap();
    let evidence = events
        .into_iter()
        .rev()
        .find_map(|recorded| match recorded.event {
            Event::LookedUp { evidence, .. } => evidence,
            _ => None,
        });
    evidence.unwrap().absence
}

#[tokio::test(start_paused = true)]
async fn a_look_alike_in_the_list_alone_proves_no_absence() {
    let lists: Lists = Arc::new(|reference| {
        let half = Reference::parse(&reference.as_str()[..14]).unwrap();
        Some(found(vec![under(&half, dated(placed("L-1", &["esim-7"])))]))
    });
    let (desk, calls) = desk(|_, _| vec![strangers()], lists);
    let order = desk.buy().await.order;
    assert_eq!(last_absence(&desk, &order).await, RESEMBLES);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_nameless_order_in_the_lookup_has_the_list_read_where_ours_stands() {
    let lists: Lists = Arc::new(|reference| Some(found(vec![ours(reference)])));
    let filtered = |_: &Reference, proof: bool| {
        let same = ["S-1", "S-2"].map(|id| dated(placed(id, &["esim-6"])));
        if proof { same.to_vec() } else { Vec::new() }
    };
    let (desk, calls) = desk(filtered, lists);
    let order = desk.buy().await.order;
    assert_eq!(order.placed().unwrap().id.as_str(), "P-1");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn what_others_bought_by_the_list_explains_what_left_the_wallet() {
    let theirs = |total: &str| ProviderOrder {
        total: Some(usd(total)),
        ..strangers()
    };
    let nameless = || ProviderOrder {
        reference: None,
        items: Vec::new(),
        ..theirs("4")
    };
    let older = || ProviderOrder {
        created_at: Some(noon() - SignedDuration::from_hours(1)),
        ..theirs("4")
    };
    for (why, row, state) in [
        ("it cost as much", theirs("4"), OrderState::Fulfilled),
        (
            "it cost next to nothing",
            theirs("0.0001"),
            OrderState::NeedsAttention,
        ),
        (
            "it names no reference",
            nameless(),
            OrderState::NeedsAttention,
        ),
        ("it is older", older(), OrderState::NeedsAttention),
    ] {
        let desk = Desk::at(mocks::provider(|mock| {
            mock.expect_capabilities().return_const(listing());
            let mut calls = 0;
            mock.expect_purchase().returning(move |_| {
                calls += 1;
                match calls {
                    1 => Err(mocks::lost()),
                    _ => Ok(placed("P-again", &["esim-1"])),
                }
            });
            let mut reads = 0;
            mock.expect_balance().returning(move || {
                reads += 1;
                Ok(usd(if reads < 3 { "100" } else { "96" }))
            });
            mock.expect_find_orders().returning(move |lookup| {
                Ok(match lookup {
                    OrderLookup::Since(_) => found(vec![row.clone()]),
                    _ => nothing(),
                })
            });
        }));
        assert_eq!(desk.buy().await.order.state(), state, "{why}");
    }
}
