//! Orders at the provider that name no reference, after a purchase call of unknown outcome: adopted where
//! nothing else can be meant, otherwise for a person.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use roamport_app::{Orders, OrdersParts};
use roamport_domain::order::{Adoption, AttentionReason, Event, LookUpResult, OrderState};
use roamport_domain::provider::{OrderLookup, ProviderOrder};
use roamport_domain::{Order, Reference};

use crate::deciding::decision;
use crate::support::mocks::{self, Desk, found, nothing, placed, under};
use crate::support::{carry, key, noon, package_id, usd, wish};

/// What the provider answers to a lookup under our reference, and to one under any other.
struct Answers {
    ours: Vec<ProviderOrder>,
    others: Vec<ProviderOrder>,
}

/// A provider that loses its first purchase call and accepts later ones; lookups after it are answered
/// with these orders. Counts the purchase calls.
fn desk(answers: Answers) -> (Desk, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let (counted, looked) = (calls.clone(), calls.clone());
    let ours: Arc<OnceLock<Reference>> = Arc::default();
    let sent = ours.clone();
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase().returning(move |request| {
            sent.get_or_init(|| request.reference.clone());
            match counted.fetch_add(1, Ordering::SeqCst) {
                0 => Err(mocks::lost()),
                _ => Ok(placed("P-again", &["esim-again"])),
            }
        });
        mock.expect_find_orders().returning(move |lookup| {
            if looked.load(Ordering::SeqCst) == 0 {
                return Ok(nothing());
            }
            Ok(match lookup {
                OrderLookup::Reference { reference, .. } if ours.get() == Some(reference) => {
                    found(answers.ours.clone())
                }
                OrderLookup::Reference { .. } => found(answers.others.clone()),
                OrderLookup::Id(id) => {
                    let mut all = answers.ours.clone();
                    all.retain(|order| order.id == *id);
                    found(all)
                }
                OrderLookup::Since(_) => unreachable!("it has no list"),
            })
        });
        mock.expect_provision()
            .returning(|_| Ok(mocks::ready("esim-1")));
    }));
    (desk, calls)
}

/// Our goods, ready since a moment after the purchase call, under no reference.
fn nameless(id: &str) -> ProviderOrder {
    ProviderOrder {
        created_at: Some(noon()),
        ..mocks::without_profiles(placed(id, &["esim-1"]))
    }
}

fn strangers() -> ProviderOrder {
    let other = Reference::derive(&mocks::name(), &key("somebody else's"));
    under(&other, placed("P-strangers", &["esim-9"]))
}

async fn adoptions(desk: &Desk, order: &Order) -> Vec<Option<Adoption>> {
    let events = desk.orders.events(order.id()).await.unwrap();
    let found = events.iter().filter_map(|recorded| match &recorded.event {
        Event::LookedUp {
            result: LookUpResult::Healthy { found },
            evidence: Some(evidence),
            ..
        } if !found.is_empty() => Some(evidence.adoption),
        _ => None,
    });
    found.collect()
}

#[tokio::test(start_paused = true)]
async fn the_only_nameless_order_of_a_filter_that_holds_is_ours() {
    let (desk, calls) = desk(Answers {
        ours: vec![nameless("P-1")],
        others: Vec::new(),
    });
    let order = desk.buy().await.order;
    assert_eq!(order.state(), OrderState::Fulfilled);
    assert_eq!(order.placed().unwrap().id.as_str(), "P-1");
    assert_eq!(
        adoptions(&desk, &order).await,
        [Some(Adoption::OnlyCandidate)]
    );
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn any_other_candidate_is_shown_to_a_person_and_never_followed_by_another_call() {
    let cases = [
        (
            "the filter lets it through for every reference",
            vec![nameless("P-1")],
            vec![nameless("P-1")],
        ),
        (
            "the filter lets other orders through",
            vec![nameless("P-1")],
            vec![strangers()],
        ),
        (
            "there are two",
            vec![nameless("P-1"), nameless("P-2")],
            Vec::new(),
        ),
        (
            "a foreign order is beside it",
            vec![nameless("P-1"), strangers()],
            Vec::new(),
        ),
    ];
    for (why, ours, others) in cases {
        let shown: Vec<_> = ours
            .iter()
            .filter(|order| order.reference.is_none())
            .map(|order| order.id.clone())
            .collect();
        let (desk, calls) = desk(Answers { ours, others });
        let order = desk.buy().await.order;
        assert_eq!(order.state(), OrderState::NeedsAttention, "{why}");
        let same = AttentionReason::SameGoods {
            orders: shown.clone(),
        };
        assert!(
            order.open_attention().any(|open| *open == same),
            "{why}: {:?}",
            order.attention()
        );
        tokio::time::sleep(Duration::from_hours(30)).await;
        assert_eq!(calls.load(Ordering::SeqCst), 1, "{why}");
        // A person takes it for ours.
        let attached = desk
            .orders
            .attach(order.id(), &shown[0], &decision())
            .await
            .unwrap();
        assert_eq!(attached.order.placed().unwrap().id, shown[0], "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_nameless_order_that_cannot_be_meant_does_not_matter() {
    let other_goods = || {
        let mut order = nameless("P-other");
        order.items[0].package = Some(package_id("esim-elsewhere"));
        order
    };
    let other_price = ProviderOrder {
        total: Some(usd("4.01")),
        ..nameless("P-dearer")
    };
    let too_old = ProviderOrder {
        created_at: Some(noon() - jiff::SignedDuration::from_mins(6)),
        ..nameless("P-old")
    };
    for row in [other_goods(), other_price, too_old] {
        let id = row.id.clone();
        let (desk, calls) = desk(Answers {
            ours: vec![row],
            others: Vec::new(),
        });
        let order = desk.buy().await.order;
        // Absence was proven, so that it was sent once more.
        assert_eq!(order.state(), OrderState::Fulfilled, "{id}");
        assert_eq!(order.placed().unwrap().id.as_str(), "P-again", "{id}");
        assert_eq!(calls.load(Ordering::SeqCst), 2, "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_nameless_order_of_another_order_of_ours_is_no_candidate() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let ours: Arc<Mutex<Vec<Reference>>> = Arc::default();
    let sent = ours.clone();
    let desk = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase().returning(move |request| {
            sent.lock().unwrap().push(request.reference.clone());
            match counted.fetch_add(1, Ordering::SeqCst) {
                0 | 1 => Err(mocks::lost()),
                _ => Ok(placed("P-again", &["esim-again"])),
            }
        });
        mock.expect_find_orders().returning(move |lookup| {
            let is_ours = |asked| ours.lock().unwrap().contains(asked);
            Ok(match lookup {
                OrderLookup::Reference { reference, .. } if is_ours(reference) => {
                    found(vec![nameless("P-1")])
                }
                _ => nothing(),
            })
        });
        mock.expect_provision()
            .returning(|_| Ok(mocks::ready("esim-1")));
    }));
    let first = desk.buy().await.order;
    assert_eq!(first.placed().unwrap().id.as_str(), "P-1");
    let id = desk
        .record_under(&wish(mocks::PACKAGE, 1), "the second")
        .await;
    let second = carry(&desk.orders, id).await.order;
    assert_eq!(second.state(), OrderState::Fulfilled);
    assert_eq!(second.placed().unwrap().id.as_str(), "P-again");
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn an_order_of_another_provider_with_the_same_id_does_not_take_a_candidate_away() {
    let (desk, _) = desk(Answers {
        ours: vec![nameless("P-1"), nameless("P-2")],
        others: Vec::new(),
    });
    let elsewhere = Desk::at(mocks::provider(|mock| {
        mock.expect_purchase()
            .returning(|_| Ok(placed("P-1", &["esim-1"])));
    }));
    let mut instance = desk.parts.instance.clone();
    instance.name = roamport_domain::ProviderName::parse("elsewhere").unwrap();
    let elsewhere = Orders::new(OrdersParts {
        instance,
        journal: desk.parts.journal.clone(),
        profiles: desk.parts.profiles.clone(),
        accounts: desk.parts.accounts.clone(),
        ..elsewhere.parts
    });
    let id = mocks::recorded(&elsewhere, &wish(mocks::PACKAGE, 1), "elsewhere").await;
    let theirs = carry(&elsewhere, id).await.order;
    assert_eq!(theirs.placed().unwrap().id.as_str(), "P-1");

    let order = desk.buy().await.order;
    let same = AttentionReason::SameGoods {
        orders: ["P-1", "P-2"].map(|id| id.parse().unwrap()).to_vec(),
    };
    assert!(order.open_attention().any(|open| *open == same));
}
