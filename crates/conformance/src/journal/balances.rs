//! Balances that were read are kept, in order, each at its own wallet.

use std::sync::Arc;

use jiff::Timestamp;
use roamport_domain::journal::{BalanceReading, BalanceStore};
use roamport_domain::order::ProviderInstance;
use roamport_domain::{Currency, Money, ProviderOrderId};

use super::trial::Trial;
use super::{JournalHarness, sample};
use crate::Verdict;
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};

promises! { dyn JournalHarness:
    /// What is kept is read back whole, to the last decimal and microsecond, from a moment on, the oldest
    /// first; two of one moment stay two.
    readings_are_kept_whole_and_read_back_oldest_first,
    /// Another address is another account with a wallet of its own, though the provider's name be one.
    readings_of_another_wallet_stay_apart,
}

fn store(harness: &dyn JournalHarness) -> Verdict<Arc<dyn BalanceStore>> {
    match harness.balances() {
        Some(store) => Ok(store),
        None => skipped("the store keeps no balances"),
    }
}

fn reading(provider: &ProviderInstance, at: Timestamp, amount: &str) -> BalanceReading {
    BalanceReading {
        provider: provider.clone(),
        at,
        balance: Money::parse_amount(amount, Currency::USD).or_broken("reading a sample"),
        newest_order_at: None,
        newest_orders: Vec::new(),
        comparable: true,
    }
}

fn wallet(base_url: &str) -> ProviderInstance {
    ProviderInstance {
        name: sample::provider(sample::PROVIDER),
        base_url: base_url.to_owned(),
    }
}

async fn keep(store: &dyn BalanceStore, readings: &[&BalanceReading]) {
    for reading in readings {
        let kept = store.keep_balance(reading).await;
        kept.or_broken("keeping a balance");
    }
}

async fn check(
    store: &dyn BalanceStore,
    provider: &ProviderInstance,
    since: Timestamp,
    expected: &[&BalanceReading],
) {
    let found = store.balances(provider, since).await;
    let found = found.or_broken("reading balances");
    assert!(
        found.iter().collect::<Vec<_>>() == expected,
        "{expected:?} were kept since {since}, and {found:?} were read back"
    );
}

async fn readings_are_kept_whole_and_read_back_oldest_first(
    harness: &dyn JournalHarness,
) -> Verdict {
    let (store, trial) = (store(harness)?, Trial::of(harness).await);
    let provider = wallet("https://one.example.com");
    check(&*store, &provider, Timestamp::MIN, &[]).await;
    let at = |seconds| sample::after(trial.start, seconds);
    let (first, second) = (
        reading(&provider, at(0), "1000"),
        reading(&provider, at(60), "996.7245"),
    );
    let Ok(a_little_later) = at(60).checked_add(jiff::SignedDuration::from_micros(1)) else {
        panic!("no moment lies after the sample's");
    };
    let third = BalanceReading {
        newest_order_at: Some(at(59)),
        newest_orders: vec![
            ProviderOrderId::parse("R-1").or_broken("reading a sample"),
            ProviderOrderId::parse("R \"2\" ü").or_broken("reading a sample"),
        ],
        comparable: false,
        ..reading(&provider, a_little_later, "-0.000001")
    };
    keep(&*store, &[&third, &first, &second, &second]).await;
    let all = [&first, &second, &second, &third];
    check(&*store, &provider, Timestamp::MIN, &all).await;
    check(&*store, &provider, at(60), &all[1..]).await;
    check(&*store, &provider, at(61), &[]).await;
    Ok(())
}

async fn readings_of_another_wallet_stay_apart(harness: &dyn JournalHarness) -> Verdict {
    let (store, trial) = (store(harness)?, Trial::of(harness).await);
    let (one, two) = (
        wallet("https://one.example.com"),
        wallet("https://two.example.com"),
    );
    let (ours, theirs) = (
        reading(&one, trial.start, "10"),
        reading(&two, trial.start, "20"),
    );
    keep(&*store, &[&ours, &theirs]).await;
    check(&*store, &one, Timestamp::MIN, &[&ours]).await;
    check(&*store, &two, Timestamp::MIN, &[&theirs]).await;
    Ok(())
}
