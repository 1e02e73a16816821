//! Showing an eSIM: live where the provider answers, as it was kept where it cannot be reached.

use roamport_app::{AppError, Esims};
use roamport_domain::esim::ProfileState;
use roamport_domain::provider::{ErrorKind, EsimKey};
use roamport_domain::{EsimId, Iccid};
use roamport_sandbox::world::Purchase;
use roamport_sandbox::{Fault, Operation, Rule};

use crate::support::{PORTUGAL_3GB, Shop, only_esim};

fn esims(shop: &Shop) -> Esims {
    Esims::new(shop.parts.provider.clone(), shop.parts.profiles.clone())
}

#[tokio::test(start_paused = true)]
async fn an_esim_is_shown_as_the_provider_tells_it_and_kept_anew() {
    let shop = Shop::careless();
    let id = only_esim(&shop.buy("traveller").await);
    let key = EsimKey::from_id(id.clone());
    let view = esims(&shop).esim(&key).await.unwrap();
    assert!(view.live && *view.esim.profile() == ProfileState::Ready);
    shop.world.install(id.as_str()).unwrap();
    let view = esims(&shop).esim(&key).await.unwrap();
    assert_eq!(*view.esim.profile(), ProfileState::Installed);
    let name = shop.parts.provider.name();
    let kept = shop
        .parts
        .profiles
        .find_profile(name, &key)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.esim, view.esim);
}

#[tokio::test(start_paused = true)]
async fn the_kept_profile_is_shown_where_the_provider_cannot_be_reached() {
    let shop = Shop::careless();
    let id = only_esim(&shop.buy("traveller").await);
    let live = esims(&shop)
        .esim(&EsimKey::from_id(id.clone()))
        .await
        .unwrap();
    let iccid = live.esim.iccid().unwrap().clone();
    for fault in [
        Fault::DropBeforeEffect,
        Fault::HtmlError { status: 503 },
        Fault::RateLimit {
            retry_after: Some(5),
        },
    ] {
        shop.world.clear_faults().unwrap();
        shop.rule(Rule::new(Operation::Esim, fault).for_ever());
        for key in [
            EsimKey::from_id(id.clone()),
            EsimKey::from_iccid(iccid.clone()),
        ] {
            let view = esims(&shop).esim(&key).await.unwrap();
            assert!(!view.live && view.esim == live.esim);
            assert!(view.esim.activation().is_some());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_says_no_is_believed_although_a_profile_is_kept() {
    let shop = Shop::careless();
    let key = EsimKey::from_id(only_esim(&shop.buy("traveller").await));
    let unauthorized = Fault::StatusBeforeEffect {
        status: 401,
        body: None,
        retry_after: None,
    };
    shop.fault(Operation::Esim, unauthorized);
    let AppError::Provider(error) = esims(&shop).esim(&key).await.unwrap_err() else {
        panic!("the provider's answer")
    };
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
}

#[tokio::test(start_paused = true)]
async fn an_esim_that_was_not_bought_here_is_shown_and_not_kept() {
    let shop = Shop::careless();
    let order = shop
        .world
        .purchase(&Purchase::order(PORTUGAL_3GB, 1, "somebody"))
        .unwrap();
    let key = EsimKey::from_id(EsimId::parse(order.items[0].esim_id.as_str()).unwrap());
    let view = esims(&shop).esim(&key).await.unwrap();
    assert!(view.live && *view.esim.profile() == ProfileState::Unprovisioned);
    assert!(view.esim.activation().is_none());
    let name = shop.parts.provider.name();
    assert!(
        shop.parts
            .profiles
            .find_profile(name, &key)
            .await
            .unwrap()
            .is_none()
    );
    shop.fault(Operation::Esim, Fault::DropBeforeEffect);
    assert!(esims(&shop).esim(&key).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_esim_nobody_knows_is_an_error() {
    let shop = Shop::careless();
    let by_id = EsimKey::from_id(EsimId::parse("nobody's").unwrap());
    let by_card = EsimKey::from_iccid(Iccid::parse("8988303000009999999").unwrap());
    for key in [by_id, by_card] {
        let AppError::Provider(error) = esims(&shop).esim(&key).await.unwrap_err() else {
            panic!("the provider's answer")
        };
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
