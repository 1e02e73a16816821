//! Every sample body of the flow, as domain values.

use futures::TryStreamExt as _;
use jiff::Timestamp;
use roamport_domain::data::{AfterLimit, FairUse};
use roamport_domain::esim::{PlanState, ProfileState};
use roamport_domain::package::{Allowance, DayRange, Place, ValidityStart};
use roamport_domain::provider::{
    DestinationFilter, EsimProvider as _, OrderLookup, PackageQuery, ProviderOrderStatus,
    TopUpQuery, UsageQuery,
};
use roamport_domain::usage::DataUnit;
use roamport_domain::{
    CountryCode, DataAllowance, DataSize, Esim, Iccid, Package, PackageId, ProviderOrderId,
};
use roamport_provider_http::test_support::TestClock;
use rstest::rstest;
use rust_decimal::Decimal;

use crate::support::{
    ESIM, ICCID, ORDER, REFERENCE, also, by_id, esim_access, fixture, json, order, reference,
    sample, serving, top_up, usd,
};

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn country(code: &str) -> Place {
    Place::Country(CountryCode::parse(code).unwrap())
}

async fn catalogue() -> Vec<Package> {
    let server = sample("/package/list", "post-package-list").await;
    also(
        &server,
        "/location/list",
        json(200, fixture("post-location-list")),
    )
    .await;
    esim_access(&server.uri())
        .packages(PackageQuery::default())
        .try_collect()
        .await
        .unwrap()
}

#[tokio::test]
async fn locations_are_destinations() {
    let server = sample("/location/list", "post-location-list").await;
    let found = esim_access(&server.uri())
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
            ("ES", "Spain", country("ES")),
            ("EU-2", "Iberia (2 areas)", Place::Region)
        ]
    );
}

#[tokio::test]
async fn the_catalogue_is_one_package_of_each_data_type() {
    let packages = catalogue().await;
    let shown: Vec<_> = packages
        .iter()
        .map(|package| {
            format!(
                "{} {} {} | {} | {} days, by day: {} | {:?} {} {:?}",
                package.id,
                package.name,
                package.price,
                package.data,
                package.validity.days,
                package.by_day.is_some(),
                package.validity.starts,
                package.destination().name,
                package.destination().place,
            )
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    PINV01ES3 Spain 3GB 30Days 1.90 USD | 3 GB | 30 days, by day: false | Installation Spain Country(CountryCode(ES))
    PINV02JPD Japan 1GB/Day 0.85 USD | 1 GB a day | 1 days, by day: true | FirstUse Japan Country(CountryCode(JP))
    PINV03JPC Japan 500MB/Day cut off 0.50 USD | 500 MB a day | 1 days, by day: true | FirstUse Japan Country(CountryCode(JP))
    PINV04EUU Iberia unlimited per day 3.125 USD | unlimited (2 GB, then 1000 kbit/s) | 1 days, by day: true | FirstUse Iberia (2 areas) Region
    ");
}

#[tokio::test]
async fn a_fixed_package_keeps_everything_the_provider_says() {
    let packages = catalogue().await;
    let first = &packages[0];
    assert_eq!(first.provider.as_str(), "esim-access");
    assert_eq!(first.id.as_str(), "PINV01ES3");
    assert_eq!(first.price, usd("1.90"));
    assert_eq!(
        first.data,
        DataAllowance::Fixed {
            size: DataSize::from_bytes(3 << 30)
        }
    );
    assert_eq!(first.validity.starts, ValidityStart::Installation);
    assert_eq!((first.by_day, first.install_within_days), (None, Some(180)));
    assert_eq!((first.voice, first.sms), (Allowance::None, Allowance::None));
    assert!(first.flags.usage_readable && first.notes.is_empty());
    let [coverage] = first.area.coverage.as_slice() else {
        panic!("{first:?}")
    };
    assert_eq!(coverage.country, Some(CountryCode::parse("ES").unwrap()));
    assert_eq!(coverage.networks, ["5G", "4G"]);
    assert_eq!(coverage.carriers, ["Iberia Cel", "Costa"]);
}

#[tokio::test]
async fn a_day_pass_is_sold_by_the_day() {
    let packages = catalogue().await;
    let pass = &packages[1];
    let days = DayRange {
        least: 1,
        most: 365,
    };
    assert_eq!(pass.by_day, Some(days));
    assert_eq!((pass.price, pass.validity.days), (usd("0.85"), 1));
    assert_eq!(pass.validity.starts, ValidityStart::FirstUse);
    assert_eq!(
        pass.data,
        DataAllowance::Daily {
            per_day: DataSize::GIBIBYTE,
            then: AfterLimit::Slowed {
                kilobits_per_second: 384
            }
        }
    );
    assert!(matches!(
        packages[2].data,
        DataAllowance::Daily {
            then: AfterLimit::Stopped,
            ..
        }
    ));
    assert!(matches!(
        packages[3].data,
        DataAllowance::Unlimited {
            fair_use: Some(FairUse {
                threshold: Some(_),
                ..
            })
        }
    ));
}

#[tokio::test]
async fn top_ups_are_packages_of_their_own() {
    let server = sample("/package/list", "post-package-list.topup").await;
    let answer = json(200, fixture("post-esim-query.in-use"));
    also(&server, "/esim/query", answer).await;
    let found: Vec<Package> = esim_access(&server.uri())
        .top_up_packages(TopUpQuery::all(by_id()))
        .try_collect()
        .await
        .unwrap();
    let shown: Vec<_> = found
        .iter()
        .map(|package| (package.id.as_str(), package.price, package.validity.days))
        .collect();
    assert_eq!(
        shown,
        [
            ("TOPUP_PINV01ES3", usd("1.90"), 30),
            ("TOPUP_PINV05ES1", usd("0.75"), 7)
        ]
    );
    assert_eq!(found[0].destination().name, "Spain");
    assert_eq!(found[0].destination().place, country("ES"));
}

#[rstest]
#[case("post-esim-order")]
#[case("ok.string-true-errormessage.assumed")]
#[tokio::test]
async fn an_order_is_accepted_with_its_number_alone(#[case] name: &str) {
    let server = sample("/esim/order", name).await;
    let order = esim_access(&server.uri())
        .purchase(&order(&*TestClock::new()))
        .await
        .unwrap();
    assert_eq!(order.id.as_str(), ORDER);
    assert_eq!(order.reference, Some(reference(REFERENCE)));
    assert_eq!(order.status, ProviderOrderStatus::Pending);
    assert!(order.items.is_empty() && order.total.is_none());
}

#[tokio::test]
async fn a_delivered_order_holds_finished_profiles() {
    let server = sample("/esim/query", "post-esim-query").await;
    let lookup = OrderLookup::Id(ProviderOrderId::parse(ORDER).unwrap());
    let found = esim_access(&server.uri())
        .find_orders(&lookup)
        .await
        .unwrap();
    assert!(found.complete);
    let [order] = found.orders.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(order.id.as_str(), ORDER);
    assert_eq!(order.reference, Some(reference(REFERENCE)));
    assert_eq!(order.created_at, Some(moment("2026-11-20T09:14:07Z")));
    let [first, second] = order.items.as_slice() else {
        panic!("{order:?}")
    };
    assert_eq!(first.esim.as_ref().unwrap().as_str(), ESIM);
    assert_eq!(second.esim.as_ref().unwrap().as_str(), "26112009140012");
    for item in [first, second] {
        assert_eq!(item.package, Some(PackageId::parse("PINV01ES3").unwrap()));
        assert!(item.profile.as_ref().is_some_and(Esim::is_ready));
    }
}

#[tokio::test]
async fn an_order_under_allocation_is_pending_without_items() {
    let server = sample("/esim/query", "post-esim-query.allocating-200010").await;
    let provider = esim_access(&server.uri());
    let lookup = OrderLookup::Id(ProviderOrderId::parse(ORDER).unwrap());
    let found = provider.find_orders(&lookup).await.unwrap();
    assert_eq!((found.orders.len(), found.complete), (1, true));
    assert_eq!(found.orders[0].status, ProviderOrderStatus::Pending);
    assert!(found.orders[0].items.is_empty());
    let esim = provider.esim(&by_id()).await.unwrap();
    assert_eq!(esim.profile(), &ProfileState::Generating);
    assert!(esim.activation().is_none() && !esim.is_ready());
}

async fn esim(name: &str) -> Esim {
    let server = sample("/esim/query", name).await;
    esim_access(&server.uri()).esim(&by_id()).await.unwrap()
}

#[tokio::test]
async fn a_new_esim_can_be_installed() {
    let esim = esim("post-esim-query").await;
    assert_eq!(esim.id().as_str(), ESIM);
    assert_eq!(esim.iccid().unwrap().as_str(), ICCID);
    assert_eq!(
        (esim.profile(), esim.plan()),
        (&ProfileState::Ready, &PlanState::NotStarted)
    );
    let activation = esim.activation().unwrap();
    assert_eq!(
        activation.lpa().expose(),
        "LPA:1$rsp.example.test$INV0001A9C4E7"
    );
    assert_eq!(activation.apn().name.as_deref(), Some("internet.example"));
    let report = esim.report();
    assert_eq!(report.pin.as_ref().unwrap().expose(), "1234");
    assert_eq!(report.puk.as_ref().unwrap().expose(), "12345678");
    assert_eq!(report.msisdn, None);
    assert_eq!(
        (report.top_up, report.usage_readable),
        (Some(true), Some(true))
    );
    assert_eq!(report.usable_until, Some(moment("2027-05-19T09:14:10Z")));
    assert_eq!(report.created_at, Some(moment("2026-11-20T09:14:07Z")));
}

#[rstest]
#[case("post-esim-query.in-use", ProfileState::Enabled, PlanState::Active)]
#[case(
    "post-esim-query.suspended.assumed",
    ProfileState::Enabled,
    PlanState::Suspended
)]
#[case(
    "post-esim-query.used-up-deleted",
    ProfileState::Deleted,
    PlanState::UsedUp
)]
#[tokio::test]
async fn an_esim_in_use_is_two_facts(
    #[case] name: &str,
    #[case] profile: ProfileState,
    #[case] plan: PlanState,
) {
    let esim = esim(name).await;
    assert_eq!((esim.profile(), esim.plan()), (&profile, &plan));
}

#[rstest]
#[case(
    "post-esim-query.cancelled",
    ProfileState::Revoked,
    PlanState::Cancelled
)]
#[case(
    "post-esim-query.unused-expired",
    ProfileState::Expired,
    PlanState::Expired
)]
#[tokio::test]
async fn an_esim_that_is_over_says_how(
    #[case] name: &str,
    #[case] profile: ProfileState,
    #[case] plan: PlanState,
) {
    let server = sample("/esim/query", name).await;
    let id = roamport_domain::EsimId::parse("26112009140012").unwrap();
    let key = roamport_domain::provider::EsimKey::from_id(id);
    let esim = esim_access(&server.uri()).esim(&key).await.unwrap();
    assert_eq!((esim.profile(), esim.plan()), (&profile, &plan));
    assert!(!esim.is_ready());
}

#[tokio::test]
async fn a_topped_up_esim_lists_its_plans() {
    let esim = esim("post-esim-query.topped-up.assumed").await;
    let plans: Vec<_> = esim
        .report()
        .plans
        .iter()
        .map(|plan| {
            (
                plan.package.as_ref().unwrap().as_str(),
                plan.data.unwrap().to_string(),
                plan.days.unwrap(),
            )
        })
        .collect();
    assert_eq!(
        plans,
        [
            ("PINV01ES3", "3 GB".to_owned(), 30),
            ("TOPUP_PINV05ES1", "1 GB".to_owned(), 7)
        ]
    );
    assert_eq!(
        esim.report().plans[1].created_at,
        Some(moment("2026-11-28T11:00:00Z"))
    );
}

#[tokio::test]
async fn a_top_up_is_final_and_is_found_again_on_its_esim() {
    let server = sample("/esim/topup", "post-esim-topup").await;
    let answer = json(200, fixture("post-esim-query.topped-up.assumed"));
    also(&server, "/esim/query", answer).await;
    let provider = esim_access(&server.uri());
    let request = top_up(&*TestClock::new());
    let order = provider.purchase(&request).await.unwrap();
    assert_eq!(order.id.as_str(), "26112009140011/26112811000031");
    assert_eq!(order.reference, Some(request.reference.clone()));
    assert_eq!(order.status, ProviderOrderStatus::Completed);
    let bought = order.items[0].package.as_ref().map(PackageId::as_str);
    assert_eq!(bought, Some("TOPUP_PINV05ES1"));
    let lookup = OrderLookup::Id(order.id.clone());
    let found = provider.find_orders(&lookup).await.unwrap();
    assert!(found.complete);
    let [again] = found.orders.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        (&again.id, &again.reference, &again.status),
        (&order.id, &order.reference, &order.status)
    );
    assert_eq!(again.items[0].package, order.items[0].package);
    // The answer names the card that was topped up.
    assert_eq!(
        order.items[0].iccid,
        Iccid::parse("8999900000005200015").ok()
    );
    assert_eq!(again.created_at, Some(moment("2026-11-28T11:00:00Z")));
}

#[tokio::test]
async fn usage_is_bytes_with_the_plan_of_the_esim() {
    let server = sample("/esim/usage/query", "post-esim-usage-query").await;
    let answer = json(200, fixture("post-esim-query.in-use"));
    also(&server, "/esim/query", answer).await;
    let provider = esim_access(&server.uri());
    let query = UsageQuery {
        esim: by_id(),
        daily: false,
    };
    let usage = provider.usage(&query).await.unwrap();
    assert_eq!(usage.plan, PlanState::Active);
    assert_eq!(usage.iccid.as_ref().unwrap().as_str(), ICCID);
    assert_eq!(usage.started_at, Some(moment("2026-11-22T18:02:11Z")));
    assert_eq!(usage.ends_at, Some(moment("2026-12-22T18:02:11Z")));
    assert_eq!(usage.as_of, moment("2026-11-24T06:00:00Z"));
    assert_eq!(
        usage.data.remaining,
        Some(Decimal::from(3_221_225_472_i64 - 1_288_490_188))
    );
    let purchased = [DataAllowance::Fixed {
        size: DataSize::from_bytes(3 << 30),
    }];
    assert_eq!(usage.data(&purchased).unit, Some(DataUnit::Bytes));
    assert!(!usage.unlimited && usage.daily.is_empty());
}

#[tokio::test]
async fn usage_of_an_esim_the_usage_query_leaves_out_comes_from_the_esim() {
    let body = r#"{"success":true,"obj":{"esimUsageList":[]}}"#;
    let server = serving("/esim/usage/query", json(200, body)).await;
    let answer = json(200, fixture("post-esim-query.in-use"));
    also(&server, "/esim/query", answer).await;
    let query = UsageQuery {
        esim: by_id(),
        daily: false,
    };
    let usage = esim_access(&server.uri()).usage(&query).await.unwrap();
    assert_eq!(usage.data.allowed, Some(Decimal::from(3_221_225_472_i64)));
    assert_eq!(usage.as_of, moment("2026-11-20T00:00:00Z"));
}

#[rstest]
#[case("post-balance-query", "225.35")]
#[case("ok.error-code-null", "0")]
#[tokio::test]
async fn the_wallet_is_counted_in_ten_thousandths(#[case] name: &str, #[case] expected: &str) {
    let server = sample("/balance/query", name).await;
    let balance = esim_access(&server.uri()).balance().await.unwrap();
    assert_eq!(balance, usd(expected));
}

#[tokio::test]
async fn the_address_of_events_is_read() {
    let body = r#"{"success":true,"obj":{"webhook":"https://hooks.shop.example/x"}}"#;
    let server = serving("/webhook/query", json(200, body)).await;
    let found = esim_access(&server.uri()).find_webhook().await.unwrap();
    assert_eq!(found.as_deref(), Some("https://hooks.shop.example/x"));
    for body in [
        r#"{"success":true,"obj":{}}"#,
        r#"{"success":true,"obj":{"webhook":""}}"#,
    ] {
        let server = serving("/webhook/query", json(200, body)).await;
        assert_eq!(
            esim_access(&server.uri()).find_webhook().await.unwrap(),
            None
        );
    }
}
