//! What is charged is what was quoted: every decimal, every day, and not a price that has moved.

use std::num::NonZeroU16;

use roamport_domain::provider::{
    ErrorKind, EsimKey, EsimProviderExt as _, Line, Purchase, Reaction, TopUpQuery,
};
use roamport_domain::{Money, Package, Reference};

use super::trial::Trial;
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};
use crate::{ProviderHarness, Verdict};

promises! { dyn ProviderHarness:
    /// A price with all the decimals that the provider bills in is charged to the last of them.
    a_price_of_many_decimals_is_charged_exactly,
    /// An order that names another price than the current one is rejected, and nothing is charged.
    an_order_at_another_price_is_refused,
    /// A price that moved between quote and order is not charged: the order is rejected.
    a_price_that_moved_is_refused_and_nothing_charged,
    /// A top-up that names another price than the current one is rejected, and nothing is charged.
    a_top_up_at_another_price_is_refused,
    /// A package that is sold by the day costs its price, times the days, times the quantity.
    an_order_by_the_day_costs_its_days,
    /// Days that a package is not sold for, and days for one that is not sold by the day, are refused
    /// uncharged.
    days_that_are_not_for_sale_are_never_charged,
}

async fn a_price_of_many_decimals_is_charged_exactly(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let Some((id, exact)) = harness.exact_price().await else {
        return skipped("the harness knows no exact price");
    };
    let package = trial.sold(&id).await;
    if package.by_day.is_some() || package.flags.travel_date_required {
        return skipped("the package of the exact price needs more than a quantity");
    }
    let before = trial.balance().await;
    let bought = trial.buy(&package, 1).await;
    check_cost(&trial, &bought.reference, bought.order.total, exact).await;
    if !harness.wallet_is_ours_alone() {
        return Ok(());
    }
    let after = trial.balance().await;
    let expected = before
        .checked_sub(exact)
        .or_broken("taking a price from the wallet");
    assert!(
        after == expected,
        "the wallet had {before}, a package cost {exact}, and now it has {after}"
    );
    Ok(())
}

async fn an_order_at_another_price_is_refused(harness: &dyn ProviderHarness) -> Verdict {
    let trial = guarded(harness)?;
    let package = trial.ordinary().await?;
    let line = Line {
        unit_price: another(&package)?,
        ..Trial::line(&package, 1)
    };
    check_guarded(&trial, trial.request(vec![line])).await
}

async fn a_price_that_moved_is_refused_and_nothing_charged(
    harness: &dyn ProviderHarness,
) -> Verdict {
    let trial = guarded(harness)?;
    let package = trial.ordinary().await?;
    if !harness.move_price(&package.id).await {
        return skipped("the harness cannot move a price");
    }
    check_guarded(&trial, trial.request(vec![Trial::line(&package, 1)])).await
}

async fn a_top_up_at_another_price_is_refused(harness: &dyn ProviderHarness) -> Verdict {
    let trial = guarded(harness)?;
    if !trial.capabilities.top_up {
        return skipped("the provider has no top-ups");
    }
    let package = trial.ordinary().await?;
    let (_, esim) = trial.installable(&package).await;
    let key = trial
        .provider
        .resolve(&EsimKey::from_id(esim.id().clone()))
        .await
        .or_broken("finding an eSIM's names");
    let listed = trial.top_ups(TopUpQuery::all(key.clone())).await;
    let Some(top_up) = listed.first() else {
        return skipped("nothing can top up an eSIM of the ordinary package");
    };
    let dearer = Package {
        price: another(top_up)?,
        ..top_up.clone()
    };
    let request = trial.top_up_request(&key, &dearer);
    match trial.provider.purchase(&request).await {
        Ok(order) => panic!(
            "a top-up at {} was sold as {}, though it costs {}",
            dearer.price, order.id, top_up.price
        ),
        Err(error) => {
            assert!(
                error.kind() == ErrorKind::Rejected,
                "another price is an error of another kind: {error}"
            );
            trial.charged_exactly(&request.reference, 0).await
        }
    }
}

async fn an_order_by_the_day_costs_its_days(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let (package, least, most) = by_the_day(&trial).await?;
    let single = trial
        .capabilities
        .esims_per_order
        .is_some_and(|limit| limit.get() < 2);
    let quantity = if single { 1 } else { 2 };
    for days in [least, most.min(least.saturating_add(2))] {
        let line = Line {
            days: Some(days),
            ..Trial::line(&package, quantity)
        };
        let expected = line.total().or_broken("adding up days");
        let bought = trial.buy_lines(vec![line]).await;
        let count = bought.esims().len();
        assert!(
            count == usize::from(quantity),
            "{quantity} eSIMs for {days} days were bought and {count} came"
        );
        check_cost(&trial, &bought.reference, bought.order.total, expected).await;
    }
    Ok(())
}

async fn days_that_are_not_for_sale_are_never_charged(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let plain = trial.ordinary().await?;
    let mut impossible = vec![(plain, Some(3))];
    if let Ok((package, least, most)) = by_the_day(&trial).await {
        impossible.push((package.clone(), None));
        impossible.push((package.clone(), most.checked_add(1)));
        impossible.push((package, least.checked_sub(1)));
    }
    for (package, days) in impossible {
        let line = Line {
            days,
            ..Trial::line(&package, 1)
        };
        let request = trial.request(vec![line]);
        match trial.provider.purchase(&request).await {
            Ok(order) => {
                panic!(
                    "package {} was sold for {days:?} days as {}",
                    package.id, order.id
                );
            }
            Err(error) => {
                let fits = matches!(error.reaction(), Reaction::Refuse | Reaction::Reconcile);
                assert!(
                    fits,
                    "days that are not for sale are an error of another kind: {error}"
                );
            }
        }
        trial.charged_exactly(&request.reference, 0).await?;
    }
    Ok(())
}

/// A trial of a provider that compares prices.
fn guarded(harness: &dyn ProviderHarness) -> Verdict<Trial<'_>> {
    let trial = Trial::of(harness);
    if trial.capabilities.price_guard {
        Ok(trial)
    } else {
        skipped("the provider does not compare the prices that an order names")
    }
}

/// A price that is not the package's.
fn another(package: &Package) -> Verdict<Money> {
    if package.price.is_zero() {
        return skipped("the package costs nothing");
    }
    Ok(package.price.checked_times(2).or_broken("doubling a price"))
}

async fn check_guarded(trial: &Trial<'_>, request: Purchase) -> Verdict {
    match trial.provider.purchase(&request).await {
        Ok(order) => panic!(
            "order {} was taken at a price that is not the current one",
            order.id
        ),
        Err(error) => {
            assert!(
                error.kind() == ErrorKind::Rejected,
                "another price is an error of another kind: {error}"
            );
            trial.charged_exactly(&request.reference, 0).await
        }
    }
}

/// The harness's package that is sold by the day, and for how many.
async fn by_the_day(trial: &Trial<'_>) -> Verdict<(Package, u16, u16)> {
    let Some(id) = trial.harness.package_by_day().await else {
        return skipped("the harness names no package that is sold by the day");
    };
    let package = trial.sold(&id).await;
    match package.by_day {
        Some(range) if NonZeroU16::new(range.least).is_some() => {
            Ok((package, range.least, range.most))
        }
        _ => panic!("package {id} is sold by the day, and says for no number of them"),
    }
}

/// Checks the total and, where there is an oracle, the one charge.
async fn check_cost(
    trial: &Trial<'_>,
    reference: &Reference,
    total: Option<Money>,
    expected: Money,
) {
    let charges = trial.harness.charges(reference).await.unwrap_or_default();
    for amount in charges.into_iter().chain(total) {
        assert!(amount == expected, "an order for {expected} cost {amount}");
    }
    trial.charged(reference, 1).await;
}
