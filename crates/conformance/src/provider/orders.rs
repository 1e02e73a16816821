//! An order charges once, is found again, and a doubt about it is never hidden.

use std::collections::HashSet;

use roamport_domain::provider::{CallProof, ErrorKind, Line, OrderLookup, Purchase, Reaction};
use roamport_domain::{Money, ProviderError, ProviderOrderId, Reference};

use super::trial::Trial;
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};
use crate::{ProviderHarness, Trouble, Verdict};

promises! { dyn ProviderHarness:
    /// An order is charged once, for what was quoted, and its answer says so.
    an_order_charges_once,
    /// An order for several eSIMs of a package has one item for each, all different.
    a_quantity_gives_so_many_items,
    /// Two lines for one package stay two: each has its own items, and both are charged.
    two_lines_for_one_package_are_both_delivered,
    /// An order is found under its reference, alone and completely, with the id it was answered with.
    an_order_is_found_by_its_reference,
    /// A reference that was never used finds nothing, and the answer says that it is complete.
    a_reference_never_used_finds_nothing,
    /// An order found names the reference that it was made under, never the one that was asked for: the caller
    /// compares the two.
    an_order_found_names_its_own_reference,
    /// An order is found by the provider's id; an id that no order has finds nothing, without an error.
    an_order_is_found_by_its_id,
    /// An order is among those made since a moment before it.
    an_order_is_found_by_its_time,
    /// An order that was charged and whose answer was lost is ambiguous, and is then found.
    a_lost_reply_is_ambiguous_and_the_order_is_found,
    /// An order that was charged and answered with a server's failure is ambiguous, and is then found.
    a_servers_failure_after_the_charge_is_ambiguous,
    /// An order that was charged and whose answer cannot be read is ambiguous, and is then found.
    an_unreadable_reply_to_an_order_is_ambiguous,
    /// An order that was sent and never arrived is at most ambiguous, is not charged and not found.
    an_order_that_never_arrived_is_not_found,
    /// An order refused for asking too often is not charged, and is not called a lasting refusal.
    an_order_refused_for_its_rate_is_not_charged,
    /// A package that nobody sells is refused, or ambiguous at worst, and nothing is charged.
    an_unknown_package_is_never_charged,
    /// An order with a line that nobody sells is not charged for its other lines.
    an_order_is_taken_whole_or_not_at_all,
    /// Outside its window an order is not sent, whichever clock says so, and the error says that
    /// nothing happened.
    a_closed_window_sends_no_order,
    /// An order without a line, and one above the documented number of eSIMs, is refused uncharged.
    an_order_of_impossible_size_is_refused,
    /// A wallet that is too small is said to be, and nothing is taken from it.
    a_short_wallet_is_said_and_not_touched,
}

async fn an_order_charges_once(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await;
    trial.charged_exactly(&bought.reference, 1).await?;
    let order = &bought.order;
    let names_ours = order
        .reference
        .as_ref()
        .is_none_or(|given| *given == bought.reference);
    assert!(
        names_ours,
        "the answer names another reference: {:?}",
        order.reference
    );
    if let Some(total) = order.total {
        assert!(
            total == package.price,
            "an order for {} was answered with a total of {total}",
            package.price
        );
    }
    match harness.charges(&bought.reference).await.as_deref() {
        None => Ok(()),
        Some([charge]) => {
            assert!(
                *charge == package.price,
                "{charge} was charged for a package of {}",
                package.price
            );
            Ok(())
        }
        Some(charges) => panic!("{} charges were made for one order", charges.len()),
    }
}

async fn a_quantity_gives_so_many_items(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if trial
        .capabilities
        .esims_per_order
        .is_some_and(|limit| limit.get() < 3)
    {
        return skipped("the provider takes fewer than three eSIMs in one order");
    }
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 3).await;
    check_items(&bought.esims(), 3);
    let expected = package.price.checked_times(3).or_broken("adding up prices");
    check_total(&trial, &bought.reference, bought.order.total, expected).await
}

async fn two_lines_for_one_package_are_both_delivered(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if trial
        .capabilities
        .lines_per_order
        .is_some_and(|limit| limit.get() < 2)
        || trial
            .capabilities
            .esims_per_order
            .is_some_and(|limit| limit.get() < 2)
    {
        return skipped("the provider takes one line in an order");
    }
    let package = trial.ordinary().await?;
    let line = Trial::line(&package, 1);
    let bought = trial.buy_lines(vec![line.clone(), line]).await;
    check_items(&bought.esims(), 2);
    let expected = package.price.checked_times(2).or_broken("adding up prices");
    check_total(&trial, &bought.reference, bought.order.total, expected).await
}

fn check_items<I: std::hash::Hash + Eq>(esims: &[I], expected: usize) {
    let different = esims.iter().collect::<HashSet<_>>().len();
    assert!(
        esims.len() == expected && different == expected,
        "{expected} eSIMs were ordered and {} came, {different} of them different",
        esims.len()
    );
}

async fn check_total(
    trial: &Trial<'_>,
    reference: &Reference,
    total: Option<Money>,
    expected: Money,
) -> Verdict {
    trial.charged_exactly(reference, 1).await?;
    if let Some(total) = total {
        assert!(
            total == expected,
            "the total is {total} and should be {expected}"
        );
    }
    match trial
        .harness
        .charges(reference)
        .await
        .unwrap_or_default()
        .first()
    {
        Some(charge) => {
            assert!(*charge == expected, "{charge} was charged, not {expected}");
            Ok(())
        }
        None => Ok(()),
    }
}

async fn an_order_is_found_by_its_reference(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let other = trial.buy(&package, 1).await;
    let bought = trial.buy(&package, 1).await;
    let found = trial.ids_under(&bought.reference).await?;
    assert!(
        found == [bought.order.id.clone()],
        "order {} was looked up by its reference and found as {found:?}",
        bought.order.id
    );
    assert!(other.order.id != bought.order.id, "two orders have one id");
    Ok(())
}

async fn a_reference_never_used_finds_nothing(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    trial.buy(&package, 1).await;
    let found = trial.ids_under(&harness.reference()).await?;
    assert!(found.is_empty(), "an unused reference found {found:?}");
    Ok(())
}

async fn an_order_found_names_its_own_reference(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await;
    trial.ids_under(&bought.reference).await?;
    let text = bought.reference.as_str();
    let (shorter, _) = text.split_at(text.len() - 1);
    let similar = [shorter, &text[1..], &format!("{text}0")].map(str::to_owned);
    for asked in similar.into_iter().chain([text.to_owned()]) {
        let asked = Reference::parse(asked).or_broken("shortening a reference");
        let found = trial.find(&trial.by_reference(&asked)).await.orders;
        let same = found.iter().filter(|order| order.id == bought.order.id);
        for named in same.filter_map(|order| order.reference.as_ref()) {
            assert!(
                bought.reference.compare(named.as_str()).is_ours(),
                "asked for {asked}, the provider names {named} for the order of {text}"
            );
        }
    }
    Ok(())
}

async fn an_order_is_found_by_its_id(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if trial.capabilities.lookup.is_none() {
        return skipped("the provider's orders cannot be looked up");
    }
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await;
    let found = trial
        .find(&OrderLookup::Id(bought.order.id.clone()))
        .await
        .orders;
    let same = found.iter().map(|order| &order.id).eq([&bought.order.id]);
    assert!(
        same,
        "order {} was not found by its id alone",
        bought.order.id
    );
    let nobodys =
        ProviderOrderId::parse("conformance-nobodys-order").or_broken("making up an order id");
    let found = trial.find(&OrderLookup::Id(nobodys)).await.orders;
    assert!(found.is_empty(), "an id that no order has found one");
    Ok(())
}

async fn an_order_is_found_by_its_time(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if !trial
        .capabilities
        .lookup
        .is_some_and(|support| support.since)
    {
        return skipped("the provider's orders cannot be found by time");
    }
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await;
    let since = trial.clock.now() - jiff::SignedDuration::from_hours(1);
    let found = trial.find(&OrderLookup::Since(since)).await;
    let there = found.orders.iter().any(|order| order.id == bought.order.id);
    assert!(
        there || !found.complete,
        "order {} is not among those of the last hour",
        bought.order.id
    );
    Ok(())
}

async fn a_lost_reply_is_ambiguous_and_the_order_is_found(
    harness: &dyn ProviderHarness,
) -> Verdict {
    check_doubt(harness, Trouble::LostOrderReply).await
}

async fn a_servers_failure_after_the_charge_is_ambiguous(harness: &dyn ProviderHarness) -> Verdict {
    check_doubt(harness, Trouble::FailedOrderReply).await
}

async fn an_unreadable_reply_to_an_order_is_ambiguous(harness: &dyn ProviderHarness) -> Verdict {
    check_doubt(harness, Trouble::UnreadableOrderReply).await
}

async fn check_doubt(harness: &dyn ProviderHarness, trouble: Trouble) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    trial.trouble(trouble).await?;
    let request = trial.request(vec![Trial::line(&package, 1)]);
    match trial.provider.purchase(&request).await {
        Ok(_) => {
            panic!("{trouble:?} was answered as if nothing had happened");
        }
        Err(error) => assert!(
            error.reaction() == Reaction::Reconcile,
            "money moved, and the error says {:?}: {error}",
            error.kind()
        ),
    }
    trial.charged_exactly(&request.reference, 1).await?;
    if !trial.capabilities.finds_by_reference() {
        return Ok(());
    }
    let found = trial.ids_under(&request.reference).await?.len();
    assert!(
        found == 1,
        "{found} orders are found after {trouble:?}, not one"
    );
    Ok(())
}

async fn an_order_that_never_arrived_is_not_found(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    trial.trouble(Trouble::LostOrder).await?;
    let request = trial.request(vec![Trial::line(&package, 1)]);
    let error = refused(&trial, &request).await;
    let unknown = matches!(error.kind(), ErrorKind::Ambiguous | ErrorKind::Unavailable);
    assert!(
        unknown,
        "an order that never arrived is an error of another kind: {error}"
    );
    trial.charged_exactly(&request.reference, 0).await?;
    if !trial.capabilities.finds_by_reference() {
        return Ok(());
    }
    let found = trial.ids_under(&request.reference).await?;
    assert!(found.is_empty(), "an order that never arrived was found");
    Ok(())
}

async fn an_order_refused_for_its_rate_is_not_charged(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    trial.trouble(Trouble::RateLimitedOrder).await?;
    let request = trial.request(vec![Trial::line(&package, 1)]);
    let error = refused(&trial, &request).await;
    // Ambiguous where the provider does not document that it refuses before processing.
    let fits = matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Ambiguous);
    assert!(
        fits,
        "a limit of the rate is an error of another kind: {error}"
    );
    trial.charged_exactly(&request.reference, 0).await
}

/// What an error claims to prove about the charge.
fn proves(error: &ProviderError, proof: CallProof) {
    assert!(
        error.proof() == proof,
        "the error proves {:?}, not {proof:?}: {error}",
        error.proof()
    );
}

async fn an_unknown_package_is_never_charged(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let request = trial.request(vec![trial.unknown_line(&package)]);
    let error = refused(&trial, &request).await;
    let fits = matches!(error.reaction(), Reaction::Refuse | Reaction::Reconcile);
    assert!(
        fits,
        "an unknown package is an error of another kind: {error}"
    );
    trial.charged_exactly(&request.reference, 0).await
}

async fn an_order_is_taken_whole_or_not_at_all(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if trial
        .capabilities
        .lines_per_order
        .is_some_and(|limit| limit.get() < 2)
    {
        return skipped("the provider takes one line in an order");
    }
    let package = trial.ordinary().await?;
    let lines = vec![Trial::line(&package, 1), trial.unknown_line(&package)];
    let request = trial.request(lines);
    refused(&trial, &request).await;
    trial.charged_exactly(&request.reference, 0).await
}

async fn a_closed_window_sends_no_order(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    for (what, window) in trial.closed_windows() {
        let request = Purchase {
            window,
            ..trial.request(vec![Trial::line(&package, 1)])
        };
        let error = refused(&trial, &request).await;
        assert!(
            error.kind() == ErrorKind::Unavailable,
            "a window that is {what} is an error of another kind: {error}"
        );
        proves(&error, CallProof::NotSent);
        trial.charged_exactly(&request.reference, 0).await?;
    }
    Ok(())
}

async fn an_order_of_impossible_size_is_refused(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let mut impossible: Vec<Vec<Line>> = vec![Vec::new()];
    if let Some(above) = trial
        .capabilities
        .esims_per_order
        .and_then(|limit| limit.checked_add(1))
    {
        impossible.push(vec![Trial::line(&package, above.get())]);
    }
    if let Some(limit) = trial.capabilities.lines_per_order {
        impossible.push(vec![Trial::line(&package, 1); usize::from(limit.get()) + 1]);
    }
    for lines in impossible {
        let count = lines.len();
        let request = trial.request(lines);
        let error = refused(&trial, &request).await;
        assert!(
            error.reaction() == Reaction::Refuse,
            "an order of impossible size ({count} lines) is no refusal: {error}"
        );
        trial.charged_exactly(&request.reference, 0).await?;
    }
    Ok(())
}

async fn a_short_wallet_is_said_and_not_touched(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let nothing = Money::zero(package.price.currency());
    if package.price.is_zero() || !harness.set_wallet(nothing).await {
        return skipped("the harness cannot empty the wallet");
    }
    let request = trial.request(vec![Trial::line(&package, 1)]);
    let error = refused(&trial, &request).await;
    assert!(
        error.kind() == ErrorKind::InsufficientFunds,
        "an empty wallet is an error of another kind: {error}"
    );
    proves(&error, CallProof::TurnedAway);
    trial.charged_exactly(&request.reference, 0).await?;
    let balance = trial.balance().await;
    assert!(balance.is_zero(), "the empty wallet now has {balance}");
    Ok(())
}

/// The error of an order that must not go well.
async fn refused(trial: &Trial<'_>, request: &Purchase) -> ProviderError {
    match trial.provider.purchase(request).await {
        Err(error) => error,
        Ok(order) => panic!("order {} was taken and should not have been", order.id),
    }
}
