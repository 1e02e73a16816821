//! Provider events that were acted upon are known again, each at its own provider, until they are
//! forgotten.

use std::sync::Arc;

use futures::future::join_all;
use roamport_domain::EventInbox;

use super::trial::Trial;
use super::{JournalHarness, sample};
use crate::Verdict;
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};

promises! { dyn JournalHarness:
    /// An event is new when it is first remembered, known from then on, and never new again: not even
    /// under a later moment. Its id may have 128 characters, and any of them.
    an_event_is_new_once,
    /// Of twenty who remember one event at once, one is told that it is new.
    of_many_who_remember_one_event_one_is_first,
    /// An id belongs to its provider: another may use the same.
    events_of_another_provider_stay_apart,
    /// Events older than a moment are forgotten, and beyond a number the oldest; those of just that
    /// moment stay. One that was forgotten is new again.
    events_are_forgotten_by_age_and_number,
}

fn store(harness: &dyn JournalHarness) -> Verdict<Arc<dyn EventInbox>> {
    match harness.inbox() {
        Some(inbox) => Ok(inbox),
        None => skipped("the store remembers no provider events"),
    }
}

async fn known(inbox: &dyn EventInbox, provider: &str, event: &str) -> bool {
    inbox
        .is_known(&sample::provider(provider), event)
        .await
        .or_broken("asking whether an event is known")
}

async fn an_event_is_new_once(harness: &dyn JournalHarness) -> Verdict {
    let inbox = store(harness)?;
    let start = Trial::of(harness).await.start;
    let provider = sample::provider(sample::PROVIDER);
    let long = "\u{e5}'\"%_;".repeat(21) + "xy";
    for event in ["evt_1", "EVT_1", long.as_str()] {
        let before = known(&*inbox, sample::PROVIDER, event).await;
        assert!(!before, "{event} is known before it came");
        for (seconds, new) in [(0, true), (0, false), (60, false)] {
            let at = sample::after(start, seconds);
            let told = inbox
                .remember(&provider, event, at)
                .await
                .or_broken("remembering an event");
            let after = known(&*inbox, sample::PROVIDER, event).await;
            assert!(
                told == new && after,
                "{event}, {seconds} s on: new is {told}, not {new}; known is {after}"
            );
        }
    }
    Ok(())
}

async fn of_many_who_remember_one_event_one_is_first(harness: &dyn JournalHarness) -> Verdict {
    let inbox = store(harness)?;
    let start = Trial::of(harness).await.start;
    let provider = sample::provider(sample::PROVIDER);
    let told = join_all((0..20).map(|_| inbox.remember(&provider, "evt_1", start))).await;
    let mut first = 0;
    for new in told {
        first += u32::from(new.or_broken("remembering an event"));
    }
    assert!(
        first == 1,
        "{first} of twenty were told that the event is new"
    );
    Ok(())
}

async fn events_of_another_provider_stay_apart(harness: &dyn JournalHarness) -> Verdict {
    let inbox = store(harness)?;
    let start = Trial::of(harness).await.start;
    let (ours, theirs) = (
        sample::provider(sample::PROVIDER),
        sample::provider("elsewhere"),
    );
    let remember = async |provider| {
        inbox
            .remember(provider, "evt_1", start)
            .await
            .or_broken("remembering an event")
    };
    remember(&ours).await;
    let known_there = known(&*inbox, "elsewhere", "evt_1").await;
    let new_there = remember(&theirs).await;
    assert!(
        !known_there && new_there,
        "at another provider known is {known_there}, new is {new_there}"
    );
    let forgotten = inbox
        .forget(&theirs, sample::after(start, 1), 0)
        .await
        .or_broken("forgetting events");
    let left = known(&*inbox, sample::PROVIDER, "evt_1").await;
    assert!(
        forgotten == 1 && left,
        "{forgotten} of another's events were forgotten; ours is known: {left}"
    );
    Ok(())
}

async fn events_are_forgotten_by_age_and_number(harness: &dyn JournalHarness) -> Verdict {
    let inbox = store(harness)?;
    let start = Trial::of(harness).await.start;
    let provider = sample::provider(sample::PROVIDER);
    let at = |seconds| sample::after(start, seconds);
    // Not in the order of time.
    for seconds in [30_i64, 0, 20, 40, 10] {
        inbox
            .remember(&provider, &format!("evt_{seconds}"), at(seconds))
            .await
            .or_broken("remembering an event");
    }
    let steps: [(i64, u32, u64, &[i64]); 4] = [
        (0, 5, 0, &[0, 10, 20, 30, 40]),
        (10, 100, 1, &[10, 20, 30, 40]),
        (0, 3, 1, &[20, 30, 40]),
        (30, 1, 2, &[40]),
    ];
    for (before, most, count, left) in steps {
        let forgotten = inbox
            .forget(&provider, at(before), most)
            .await
            .or_broken("forgetting events");
        assert!(
            forgotten == count,
            "{forgotten} events were forgotten, not {count}"
        );
        for seconds in [0_i64, 10, 20, 30, 40] {
            let is_known = known(&*inbox, sample::PROVIDER, &format!("evt_{seconds}")).await;
            assert!(
                is_known == left.contains(&seconds),
                "the event at {seconds} s is known: {is_known}; left are {left:?}"
            );
        }
    }
    let new = inbox
        .remember(&provider, "evt_0", at(50))
        .await
        .or_broken("remembering an event");
    assert!(new, "a forgotten event is not new again");
    Ok(())
}
