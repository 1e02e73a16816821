//! How often an order asks its journal, and whose time its events bear.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use roamport_domain::journal::{MockOrderJournal, OrderJournal as _};
use roamport_domain::order::{Event, OrderState};
use roamport_sandbox::{Fault, Operation};

use crate::support::mocks::{Desk, at_once, journal_over, placed, provider};
use crate::support::{PORTUGAL_3GB, Shop, carry_beside, wish};

#[tokio::test(start_paused = true)]
async fn an_order_of_one_esim_takes_at_most_eleven_round_trips_to_its_journal() {
    let desk = Desk::at(provider(|mock| {
        mock.expect_purchase()
            .returning(|_| Ok(placed("PO-1", &["esim-1"])));
    }));
    let counters: [Arc<AtomicUsize>; 3] = Default::default();
    let [clock_reads, appends, loads] = counters.clone();
    let (inner, timed) = (desk.journal.clone(), desk.journal.clone());
    let mut mock = MockOrderJournal::new();
    mock.expect_now().returning(move || {
        clock_reads.fetch_add(1, Ordering::SeqCst);
        at_once(timed.now())
    });
    let count = move |calls: &AtomicUsize| {
        calls.fetch_add(1, Ordering::SeqCst);
        None
    };
    let counted = journal_over(
        mock,
        &inner,
        move |_| count(&appends),
        move || count(&loads),
    );
    let desk = desk.on(counted);
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    let counts = counters.map(|counter| counter.load(Ordering::SeqCst));
    // It took 14 readings of the clock, 5 appends and 3 loads before.
    assert!(counts.iter().sum::<usize>() <= 11, "{counts:?}");
}

/// Slow reads before a window must not date it back: what the journal told is counted on for a second only.
#[tokio::test(start_paused = true)]
async fn a_window_opens_at_the_time_of_the_journal_after_slow_reads() {
    let shop = Shop::careless();
    shop.fault(Operation::Orders, Fault::Stall { ms: 50_000 });
    let id = shop.order(&wish(PORTUGAL_3GB, 1), "slow").await;
    let work = carry_beside(&shop.orders, id);
    tokio::time::sleep(Duration::from_secs(20)).await;
    // The journal's clock is set while the lookup takes its time.
    let step = SignedDuration::from_mins(5);
    shop.clock.step(step);
    work.await.unwrap();
    let events = shop.orders.events(id).await.unwrap();
    let opened = events.iter().find_map(|recorded| match recorded.event {
        Event::PlacementStarted { opens_at, .. } => Some((opens_at, recorded.at)),
        _ => None,
    });
    let (opens_at, recorded_at) = opened.unwrap();
    assert!(recorded_at.duration_since(opens_at).abs() < SignedDuration::from_secs(1));
    assert!(opens_at.duration_since(events[0].at) > step);
}
