//! Which steps are worth trying, as the journal stands by then.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::Union;
use roamport_domain::order::OrderState;

use super::happening::Happening;
use super::pair::Pair;
use super::transition::{
    Basis, CARDS, Comes, Due, ESIMS, EVENTS, Hand, KEYS, OWNERS, PLACES, PROVIDERS, Transition,
    Wish,
};

/// How often the store is opened again within one case.
const REOPENINGS: u8 = 2;

/// The next step, drawn for the state that the steps before it made.
pub(super) fn step(pair: &Pair<'_>) -> BoxedStrategy<Transition> {
    let mut steps: Vec<(u32, BoxedStrategy<Transition>)> = vec![
        (if pair.orders.len() < 4 { 5 } else { 2 }, open(pair)),
        (4, pass()),
        (5, claim()),
        (1, Just(Transition::AskForNoOrder).boxed()),
        (1, list(pair)),
        (3, keep()),
        (1, erase()),
        (1, keep_balance()),
        (2, remember()),
        (1, forget()),
    ];
    if !pair.orders.is_empty() {
        steps.push((20, append(pair)));
        steps.push((3, claim_order(pair)));
        steps.push((3, wake(pair.orders.keys().copied().collect())));
        // What a provider's event wakes most: an order of unknown outcome.
        let unknown = pair.of_unknown_outcome();
        if !unknown.is_empty() {
            steps.push((6, wake(unknown)));
        }
    }
    if !pair.claims.is_empty() {
        steps.push((3, renew(pair)));
        steps.push((3, release(pair)));
    }
    if pair.reopened < REOPENINGS {
        steps.push((1, Just(Transition::Reopen).boxed()));
    }
    Union::new_weighted(steps).boxed()
}

/// Any number below `end`.
fn below(end: usize) -> BoxedStrategy<usize> {
    (0..end).boxed()
}

/// A number of steps a lease lasts.
fn lease() -> BoxedStrategy<i64> {
    (1_i64..=4).boxed()
}

/// An order, where there is one.
fn one_of_the_orders(pair: &Pair<'_>) -> BoxedStrategy<Option<u8>> {
    let orders: Vec<Option<u8>> = pair.orders.keys().copied().map(Some).collect();
    if orders.is_empty() {
        Just(None).boxed()
    } else {
        select(orders).boxed()
    }
}

fn open(pair: &Pair<'_>) -> BoxedStrategy<Transition> {
    let wish = prop_oneof![
        3 => Just(Wish::Package),
        1 => Just(Wish::OtherPackage),
        1 => Just(Wish::TopUp),
    ];
    let reference_of = prop_oneof![5 => Just(None), 1 => one_of_the_orders(pair)];
    let place = prop_oneof![3 => Just(0), 2 => below(PLACES.len())];
    (0..KEYS, place, wish, 0_i64..4, reference_of)
        .prop_map(|(key, place, wish, age, reference_of)| Transition::Open {
            key,
            place,
            wish,
            age,
            reference_of,
        })
        .boxed()
}

/// Mostly what may happen next; at times several things, or what may not.
fn happenings(pair: &Pair<'_>, order: u8) -> BoxedStrategy<Vec<Happening>> {
    let now = pair.model_now();
    let order = &pair.orders[&order];
    let legal: Vec<(u32, Just<Happening>)> = Happening::ALL
        .into_iter()
        .filter(|happening| happening.may_happen_to(order, now))
        .map(|happening| (happening.weight(), Just(happening)))
        .collect();
    let any = || select(&Happening::ALL[..]);
    let next = if legal.is_empty() {
        any().boxed()
    } else {
        Union::new_weighted(legal).boxed()
    };
    prop_oneof![
        1 => Just(Vec::new()),
        8 => next.clone().prop_map(|next| vec![next]),
        3 => (next, prop::collection::vec(any(), 1..3)).prop_map(|(next, mut rest)| {
            rest.insert(0, next);
            rest
        }),
        1 => prop::collection::vec(any(), 1..3),
    ]
    .boxed()
}

fn append(pair: &Pair<'_>) -> BoxedStrategy<Transition> {
    let basis = prop_oneof![
        10 => Just(Basis::Current),
        2 => (1_u64..3).prop_map(Basis::Old),
        1 => Just(Basis::Ahead),
    ];
    let due = prop_oneof![
        4 => (-3_i64..=4).prop_map(Due::Steps),
        1 => Just(Due::Never),
    ];
    let of = |order| {
        let parts = (basis.clone(), happenings(pair, order), due.clone());
        let append = parts.prop_map(move |(basis, happenings, due)| Transition::Append {
            order,
            basis,
            happenings,
            due,
        });
        append.boxed()
    };
    Union::new(pair.orders.keys().copied().map(of)).boxed()
}

fn claim() -> BoxedStrategy<Transition> {
    // Most orders are placed at the first.
    let place = prop_oneof![1 => Just(0), 1 => below(PLACES.len())];
    (place, below(OWNERS.len()), lease(), 1_u16..5)
        .prop_map(|(place, owner, lease, limit)| Transition::Claim {
            place,
            owner,
            lease,
            limit,
        })
        .boxed()
}

fn claim_order(pair: &Pair<'_>) -> BoxedStrategy<Transition> {
    let orders: Vec<u8> = pair.orders.keys().copied().collect();
    (select(orders), below(OWNERS.len()), lease())
        .prop_map(|(order, owner, lease)| Transition::ClaimOrder {
            order,
            owner,
            lease,
        })
        .boxed()
}

fn wake(orders: Vec<u8>) -> BoxedStrategy<Transition> {
    select(orders)
        .prop_map(|order| Transition::Wake { order })
        .boxed()
}

/// A claim, mostly one that holds or held last.
fn given(pair: &Pair<'_>) -> BoxedStrategy<usize> {
    let any = below(pair.claims.len());
    prop_oneof![select(pair.newest_claims()), any].boxed()
}

fn hand() -> BoxedStrategy<Hand> {
    prop_oneof![6 => Just(Hand::Own), 1 => Just(Hand::Foreign)].boxed()
}

fn renew(pair: &Pair<'_>) -> BoxedStrategy<Transition> {
    (given(pair), hand(), lease())
        .prop_map(|(claim, hand, lease)| Transition::Renew { claim, hand, lease })
        .boxed()
}

fn release(pair: &Pair<'_>) -> BoxedStrategy<Transition> {
    (given(pair), hand())
        .prop_map(|(claim, hand)| Transition::Release { claim, hand })
        .boxed()
}

/// Half a minute to a little over a quarter of an hour: leases end, orders become due, windows and
/// minutes are over.
fn pass() -> BoxedStrategy<Transition> {
    select(vec![1, 2, 3, 4, 10, 30, 32])
        .prop_map(Transition::Pass)
        .boxed()
}

fn list(pair: &Pair<'_>) -> BoxedStrategy<Transition> {
    let like = prop_oneof![2 => Just(None), 1 => one_of_the_orders(pair)];
    let optional = |end: usize| prop_oneof![2 => Just(None), 1 => (0..end).prop_map(Some)];
    let states = prop_oneof![
        1 => Just(Vec::new()),
        2 => subsequence(&OrderState::ALL[..], 1..5),
    ];
    (
        states,
        optional(ESIMS.len()),
        like,
        optional(PROVIDERS.len()),
    )
        .prop_map(|(states, esim, like, provider)| Transition::List {
            states,
            esim,
            like,
            provider,
        })
        .boxed()
}

fn keep() -> BoxedStrategy<Transition> {
    let card = prop::option::of(0..CARDS.len());
    (below(PROVIDERS.len()), below(ESIMS.len()), card)
        .prop_map(|(provider, esim, card)| Transition::Keep {
            provider,
            esim,
            card,
        })
        .boxed()
}

fn erase() -> BoxedStrategy<Transition> {
    (below(PROVIDERS.len()), below(ESIMS.len()))
        .prop_map(|(provider, esim)| Transition::Erase { provider, esim })
        .boxed()
}

fn keep_balance() -> BoxedStrategy<Transition> {
    (below(PLACES.len()), 0_i64..4)
        .prop_map(|(place, ago)| Transition::KeepBalance { place, ago })
        .boxed()
}

fn remember() -> BoxedStrategy<Transition> {
    let comes = select(vec![Comes::Once, Comes::Twice, Comes::AtTwoAtOnce]);
    (below(PROVIDERS.len()), below(EVENTS.len()), 0_i64..4, comes)
        .prop_map(|(provider, event, ago, comes)| Transition::Remember {
            provider,
            event,
            ago,
            comes,
        })
        .boxed()
}

fn forget() -> BoxedStrategy<Transition> {
    (below(PROVIDERS.len()), 0_i64..6, 0_u32..4)
        .prop_map(|(provider, ago, most)| Transition::Forget {
            provider,
            ago,
            most,
        })
        .boxed()
}
