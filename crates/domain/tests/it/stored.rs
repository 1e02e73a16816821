//! What a journal reads back from its rows: whole orders and whole lines, or the word what is damaged.

use roamport_domain::OrderId;
use roamport_domain::journal::{JournalError, OrderSummary, Recorded, StoredSummary, Version};
use roamport_domain::order::{Event, Order};
use uuid::Uuid;

use crate::support::{at, deferred, esims, line, requested};

fn id() -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(7))
}

/// An order of two events, as a journal recorded them.
fn recorded() -> Vec<Recorded> {
    let wish = requested(esims(vec![line("FR-1GB", 1, "3.2755")]));
    let events = [Event::Requested(Box::new(wish)), deferred(5)];
    let numbered = events.into_iter().zip(1..);
    let recorded = numbered.map(|(event, number)| Recorded {
        version: Version::from_count(number),
        at: at(0),
        event,
    });
    recorded.collect()
}

#[track_caller]
fn corrupt<T: std::fmt::Debug>(read: Result<T, JournalError>, what: &str) {
    match read {
        Err(JournalError::Corrupt { message }) => {
            assert!(message.contains(what), "{message}");
            assert!(message.contains("restore a backup"), "{message}");
        }
        other => panic!("{what}: {other:?}"),
    }
}

#[test]
fn events_that_are_all_there_make_their_order() {
    let recorded = recorded();
    let order = Recorded::replay(id(), 2, &recorded).unwrap();
    let events = recorded.iter().map(|recorded| &recorded.event);
    assert_eq!(order, Order::replay(id(), events).unwrap());
}

#[test]
fn an_event_that_is_missing_is_told_by_its_number() {
    let whole = recorded();
    corrupt(
        Recorded::replay(id(), 2, &whole[1..]),
        "its event 1 is missing",
    );
    corrupt(
        Recorded::replay(id(), 2, &whole[..1]),
        "2 events were written, 1 are there",
    );
    corrupt(
        Recorded::replay(id(), 1, &whole),
        "1 events were written, 2 are there",
    );
    corrupt(
        Recorded::replay(id(), -1, &whole),
        "-1 events were written, 2 are there",
    );
    corrupt(Recorded::replay(id(), 0, &[]), &id().to_string());
}

#[test]
fn an_event_that_cannot_follow_is_damage() {
    let mut twice = recorded();
    twice[1].event = twice[0].event.clone();
    corrupt(Recorded::replay(id(), 2, &twice), "is damaged");
}

/// The row of [`recorded`], and what it says.
fn summary() -> OrderSummary {
    let order = Recorded::replay(id(), 2, &recorded()).unwrap();
    OrderSummary::of(&order, at(9))
}

struct Row {
    lines: String,
    total: Option<String>,
    esims: String,
}

impl Row {
    fn of(summary: &OrderSummary) -> Self {
        Self {
            lines: serde_json::to_string(&summary.lines).unwrap(),
            total: summary
                .total
                .map(|total| serde_json::to_string(&total).unwrap()),
            esims: serde_json::to_string(&summary.esims).unwrap(),
        }
    }

    fn stored<'a>(&'a self, summary: &'a OrderSummary) -> StoredSummary<'a> {
        StoredSummary {
            id: summary.id,
            key: summary.key.as_str(),
            reference: summary.reference.as_str(),
            provider: summary.provider.name.as_str(),
            base_url: &summary.provider.base_url,
            state: summary.state.as_str(),
            is_top_up: summary.is_top_up,
            lines: &self.lines,
            total: self.total.as_deref(),
            esims: &self.esims,
            created_at: summary.created_at,
            updated_at: summary.updated_at,
        }
    }
}

#[test]
fn a_row_that_was_written_is_read_back_whole() {
    let summary = summary();
    assert!(summary.total.is_some());
    let row = Row::of(&summary);
    assert_eq!(row.stored(&summary).read().unwrap(), summary);
    let nothing = StoredSummary {
        total: None,
        ..row.stored(&summary)
    };
    assert_eq!(nothing.read().unwrap().total, None);
}

#[test]
fn a_column_that_cannot_be_read_is_named_and_not_shown() {
    let summary = summary();
    let row = Row::of(&summary);
    let whole = row.stored(&summary);
    let odd = "odd text\u{7}";
    let broken = [
        ("key", StoredSummary { key: "", ..whole }),
        (
            "reference",
            StoredSummary {
                reference: odd,
                ..whole
            },
        ),
        (
            "provider",
            StoredSummary {
                provider: odd,
                ..whole
            },
        ),
        (
            "state",
            StoredSummary {
                state: odd,
                ..whole
            },
        ),
        (
            "lines",
            StoredSummary {
                lines: odd,
                ..whole
            },
        ),
        (
            "total",
            StoredSummary {
                total: Some(odd),
                ..whole
            },
        ),
        (
            "esims",
            StoredSummary {
                esims: odd,
                ..whole
            },
        ),
    ];
    for (column, stored) in broken {
        let read = stored.read();
        let shown = format!("{read:?}");
        assert!(!shown.contains("odd text"), "{shown}");
        corrupt(read, &format!("its `{column}` cannot be read"));
    }
}
