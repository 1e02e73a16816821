//! The wallet is read exactly and falls by exactly what was bought.

use roamport_domain::Money;

use super::trial::Trial;
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};
use crate::{ProviderHarness, Verdict};

promises! { dyn ProviderHarness:
    /// The balance is the oracle's, to the last decimal.
    the_balance_is_exact,
    /// The balance falls by exactly the total of an order.
    the_balance_falls_by_exactly_the_total,
    /// A refused order and a generated profile leave the balance as it was.
    only_purchases_move_the_balance,
}

async fn balance(trial: &Trial<'_>) -> Money {
    trial.balance().await
}

async fn the_balance_is_exact(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let Some(exact) = harness.wallet().await else {
        return skipped("the harness does not know what is in the wallet");
    };
    let read = balance(&trial).await;
    assert!(
        read == exact,
        "the wallet has {exact} and was read as {read}"
    );
    // Four decimals: what the most exact provider bills in.
    let Ok(exact) = Money::parse_amount("1234.5678", exact.currency()) else {
        return Ok(());
    };
    if harness.set_wallet(exact).await {
        let read = balance(&trial).await;
        assert!(
            read == exact,
            "the wallet has {exact} and was read as {read}"
        );
    }
    Ok(())
}

async fn the_balance_falls_by_exactly_the_total(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if !harness.wallet_is_ours_alone() {
        return skipped("others spend from this wallet");
    }
    let package = trial.ordinary().await?;
    let before = balance(&trial).await;
    let single = trial
        .capabilities
        .esims_per_order
        .is_some_and(|limit| limit.get() < 2);
    let quantity = if single { 1 } else { 2 };
    let bought = trial.buy(&package, quantity).await;
    let total = package
        .price
        .checked_times(u32::from(quantity))
        .or_broken("adding up prices");
    let total = bought.order.total.unwrap_or(total);
    let after = balance(&trial).await;
    let expected = before
        .checked_sub(total)
        .or_broken("taking a total from the wallet");
    assert!(
        after == expected,
        "the wallet had {before}, an order cost {total}, and now it has {after}"
    );
    Ok(())
}

async fn only_purchases_move_the_balance(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if !harness.wallet_is_ours_alone() {
        return skipped("others spend from this wallet");
    }
    let package = trial.ordinary().await?;
    let before = balance(&trial).await;
    let (bought, _) = trial.installable(&package).await;
    let paid = bought.order.total.unwrap_or(package.price);
    let between = balance(&trial).await;
    let expected = before
        .checked_sub(paid)
        .or_broken("taking a total from the wallet");
    assert!(
        between == expected,
        "the wallet had {before}, an eSIM cost {paid}, and now it has {between}"
    );
    let request = trial.request(vec![trial.unknown_line(&package)]);
    let refused = trial.provider.purchase(&request).await;
    assert!(refused.is_err(), "a package that nobody sells was bought");
    let after = balance(&trial).await;
    assert!(
        after == between,
        "a refused order took the wallet from {between} to {after}"
    );
    Ok(())
}
