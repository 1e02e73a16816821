//! One worker: what it takes, what it holds, what it gives back, and how it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use roamport_app::{Orders, OrdersParts, Silent, StopSignal, Worker, WorkerPolicy};
use roamport_domain::journal::{JournalError, OrderJournal as _, Owner};
use roamport_domain::order::{DeferralReason, OrderState, ProviderInstance};
use roamport_sandbox::{Fault, Lasting, Operation, Rule};

use crate::support::workers::{Working, at_once, is_free, orders, state, until_all};
use crate::support::{Listener, PORTUGAL_3GB, Shop, WINDOW_AND_QUIET, mocks, wish};

#[tokio::test(start_paused = true)]
async fn a_worker_carries_on_what_is_recorded_before_and_while_it_works() {
    let shop = Shop::careless();
    let before = orders(&shop, 3).await;
    let working = Working::start(&shop.orders);
    until_all(&shop, &before, OrderState::Fulfilled).await;
    let while_working = shop.order(&wish(PORTUGAL_3GB, 1), "later").await;
    until_all(&shop, &[while_working], OrderState::Fulfilled).await;
    working.stop().await;
    assert_eq!((shop.charges(), shop.purchase_calls()), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn a_worker_tells_of_every_change_of_state() {
    let shop = Shop::careless();
    let ids = orders(&shop, 1).await;
    let listener = Listener::new();
    let working = Working::with(&shop.orders, WorkerPolicy::default(), listener.clone());
    until_all(&shop, &ids, OrderState::Fulfilled).await;
    working.stop().await;
    let states: Vec<OrderState> = listener
        .heard()
        .into_iter()
        .filter_map(|progress| match progress {
            roamport_app::Progress::State(state) => Some(state),
            _ => None,
        })
        .collect();
    assert_eq!(
        states,
        [
            OrderState::Placing,
            OrderState::Provisioning,
            OrderState::Fulfilled
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn stopping_waits_for_every_purchase_call_and_begins_nothing() {
    let shop = Shop::careless();
    shop.rule(Rule::new(Operation::Order, Fault::Stall { ms: 40_000 }).for_ever());
    let ids = orders(&shop, 5).await;
    let working = Working::with(&shop.orders, at_once(3, 5), Arc::new(Silent));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!((shop.charges(), shop.purchase_calls()), (3, 3));
    working.stop().await;
    assert!(shop.clock.elapsed() >= Duration::from_secs(40));
    let mut states = Vec::new();
    for id in &ids {
        states.push(state(&shop, *id).await);
        assert!(is_free(&shop, *id).await, "a claim was kept");
    }
    // The answers were recorded, the profiles were left for later, and two were never begun.
    let count = |wanted| states.iter().filter(|state| **state == wanted).count();
    assert_eq!(
        (
            count(OrderState::Provisioning),
            count(OrderState::Requested)
        ),
        (3, 2),
        "{states:?}"
    );
    assert_eq!((shop.charges(), shop.purchase_calls()), (3, 3));

    let working = Working::start(&shop.orders);
    until_all(&shop, &ids, OrderState::Fulfilled).await;
    working.stop().await;
    assert_eq!((shop.charges(), shop.purchase_calls()), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_merely_waits_stops_at_once() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::DropBeforeEffect);
    let ids = orders(&shop, 1).await;
    let working = Working::start(&shop.orders);
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(state(&shop, ids[0]).await, OrderState::Reconciling);
    let asked = shop.clock.elapsed();
    working.stop().await;
    assert!(shop.clock.elapsed().saturating_sub(asked) < Duration::from_secs(1));
    assert!(is_free(&shop, ids[0]).await);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_workers_future_stops_it_and_cancels_no_purchase() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::Stall { ms: 30_000 });
    let ids = orders(&shop, 1).await;
    let worker = Worker::new(shop.orders.clone(), WorkerPolicy::default());
    let run = worker.run(StopSignal::never());
    let time_out = tokio::time::timeout(Duration::from_secs(3), run).await;
    assert!(time_out.is_err(), "the worker works until it is stopped");
    assert_eq!(state(&shop, ids[0]).await, OrderState::Placing);
    tokio::time::sleep(Duration::from_mins(1)).await;
    // The answer was recorded; what comes after it is left to whoever works next.
    assert_eq!(state(&shop, ids[0]).await, OrderState::Provisioning);
    assert!(is_free(&shop, ids[0]).await);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_order_that_may_be_sent_again_is_held_while_it_is_watched() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::DropBeforeEffect);
    let watched = orders(&shop, 1).await[0];
    let working = Working::with(&shop.orders, at_once(1, 2), Arc::new(Silent));
    for second in 0..WINDOW_AND_QUIET.as_secs() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!is_free(&shop, watched).await, "let go of after {second} s");
    }
    // It waits without a turn: the one turn there is goes to another order meanwhile.
    let other = shop.order(&wish(PORTUGAL_3GB, 1), "meanwhile").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(state(&shop, other).await, OrderState::Fulfilled);
    until_all(&shop, &[watched], OrderState::Fulfilled).await;
    working.stop().await;
    assert_eq!((shop.charges(), shop.purchase_calls()), (2, 3));
    assert!(shop.charged_at()[1] >= WINDOW_AND_QUIET);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_waits_long_to_be_sent_is_given_back_until_it_is_due() {
    let shop = Shop::careless();
    let wait = Some(300);
    shop.fault(Operation::Order, Fault::RateLimit { retry_after: wait });
    let slow = orders(&shop, 1).await[0];
    let working = Working::with(&shop.orders, at_once(1, 1), Arc::new(Silent));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(state(&shop, slow).await, OrderState::Requested);
    assert!(is_free(&shop, slow).await);
    // The one order that may be held at once is another one now.
    let other = shop.order(&wish(PORTUGAL_3GB, 1), "meanwhile").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(state(&shop, other).await, OrderState::Fulfilled);
    until_all(&shop, &[slow], OrderState::Fulfilled).await;
    working.stop().await;
    let charged = shop.charged_at()[1];
    let due = Duration::from_mins(5);
    assert!(
        due <= charged && charged < due + Duration::from_secs(3),
        "{charged:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_takes_long_holds_up_nothing_and_comes() {
    let shop = Shop::careless();
    let pending = Lasting::Milliseconds(600_000);
    shop.fault(Operation::Apply, Fault::PendingProfile { ms: pending });
    let slow = orders(&shop, 1).await[0];
    let working = Working::with(&shop.orders, at_once(1, 1), Arc::new(Silent));
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(state(&shop, slow).await, OrderState::Provisioning);
    let other = shop.order(&wish(PORTUGAL_3GB, 1), "meanwhile").await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(state(&shop, other).await, OrderState::Fulfilled);
    until_all(&shop, &[slow], OrderState::Fulfilled).await;
    working.stop().await;
    assert!(shop.clock.elapsed() < Duration::from_secs(600 + 45));
    assert_eq!(shop.charges(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_needs_a_person_is_looked_up_now_and_then_for_a_day_and_left_alone() {
    // Charged, and not to be seen for longer than anybody looks.
    let shop = Shop::careless().under(|policy| policy.max_attempts = 1);
    shop.fault(
        Operation::Order,
        Fault::LateVisibility {
            ms: 30 * 24 * 3_600_000,
        },
    );
    shop.fault(Operation::Order, Fault::DropAfterEffect);
    let ids = orders(&shop, 1).await;
    let policy = WorkerPolicy {
        idle_poll: Duration::from_secs(30),
        ..WorkerPolicy::default()
    };
    let working = Working::with(&shop.orders, policy, Arc::new(Silent));
    until_all(&shop, &ids, OrderState::NeedsAttention).await;
    assert!(is_free(&shop, ids[0]).await);
    let looked = shop.world.calls(Operation::Orders);
    tokio::time::sleep(Duration::from_hours(26)).await;
    let since = shop.world.calls(Operation::Orders) - looked;
    assert!((120..=144).contains(&since), "{since} look-ups in a day");
    working.stop().await;
    // Nothing is due any more: no worker ever asks for it again.
    let (owner, minute) = (Owner::new("anybody"), Duration::from_mins(1));
    let limit = std::num::NonZeroU16::MIN;
    let order = shop.journal.load(ids[0]).await.unwrap();
    let provider = &order.requested().provider;
    let claims = shop
        .journal
        .claim_for(provider, &shop.parts.account, &owner, minute, limit)
        .await;
    assert_eq!(claims.unwrap(), []);
    assert_eq!(shop.purchase_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn orders_of_another_provider_instance_are_left_alone() {
    let shop = Shop::careless();
    let theirs = orders(&shop, 3).await;
    let moved = shop.process("another address", |parts: &mut OrdersParts| {
        parts.instance = ProviderInstance {
            base_url: "https://another.example".into(),
            ..parts.instance.clone()
        };
    });
    let working = Working::with(&moved, at_once(1, 1), Arc::new(Silent));
    tokio::time::sleep(Duration::from_mins(5)).await;
    working.stop().await;
    for id in &theirs {
        assert_eq!(shop.names_of_events(*id).await, ["requested"]);
        assert!(is_free(&shop, *id).await);
    }
    assert_eq!(shop.purchase_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn once_takes_what_is_due_and_goes_no_further_than_a_few_seconds() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::DropBeforeEffect);
    let pending = Lasting::Milliseconds(60_000);
    let ids = orders(&shop, 1).await;
    let worker = Worker::new(shop.orders.clone(), at_once(1, 1));
    assert_eq!(worker.run_once(StopSignal::never()).await.unwrap(), 1);
    // It looked up a few times, and left the order to be looked up again.
    assert_eq!(state(&shop, ids[0]).await, OrderState::Reconciling);
    assert!(shop.clock.elapsed() < Duration::from_secs(12));
    assert_eq!(worker.run_once(StopSignal::never()).await.unwrap(), 0);

    shop.fault(Operation::Apply, Fault::PendingProfile { ms: pending });
    let more = [
        shop.order(&wish(PORTUGAL_3GB, 1), "pending").await,
        shop.order(&wish(PORTUGAL_3GB, 1), "ready").await,
    ];
    assert_eq!(worker.run_once(StopSignal::never()).await.unwrap(), 2);
    let mut states = [state(&shop, more[0]).await, state(&shop, more[1]).await];
    states.sort_by_key(|state| state.as_str());
    assert_eq!(states, [OrderState::Fulfilled, OrderState::Provisioning]);
    assert!(shop.clock.elapsed() < Duration::from_secs(30));
    assert!(is_free(&shop, ids[0]).await && is_free(&shop, more[0]).await);
    assert_eq!(shop.charges(), 2);
}

#[tokio::test(start_paused = true)]
async fn once_never_sends_an_order_of_unknown_outcome_again() {
    let shop = Shop::careless();
    shop.fault(Operation::Order, Fault::DropBeforeEffect);
    let ids = orders(&shop, 1).await;
    let worker = Worker::new(shop.orders.clone(), WorkerPolicy::default());
    for _ in 0..60 {
        worker.run_once(StopSignal::never()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
    assert_eq!(state(&shop, ids[0]).await, OrderState::NeedsAttention);
    assert_eq!((shop.charges(), shop.purchase_calls()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn once_stops_when_it_is_asked_to() {
    let shop = Shop::careless();
    shop.rule(Rule::new(Operation::Order, Fault::Stall { ms: 20_000 }).for_ever());
    let ids = orders(&shop, 3).await;
    let worker = Worker::new(shop.orders.clone(), at_once(1, 1));
    let signal = StopSignal::never().after(Duration::from_secs(5));
    assert_eq!(worker.run_once(signal).await.unwrap(), 1);
    assert_eq!((shop.charges(), shop.purchase_calls()), (1, 1));
    assert_eq!(state(&shop, ids[2]).await, OrderState::Requested);
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_is_gone_for_a_minute_holds_work_up_and_no_longer() {
    let shop = Shop::careless();
    let ids = orders(&shop, 2).await;
    let gone = Arc::new(AtomicBool::new(true));
    let (kept, is_gone) = (shop.journal.clone(), gone.clone());
    let mut journal = mocks::journal(&shop.journal, |_| None, || None);
    journal
        .expect_claim_for()
        .returning(move |provider, account, owner, lease, limit| {
            if is_gone.load(Ordering::SeqCst) {
                return Err(mocks::full_disk());
            }
            mocks::at_once(kept.claim_for(provider, account, owner, lease, limit))
        });
    let working = Working::start(&Orders::new(OrdersParts {
        journal: Arc::new(journal),
        ..shop.parts.clone()
    }));
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(shop.purchase_calls(), 0);
    gone.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(35)).await;
    for id in &ids {
        assert_eq!(state(&shop, *id).await, OrderState::Fulfilled);
    }
    working.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_ends_when_a_later_release_has_taken_the_journal_over() {
    let shop = Shop::careless();
    orders(&shop, 1).await;
    let mut journal = mocks::journal(&shop.journal, |_| None, || None);
    journal.expect_claim_for().returning(|_, _, _, _, _| {
        let (needed, ours) = (3, 2);
        Err(JournalError::Superseded { needed, ours })
    });
    let orders = Orders::new(OrdersParts {
        journal: Arc::new(journal),
        ..shop.parts.clone()
    });
    let worker = Worker::new(orders, at_once(1, 1));
    let ended = tokio::time::timeout(Duration::from_secs(1), worker.run(StopSignal::never())).await;
    let error = ended.expect("nothing is tried again").unwrap_err();
    assert!(
        error.to_string().contains("start the later release"),
        "{error}"
    );
    assert_eq!(shop.purchase_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_cannot_be_read_is_tried_again_once_in_a_lease() {
    let shop = Shop::careless();
    orders(&shop, 1).await;
    let loads = Arc::new(AtomicUsize::new(0));
    let (kept, counted) = (shop.journal.clone(), loads.clone());
    let mut journal = mocks::journal(
        &shop.journal,
        |_| None,
        move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let message = "an event is damaged".into();
            Some(JournalError::Corrupt { message })
        },
    );
    journal
        .expect_claim_for()
        .returning(move |provider, account, owner, lease, limit| {
            mocks::at_once(kept.claim_for(provider, account, owner, lease, limit))
        });
    let orders = Orders::new(OrdersParts {
        journal: Arc::new(journal),
        ..shop.parts.clone()
    });
    let working = Working::start(&orders);
    tokio::time::sleep(Duration::from_mins(5)).await;
    working.stop().await;
    let loads = loads.load(Ordering::SeqCst);
    assert!((9..=11).contains(&loads), "{loads} loads in five minutes");
    assert_eq!(shop.purchase_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn once_reports_an_order_that_could_not_be_carried_on_after_all_others_were() {
    let shop = Shop::careless();
    let ids = orders(&shop, 2).await;
    let refused = Arc::new(AtomicBool::new(false));
    let (kept, once) = (shop.journal.clone(), refused.clone());
    let mut journal = mocks::journal(
        &shop.journal,
        move |_| (!once.swap(true, Ordering::SeqCst)).then(mocks::full_disk),
        || None,
    );
    journal
        .expect_claim_for()
        .returning(move |provider, account, owner, lease, limit| {
            mocks::at_once(kept.claim_for(provider, account, owner, lease, limit))
        });
    let orders = Orders::new(OrdersParts {
        journal: Arc::new(journal),
        ..shop.parts.clone()
    });
    let worker = Worker::new(orders, at_once(1, 2));
    let error = worker.run_once(StopSignal::never()).await.unwrap_err();
    assert!(error.to_string().contains("the disk is full"), "{error}");
    let states = [state(&shop, ids[0]).await, state(&shop, ids[1]).await];
    assert!(states.contains(&OrderState::Fulfilled), "{states:?}");
    assert!(states.contains(&OrderState::Requested), "{states:?}");
    assert_eq!(shop.charges(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_short_wallet_is_no_reason_to_hold_other_orders() {
    let shop = Shop::with_balance("4");
    let ids = orders(&shop, 20).await;
    crate::reconciling::buy_under(&shop, "somebody-else").await;
    let working = Working::with(&shop.orders, at_once(2, 4), Arc::new(Silent));
    // Four may be held at once, and each of the twenty waits: all of them get to know it.
    tokio::time::sleep(Duration::from_mins(5)).await;
    for id in &ids {
        let order = shop.orders.order(*id).await.unwrap();
        let reason = order.deferral().and_then(|deferral| deferral.reason);
        assert_eq!(reason, Some(DeferralReason::WalletShort));
    }
    until_all(&shop, &ids, OrderState::Failed).await;
    working.stop().await;
    assert_eq!(shop.charges(), 1);
}
