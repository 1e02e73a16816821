//! The whole flow against the sandbox over HTTP, which was written from the same reference by other
//! hands.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt as _;
use roamport_adapter_roamify::{EsimFilter, Roamify, RoamifyConfig};
use roamport_domain::esim::ProfileState;
use roamport_domain::provider::{
    DestinationFilter, ErrorKind, EsimKey, EsimProvider as _, OrderLookup, PackageQuery,
    ProviderOrderStatus, ProvisionRequest, Purchase, PurchaseRequest, SendWindow, TopUpQuery,
    UsageQuery,
};
use roamport_domain::{Clock, Package, PackageId};
use roamport_provider_http::test_support::TestClock;
use roamport_sandbox::{Server, World};

use crate::support::{line, reference};

const TOKEN: &str = "sandbox-token";

struct Shop {
    world: World,
    clock: Arc<TestClock>,
    roamify: Roamify,
    server: Server,
}

async fn shop(packages: usize) -> Shop {
    let clock = TestClock::new();
    let world = World::builder()
        .packages(packages)
        .balance("1000")
        .token(TOKEN)
        .clock(clock.clone())
        .build()
        .unwrap();
    let server = Server::start(world.clone(), "127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let config = RoamifyConfig::new(server.base_url(), TOKEN);
    let roamify = Roamify::new(&config, clock.clone()).unwrap();
    Shop {
        world,
        clock,
        roamify,
        server,
    }
}

impl Shop {
    async fn packages(&self, query: PackageQuery) -> Vec<Package> {
        self.roamify.packages(query).try_collect().await.unwrap()
    }

    fn request(&self, name: &str, package: &PackageId, quantity: u16) -> Purchase {
        Purchase {
            reference: reference(name),
            request: PurchaseRequest::PlaceOrder {
                lines: vec![line(package.as_str(), quantity)],
                start_date: None,
            },
            window: SendWindow::open(&*self.clock, Duration::from_mins(1)),
            replays: false,
        }
    }

    /// A package that can be bought, read and topped up without further ado.
    async fn plain_package(&self) -> Package {
        let plain = |package: &Package| {
            package.flags.usage_readable
                && !package.flags.travel_date_required
                && package.data.fixed_size().is_some()
        };
        self.packages(PackageQuery::default())
            .await
            .into_iter()
            .find(plain)
            .unwrap()
    }
}

#[tokio::test]
async fn the_whole_catalogue_comes_once() {
    let shop = shop(2_345).await;
    let packages = shop.packages(PackageQuery::default()).await;
    let ids: BTreeSet<_> = packages.iter().map(|package| package.id.as_str()).collect();
    assert_eq!((packages.len(), ids.len()), (2_345, 2_345));
    let destinations = shop
        .roamify
        .destinations(&DestinationFilter::default())
        .await
        .unwrap();
    let names: BTreeSet<_> = destinations
        .iter()
        .map(|place| place.name.as_str())
        .collect();
    assert!(
        packages
            .iter()
            .all(|package| names.contains(package.destination().name.as_str()))
    );
}

#[tokio::test]
async fn a_country_is_found_by_its_code_and_a_package_by_its_id() {
    let shop = shop(2_000).await;
    let all = shop.packages(PackageQuery::default()).await;
    let country = all
        .iter()
        .find_map(|package| package.destination().place.country())
        .unwrap();
    let query = PackageQuery {
        country: Some(country),
        ..PackageQuery::default()
    };
    let found = shop.packages(query).await;
    let expected = all
        .iter()
        .filter(|package| package.destination().place.country() == Some(country));
    assert_eq!(found.len(), expected.count());
    let one = shop
        .packages(PackageQuery::one(all[1_234].id.clone()))
        .await;
    assert_eq!(one, [all[1_234].clone()]);
    let none = shop
        .packages(PackageQuery::one(PackageId::parse("nowhere").unwrap()))
        .await;
    assert!(none.is_empty());
}

#[tokio::test]
async fn an_esim_is_bought_provisioned_used_and_topped_up() {
    let shop = shop(300).await;
    let roamify = &shop.roamify;
    roamify.health().await.unwrap();
    let before = roamify.balance().await.unwrap();
    let package = shop.plain_package().await;

    let request = shop.request("flow-1", &package.id, 2);
    let order = roamify.purchase(&request).await.unwrap();
    assert_eq!(order.status, ProviderOrderStatus::Completed);
    assert_eq!(order.total, Some(package.price.checked_times(2).unwrap()));
    assert_eq!(order.reference, Some(request.reference.clone()));
    assert_eq!(order.items.len(), 2);
    let spent = package.price.checked_times(2).unwrap();
    assert_eq!(
        roamify.balance().await.unwrap(),
        before.checked_sub(spent).unwrap()
    );
    assert_eq!(shop.world.charges_for("flow-1").unwrap().len(), 1);

    let lookup = OrderLookup::Reference {
        reference: request.reference.clone(),
        not_before: shop.clock.now(),
    };
    let found = roamify.find_orders(&lookup).await.unwrap();
    assert_eq!(
        (found.orders.as_slice(), found.complete),
        ([order.clone()].as_slice(), true)
    );
    let found = roamify
        .find_orders(&OrderLookup::Id(order.id.clone()))
        .await
        .unwrap();
    assert_eq!(found.orders.as_slice(), std::slice::from_ref(&order));
    assert_eq!(
        roamify.order_under(&request.reference).await.unwrap(),
        order
    );

    let esim = order.items[0].esim.clone().unwrap();
    let key = EsimKey::from_id(esim.clone());
    let new = roamify.esim(&key).await.unwrap();
    assert_eq!(new.profile(), &ProfileState::Unprovisioned);
    let provision = ProvisionRequest {
        esim,
        start_date: None,
    };
    let ready = roamify.provision(&provision).await.unwrap();
    assert!(ready.is_ready(), "{ready:?}");
    let all = roamify.provision_order(&request.reference).await.unwrap();
    assert_eq!(all.len(), 2);
    let filter = EsimFilter {
        reference: Some(request.reference.clone()),
        ..EsimFilter::default()
    };
    assert_eq!(roamify.esims(&filter).await.unwrap().len(), 2);

    let iccid = ready.iccid().unwrap().clone();
    let usage = roamify
        .usage(&UsageQuery {
            esim: key.clone(),
            daily: true,
        })
        .await
        .unwrap();
    assert_eq!(usage.iccid.as_ref(), Some(&iccid));
    assert_eq!(
        usage.data(&[package.data]).allowed,
        package.data.fixed_size()
    );

    let top_ups: Vec<Package> = roamify
        .top_up_packages(TopUpQuery::all(key.clone()))
        .try_collect()
        .await
        .unwrap();
    let top_up = Purchase {
        reference: reference("flow-1-topup"),
        request: PurchaseRequest::TopUp {
            esim: key.id().cloned().unwrap(),
            iccid: None,
            package: top_ups[0].id.clone(),
            unit_price: top_ups[0].price,
            days: None,
        },
        window: request.window,
        replays: false,
    };
    let topped_up = roamify.purchase(&top_up).await.unwrap();
    assert_eq!(topped_up.total, Some(top_ups[0].price));
    assert_eq!(roamify.history(&iccid).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_instant_order_brings_ready_profiles() {
    let shop = shop(300).await;
    let config = RoamifyConfig {
        instant_orders: true,
        ..RoamifyConfig::new(shop.server.base_url(), TOKEN)
    };
    let roamify = Roamify::new(&config, shop.clock.clone()).unwrap();
    let package = shop.plain_package().await;
    let order = roamify
        .purchase(&shop.request("instant-1", &package.id, 2))
        .await
        .unwrap();
    assert_eq!(order.items.len(), 2);
    assert!(order.items.iter().all(|item| {
        item.profile
            .as_ref()
            .is_some_and(roamport_domain::Esim::is_ready)
    }));
}

#[tokio::test]
async fn refusals_say_what_they_are() {
    let shop = shop(300).await;
    let package = shop.plain_package().await;
    let wrong = Roamify::new(
        &RoamifyConfig::new(shop.server.base_url(), "wrong"),
        shop.clock.clone(),
    );
    let error = wrong.unwrap().balance().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
    shop.world.set_balance(0.into()).unwrap();
    let request = shop.request("poor-1", &package.id, 1);
    let error = shop.roamify.purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InsufficientFunds, "{error}");
    // Roamify answers 500 for an unknown package: nobody can tell that from a charge gone wrong.
    shop.world.set_balance(1000.into()).unwrap();
    let request = shop.request("unknown-1", &PackageId::parse("nowhere").unwrap(), 1);
    let error = shop.roamify.purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
    assert!(shop.world.ledger().unwrap().is_empty());
    // A second order under one reference is refused in words that may mean that the first one landed.
    let request = shop.request("twice-1", &package.id, 1);
    shop.roamify.purchase(&request).await.unwrap();
    let error = shop.roamify.purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
    assert_eq!(shop.world.charges_for("twice-1").unwrap().len(), 1);
}
