//! Many workers, many processes, one database.

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};

use futures::future::join_all;
use roamport_conformance::journal::{AppendAt as _, sample};
use roamport_domain::journal::{JournalError, Opened, OrderFilter, Owner, Version};
use roamport_domain::{OrderId, OrderJournal};

use crate::support::Bench;

/// Who holds which order, and how often each was held.
#[derive(Default)]
struct Book {
    held: HashMap<OrderId, String>,
    times: HashMap<OrderId, u32>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_workers_hold_each_of_500_orders_one_at_a_time() {
    const ORDERS: usize = 500;
    const TURNS: u32 = 2;
    let Some(bench) = Bench::new().await else {
        return;
    };
    let bench = Arc::new(bench);
    let opening = (0..ORDERS).map(|number| {
        let bench = Arc::clone(&bench);
        async move { bench.opened(&format!("order {number}")).await }
    });
    join_all(opening).await;
    let mut processes = Vec::new();
    for _ in 0..5 {
        processes.push(Arc::new(bench.open_another().await.unwrap()));
    }
    let book = Arc::new(Mutex::new(Book::default()));
    let workers = (0..50).map(|number| {
        let (journal, book) = (Arc::clone(&processes[number % 5]), Arc::clone(&book));
        tokio::spawn(async move {
            let name = format!("worker {number}");
            let (owner, limit) = (Owner::new(&name), NonZeroU16::new(7).unwrap());
            let provider = sample::instance(sample::PROVIDER);
            let account = sample::account("any");
            let is_done = || {
                let book = book.lock().unwrap();
                book.times.len() == ORDERS && book.times.values().all(|times| *times == TURNS)
            };
            while !is_done() {
                let claims = journal
                    .claim_for(&provider, &account, &owner, sample::MINUTE, limit)
                    .await;
                let claims = claims.unwrap();
                assert!(claims.len() <= 7);
                for claim in claims {
                    let again = {
                        let mut book = book.lock().unwrap();
                        let other = book.held.insert(claim.order, name.clone());
                        assert_eq!(other, None, "{name} holds an order of another");
                        let times = book.times.entry(claim.order).or_default();
                        *times += 1;
                        *times < TURNS
                    };
                    tokio::task::yield_now().await;
                    if again {
                        book.lock().unwrap().held.remove(&claim.order);
                        journal.release(&claim).await.unwrap();
                    }
                }
            }
        })
    });
    for worker in join_all(workers).await {
        worker.unwrap();
    }
    let book = book.lock().unwrap();
    assert_eq!(book.held.len(), ORDERS);
    assert!(book.times.values().all(|times| *times == TURNS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_callers_in_five_processes_with_one_key_make_one_order() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let at = bench.now().await;
    let mut processes = Vec::new();
    for _ in 0..5 {
        processes.push(Arc::new(bench.open_another().await.unwrap()));
    }
    let callers = (0..100).map(|number: usize| {
        let journal = Arc::clone(&processes[number % 5]);
        // Each with an order id of its own.
        let new = sample::order("one key", at);
        tokio::spawn(async move { OrderJournal::open(&*journal, &new).await.unwrap() })
    });
    let mut made = Vec::new();
    let mut named = Vec::new();
    for answer in join_all(callers).await {
        match answer.unwrap() {
            Opened::New(id) => made.push(id),
            Opened::Existing(id) => named.push(id),
            Opened::KeyReused(id) => panic!("{id} is for the same thing"),
        }
    }
    assert_eq!((made.len(), named.len()), (1, 99));
    assert!(named.iter().all(|id| *id == made[0]));
    let listed = futures::StreamExt::count(bench.journal.list(OrderFilter::default())).await;
    assert_eq!(listed, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_processes_that_append_on_one_version_one_wins() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let new = bench.opened("fenced").await;
    let mut processes = Vec::new();
    for _ in 0..5 {
        processes.push(Arc::new(bench.open_another().await.unwrap()));
    }
    for round in 1..=5 {
        let racers = (0..20).map(|number: usize| {
            let journal = Arc::clone(&processes[number % 5]);
            let event = [sample::waited(new.requested.at, &format!("racer {number}"))];
            let id = new.id;
            tokio::spawn(async move {
                let version = Version::from_count(round);
                journal.append_at(id, version, &event, None).await
            })
        });
        let mut winners = 0;
        for answer in join_all(racers).await {
            match answer.unwrap() {
                Ok(version) => {
                    assert_eq!(version.count(), round + 1);
                    winners += 1;
                }
                Err(JournalError::VersionConflict { actual, .. }) => {
                    assert_eq!(actual.count(), round + 1);
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(winners, 1);
        let recorded = bench.journal.events(new.id).await.unwrap();
        assert_eq!(u64::try_from(recorded.len()).unwrap(), round + 1);
    }
}

#[tokio::test]
async fn one_order_of_the_provider_goes_to_one_of_two_that_race_for_it() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    for round in 0..5 {
        let (one, two) = (
            bench.opened(&format!("one {round}")).await,
            bench.opened(&format!("two {round}")).await,
        );
        let name = format!("R-{round}");
        let bought = |new: &roamport_domain::journal::NewOrder| {
            sample::purchase(&new.requested, new.requested.at, &name, "esim-1")
        };
        let (first, second) = (bought(&one), bought(&two));
        let race = futures::join!(
            bench
                .journal
                .append_at(one.id, Version::FIRST, &first, None),
            bench
                .journal
                .append_at(two.id, Version::FIRST, &second, None)
        );
        let lost = match race {
            (Ok(_), Err(error)) => (two.id, error),
            (Err(error), Ok(_)) => (one.id, error),
            answers => panic!("{answers:?}"),
        };
        assert!(
            matches!(lost.1, JournalError::Duplicate { .. }),
            "{}",
            lost.1
        );
        let order = bench.journal.load(lost.0).await.unwrap();
        assert_eq!(order.version(), Version::FIRST);
    }
}
