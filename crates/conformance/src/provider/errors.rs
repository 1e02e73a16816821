//! Errors say where they come from, reads are never in doubt, and dropping one does no harm.

use futures::StreamExt as _;
use roamport_domain::provider::{
    CancelRequest, ErrorKind, EsimKey, Operation, OrderLookup, PackageQuery, ProvisionRequest,
    Purchase, Reaction, TopUpQuery, UsageQuery,
};
use roamport_domain::{ProviderError, ProviderOrderId};

use super::trial::Trial;
use crate::suite::promises;
use crate::verdict::OrBroken as _;
use crate::{ProviderHarness, Trouble, Verdict};

promises! { dyn ProviderHarness:
    /// An error names its provider and the call that failed, and has words for a person.
    an_error_names_its_provider_and_its_call,
    /// A read that fails changed nothing, so it is never ambiguous; one that fails for a moment says
    /// that it may be tried again.
    a_failed_read_is_never_ambiguous,
    /// A call that the capabilities rule out answers `Unsupported`.
    what_capabilities_rule_out_is_unsupported,
    /// Name and capabilities stay the same whatever is called.
    name_and_capabilities_stay_the_same,
    /// A read or a listing that is dropped half-way leaves a provider that works.
    a_dropped_read_does_no_harm,
}

/// Errors that any provider gives for what nobody has or sells, each with the call that gave it.
pub(super) async fn refusals(trial: &Trial<'_>) -> Verdict<Vec<(Operation, ProviderError)>> {
    let (provider, harness) = (&trial.provider, trial.harness);
    let package = trial.ordinary().await?;
    let mut errors = Vec::new();
    for esim in harness.unknown_esims() {
        errors.push((Operation::Esim, provider.esim(&esim).await.err()));
        let query = UsageQuery {
            esim: esim.clone(),
            daily: false,
        };
        errors.push((Operation::Usage, provider.usage(&query).await.err()));
        let request = CancelRequest { esim: esim.clone() };
        errors.push((Operation::Cancel, provider.cancel(&request).await.err()));
        if trial
            .capabilities
            .usage
            .is_none_or(|usage| usage.batch.is_none())
        {
            let some = std::slice::from_ref(&esim);
            let answer = provider.usage_batch(some).await;
            errors.push((Operation::UsageBatch, answer.err()));
        }
        let listed = provider
            .top_up_packages(TopUpQuery::all(esim.clone()))
            .next()
            .await;
        errors.push((Operation::TopUpPackages, listed.and_then(Result::err)));
        if let Some(id) = esim.id() {
            let request = trial.top_up_request(&esim, &package);
            errors.push((Operation::TopUp, provider.purchase(&request).await.err()));
            let request = ProvisionRequest {
                esim: id.clone(),
                start_date: None,
            };
            errors.push((
                Operation::Provision,
                provider.provision(&request).await.err(),
            ));
        }
    }
    let unknown = trial.request(vec![trial.unknown_line(&package)]);
    errors.push((
        Operation::PlaceOrder,
        provider.purchase(&unknown).await.err(),
    ));
    for (_, window) in trial.closed_windows() {
        let request = Purchase {
            window,
            ..trial.request(vec![Trial::line(&package, 1)])
        };
        errors.push((
            Operation::PlaceOrder,
            provider.purchase(&request).await.err(),
        ));
    }
    Ok(errors
        .into_iter()
        .filter_map(|(call, error)| Some((call, error?)))
        .collect())
}

async fn an_error_names_its_provider_and_its_call(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    for (call, error) in refusals(&trial).await? {
        assert!(
            error.provider() == trial.provider.name(),
            "an error of {} is said to be {}'s",
            trial.provider.name(),
            error.provider()
        );
        assert!(
            error.operation() == call,
            "an error of {call} is said to be one of {}",
            error.operation()
        );
        assert!(
            !error.message().trim().is_empty(),
            "an error of {call} has no words"
        );
    }
    Ok(())
}

async fn a_failed_read_is_never_ambiguous(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    for (call, error) in refusals(&trial).await? {
        assert!(
            call.has_effect() || error.kind() != ErrorKind::Ambiguous,
            "{call} only reads, and yet: {error}"
        );
    }
    trial.trouble(Trouble::FailedRead).await?;
    // A layer may have mended it before it got here; the bare provider shows it.
    if let Err(error) = trial.provider.balance().await {
        assert!(
            matches!(error.reaction(), Reaction::Retry { .. }),
            "a read that failed for a moment may be tried again, and yet: {error}"
        );
    }
    trial.balance().await;
    Ok(())
}

async fn what_capabilities_rule_out_is_unsupported(harness: &dyn ProviderHarness) {
    let trial = Trial::of(harness);
    let lookup = trial.capabilities.lookup;
    let mut ruled_out = Vec::new();
    if !lookup.is_some_and(|support| support.by_reference) {
        ruled_out.push(trial.by_reference(&harness.reference()));
    }
    if !lookup.is_some_and(|support| support.since) {
        ruled_out.push(OrderLookup::Since(trial.clock.now()));
    }
    if lookup.is_none() {
        let id = ProviderOrderId::parse("conformance-nobodys-order");
        ruled_out.push(OrderLookup::Id(id.or_broken("making up an order id")));
    }
    for lookup in ruled_out {
        let answer = trial.provider.find_orders(&lookup).await;
        check_unsupported(Operation::FindOrders, answer.err().as_ref());
    }
    if trial.capabilities.usage.is_none() {
        for esim in harness.unknown_esims() {
            let answer = trial
                .provider
                .usage(&UsageQuery { esim, daily: false })
                .await;
            check_unsupported(Operation::Usage, answer.err().as_ref());
        }
    }
    if trial.capabilities.cancellation.is_none() {
        for esim in harness.unknown_esims() {
            let answer = trial.provider.cancel(&CancelRequest { esim }).await;
            check_unsupported(Operation::Cancel, answer.err().as_ref());
        }
    }
}

fn check_unsupported(call: Operation, error: Option<&ProviderError>) {
    let said = error.is_some_and(|error| error.kind() == ErrorKind::Unsupported);
    assert!(said, "{call} is ruled out and answered with {error:?}");
}

async fn name_and_capabilities_stay_the_same(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let name = trial.provider.name().clone();
    let package = trial.ordinary().await?;
    trial.installable(&package).await;
    refusals(&trial).await?;
    assert!(
        *trial.provider.name() == name,
        "{name} now calls itself {}",
        trial.provider.name()
    );
    let (before, after) = (trial.capabilities, trial.provider.capabilities());
    assert!(
        before == after,
        "the capabilities were {before:?} and are {after:?}"
    );
    Ok(())
}

async fn a_dropped_read_does_no_harm(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let (_, esim) = trial.installable(&package).await;
    let key = EsimKey::from_id(esim.id().clone());
    let whole = trial.packages(PackageQuery::default()).await.len();
    let before = trial.balance().await;
    for _ in 0..3 {
        drop(futures::poll!(trial.provider.balance()));
        drop(futures::poll!(trial.provider.esim(&key)));
        let mut listing = trial.provider.packages(PackageQuery::default());
        drop(futures::poll!(listing.next()));
        listing.next().await;
        drop(listing);
    }
    let after = trial.balance().await;
    if harness.wallet_is_ours_alone() {
        assert!(before == after, "dropped reads took the wallet to {after}");
    }
    let read = trial.esim(&key).await;
    assert!(read.id() == esim.id(), "dropped reads mixed up two eSIMs");
    let again = trial.packages(PackageQuery::default()).await.len();
    assert!(
        again == whole,
        "after dropped listings {again} of {whole} are listed"
    );
    Ok(())
}
