//! What is known of accounts: their digests, what they bought, and what is noted of them.

use std::sync::Arc;

use jiff::Timestamp;
use roamport_domain::journal::{
    AccountStore, Charge, ChargeState, KnownOrder, LookupProbe, NewOrder, Version,
};
use roamport_domain::order::{CancellationOutcome, Event, PlacementOutcome};
use roamport_domain::provider::Refund;
use roamport_domain::{Account, Currency, Money, OrderId, ProviderOrderId, Secret};

use super::trial::Trial;
use super::{JournalHarness, sample};
use crate::Verdict;
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};

promises! { dyn JournalHarness:
    /// The same credentials have the same digest, 64 hexadecimal digits, and others have another; none of
    /// the credentials is in it.
    credentials_have_one_digest,
    /// Accounts that a person confirmed to be one are the same in both directions and through others;
    /// confirming a pair twice changes nothing.
    confirmed_accounts_are_the_same,
    /// The known order is the newest that was placed at the provider instance, by the account or one that
    /// is the same, before a moment; not the one that asks.
    the_known_order_is_the_newest_of_the_account,
    /// A purchase that a lookup found is known, from the moment on at which it was found, and is a charge
    /// of the call whose outcome was unknown.
    a_purchase_that_was_found_counts_as_placed,
    /// What an account spent in a span are the purchase calls that were open at some moment of it, from
    /// their start on, each with its amount and what is known of it, the oldest first; both ends count.
    spending_names_every_call_of_the_span,
    /// The account of the purchase call goes before the one that the order was requested for, and an order
    /// without any belongs to none.
    a_call_belongs_to_the_account_that_sent_it,
    /// What canceled eSIMs put back is told for the span in which that was confirmed, whether the money
    /// comes at once or later, and once for each eSIM.
    refunds_are_those_of_canceled_esims,
    /// Witnesses are counted by order, for the account and those that are the same, from a moment on.
    witnesses_are_counted_by_order,
    /// An account is held once, until the hold is lifted, which forgets the witnesses too; an account that
    /// is the same is held with it, others are not.
    a_hold_stands_until_it_is_lifted,
    /// What the last probe of an account found is read back whole, and that of another is not.
    the_last_probe_of_an_account_is_kept,
}

/// The store under test; the case does not apply where there is none.
fn store(harness: &dyn JournalHarness) -> Verdict<Arc<dyn AccountStore>> {
    match harness.accounts() {
        Some(store) => Ok(store),
        None => skipped("the store knows nothing of accounts"),
    }
}

/// Records a wish of this account and everything up to `events`, which follow its first.
async fn ordered(
    trial: &Trial<'_>,
    account: Option<&Account>,
    key: &str,
    events: impl FnOnce(&NewOrder) -> Vec<Event>,
) -> OrderId {
    let mut new = sample::order(key, trial.start);
    new.requested.account = account.cloned();
    trial.open(&new).await;
    let events = events(&new);
    trial
        .append(new.id, Version::FIRST, &events, Some(trial.start))
        .await;
    new.id
}

/// An order of this account that was bought, its answer coming so many seconds after the start.
async fn bought(
    trial: &Trial<'_>,
    account: &Account,
    provider_order: &str,
    seconds: i64,
) -> (OrderId, KnownOrder) {
    let at = trial.at(seconds - 2);
    let id = ordered(trial, Some(account), provider_order, |new| {
        sample::purchase(&new.requested, at, provider_order, provider_order)
    })
    .await;
    let new = sample::order(provider_order, trial.start);
    let known = KnownOrder {
        order: ProviderOrderId::parse(provider_order).or_broken("reading a sample"),
        reference: new.requested.reference,
        placed_at: trial.at(seconds),
    };
    (id, known)
}

async fn credentials_have_one_digest(harness: &dyn JournalHarness) -> Verdict {
    let store = store(harness)?;
    let digest = async |text: &str| {
        let account = store.account(&Secret::new(text)).await;
        account.or_broken("digesting credentials")
    };
    let (one, again, other) = (
        digest("token-1A9F3C").await,
        digest("token-1A9F3C").await,
        digest("token-1A9F3D").await,
    );
    assert!(
        one == again && one != other,
        "one token has the digests {one} and {again}, another has {other}"
    );
    let is_digest = one.as_str().len() == 64 && one.as_str().chars().all(|c| c.is_ascii_hexdigit());
    assert!(
        is_digest && !one.as_str().contains("1A9F3C"),
        "{one} is no digest"
    );
    Ok(())
}

async fn confirmed_accounts_are_the_same(harness: &dyn JournalHarness) -> Verdict {
    let store = store(harness)?;
    let [one, two, three, four] = ["1", "2", "3", "4"].map(sample::account);
    for (one, other) in [(&one, &two), (&three, &two), (&two, &one), (&three, &two)] {
        let confirmed = store.confirm_same(one, other, "ann").await;
        confirmed.or_broken("confirming two accounts");
    }
    let all = vec![one.clone(), two.clone(), three.clone()];
    for (account, expected) in [
        (&one, &all),
        (&two, &all),
        (&three, &all),
        (&four, &vec![four.clone()]),
    ] {
        let mut same = store
            .same_as(account)
            .await
            .or_broken("reading same accounts");
        same.sort();
        assert!(
            same == *expected,
            "{account} is the same as {expected:?}, read was {same:?}"
        );
    }
    Ok(())
}

async fn the_known_order_is_the_newest_of_the_account(harness: &dyn JournalHarness) -> Verdict {
    let (store, trial) = (store(harness)?, Trial::of(harness).await);
    let (ours, theirs) = (sample::account("ours"), sample::account("theirs"));
    let instance = sample::instance(sample::PROVIDER);
    let nobody = sample::order("nobody", trial.start).id;
    let check = async |account: &Account, before: i64, except, expected: Option<&KnownOrder>| {
        let before = trial.at(before);
        let known = store.known_at(&instance, account, before, except).await;
        let known = known.or_broken("asking for a known order");
        assert!(
            known.as_ref() == expected,
            "before {before} {expected:?} is known, read was {known:?}"
        );
    };
    check(&ours, 900, nobody, None).await;
    let (_, first) = bought(&trial, &ours, "R-1", 10).await;
    let (second_id, second) = bought(&trial, &ours, "R-2", 20).await;
    let (_, foreign) = bought(&trial, &theirs, "R-3", 30).await;
    ordered(&trial, Some(&ours), "lost", |new| {
        let mut events = sample::started(&new.requested, 1, trial.at(40));
        events.push(sample::settled(1, trial.at(41), sample::unknown()));
        events
    })
    .await;
    check(&ours, 900, nobody, Some(&second)).await;
    check(&ours, 20, nobody, Some(&first)).await;
    check(&ours, 10, nobody, None).await;
    check(&ours, 900, second_id, Some(&first)).await;
    check(&theirs, 900, nobody, Some(&foreign)).await;
    let elsewhere = sample::instance("elsewhere");
    let known = store
        .known_at(&elsewhere, &ours, trial.at(900), nobody)
        .await
        .or_broken("asking for a known order");
    assert!(known.is_none(), "at another instance {known:?} is known");
    let confirmed = store.confirm_same(&ours, &theirs, "ann").await;
    confirmed.or_broken("confirming two accounts");
    check(&ours, 900, nobody, Some(&foreign)).await;
    Ok(())
}

async fn a_purchase_that_was_found_counts_as_placed(harness: &dyn JournalHarness) -> Verdict {
    let (store, trial) = (store(harness)?, Trial::of(harness).await);
    let ours = sample::account("ours");
    let mut events = Vec::new();
    let id = ordered(&trial, Some(&ours), "lost", |new| {
        events = sample::started(&new.requested, 1, trial.at(1));
        events.push(sample::settled(1, trial.at(3), sample::unknown()));
        events.clone()
    })
    .await;
    let PlacementOutcome::Placed { order } = sample::bought("R-1", &["esim-1"]) else {
        panic!("the sample bought nothing");
    };
    let found = sample::found(trial.at(30), order);
    let version = trial.version(id).await;
    trial
        .append(id, version, &[found], Some(trial.at(60)))
        .await;
    let nobody = sample::order("nobody", trial.start).id;
    let instance = sample::instance(sample::PROVIDER);
    for (before, is_known) in [(30, false), (31, true)] {
        let known = store
            .known_at(&instance, &ours, trial.at(before), nobody)
            .await;
        let known = known.or_broken("asking for a known order");
        assert!(
            known.is_some() == is_known,
            "an order found after 30 s gives {known:?} before {before} s"
        );
    }
    let spending = store.spending(&ours, trial.at(0), trial.at(60)).await;
    let spending = spending.or_broken("reading what was spent");
    let placed = spending
        .charges
        .iter()
        .all(|charge| charge.state == ChargeState::Placed && charge.placed.is_some());
    assert!(
        spending.charges.len() == 1 && placed,
        "one purchase was found, {spending:?} was read"
    );
    Ok(())
}

async fn spending_names_every_call_of_the_span(harness: &dyn JournalHarness) -> Verdict {
    let (store, trial) = (store(harness)?, Trial::of(harness).await);
    let (ours, theirs) = (sample::account("ours"), sample::account("theirs"));
    let call = async |account: &Account, opens: i64, ends: Option<(i64, PlacementOutcome)>| {
        let key = format!("{account} {opens}");
        ordered(&trial, Some(account), &key, |new| {
            let mut events = sample::started(&new.requested, 1, trial.at(opens));
            let ends = ends.map(|(ends, outcome)| sample::settled(1, trial.at(ends), outcome));
            events.extend(ends);
            events
        })
        .await
    };
    let refused = || PlacementOutcome::Refused {
        message: "no".to_owned(),
    };
    let too_early = call(&ours, 1, Some((9, refused()))).await;
    let placed = call(&ours, 2, Some((10, sample::bought("R-1", &["esim-1"])))).await;
    let unknown = call(&ours, 11, Some((12, sample::unknown()))).await;
    let nothing = call(&ours, 12, Some((13, refused()))).await;
    let in_flight = call(&ours, 20, None).await;
    let too_late = call(&ours, 21, None).await;
    let foreign = call(&theirs, 15, None).await;
    let amount = Some(sample::price());
    let charge = |order, opens, ends: Option<i64>, state, placed| Charge {
        order,
        amount,
        opened_at: trial.at(opens),
        settled_at: ends.map(|ends| trial.at(ends)),
        state,
        placed,
    };
    let id = ProviderOrderId::parse("R-1").or_broken("reading a sample");
    let expected = [
        charge(placed, 2, Some(10), ChargeState::Placed, Some(id)),
        charge(unknown, 11, Some(12), ChargeState::Unknown, None),
        charge(nothing, 12, Some(13), ChargeState::None, None),
        charge(in_flight, 20, None, ChargeState::InFlight, None),
    ];
    let spent = async |account: &Account| {
        let spending = store.spending(account, trial.at(10), trial.at(20)).await;
        spending.or_broken("reading what was spent")
    };
    let spending = spent(&ours).await;
    assert!(
        spending.charges == expected,
        "{expected:?} were open between 10 and 20 s, and neither {too_early} nor {too_late}; read \
             was {spending:?}"
    );
    let confirmed = store.confirm_same(&theirs, &ours, "ann").await;
    confirmed.or_broken("confirming two accounts");
    let spending = spent(&theirs).await;
    let orders: Vec<OrderId> = spending.charges.iter().map(|charge| charge.order).collect();
    assert!(
        orders == [placed, unknown, nothing, foreign, in_flight],
        "the calls of both accounts were to come, read was {spending:?}"
    );
    Ok(())
}

async fn a_call_belongs_to_the_account_that_sent_it(harness: &dyn JournalHarness) -> Verdict {
    let (store, trial) = (store(harness)?, Trial::of(harness).await);
    let (old, new) = (sample::account("old"), sample::account("new"));
    let at = trial.at(1);
    let sent = ordered(&trial, Some(&old), "sent by the new", |wish| {
        sample::started_by(&new, &wish.requested, 1, at)
    })
    .await;
    let unnamed = ordered(&trial, None, "unnamed", |wish| {
        sample::started(&wish.requested, 1, at)
    })
    .await;
    for (account, expected) in [(&old, &[][..]), (&new, &[sent][..])] {
        let spending = store.spending(account, at, at).await;
        let spending = spending.or_broken("reading what was spent");
        let orders: Vec<OrderId> = spending.charges.iter().map(|charge| charge.order).collect();
        assert!(
            orders == expected,
            "{orders:?} belong to {account}, not {expected:?}; {unnamed} to nobody"
        );
    }
    Ok(())
}

async fn refunds_are_those_of_canceled_esims(harness: &dyn JournalHarness) -> Verdict {
    let (store, trial) = (store(harness)?, Trial::of(harness).await);
    let ours = sample::account("ours");
    let cancel = async |key: &str, seconds: i64, refund: Refund, amount: Option<Money>| {
        ordered(&trial, Some(&ours), key, |new| {
            let mut events = sample::purchase(&new.requested, trial.at(1), key, key);
            events.extend(sample::provisioned(trial.at(4)));
            events.push(Event::CancellationStarted {
                item: 0,
                at: trial.at(seconds),
                by: "ann".to_owned(),
                why: "travels by bicycle now".to_owned(),
            });
            let settled = Event::CancellationSettled {
                item: 0,
                at: trial.at(seconds),
                outcome: CancellationOutcome::Cancelled { refund, amount },
            };
            events.push(settled);
            events
        })
        .await
    };
    let money = |text: &str| Money::parse_amount(text, Currency::USD).or_broken("reading a sample");
    let (one, two, early) = (money("3.2755"), money("1.5"), money("9"));
    cancel("R-0", 9, Refund::AtOnce, Some(early)).await;
    cancel("R-1", 10, Refund::AtOnce, Some(one)).await;
    cancel("R-2", 20, Refund::Later, Some(two)).await;
    cancel("R-3", 15, Refund::AtOnce, None).await;
    cancel("R-4", 21, Refund::AtOnce, Some(early)).await;
    let spending = store.spending(&ours, trial.at(10), trial.at(20)).await;
    let refunds = spending.or_broken("reading what was spent").refunds;
    assert!(
        refunds == [one, two],
        "3.2755 and 1.5 came back, read was {refunds:?}"
    );
    Ok(())
}

async fn witnesses_are_counted_by_order(harness: &dyn JournalHarness) -> Verdict {
    let (store, trial) = (store(harness)?, Trial::of(harness).await);
    let (ours, theirs) = (sample::account("ours"), sample::account("theirs"));
    let order = |key: &str| sample::order(key, trial.start).id;
    let (one, two, three) = (order("one"), order("two"), order("three"));
    let note = async |account: &Account, order, since: Timestamp, expected: u64| {
        let count = store.note_witness(account, order, since).await;
        let count = count.or_broken("noting a witness");
        assert!(
            count == expected,
            "{expected} orders have a witness, {count} were counted"
        );
    };
    note(&ours, one, trial.start, 1).await;
    note(&ours, one, trial.start, 1).await;
    note(&theirs, two, trial.start, 1).await;
    trial.pass(60).await;
    let later = trial.now().await;
    note(&ours, three, trial.start, 2).await;
    note(&ours, three, later, 1).await;
    let confirmed = store.confirm_same(&ours, &theirs, "ann").await;
    confirmed.or_broken("confirming two accounts");
    note(&theirs, two, trial.start, 3).await;
    Ok(())
}

async fn a_hold_stands_until_it_is_lifted(harness: &dyn JournalHarness) -> Verdict {
    let (store, trial) = (store(harness)?, Trial::of(harness).await);
    let [ours, rotated, theirs] = ["ours", "rotated", "theirs"].map(sample::account);
    let confirmed = store.confirm_same(&ours, &rotated, "ann").await;
    confirmed.or_broken("confirming two accounts");
    let check = async |account: &Account, expected: Option<&str>| {
        let hold = store.held(account).await.or_broken("reading a hold");
        let reason = hold.as_ref().map(|hold| hold.reason.as_str());
        assert!(
            reason == expected,
            "{account} is held by {reason:?}, not {expected:?}"
        );
    };
    check(&ours, None).await;
    let order = sample::order("one", trial.start).id;
    for round in ["first", "second"] {
        let counted = store.note_witness(&ours, order, trial.start).await;
        assert!(
            counted.or_broken("noting a witness") == 1,
            "a lifted hold left its witnesses"
        );
        let held = store.hold(&ours, round).await;
        assert!(held.or_broken("holding"), "the {round} hold was none");
        for account in [&ours, &rotated] {
            let held = store.hold(account, "again").await.or_broken("holding");
            assert!(!held, "an account was held twice");
            check(account, Some(round)).await;
        }
        check(&theirs, None).await;
        for (account, expected) in [(&theirs, false), (&rotated, true), (&rotated, false)] {
            let lifted = store.lift_hold(account, "ann").await;
            let lifted = lifted.or_broken("lifting a hold");
            assert!(
                lifted == expected,
                "lifting the hold of {account} answered {lifted}"
            );
        }
        check(&ours, None).await;
    }
    Ok(())
}

async fn the_last_probe_of_an_account_is_kept(harness: &dyn JournalHarness) -> Verdict {
    let (store, trial) = (store(harness)?, Trial::of(harness).await);
    let (ours, theirs) = (sample::account("ours"), sample::account("theirs"));
    let check = async |account: &Account, expected: Option<&LookupProbe>| {
        let probe = store.probe(account).await.or_broken("reading a probe");
        assert!(
            probe.as_ref() == expected,
            "{expected:?} was kept, {probe:?} read"
        );
    };
    check(&ours, None).await;
    let first = LookupProbe {
        at: trial.start,
        filter_held: true,
        none_body: None,
    };
    let second = LookupProbe {
        at: trial.at(60),
        filter_held: false,
        none_body: Some("{\"message\":\"no ö 'order'\"}".to_owned()),
    };
    for probe in [&first, &second] {
        let kept = store.keep_probe(&ours, probe).await;
        kept.or_broken("keeping a probe");
        check(&ours, Some(probe)).await;
    }
    check(&theirs, None).await;
    Ok(())
}
