//! What comes later comes whole: deliveries after the answer, and effects after a doubt.

use std::time::Duration;

use roamport_domain::provider::{Dedup, OrderLookup, ProviderOrder, Purchase, Reaction};

use super::trial::Trial;
use crate::suite::promises;
use crate::verdict::skipped;
use crate::{ProviderHarness, Trouble, Verdict};

promises! { dyn ProviderHarness:
    /// An order that is answered before it is delivered is no error, is found while it waits, and has
    /// all its eSIMs in the end. It is charged once.
    an_order_delivered_later_is_whole_in_the_end,
    /// An order in doubt that lands late has landed within the longest effect that the capabilities
    /// name, once; then it is found, or repeating it gives it, wherever that is promised.
    an_order_that_lands_late_lands_within_the_longest_effect,
}

/// Long after anything that was sent could still have an effect.
const LONG_AFTER: Duration = Duration::from_hours(6);

async fn an_order_delivered_later_is_whole_in_the_end(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if trial.capabilities.lookup.is_none() {
        return skipped("orders cannot be looked up, so nobody could see one delivered");
    }
    let package = trial.ordinary().await?;
    let single = trial
        .capabilities
        .esims_per_order
        .is_some_and(|limit| limit.get() < 2);
    let quantity = if single { 1 } else { 2 };
    trial.trouble(Trouble::LateDelivery).await?;
    let request = trial.request(vec![Trial::line(&package, quantity)]);
    let placed = trial
        .purchase(&request, "an order that is delivered later")
        .await;
    assert!(
        !placed.status.is_final(),
        "an order that is delivered later was answered as {:?}",
        placed.status
    );
    let waiting = found_alone(&trial, &placed).await;
    assert!(
        !waiting.status.is_final(),
        "an order that waits was found as {:?}",
        waiting.status
    );
    let order = trial.completed(placed).await;
    let count = order.items.len();
    assert!(
        count == usize::from(quantity),
        "{quantity} eSIMs were bought and {count} were delivered"
    );
    for esim in order.items.iter().map(|item| &item.esim) {
        assert!(
            esim.is_some(),
            "a delivered order has an item that names no eSIM"
        );
    }
    trial.charged(&request.reference, 1).await;
    Ok(())
}

async fn found_alone(trial: &Trial<'_>, order: &ProviderOrder) -> ProviderOrder {
    let lookup = OrderLookup::Id(order.id.clone());
    let found = trial.find(&lookup).await.orders;
    match <[ProviderOrder; 1]>::try_from(found) {
        Ok([found]) => found,
        Err(found) => panic!(
            "order {} waits for its delivery, and {} orders are found by its id",
            order.id,
            found.len()
        ),
    }
}

async fn an_order_that_lands_late_lands_within_the_longest_effect(
    harness: &dyn ProviderHarness,
) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    trial.trouble(Trouble::LateOrder).await?;
    let request = trial.request(vec![Trial::line(&package, 1)]);
    match trial.provider.purchase(&request).await {
        Ok(order) => {
            panic!("order {} was answered before it was taken", order.id);
        }
        Err(error) => assert!(
            error.reaction() == Reaction::Reconcile,
            "an order may still land, and the error says {:?}: {error}",
            error.kind()
        ),
    }
    let (claimed, lag) = (trial.capabilities.longest_effect, trial.lag());
    harness.pass(claimed + lag).await;
    let in_time = trial.charges(&request.reference).await?;
    harness.pass(LONG_AFTER).await;
    let ever = trial.charges(&request.reference).await?;
    assert!(
        ever <= 1,
        "an order that landed late was charged {ever} times"
    );
    assert!(
        in_time == ever,
        "an order was charged later than the {claimed:?} that are promised at most"
    );
    if trial.capabilities.finds_by_reference() {
        let found = trial.ids_under(&request.reference).await?.len();
        assert!(
            found == ever,
            "{found} orders are found under a reference with {ever} charges"
        );
    }
    // A memory of limited length may be over by now.
    if trial.capabilities.dedup == (Dedup::Replays { window: None }) {
        let again = Purchase {
            window: trial.window(),
            ..request.clone()
        };
        trial
            .purchase(&again, "repeating an order that landed late")
            .await;
        trial.charged_exactly(&request.reference, 1).await?;
    }
    Ok(())
}
