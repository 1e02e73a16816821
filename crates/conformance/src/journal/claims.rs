//! One at a time drives an order, and nobody for ever.

use std::num::NonZeroU16;
use std::time::Duration;

use futures::future::join_all;
use roamport_domain::journal::{JournalError, Owner, Version};
use roamport_domain::{Account, OrderId};

use super::trial::{Trial, ids, refused};
use super::{JournalHarness, sample};
use crate::Verdict;
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};

promises! { dyn JournalHarness:
    /// Due orders are claimed the longest due first, no more than asked for, and the claim says whose it
    /// is and until when.
    the_longest_due_is_claimed_first_up_to_the_limit,
    /// Nothing is claimed before it is due, and from that moment on it is.
    nothing_is_claimed_before_it_is_due,
    /// An order that is not due, since it ended or waits for a person, is never claimed with those that
    /// are.
    an_order_that_waits_for_a_person_is_not_claimed,
    /// A claim for one provider instance gives its orders alone: those of another name or base URL are
    /// not claimed and take up none of the limit, however long they have been due.
    a_claim_for_one_provider_leaves_the_orders_of_others_alone,
    /// A held order is not claimed again, neither among the due ones nor by itself, not even by its
    /// holder, until its lease is over.
    a_held_order_is_claimed_again_when_its_lease_is_over,
    /// Many that claim at once never hold one order together, and leave none.
    many_claimers_never_hold_one_order,
    /// One order can be claimed by its id whether it is due or not, unless somebody holds it.
    one_order_is_claimed_due_or_not_unless_it_is_held,
    /// A claim that is renewed lasts its lease from then on, also when it was over and nobody took it.
    a_renewed_claim_lasts_from_now,
    /// A claim that somebody else took, or that was given back, is lost to its holder.
    a_claim_that_was_taken_is_lost,
    /// An order that was given back is free at once.
    a_released_order_is_free_at_once,
    /// Giving back a claim that was lost goes well and frees nothing of whoever has it now.
    a_lost_claim_frees_nothing,
    /// A woken order is due at once and keeps its version and its events; its claim, where somebody holds
    /// it, and the orders beside it stay as they were. One that is long due keeps its place in the line.
    a_woken_order_is_due_at_once,
    /// An order that rests, since it ended or waits for a person, stays at rest when it is woken; waking
    /// one that is not there is an error.
    an_order_at_rest_is_not_woken,
    /// A worker claims the due orders of its account, of one that was confirmed to be the same, and those
    /// without an account; the orders of another account at the same provider instance it claims when they
    /// have been due for more than a minute. An order of which the id is known is claimed by anybody.
    the_orders_of_another_account_are_claimed_when_they_are_overdue,
}

async fn the_longest_due_is_claimed_first_up_to_the_limit(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let mut by_due = Vec::new();
    for seconds in [-50, -10, -40, -20, -30] {
        let due = sample::after(trial.start, seconds);
        by_due.push((due, trial.due(&format!("due {seconds}"), Some(due)).await));
    }
    by_due.sort_unstable();
    let by_due: Vec<OrderId> = by_due.into_iter().map(|(_, id)| id).collect();
    let before = trial.now().await;
    let first = trial.claim("one", 2).await;
    let after = trial.now().await;
    assert!(
        ids(&first) == by_due[..2],
        "of {by_due:?}, {first:?} were claimed"
    );
    for claim in &first {
        assert!(
            claim.owner == Owner::new("one"),
            "claimed for {:?}",
            claim.owner
        );
        let lasts =
            sample::after(before, 60) <= claim.until && claim.until <= sample::after(after, 60);
        assert!(lasts, "a lease of a minute lasts until {}", claim.until);
    }
    let rest = trial.claim("two", 100).await;
    assert!(
        ids(&rest) == by_due[2..],
        "of {by_due:?}, {rest:?} were claimed next"
    );
    let none = trial.claim("three", 100).await;
    assert!(none.is_empty(), "{none:?} were claimed twice");
}

async fn nothing_is_claimed_before_it_is_due(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let due = sample::after(trial.start, 300);
    let id = trial.due("later", Some(due)).await;
    let early = trial.claim("worker", 10).await;
    assert!(early.is_empty(), "an order was claimed 300 s early");
    trial.pass(290).await;
    let early = trial.claim("worker", 10).await;
    assert!(early.is_empty(), "an order was claimed 10 s early");
    trial.pass(10).await;
    let claims = trial.claim("worker", 10).await;
    assert!(ids(&claims) == [id], "at its time, {claims:?} was claimed");
}

async fn an_order_that_waits_for_a_person_is_not_claimed(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    trial.due("waits for a person", None).await;
    trial.pass(365 * 24 * 60 * 60).await;
    let claims = trial.claim("worker", 10).await;
    assert!(claims.is_empty(), "{claims:?} was claimed");
}

async fn a_claim_for_one_provider_leaves_the_orders_of_others_alone(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let at = |seconds| sample::after(trial.start, seconds);
    let ours = sample::order("ours", trial.start);
    let elsewhere = sample::order_of("elsewhere", "theirs", "FR-1GB-7D", trial.start);
    let mut moved = sample::order("at another address", trial.start);
    moved.requested.provider.base_url = "https://moved.example.com".into();
    for (new, due) in [(&ours, -10), (&elsewhere, -50), (&moved, -40)] {
        trial.open(new).await;
        let first = Version::FIRST;
        trial.append(new.id, first, &[], Some(at(due))).await;
    }
    let nothing = Vec::new;
    for (new, expected, limit) in [
        (&ours, vec![ours.id], 1),
        (&ours, nothing(), 10),
        (&elsewhere, vec![elsewhere.id], 10),
        (&moved, vec![moved.id], 10),
        (&elsewhere, nothing(), 10),
        (&moved, nothing(), 10),
    ] {
        let provider = &new.requested.provider;
        let claims = trial.claim_at(provider, "one", limit).await;
        assert!(
            ids(&claims) == expected,
            "at {provider:?} not {expected:?} but {claims:?} was claimed"
        );
    }
}

async fn a_held_order_is_claimed_again_when_its_lease_is_over(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let id = trial.opened("held").await.id;
    let first = trial.held(id, "one").await;
    for _ in 0..2 {
        for owner in ["one", "two"] {
            let claims = trial.claim(owner, 10).await;
            let claim = trial.claim_one(id, owner).await;
            assert!(
                claims.is_empty() && claim.is_none(),
                "an order that `one` holds was claimed by `{owner}`"
            );
        }
        trial.pass(29).await;
    }
    trial.pass(2).await;
    let claims = trial.claim("two", 10).await;
    assert!(ids(&claims) == [id], "a lease that is over still holds");
    assert!(
        claims[0].lease != first.lease || claims[0].owner != first.owner,
        "two claims cannot be told apart"
    );
    trial.pass(61).await;
    let third = trial.held(id, "two").await;
    assert!(
        third.lease != claims[0].lease,
        "two claims of one owner cannot be told apart"
    );
}

async fn many_claimers_never_hold_one_order(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let mut due = Vec::new();
    for number in 0..40 {
        due.push(trial.opened(&format!("order {number}")).await.id);
    }
    let owners: Vec<Owner> = (0..20)
        .map(|number| Owner::new(format!("worker {number}")))
        .collect();
    let three = NonZeroU16::new(3).unwrap_or(NonZeroU16::MIN);
    let (provider, account) = (sample::instance(sample::PROVIDER), sample::account("any"));
    let claiming = owners.iter().map(|owner| {
        trial
            .journal
            .claim_for(&provider, &account, owner, sample::MINUTE, three)
    });
    let mut claimed = Vec::new();
    for claims in join_all(claiming).await {
        let claims = claims.or_broken("claiming in a crowd");
        assert!(
            claims.len() <= 3,
            "{} were claimed, not 3 at most",
            claims.len()
        );
        claimed.extend(ids(&claims));
    }
    claimed.sort_unstable();
    due.sort_unstable();
    assert!(
        claimed == due,
        "of 40 due orders {} claims were given",
        claimed.len()
    );
}

async fn one_order_is_claimed_due_or_not_unless_it_is_held(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let due = trial.opened("due").await.id;
    let waiting = trial.due("waiting", None).await;
    let later = trial
        .due("later", Some(sample::after(trial.start, 1000)))
        .await;
    for id in [due, waiting, later] {
        let claim = trial.held(id, "terminal").await;
        assert!(
            claim.order == id && claim.owner == Owner::new("terminal"),
            "the claim on {id} is {claim:?}"
        );
        let second = trial.claim_one(id, "another terminal").await;
        assert!(second.is_none(), "{id} is held twice");
    }
    let claims = trial.claim("worker", 10).await;
    assert!(claims.is_empty(), "{claims:?} are held twice");
}

async fn a_renewed_claim_lasts_from_now(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let id = trial.opened("renewed").await.id;
    let claim = trial.held(id, "one").await;
    for pause in [50, 50, 100] {
        trial.pass(pause).await;
        trial.renew(&claim).await;
        let other = trial.claim_one(id, "two").await;
        assert!(other.is_none(), "a renewed claim does not hold");
    }
    let shorter = trial.journal.renew(&claim, Duration::from_secs(5)).await;
    shorter.or_broken("making a lease shorter");
    trial.pass(6).await;
    trial.held(id, "two").await;
}

async fn a_claim_that_was_taken_is_lost(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let id = trial.opened("taken").await.id;
    let first = trial.held(id, "one").await;
    trial.pass(61).await;
    let second = trial.held(id, "two").await;
    trial.pass(61).await;
    let third = trial.held(id, "one").await;
    for lost in [&first, &second] {
        let error = refused(
            trial.journal.renew(lost, sample::MINUTE).await,
            "a lost claim",
        );
        assert!(
            matches!(error, JournalError::ClaimLost(order) if order == id),
            "a lost claim gave {error}"
        );
    }
    trial.renew(&third).await;
    trial.release(&third).await;
    let error = refused(
        trial.journal.renew(&third, sample::MINUTE).await,
        "a claim given back",
    );
    assert!(
        matches!(error, JournalError::ClaimLost(_)),
        "a claim given back gave {error}"
    );
}

async fn a_released_order_is_free_at_once(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let id = trial.opened("released").await.id;
    let claim = trial.held(id, "one").await;
    trial.release(&claim).await;
    trial.release(&claim).await;
    let claims = trial.claim("two", 10).await;
    assert!(ids(&claims) == [id], "it is not free");
}

async fn a_lost_claim_frees_nothing(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let id = trial.opened("lost").await.id;
    let lost = trial.held(id, "one").await;
    trial.pass(61).await;
    let held = trial.held(id, "one").await;
    trial.release(&lost).await;
    let other = trial.claim_one(id, "two").await;
    assert!(other.is_none(), "a lost claim freed the one after it");
    trial.renew(&held).await;
}

async fn a_woken_order_is_due_at_once(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let at = |seconds| sample::after(trial.start, seconds);
    let long_due = trial.due("long due", Some(at(-60))).await;
    let later = trial.due("later", Some(at(300))).await;
    let beside = trial.due("beside", Some(at(300))).await;
    let held = trial.due("held", Some(at(300))).await;
    let claim = trial.held(held, "holder").await;
    for id in [later, later, held, long_due] {
        trial.wake(id).await;
        // A wake that came later must not set anew when an order is due.
        trial.pass(1).await;
    }
    let claims = trial.claim("worker", 10).await;
    assert!(
        ids(&claims) == [long_due, later],
        "after waking {later}, {claims:?} was claimed; {beside} was not woken"
    );
    let version = trial.version(later).await;
    assert!(
        version == Version::FIRST,
        "waking an order made version {version} of it"
    );
    trial.release(&claim).await;
    let claims = trial.claim("worker", 10).await;
    assert!(
        ids(&claims) == [held],
        "once the woken order was given back, {claims:?} was claimed"
    );
}

async fn an_order_at_rest_is_not_woken(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let id = trial.due("waits for a person", None).await;
    trial.wake(id).await;
    trial.pass(60).await;
    let claims = trial.claim("worker", 10).await;
    assert!(claims.is_empty(), "{claims:?} was claimed");
    let unknown = sample::order("never recorded", trial.start).id;
    match trial.journal.wake(unknown).await {
        Err(JournalError::NotFound(id)) if id == unknown => {}
        other => panic!("waking an order nobody recorded gave {other:?}"),
    }
}

async fn the_orders_of_another_account_are_claimed_when_they_are_overdue(
    harness: &dyn JournalHarness,
) -> Verdict {
    let Some(accounts) = harness.accounts() else {
        return skipped("the store knows nothing of accounts");
    };
    let trial = Trial::of(harness).await;
    let [ours, rotated, theirs] = ["ours", "rotated", "theirs"].map(sample::account);
    let confirmed = accounts.confirm_same(&rotated, &ours, "ann").await;
    confirmed.or_broken("confirming two accounts");
    let open = async |key: &str, account: Option<&Account>| {
        let mut new = sample::order(key, trial.start);
        new.requested.account = account.cloned();
        let id = trial.open(&new).await;
        trial
            .append(id, Version::FIRST, &[], Some(trial.start))
            .await;
        (id, new)
    };
    let (own, _) = open("ours", Some(&ours)).await;
    let (same, _) = open("rotated", Some(&rotated)).await;
    let (unnamed, _) = open("unnamed", None).await;
    let (foreign, _) = open("theirs", Some(&theirs)).await;
    // Requested for us, and sent by them since.
    let (sent, wish) = open("sent", Some(&ours)).await;
    let started = sample::started_by(&theirs, &wish.requested, 1, trial.start);
    trial
        .append(sent, Version::FIRST, &started, Some(trial.start))
        .await;
    let check = async |expected: &[OrderId]| {
        let claims = trial.claim_by(&ours, 10).await;
        let (mut claimed, mut expected) = (ids(&claims), expected.to_vec());
        claimed.sort_unstable();
        expected.sort_unstable();
        assert!(
            claimed == expected,
            "{expected:?} are ours or overdue, claimed was {claimed:?}"
        );
    };
    check(&[own, same, unnamed]).await;
    trial.held(foreign, "anybody").await;
    trial.pass(50).await;
    check(&[]).await;
    // A minute and more after all were due: what is held for a minute is free again, too.
    trial.pass(20).await;
    check(&[own, same, unnamed, foreign, sent]).await;
    Ok(())
}
