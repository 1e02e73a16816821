//! Every sample body of the flow, as domain values.

use futures::TryStreamExt as _;
use jiff::Timestamp;
use roamport_adapter_roamify::{EsimFilter, Roamify, RoamifyConfig};
use roamport_domain::data::{AfterLimit, FairUse};
use roamport_domain::esim::{PlanState, ProfileState};
use roamport_domain::package::{Allowance, Geography, Place, ValidityStart};
use roamport_domain::provider::{
    DestinationFilter, EsimKey, EsimProvider as _, PackageQuery, ProviderOrder,
    ProviderOrderStatus, ProvisionRequest, Purchase, PurchaseRequest, TopUpQuery, UsageQuery,
};
use roamport_domain::usage::DataUnit;
use roamport_domain::{
    CountryCode, DataAllowance, DataSize, Esim, EsimId, Iccid, Package, PackageId, ProviderOrderId,
};
use roamport_provider_http::test_support::TestClock;
use rust_decimal::Decimal;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer};

use crate::support::{config, fixture, json, order, reference, roamify, serving, usd};

const ESIM: &str = "7d0f3b52-1c84-4a6e-9f0b-5b2c8a61e901";
const ICCID: &str = "8988303000001234567";

fn esim_id() -> EsimId {
    EsimId::parse(ESIM).unwrap()
}

fn iccid() -> Iccid {
    Iccid::parse(ICCID).unwrap()
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn country(code: &str) -> Place {
    Place::Country(CountryCode::parse(code).unwrap())
}

async fn one_answer(verb: &str, at: &str, name: &str) -> (MockServer, Roamify) {
    let server = serving(verb, at, json(200, fixture(name))).await;
    let provider = roamify(&server.uri());
    (server, provider)
}

#[tokio::test]
async fn countries_with_geography_are_destinations() {
    let (_server, provider) = one_answer("GET", "/api/esim/countries", "get-esim-countries").await;
    let found = provider
        .destinations(&DestinationFilter::default())
        .await
        .unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|place| (place.code.as_str(), place.name.as_str(), place.place))
        .collect();
    assert_eq!(
        found,
        [
            ("PT", "Portugal", country("PT")),
            ("KE", "Kenya", country("KE")),
            ("EUR", "Europe", Place::Region),
            ("KE", "Savannah Pass", Place::Region),
            ("GLB", "Global", Place::World),
        ]
    );
}

#[tokio::test]
async fn countries_without_geography_are_destinations() {
    let name = "get-esim-countries.without-geography";
    let (_server, provider) = one_answer("GET", "/api/esim/countries", name).await;
    let found = provider
        .destinations(&DestinationFilter::default())
        .await
        .unwrap();
    let places: Vec<_> = found.iter().map(|place| place.place).collect();
    assert_eq!(places, [country("PT"), country("KE")]);
}

#[tokio::test]
async fn a_filter_the_provider_ignores_is_applied_here() {
    let (_server, provider) = one_answer("GET", "/api/esim/countries", "get-esim-countries").await;
    let filter = DestinationFilter {
        geography: Some(Geography::Regional),
    };
    let found = provider.destinations(&filter).await.unwrap();
    let names: Vec<_> = found.iter().map(|place| place.name.as_str()).collect();
    assert_eq!(names, ["Europe", "Savannah Pass"]);
}

async fn catalogue() -> Vec<Package> {
    let server = MockServer::start().await;
    for (page, name) in [
        ("1", "get-esim-packages"),
        ("2", "get-esim-packages.empty-page"),
    ] {
        Mock::given(method("GET"))
            .and(path("/api/esim/packages"))
            .and(query_param("page", page))
            .respond_with(json(200, fixture(name)))
            .mount(&server)
            .await;
    }
    let config = RoamifyConfig {
        pages_in_flight: 1.try_into().unwrap(),
        ..config(&server.uri())
    };
    let provider = Roamify::new(&config, TestClock::new()).unwrap();
    provider
        .packages(PackageQuery::default())
        .try_collect()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_page_of_the_catalogue_is_packages() {
    let packages = catalogue().await;
    let ids: Vec<_> = packages.iter().map(|package| package.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "esim-portugal-7days-1gb-all",
            "esim-portugal-15days-3gb-all",
            "esim-portugal-10days-un2gb-all",
            "esim-kenya-30days-5gb-100sms-60min-all",
        ]
    );
    let first = &packages[0];
    assert_eq!(first.provider.as_str(), "roamify");
    assert_eq!(first.name, "1 GB - 7 Days");
    assert_eq!(first.price, usd("1.46"));
    assert_eq!(
        first.data,
        DataAllowance::Fixed {
            size: DataSize::GIBIBYTE
        }
    );
    assert_eq!(
        (first.validity.days, &first.validity.starts),
        (7, &ValidityStart::FirstUse)
    );
    assert_eq!((first.voice, first.sms), (Allowance::None, Allowance::None));
    assert_eq!(first.apn.as_deref(), Some("internet.example"));
    assert!(first.flags.hotspot && first.flags.usage_readable && first.flags.data_roaming);
    assert!(first.flags.apn_automatic && !first.flags.travel_date_required);
    assert_eq!(first.destination().place, country("PT"));
    let coverage = &first.area.coverage[0];
    assert_eq!(coverage.country, Some(CountryCode::parse("PT").unwrap()));
    assert_eq!(coverage.networks, ["4G", "5G"]);
    assert_eq!(coverage.carriers, ["Carrier One", "Carrier Two"]);
}

#[tokio::test]
async fn an_unlimited_package_shows_its_fair_use_and_no_sentinel() {
    let packages = catalogue().await;
    let fair_use = FairUse {
        threshold: Some(DataSize::from_bytes(2 << 30)),
        then: AfterLimit::Slowed {
            kilobits_per_second: 128,
        },
    };
    assert_eq!(
        packages[2].data,
        DataAllowance::Unlimited {
            fair_use: Some(fair_use)
        }
    );
}

#[tokio::test]
async fn a_package_with_calls_messages_and_a_travel_date_says_so() {
    let packages = catalogue().await;
    let package = &packages[3];
    assert_eq!(
        (package.voice, package.sms),
        (Allowance::Count(60), Allowance::Count(100))
    );
    assert!(package.flags.travel_date_required && !package.flags.usage_readable);
    assert_eq!(package.notes, ["Check usage by dialling *100#"]);
    assert_eq!(package.price, usd("12.40"));
}

#[tokio::test]
async fn the_nested_shape_of_top_ups_is_packages_too() {
    let server = serving("GET", "/api/esim", json(200, fixture("get-esim.by-iccid"))).await;
    Mock::given(method("GET"))
        .and(path("/api/esim/topup/packages"))
        .and(query_param("iccid", ICCID))
        .respond_with(json(200, fixture("get-esim-topup-packages")))
        .mount(&server)
        .await;
    let query = TopUpQuery::all(EsimKey::from_id(esim_id()));
    let found: Vec<Package> = roamify(&server.uri())
        .top_up_packages(query)
        .try_collect()
        .await
        .unwrap();
    let [package] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(package.id.as_str(), "esim-portugal-30days-5gb-all");
    assert_eq!(
        package.data,
        DataAllowance::Fixed {
            size: DataSize::from_bytes(5 << 30)
        }
    );
    assert_eq!((package.price, package.validity.days), (usd("5.1"), 30));
    assert_eq!(package.apn.as_deref(), Some("internet.example"));
    assert!(package.flags.apn_automatic && package.flags.hotspot && package.flags.usage_readable);
}

fn check_order(order: &ProviderOrder) {
    assert_eq!(order.id.as_str(), "2f8e6a14-93b7-4c05-a1de-7740bb19c6f2");
    assert_eq!(order.reference, Some(reference("shop-10442")));
    assert_eq!(order.status, ProviderOrderStatus::Completed);
    assert_eq!(order.total, Some(usd("6.54")));
    assert_eq!(order.created_at, Some(moment(1_795_003_200)));
    let [first, second] = order.items.as_slice() else {
        panic!("{order:?}")
    };
    assert_eq!(first.esim, Some(esim_id()));
    assert_eq!(
        first.package,
        Some(PackageId::parse("esim-portugal-15days-3gb-all").unwrap())
    );
    assert_eq!(first.price, Some(usd("3.27")));
    assert_eq!(first.profile, None);
    assert_eq!(
        second.esim,
        Some(EsimId::parse("a94c1f07-6e2d-4d37-8b15-0c7f52d9e3aa").unwrap())
    );
}

#[tokio::test]
async fn an_order_of_two_has_one_item_per_esim() {
    let (_server, provider) = one_answer("POST", "/api/esim/order", "post-esim-order").await;
    check_order(&provider.purchase(&order(&*TestClock::new())).await.unwrap());
    let (_server, provider) = one_answer("GET", "/api/esim/order", "get-esim-order").await;
    let id = ProviderOrderId::parse("2f8e6a14-93b7-4c05-a1de-7740bb19c6f2").unwrap();
    check_order(&provider.order(&id).await.unwrap());
    check_order(
        &provider
            .order_under(&reference("shop-10442"))
            .await
            .unwrap(),
    );
}

#[tokio::test]
async fn an_instant_order_brings_the_profiles() {
    let answer = json(200, fixture("post-esim-order-instant"));
    let server = serving("POST", "/api/esim/order/instant", answer).await;
    let config = RoamifyConfig {
        instant_orders: true,
        ..config(&server.uri())
    };
    let clock = TestClock::new();
    let provider = Roamify::new(&config, clock.clone()).unwrap();
    let order = provider.purchase(&order(&*clock)).await.unwrap();
    let [item] = order.items.as_slice() else {
        panic!("{order:?}")
    };
    let profile = item.profile.as_ref().unwrap();
    assert_eq!(item.esim.as_ref(), Some(profile.id()));
    assert!(profile.is_ready());
    let lpa = profile.activation().unwrap().lpa();
    assert_eq!(lpa.expose(), "LPA:1$smdp.example.test$K2-5E0C88-13FA9D");
}

#[tokio::test]
async fn a_top_up_never_names_the_esim_of_its_item() {
    let answer = json(200, fixture("post-esim-order-topup"));
    let server = serving("POST", "/api/esim/order/topup", answer).await;
    let request = Purchase {
        reference: reference("shop-10442-topup-1"),
        request: PurchaseRequest::TopUp {
            esim: esim_id(),
            iccid: Some(iccid()),
            package: PackageId::parse("esim-portugal-30days-5gb-all").unwrap(),
            unit_price: usd("5.10"),
            days: None,
        },
        window: order(&*TestClock::new()).window,
        replays: false,
    };
    let order = roamify(&server.uri()).purchase(&request).await.unwrap();
    assert_eq!(order.total, Some(usd("5.10")));
    assert_eq!(order.items[0].esim, None);
    let bought = order.items[0].package.as_ref().map(PackageId::as_str);
    assert_eq!(bought, Some("esim-portugal-30days-5gb-all"));
}

fn check_ready(esim: &Esim) {
    assert_eq!(esim.id(), &esim_id());
    assert_eq!(esim.iccid(), Some(&iccid()));
    assert_eq!(
        (esim.profile(), esim.plan()),
        (&ProfileState::Ready, &PlanState::NotStarted)
    );
    assert!(esim.is_ready());
    let activation = esim.activation().unwrap();
    assert_eq!(
        activation.lpa().expose(),
        "LPA:1$smdp.example.test$K2-1A9F3C-77D0B2"
    );
    assert!(!activation.confirmation_code_required());
    assert!(activation.apn().automatic);
    let report = esim.report();
    assert_eq!(
        (
            report.pin.as_ref(),
            report.puk.as_ref(),
            report.msisdn.as_ref()
        ),
        (None, None, None)
    );
    assert_eq!(
        (report.top_up, report.usage_readable),
        (Some(true), Some(true))
    );
    assert_eq!(report.usable_until, Some(moment(1_826_539_200)));
}

fn by_esim() -> ProvisionRequest {
    ProvisionRequest {
        esim: esim_id(),
        start_date: None,
    }
}

#[tokio::test]
async fn an_apply_by_esim_answers_one_and_by_reference_all() {
    let (_server, provider) =
        one_answer("POST", "/api/esim/apply", "post-esim-apply.by-esimId").await;
    check_ready(&provider.provision(&by_esim()).await.unwrap());
    let (_server, provider) =
        one_answer("POST", "/api/esim/apply", "post-esim-apply.by-referenceId").await;
    let esims = provider
        .provision_order(&reference("shop-10442"))
        .await
        .unwrap();
    assert_eq!(esims.len(), 2);
    check_ready(&esims[0]);
    // A list answered for one eSIM holds it among others.
    check_ready(&provider.provision(&by_esim()).await.unwrap());
}

#[tokio::test]
async fn an_esim_is_read_before_during_and_after_installation() {
    let (_server, provider) = one_answer("GET", "/api/esim", "get-esim.by-esimId").await;
    check_ready(&provider.esim(&EsimKey::from_id(esim_id())).await.unwrap());
    let (_server, provider) = one_answer("GET", "/api/esim", "get-esim.by-iccid").await;
    let installed = provider.esim(&EsimKey::from_iccid(iccid())).await.unwrap();
    assert_eq!(installed.profile(), &ProfileState::Installed);
    assert_eq!(installed.plan(), &PlanState::Unknown);
    let (_server, provider) =
        one_answer("GET", "/api/esim", "get-esim.not-yet-applied.assumed").await;
    let new = provider.esim(&EsimKey::from_id(esim_id())).await.unwrap();
    assert_eq!(new.profile(), &ProfileState::Unprovisioned);
    assert_eq!((new.iccid(), new.activation()), (None, None));
    assert_eq!(new.report().usable_until, None);
    assert!(!new.is_ready());
}

#[tokio::test]
async fn a_list_of_esims_is_a_bare_array() {
    let (_server, provider) = one_answer("GET", "/api/esims", "get-esims").await;
    let esims = provider.esims(&EsimFilter::default()).await.unwrap();
    let states: Vec<_> = esims.iter().map(Esim::profile).collect();
    assert_eq!(states, [&ProfileState::Installed, &ProfileState::Ready]);
}

#[tokio::test]
async fn usage_keeps_raw_figures_whose_unit_the_purchase_gives_away() {
    let purchased = [DataAllowance::Fixed {
        size: DataSize::from_bytes(3 << 30),
    }];
    let key = EsimKey::from_iccid(iccid());
    let (_server, provider) = one_answer("GET", "/api/esim/usage", "get-esim-usage").await;
    let query = UsageQuery {
        esim: key.clone(),
        daily: false,
    };
    let usage = provider.usage(&query).await.unwrap();
    assert_eq!(usage.esim, Some(esim_id()));
    assert_eq!(usage.plan, PlanState::Active);
    assert_eq!(usage.data.allowed, Some(Decimal::from(3072)));
    assert_eq!(usage.data(&purchased).unit, Some(DataUnit::Mebibytes));
    assert_eq!(usage.data(&purchased).remaining_basis_points, Some(7197));
    assert!(usage.daily.is_empty() && !usage.unlimited);
    let unit = |name: &'static str| {
        let key = key.clone();
        async move {
            let (_server, provider) = one_answer("GET", "/api/esim/usage/details", name).await;
            provider
                .usage(&UsageQuery {
                    esim: key,
                    daily: true,
                })
                .await
                .unwrap()
        }
    };
    for (name, expected) in [
        ("get-esim-usage-details", DataUnit::Mebibytes),
        ("get-esim-usage-details.kb-variant", DataUnit::Kibibytes),
    ] {
        let usage = unit(name).await;
        assert_eq!(usage.data(&purchased).unit, Some(expected));
        let days: Vec<_> = usage.daily.iter().map(|day| day.date).collect();
        assert_eq!(
            days,
            [
                jiff::civil::date(2026, 11, 18),
                jiff::civil::date(2026, 11, 19)
            ]
        );
        let day = usage.daily_size(expected, &usage.daily[0]);
        assert_eq!(day, DataSize::MEBIBYTE.checked_times(304));
    }
}

#[tokio::test]
async fn balance_history_and_health_are_read() {
    let (_server, provider) = one_answer("GET", "/api/balance", "get-balance").await;
    assert_eq!(provider.balance().await.unwrap(), usd("1482.61"));
    let (_server, provider) = one_answer("GET", "/api/esim/history", "get-esim-history").await;
    let history = provider.history(&iccid()).await.unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!(history[1].package.as_str(), "esim-portugal-30days-5gb-all");
    assert_eq!(history[1].price, Some(usd("5.1")));
    assert_eq!(history[1].created_at, Some(moment(1_795_608_000)));
    let (_server, provider) = one_answer("GET", "/api/health", "get-health.assumed").await;
    provider.health().await.unwrap();
}
