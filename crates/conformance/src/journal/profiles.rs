//! Profiles are kept whole, replaced and erased.

use roamport_domain::Iccid;
use roamport_domain::journal::KeptProfile;
use roamport_domain::provider::EsimKey;

use super::trial::Trial;
use super::{JournalHarness, sample};
use crate::Verdict;
use crate::verdict::{OrBroken as _, broken, ensure};

const CARD: &str = "8988303000001234567";
const OTHER_CARD: &str = "8988303000007654321";

fn by_id(id: &str) -> EsimKey {
    EsimKey::from_id(sample::esim(id))
}

fn by_card(iccid: &str) -> Verdict<EsimKey> {
    Ok(EsimKey::from_iccid(
        Iccid::parse(iccid).or_broken("reading a sample")?,
    ))
}

async fn keep(trial: &Trial<'_>, profile: &KeptProfile) -> Verdict {
    trial
        .profiles
        .keep(profile)
        .await
        .or_broken("keeping a profile")
}

async fn check(trial: &Trial<'_>, key: EsimKey, expected: Option<&KeptProfile>) -> Verdict {
    check_at(trial, sample::PROVIDER, key, expected).await
}

async fn check_at(
    trial: &Trial<'_>,
    provider: &str,
    key: EsimKey,
    expected: Option<&KeptProfile>,
) -> Verdict {
    let found = find(trial, provider, &key).await?;
    ensure(found.as_ref() == expected, || {
        format!("for {key} at {provider}, {expected:?} was kept and {found:?} found")
    })
}

async fn find(trial: &Trial<'_>, provider: &str, key: &EsimKey) -> Verdict<Option<KeptProfile>> {
    let found = trial
        .profiles
        .find_profile(&sample::provider(provider), key)
        .await;
    found.or_broken("finding a profile")
}

async fn erase(trial: &Trial<'_>, provider: &str, id: &str) -> Verdict {
    let erased = trial
        .profiles
        .erase(&sample::provider(provider), &sample::esim(id))
        .await;
    erased.or_broken("erasing a profile")
}

/// A kept profile is found whole, secrets included, by its id and by the card number it bears; one
/// that was not kept is not found.
///
/// # Errors
///
/// How the promise was broken.
pub async fn a_profile_is_found_by_either_name(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await?;
    check(&trial, by_id("esim-1"), None).await?;
    check(&trial, by_card(CARD)?, None).await?;
    let profile = sample::profile(sample::PROVIDER, "esim-1", Some(CARD));
    let without_card = sample::profile(sample::PROVIDER, "esim-2", None);
    keep(&trial, &profile).await?;
    keep(&trial, &without_card).await?;
    check(&trial, by_id("esim-1"), Some(&profile)).await?;
    check(&trial, by_card(CARD)?, Some(&profile)).await?;
    check(&trial, by_id("esim-2"), Some(&without_card)).await?;
    check(&trial, by_card(OTHER_CARD)?, None).await?;
    let found = find(&trial, sample::PROVIDER, &by_id("esim-1")).await?;
    let activation = found.as_ref().and_then(|kept| kept.esim.activation());
    match activation {
        Some(activation) if activation.lpa().expose().contains(sample::MATCHING_ID) => Ok(()),
        _ => broken("the activation code was not kept"),
    }
}

/// A profile that is kept again takes the place of the older one; its old card number names it no
/// more.
///
/// # Errors
///
/// How the promise was broken.
pub async fn a_kept_profile_takes_the_place_of_an_older_one(
    harness: &dyn JournalHarness,
) -> Verdict {
    let trial = Trial::of(harness).await?;
    keep(
        &trial,
        &sample::profile(sample::PROVIDER, "esim-1", Some(CARD)),
    )
    .await?;
    let newer = sample::profile(sample::PROVIDER, "esim-1", Some(OTHER_CARD));
    keep(&trial, &newer).await?;
    check(&trial, by_id("esim-1"), Some(&newer)).await?;
    check(&trial, by_card(OTHER_CARD)?, Some(&newer)).await?;
    check(&trial, by_card(CARD)?, None).await
}

/// Where a key has both names, the id decides: card numbers are reused and swapped.
///
/// # Errors
///
/// How the promise was broken.
pub async fn an_id_goes_before_a_card_number(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await?;
    let first = sample::profile(sample::PROVIDER, "esim-1", Some(CARD));
    let second = sample::profile(sample::PROVIDER, "esim-2", Some(OTHER_CARD));
    keep(&trial, &first).await?;
    keep(&trial, &second).await?;
    let both = |id: &str, iccid| {
        let iccid = Iccid::parse(iccid).or_broken("reading a sample")?;
        EsimKey::new(Some(sample::esim(id)), Some(iccid)).or_broken("naming an eSIM")
    };
    check(&trial, both("esim-1", OTHER_CARD)?, Some(&first)).await?;
    check(&trial, both("esim-3", CARD)?, None).await
}

/// What was erased is found by neither name; others stay, and erasing it again goes well.
///
/// # Errors
///
/// How the promise was broken.
pub async fn an_erased_profile_is_gone_and_no_other(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await?;
    let other = sample::profile(sample::PROVIDER, "esim-2", Some(OTHER_CARD));
    keep(
        &trial,
        &sample::profile(sample::PROVIDER, "esim-1", Some(CARD)),
    )
    .await?;
    keep(&trial, &other).await?;
    for _ in 0..2 {
        erase(&trial, sample::PROVIDER, "esim-1").await?;
        check(&trial, by_id("esim-1"), None).await?;
        check(&trial, by_card(CARD)?, None).await?;
        check(&trial, by_id("esim-2"), Some(&other)).await?;
    }
    Ok(())
}

/// Two providers may use the same names: a profile is found, replaced and erased at its own alone.
///
/// # Errors
///
/// How the promise was broken.
pub async fn a_profile_belongs_to_its_provider(harness: &dyn JournalHarness) -> Verdict {
    let trial = Trial::of(harness).await?;
    let ours = sample::profile(sample::PROVIDER, "esim-1", Some(CARD));
    let theirs = sample::profile("elsewhere", "esim-1", Some(CARD));
    keep(&trial, &ours).await?;
    check_at(&trial, "elsewhere", by_id("esim-1"), None).await?;
    check_at(&trial, "elsewhere", by_card(CARD)?, None).await?;
    keep(&trial, &theirs).await?;
    check(&trial, by_card(CARD)?, Some(&ours)).await?;
    check_at(&trial, "elsewhere", by_card(CARD)?, Some(&theirs)).await?;
    erase(&trial, "elsewhere", "esim-1").await?;
    check(&trial, by_id("esim-1"), Some(&ours)).await?;
    check_at(&trial, "elsewhere", by_id("esim-1"), None).await
}
