//! Profiles are generated, safely twice, and read back.

use roamport_domain::provider::{
    ErrorKind, EsimKey, ProvisionRequest, Provisioning, Purchase, PurchaseRequest, Reaction,
};
use roamport_domain::{Esim, EsimId};

use super::trial::Trial;
use crate::verdict::{OrBroken as _, broken, ensure, skipped};
use crate::{ProviderHarness, Trouble, Verdict};

/// Before its profile is generated, an eSIM can be read and has no activation.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_esim_without_a_profile_has_no_activation(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    trial.provisions_by_call()?;
    let package = trial.ordinary().await?;
    for id in trial.buy(&package, 1).await?.esims()? {
        let key = EsimKey::from_id(id);
        let esim = trial
            .provider
            .esim(&key)
            .await
            .or_broken("reading a new eSIM")?;
        check_consistent(&esim)?;
        ensure(!esim.is_ready(), || {
            "an eSIM nobody has generated is ready".to_owned()
        })?;
    }
    Ok(())
}

/// Provisioning answers with the eSIM that was asked for, ready or pending, and it becomes ready.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn provisioning_ends_in_a_ready_esim(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await?;
    for id in bought.esims()? {
        if trial.provisions_by_call().is_ok() {
            let esim = trial.provision(&id).await?;
            check_id(&esim, &id)?;
            check_consistent(&esim)?;
        }
        let esim = trial.ready(&id).await?;
        ensure(esim.id() == &id, || {
            format!("eSIM {id} was read as {}", esim.id())
        })?;
        ensure(esim.provider() == trial.provider.name(), || {
            format!(
                "an eSIM of {} says that it is {}'s",
                trial.provider.name(),
                esim.provider()
            )
        })?;
    }
    trial.charged(&bought.reference, 1).await
}

/// Asking twice gives the same eSIM again, with the same activation, and moves no money.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn provisioning_twice_is_safe(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    trial.provisions_by_call()?;
    let package = trial.ordinary().await?;
    let (bought, first) = trial.installable(&package).await?;
    check_id(&trial.provision(first.id()).await?, first.id())?;
    let second = trial.ready(first.id()).await?;
    ensure(second.activation() == first.activation(), || {
        "asking for a profile again changed its activation".to_owned()
    })?;
    trial.charged(&bought.reference, 1).await
}

/// A profile that is still being generated is an eSIM without an activation, no error, and becomes
/// ready without being asked for again.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_pending_profile_is_no_error(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    trial.provisions_by_call()?;
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await?;
    trial.trouble(Trouble::PendingProfile).await?;
    for id in bought.esims()? {
        let esim = trial.provision(&id).await?;
        check_id(&esim, &id)?;
        check_consistent(&esim)?;
        ensure(!esim.is_ready(), || {
            "a pending profile was said to be ready".to_owned()
        })?;
        ensure(esim.activation().is_none(), || {
            "a pending profile has an activation".to_owned()
        })?;
        trial.ready(&id).await?;
    }
    trial.charged(&bought.reference, 1).await
}

/// A provisioning whose answer was lost is ambiguous; the eSIM tells what happened, and asking
/// again is safe.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_lost_reply_of_provisioning_is_ambiguous(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    trial.provisions_by_call()?;
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await?;
    trial.trouble(Trouble::LostProvisionReply).await?;
    for id in bought.esims()? {
        let request = ProvisionRequest {
            esim: id.clone(),
            start_date: None,
        };
        match trial.provider.provision(&request).await {
            Ok(_) => return broken("a lost answer was answered"),
            Err(error) => ensure(error.kind() == ErrorKind::Ambiguous, || {
                format!("a lost answer is an error of another kind: {error}")
            })?,
        }
        trial.provision(&id).await?;
        trial.ready(&id).await?;
    }
    trial.charged(&bought.reference, 1).await
}

/// Where a package needs a travel date, order or provisioning without one is rejected, and with one
/// it goes well.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_missing_travel_date_is_rejected(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    trial.provisions_by_call()?;
    let Some(id) = harness.package_needing_travel_date().await else {
        return skipped("the harness names no package that needs a travel date");
    };
    let package = trial.sold(&id).await?;
    ensure(package.flags.travel_date_required, || {
        format!("package {id} needs a travel date, and its flag does not say so")
    })?;
    let tomorrow = trial.clock.now() + jiff::SignedDuration::from_hours(48);
    let start_date = Some(tomorrow.to_zoned(jiff::tz::TimeZone::UTC).date());
    let request = trial.request(vec![Trial::line(&package, 1)]);
    let placed = match trial.provider.purchase(&request).await {
        Ok(order) => order,
        // Refused with the order already: then the order with a date has to go well.
        Err(error) => {
            check_rejected(&error)?;
            let lines = vec![Trial::line(&package, 1)];
            let request = Purchase {
                request: PurchaseRequest::PlaceOrder { lines, start_date },
                ..request
            };
            trial
                .provider
                .purchase(&request)
                .await
                .or_broken("an order with a travel date")?;
            return Ok(());
        }
    };
    for esim in placed.items.into_iter().filter_map(|item| item.esim) {
        let without = ProvisionRequest {
            esim: esim.clone(),
            start_date: None,
        };
        match trial.provider.provision(&without).await {
            Ok(_) => return broken("a profile was generated without the travel date it needs"),
            Err(error) => check_rejected(&error)?,
        }
        let with = ProvisionRequest {
            start_date,
            ..without
        };
        trial
            .provider
            .provision(&with)
            .await
            .or_broken("provisioning with a travel date")?;
        trial.ready(&esim).await?;
    }
    trial.charged(&request.reference, 1).await
}

fn check_rejected(error: &roamport_domain::ProviderError) -> Verdict {
    ensure(error.kind() == ErrorKind::Rejected, || {
        format!("a missing travel date is an error of another kind: {error}")
    })
}

/// Provisioning what does not exist is refused.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn provisioning_an_unknown_esim_is_refused(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    trial.provisions_by_call()?;
    let unknown = harness
        .unknown_esims()
        .into_iter()
        .filter_map(|key| key.id().cloned());
    for esim in unknown {
        let request = ProvisionRequest {
            esim,
            start_date: None,
        };
        match trial.provider.provision(&request).await {
            Ok(esim) => return broken(format!("eSIM {} came of nothing", esim.id())),
            Err(error) => ensure(error.reaction() == Reaction::Refuse, || {
                format!("what does not exist is no refusal: {error}")
            })?,
        }
    }
    Ok(())
}

/// Where profiles come by themselves, they come without any call; asking for one reads it, and
/// changes nothing.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_profile_comes_by_itself_where_that_is_promised(
    harness: &dyn ProviderHarness,
) -> Verdict {
    let trial = Trial::of(harness);
    if trial.capabilities.provisioning != Provisioning::Polled {
        return skipped("the provider's profiles do not come by themselves");
    }
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await?;
    for id in bought.esims()? {
        let first = trial.ready(&id).await?;
        let esim = trial.provision(&id).await?;
        check_id(&esim, &id)?;
        check_consistent(&esim)?;
        ensure(esim.activation() == first.activation(), || {
            "asking for a profile that came by itself changed its activation".to_owned()
        })?;
    }
    trial.charged(&bought.reference, 1).await
}

/// Where the order's answer holds the profiles, it holds one for each eSIM, ready and the same as
/// when it is read.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn a_profile_comes_with_the_order_where_that_is_promised(
    harness: &dyn ProviderHarness,
) -> Verdict {
    let trial = Trial::of(harness);
    if trial.capabilities.provisioning != Provisioning::WithOrder {
        return skipped("the provider's profiles do not come with the order");
    }
    let package = trial.ordinary().await?;
    let request = trial.request(vec![Trial::line(&package, 1)]);
    let order = trial
        .provider
        .purchase(&request)
        .await
        .or_broken("an ordinary order")?;
    ensure(!order.items.is_empty(), || {
        "an order whose answer holds the profiles holds no eSIM".to_owned()
    })?;
    for item in &order.items {
        let Some(profile) = &item.profile else {
            return broken("an order's answer lacks the profile that is promised with it");
        };
        check_consistent(profile)?;
        let read = trial.ready(profile.id()).await?;
        ensure(read.activation() == profile.activation(), || {
            "the profile of an order's answer is another one when it is read".to_owned()
        })?;
    }
    trial.charged(&request.reference, 1).await
}

/// An eSIM is the same whether it is read by its id, by its card number or by both.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_esim_is_read_by_its_id_and_by_its_iccid(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let (_, esim) = trial.installable(&package).await?;
    let Some(iccid) = esim.iccid().cloned() else {
        return skipped("the provider gave no card number that is one");
    };
    let both = EsimKey::new(Some(esim.id().clone()), Some(iccid.clone())).or_broken("two names")?;
    for key in [EsimKey::from_iccid(iccid), both] {
        let read = trial
            .provider
            .esim(&key)
            .await
            .or_broken("reading an eSIM by its ICCID")?;
        ensure(
            read.id() == esim.id() && read.activation() == esim.activation(),
            || {
                format!(
                    "eSIM {} is another one when it is read by its ICCID",
                    esim.id()
                )
            },
        )?;
    }
    Ok(())
}

/// An eSIM that does not exist is not found, by either name.
///
/// # Errors
///
/// How the promise was broken, or why it was not tried.
pub async fn an_unknown_esim_is_not_found(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    for key in harness.unknown_esims() {
        match trial.provider.esim(&key).await {
            Ok(esim) => {
                return broken(format!("an eSIM that nobody has was read as {}", esim.id()));
            }
            Err(error) => ensure(error.kind() == ErrorKind::NotFound, || {
                format!("an eSIM that nobody has is an error of another kind: {error}")
            })?,
        }
    }
    Ok(())
}

/// What any eSIM has to be: its derived texts are installable ones.
fn check_consistent(esim: &Esim) -> Verdict {
    let Some(activation) = esim.activation() else {
        return Ok(());
    };
    let lpa = activation.lpa();
    ensure(
        lpa.expose().starts_with("LPA:1$") && !activation.smdp_address().is_empty(),
        || format!("the activation of eSIM {} is none", esim.id()),
    )
}

fn check_id(esim: &Esim, expected: &EsimId) -> Verdict {
    ensure(esim.id() == expected, || {
        format!("eSIM {expected} was asked for, and {} came", esim.id())
    })
}
