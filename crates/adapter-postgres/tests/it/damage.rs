//! What cannot be read is said to be, and is not touched.

use roamport_conformance::journal::{AppendAt as _, sample};
use roamport_domain::OrderId;
use roamport_domain::journal::{Delivery, JournalError, OrderFilter, Version};
use roamport_domain::provider::EsimKey;
use roamport_domain::{OrderJournal, ProfileStore as _};

use crate::support::Bench;

/// Damages an order of three events, and checks that nothing can be done with it but be told so.
async fn check(sql: &str, says: &[&str]) {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let now = bench.now().await;
    let new = bench.opened("damaged").await;
    let sound = bench.opened("sound").await;
    let events = [sample::waited(now, "one"), sample::waited(now, "two")];
    let version = bench
        .journal
        .append_at(new.id, Version::FIRST, &events, None)
        .await
        .unwrap();
    bench
        .run(&sql.replace("{id}", &format!("order_id = '{}'", new.id)))
        .await;
    let before = events_of(&bench, new.id).await;
    let more = [sample::waited(now, "x")];
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
            .append_at(new.id, version, &more, None)
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
        .append_at(sound.id, Version::FIRST, &more, None)
        .await
        .unwrap();
}

async fn events_of(bench: &Bench, id: OrderId) -> Vec<(i64, String)> {
    let mut shell = bench.shell().await;
    sqlx::query_as("SELECT version, body FROM events WHERE order_id = $1 ORDER BY version")
        .bind(id.as_uuid())
        .fetch_all(&mut shell)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_damaged_event_is_named_with_its_place() {
    let sql = "UPDATE events SET body = '{\"v\":1,' WHERE {id} AND version = 2";
    let says = ["its event 2 is damaged near line 1", "restore a backup"];
    check(sql, &says).await;
}

#[tokio::test]
async fn a_damaged_event_shows_no_value() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let new = bench.opened("quoting").await;
    let body = r#"{"v":1,"event":{"type":"K2-1A9F3C"}}"#;
    bench
        .run(&format!("UPDATE events SET body = '{body}'"))
        .await;
    let error = bench.journal.load(new.id).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("1A9F3C"), "{shown}");
}

#[tokio::test]
async fn an_event_of_a_later_format_is_left_to_the_later_release() {
    let sql =
        "UPDATE events SET body = replace(body, '\"v\":1', '\"v\":3') WHERE {id} AND version = 3";
    let says = ["format 3", "(event 3)", "use the release that wrote it"];
    check(sql, &says).await;
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
    for (sql, says) in [
        (
            "DELETE FROM events WHERE {id} AND version = 1",
            "its event 1 is missing",
        ),
        (
            "DELETE FROM events WHERE {id} AND version = 2",
            "its event 2 is missing",
        ),
        (
            "DELETE FROM events WHERE {id} AND version = 3",
            "3 events were written, 2 are there",
        ),
        ("DELETE FROM events WHERE {id}", "its event 1 is missing"),
    ] {
        check(sql, &[says]).await;
    }
}

#[tokio::test]
async fn events_that_cannot_follow_each_other_are_damage() {
    let body = sample::impossible(jiff::Timestamp::UNIX_EPOCH).to_stored();
    let sql = format!("UPDATE events SET body = '{body}' WHERE {{id}} AND version = 2");
    check(&sql, &["cannot follow"]).await;
}

#[tokio::test]
async fn a_list_ends_with_an_error_at_a_row_it_cannot_read() {
    for (column, value) in [
        ("state", "'teleported'"),
        ("lines", "'[]]'"),
        ("total", "'3.27'"),
        ("esims", "'{}'"),
        ("provider", "'Not A Slug'"),
    ] {
        let Some(bench) = Bench::new().await else {
            return;
        };
        let new = bench.opened("damaged").await;
        bench
            .run(&format!("UPDATE orders SET {column} = {value}"))
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
    let Some(bench) = Bench::new().await else {
        return;
    };
    let profile = sample::profile(sample::PROVIDER, "esim-1", None);
    let provider = sample::provider(sample::PROVIDER);
    let key = EsimKey::from_id(sample::esim("esim-1"));
    for column in ["stored", "data", "package"] {
        let kept = bench.journal.keep(&profile).await.unwrap();
        assert_eq!(kept, Delivery::Kept);
        bench
            .run(&format!("UPDATE profiles SET {column} = ' K2-1A9F3C'"))
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
async fn a_refusal_of_the_server_shows_no_row() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    bench
        .run("ALTER TABLE profiles ADD CHECK (package <> 'FR-1GB-7D')")
        .await;
    let profile = sample::profile(sample::PROVIDER, "esim-1", None);
    let error = bench.journal.keep(&profile).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("1A9F3C"), "{shown}");
    assert!(shown.contains("profiles_package_check"), "{shown}");
}
