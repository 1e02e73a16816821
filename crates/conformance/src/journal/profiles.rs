//! Profiles are kept whole, replaced and erased.

use futures::future::join_all;
use roamport_domain::journal::{Delivery, KeptProfile};
use roamport_domain::provider::EsimKey;
use roamport_domain::{Iccid, OrderId};
use uuid::Uuid;

use super::trial::Trial;
use super::{JournalHarness, sample};
use crate::suite::promises;
use crate::verdict::OrBroken as _;

promises! { dyn JournalHarness:
    /// A kept profile is found whole, secrets included, by its id and by the card number it bears; one
    /// that was not kept is not found.
    a_profile_is_found_by_either_name,
    /// A profile that is kept again takes the place of the older one; its old card number names it no
    /// more.
    a_kept_profile_takes_the_place_of_an_older_one,
    /// Where a key has both names, the id decides: card numbers are reused and swapped.
    an_id_goes_before_a_card_number,
    /// What was erased is found by neither name; others stay, and erasing it again goes well.
    an_erased_profile_is_gone_and_no_other,
    /// Two providers may use the same names: a profile is found, replaced and erased at its own alone.
    a_profile_belongs_to_its_provider,
    /// An eSIM is delivered to one order: for another one nothing of its profile is stored, and the first
    /// order is named. The same order may have it again, with another code, too.
    an_esim_is_delivered_to_one_order,
    /// An activation code is delivered with one eSIM of one order, however the eSIM is called.
    an_activation_code_is_delivered_once,
    /// A delivery outlasts its profile: what was erased is not delivered to another order.
    an_erased_profile_was_still_delivered,
    /// Another provider, another address and another use of a recycled id are other eSIMs; codes of another
    /// provider or address are other codes.
    deliveries_stay_apart_by_provider_address_and_epoch,
    /// Of many orders that bring one eSIM at the same time, one has it, and all others are told which.
    of_many_orders_with_one_esim_one_has_it,
    /// A journal in which nothing was ever delivered twice names no duplicates.
    a_refused_delivery_is_no_duplicate,
}

const CARD: &str = "8988303000001234567";
const OTHER_CARD: &str = "8988303000007654321";

fn by_id(id: &str) -> EsimKey {
    EsimKey::from_id(sample::esim(id))
}

fn by_card(iccid: &str) -> EsimKey {
    EsimKey::from_iccid(Iccid::parse(iccid).or_broken("reading a sample"))
}

async fn keep(trial: &Trial<'_>, profile: &KeptProfile) {
    deliver(trial, profile, Delivery::Kept).await;
}

async fn deliver(trial: &Trial<'_>, profile: &KeptProfile, expected: Delivery) {
    let delivery = trial.profiles.keep(profile).await;
    let delivery = delivery.or_broken("keeping a profile");
    assert!(
        delivery == expected,
        "a profile of order {} is {delivery:?}, not {expected:?}",
        profile.order
    );
}

/// The order with this number, for which profiles are kept.
fn order(number: u128) -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(number))
}

async fn check(trial: &Trial<'_>, key: EsimKey, expected: Option<&KeptProfile>) {
    check_at(trial, sample::PROVIDER, key, expected).await;
}

async fn check_at(trial: &Trial<'_>, provider: &str, key: EsimKey, expected: Option<&KeptProfile>) {
    let found = find(trial, provider, &key).await;
    assert!(
        found.as_ref() == expected,
        "for {key} at {provider}, {expected:?} was kept and {found:?} found"
    );
}

async fn find(trial: &Trial<'_>, provider: &str, key: &EsimKey) -> Option<KeptProfile> {
    let found = trial
        .profiles
        .find_profile(&sample::provider(provider), key)
        .await;
    found.or_broken("finding a profile")
}

async fn erase(trial: &Trial<'_>, provider: &str, id: &str) {
    let erased = trial
        .profiles
        .erase(&sample::provider(provider), &sample::esim(id))
        .await;
    erased.or_broken("erasing a profile");
}

async fn a_profile_is_found_by_either_name(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    check(&trial, by_id("esim-1"), None).await;
    check(&trial, by_card(CARD), None).await;
    let profile = sample::profile(sample::PROVIDER, "esim-1", Some(CARD));
    let without_card = sample::profile(sample::PROVIDER, "esim-2", None);
    keep(&trial, &profile).await;
    keep(&trial, &without_card).await;
    check(&trial, by_id("esim-1"), Some(&profile)).await;
    check(&trial, by_card(CARD), Some(&profile)).await;
    check(&trial, by_id("esim-2"), Some(&without_card)).await;
    check(&trial, by_card(OTHER_CARD), None).await;
    let found = find(&trial, sample::PROVIDER, &by_id("esim-1")).await;
    let activation = found.as_ref().and_then(|kept| kept.esim.activation());
    match activation {
        Some(activation) if activation.lpa().expose().contains(sample::MATCHING_ID) => {}
        _ => panic!("the activation code was not kept"),
    }
}

async fn a_kept_profile_takes_the_place_of_an_older_one(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    keep(
        &trial,
        &sample::profile(sample::PROVIDER, "esim-1", Some(CARD)),
    )
    .await;
    let newer = sample::profile(sample::PROVIDER, "esim-1", Some(OTHER_CARD));
    keep(&trial, &newer).await;
    check(&trial, by_id("esim-1"), Some(&newer)).await;
    check(&trial, by_card(OTHER_CARD), Some(&newer)).await;
    check(&trial, by_card(CARD), None).await;
}

async fn an_id_goes_before_a_card_number(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let first = sample::profile(sample::PROVIDER, "esim-1", Some(CARD));
    let second = sample::profile(sample::PROVIDER, "esim-2", Some(OTHER_CARD));
    keep(&trial, &first).await;
    keep(&trial, &second).await;
    let both = |id: &str, iccid| {
        let iccid = Iccid::parse(iccid).or_broken("reading a sample");
        EsimKey::new(Some(sample::esim(id)), Some(iccid)).or_broken("naming an eSIM")
    };
    check(&trial, both("esim-1", OTHER_CARD), Some(&first)).await;
    check(&trial, both("esim-3", CARD), None).await;
}

async fn an_erased_profile_is_gone_and_no_other(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let other = sample::profile(sample::PROVIDER, "esim-2", Some(OTHER_CARD));
    keep(
        &trial,
        &sample::profile(sample::PROVIDER, "esim-1", Some(CARD)),
    )
    .await;
    keep(&trial, &other).await;
    for _ in 0..2 {
        erase(&trial, sample::PROVIDER, "esim-1").await;
        check(&trial, by_id("esim-1"), None).await;
        check(&trial, by_card(CARD), None).await;
        check(&trial, by_id("esim-2"), Some(&other)).await;
    }
}

async fn a_profile_belongs_to_its_provider(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let ours = sample::profile(sample::PROVIDER, "esim-1", Some(CARD));
    let theirs = sample::profile("elsewhere", "esim-1", Some(CARD));
    keep(&trial, &ours).await;
    check_at(&trial, "elsewhere", by_id("esim-1"), None).await;
    check_at(&trial, "elsewhere", by_card(CARD), None).await;
    keep(&trial, &theirs).await;
    check(&trial, by_card(CARD), Some(&ours)).await;
    check_at(&trial, "elsewhere", by_card(CARD), Some(&theirs)).await;
    erase(&trial, "elsewhere", "esim-1").await;
    check(&trial, by_id("esim-1"), Some(&ours)).await;
    check_at(&trial, "elsewhere", by_id("esim-1"), None).await;
}

async fn an_esim_is_delivered_to_one_order(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let of = |number, card, code| KeptProfile {
        order: order(number),
        ..sample::profile_with(sample::PROVIDER, "esim-1", Some(card), code)
    };
    let first = of(1, CARD, "esim-1");
    let stolen = of(2, OTHER_CARD, "another-code");
    let before = Delivery::DeliveredBefore(order(1));
    keep(&trial, &first).await;
    for _ in 0..2 {
        deliver(&trial, &stolen, before).await;
        check(&trial, by_id("esim-1"), Some(&first)).await;
        check(&trial, by_card(OTHER_CARD), None).await;
    }
    let renewed = of(1, OTHER_CARD, "a-third-code");
    keep(&trial, &renewed).await;
    check(&trial, by_id("esim-1"), Some(&renewed)).await;
    // A refused delivery left its code free.
    let free = KeptProfile {
        order: order(3),
        ..sample::profile_with(sample::PROVIDER, "esim-2", None, "another-code")
    };
    keep(&trial, &free).await;
}

async fn an_activation_code_is_delivered_once(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let of = |number, esim, code| KeptProfile {
        order: order(number),
        ..sample::profile_with(sample::PROVIDER, esim, None, code)
    };
    let first = of(1, "esim-1", "the-code");
    let before = Delivery::DeliveredBefore(order(1));
    keep(&trial, &first).await;
    for again in [of(2, "esim-2", "the-code"), of(1, "esim-3", "the-code")] {
        deliver(&trial, &again, before).await;
        let id = EsimKey::from_id(again.esim.id().clone());
        check(&trial, id, None).await;
    }
    // A refused delivery left its eSIM free.
    keep(&trial, &of(2, "esim-2", "a-code-of-its-own")).await;
    keep(&trial, &first).await;
}

async fn an_erased_profile_was_still_delivered(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let of = |number, esim| KeptProfile {
        order: order(number),
        ..sample::profile_with(sample::PROVIDER, esim, None, "the-code")
    };
    keep(&trial, &of(1, "esim-1")).await;
    erase(&trial, sample::PROVIDER, "esim-1").await;
    let before = Delivery::DeliveredBefore(order(1));
    deliver(&trial, &of(2, "esim-1"), before).await;
    deliver(&trial, &of(2, "esim-2"), before).await;
    keep(&trial, &of(1, "esim-1")).await;
}

async fn deliveries_stay_apart_by_provider_address_and_epoch(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let of = |number, provider, code| KeptProfile {
        order: order(number),
        ..sample::profile_with(provider, "esim-1", None, code)
    };
    keep(&trial, &of(1, sample::PROVIDER, "the-code")).await;
    keep(&trial, &of(2, "elsewhere", "the-code")).await;
    let moved = KeptProfile {
        base_url: "https://moved.example.com".to_owned(),
        ..of(3, sample::PROVIDER, "the-code")
    };
    keep(&trial, &moved).await;
    let recycled = KeptProfile {
        epoch: 1,
        ..of(4, sample::PROVIDER, "a-code-of-its-own")
    };
    keep(&trial, &recycled).await;
    check(&trial, by_id("esim-1"), Some(&recycled)).await;
}

async fn of_many_orders_with_one_esim_one_has_it(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let of = |number| KeptProfile {
        order: order(number),
        ..sample::profile(sample::PROVIDER, "esim-1", None)
    };
    let profiles: Vec<KeptProfile> = (1..=16).map(of).collect();
    let keeping = profiles.iter().map(|profile| trial.profiles.keep(profile));
    let mut kept = Vec::new();
    let mut named = Vec::new();
    for (delivery, profile) in join_all(keeping).await.into_iter().zip(&profiles) {
        match delivery.or_broken("keeping a profile") {
            Delivery::Kept => kept.push(profile.order),
            Delivery::DeliveredBefore(other) => named.push(other),
        }
    }
    assert!(
        kept.len() == 1 && named.iter().all(|other| kept.contains(other)),
        "one eSIM was delivered to {kept:?}, and the others were told {named:?}"
    );
    let found = find(&trial, sample::PROVIDER, &by_id("esim-1")).await;
    assert!(
        found.is_some_and(|found| kept.contains(&found.order)),
        "another order's profile is kept"
    );
}

async fn a_refused_delivery_is_no_duplicate(harness: &dyn JournalHarness) {
    let trial = Trial::of(harness).await;
    let of = |number| KeptProfile {
        order: order(number),
        ..sample::profile(sample::PROVIDER, "esim-1", None)
    };
    keep(&trial, &of(1)).await;
    deliver(&trial, &of(2), Delivery::DeliveredBefore(order(1))).await;
    let duplicates = trial
        .profiles
        .duplicates(&sample::instance(sample::PROVIDER))
        .await;
    let duplicates = duplicates.or_broken("listing duplicates");
    assert!(
        duplicates.is_empty(),
        "nothing was delivered twice, listed was {duplicates:?}"
    );
}
