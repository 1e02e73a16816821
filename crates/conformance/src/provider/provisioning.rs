//! Profiles are generated, safely twice, and read back.

use roamport_domain::provider::{
    ErrorKind, EsimKey, ProvisionRequest, Provisioning, Purchase, PurchaseRequest, Reaction,
};
use roamport_domain::{Esim, EsimId};

use super::trial::{Trial, refused_as};
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};
use crate::{ProviderHarness, Trouble, Verdict};

promises! { dyn ProviderHarness:
    /// Before its profile is generated, an eSIM can be read and has no activation.
    an_esim_without_a_profile_has_no_activation,
    /// Provisioning answers with the eSIM that was asked for, ready or pending, and it becomes ready.
    provisioning_ends_in_a_ready_esim,
    /// Asking twice gives the same eSIM again, with the same activation, and moves no money.
    provisioning_twice_is_safe,
    /// A profile that is still being generated is an eSIM without an activation, no error, and becomes
    /// ready without being asked for again.
    a_pending_profile_is_no_error,
    /// A provisioning whose answer was lost is ambiguous; the eSIM tells what happened, and asking
    /// again is safe.
    a_lost_reply_of_provisioning_is_ambiguous,
    /// Where a package needs a travel date, order or provisioning without one is rejected, and with one
    /// it goes well.
    a_missing_travel_date_is_rejected,
    /// Provisioning what does not exist is refused.
    provisioning_an_unknown_esim_is_refused,
    /// Where profiles come by themselves, they come without any call; asking for one reads it, and
    /// changes nothing.
    a_profile_comes_by_itself_where_that_is_promised,
    /// Where the order's answer holds the profiles, it holds one for each eSIM, ready and the same as
    /// when it is read.
    a_profile_comes_with_the_order_where_that_is_promised,
    /// An eSIM is the same whether it is read by its id, by its card number or by both.
    an_esim_is_read_by_its_id_and_by_its_iccid,
    /// An eSIM that does not exist is not found, by either name.
    an_unknown_esim_is_not_found,
}

async fn an_esim_without_a_profile_has_no_activation(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    trial.provisions_by_call()?;
    let package = trial.ordinary().await?;
    for id in trial.buy(&package, 1).await.esims() {
        let key = EsimKey::from_id(id);
        let esim = trial.esim(&key).await;
        check_consistent(&esim);
        assert!(!esim.is_ready(), "an eSIM nobody has generated is ready");
    }
    Ok(())
}

async fn provisioning_ends_in_a_ready_esim(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await;
    for id in bought.esims() {
        if trial.provisions_by_call().is_ok() {
            let esim = trial.provision(&id).await;
            check_id(&esim, &id);
            check_consistent(&esim);
        }
        let esim = trial.ready(&id).await;
        assert!(esim.id() == &id, "eSIM {id} was read as {}", esim.id());
        assert!(
            esim.provider() == trial.provider.name(),
            "an eSIM of {} says that it is {}'s",
            trial.provider.name(),
            esim.provider()
        );
    }
    trial.charged(&bought.reference, 1).await;
    Ok(())
}

async fn provisioning_twice_is_safe(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    trial.provisions_by_call()?;
    let package = trial.ordinary().await?;
    let (bought, first) = trial.installable(&package).await;
    check_id(&trial.provision(first.id()).await, first.id());
    let second = trial.ready(first.id()).await;
    assert!(
        second.activation() == first.activation(),
        "asking for a profile again changed its activation"
    );
    trial.charged(&bought.reference, 1).await;
    Ok(())
}

async fn a_pending_profile_is_no_error(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    trial.provisions_by_call()?;
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await;
    trial.trouble(Trouble::PendingProfile).await?;
    for id in bought.esims() {
        let esim = trial.provision(&id).await;
        check_id(&esim, &id);
        check_consistent(&esim);
        assert!(!esim.is_ready(), "a pending profile was said to be ready");
        assert!(
            esim.activation().is_none(),
            "a pending profile has an activation"
        );
        trial.ready(&id).await;
    }
    trial.charged(&bought.reference, 1).await;
    Ok(())
}

async fn a_lost_reply_of_provisioning_is_ambiguous(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    trial.provisions_by_call()?;
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await;
    trial.trouble(Trouble::LostProvisionReply).await?;
    for id in bought.esims() {
        let request = ProvisionRequest {
            esim: id.clone(),
            start_date: None,
        };
        refused_as(
            trial.provider.provision(&request).await,
            ErrorKind::Ambiguous,
            "a lost answer",
        );
        trial.provision(&id).await;
        trial.ready(&id).await;
    }
    trial.charged(&bought.reference, 1).await;
    Ok(())
}

async fn a_missing_travel_date_is_rejected(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    trial.provisions_by_call()?;
    let Some(id) = harness.package_needing_travel_date().await else {
        return skipped("the harness names no package that needs a travel date");
    };
    let package = trial.sold(&id).await;
    assert!(
        package.flags.travel_date_required,
        "package {id} needs a travel date, and its flag does not say so"
    );
    let tomorrow = trial.clock.now() + jiff::SignedDuration::from_hours(48);
    let start_date = Some(tomorrow.to_zoned(jiff::tz::TimeZone::UTC).date());
    let request = trial.request(vec![Trial::line(&package, 1)]);
    let placed = match trial.provider.purchase(&request).await {
        Ok(order) => order,
        // Refused with the order already: then the order with a date has to go well.
        Err(error) => {
            check_rejected(&error);
            let lines = vec![Trial::line(&package, 1)];
            let request = Purchase {
                request: PurchaseRequest::PlaceOrder { lines, start_date },
                ..request
            };
            trial
                .purchase(&request, "an order with a travel date")
                .await;
            return Ok(());
        }
    };
    for esim in placed.items.into_iter().filter_map(|item| item.esim) {
        let without = ProvisionRequest {
            esim: esim.clone(),
            start_date: None,
        };
        match trial.provider.provision(&without).await {
            Ok(_) => panic!("a profile was generated without the travel date it needs"),
            Err(error) => check_rejected(&error),
        }
        let with = ProvisionRequest {
            start_date,
            ..without
        };
        trial
            .provider
            .provision(&with)
            .await
            .or_broken("provisioning with a travel date");
        trial.ready(&esim).await;
    }
    trial.charged(&request.reference, 1).await;
    Ok(())
}

fn check_rejected(error: &roamport_domain::ProviderError) {
    assert!(
        error.kind() == ErrorKind::Rejected,
        "a missing travel date is an error of another kind: {error}"
    );
}

async fn provisioning_an_unknown_esim_is_refused(harness: &dyn ProviderHarness) -> Verdict {
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
            Ok(esim) => panic!("eSIM {} came of nothing", esim.id()),
            Err(error) => assert!(
                error.reaction() == Reaction::Refuse,
                "what does not exist is no refusal: {error}"
            ),
        }
    }
    Ok(())
}

async fn a_profile_comes_by_itself_where_that_is_promised(
    harness: &dyn ProviderHarness,
) -> Verdict {
    let trial = Trial::of(harness);
    if trial.capabilities.provisioning != Provisioning::Polled {
        return skipped("the provider's profiles do not come by themselves");
    }
    let package = trial.ordinary().await?;
    let bought = trial.buy(&package, 1).await;
    for id in bought.esims() {
        let first = trial.ready(&id).await;
        let esim = trial.provision(&id).await;
        check_id(&esim, &id);
        check_consistent(&esim);
        assert!(
            esim.activation() == first.activation(),
            "asking for a profile that came by itself changed its activation"
        );
    }
    trial.charged(&bought.reference, 1).await;
    Ok(())
}

async fn a_profile_comes_with_the_order_where_that_is_promised(
    harness: &dyn ProviderHarness,
) -> Verdict {
    let trial = Trial::of(harness);
    if trial.capabilities.provisioning != Provisioning::WithOrder {
        return skipped("the provider's profiles do not come with the order");
    }
    let package = trial.ordinary().await?;
    let request = trial.request(vec![Trial::line(&package, 1)]);
    let order = trial.purchase(&request, "an ordinary order").await;
    assert!(
        !order.items.is_empty(),
        "an order whose answer holds the profiles holds no eSIM"
    );
    for item in &order.items {
        let Some(profile) = &item.profile else {
            panic!("an order's answer lacks the profile that is promised with it");
        };
        check_consistent(profile);
        let read = trial.ready(profile.id()).await;
        assert!(
            read.activation() == profile.activation(),
            "the profile of an order's answer is another one when it is read"
        );
    }
    trial.charged(&request.reference, 1).await;
    Ok(())
}

async fn an_esim_is_read_by_its_id_and_by_its_iccid(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let package = trial.ordinary().await?;
    let (_, esim) = trial.installable(&package).await;
    let Some(iccid) = esim.iccid().cloned() else {
        return skipped("the provider gave no card number that is one");
    };
    let both = EsimKey::new(Some(esim.id().clone()), Some(iccid.clone())).or_broken("two names");
    for key in [EsimKey::from_iccid(iccid), both] {
        let read = trial.esim(&key).await;
        assert!(
            read.id() == esim.id() && read.activation() == esim.activation(),
            "eSIM {} is another one when it is read by its ICCID",
            esim.id()
        );
    }
    Ok(())
}

async fn an_unknown_esim_is_not_found(harness: &dyn ProviderHarness) {
    let trial = Trial::of(harness);
    for key in harness.unknown_esims() {
        match trial.provider.esim(&key).await {
            Ok(esim) => {
                panic!("an eSIM that nobody has was read as {}", esim.id());
            }
            Err(error) => assert!(
                error.kind() == ErrorKind::NotFound,
                "an eSIM that nobody has is an error of another kind: {error}"
            ),
        }
    }
}

/// What any eSIM has to be: its derived texts are installable ones.
fn check_consistent(esim: &Esim) {
    let Some(activation) = esim.activation() else {
        return;
    };
    let lpa = activation.lpa();
    assert!(
        lpa.expose().starts_with("LPA:1$") && !activation.smdp_address().is_empty(),
        "the activation of eSIM {} is none",
        esim.id()
    );
}

fn check_id(esim: &Esim, expected: &EsimId) {
    assert!(
        esim.id() == expected,
        "eSIM {expected} was asked for, and {} came",
        esim.id()
    );
}
