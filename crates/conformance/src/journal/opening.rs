//! A wish is recorded once, under its key.

use futures::future::join_all;
use roamport_domain::OrderId;
use roamport_domain::journal::{JournalError, Opened, Owner, Version};
use roamport_domain::order::{Event, OrderState};
use uuid::Uuid;

use super::trial::{Trial, ids, refused};
use super::{AppendAt as _, JournalHarness, sample};
use crate::suite::promises;
use crate::verdict::OrBroken as _;

promises! { dyn JournalHarness:
    /// A new wish is recorded as the first event of an order, and read back as it was.
    a_new_wish_is_recorded,
    /// A new order is due at once: a worker finds it even when whoever recorded it is gone.
    a_new_order_is_due_at_once,
    /// The same key with the same wish gives the order that is there, whoever asks and whatever else
    /// differs: id, quoted time, cap.
    a_known_key_gives_its_order,
    /// A key that is used for something else is said to be, and nothing is recorded.
    a_key_reused_for_something_else_records_nothing,
    /// A key names its order after the order has ended, too.
    a_key_lives_as_long_as_its_order,
    /// A hundred callers that bring one key at once get one order.
    a_hundred_callers_with_one_key_make_one_order,
    /// A reference belongs to one order of a provider; at another provider it may be used as well.
    a_reference_belongs_to_one_order,
    /// An order is found by its key, and a key that nobody used names nothing.
    an_order_is_found_by_its_key,
    /// An order that does not exist is not found, whatever is asked of it.
    an_unknown_order_is_not_found,
}

async fn a_new_wish_is_recorded(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let wishes = [
        sample::order("plain", trial.start),
        sample::top_up("ümläut 'quoted\"", "esim-1", trial.start),
    ];
    for new in wishes {
        let id = trial.open(&new).await;
        let order = trial.load(id).await;
        assert!(
            order.requested() == &new.requested,
            "recorded was {:?}, read was {:?}",
            new.requested,
            order.requested()
        );
        assert!(
            order.id() == id && order.state() == OrderState::Requested,
            "the order was read as {} in state {}",
            order.id(),
            order.state()
        );
        let events = trial.events(id).await;
        let [first] = events.as_slice() else {
            panic!("a new order has {} events", events.len());
        };
        assert!(
            first.version == Version::FIRST && order.version() == Version::FIRST,
            "the first event has version {}",
            first.version
        );
        let now = trial.now().await;
        assert!(
            trial.start <= first.at && first.at <= now,
            "recorded at {}, not between {} and {now}",
            first.at,
            trial.start
        );
        assert!(
            first.event == Event::Requested(Box::new(new.requested)),
            "the first event is {:?}",
            first.event
        );
    }
}

async fn a_new_order_is_due_at_once(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let new = trial.opened("due").await;
    let claims = trial.claim("worker", 10).await;
    assert!(ids(&claims) == [new.id], "claimed were {claims:?}");
}

async fn a_known_key_gives_its_order(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let first = trial.opened("twice").await;
    trial.pass(5).await;
    let second = sample::order("twice", trial.now().await);
    let opened = trial
        .journal
        .open(&second)
        .await
        .or_broken("recording a wish again");
    assert!(
        opened == Opened::Existing(first.id),
        "a known key gave {opened:?}"
    );
    let order = trial.load(first.id).await;
    assert!(
        order.requested() == &first.requested && order.version() == Version::FIRST,
        "the first wish was changed by the second"
    );
    let second = refused(trial.journal.load(second.id).await, "loading the second id");
    assert!(
        matches!(second, JournalError::NotFound(_)),
        "the second id gave {second}"
    );
}

async fn a_key_reused_for_something_else_records_nothing(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let first = trial.opened("reused").await;
    let others = [
        sample::order_of(sample::PROVIDER, "reused", "DE-5GB-30D", trial.start),
        sample::order_of("elsewhere", "reused", "FR-1GB-7D", trial.start),
        sample::top_up("reused", "esim-1", trial.start),
    ];
    for other in others {
        let opened = trial.journal.open(&other).await.or_broken("reusing a key");
        assert!(
            opened == Opened::KeyReused(first.id),
            "a reused key gave {opened:?}"
        );
        let found = trial
            .journal
            .find(&other.requested.key)
            .await
            .or_broken("finding by key");
        assert!(
            found.is_some_and(|order| order.requested() == &first.requested),
            "the key no longer names the first wish"
        );
    }
    let all = trial
        .list(roamport_domain::journal::OrderFilter::default())
        .await;
    assert!(all.len() == 1, "{} orders are there", all.len());
}

async fn a_key_lives_as_long_as_its_order(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let first = trial.opened("ended").await;
    let end = sample::cancelled(trial.now().await);
    trial.append(first.id, Version::FIRST, &[end], None).await;
    trial.pass(400 * 24 * 60 * 60).await;
    let again = sample::order("ended", trial.now().await);
    let opened = trial
        .journal
        .open(&again)
        .await
        .or_broken("recording a wish again");
    assert!(
        opened == Opened::Existing(first.id),
        "an ended order's key gave {opened:?}"
    );
}

async fn a_hundred_callers_with_one_key_make_one_order(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let wishes: Vec<_> = (0..100)
        .map(|_| sample::order("crowd", trial.start))
        .collect();
    let answers = join_all(wishes.iter().map(|new| trial.journal.open(new))).await;
    let mut made = Vec::new();
    let mut named = Vec::new();
    for answer in answers {
        match answer.or_broken("recording a wish in a crowd") {
            Opened::New(id) => made.push(id),
            Opened::Existing(id) => named.push(id),
            Opened::KeyReused(id) => panic!("the same wish was refused for {id}"),
        }
    }
    let [id] = made.as_slice() else {
        panic!("{} orders were made", made.len());
    };
    assert!(
        named.len() == 99 && named.iter().all(|other| other == id),
        "made was {id}, named were {named:?}"
    );
    let all = trial
        .list(roamport_domain::journal::OrderFilter::default())
        .await;
    assert!(all.len() == 1, "{} orders are there", all.len());
}

async fn a_reference_belongs_to_one_order(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let first = trial.opened("first").await;
    let mut second = sample::order("second", trial.start);
    second.requested.reference = first.requested.reference.clone();
    let error = refused(
        trial.journal.open(&second).await,
        "a reference of another order",
    );
    assert!(
        matches!(error, JournalError::Duplicate { .. }),
        "a reference of another order gave {error}"
    );
    let found = trial
        .journal
        .find(&second.requested.key)
        .await
        .or_broken("finding by key");
    assert!(found.is_none(), "the refused wish was recorded");
    let mut elsewhere = sample::order_of("elsewhere", "third", "FR-1GB-7D", trial.start);
    elsewhere.requested.reference = first.requested.reference;
    trial.open(&elsewhere).await;
}

async fn an_order_is_found_by_its_key(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    for text in ["Key", "key", "key ' OR 1=1", "kéy"] {
        let missing = trial
            .journal
            .find(&sample::key(text))
            .await
            .or_broken("finding by key");
        assert!(
            missing.is_none(),
            "`{text}` names an order before it was used"
        );
        let new = trial.opened(text).await;
        let found = trial
            .journal
            .find(&sample::key(text))
            .await
            .or_broken("finding by key");
        assert!(
            found.as_ref().map(roamport_domain::Order::id) == Some(new.id),
            "`{text}` names {found:?}"
        );
    }
}

async fn an_unknown_order_is_not_found(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    trial.opened("somebody else's").await;
    let id = OrderId::from_uuid(Uuid::from_u128(404));
    let journal = &trial.journal;
    let owner = Owner::new("worker");
    let errors = [
        refused(journal.load(id).await, "loading"),
        refused(journal.events(id).await, "reading events"),
        refused(
            journal.append_at(id, Version::FIRST, &[], None).await,
            "appending",
        ),
        refused(
            journal.claim_order(id, &owner, sample::MINUTE).await,
            "claiming",
        ),
    ];
    for error in errors {
        assert!(
            matches!(error, JournalError::NotFound(missing) if missing == id),
            "an unknown order gave {error}"
        );
    }
}
