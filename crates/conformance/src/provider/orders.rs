//! An order charges once, is found again, and a doubt about it is never hidden.

use std::collections::HashSet;

use roamport_domain::provider::{CallProof, ErrorKind, Line, OrderLookup, Purchase, Reaction};
use roamport_domain::{Money, ProviderError, ProviderOrderId, Reference};

use super::trial::Trial;
use crate::verdict::{OrBroken as _, broken, ensure, skipped};
use crate::{ProviderHarness, Trouble, Verdict};

/// An order is charged once, for what was quoted, and its answer says so.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_order_charges_once(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await?;
    trial.charged_exactly(&bought.reference, 1).await?;
    let order = &bought.order;
    let names_ours = order
        .reference
        .as_ref()
        .is_none_or(|given| *given == bought.reference);
    ensure(names_ours, || {
        format!("the answer names another reference: {:?}", order.reference)
    })?;
    if let Some(total) = order.total {
        ensure(total == package.price, || {
            format!(
                "an order for {} was answered with a total of {total}",
                package.price
            )
        })?;
    }
    match harness.charges(&bought.reference).await.as_deref() {
        None => Ok(()),
        Some([charge]) => ensure(*charge == package.price, || {
            format!("{charge} was charged for a package of {}", package.price)
        }),
        Some(charges) => broken(format!("{} charges were made for one order", charges.len())),
    }
}

/// An order for several eSIMs of a package has one item for each, all different.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_quantity_gives_so_many_items(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if trial
        .capabilities
        .esims_per_order
        .is_some_and(|limit| limit.get() < 3)
    {
        return skipped("the provider takes fewer than three eSIMs in one order");
    }
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 3).await?;
    check_items(&bought.esims()?, 3)?;
    let expected = package
        .price
        .checked_times(3)
        .or_broken("adding up prices")?;
    check_total(&trial, &bought.reference, bought.order.total, expected).await
}

/// Two lines for one package stay two: each has its own items, and both are charged.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn two_lines_for_one_package_are_both_delivered(
    harness: &dyn ProviderHarness,
) -> Verdict {
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
    let bought = trial.buy_lines(vec![line.clone(), line]).await?;
    check_items(&bought.esims()?, 2)?;
    let expected = package
        .price
        .checked_times(2)
        .or_broken("adding up prices")?;
    check_total(&trial, &bought.reference, bought.order.total, expected).await
}

fn check_items<I: std::hash::Hash + Eq>(esims: &[I], expected: usize) -> Verdict {
    let different = esims.iter().collect::<HashSet<_>>().len();
    ensure(esims.len() == expected && different == expected, || {
        let count = esims.len();
        format!("{expected} eSIMs were ordered and {count} came, {different} of them different")
    })
}

async fn check_total(
    trial: &Trial<'_>,
    reference: &Reference,
    total: Option<Money>,
    expected: Money,
) -> Verdict {
    trial.charged_exactly(reference, 1).await?;
    if let Some(total) = total {
        ensure(total == expected, || {
            format!("the total is {total} and should be {expected}")
        })?;
    }
    match trial
        .harness
        .charges(reference)
        .await
        .unwrap_or_default()
        .first()
    {
        Some(charge) => ensure(*charge == expected, || {
            format!("{charge} was charged, not {expected}")
        }),
        None => Ok(()),
    }
}

/// An order is found under its reference, alone and completely, with the id it was answered with.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_order_is_found_by_its_reference(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let other = trial.buy(&package, 1).await?;
    let bought = trial.buy(&package, 1).await?;
    let found = trial.ids_under(&bought.reference).await?;
    ensure(found == [bought.order.id.clone()], || {
        format!(
            "order {} was looked up by its reference and found as {found:?}",
            bought.order.id
        )
    })?;
    ensure(other.order.id != bought.order.id, || {
        "two orders have one id".to_owned()
    })
}

/// A reference that was never used finds nothing, and the answer says that it is complete.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_reference_never_used_finds_nothing(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    trial.buy(&package, 1).await?;
    let found = trial.ids_under(&harness.reference()).await?;
    ensure(found.is_empty(), || {
        format!("an unused reference found {found:?}")
    })
}

/// An order found names the reference that it was made under, never the one that was asked for: the caller
/// compares the two.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_order_found_names_its_own_reference(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await?;
    trial.ids_under(&bought.reference).await?;
    let text = bought.reference.as_str();
    let (shorter, _) = text.split_at(text.len() - 1);
    let similar = [shorter, &text[1..], &format!("{text}0")].map(str::to_owned);
    for asked in similar.into_iter().chain([text.to_owned()]) {
        let asked = Reference::parse(asked).or_broken("shortening a reference")?;
        let found = trial.find(&trial.by_reference(&asked)).await?.orders;
        let same = found.iter().filter(|order| order.id == bought.order.id);
        for named in same.filter_map(|order| order.reference.as_ref()) {
            ensure(bought.reference.compare(named.as_str()).is_ours(), || {
                format!("asked for {asked}, the provider names {named} for the order of {text}")
            })?;
        }
    }
    Ok(())
}

/// An order is found by the provider's id; an id that no order has finds nothing, without an error.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_order_is_found_by_its_id(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if trial.capabilities.lookup.is_none() {
        return skipped("the provider's orders cannot be looked up");
    }
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await?;
    let found = trial
        .find(&OrderLookup::Id(bought.order.id.clone()))
        .await?
        .orders;
    let same = found.iter().map(|order| &order.id).eq([&bought.order.id]);
    ensure(same, || {
        format!("order {} was not found by its id alone", bought.order.id)
    })?;
    let nobodys =
        ProviderOrderId::parse("conformance-nobodys-order").or_broken("making up an order id")?;
    let found = trial.find(&OrderLookup::Id(nobodys)).await?.orders;
    ensure(found.is_empty(), || {
        "an id that no order has found one".to_owned()
    })
}

/// An order is among those made since a moment before it.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_order_is_found_by_its_time(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if !trial
        .capabilities
        .lookup
        .is_some_and(|support| support.since)
    {
        return skipped("the provider's orders cannot be found by time");
    }
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await?;
    let since = trial.clock.now() - jiff::SignedDuration::from_hours(1);
    let found = trial.find(&OrderLookup::Since(since)).await?;
    let there = found.orders.iter().any(|order| order.id == bought.order.id);
    ensure(there || !found.complete, || {
        format!(
            "order {} is not among those of the last hour",
            bought.order.id
        )
    })
}

/// An order that was charged and whose answer was lost is ambiguous, and is then found.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_lost_reply_is_ambiguous_and_the_order_is_found(
    harness: &dyn ProviderHarness,
) -> Verdict {
    check_doubt(harness, Trouble::LostOrderReply).await
}

/// An order that was charged and answered with a server's failure is ambiguous, and is then found.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_servers_failure_after_the_charge_is_ambiguous(
    harness: &dyn ProviderHarness,
) -> Verdict {
    check_doubt(harness, Trouble::FailedOrderReply).await
}

/// An order that was charged and whose answer cannot be read is ambiguous, and is then found.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_unreadable_reply_to_an_order_is_ambiguous(
    harness: &dyn ProviderHarness,
) -> Verdict {
    check_doubt(harness, Trouble::UnreadableOrderReply).await
}

async fn check_doubt(harness: &dyn ProviderHarness, trouble: Trouble) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    trial.trouble(trouble).await?;
    let request = trial.request(vec![Trial::line(&package, 1)]);
    match trial.provider.purchase(&request).await {
        Ok(_) => {
            return broken(format!(
                "{trouble:?} was answered as if nothing had happened"
            ));
        }
        Err(error) => ensure(error.reaction() == Reaction::Reconcile, || {
            format!(
                "money moved, and the error says {:?}: {error}",
                error.kind()
            )
        })?,
    }
    trial.charged_exactly(&request.reference, 1).await?;
    if !trial.capabilities.finds_by_reference() {
        return Ok(());
    }
    let found = trial.ids_under(&request.reference).await?.len();
    ensure(found == 1, || {
        format!("{found} orders are found after {trouble:?}, not one")
    })
}

/// An order that was sent and never arrived is at most ambiguous, is not charged and not found.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_order_that_never_arrived_is_not_found(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    trial.trouble(Trouble::LostOrder).await?;
    let request = trial.request(vec![Trial::line(&package, 1)]);
    let error = refused(&trial, &request).await?;
    let unknown = matches!(error.kind(), ErrorKind::Ambiguous | ErrorKind::Unavailable);
    ensure(unknown, || {
        format!("an order that never arrived is an error of another kind: {error}")
    })?;
    trial.charged_exactly(&request.reference, 0).await?;
    if !trial.capabilities.finds_by_reference() {
        return Ok(());
    }
    let found = trial.ids_under(&request.reference).await?;
    ensure(found.is_empty(), || {
        "an order that never arrived was found".to_owned()
    })
}

/// An order refused for asking too often is not charged, and is not called a lasting refusal.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_order_refused_for_its_rate_is_not_charged(
    harness: &dyn ProviderHarness,
) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    trial.trouble(Trouble::RateLimitedOrder).await?;
    let request = trial.request(vec![Trial::line(&package, 1)]);
    let error = refused(&trial, &request).await?;
    // Ambiguous where the provider does not document that it refuses before processing.
    let fits = matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Ambiguous);
    ensure(fits, || {
        format!("a limit of the rate is an error of another kind: {error}")
    })?;
    trial.charged_exactly(&request.reference, 0).await
}

/// What an error claims to prove about the charge.
fn proves(error: &ProviderError, proof: CallProof) -> Verdict {
    ensure(error.proof() == proof, || {
        format!(
            "the error proves {:?}, not {proof:?}: {error}",
            error.proof()
        )
    })
}

/// A package that nobody sells is refused, or ambiguous at worst, and nothing is charged.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_unknown_package_is_never_charged(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let request = trial.request(vec![trial.unknown_line(&package)]);
    let error = refused(&trial, &request).await?;
    let fits = matches!(error.reaction(), Reaction::Refuse | Reaction::Reconcile);
    ensure(fits, || {
        format!("an unknown package is an error of another kind: {error}")
    })?;
    trial.charged_exactly(&request.reference, 0).await
}

/// An order with a line that nobody sells is not charged for its other lines.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_order_is_taken_whole_or_not_at_all(harness: &dyn ProviderHarness) -> Verdict {
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
    refused(&trial, &request).await?;
    trial.charged_exactly(&request.reference, 0).await
}

/// Outside its window an order is not sent, whichever clock says so, and the error says that
/// nothing happened.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_closed_window_sends_no_order(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    for (what, window) in trial.closed_windows() {
        let request = Purchase {
            window,
            ..trial.request(vec![Trial::line(&package, 1)])
        };
        let error = refused(&trial, &request).await?;
        ensure(error.kind() == ErrorKind::Unavailable, || {
            format!("a window that is {what} is an error of another kind: {error}")
        })?;
        proves(&error, CallProof::NotSent)?;
        trial.charged_exactly(&request.reference, 0).await?;
    }
    Ok(())
}

/// An order without a line, and one above the documented number of eSIMs, is refused uncharged.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_order_of_impossible_size_is_refused(harness: &dyn ProviderHarness) -> Verdict {
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
        let error = refused(&trial, &request).await?;
        ensure(error.reaction() == Reaction::Refuse, || {
            format!("an order of impossible size ({count} lines) is no refusal: {error}")
        })?;
        trial.charged_exactly(&request.reference, 0).await?;
    }
    Ok(())
}

/// A wallet that is too small is said to be, and nothing is taken from it.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_short_wallet_is_said_and_not_touched(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let nothing = Money::zero(package.price.currency());
    if package.price.is_zero() || !harness.set_wallet(nothing).await {
        return skipped("the harness cannot empty the wallet");
    }
    let request = trial.request(vec![Trial::line(&package, 1)]);
    let error = refused(&trial, &request).await?;
    ensure(error.kind() == ErrorKind::InsufficientFunds, || {
        format!("an empty wallet is an error of another kind: {error}")
    })?;
    proves(&error, CallProof::TurnedAway)?;
    trial.charged_exactly(&request.reference, 0).await?;
    let balance = trial
        .provider
        .balance()
        .await
        .or_broken("reading the wallet")?;
    ensure(balance.is_zero(), || {
        format!("the empty wallet now has {balance}")
    })
}

/// The error of an order that must not go well.
async fn refused(trial: &Trial<'_>, request: &Purchase) -> Verdict<ProviderError> {
    match trial.provider.purchase(request).await {
        Err(error) => Ok(error),
        Ok(order) => broken(format!(
            "order {} was taken and should not have been",
            order.id
        )),
    }
}
