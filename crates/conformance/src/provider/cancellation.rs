//! An eSIM that nobody has installed is given back once, for its money, and no other is.

use roamport_domain::esim::PlanState;
use roamport_domain::provider::{CancelRequest, CancelledEsim, ErrorKind, EsimKey, Refund};
use roamport_domain::{Esim, Money, ProviderError};

use super::trial::{Bought, Trial, refused_as};
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};
use crate::{ProviderHarness, Trouble, Verdict};

promises! { dyn ProviderHarness:
    /// An eSIM that is given back reads as taken back, and its money comes as the capabilities say: the
    /// whole price is in the wallet at once, or nothing is yet.
    an_esim_given_back_is_refunded,
    /// Giving an eSIM back a second time is no error, and gives no money a second time.
    giving_back_twice_is_harmless,
    /// An eSIM is given back by its card number as well as by its id.
    an_esim_is_given_back_by_either_name,
    /// An eSIM that is installed is not taken back: the call is rejected, and nothing changes.
    an_installed_esim_is_not_taken_back,
    /// An eSIM that nobody has is not found, by either name.
    giving_back_an_unknown_esim_is_not_found,
    /// A cancellation whose answer was lost is ambiguous; the eSIM tells what happened, asking again is
    /// harmless, and the money comes once.
    a_lost_reply_to_a_cancellation_is_ambiguous,
    /// A card number that was given out again names the eSIM that bears it now; the one that bore it
    /// before is still itself under its id.
    a_card_number_names_the_esim_that_bears_it_now,
    /// A provider that takes nothing back says `Unsupported`, and nothing was sent: the eSIM stays, and
    /// so does the money.
    a_provider_that_takes_nothing_back_says_so,
}

async fn an_esim_given_back_is_refunded(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, refund) = taking_back(harness)?;
    let before = trial.balance().await;
    let (bought, esim) = bought(&trial).await?;
    let between = trial.balance().await;
    let given = cancel(&trial, &key(&esim))
        .await
        .or_broken("giving an eSIM back");
    check_answer(&given, refund, &bought);
    check_gone(&trial, &esim).await;
    if let Some(refunds) = harness.refunds(esim.id()).await {
        let expected = usize::from(refund == Refund::AtOnce);
        assert!(
            refund == Refund::Later || refunds.len() == expected,
            "{} refunds were made, where {refund:?} is promised",
            refunds.len()
        );
    }
    check_wallet(&trial, refund, before, between).await;
    Ok(())
}

async fn giving_back_twice_is_harmless(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, refund) = taking_back(harness)?;
    let before = trial.balance().await;
    let (bought, esim) = bought(&trial).await?;
    let between = trial.balance().await;
    for _ in 0..2 {
        let given = cancel(&trial, &key(&esim))
            .await
            .or_broken("giving an eSIM back");
        check_answer(&given, refund, &bought);
    }
    check_refunded_once(&trial, &esim).await;
    check_wallet(&trial, refund, before, between).await;
    Ok(())
}

async fn an_esim_is_given_back_by_either_name(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, _) = taking_back(harness)?;
    let (_, esim) = bought(&trial).await?;
    let Some(iccid) = esim.iccid().cloned() else {
        return skipped("the provider gave no card number that is one");
    };
    cancel(&trial, &EsimKey::from_iccid(iccid))
        .await
        .or_broken("giving an eSIM back by its card number");
    check_gone(&trial, &esim).await;
    Ok(())
}

async fn an_installed_esim_is_not_taken_back(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, _) = taking_back(harness)?;
    let (_, esim) = bought(&trial).await?;
    if !harness.install(esim.id()).await {
        return skipped("the harness cannot install an eSIM");
    }
    let before = trial.balance().await;
    refused_as(
        cancel(&trial, &key(&esim)).await,
        ErrorKind::Rejected,
        "an installed eSIM",
    );
    check_kept(&trial, &esim, before).await;
    Ok(())
}

async fn giving_back_an_unknown_esim_is_not_found(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, _) = taking_back(harness)?;
    for esim in harness.unknown_esims() {
        refused_as(
            cancel(&trial, &esim).await,
            ErrorKind::NotFound,
            "an eSIM that nobody has",
        );
    }
    Ok(())
}

async fn a_lost_reply_to_a_cancellation_is_ambiguous(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, refund) = taking_back(harness)?;
    let before = trial.balance().await;
    let (_, esim) = bought(&trial).await?;
    let between = trial.balance().await;
    trial.trouble(Trouble::LostCancellationReply).await?;
    refused_as(
        cancel(&trial, &key(&esim)).await,
        ErrorKind::Ambiguous,
        "a lost answer",
    );
    check_gone(&trial, &esim).await;
    cancel(&trial, &key(&esim))
        .await
        .or_broken("asking again after a lost answer");
    check_refunded_once(&trial, &esim).await;
    check_wallet(&trial, refund, before, between).await;
    Ok(())
}

async fn a_card_number_names_the_esim_that_bears_it_now(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, _) = taking_back(harness)?;
    if !harness.reuse_card_numbers().await {
        return skipped("the harness cannot have card numbers given out again");
    }
    let (_, old) = bought(&trial).await?;
    let Some(iccid) = old.iccid().cloned() else {
        return skipped("the provider gave no card number that is one");
    };
    cancel(&trial, &key(&old))
        .await
        .or_broken("giving an eSIM back");
    let (_, new) = bought(&trial).await?;
    if new.iccid() != Some(&iccid) {
        return skipped("the provider did not give the card number out again");
    }
    assert!(new.id() != old.id(), "two eSIMs have the id {}", new.id());
    for (name, meant) in [
        (EsimKey::from_iccid(iccid), &new),
        (key(&new), &new),
        (key(&old), &old),
    ] {
        let read = trial.esim(&name).await;
        assert!(
            read.id() == meant.id(),
            "eSIM {} was asked for, and {} was read",
            meant.id(),
            read.id()
        );
        let same = read.activation() == new.activation();
        assert!(
            same == (meant.id() == new.id()),
            "eSIM {} was read with the profile of another",
            meant.id()
        );
    }
    check_gone(&trial, &old).await;
    Ok(())
}

async fn a_provider_that_takes_nothing_back_says_so(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if trial.capabilities.cancellation.is_some() {
        return skipped("the provider takes eSIMs back");
    }
    let (_, esim) = bought(&trial).await?;
    let before = trial.balance().await;
    refused_as(
        cancel(&trial, &key(&esim)).await,
        ErrorKind::Unsupported,
        "a cancellation that is ruled out",
    );
    check_kept(&trial, &esim, before).await;
    Ok(())
}

/// A trial of a provider that takes eSIMs back, and when it pays.
pub(super) fn taking_back(harness: &dyn ProviderHarness) -> Verdict<(Trial<'_>, Refund)> {
    let trial = Trial::of(harness);
    match trial.capabilities.cancellation {
        Some(refund) => Ok((trial, refund)),
        None => skipped("the provider takes no eSIM back"),
    }
}

pub(super) async fn bought(trial: &Trial<'_>) -> Verdict<(Bought, Esim)> {
    let package = trial.ordinary().await?;
    Ok(trial.installable(&package).await)
}

pub(super) fn key(esim: &Esim) -> EsimKey {
    EsimKey::from_id(esim.id().clone())
}

pub(super) async fn cancel(
    trial: &Trial<'_>,
    esim: &EsimKey,
) -> Result<CancelledEsim, ProviderError> {
    let request = CancelRequest { esim: esim.clone() };
    trial.provider.cancel(&request).await
}

fn check_answer(given: &CancelledEsim, refund: Refund, bought: &Bought) {
    assert!(
        given.refund == refund,
        "{refund:?} is promised, and the answer says {:?}",
        given.refund
    );
    if let (Some(amount), Some(total)) = (given.amount, bought.order.total) {
        assert!(
            refund == Refund::Never || amount == total,
            "an eSIM cost {total}, and {amount} are said to come back"
        );
    }
}

/// Checks that an eSIM reads as one that was taken back.
async fn check_gone(trial: &Trial<'_>, esim: &Esim) {
    match trial.provider.esim(&key(esim)).await {
        Ok(read) => {
            assert!(
                is_gone(&read),
                "an eSIM that was given back reads as {:?}, its plan as {:?}",
                read.profile(),
                read.plan()
            );
        }
        Err(error) => {
            assert!(
                error.kind() == ErrorKind::NotFound,
                "reading an eSIM that was given back failed: {error}"
            );
        }
    }
}

fn is_gone(esim: &Esim) -> bool {
    *esim.plan() == PlanState::Cancelled
}

/// Checks that an eSIM and the wallet are as they were.
async fn check_kept(trial: &Trial<'_>, esim: &Esim, before: Money) {
    let read = trial.esim(&key(esim)).await;
    assert!(
        !is_gone(&read),
        "an eSIM was taken back, and the error says that it was not"
    );
    let after = trial.balance().await;
    assert!(
        !trial.harness.wallet_is_ours_alone() || after == before,
        "the wallet had {before}, nothing was taken back, and now it has {after}"
    );
}

/// Checks with the oracle, where there is one, that an eSIM was not paid back twice.
pub(super) async fn check_refunded_once(trial: &Trial<'_>, esim: &Esim) {
    let refunds = trial.harness.refunds(esim.id()).await;
    let count = refunds.map_or(0, |refunds| refunds.len());
    assert!(count <= 1, "one eSIM was paid back {count} times");
}

/// Checks the wallet after a refund: as before the purchase, or still as after it.
pub(super) async fn check_wallet(trial: &Trial<'_>, refund: Refund, before: Money, between: Money) {
    if !trial.harness.wallet_is_ours_alone() {
        return;
    }
    let after = trial.balance().await;
    let fits = match refund {
        Refund::AtOnce => after == before,
        Refund::Never => after == between,
        Refund::Later => after == before || after == between,
    };
    assert!(
        fits,
        "the wallet had {before}, an eSIM left {between}, was given back ({refund:?}), and now \
             there is {after}"
    );
}
