//! A database that is gone for a minute and then back: at each stage of a purchase.

use std::sync::Arc;
use std::time::Duration;

use roamport_app::{AppError, Halt, Observer, Orders, Progress, Silent, StopSignal};
use roamport_domain::journal::JournalError;
use roamport_domain::order::OrderState;
use roamport_domain::{Order, OrderId};
use roamport_sandbox::Fault;

use super::ports::{Behind, Database};
use super::shop::{Goods, Once, Shop, carry_telling, purchasing};

/// A process that reaches its journal through `database`.
fn process(shop: &Shop, database: &Database) -> Orders {
    shop.process("far from its journal", |parts| {
        parts.journal = Arc::new(Behind {
            inner: parts.journal.clone(),
            dying: None,
            database: database.clone(),
        });
    })
}

/// The database goes away the first time that what is told fits, and is back a minute later.
fn gone_for_a_minute(database: &Database, at: fn(&Progress) -> bool) -> Arc<dyn Observer> {
    let database = database.clone();
    Once::at(at, move || {
        database.go();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_mins(1)).await;
            database.come_back();
        });
    })
}

/// Carries an order on as an operator or a worker does: again, where the journal failed.
async fn persist(orders: &Orders, id: OrderId, observer: Arc<dyn Observer>) -> (Order, usize) {
    let mut failures = 0;
    let mut observer = Some(observer);
    for _ in 0..100 {
        let told = observer.take().unwrap_or_else(|| Arc::new(Silent));
        match orders.carry_on(id, told, StopSignal::never()).await {
            Ok(carried) if carried.halt == Halt::Settled => return (carried.order, failures),
            Ok(_) => {}
            Err(AppError::Journal(JournalError::Unavailable { message, .. })) => {
                assert!(message.contains("cannot be reached"), "{message}");
                failures += 1;
            }
            Err(error) => panic!("{error}"),
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    panic!("the order never came to rest");
}

#[tokio::test(start_paused = true)]
async fn a_database_gone_before_the_intent_means_that_nothing_is_sent_until_it_is_back() {
    for goods in Goods::BOTH {
        let shop = Shop::in_process(goods).await;
        let id = shop.order("gone").await;
        let database = Database::default();
        let orders = process(&shop, &database);
        let checking = |progress: &Progress| matches!(progress, Progress::Checking);
        let observer = gone_for_a_minute(&database, checking);
        let began = shop.clock.elapsed();
        let (order, failures) = persist(&orders, id, observer).await;
        shop.check_bought_once(&order, 1, "gone before the intent");
        assert!(failures > 0, "{goods:?}");
        let took = shop.clock.since(began);
        assert!(took >= Duration::from_mins(1), "{goods:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_database_gone_during_the_call_is_given_the_answer_when_it_is_back() {
    for goods in Goods::BOTH {
        let shop = Shop::in_process(goods).await;
        let id = shop.order("gone").await;
        let database = Database::default();
        let orders = process(&shop, &database);
        let observer = gone_for_a_minute(&database, purchasing);
        // No second try is needed: whoever has the answer in hand keeps it until it is written.
        let order = carry_telling(&orders, id, observer).await.order;
        assert!(shop.clock.elapsed() >= Duration::from_mins(1), "{goods:?}");
        let order = if order.state() == OrderState::Fulfilled {
            order
        } else {
            persist(&orders, id, Arc::new(Silent)).await.0
        };
        shop.check_bought_once(&order, 1, "gone during the call");
        let names = shop.names_of_events(id).await;
        assert!(names.contains(&"placement_settled"), "{goods:?}: {names:?}");
        assert!(
            !names.contains(&"placement_abandoned"),
            "{goods:?}: {names:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_database_gone_while_an_outcome_is_looked_up_changes_nothing() {
    for fault in [Fault::DropAfterEffect, Fault::DropBeforeEffect] {
        for goods in Goods::BOTH {
            let shop = Shop::in_process(goods).await;
            let calls = if fault == Fault::DropBeforeEffect {
                2
            } else {
                1
            };
            shop.fault(Fault::LateVisibility { ms: 30_000 });
            shop.fault(fault.clone());
            let id = shop.order("gone").await;
            let database = Database::default();
            let orders = process(&shop, &database);
            let unknown =
                |progress: &Progress| matches!(progress, Progress::State(OrderState::Reconciling));
            let observer = gone_for_a_minute(&database, unknown);
            let (order, failures) = persist(&orders, id, observer).await;
            let what = format!("gone after {fault:?}");
            shop.check_bought_once(&order, calls, &what);
            assert!(failures > 0, "{goods:?}, {what}");
        }
    }
}

#[tokio::test]
async fn a_database_file_taken_away_during_the_call_is_given_the_answer_when_it_is_back() {
    for goods in Goods::BOTH {
        let shop = Shop::over_http(goods).await;
        let id = shop.order("taken away").await;
        let (path, aside) = (shop.database(), shop.database().with_extension("aside"));
        shop.fault(Fault::Stall { ms: 100 });
        let observer = Once::at(purchasing, move || {
            std::fs::rename(&path, &aside).unwrap();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(300)).await;
                std::fs::rename(&aside, &path).unwrap();
            });
        });
        let order = carry_telling(&shop.orders, id, observer).await.order;
        shop.check_bought_once(&order, 1, "the file was taken away");
    }
}
