//! Usage is read where it can be, and is refused where it cannot.

use roamport_domain::provider::{ErrorKind, EsimKey, EsimProviderExt as _, Reaction, UsageQuery};

use super::trial::Trial;
use crate::suite::promises;
use crate::verdict::{OrBroken as _, skipped};
use crate::{ProviderHarness, Verdict};

promises! { dyn ProviderHarness:
    /// The usage of an installable eSIM is read, by either name, and its figures are possible ones.
    usage_is_read_and_its_figures_are_possible,
    /// The data that a new eSIM is allowed is what was bought.
    the_allowed_data_is_what_was_bought,
    /// Where an eSIM's usage cannot be read, the answer says so: unsupported or rejected.
    usage_that_cannot_be_read_is_refused,
    /// The usage of an eSIM that nobody has is refused.
    usage_of_an_unknown_esim_is_refused,
}

async fn usage_is_read_and_its_figures_are_possible(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let Some(support) = trial.capabilities.usage else {
        return skipped("the provider does not tell usage");
    };
    let package = trial.ordinary().await?;
    let (_, esim) = trial.installable(&package).await;
    let mut names = vec![EsimKey::from_id(esim.id().clone())];
    names.extend(esim.iccid().cloned().map(EsimKey::from_iccid));
    for (key, daily) in names
        .into_iter()
        .flat_map(|key| [(key.clone(), false), (key, true)])
    {
        let daily = daily && support.daily;
        let query = UsageQuery { esim: key, daily };
        let usage = trial
            .provider
            .usage(&query)
            .await
            .or_broken("reading usage");
        let same = usage.esim.as_ref().is_none_or(|id| id == esim.id())
            && usage
                .iccid
                .as_ref()
                .is_none_or(|iccid| Some(iccid) == esim.iccid());
        assert!(same, "the usage of eSIM {} is another one's", esim.id());
        for figure in [usage.data, usage.sms, usage.voice] {
            let (Some(allowed), Some(remaining)) = (figure.allowed, figure.remaining) else {
                continue;
            };
            let possible =
                usage.unlimited || (!remaining.is_sign_negative() && remaining <= allowed);
            assert!(possible, "{remaining} is left of {allowed}");
        }
        let negative = usage.daily.iter().any(|day| day.used.is_sign_negative());
        assert!(!negative, "less than nothing was used on a day");
    }
    Ok(())
}

async fn the_allowed_data_is_what_was_bought(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    if trial.capabilities.usage.is_none() {
        return skipped("the provider does not tell usage");
    }
    let package = trial.ordinary().await?;
    let Some(size) = package.data.fixed_size() else {
        return skipped("the ordinary package has no fixed size");
    };
    let (_, esim) = trial.installable(&package).await;
    let key = trial
        .provider
        .resolve(&EsimKey::from_id(esim.id().clone()))
        .await;
    let esim = key.or_broken("finding an eSIM's names");
    let usage = trial
        .provider
        .usage(&UsageQuery { esim, daily: false })
        .await;
    let data = usage.or_broken("reading usage").data(&[package.data]);
    assert!(
        data.allowed.is_none_or(|allowed| allowed == size),
        "{size} was bought and {:?} is allowed",
        data.allowed
    );
    assert!(
        data.remaining_basis_points
            .is_none_or(|share| share == 10_000),
        "of a new eSIM {:?} basis points are left",
        data.remaining_basis_points
    );
    Ok(())
}

async fn usage_that_cannot_be_read_is_refused(harness: &dyn ProviderHarness) -> Verdict {
    let trial = Trial::of(harness);
    let (package, kinds) = if trial.capabilities.usage.is_none() {
        (trial.ordinary().await?, &[ErrorKind::Unsupported][..])
    } else if let Some(id) = harness.package_without_usage().await {
        let package = trial.sold(&id).await;
        assert!(
            !package.flags.usage_readable,
            "the usage of package {id} cannot be read, and its flag says that it can"
        );
        (package, &[ErrorKind::Unsupported, ErrorKind::Rejected][..])
    } else {
        return skipped("the harness names no package whose usage cannot be read");
    };
    let (_, esim) = trial.installable(&package).await;
    let query = UsageQuery {
        esim: EsimKey::from_id(esim.id().clone()),
        daily: false,
    };
    match trial.provider.usage(&query).await {
        Ok(_) => panic!("usage was read where it cannot be"),
        Err(error) => {
            assert!(
                kinds.contains(&error.kind()),
                "usage that cannot be read is an error of another kind: {error}"
            );
            Ok(())
        }
    }
}

async fn usage_of_an_unknown_esim_is_refused(harness: &dyn ProviderHarness) {
    let trial = Trial::of(harness);
    for esim in harness.unknown_esims() {
        match trial
            .provider
            .usage(&UsageQuery { esim, daily: false })
            .await
        {
            Ok(_) => panic!("the usage of an eSIM that nobody has was read"),
            Err(error) => assert!(
                error.reaction() == Reaction::Refuse,
                "an eSIM that nobody has is no refusal: {error}"
            ),
        }
    }
}
