//! Orders are listed completely, the newest first.

use std::cmp::Reverse;

use roamport_domain::journal::{NewOrder, OrderFilter, OrderSummary, Version};
use roamport_domain::order::OrderState;
use roamport_domain::{Order, OrderId};

use super::trial::Trial;
use super::{JournalHarness, sample};
use crate::suite::promises;

promises! { dyn JournalHarness:
    /// An empty journal lists nothing, and a filter that nothing matches gives nothing.
    an_empty_journal_lists_nothing,
    /// Of 250 orders all are listed, once each, the newest first, however they were recorded.
    the_newest_come_first_and_none_is_missing,
    /// Orders of one moment are all listed, once each, and always in the same order.
    orders_of_one_moment_are_all_listed,
    /// A list says of each order what the order itself says: key, reference, provider, state, lines,
    /// total, eSIMs and times.
    a_list_says_what_each_order_says,
    /// Filters by state, eSIM, content, provider, reference and provider's order, alone and together, give exactly the orders that
    /// match.
    lists_are_filtered_exactly,
    /// A filter by state or eSIM follows what happens to an order.
    a_filter_follows_what_happens,
}

fn ids(list: &[OrderSummary]) -> Vec<OrderId> {
    list.iter().map(|order| order.id).collect()
}

async fn an_empty_journal_lists_nothing(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let list = trial.list(OrderFilter::default()).await;
    assert!(list.is_empty(), "an empty journal lists {list:?}");
    trial.opened("one").await;
    let filter = OrderFilter {
        esim: Some(sample::esim("nobody's")),
        ..OrderFilter::default()
    };
    let list = trial.list(filter).await;
    assert!(list.is_empty(), "an eSIM that nobody bought lists {list:?}");
}

async fn the_newest_come_first_and_none_is_missing(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let mut expected = Vec::new();
    for number in 0_i64..250 {
        // 101 and 250 have no common divisor, so the moments come in no order and differ.
        let at = sample::after(trial.start, -(number * 101 % 250));
        let new = sample::order(&format!("order {number}"), at);
        trial.open(&new).await;
        expected.push((Reverse(at), new.id));
    }
    expected.sort_unstable();
    let expected: Vec<OrderId> = expected.into_iter().map(|(_, id)| id).collect();
    let listed = ids(&trial.list(OrderFilter::default()).await);
    let missing = expected.iter().filter(|id| !listed.contains(id)).count();
    assert!(
        listed == expected,
        "of 250 orders {} were listed, {missing} are missing, or the order is wrong",
        listed.len()
    );
}

async fn orders_of_one_moment_are_all_listed(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let mut expected = Vec::new();
    for number in 0..250 {
        let new = sample::order(&format!("order {number}"), trial.start);
        expected.push(trial.open(&new).await);
    }
    let first = ids(&trial.list(OrderFilter::default()).await);
    let second = ids(&trial.list(OrderFilter::default()).await);
    assert!(first == second, "two lists have different orders");
    let mut listed = first;
    listed.sort_unstable();
    expected.sort_unstable();
    assert!(
        listed == expected,
        "of 250 orders {} were listed",
        listed.len()
    );
}

/// Orders of every kind, in several states, and what they are by now.
async fn mixture(trial: &Trial<'_>) -> Vec<(Order, OrderSummary)> {
    let at = |minutes: i64| sample::after(trial.start, -60 * minutes);
    let wishes: [(NewOrder, usize); 6] = [
        (sample::order("waits", at(5)), 0),
        (
            sample::order_of(sample::PROVIDER, "placing", "DE-5GB-30D", at(4)),
            2,
        ),
        (sample::order("bought", at(3)), 3),
        (
            sample::order_of("elsewhere", "fulfilled", "FR-1GB-7D", at(2)),
            5,
        ),
        (sample::top_up("top-up", "esim-bought", at(1)), 0),
        (sample::top_up("another top-up", "esim-2", at(0)), 3),
    ];
    let mut all = Vec::new();
    for (new, steps) in wishes {
        trial.open(&new).await;
        trial.pass(1).await;
        let esim = format!("esim-{}", new.requested.key);
        let provider_order = format!("R-{}", new.requested.key);
        let mut events = sample::purchase(&new.requested, trial.start, &provider_order, &esim);
        events.extend(sample::provisioned(trial.start));
        events.truncate(steps);
        trial.append(new.id, Version::FIRST, &events, None).await;
        let order = trial.load(new.id).await;
        let recorded = trial.events(new.id).await;
        let updated_at = recorded.last().map_or(trial.start, |last| last.at);
        let summary = OrderSummary::of(&order, updated_at);
        all.push((order, summary));
    }
    all.reverse();
    all
}

async fn a_list_says_what_each_order_says(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let orders = mixture(&trial).await;
    let expected: Vec<OrderSummary> = orders.into_iter().map(|(_, summary)| summary).collect();
    let listed = trial.list(OrderFilter::default()).await;
    assert!(
        listed == expected,
        "expected {expected:#?}, listed {listed:#?}"
    );
}

async fn lists_are_filtered_exactly(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let orders = mixture(&trial).await;
    let mut filters: Vec<OrderFilter> = OrderState::ALL
        .iter()
        .map(|state| OrderFilter {
            states: vec![*state],
            ..OrderFilter::default()
        })
        .collect();
    let some = vec![
        OrderState::Requested,
        OrderState::Provisioning,
        OrderState::Cancelled,
    ];
    for states in [Vec::new(), some] {
        for esim in [None, Some("esim-bought"), Some("esim-fulfilled")] {
            for provider in [None, Some("elsewhere"), Some(sample::PROVIDER)] {
                for fingerprint in [None, Some(0), Some(3)] {
                    filters.push(OrderFilter {
                        states: states.clone(),
                        esim: esim.map(sample::esim),
                        fingerprint: fingerprint
                            .map(|place: usize| orders[place].0.requested().fingerprint.clone()),
                        provider: provider.map(sample::provider),
                        ..OrderFilter::default()
                    });
                }
            }
        }
    }
    for (order, _) in &orders {
        let provider = Some(order.requested().provider.name.clone());
        filters.push(OrderFilter {
            reference: Some(order.requested().reference.clone()),
            provider: provider.clone(),
            ..OrderFilter::default()
        });
        filters.push(OrderFilter {
            reference: Some(order.requested().reference.clone()),
            provider: Some(sample::provider("nobody")),
            ..OrderFilter::default()
        });
        filters.extend(order.placed().map(|placed| OrderFilter {
            provider_order: Some(placed.id.clone()),
            provider,
            ..OrderFilter::default()
        }));
    }
    for filter in filters {
        let matching = orders.iter().filter(|(order, _)| filter.admits(order));
        let expected: Vec<OrderId> = matching.map(|(order, _)| order.id()).collect();
        let listed = ids(&trial.list(filter.clone()).await);
        assert!(
            listed == expected,
            "{filter:?} should list {expected:?} and lists {listed:?}"
        );
    }
}

async fn a_filter_follows_what_happens(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let new = trial.opened("followed").await;
    let in_state = |state| OrderFilter {
        states: vec![state],
        ..OrderFilter::default()
    };
    let with_esim = OrderFilter {
        esim: Some(sample::esim("esim-1")),
        ..OrderFilter::default()
    };
    let before = trial.list(in_state(OrderState::Requested)).await;
    let bought = trial.list(with_esim.clone()).await;
    assert!(
        ids(&before) == [new.id] && bought.is_empty(),
        "before the purchase {before:?} wait and {bought:?} have the eSIM"
    );
    let events = sample::purchase(&new.requested, trial.start, "R-1", "esim-1");
    trial.append(new.id, Version::FIRST, &events, None).await;
    let before = trial.list(in_state(OrderState::Requested)).await;
    let after = trial.list(in_state(OrderState::Provisioning)).await;
    let bought = trial.list(with_esim).await;
    assert!(
        before.is_empty() && ids(&after) == [new.id] && ids(&bought) == [new.id],
        "after the purchase {before:?} wait, {after:?} are bought, {bought:?} have the eSIM"
    );
}
