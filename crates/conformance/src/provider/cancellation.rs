//! An eSIM that nobody has installed is given back once, for its money, and no other is.

use roamport_domain::esim::PlanState;
use roamport_domain::provider::{CancelRequest, CancelledEsim, ErrorKind, EsimKey, Refund};
use roamport_domain::{Esim, Money, ProviderError};

use super::trial::{Bought, Trial};
use crate::verdict::{OrBroken as _, broken, ensure, skipped};
use crate::{ProviderHarness, Trouble, Verdict};

/// An eSIM that is given back reads as taken back, and its money comes as the capabilities say: the
/// whole price is in the wallet at once, or nothing is yet.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_esim_given_back_is_refunded(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, refund) = taking_back(harness)?;
    let before = trial.balance().await?;
    let (bought, esim) = bought(&trial).await?;
    let between = trial.balance().await?;
    let given = cancel(&trial, &key(&esim))
        .await
        .or_broken("giving an eSIM back")?;
    check_answer(&given, refund, &bought)?;
    check_gone(&trial, &esim).await?;
    if let Some(refunds) = harness.refunds(esim.id()).await {
        let expected = usize::from(refund == Refund::AtOnce);
        ensure(refund == Refund::Later || refunds.len() == expected, || {
            format!(
                "{} refunds were made, where {refund:?} is promised",
                refunds.len()
            )
        })?;
    }
    check_wallet(&trial, refund, before, between).await
}

/// Giving an eSIM back a second time is no error, and gives no money a second time.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn giving_back_twice_is_harmless(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, refund) = taking_back(harness)?;
    let before = trial.balance().await?;
    let (bought, esim) = bought(&trial).await?;
    let between = trial.balance().await?;
    for _ in 0..2 {
        let given = cancel(&trial, &key(&esim))
            .await
            .or_broken("giving an eSIM back")?;
        check_answer(&given, refund, &bought)?;
    }
    check_refunded_once(&trial, &esim).await?;
    check_wallet(&trial, refund, before, between).await
}

/// An eSIM is given back by its card number as well as by its id.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_esim_is_given_back_by_either_name(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, _) = taking_back(harness)?;
    let (_, esim) = bought(&trial).await?;
    let Some(iccid) = esim.iccid().cloned() else {
        return skipped("the provider gave no card number that is one");
    };
    cancel(&trial, &EsimKey::from_iccid(iccid))
        .await
        .or_broken("giving an eSIM back by its card number")?;
    check_gone(&trial, &esim).await
}

/// An eSIM that is installed is not taken back: the call is rejected, and nothing changes.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_installed_esim_is_not_taken_back(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, _) = taking_back(harness)?;
    let (_, esim) = bought(&trial).await?;
    if !harness.install(esim.id()).await {
        return skipped("the harness cannot install an eSIM");
    }
    let before = trial.balance().await?;
    match cancel(&trial, &key(&esim)).await {
        Ok(_) => return broken("an installed eSIM was taken back"),
        Err(error) => ensure(error.kind() == ErrorKind::Rejected, || {
            format!("an installed eSIM is an error of another kind: {error}")
        })?,
    }
    check_kept(&trial, &esim, before).await
}

/// An eSIM that nobody has is not found, by either name.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn giving_back_an_unknown_esim_is_not_found(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, _) = taking_back(harness)?;
    for esim in harness.unknown_esims() {
        match cancel(&trial, &esim).await {
            Ok(_) => return broken("an eSIM that nobody has was taken back"),
            Err(error) => ensure(error.kind() == ErrorKind::NotFound, || {
                format!("an eSIM that nobody has is an error of another kind: {error}")
            })?,
        }
    }
    Ok(())
}

/// A cancellation whose answer was lost is ambiguous; the eSIM tells what happened, asking again is
/// harmless, and the money comes once.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_lost_reply_to_a_cancellation_is_ambiguous(harness: &dyn ProviderHarness) -> Verdict {
    let (trial, refund) = taking_back(harness)?;
    let before = trial.balance().await?;
    let (_, esim) = bought(&trial).await?;
    let between = trial.balance().await?;
    trial.trouble(Trouble::LostCancellationReply).await?;
    match cancel(&trial, &key(&esim)).await {
        Ok(_) => return broken("a lost answer was answered"),
        Err(error) => ensure(error.kind() == ErrorKind::Ambiguous, || {
            format!("a lost answer is an error of another kind: {error}")
        })?,
    }
    check_gone(&trial, &esim).await?;
    cancel(&trial, &key(&esim))
        .await
        .or_broken("asking again after a lost answer")?;
    check_refunded_once(&trial, &esim).await?;
    check_wallet(&trial, refund, before, between).await
}

/// A card number that was given out again names the eSIM that bears it now; the one that bore it
/// before is still itself under its id.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_card_number_names_the_esim_that_bears_it_now(
    harness: &dyn ProviderHarness,
) -> Verdict {
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
        .or_broken("giving an eSIM back")?;
    let (_, new) = bought(&trial).await?;
    if new.iccid() != Some(&iccid) {
        return skipped("the provider did not give the card number out again");
    }
    ensure(new.id() != old.id(), || {
        format!("two eSIMs have the id {}", new.id())
    })?;
    for (name, meant) in [
        (EsimKey::from_iccid(iccid), &new),
        (key(&new), &new),
        (key(&old), &old),
    ] {
        let read = trial.provider.esim(&name).await;
        let read = read.or_broken("reading an eSIM of ours")?;
        ensure(read.id() == meant.id(), || {
            format!(
                "eSIM {} was asked for, and {} was read",
                meant.id(),
                read.id()
            )
        })?;
        let same = read.activation() == new.activation();
        ensure(same == (meant.id() == new.id()), || {
            format!("eSIM {} was read with the profile of another", meant.id())
        })?;
    }
    check_gone(&trial, &old).await
}

/// A provider that takes nothing back says `Unsupported`, and nothing was sent: the eSIM stays, and
/// so does the money.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_provider_that_takes_nothing_back_says_so(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if trial.capabilities.cancellation.is_some() {
        return skipped("the provider takes eSIMs back");
    }
    let (_, esim) = bought(&trial).await?;
    let before = trial.balance().await?;
    match cancel(&trial, &key(&esim)).await {
        Ok(_) => return broken("an eSIM was taken back where that is ruled out"),
        Err(error) => ensure(error.kind() == ErrorKind::Unsupported, || {
            format!("a cancellation is ruled out, and yet: {error}")
        })?,
    }
    check_kept(&trial, &esim, before).await
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
    trial.installable(&package).await
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

fn check_answer(given: &CancelledEsim, refund: Refund, bought: &Bought) -> Verdict {
    ensure(given.refund == refund, || {
        format!(
            "{refund:?} is promised, and the answer says {:?}",
            given.refund
        )
    })?;
    match (given.amount, bought.order.total) {
        (Some(amount), Some(total)) => ensure(refund == Refund::Never || amount == total, || {
            format!("an eSIM cost {total}, and {amount} are said to come back")
        }),
        _ => Ok(()),
    }
}

/// Checks that an eSIM reads as one that was taken back.
async fn check_gone(trial: &Trial<'_>, esim: &Esim) -> Verdict {
    match trial.provider.esim(&key(esim)).await {
        Ok(read) => ensure(is_gone(&read), || {
            let (profile, plan) = (read.profile(), read.plan());
            format!("an eSIM that was given back reads as {profile:?}, its plan as {plan:?}")
        }),
        Err(error) => ensure(error.kind() == ErrorKind::NotFound, || {
            format!("reading an eSIM that was given back failed: {error}")
        }),
    }
}

fn is_gone(esim: &Esim) -> bool {
    *esim.plan() == PlanState::Cancelled
}

/// Checks that an eSIM and the wallet are as they were.
async fn check_kept(trial: &Trial<'_>, esim: &Esim, before: Money) -> Verdict {
    let read = trial
        .provider
        .esim(&key(esim))
        .await
        .or_broken("reading an eSIM that is still ours")?;
    ensure(!is_gone(&read), || {
        "an eSIM was taken back, and the error says that it was not".to_owned()
    })?;
    let after = trial.balance().await?;
    ensure(
        !trial.harness.wallet_is_ours_alone() || after == before,
        || format!("the wallet had {before}, nothing was taken back, and now it has {after}"),
    )
}

/// Checks with the oracle, where there is one, that an eSIM was not paid back twice.
pub(super) async fn check_refunded_once(trial: &Trial<'_>, esim: &Esim) -> Verdict {
    let refunds = trial.harness.refunds(esim.id()).await;
    let count = refunds.map_or(0, |refunds| refunds.len());
    ensure(count <= 1, || {
        format!("one eSIM was paid back {count} times")
    })
}

/// Checks the wallet after a refund: as before the purchase, or still as after it.
pub(super) async fn check_wallet(
    trial: &Trial<'_>,
    refund: Refund,
    before: Money,
    between: Money,
) -> Verdict {
    if !trial.harness.wallet_is_ours_alone() {
        return Ok(());
    }
    let after = trial.balance().await?;
    let fits = match refund {
        Refund::AtOnce => after == before,
        Refund::Never => after == between,
        Refund::Later => after == before || after == between,
    };
    ensure(fits, || {
        format!(
            "the wallet had {before}, an eSIM left {between}, was given back ({refund:?}), and now \
             there is {after}"
        )
    })
}
