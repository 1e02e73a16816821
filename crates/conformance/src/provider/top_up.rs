//! Top-ups: only compatible ones are listed, and each is charged once.

use std::collections::HashSet;

use futures::StreamExt as _;
use roamport_domain::provider::{
    ErrorKind, EsimKey, EsimProviderExt as _, Purchase, Reaction, TopUpQuery, UsageQuery,
};
use roamport_domain::{Esim, Package, ProviderError, Usage};

use super::trial::{Trial, ids};
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};
use crate::{ProviderHarness, Trouble, Verdict};

promises! { dyn ProviderHarness:
    /// Top-ups are listed once each, each is found by its id, and filters are exact.
    top_ups_are_listed_once_and_filtered_exactly,
    /// A top-up is charged once, at the listed price, and is found under its reference.
    a_top_up_charges_once_and_is_found,
    /// A top-up takes nothing from what was there: neither the allowance nor what is left of it falls,
    /// the eSIM stays ready, and where plans are listed it is one of them.
    a_top_up_adds_to_what_is_there,
    /// A top-up for an eSIM is listed under either of its names, and possible by its id with and without its ICCID.
    an_esim_is_topped_up_by_either_name,
    /// A top-up that was charged and whose answer was lost is ambiguous, and is then found.
    a_lost_reply_to_a_top_up_is_ambiguous,
    /// Outside its window a top-up is not sent, whichever clock says so.
    a_closed_window_sends_no_top_up,
    /// A top-up that nobody sells, and one for an eSIM that nobody has, is never charged.
    an_impossible_top_up_is_never_charged,
    /// An eSIM that cannot be topped up lists nothing or says so, and is never charged.
    an_esim_that_cannot_be_topped_up_says_so,
    /// A provider without top-ups answers every call about them with `Unsupported`.
    a_provider_without_top_ups_says_so,
}

/// An eSIM of ours with a top-up that fits it.
async fn compatible(trial: &Trial<'_>) -> Verdict<(Esim, EsimKey, Package)> {
    if !trial.capabilities.top_up {
        return skipped("the provider has no top-ups");
    }
    let package = trial.ordinary().await?;
    let (_, esim) = trial.installable(&package).await;
    let key = EsimKey::from_id(esim.id().clone());
    let key = trial
        .provider
        .resolve(&key)
        .await
        .or_broken("finding an eSIM's names");
    let top_ups = trial.top_ups(TopUpQuery::all(key.clone())).await;
    match top_ups.into_iter().next() {
        Some(top_up) => Ok((esim, key, top_up)),
        None => skipped("nothing can top up an eSIM of the ordinary package"),
    }
}

async fn top_ups_are_listed_once_and_filtered_exactly(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let (_, key, sample) = compatible(&trial).await?;
    let all = trial.top_ups(TopUpQuery::all(key.clone())).await;
    let different: HashSet<_> = ids(&all).into_iter().collect();
    assert!(different.len() == all.len(), "a top-up came twice");
    let every = || TopUpQuery::all(key.clone());
    let (days, data) = (Some(sample.validity.days), sample.data.fixed_size());
    for query in [
        TopUpQuery { days, ..every() },
        TopUpQuery { data, ..every() },
        TopUpQuery {
            unlimited: true,
            ..every()
        },
        TopUpQuery {
            package: Some(sample.id.clone()),
            ..every()
        },
        TopUpQuery {
            package: Some(harness.unknown_package()),
            ..every()
        },
    ] {
        let expected = ids(all.iter().filter(|package| matches(package, &query)));
        let given = trial.top_ups(query.clone()).await;
        assert!(
            ids(&given) == expected,
            "a filter of top-ups gave {} of {}",
            given.len(),
            expected.len()
        );
    }
    Ok(())
}

fn matches(package: &Package, query: &TopUpQuery) -> bool {
    query.days.is_none_or(|days| package.validity.days == days)
        && query
            .data
            .is_none_or(|data| package.data.fixed_size() == Some(data))
        && (!query.unlimited || package.data.is_unlimited())
        && query.package.as_ref().is_none_or(|id| package.id == *id)
}

async fn a_top_up_charges_once_and_is_found(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let (_, key, top_up) = compatible(&trial).await?;
    let request = trial.top_up_request(&key, &top_up);
    let order = trial.purchase(&request, "a compatible top-up").await;
    trial.charged_exactly(&request.reference, 1).await?;
    let price = request.request.total().expect("a price is in range");
    for amount in harness
        .charges(&request.reference)
        .await
        .into_iter()
        .flatten()
        .chain(order.total)
    {
        assert!(amount == price, "a top-up of {price} cost {amount}");
    }
    if !trial.capabilities.finds_by_reference() {
        return Ok(());
    }
    let found = trial.ids_under(&request.reference).await?;
    assert!(
        found == [order.id.clone()],
        "top-up {} was looked up by its reference and found as {found:?}",
        order.id
    );
    Ok(())
}

async fn a_top_up_adds_to_what_is_there(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let (_, key, top_up) = compatible(&trial).await?;
    let before = trial.esim(&key).await;
    let used = usage(&trial, &key).await;
    let request = trial.top_up_request(&key, &top_up);
    trial.purchase(&request, "a compatible top-up").await;
    let after = trial.esim(&key).await;
    assert!(
        after.is_ready() && after.activation() == before.activation(),
        "a top-up changed the profile of its eSIM"
    );
    let (one, other) = (before.report().plans.len(), after.report().plans.len());
    assert!(
        one == 0 && other == 0 || other == one + 1,
        "an eSIM had {one} plans, was topped up, and has {other}"
    );
    let (Some(one), Some(other)) = (used, usage(&trial, &key).await) else {
        return Ok(());
    };
    for (what, before, after) in [
        ("allowed", one.data.allowed, other.data.allowed),
        ("left", one.data.remaining, other.data.remaining),
    ] {
        let fell = before
            .zip(after)
            .is_some_and(|(before, after)| after < before);
        assert!(
            !fell,
            "before a top-up {before:?} were {what}, and afterwards {after:?}"
        );
    }
    Ok(())
}

/// The usage of an eSIM, where the provider tells it.
async fn usage(trial: &Trial<'_>, key: &EsimKey) -> Option<Usage> {
    trial.capabilities.usage?;
    let query = UsageQuery {
        esim: key.clone(),
        daily: false,
    };
    let usage = trial.provider.usage(&query).await;
    Some(usage.or_broken("reading usage"))
}

async fn an_esim_is_topped_up_by_either_name(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let (esim, _, top_up) = compatible(&trial).await?;
    let id = EsimKey::from_id(esim.id().clone());
    let mut names = vec![(id.clone(), id.clone())];
    if let Some(iccid) = esim.iccid().cloned() {
        let both = EsimKey::of(esim.id().clone(), Some(iccid.clone()));
        names.push((EsimKey::from_iccid(iccid), both));
    }
    for (key, bought) in names {
        let listed = trial.top_ups(TopUpQuery::all(key.clone())).await;
        assert!(
            ids(&listed).contains(&&top_up.id),
            "top-up {} is listed for one name of an eSIM and not the other",
            top_up.id
        );
        let request = trial.top_up_request(&bought, &top_up);
        trial.purchase(&request, "a compatible top-up").await;
        trial.charged(&request.reference, 1).await;
    }
    Ok(())
}

async fn a_lost_reply_to_a_top_up_is_ambiguous(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let (_, key, top_up) = compatible(&trial).await?;
    trial.trouble(Trouble::LostTopUpReply).await?;
    let request = trial.top_up_request(&key, &top_up);
    let error = refused(&trial, &request).await;
    assert!(
        error.reaction() == Reaction::Reconcile,
        "money moved, and the error says {:?}: {error}",
        error.kind()
    );
    trial.charged_exactly(&request.reference, 1).await?;
    if !trial.capabilities.finds_by_reference() {
        return Ok(());
    }
    let found = trial.ids_under(&request.reference).await?.len();
    assert!(
        found == 1,
        "{found} top-ups are found after a lost answer, not one"
    );
    Ok(())
}

async fn a_closed_window_sends_no_top_up(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let (_, key, top_up) = compatible(&trial).await?;
    for (what, window) in trial.closed_windows() {
        let request = Purchase {
            window,
            ..trial.top_up_request(&key, &top_up)
        };
        let error = refused(&trial, &request).await;
        assert!(
            error.kind() == ErrorKind::Unavailable,
            "a window that is {what} is an error of another kind: {error}"
        );
        trial.charged_exactly(&request.reference, 0).await?;
    }
    Ok(())
}

async fn an_impossible_top_up_is_never_charged(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let (_, key, top_up) = compatible(&trial).await?;
    let unknown = Package {
        id: harness.unknown_package(),
        ..top_up.clone()
    };
    let mut requests = vec![trial.top_up_request(&key, &unknown)];
    for unknown in harness.unknown_esims() {
        if unknown.id().is_some() {
            requests.push(trial.top_up_request(&unknown, &top_up));
        }
    }
    for request in requests {
        let error = refused(&trial, &request).await;
        let fits = matches!(error.reaction(), Reaction::Refuse | Reaction::Reconcile);
        assert!(
            fits,
            "an impossible top-up is an error of another kind: {error}"
        );
        trial.charged_exactly(&request.reference, 0).await?;
    }
    Ok(())
}

async fn an_esim_that_cannot_be_topped_up_says_so(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let (_, _, top_up) = compatible(&trial).await?;
    let Some(id) = harness.package_without_top_up().await else {
        return skipped("the harness names no package without top-ups");
    };
    let package = trial.sold(&id).await;
    let (_, esim) = trial.installable(&package).await;
    let key = EsimKey::from_id(esim.id().clone());
    let key = trial
        .provider
        .resolve(&key)
        .await
        .or_broken("finding an eSIM's names");
    match trial
        .provider
        .top_up_packages(TopUpQuery::all(key.clone()))
        .next()
        .await
    {
        None => {}
        Some(Ok(listed)) => panic!("top-up {} is listed for it", listed.id),
        Some(Err(error)) => assert!(
            error.reaction() == Reaction::Refuse,
            "an eSIM without top-ups is no refusal: {error}"
        ),
    }
    let request = trial.top_up_request(&key, &top_up);
    let error = refused(&trial, &request).await;
    let fits = matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Rejected);
    assert!(
        fits,
        "an eSIM without top-ups is an error of another kind: {error}"
    );
    trial.charged_exactly(&request.reference, 0).await
}

async fn a_provider_without_top_ups_says_so(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if trial.capabilities.top_up {
        return skipped("the provider has top-ups");
    }
    let package = trial.ordinary().await?;
    let (_, esim) = trial.installable(&package).await;
    let key = EsimKey::from_id(esim.id().clone());
    let listed = trial
        .provider
        .top_up_packages(TopUpQuery::all(key.clone()))
        .next()
        .await;
    let said = matches!(&listed, Some(Err(error)) if error.kind() == ErrorKind::Unsupported);
    assert!(said, "a listing of top-ups began with {listed:?}");
    let request = trial.top_up_request(&key, &package);
    let error = refused(&trial, &request).await;
    assert!(
        error.kind() == ErrorKind::Unsupported,
        "a top-up said: {error}"
    );
    trial.charged_exactly(&request.reference, 0).await
}

/// The error of a top-up that must not go well.
async fn refused(trial: &Trial<'_>, request: &Purchase) -> ProviderError {
    match trial.provider.purchase(request).await {
        Err(error) => error,
        Ok(order) => panic!("top-up {} was taken and should not have been", order.id),
    }
}
