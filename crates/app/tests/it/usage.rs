//! Usage, read with the help of what was bought.

use roamport_app::order_and_provision::{Wish, WishLine};
use roamport_app::orders::{Placement, Terms};
use roamport_app::{AppError, UsageReader};
use roamport_domain::provider::{ErrorKind, EsimKey};
use roamport_domain::usage::DataUnit;
use roamport_domain::{DataAllowance, DataSize, EsimId, Iccid};
use roamport_sandbox::switches::{Switches, UsageUnit};

use crate::support::{KENYA_NO_USAGE, PORTUGAL_5GB, Shop, only_esim, package_id, wish};

fn reader(shop: &Shop) -> UsageReader {
    let parts = &shop.parts;
    UsageReader::new(
        parts.provider.clone(),
        parts.journal.clone(),
        parts.profiles.clone(),
    )
}

fn gigabytes(number: u64) -> Option<DataSize> {
    DataSize::GIBIBYTE.checked_times(number)
}

async fn top_up(shop: &Shop, esim: &EsimId) {
    let key = EsimKey::from_id(esim.clone());
    let quote = shop
        .orders
        .quote_top_up(&key, &package_id(PORTUGAL_5GB), None)
        .await
        .unwrap();
    let terms = Terms {
        beside_unfinished: true,
        ..Terms::default()
    };
    let Placement::New(order) = shop.orders.place(&quote, &terms).await.unwrap() else {
        panic!("a new order")
    };
    shop.carry(order.id()).await;
}

#[tokio::test(start_paused = true)]
async fn the_unit_is_found_whatever_the_provider_counts_in_before_and_after_a_top_up() {
    for (unit, found) in [
        (UsageUnit::Mb, DataUnit::Mebibytes),
        (UsageUnit::Kb, DataUnit::Kibibytes),
    ] {
        let shop = Shop::careless();
        let switches = shop.world.switches().unwrap();
        shop.world
            .set_switches(Switches {
                usage_unit: unit,
                ..switches
            })
            .unwrap();
        let esim = only_esim(&shop.buy("traveller").await);
        let key = EsimKey::from_id(esim.clone());
        shop.world.use_data(esim.as_str(), 1 << 20).unwrap();

        let view = reader(&shop).usage(&key, false).await.unwrap();
        assert_eq!(view.data.unit, Some(found));
        assert_eq!(
            (view.data.allowed, view.data.used),
            (gigabytes(3), gigabytes(1))
        );
        assert_eq!(view.data.remaining_basis_points, Some(6_666));
        assert_eq!((view.purchased.len(), view.usage.daily.len()), (1, 0));

        top_up(&shop, &esim).await;
        let view = reader(&shop).usage(&key, true).await.unwrap();
        assert_eq!(view.data.unit, Some(found));
        assert_eq!(
            (view.data.allowed, view.data.remaining),
            (gigabytes(8), gigabytes(7))
        );
        let sizes: Vec<_> = view
            .purchased
            .iter()
            .map(DataAllowance::fixed_size)
            .collect();
        assert_eq!(sizes, [gigabytes(3), gigabytes(5)], "the oldest first");
        let [day] = &view.usage.daily[..] else {
            panic!("one day, not {:?}", view.usage.daily)
        };
        assert_eq!(view.usage.daily_size(found, day), gigabytes(1));
    }
}

#[tokio::test(start_paused = true)]
async fn an_esim_of_a_mixed_order_is_compared_with_its_own_package() {
    let shop = Shop::careless();
    let mixed = Wish {
        lines: vec![
            WishLine::new(
                package_id(crate::support::PORTUGAL_1GB),
                crate::support::count(1),
            ),
            WishLine::new(package_id(PORTUGAL_5GB), crate::support::count(1)),
        ],
        start_date: None,
    };
    let id = shop.order(&mixed, "mixed").await;
    let order = shop.carry(id).await.order;
    for (item, size) in order.items().iter().zip([gigabytes(1), gigabytes(5)]) {
        let key = EsimKey::from_id(item.esim.clone());
        let view = reader(&shop).usage(&key, false).await.unwrap();
        assert_eq!((view.data.allowed, view.purchased.len()), (size, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn an_esim_nobody_here_bought_shows_its_share_alone() {
    let shop = Shop::careless();
    let esim = only_esim(&shop.buy("traveller").await);
    let record = shop.world.use_data(esim.as_str(), 3 << 18).unwrap();
    let empty = std::sync::Arc::new(roamport_domain::journal::InMemoryJournal::new(
        shop.clock.clone(),
    ));
    let reader = UsageReader::new(shop.parts.provider.clone(), empty.clone(), empty);
    let iccid = Iccid::parse(record.profile.unwrap().iccid).unwrap();
    let view = reader
        .usage(&EsimKey::from_iccid(iccid), false)
        .await
        .unwrap();
    assert_eq!((view.data.unit, view.data.allowed), (None, None));
    assert_eq!(view.data.remaining_basis_points, Some(7_500));
    assert!(view.purchased.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_card_number_of_an_esim_bought_here_finds_what_was_bought() {
    let shop = Shop::careless();
    let esim = only_esim(&shop.buy("traveller").await);
    let record = shop.world.find_esim(esim.as_str()).unwrap().unwrap();
    let iccid = Iccid::parse(record.profile.unwrap().iccid).unwrap();
    let view = reader(&shop)
        .usage(&EsimKey::from_iccid(iccid), false)
        .await
        .unwrap();
    assert_eq!(view.data.allowed, gigabytes(3));
}

#[tokio::test(start_paused = true)]
async fn an_esim_without_usage_or_without_existence_is_an_error() {
    let shop = Shop::careless();
    let id = shop.order(&wish(KENYA_NO_USAGE, 1), "with calls").await;
    let esim = only_esim(&shop.carry(id).await.order);
    for (esim, kind) in [
        (esim, ErrorKind::Unsupported),
        (EsimId::parse("nobody's").unwrap(), ErrorKind::NotFound),
    ] {
        let error = reader(&shop)
            .usage(&EsimKey::from_id(esim), false)
            .await
            .unwrap_err();
        let AppError::Provider(error) = error else {
            panic!("the provider's, not {error:?}")
        };
        assert_eq!(error.kind(), kind);
    }
}
