//! Several processes on one store: what one writes the other sees, and they fence each other.

use std::num::NonZeroU16;

use futures::future::{join, join_all};
use roamport_domain::Secret;
use roamport_domain::journal::{Delivery, JournalError, Opened, OrderFilter, Owner, Version};
use roamport_domain::provider::EsimKey;

use super::trial::{Trial, ids};
use super::{AppendAt as _, Handle, JournalHarness, sample};
use crate::Verdict;
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};

promises! { dyn JournalHarness:
    /// What one handle was told is written, another sees at once: orders, claims and profiles.
    another_handle_sees_what_was_written,
    /// Two handles that append on one version: one wins each time, and nothing of the other is kept.
    two_handles_fence_each_other,
    /// Two handles that claim at once never hold one order together, and leave none.
    two_handles_never_hold_one_order,
    /// One key that comes through two handles at once makes one order.
    one_key_through_two_handles_makes_one_order,
    /// An order that is woken through one handle is due through the other at once; one that somebody holds
    /// stays theirs.
    an_order_woken_through_one_handle_is_due_through_another,
    /// An event that comes to two processes at once is new to one of them, and is known to both from then
    /// on, whichever was told.
    an_event_is_new_through_one_of_two_handles,
    /// The same credentials have one digest through both handles, and a hold that is set through one stands
    /// through the other.
    an_account_is_the_same_through_two_handles,
}

async fn second(harness: &dyn JournalHarness) -> Verdict<Handle> {
    match harness.another().await {
        Some(handle) => Ok(handle),
        None => skipped("the store lives in one process alone"),
    }
}

async fn another_handle_sees_what_was_written(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await;
    let Handle {
        journal, profiles, ..
    } = second(harness).await?;
    let new = trial.opened("shared").await;
    let events = sample::purchase(&new.requested, trial.start, "R-1", "esim-1");
    trial
        .append(new.id, Version::FIRST, &events, Some(trial.start))
        .await;
    let profile = sample::profile(sample::PROVIDER, "esim-1", None);
    let kept = trial.profiles.keep(&profile).await;
    let kept = kept.or_broken("keeping a profile");
    assert!(kept == Delivery::Kept, "a new profile is {kept:?}");
    let ours = trial.load(new.id).await;
    let theirs = journal
        .load(new.id)
        .await
        .or_broken("loading through another handle");
    assert!(
        ours == theirs,
        "one handle has {ours:?}, the other {theirs:?}"
    );
    let claim = trial.held(new.id, "one").await;
    let owner = Owner::new("two");
    let taken = journal.claim_order(new.id, &owner, sample::MINUTE).await;
    let taken = taken.or_broken("claiming through another handle");
    assert!(taken.is_none(), "both handles hold the order");
    trial.release(&claim).await;
    let taken = journal.claim_order(new.id, &owner, sample::MINUTE).await;
    let taken = taken.or_broken("claiming through another handle");
    assert!(
        taken.is_some(),
        "the other handle does not see that it is free"
    );
    let key = EsimKey::from_id(sample::esim("esim-1"));
    let kept = profiles
        .find_profile(&sample::provider(sample::PROVIDER), &key)
        .await;
    let kept = kept.or_broken("finding through another handle");
    assert!(
        kept == Some(profile),
        "the other handle does not see the profile"
    );
    Ok(())
}

async fn two_handles_fence_each_other(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await;
    let journal = second(harness).await?.journal;
    let id = trial.opened("fenced").await.id;
    let mut version = Version::FIRST;
    for round in 0..20 {
        let one = [sample::waited(trial.start, &format!("one, round {round}"))];
        let two = [sample::waited(trial.start, &format!("two, round {round}"))];
        let race = join(
            trial.journal.append_at(id, version, &one, None),
            journal.append_at(id, version, &two, None),
        );
        let won = match race.await {
            (Ok(next), Err(JournalError::VersionConflict { .. })) => (next, &one),
            (Err(JournalError::VersionConflict { .. }), Ok(next)) => (next, &two),
            answers => panic!("in round {round} the answers are {answers:?}"),
        };
        version = won.0;
        let recorded = journal.events(id).await.or_broken("reading events");
        let last = recorded.last().map(|recorded| &recorded.event);
        assert!(
            last == Some(&won.1[0]) && recorded.len() == round + 2,
            "round {round} left {last:?}"
        );
    }
    Ok(())
}

async fn two_handles_never_hold_one_order(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await;
    let journal = second(harness).await?.journal;
    let mut due = Vec::new();
    for number in 0..30 {
        due.push(trial.opened(&format!("order {number}")).await.id);
    }
    let four = NonZeroU16::new(4).unwrap_or(NonZeroU16::MIN);
    let owners = [Owner::new("one"), Owner::new("two")];
    let (provider, account) = (sample::instance(sample::PROVIDER), sample::account("any"));
    let claiming = (0..10).map(|turn| {
        let handle = if turn % 2 == 0 {
            &trial.journal
        } else {
            &journal
        };
        handle.claim_for(&provider, &account, &owners[turn % 2], sample::MINUTE, four)
    });
    let mut claimed = Vec::new();
    for claims in join_all(claiming).await {
        claimed.extend(ids(&claims.or_broken("claiming through two handles")));
    }
    claimed.sort_unstable();
    due.sort_unstable();
    assert!(
        claimed == due,
        "of 30 due orders {} claims were given",
        claimed.len()
    );
    Ok(())
}

async fn one_key_through_two_handles_makes_one_order(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await;
    let journal = second(harness).await?.journal;
    for round in 0..10 {
        let key = format!("round {round}");
        let one = sample::order(&key, trial.start);
        let two = sample::order(&key, trial.start);
        let (one, two) = join(trial.journal.open(&one), journal.open(&two)).await;
        let answers = (one.or_broken("recording"), two.or_broken("recording"));
        let is_one = match answers {
            (Opened::New(made), Opened::Existing(named))
            | (Opened::Existing(named), Opened::New(made)) => made == named,
            _ => false,
        };
        assert!(is_one, "two handles answered {answers:?}");
    }
    let all = trial.list(OrderFilter::default()).await;
    assert!(all.len() == 10, "10 keys made {} orders", all.len());
    Ok(())
}

async fn an_order_woken_through_one_handle_is_due_through_another(
    harness: &dyn JournalHarness,
) -> Verdict {
    let trial = Trial::of(harness).await;
    let journal = second(harness).await?.journal;
    let later = Some(sample::after(trial.start, 3000));
    let woken = trial.due("woken", later).await;
    let held = trial.due("held", later).await;
    trial.held(held, "one").await;
    for id in [woken, held] {
        let woken = journal.wake(id).await;
        woken.or_broken("waking through another handle");
    }
    let claims = trial.claim("two", 10).await;
    assert!(
        ids(&claims) == [woken],
        "another handle woke {woken} and {held}, which is held; claimed was {claims:?}"
    );
    Ok(())
}

async fn an_event_is_new_through_one_of_two_handles(harness: &dyn JournalHarness) -> Verdict {
    let start = Trial::of(harness).await.start;
    let provider = sample::provider(sample::PROVIDER);
    let (Some(one), Some(two)) = (harness.inbox(), second(harness).await?.inbox) else {
        return skipped("the store remembers no provider events");
    };
    for round in 0..10 {
        let event = format!("evt_{round}");
        let race = join(
            one.remember(&provider, &event, start),
            two.remember(&provider, &event, sample::after(start, 1)),
        );
        let (first, second) = race.await;
        let first = first.or_broken("remembering an event");
        let second = second.or_broken("remembering an event");
        assert!(
            first != second,
            "{event} is new to the one: {first}, to the other: {second}"
        );
        for inbox in [&one, &two] {
            let known = inbox.is_known(&provider, &event).await;
            assert!(
                known.or_broken("asking for an event"),
                "{event} is not known to both"
            );
        }
    }
    Ok(())
}

async fn an_account_is_the_same_through_two_handles(harness: &dyn JournalHarness) -> Verdict {
    let (Some(one), Some(two)) = (harness.accounts(), second(harness).await?.accounts) else {
        return skipped("the store knows nothing of accounts");
    };
    let token = Secret::new("token-of-the-portal");
    let account = one.account(&token).await.or_broken("digesting");
    let other = two.account(&token).await.or_broken("digesting");
    assert!(
        account == other,
        "one token has the digests {account} and {other}"
    );
    let (first, second) = join(one.hold(&account, "one"), two.hold(&account, "two")).await;
    let (first, second) = (first.or_broken("holding"), second.or_broken("holding"));
    assert!(
        first != second,
        "two held one account at once, answered {first} and {second}"
    );
    for handle in [&one, &two] {
        let hold = handle.held(&account).await.or_broken("reading a hold");
        assert!(hold.is_some(), "a hold does not stand everywhere");
    }
    Ok(())
}
