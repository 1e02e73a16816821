//! What was answered stays, exactly, and is found again.

use jiff::{SignedDuration, Timestamp};
use roamport_conformance::journal::{AppendAt as _, sample};
use roamport_domain::journal::{Delivery, JournalError, OrderFilter, Owner, Version};
use roamport_domain::provider::EsimKey;
use roamport_domain::{OrderJournal, ProfileStore as _};

use crate::support::Bench;

#[tokio::test]
async fn a_reopened_journal_has_everything() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let now = bench.now().await;
    let new = bench.opened("kept").await;
    let events = sample::purchase(&new.requested, now, "R-1", "esim-1");
    bench
        .journal
        .append_at(new.id, Version::FIRST, &events, Some(now))
        .await
        .unwrap();
    let profile = sample::profile(sample::PROVIDER, "esim-1", None);
    let kept = bench.journal.keep(&profile).await.unwrap();
    assert_eq!(kept, Delivery::Kept);
    let owner = Owner::new("worker");
    let claim = bench
        .journal
        .claim_order(new.id, &owner, sample::MINUTE)
        .await
        .unwrap()
        .unwrap();
    let order = bench.journal.load(new.id).await.unwrap();
    let recorded = bench.journal.events(new.id).await.unwrap();
    bench.journal.close().await;

    let reopened = bench.open_another().await.unwrap();
    assert_eq!(reopened.load(new.id).await.unwrap(), order);
    assert_eq!(reopened.events(new.id).await.unwrap(), recorded);
    let key = EsimKey::from_id(sample::esim("esim-1"));
    let provider = sample::provider(sample::PROVIDER);
    assert_eq!(
        reopened.find_profile(&provider, &key).await.unwrap(),
        Some(profile)
    );
    assert_eq!(
        reopened
            .claim_order(new.id, &Owner::new("two"), sample::MINUTE)
            .await
            .unwrap(),
        None
    );
    reopened.renew(&claim, sample::MINUTE).await.unwrap();
}

#[tokio::test]
async fn an_event_keeps_its_own_nanoseconds_and_every_character() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let at = bench
        .now()
        .await
        .checked_add(SignedDuration::from_nanos(789))
        .unwrap();
    let new = bench.opened("exact").await;
    let text = "nul \0, ünï¢ødé 🦀, \"quotes\" \\ and\nlines";
    let events = [
        sample::waited(at, text),
        sample::waited(Timestamp::MAX, "late"),
    ];
    bench
        .journal
        .append_at(new.id, Version::FIRST, &events, None)
        .await
        .unwrap();
    let recorded = bench.journal.events(new.id).await.unwrap();
    assert_eq!(recorded[1].event, events[0]);
    assert_eq!(recorded[2].event, events[1]);
    // The journal's own times are the server's, in whole microseconds, and one for one append.
    assert_eq!(recorded[1].at, recorded[2].at);
    assert_eq!(recorded[1].at.subsec_nanosecond() % 1000, 0);
}

#[tokio::test]
async fn what_is_due_between_two_microseconds_is_not_claimed_early() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let new = bench.opened("odd").await;
    let due = Timestamp::from_nanosecond(1_000_000_000_000_000_001).unwrap();
    bench
        .journal
        .append_at(new.id, Version::FIRST, &[], Some(due))
        .await
        .unwrap();
    let mut shell = bench.shell().await;
    let is_later: bool = sqlx::query_scalar(
        "SELECT due_at = timestamptz 'epoch' + interval '1000000000.000001 s' FROM orders",
    )
    .fetch_one(&mut shell)
    .await
    .unwrap();
    assert!(is_later);
}

#[tokio::test]
async fn moments_at_the_ends_of_the_calendar_are_kept() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let new = bench.opened("for ever").await;
    bench
        .journal
        .append_at(new.id, Version::FIRST, &[], Some(Timestamp::MIN))
        .await
        .unwrap();
    let one = std::num::NonZeroU16::MIN;
    let owner = Owner::new("worker");
    let claims = bench
        .journal
        .claim_for(
            &new.requested.provider,
            &sample::account("any"),
            &owner,
            std::time::Duration::MAX,
            one,
        )
        .await
        .unwrap();
    assert_eq!(claims[0].order, new.id);
    assert!(claims[0].until > new.requested.at);
    bench
        .journal
        .append_at(new.id, Version::FIRST, &[], Some(Timestamp::MAX))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_list_holds_no_connection_between_its_pages() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    for number in 0..3 {
        bench.opened(&format!("order {number}")).await;
    }
    let mut lists: Vec<_> = (0..30)
        .map(|_| bench.journal.list(OrderFilter::default()))
        .collect();
    for list in &mut lists {
        futures::StreamExt::next(list).await.unwrap().unwrap();
    }
    // More lists are half read than there are connections; others still get one.
    assert_eq!(
        futures::StreamExt::count(bench.journal.list(OrderFilter::default())).await,
        3
    );
}

#[tokio::test]
async fn an_orders_id_belongs_to_one_order() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let first = bench.opened("first").await;
    let mut second = sample::order("second", Timestamp::UNIX_EPOCH);
    second.id = first.id;
    let error = OrderJournal::open(&*bench.journal, &second)
        .await
        .unwrap_err();
    assert!(matches!(error, JournalError::Duplicate { .. }), "{error}");
    assert_eq!(
        bench.journal.load(first.id).await.unwrap().requested(),
        &first.requested
    );
}
