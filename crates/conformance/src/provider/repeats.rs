//! A purchase that is sent twice does what the provider claims, and never costs twice.

use roamport_domain::ProviderError;
use roamport_domain::provider::{
    Dedup, ErrorKind, EsimKey, EsimProviderExt as _, ProviderOrder, Purchase, TopUpQuery,
};

use super::trial::Trial;
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};
use crate::{ProviderHarness, Trouble, Verdict};

promises! { dyn ProviderHarness:
    /// A second order under one reference does what `Dedup` says: it is answered with the first one
    /// again, or refused as a sign that the first one landed, and costs nothing. Where nothing is
    /// promised, the case is skipped.
    a_repeated_reference_does_what_is_promised,
    /// An order whose answer was lost, and that is sent once more under its reference, is charged once.
    a_repeat_after_a_lost_reply_charges_no_more,
    /// A second top-up under one reference does what `Dedup` says, as a second order does.
    a_repeated_top_up_does_what_is_promised,
}

async fn a_repeated_reference_does_what_is_promised(harness: &dyn ProviderHarness) -> Verdict {
    let trial = promising(harness)?;
    let package = trial.ordinary().await?;
    let request = trial.request(vec![Trial::line(&package, 1)]);
    let first = trial.purchase(&request, "an ordinary order").await;
    let second = trial.provider.purchase(&request).await;
    trial.charged_exactly(&request.reference, 1).await?;
    check_second(&trial, Some(&first), second);
    if trial.capabilities.finds_by_reference() {
        let found = trial.ids_under(&request.reference).await?;
        assert!(
            found == [first.id.clone()],
            "order {} was repeated and is found as {found:?}",
            first.id
        );
    }
    Ok(())
}

async fn a_repeat_after_a_lost_reply_charges_no_more(harness: &dyn ProviderHarness) -> Verdict {
    let trial = promising(harness)?;
    let package = trial.ordinary().await?;
    trial.trouble(Trouble::LostOrderReply).await?;
    let request = trial.request(vec![Trial::line(&package, 1)]);
    assert!(
        trial.provider.purchase(&request).await.is_err(),
        "a lost answer was answered"
    );
    let again = Purchase {
        window: trial.window(),
        ..request.clone()
    };
    let second = trial.provider.purchase(&again).await;
    trial.charged_exactly(&request.reference, 1).await?;
    check_second(&trial, None, second);
    Ok(())
}

async fn a_repeated_top_up_does_what_is_promised(harness: &dyn ProviderHarness) -> Verdict {
    let trial = promising(harness)?;
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
    let request = trial.top_up_request(&key, top_up);
    let first = trial.purchase(&request, "a compatible top-up").await;
    let again = Purchase {
        window: trial.window(),
        ..request.clone()
    };
    let second = trial.provider.purchase(&again).await;
    trial.charged_exactly(&request.reference, 1).await?;
    check_second(&trial, Some(&first), second);
    Ok(())
}

/// A trial of a provider that promises something about a reference that is used twice.
fn promising(harness: &dyn ProviderHarness) -> Verdict<Trial<'_>> {
    let trial = Trial::of(harness);
    if trial.capabilities.dedup == Dedup::None {
        return skipped("the provider promises nothing about a repeated reference");
    }
    Ok(trial)
}

/// Checks the answer to the second request; `first` where that one was answered.
fn check_second(
    trial: &Trial<'_>,
    first: Option<&ProviderOrder>,
    second: Result<ProviderOrder, ProviderError>,
) {
    match (trial.capabilities.dedup, second) {
        (Dedup::Replays { .. }, Ok(second)) => match first {
            Some(first) if first.id != second.id => {
                panic!("order {} was replayed as {}", first.id, second.id)
            }
            _ => {}
        },
        (Dedup::Rejects, Err(error)) => {
            assert!(
                error.kind() == ErrorKind::Ambiguous,
                "a repeated reference is the sign that the first order landed, not: {error}"
            );
        }
        (dedup, Ok(_)) => panic!("{dedup:?} was promised, and a second order was taken"),
        (dedup, Err(error)) => panic!("{dedup:?} was promised, and then: {error}"),
    }
}
