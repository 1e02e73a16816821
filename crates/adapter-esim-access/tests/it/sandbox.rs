//! The whole flow against the sandbox over HTTP, which was written from the same reference by other
//! hands.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt as _;
use jiff::SignedDuration;
use roamport_adapter_esim_access::{EsimAccess, EsimAccessConfig};
use roamport_domain::esim::{PlanState, ProfileState};
use roamport_domain::package::Geography;
use roamport_domain::provider::{
    CancelRequest, DestinationFilter, ErrorKind, EsimKey, EsimProvider as _, EsimProviderExt as _,
    OrderLookup, PackageQuery, ProviderOrder, ProviderOrderStatus, Purchase, PurchaseRequest,
    SendWindow, TopUpQuery, UsageQuery,
};
use roamport_domain::{Clock, Esim, Package, PackageId};
use roamport_provider_http::test_support::TestClock;
use roamport_sandbox::{Dialects, Server, ServerOptions, Switches, World};

use crate::support::{line, lines, reference, usd};

const CODE: &str = "sandbox-code";
const KEY: &str = "sandbox-key";

struct Shop {
    world: World,
    clock: Arc<TestClock>,
    esim_access: EsimAccess,
    server: Server,
}

async fn shop_with(packages: usize, switches: Switches) -> Shop {
    let clock = TestClock::new();
    let world = World::builder()
        .packages(packages)
        .balance("1000")
        .token(CODE)
        .secret_key(KEY)
        .clock(clock.clone())
        .switches(switches)
        .build()
        .unwrap();
    let address = "127.0.0.1:0".parse().unwrap();
    let options = ServerOptions::default();
    let server = Server::start_speaking(world.clone(), address, options, Dialects::EsimAccess)
        .await
        .unwrap();
    let config = EsimAccessConfig::new(server.base_url(), CODE);
    let esim_access = EsimAccess::new(&config, clock.clone()).unwrap();
    Shop {
        world,
        clock,
        esim_access,
        server,
    }
}

async fn shop(packages: usize) -> Shop {
    shop_with(packages, Switches::default()).await
}

impl Shop {
    async fn packages(&self, query: PackageQuery) -> Vec<Package> {
        self.esim_access
            .packages(query)
            .try_collect()
            .await
            .unwrap()
    }

    fn request(&self, name: &str, package: &Package, quantity: u16) -> Purchase {
        let mut line = line(package.id.as_str(), quantity);
        line.unit_price = package.price;
        Purchase {
            reference: reference(name),
            request: PurchaseRequest::PlaceOrder {
                lines: vec![line],
                start_date: None,
            },
            window: SendWindow::open(&*self.clock, Duration::from_mins(1)),
            replays: false,
        }
    }

    /// A package that is sold as it stands.
    async fn plain_package(&self) -> Package {
        self.packages(PackageQuery::default())
            .await
            .into_iter()
            .find(|package| package.by_day.is_none())
            .unwrap()
    }

    async fn order(&self, id: &roamport_domain::ProviderOrderId) -> ProviderOrder {
        let found = self
            .esim_access
            .find_orders(&OrderLookup::Id(id.clone()))
            .await
            .unwrap();
        assert_eq!(found.orders.len(), 1, "{found:?}");
        found.orders.into_iter().next().unwrap()
    }

    /// Buys one and waits until its profile is there.
    async fn bought(&self, name: &str) -> Esim {
        let package = self.plain_package().await;
        let request = self.request(name, &package, 1);
        let order = self.esim_access.purchase(&request).await.unwrap();
        self.clock.advance(Duration::from_mins(1));
        let order = self.order(&order.id).await;
        order.items[0].profile.clone().unwrap()
    }
}

#[tokio::test]
async fn the_whole_catalogue_comes_once_with_its_destinations() {
    let shop = shop(700).await;
    let packages = shop.packages(PackageQuery::default()).await;
    let ids: BTreeSet<_> = packages.iter().map(|package| package.id.as_str()).collect();
    assert_eq!(packages.len(), ids.len());
    assert!(packages.len() >= 600, "{}", packages.len());
    let destinations = shop
        .esim_access
        .destinations(&DestinationFilter::default())
        .await
        .unwrap();
    for package in &packages {
        assert!(destinations.contains(package.destination()), "{package:?}");
    }
}

#[tokio::test]
async fn a_filtered_listing_is_the_filtered_catalogue() {
    let shop = shop(700).await;
    let all = shop.packages(PackageQuery::default()).await;
    let country = all
        .iter()
        .find_map(|package| package.destination().place.country())
        .unwrap();
    let ids = |packages: &[Package]| -> Vec<PackageId> {
        packages.iter().map(|package| package.id.clone()).collect()
    };
    let geographies = [Geography::Local, Geography::Regional, Geography::Global];
    let mut queries: Vec<PackageQuery> = geographies
        .into_iter()
        .map(|geography| PackageQuery {
            geography: Some(geography),
            ..PackageQuery::default()
        })
        .collect();
    queries.push(PackageQuery {
        country: Some(country),
        ..PackageQuery::default()
    });
    for query in queries {
        let expected: Vec<Package> = all
            .iter()
            .filter(|package| {
                let place = package.destination();
                query
                    .geography
                    .is_none_or(|wanted| place.geography() == Some(wanted))
                    && query
                        .country
                        .is_none_or(|wanted| place.place.country() == Some(wanted))
            })
            .cloned()
            .collect();
        assert!(!expected.is_empty(), "{query:?}");
        assert_eq!(
            ids(&shop.packages(query.clone()).await),
            ids(&expected),
            "{query:?}"
        );
    }
    let one = shop.packages(PackageQuery::one(all[123].id.clone())).await;
    assert_eq!(one, [all[123].clone()]);
    let nobodys = PackageId::parse("nobodys").unwrap();
    assert_eq!(shop.esim_access.find_package(&nobodys).await.unwrap(), None);
}

#[tokio::test]
async fn an_esim_is_bought_delivered_used_and_topped_up() {
    let shop = shop(300).await;
    let provider = &shop.esim_access;
    let before = provider.balance().await.unwrap();
    let package = shop.plain_package().await;
    let request = shop.request("flow-1", &package, 2);
    let accepted = provider.purchase(&request).await.unwrap();
    assert_eq!(accepted.status, ProviderOrderStatus::Pending);
    assert_eq!(accepted.reference, Some(request.reference.clone()));
    assert!(shop.order(&accepted.id).await.items.is_empty());
    let spent = package.price.checked_times(2).unwrap();
    assert_eq!(
        provider.balance().await.unwrap(),
        before.checked_sub(spent).unwrap()
    );

    shop.clock.advance(Duration::from_mins(1));
    let order = shop.order(&accepted.id).await;
    assert_eq!(order.items.len(), 2);
    assert_eq!(order.reference, Some(request.reference.clone()));
    for item in &order.items {
        assert_eq!(item.package.as_ref(), Some(&package.id));
        assert!(item.profile.as_ref().unwrap().is_ready());
    }
    let since = OrderLookup::Since(shop.clock.now() - SignedDuration::from_hours(1));
    let found = provider.find_orders(&since).await.unwrap();
    let ids: Vec<_> = found.orders.iter().map(|order| &order.id).collect();
    assert_eq!(ids, [&accepted.id]);

    let esim = order.items[0].profile.clone().unwrap();
    let key = EsimKey::from_id(esim.id().clone());
    let by_card = EsimKey::from_iccid(esim.iccid().unwrap().clone());
    assert_eq!(provider.esim(&key).await.unwrap(), esim);
    assert_eq!(provider.esim(&by_card).await.unwrap(), esim);
    for esim in [&key, &by_card] {
        let query = UsageQuery {
            esim: esim.clone(),
            daily: false,
        };
        let usage = provider.usage(&query).await.unwrap();
        assert_eq!(
            usage.data(&[package.data]).allowed,
            package.data.fixed_size()
        );
    }
    let nobodys = EsimKey::from_id(roamport_domain::EsimId::parse("nobodys").unwrap());
    let usages = provider
        .usages(&[by_card, nobodys, key.clone()])
        .await
        .unwrap();
    let known: Vec<bool> = usages.iter().map(Option::is_some).collect();
    assert_eq!(known, [true, false, true]);

    let top_ups: Vec<Package> = provider
        .top_up_packages(TopUpQuery::all(key.clone()))
        .try_collect()
        .await
        .unwrap();
    let top_up = top_ups
        .iter()
        .find(|package| package.by_day.is_none())
        .unwrap();
    let request = Purchase {
        reference: reference("flow-1-top-up"),
        request: PurchaseRequest::TopUp {
            esim: key.id().cloned().unwrap(),
            iccid: key.iccid().cloned(),
            package: top_up.id.clone(),
            unit_price: top_up.price,
            days: None,
        },
        window: SendWindow::open(&*shop.clock, Duration::from_mins(1)),
        replays: false,
    };
    let bought = provider.purchase(&request).await.unwrap();
    assert_eq!(bought.status, ProviderOrderStatus::Completed);
    assert_eq!(
        shop.order(&bought.id).await.reference,
        Some(request.reference.clone())
    );
    assert_eq!(provider.purchase(&request).await.unwrap().id, bought.id);
    assert_eq!(shop.world.charges_for("flow-1-top-up").unwrap().len(), 1);
    let plans = provider.esim(&key).await.unwrap().report().plans.len();
    assert_eq!(plans, 2);
}

#[tokio::test]
async fn the_same_order_again_is_the_same_order_and_one_charge() {
    let shop = shop(300).await;
    let package = shop.plain_package().await;
    let request = shop.request("twice", &package, 1);
    let first = shop.esim_access.purchase(&request).await.unwrap();
    let again = shop.esim_access.purchase(&request).await.unwrap();
    assert_eq!(first.id, again.id);
    assert_eq!(shop.world.charges_for("twice").unwrap().len(), 1);
}

#[tokio::test]
async fn a_package_by_the_day_costs_price_times_days() {
    let shop = shop(700).await;
    let package = shop
        .packages(PackageQuery::default())
        .await
        .into_iter()
        .find(|package| package.by_day.is_some())
        .unwrap();
    let mut request = shop.request("days", &package, 2);
    lines(&mut request)[0].days = Some(5);
    shop.esim_access.purchase(&request).await.unwrap();
    let charges = shop.world.charges_for("days").unwrap();
    let total = lines(&mut request)[0].total().unwrap();
    assert_eq!(total, package.price.checked_times(10).unwrap());
    assert_eq!(charges.len(), 1);
    assert_eq!(charges[0].amount, total.amount());
}

#[tokio::test]
async fn a_price_that_moved_is_refused_and_nothing_is_charged() {
    let shop = shop(300).await;
    let package = shop.plain_package().await;
    let mut request = shop.request("moved", &package, 1);
    lines(&mut request)[0].unit_price = package.price.checked_add(usd("0.0001")).unwrap();
    let error = shop.esim_access.purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    assert!(error.message().contains("quote again"), "{error}");
    assert!(shop.world.charges_for("moved").unwrap().is_empty());
}

#[tokio::test]
async fn an_esim_is_given_back_once_and_its_money_with_it() {
    let shop = shop(300).await;
    let before = shop.esim_access.balance().await.unwrap();
    let esim = shop.bought("back").await;
    let request = CancelRequest {
        esim: EsimKey::from_id(esim.id().clone()),
    };
    for _ in 0..2 {
        shop.esim_access.cancel(&request).await.unwrap();
        assert_eq!(shop.esim_access.balance().await.unwrap(), before);
    }
    let read = shop.esim_access.esim(&request.esim).await.unwrap();
    assert_eq!(
        (read.profile(), read.plan()),
        (&ProfileState::Revoked, &PlanState::Cancelled)
    );
}

#[tokio::test]
async fn an_installed_esim_is_suspended_and_not_given_back() {
    let shop = shop(300).await;
    let provider = &shop.esim_access;
    let esim = shop.bought("installed").await;
    let (id, key) = (esim.id(), EsimKey::from_id(esim.id().clone()));
    shop.world.activate(esim.iccid().unwrap().as_str()).unwrap();
    let request = CancelRequest { esim: key.clone() };
    let error = provider.cancel(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    let plan = async || provider.esim(&key).await.unwrap().plan().clone();
    assert_eq!(plan().await, PlanState::Active);
    provider.suspend(id).await.unwrap();
    assert_eq!(plan().await, PlanState::Suspended);
    provider.unsuspend(id).await.unwrap();
    assert_eq!(plan().await, PlanState::Active);
    provider.revoke(id).await.unwrap();
    assert_eq!(plan().await, PlanState::Revoked);
}

#[tokio::test]
async fn refusals_say_what_they_are() {
    let shop = shop(300).await;
    let wrong = EsimAccessConfig::new(shop.server.base_url(), "wrong");
    let wrong = EsimAccess::new(&wrong, shop.clock.clone()).unwrap();
    let error = wrong.balance().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
    let package = shop.plain_package().await;
    shop.world.set_balance(0.into()).unwrap();
    let request = shop.request("poor", &package, 1);
    let error = shop.esim_access.purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InsufficientFunds, "{error}");
    let nobodys = Package {
        id: PackageId::parse("nobodys").unwrap(),
        ..package
    };
    let request = shop.request("unknown", &nobodys, 1);
    let error = shop.esim_access.purchase(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(shop.world.ledger().unwrap().is_empty());
}

#[tokio::test]
async fn a_signed_request_is_taken_and_a_wrong_one_says_what_is_wrong() {
    let mut switches = Switches::default();
    switches.esim_access.signature_required = true;
    let window = switches.esim_access.timestamp_window_ms;
    switches.esim_access.timestamp_window_ms = 1_000_000_000_000;
    let shop = shop_with(100, switches.clone()).await;
    let signing = |key: &str| {
        let config = EsimAccessConfig::new(shop.server.base_url(), CODE).with_secret_key(key);
        EsimAccess::new(&config, shop.clock.clone()).unwrap()
    };
    assert_eq!(signing(KEY).balance().await.unwrap(), usd("1000"));
    let error = signing("another").balance().await.unwrap_err();
    assert_eq!(error.code(), Some("101003"), "{error}");
    assert_eq!(
        shop.esim_access.balance().await.unwrap_err().kind(),
        ErrorKind::Unauthorized
    );
    // A clock that is an hour ahead.
    switches.esim_access.timestamp_window_ms = window;
    shop.world.set_switches(switches).unwrap();
    let skewed = TestClock::new();
    skewed.advance(Duration::from_hours(1));
    let config = EsimAccessConfig::new(shop.server.base_url(), CODE).with_secret_key(KEY);
    let ahead = EsimAccess::new(&config, skewed).unwrap();
    let error = ahead.balance().await.unwrap_err();
    assert_eq!(error.code(), Some("101001"), "{error}");
    assert!(error.message().contains("clock"), "{error}");
}
