//! What cannot be read is said to be, and is not touched.

use roamport_conformance::journal::{AppendAt as _, sample};
use roamport_domain::journal::{Delivery, JournalError, OrderFilter, Version};
use roamport_domain::provider::EsimKey;
use roamport_domain::{Clock as _, OrderJournal, ProfileStore as _};

use crate::support::{Bench, run, shell};

/// Damages an order of three events, and checks that nothing can be done with it but be told so.
async fn check(sql: &str, says: &[&str]) {
    let bench = Bench::new().await;
    let now = bench.clock.now();
    let new = bench.opened("damaged").await;
    let sound = bench.opened("sound").await;
    let events = [sample::waited(now, "one"), sample::waited(now, "two")];
    let version = bench
        .journal
        .append_at(new.id, Version::FIRST, &events, None)
        .await
        .unwrap();
    run(
        &bench.path(),
        &sql.replace("{id}", &format!("order_id = '{}'", new.id)),
    )
    .await;
    let before = events_of(&bench, new.id).await;
    for error in [
        bench.journal.load(new.id).await.map(drop).unwrap_err(),
        bench.journal.events(new.id).await.map(drop).unwrap_err(),
        bench
            .journal
            .find(&new.requested.key)
            .await
            .map(drop)
            .unwrap_err(),
        bench
            .journal
            .append_at(new.id, version, &[sample::waited(now, "x")], None)
            .await
            .map(drop)
            .unwrap_err(),
    ] {
        let JournalError::Corrupt { message } = error else {
            panic!("{error}")
        };
        assert!(message.contains(&new.id.to_string()), "{message}");
        for words in says {
            assert!(message.contains(words), "{message}");
        }
    }
    assert_eq!(events_of(&bench, new.id).await, before);
    // Its neighbours are not concerned.
    bench
        .journal
        .append_at(sound.id, Version::FIRST, &[sample::waited(now, "x")], None)
        .await
        .unwrap();
}

async fn events_of(bench: &Bench, id: roamport_domain::OrderId) -> Vec<(i64, String)> {
    let mut shell = shell(&bench.path()).await;
    sqlx::query_as("SELECT version, body FROM events WHERE order_id = ? ORDER BY version")
        .bind(id.to_string())
        .fetch_all(&mut shell)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_damaged_event_is_named_with_its_place() {
    let sql = "UPDATE events SET body = '{\"v\":1,' WHERE {id} AND version = 2";
    check(
        sql,
        &["its event 2 is damaged near line 1", "restore a backup"],
    )
    .await;
}

#[tokio::test]
async fn a_damaged_event_shows_no_value() {
    let bench = Bench::new().await;
    let new = bench.opened("quoting").await;
    let body = r#"{"v":1,"event":{"type":"K2-1A9F3C"}}"#;
    run(&bench.path(), &format!("UPDATE events SET body = '{body}'")).await;
    let error = bench.journal.load(new.id).await.unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("1A9F3C"),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_event_of_a_later_format_is_left_to_the_later_release() {
    let sql =
        "UPDATE events SET body = replace(body, '\"v\":1', '\"v\":3') WHERE {id} AND version = 3";
    check(
        sql,
        &["format 3", "(event 3)", "use the release that wrote it"],
    )
    .await;
}

#[tokio::test]
async fn what_only_a_later_release_has_a_word_for_is_left_to_it() {
    for (known, place) in [("deferred", 2), ("provider_unavailable", 3)] {
        let sql = format!(
            "UPDATE events SET body = replace(body, '\"{known}\"', '\"teleported\"') \
             WHERE {{id}} AND version = {place}"
        );
        let place = format!("(event {place})");
        let says = ["has no word for", &place, "use the release that wrote it"];
        check(&sql, &says).await;
    }
}

#[tokio::test]
async fn a_missing_event_is_noticed_wherever_it_was() {
    for (place, says) in [(1, "its event 1 is missing"), (2, "its event 2 is missing")] {
        check(
            &format!("DELETE FROM events WHERE {{id}} AND version = {place}"),
            &[says],
        )
        .await;
    }
    check(
        "DELETE FROM events WHERE {id} AND version = 3",
        &["3 events were written, 2 are there"],
    )
    .await;
    check("DELETE FROM events WHERE {id}", &["its event 1 is missing"]).await;
}

#[tokio::test]
async fn events_that_cannot_follow_each_other_are_damage() {
    let body = sample::impossible(jiff::Timestamp::UNIX_EPOCH).to_stored();
    let sql = format!("UPDATE events SET body = '{body}' WHERE {{id}} AND version = 2");
    check(&sql, &["cannot follow"]).await;
}

#[tokio::test]
async fn an_event_without_a_time_is_damage() {
    check(
        "UPDATE events SET at = 'yesterday' WHERE {id} AND version = 2",
        &["`at` is no moment"],
    )
    .await;
}

#[tokio::test]
async fn a_list_ends_with_an_error_at_a_row_it_cannot_read() {
    for (column, value) in [
        ("state", "'teleported'"),
        ("lines", "'[]]'"),
        ("total", "'3.27'"),
        ("esims", "'{}'"),
        ("created_at", "'yesterday'"),
        ("provider", "'Not A Slug'"),
    ] {
        let bench = Bench::new().await;
        let new = bench.opened("damaged").await;
        run(
            &bench.path(),
            &format!("UPDATE orders SET {column} = {value}"),
        )
        .await;
        let mut list = bench.journal.list(OrderFilter::default());
        let error = futures::StreamExt::next(&mut list)
            .await
            .unwrap()
            .unwrap_err();
        assert!(matches!(error, JournalError::Corrupt { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains(column) && text.contains(&new.id.to_string()),
            "{text}"
        );
        assert!(futures::StreamExt::next(&mut list).await.is_none());
        assert!(futures::StreamExt::next(&mut list).await.is_none());
    }
}

#[tokio::test]
async fn a_damaged_profile_is_said_to_be_and_can_be_kept_anew() {
    let bench = Bench::new().await;
    let profile = sample::profile(sample::PROVIDER, "esim-1", None);
    let provider = sample::provider(sample::PROVIDER);
    let key = EsimKey::from_id(sample::esim("esim-1"));
    for column in ["stored", "data", "order_id", "package"] {
        let kept = bench.journal.keep(&profile).await.unwrap();
        assert_eq!(kept, Delivery::Kept);
        run(
            &bench.path(),
            &format!("UPDATE profiles SET {column} = ' K2-1A9F3C'"),
        )
        .await;
        let error = bench
            .journal
            .find_profile(&provider, &key)
            .await
            .unwrap_err();
        assert!(matches!(error, JournalError::Corrupt { .. }));
        let text = format!("{error} {error:?}");
        assert!(
            text.contains("esim-1") && text.contains("keeps it anew"),
            "{text}"
        );
        assert!(!text.contains("1A9F3C"), "{text}");
    }
    let kept = bench.journal.keep(&profile).await.unwrap();
    assert_eq!(kept, Delivery::Kept);
    assert_eq!(
        bench.journal.find_profile(&provider, &key).await.unwrap(),
        Some(profile)
    );
}

#[tokio::test]
async fn an_order_whose_id_is_no_id_is_damage() {
    let bench = Bench::new().await;
    let new = bench.opened("nameless").await;
    let sql = "PRAGMA foreign_keys = OFF; UPDATE orders SET id = 'nobody'";
    run(&bench.path(), sql).await;
    let error = bench.journal.find(&new.requested.key).await.unwrap_err();
    assert!(matches!(error, JournalError::Corrupt { .. }), "{error}");
}
