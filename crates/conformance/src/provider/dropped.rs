//! A call whose future is dropped half-way has happened once or not at all, and what it did is found.

use std::time::Duration;

use roamport_domain::Reference;
use roamport_domain::provider::{Dedup, EsimKey, EsimProviderExt as _, Purchase, TopUpQuery};

use super::cancellation;
use super::trial::Trial;
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};
use crate::{ProviderHarness, Trouble, Verdict};

promises! { dyn ProviderHarness:
    /// An order that is dropped at any moment is charged at most once; it is found, or repeating it
    /// gives it, wherever that is promised.
    a_dropped_order_is_charged_at_most_once_and_found,
    /// An order that is dropped after the provider took it, and before it answered, is charged exactly
    /// once; it is found, or repeating it gives it, wherever that is promised.
    an_order_dropped_before_its_answer_is_found,
    /// A top-up that is dropped at any moment is charged at most once, and found wherever that is
    /// promised.
    a_dropped_top_up_is_charged_at_most_once,
    /// A cancellation that is dropped at any moment can be asked for again, and gives the money back
    /// once.
    a_dropped_cancellation_is_refunded_once,
}

/// How long a call is waited for before it is dropped. Zero looks at it once.
const PATIENCE: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(1),
    Duration::from_millis(3),
    Duration::from_millis(10),
];
/// After so long an order whose answer is slow has been sent, and was not answered.
const MIDWAY: Duration = Duration::from_millis(150);
/// For what a dropped call has set going to come to its end.
const AFTERMATH: Duration = Duration::from_millis(40);

async fn a_dropped_order_is_charged_at_most_once_and_found(
    harness: &dyn ProviderHarness,
) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let untouched = trial.request(vec![Trial::line(&package, 1)]);
    drop(trial.provider.purchase(&untouched));
    trial.charged_exactly(&untouched.reference, 0).await?;
    for patience in PATIENCE {
        let request = trial.request(vec![Trial::line(&package, 1)]);
        let call = trial.provider.purchase(&request);
        let _ = tokio::time::timeout(patience, call).await;
        check_once(&trial, &request.reference).await?;
        repeat(&trial, &request).await?;
    }
    Ok(())
}

async fn an_order_dropped_before_its_answer_is_found(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    trial.trouble(Trouble::SlowOrderReply).await?;
    let request = trial.request(vec![Trial::line(&package, 1)]);
    let call = trial.provider.purchase(&request);
    if tokio::time::timeout(MIDWAY, call).await.is_ok() {
        return skipped("the answer came before the order was dropped");
    }
    let count = check_once(&trial, &request.reference).await?;
    assert!(
        count == 1,
        "an order that was taken and then dropped is not found"
    );
    repeat(&trial, &request).await
}

async fn a_dropped_top_up_is_charged_at_most_once(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
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
    for patience in PATIENCE {
        let request = trial.top_up_request(&key, top_up);
        let call = trial.provider.purchase(&request);
        let _ = tokio::time::timeout(patience, call).await;
        check_once(&trial, &request.reference).await?;
    }
    Ok(())
}

async fn a_dropped_cancellation_is_refunded_once(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, refund) = cancellation::taking_back(harness)?;
    for patience in PATIENCE {
        let before = trial.balance().await;
        let (_, esim) = cancellation::bought(&trial).await?;
        let between = trial.balance().await;
        let key = cancellation::key(&esim);
        let call = cancellation::cancel(&trial, &key);
        let _ = tokio::time::timeout(patience, call).await;
        tokio::time::sleep(AFTERMATH).await;
        cancellation::cancel(&trial, &key)
            .await
            .or_broken("asking again after a dropped cancellation");
        cancellation::check_refunded_once(&trial, &esim).await;
        cancellation::check_wallet(&trial, refund, before, between).await;
    }
    Ok(())
}

/// Checks that there is one charge at most, and as many orders; gives how many.
async fn check_once(trial: &Trial<'_>, reference: &Reference) -> Verdict<usize> {
    tokio::time::sleep(AFTERMATH).await;
    let count = trial.charges(reference).await?;
    assert!(
        count <= 1,
        "a purchase that was dropped was charged {count} times"
    );
    if trial.capabilities.finds_by_reference() {
        let found = trial.ids_under(reference).await?.len();
        assert!(
            found == count,
            "a dropped purchase was charged {count} times, and {found} orders are found"
        );
    }
    Ok(count)
}

/// Repeats an order where that is promised to be harmless.
async fn repeat(trial: &Trial<'_>, request: &Purchase) -> Verdict {
    if !matches!(trial.capabilities.dedup, Dedup::Replays { .. }) {
        return Ok(());
    }
    let again = Purchase {
        window: trial.window(),
        ..request.clone()
    };
    trial
        .purchase(&again, "repeating an order that was dropped")
        .await;
    trial.charged_exactly(&request.reference, 1).await
}
