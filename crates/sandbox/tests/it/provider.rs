//! The port over a world in the same process.

use std::num::NonZeroU16;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use jiff::SignedDuration;
use roamport_domain::esim::{PlanState, ProfileState};
use roamport_domain::provider::{
    Dedup, DestinationFilter, ErrorKind, EsimKey, EsimProvider, EsimProviderExt as _, Line,
    OrderLookup, PackageQuery, ProviderError, ProviderOrderStatus, ProvisionRequest, Purchase,
    PurchaseRequest, SendWindow, TopUpQuery, UsageQuery,
};
use roamport_domain::{
    CountryCode, DataSize, Esim, EsimId, Iccid, Monotonic, PackageId, Reference, package,
};
use roamport_sandbox::switches::{Switches, Tolerance};
use roamport_sandbox::{Fault, Lasting, Operation, Rule, SandboxProvider, World};
use rust_decimal::Decimal;

use crate::harness::*;

fn provider(world: &World) -> SandboxProvider {
    SandboxProvider::new(world.clone())
}

/// Without a clock of its own the provider compares with the machine's: a window for all times.
fn window() -> SendWindow {
    SendWindow {
        opens_at: jiff::Timestamp::MIN,
        closes_at: jiff::Timestamp::MAX,
        closes_at_monotonic: Monotonic::at(Duration::MAX),
    }
}

fn package_id(id: &str) -> PackageId {
    PackageId::parse(id).unwrap()
}

fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

async fn request(provider: &SandboxProvider, package: &str, quantity: u16) -> Purchase {
    let unit_price = provider
        .find_package(&package_id(package))
        .await
        .unwrap()
        .unwrap()
        .price;
    Purchase {
        reference: reference("shop-1"),
        request: PurchaseRequest::PlaceOrder {
            lines: vec![Line {
                package: package_id(package),
                quantity: NonZeroU16::new(quantity).unwrap(),
                unit_price,
                days: None,
            }],
            start_date: None,
        },
        window: window(),
        replays: false,
    }
}

/// The first line of an order, to change.
fn line(purchase: &mut Purchase) -> &mut Line {
    match &mut purchase.request {
        PurchaseRequest::PlaceOrder { lines, .. } => &mut lines[0],
        PurchaseRequest::TopUp { .. } => panic!("a top-up has no lines"),
    }
}

fn provision(esim: &EsimId) -> ProvisionRequest {
    ProvisionRequest {
        esim: esim.clone(),
        start_date: None,
    }
}

async fn bought(provider: &SandboxProvider, package: &str) -> Esim {
    let request = request(provider, package, 1).await;
    let order = provider.purchase(&request).await.unwrap();
    let esim = order.items[0].esim.clone().unwrap();
    provider.provision(&provision(&esim)).await.unwrap()
}

#[tokio::test]
async fn the_flow_in_process_charges_what_it_shows() {
    let world = small().build().unwrap();
    let provider = provider(&world);
    let request = request(&provider, PORTUGAL_1GB, 2).await;
    let order = provider.purchase(&request).await.unwrap();
    assert_eq!(order.status, ProviderOrderStatus::Completed);
    assert_eq!(order.total, request.request.total());
    assert_eq!(
        (order.items.len(), order.reference.clone()),
        (2, Some(reference("shop-1")))
    );

    let mut esims = Vec::new();
    for item in &order.items {
        let request = provision(item.esim.as_ref().unwrap());
        esims.push(provider.provision(&request).await.unwrap());
    }
    assert!(esims.iter().all(Esim::is_ready));
    let key = EsimKey::from_iccid(esims[0].iccid().unwrap().clone());
    world.use_data(esims[0].id().as_str(), 100 * 1024).unwrap();
    let usage = provider
        .usage(&UsageQuery {
            esim: key.clone(),
            daily: true,
        })
        .await
        .unwrap();
    assert_eq!(
        (usage.data.allowed, usage.data.remaining),
        (Some(1024.into()), Some(924.into()))
    );
    assert_eq!((usage.plan, usage.daily.len()), (PlanState::Active, 1));

    let fitting: Vec<_> = provider
        .top_up_packages(TopUpQuery::all(key.clone()))
        .try_collect()
        .await
        .unwrap();
    assert!(
        fitting
            .iter()
            .all(|package| package.destination().name == "Portugal"
                && !package.flags.travel_date_required)
    );
    let more = fitting
        .iter()
        .find(|package| package.id.as_str() == PORTUGAL_3GB)
        .unwrap();
    let top_up = Purchase {
        reference: reference("shop-1-more"),
        request: PurchaseRequest::TopUp {
            esim: esims[0].id().clone(),
            iccid: None,
            package: more.id.clone(),
            unit_price: more.price,
            days: None,
        },
        window: window(),
        replays: false,
    };
    let topped = provider.purchase(&top_up).await.unwrap();
    assert_eq!(
        (topped.total, topped.items[0].esim.clone()),
        (Some(more.price), None)
    );

    let left = Decimal::from(1_000) - order.total.unwrap().amount() - more.price.amount();
    assert_eq!(provider.balance().await.unwrap().amount(), left.normalize());
    let read = provider.esim(&key).await.unwrap();
    assert_eq!(
        (read.profile(), read.report().top_up),
        (&ProfileState::Installed, Some(true))
    );
    assert!(
        read.report()
            .notes
            .iter()
            .any(|note| note.contains("no real money"))
    );
}

#[tokio::test]
async fn orders_are_found_by_reference_id_and_time() {
    let world = careless().build().unwrap();
    let provider = provider(&world);
    let request = request(&provider, PORTUGAL_1GB, 1).await;
    let first = provider.purchase(&request).await.unwrap();
    world.advance(SignedDuration::from_secs(60)).unwrap();
    provider.purchase(&request).await.unwrap();
    let count = async |lookup: OrderLookup| {
        let found = provider.find_orders(&lookup).await.unwrap();
        assert!(found.complete);
        found.orders.len()
    };
    let by_reference = |text| OrderLookup::Reference {
        reference: reference(text),
        not_before: noon(),
    };
    assert_eq!(count(by_reference("shop-1")).await, 2);
    assert_eq!(count(by_reference("shop")).await, 0);
    assert_eq!(count(OrderLookup::Id(first.id)).await, 1);
    assert_eq!(
        count(OrderLookup::Since(noon() + SignedDuration::from_secs(1))).await,
        1
    );
    assert_eq!(provider.capabilities().dedup, Dedup::None);
    world.set_switches(Switches::default()).unwrap();
    assert_eq!(provider.capabilities().dedup, Dedup::Rejects);
}

#[tokio::test]
async fn a_catalogue_streams_whole_and_filtered() {
    let world = small().packages(333).build().unwrap();
    let provider = provider(&world);
    let all: Vec<_> = provider
        .packages(PackageQuery::default())
        .try_collect()
        .await
        .unwrap();
    let expected: Vec<_> = world
        .catalogue()
        .packages()
        .map(|package| package.id)
        .collect();
    assert_eq!(
        all.iter()
            .map(|package| package.id.as_str())
            .collect::<Vec<_>>(),
        expected
    );
    assert_eq!(world.calls(Operation::Packages), 7);
    let mut listing = provider.packages(PackageQuery::default());
    assert_eq!(listing.by_ref().count().await, 333);
    assert!(
        listing.next().await.is_none(),
        "an ended listing stays ended"
    );
    let count = async |query: PackageQuery| {
        let found: Vec<package::Package> = provider.packages(query).try_collect().await.unwrap();
        found.len()
    };
    let kenya = PackageQuery {
        country: CountryCode::parse("KE").ok(),
        ..PackageQuery::default()
    };
    let by_name = PackageQuery {
        destination_name: Some("Kenya".to_owned()),
        ..PackageQuery::default()
    };
    assert_eq!(count(kenya.clone()).await, count(by_name).await);
    let shared = PackageQuery {
        destination_code: Some("KE".to_owned()),
        ..PackageQuery::default()
    };
    assert!(
        count(shared).await > count(kenya.clone()).await,
        "the region has the same code"
    );
    let data = DataSize::GIBIBYTE.checked_times(3);
    assert_eq!(
        count(PackageQuery {
            data,
            days: Some(15),
            ..kenya.clone()
        })
        .await,
        1
    );
    assert_eq!(
        count(PackageQuery {
            data,
            unlimited: true,
            ..PackageQuery::default()
        })
        .await,
        0
    );
    let odd = Some(DataSize::from_bytes(1_000_000_000));
    assert_eq!(
        count(PackageQuery {
            data: odd,
            ..PackageQuery::default()
        })
        .await,
        0
    );
    assert_eq!(
        count(PackageQuery::one(package_id("esim-nowhere-7days-1gb-all"))).await,
        0
    );
    let regions = DestinationFilter {
        geography: Some(package::Geography::Regional),
    };
    let regions = provider.destinations(&regions).await.unwrap();
    assert!(
        !regions.is_empty()
            && regions
                .iter()
                .all(|place| place.place == package::Place::Region)
    );
}

#[tokio::test]
async fn a_page_that_fails_for_now_is_asked_for_again_and_one_that_fails_ends_the_stream() {
    let world = small().build().unwrap();
    let provider = provider(&world);
    let limited = Fault::RateLimit {
        retry_after: Some(2),
    };
    world
        .add_fault(Rule::new(Operation::Packages, limited).skip(1))
        .unwrap();
    let items: Vec<_> = provider.packages(PackageQuery::default()).collect().await;
    let errors: Vec<&ProviderError> = items
        .iter()
        .filter_map(|item| item.as_ref().err())
        .collect();
    assert_eq!((items.len(), errors.len()), (61, 1));
    assert_eq!(errors[0].retry_after(), Some(Duration::from_secs(2)));

    world
        .add_fault(Rule::new(Operation::Packages, Fault::BrokenJson).skip(1))
        .unwrap();
    let items: Vec<_> = provider.packages(PackageQuery::default()).collect().await;
    assert_eq!(items.len(), 51);
    assert_eq!(
        items[50].as_ref().unwrap_err().kind(),
        ErrorKind::InvalidResponse
    );
}

#[tokio::test]
async fn every_fault_of_a_purchase_has_its_kind_and_its_charge() {
    let status = |status| Fault::StatusBeforeEffect {
        status,
        body: None,
        retry_after: None,
    };
    let insufficient = Some("Insufficient partner balance".to_owned());
    for (fault, kind, charges) in [
        (Fault::DropAfterEffect, ErrorKind::Ambiguous, 1),
        (Fault::DropBeforeEffect, ErrorKind::Ambiguous, 0),
        (Fault::LateEffect { ms: 1_000 }, ErrorKind::Ambiguous, 0),
        (Fault::BrokenJson, ErrorKind::Ambiguous, 1),
        (Fault::Html { status: 200 }, ErrorKind::Ambiguous, 1),
        (Fault::HtmlError { status: 502 }, ErrorKind::Ambiguous, 0),
        (
            Fault::FailureBodyWith200 {
                message: "no".to_owned(),
            },
            ErrorKind::Ambiguous,
            0,
        ),
        (
            Fault::StatusAfterEffect {
                status: 500,
                body: None,
                retry_after: None,
            },
            ErrorKind::Ambiguous,
            1,
        ),
        (
            Fault::StatusBeforeEffect {
                status: 409,
                body: insufficient,
                retry_after: None,
            },
            ErrorKind::InsufficientFunds,
            0,
        ),
        (status(500), ErrorKind::Ambiguous, 0),
        (status(429), ErrorKind::Ambiguous, 0),
        (status(409), ErrorKind::Ambiguous, 0),
        (status(402), ErrorKind::InsufficientFunds, 0),
        (status(401), ErrorKind::Unauthorized, 0),
        (status(400), ErrorKind::Rejected, 0),
        (status(404), ErrorKind::NotFound, 0),
        (
            Fault::RateLimit { retry_after: None },
            ErrorKind::RateLimited,
            0,
        ),
    ] {
        let world = small().build().unwrap();
        let provider = provider(&world);
        let request = request(&provider, PORTUGAL_1GB, 1).await;
        world
            .add_fault(Rule::new(Operation::Order, fault.clone()))
            .unwrap();
        let error = provider.purchase(&request).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}");
        assert_eq!(world.ledger().unwrap().len(), charges, "{fault:?}");
        world.advance(SignedDuration::from_secs(1)).unwrap();
        let late = usize::from(matches!(fault, Fault::LateEffect { .. }));
        assert_eq!(world.ledger().unwrap().len(), charges + late, "{fault:?}");
    }
}

#[tokio::test]
async fn every_fault_of_a_read_has_its_kind() {
    let status = |status| Fault::StatusBeforeEffect {
        status,
        body: None,
        retry_after: None,
    };
    for (fault, kind) in [
        (Fault::DropAfterEffect, ErrorKind::Unavailable),
        (Fault::HtmlError { status: 502 }, ErrorKind::Unavailable),
        (Fault::Html { status: 200 }, ErrorKind::InvalidResponse),
        (Fault::BrokenJson, ErrorKind::InvalidResponse),
        (status(503), ErrorKind::Unavailable),
        (status(429), ErrorKind::RateLimited),
        (status(403), ErrorKind::Unauthorized),
        (status(302), ErrorKind::InvalidResponse),
    ] {
        let world = small().build().unwrap();
        world
            .add_fault(Rule::new(Operation::Balance, fault.clone()))
            .unwrap();
        let error = provider(&world).balance().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}");
    }
}

#[tokio::test]
async fn refusals_have_their_kinds_and_charge_nothing() {
    let world = small().balance("30").build().unwrap();
    let provider = provider(&world);
    let good = request(&provider, PORTUGAL_1GB, 1).await;
    let kind = async |request: Purchase| provider.purchase(&request).await.unwrap_err().kind();
    let mut unknown = good.clone();
    line(&mut unknown).package = package_id("esim-nowhere-7days-1gb-all");
    assert_eq!(kind(unknown).await, ErrorKind::NotFound);
    assert_eq!(
        kind(request(&provider, PORTUGAL_1GB, 11).await).await,
        ErrorKind::Rejected
    );
    assert_eq!(
        kind(request(&provider, "esim-global-30days-20gb-all", 10).await).await,
        ErrorKind::InsufficientFunds
    );
    let closed = SendWindow {
        closes_at: jiff::Timestamp::MIN,
        ..window()
    };
    assert_eq!(
        kind(Purchase {
            window: closed,
            ..good.clone()
        })
        .await,
        ErrorKind::Unavailable
    );
    assert!(world.ledger().unwrap().is_empty());
    provider.purchase(&good).await.unwrap();
    assert_eq!(
        kind(good).await,
        ErrorKind::Ambiguous,
        "there is an order under this reference"
    );
    assert_eq!(world.ledger().unwrap().len(), 1);
    let nobody = EsimKey::from_iccid(Iccid::parse("8988303000001234567").unwrap());
    assert_eq!(
        provider.esim(&nobody).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn what_an_esim_cannot_do_is_unsupported() {
    let world = small().build().unwrap();
    let provider = provider(&world);
    let esim = bought(&provider, KENYA_NO_USAGE).await;
    let key = EsimKey::from_id(esim.id().clone());
    assert_eq!(
        (esim.report().top_up, esim.report().usage_readable),
        (Some(false), Some(false))
    );
    let usage = provider
        .usage(&UsageQuery {
            esim: key.clone(),
            daily: false,
        })
        .await
        .unwrap_err();
    assert_eq!(usage.kind(), ErrorKind::Unsupported);
    let listed: Vec<_> = provider
        .top_up_packages(TopUpQuery::all(key))
        .collect()
        .await;
    assert_eq!(
        (listed.len(), listed[0].as_ref().unwrap_err().kind()),
        (1, ErrorKind::Unsupported)
    );
}

#[tokio::test]
async fn a_profile_under_way_is_pending_and_no_error() {
    let world = small().build().unwrap();
    let provider = provider(&world);
    let request = request(&provider, PORTUGAL_1GB, 1).await;
    let order = provider.purchase(&request).await.unwrap();
    let id = order.items[0].esim.clone().unwrap();
    let key = EsimKey::from_id(id.clone());
    assert_eq!(
        provider.esim(&key).await.unwrap().profile(),
        &ProfileState::Unprovisioned
    );
    let pending = Fault::PendingProfile {
        ms: Lasting::Milliseconds(90_000),
    };
    world
        .add_fault(Rule::new(Operation::Apply, pending))
        .unwrap();
    let made = provider.provision(&provision(&id)).await.unwrap();
    assert_eq!(
        (made.profile(), made.activation()),
        (&ProfileState::Generating, None)
    );
    world.advance(SignedDuration::from_secs(90)).unwrap();
    assert!(provider.esim(&key).await.unwrap().is_ready());
}

#[tokio::test]
async fn a_travel_date_reaches_the_profile() {
    let world = small().build().unwrap();
    let provider = provider(&world);
    let request = request(&provider, KENYA_TRAVEL_DATE, 1).await;
    let order = provider.purchase(&request).await.unwrap();
    let id = order.items[0].esim.clone().unwrap();
    let error = provider.provision(&provision(&id)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let dated = ProvisionRequest {
        start_date: Some("2026-12-01".parse().unwrap()),
        ..provision(&id)
    };
    assert!(provider.provision(&dated).await.unwrap().is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_stall_waits_in_a_time_that_tests_can_pause() {
    let world = careless().build().unwrap();
    let provider = provider(&world);
    let request = request(&provider, PORTUGAL_1GB, 1).await;
    world
        .add_fault(Rule::new(Operation::Order, Fault::Stall { ms: 3_600_000 }))
        .unwrap();
    let started = tokio::time::Instant::now();
    let waited = tokio::time::timeout(Duration::from_mins(1), provider.purchase(&request)).await;
    assert!(waited.is_err());
    assert_eq!(started.elapsed(), Duration::from_mins(1));
    assert_eq!(
        world.ledger().unwrap().len(),
        1,
        "charged before the answer"
    );
}

#[tokio::test]
async fn states_nobody_has_documented_come_through_as_they_are() {
    let world = small().build().unwrap();
    let provider = provider(&world);
    let request = request(&provider, PORTUGAL_1GB, 1).await;
    let unknown = || Fault::UnknownState {
        state: "QUANTUM".to_owned(),
    };
    world
        .add_faults([
            Rule::new(Operation::Order, unknown()),
            Rule::new(Operation::Apply, unknown()),
        ])
        .unwrap();
    let order = provider.purchase(&request).await.unwrap();
    assert_eq!(
        order.status,
        ProviderOrderStatus::Other("QUANTUM".to_owned())
    );
    let esim = provider
        .provision(&provision(&order.items[0].esim.clone().unwrap()))
        .await
        .unwrap();
    assert_eq!(esim.profile(), &ProfileState::Other("QUANTUM".to_owned()));
    let tolerance = world.switches().unwrap().duplicate_reference;
    assert_eq!(tolerance, Tolerance::Refused);
}
