//! Several journals on one file: what one has in mind gives way to what another wrote.

use std::num::NonZeroU16;

use futures::TryStreamExt as _;
use futures::future::{join, join_all, join3, join4};
use roamport_conformance::journal::{AppendAt as _, change_at, sample};
use roamport_domain::journal::{BalanceReading, JournalError, Opened, OrderFilter, Owner, Version};
use roamport_domain::order::Event;
use roamport_domain::{
    BalanceStore as _, Clock as _, Currency, Money, OrderId, OrderJournal, ProfileStore as _,
};

use crate::support::{Bench, commits, run};

async fn bodies(journal: &dyn OrderJournal, id: OrderId) -> Vec<Event> {
    let events = journal.events(id).await.unwrap();
    events.into_iter().map(|recorded| recorded.event).collect()
}

fn is_conflict<Answer>(answer: &Result<Answer, JournalError>, actual: Version) -> bool {
    matches!(answer, Err(JournalError::VersionConflict { actual: found, .. }) if *found == actual)
}

#[tokio::test]
async fn two_journals_that_append_in_turn_find_each_others_events() {
    let bench = Bench::new().await;
    let other = bench.open_another().await.unwrap();
    let journals: [&dyn OrderJournal; 2] = [&*bench.journal, &other];
    let new = bench.opened("shared").await;
    let mut version = Version::FIRST;
    let mut expected = bodies(journals[0], new.id).await;
    for turn in 0..12_usize {
        let event = sample::waited(bench.clock.now(), &format!("turn {turn}"));
        // Each one appends several times before the other does, so that it has the order in mind.
        let journal = journals[turn / 3 % 2];
        let stale = version;
        version = journal
            .append_at(new.id, version, std::slice::from_ref(&event), None)
            .await
            .unwrap();
        expected.push(event.clone());
        // Neither takes a version that is gone by, whatever it has in mind.
        for journal in journals {
            let late = journal.append_at(new.id, stale, std::slice::from_ref(&event), None);
            assert!(is_conflict(&late.await, version));
        }
        bench.clock.pass(sample::MINUTE);
    }
    for journal in journals {
        assert_eq!(bodies(journal, new.id).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_journals_that_race_for_the_same_orders_lose_nothing() {
    let bench = Bench::new().await;
    let other = bench.open_another().await.unwrap();
    let mut orders = Vec::new();
    for number in 0..6 {
        orders.push(bench.opened(&format!("order {number}")).await.id);
    }
    let now = bench.clock.now();
    let append_all = async |journal: &dyn OrderJournal, name: &str| {
        let mut wins = vec![Vec::new(); orders.len()];
        for turn in 0..15 {
            let event = sample::waited(now, &format!("{name} {turn}"));
            let appends = orders.iter().map(|id| {
                let event = std::slice::from_ref(&event);
                async move {
                    let version = journal.load(*id).await.unwrap().version();
                    journal.append_at(*id, version, event, None).await
                }
            });
            for (wins, answer) in wins.iter_mut().zip(join_all(appends).await) {
                match answer {
                    Ok(version) => wins.push((version.count(), event.clone())),
                    Err(JournalError::VersionConflict { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
        wins
    };
    let (one, two) = join(
        append_all(&*bench.journal, "one"),
        append_all(&other, "two"),
    )
    .await;
    // What was answered is there, in its place, and nothing else is.
    for ((id, one), two) in orders.iter().zip(one).zip(two) {
        let mut wins = [one, two].concat();
        wins.sort_by_key(|(version, _)| *version);
        let versions: Vec<u64> = wins.iter().map(|(version, _)| *version).collect();
        assert!(
            versions.iter().copied().eq((2..).take(versions.len())),
            "{versions:?}"
        );
        let events: Vec<Event> = wins.into_iter().map(|(_, event)| event).collect();
        assert_eq!(bodies(&other, *id).await[1..], events);
    }
}

#[tokio::test]
async fn a_file_that_was_restored_in_place_is_read_anew() {
    let bench = Bench::new().await;
    let (now, copy) = (bench.clock.now(), bench.directory.path().join("copy.db"));
    let (one, two) = (bench.opened("one").await, bench.opened("two").await);
    let event = |text: &str| [sample::waited(now, text)];
    let append = |id, version, text: &str| {
        let (journal, event) = (&bench.journal, event(text));
        async move { journal.append_at(id, version, &event, None).await }
    };
    let second = append(one.id, Version::FIRST, "kept").await.unwrap();
    run(&bench.path(), &format!("VACUUM INTO '{}'", copy.display())).await;
    let third = append(one.id, second, "lost").await.unwrap();
    append(two.id, Version::FIRST, "lost").await.unwrap();
    let tables = ["orders", "events", "order_esims", "attempts"].map(|table| {
        format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM copy.{table};")
    });
    let restore = format!(
        "ATTACH '{}' AS copy; PRAGMA foreign_keys = OFF; BEGIN; {} COMMIT",
        copy.display(),
        tables.concat()
    );
    run(&bench.path(), &restore).await;
    // Nothing is appended to what is gone, and everything to what is there.
    assert!(is_conflict(&append(one.id, third, "x").await, second));
    assert_eq!(append(one.id, second, "anew").await.unwrap(), third);
    assert_eq!(
        append(two.id, Version::FIRST, "anew").await.unwrap(),
        second
    );
    assert_eq!(
        bodies(&*bench.journal, one.id).await[1..],
        [event("kept"), event("anew")].concat()
    );
    assert_eq!(bodies(&*bench.journal, two.id).await[1..], event("anew"));
}

#[tokio::test]
async fn refused_changes_share_the_commit_of_the_others() {
    let bench = Bench::new().await;
    let now = bench.clock.now();
    let mut orders = Vec::new();
    for number in 0..12 {
        orders.push(bench.opened(&format!("order {number}")).await);
    }
    let taken = sample::purchase(&orders[0].requested, now, "R-1", "esim-0");
    let first = bench
        .journal
        .append_at(orders[0].id, Version::FIRST, &taken, None);
    let bought = first.await.unwrap();
    run(&bench.path(), "PRAGMA wal_checkpoint(TRUNCATE)").await;
    let batch = orders.iter().enumerate().map(|(number, new)| {
        let events = match number % 4 {
            // An order of the provider that is another's.
            1 => sample::purchase(&new.requested, now, "R-1", &format!("esim-{number}")),
            _ => vec![sample::waited(now, "fine")],
        };
        // A version that is gone by, or never was.
        let expected = if number % 4 == 3 {
            bought
        } else {
            Version::FIRST
        };
        let (journal, change) = (&bench.journal, change_at(new, expected, &events));
        async move { journal.append(&change, None).await }
    });
    let nobody = sample::order("nobody", now).id;
    let owner = Owner::new("worker");
    let lost = bench.journal.claim_order(nobody, &owner, sample::MINUTE);
    let (answers, lost) = join(join_all(batch), lost).await;
    assert!(matches!(lost, Err(JournalError::NotFound(id)) if id == nobody));
    for (number, answer) in answers.iter().enumerate() {
        let events = bodies(&*bench.journal, orders[number].id).await;
        match (number, answer) {
            (0, answer) => assert!(is_conflict(answer, bought)),
            (2 | 4 | 6 | 8 | 10, Ok(_)) => assert_eq!(events.len(), 2),
            (1 | 5 | 9, Err(JournalError::Duplicate { .. }))
            | (3 | 7 | 11, Err(JournalError::VersionConflict { .. })) => {
                assert_eq!(events.len(), 1);
            }
            (number, answer) => panic!("{number}: {answer:?}"),
        }
    }
    let log = std::fs::read(bench.directory.path().join("roamport.db-wal")).unwrap();
    assert_eq!(commits(&log), 1);
}

#[tokio::test]
async fn thousands_of_events_and_esims_go_in_at_once() {
    let bench = Bench::new().await;
    let now = bench.clock.now();
    let new = bench.opened("plenty").await;
    let names: Vec<String> = (0..2100).map(|number| format!("esim-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let waits = (0..2100).map(|turn| sample::waited(now, &format!("turn {turn}")));
    let mut events: Vec<Event> = waits.collect();
    events.extend(sample::started(&new.requested, 1, now));
    events.push(sample::settled(1, now, sample::bought("R-1", &names)));
    let version = bench
        .journal
        .append_at(new.id, Version::FIRST, &events, None)
        .await
        .unwrap();
    assert_eq!(version.count(), 2104);
    assert_eq!(bodies(&*bench.journal, new.id).await[1..], events);
    for esim in [names[0], names[999], names[1000], names[2099]] {
        let filter = OrderFilter {
            esim: Some(sample::esim(esim)),
            ..OrderFilter::default()
        };
        let found: Vec<_> = bench.journal.list(filter).try_collect().await.unwrap();
        assert_eq!(found.len(), 1, "{esim}");
    }
}

#[tokio::test]
async fn a_refusal_beside_every_kind_of_change_costs_no_commit() {
    let bench = Bench::new().await;
    let (journal, now) = (&bench.journal, bench.clock.now());
    let (owner, one) = (Owner::new("worker"), NonZeroU16::MIN);
    let mut claims = Vec::new();
    for key in ["renewed", "released"] {
        let id = bench.opened(key).await.id;
        let claim = journal.claim_order(id, &owner, sample::MINUTE).await;
        claims.push(claim.unwrap().unwrap());
    }
    let [claimed, due, bought] = ["claimed", "due", "bought"];
    let claimed = bench.opened(claimed).await;
    let (_, bought) = (bench.opened(due).await, bench.opened(bought).await);
    let events = sample::purchase(&bought.requested, now, "R-1", "esim-1");
    let profile = sample::profile(sample::PROVIDER, "esim-1", None);
    let reading = BalanceReading {
        provider: bought.requested.provider.clone(),
        at: now,
        balance: Money::zero(Currency::USD),
        newest_order_at: None,
        newest_orders: Vec::new(),
        comparable: true,
    };
    let top_up = sample::top_up("top-up", "esim-9", now);
    let too_late = change_at(&bought, Version::FIRST, &[sample::waited(now, "too late")]);
    let purchase = change_at(&bought, Version::FIRST, &events);
    run(&bench.path(), "PRAGMA wal_checkpoint(TRUNCATE)").await;
    let orders = async {
        let (opened, appended, refused) = join3(
            OrderJournal::open(&**journal, &top_up),
            journal.append(&purchase, None),
            journal.append(&too_late, None),
        )
        .await;
        assert_eq!(opened.unwrap(), Opened::New(top_up.id));
        appended.unwrap();
        assert!(is_conflict(&refused, purchase.after().version()));
    };
    let account = sample::account("any");
    let leases = async {
        let (taken, found, renewed, released) = join4(
            journal.claim_order(claimed.id, &owner, sample::MINUTE),
            journal.claim_for(
                &claimed.requested.provider,
                &account,
                &owner,
                sample::MINUTE,
                one,
            ),
            journal.renew(&claims[0], sample::MINUTE),
            journal.release(&claims[1]),
        )
        .await;
        assert!(taken.unwrap().is_some());
        assert_eq!(found.unwrap().len(), 1);
        renewed.and(released).unwrap();
    };
    let profiles = async {
        let (kept, again, read) = join3(
            journal.keep(&profile),
            journal.keep(&profile),
            journal.keep_balance(&reading),
        )
        .await;
        kept.and(again).and(read).unwrap();
    };
    // The last to be refused, behind all the others.
    let nobody = journal.claim_order(sample::order("nobody", now).id, &owner, sample::MINUTE);
    let ((), (), (), nobody) = join4(orders, leases, profiles, nobody).await;
    assert!(matches!(nobody, Err(JournalError::NotFound(_))));
    let log = std::fs::read(bench.directory.path().join("roamport.db-wal")).unwrap();
    assert_eq!(commits(&log), 1);
}
