//! What the second provider brought into the port and the world, in process and in the state file.

use std::num::NonZeroU16;
use std::time::Duration;

use futures::TryStreamExt as _;
use jiff::SignedDuration;
use roamport_domain::esim::{PlanState, ProfileState};
use roamport_domain::package::DayRange;
use roamport_domain::provider::{
    CancelRequest, Dedup, ErrorKind, EsimKey, EsimProvider, EsimProviderExt as _, Line,
    PackageQuery, ProvisionRequest, Purchase, PurchaseRequest, Refund, SendWindow, TopUpQuery,
};
use roamport_domain::{DataAllowance, Esim, EsimId, Iccid, Monotonic, PackageId, Reference};
use roamport_sandbox::switches::Switches;
use roamport_sandbox::world::{
    self, EsimState, Hook, OrderDetails, Profiles, PurchaseLine, WorldBuilder,
};
use roamport_sandbox::{Dialect, Fault, Operation, Rule, SandboxProvider, World};
use rust_decimal::Decimal;

use crate::esim_access::DAILY;
use crate::harness::*;

/// A provider that replays references, guards prices and sells by the day.
fn second() -> WorldBuilder {
    small().switches(Switches {
        replays_references: true,
        price_guard: true,
        day_passes: true,
        ..Switches::default()
    })
}

fn provider(builder: WorldBuilder) -> SandboxProvider {
    SandboxProvider::new(builder.build().unwrap())
}

fn window() -> SendWindow {
    SendWindow {
        opens_at: jiff::Timestamp::MIN,
        closes_at: jiff::Timestamp::MAX,
        closes_at_monotonic: Monotonic::at(Duration::MAX),
    }
}

async fn request(
    provider: &SandboxProvider,
    package: &str,
    days: Option<u16>,
    reference: &str,
) -> Purchase {
    let package = PackageId::parse(package).unwrap();
    let found = provider.find_package(&package).await.unwrap().unwrap();
    Purchase {
        reference: Reference::parse(reference).unwrap(),
        request: PurchaseRequest::PlaceOrder {
            lines: vec![Line {
                package,
                quantity: NonZeroU16::MIN,
                unit_price: found.price,
                days,
            }],
            start_date: None,
        },
        window: window(),
        replays: false,
    }
}

async fn bought(provider: &SandboxProvider, package: &str, reference: &str) -> Esim {
    let request = request(provider, package, None, reference).await;
    let order = provider.purchase(&request).await.unwrap();
    let esim = order.items[0].esim.clone().unwrap();
    provision(provider, esim).await
}

async fn provision(provider: &SandboxProvider, esim: EsimId) -> Esim {
    let request = ProvisionRequest {
        esim,
        start_date: None,
    };
    provider.provision(&request).await.unwrap()
}

fn cancel(esim: &Esim) -> CancelRequest {
    CancelRequest {
        esim: EsimKey::from_id(esim.id().clone()),
    }
}

#[test]
fn capabilities_follow_the_switches() {
    let usual = provider(small()).capabilities();
    assert_eq!(usual.dedup, Dedup::Rejects);
    assert_eq!(usual.cancellation, Some(Refund::AtOnce));
    assert_eq!(usual.usage.unwrap().batch, NonZeroU16::new(10));
    assert!(!usual.price_guard && !usual.webhooks);
    let other = provider(second()).capabilities();
    assert_eq!(other.dedup, Dedup::Replays { window: None });
    assert!(other.price_guard);
    let mut switches = Switches {
        replays_references: true,
        cancellation: false,
        usage_batch: None,
        ..Switches::default()
    };
    switches.esim_access.transaction_memory_ms = Some(60_000);
    let bare = provider(small().switches(switches)).capabilities();
    let window = Some(Duration::from_mins(1));
    assert_eq!(bare.dedup, Dedup::Replays { window });
    assert_eq!(bare.cancellation, None);
    assert_eq!(bare.usage.unwrap().batch, None);
}

#[tokio::test]
async fn an_esim_is_given_back_once_and_repeating_is_harmless() {
    let provider = provider(small());
    let full = provider.balance().await.unwrap();
    let esim = bought(&provider, PORTUGAL_3GB, "shop-1").await;
    let first = provider.cancel(&cancel(&esim)).await.unwrap();
    let again = provider.cancel(&cancel(&esim)).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(first.refund, Refund::AtOnce);
    let paid = provider.world().charges_for("shop-1").unwrap()[0].amount;
    assert_eq!(first.amount.unwrap().amount(), paid);
    assert_eq!(provider.balance().await.unwrap(), full);
    assert_eq!(provider.world().refunds().unwrap().len(), 1);
    let key = EsimKey::from_id(esim.id().clone());
    let seen = provider.esim(&key).await.unwrap();
    assert_eq!(seen.plan(), &PlanState::Cancelled);
    assert_eq!(seen.profile(), &ProfileState::Revoked);
    assert!(!seen.is_ready());
}

#[tokio::test]
async fn what_is_installed_is_not_given_back_and_a_lost_answer_may_have_been() {
    let provider = provider(small());
    let used = bought(&provider, PORTUGAL_3GB, "used").await;
    provider.world().install(used.id().as_str()).unwrap();
    let refused = provider.cancel(&cancel(&used)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Rejected);
    let nobody = CancelRequest {
        esim: EsimKey::from_id(EsimId::parse("nobody").unwrap()),
    };
    let unknown = provider.cancel(&nobody).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    let lost = bought(&provider, PORTUGAL_3GB, "lost").await;
    provider
        .world()
        .add_fault(Rule::new(Operation::Cancel, Fault::DropAfterEffect))
        .unwrap();
    let error = provider.cancel(&cancel(&lost)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert_eq!(provider.world().refunds().unwrap().len(), 1);
    let mut switches = provider.world().switches().unwrap();
    switches.cancellation = false;
    provider.world().set_switches(switches).unwrap();
    let error = provider.cancel(&cancel(&lost)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn usage_comes_in_the_order_that_was_asked_for() {
    let provider = provider(small());
    let one = bought(&provider, PORTUGAL_3GB, "one").await;
    let silent = bought(&provider, KENYA_NO_USAGE, "silent").await;
    let two = bought(&provider, PORTUGAL_1GB, "two").await;
    provider.world().use_data(two.id().as_str(), 2048).unwrap();
    let key = |esim: &Esim| EsimKey::from_id(esim.id().clone());
    let nobody = EsimKey::from_iccid(Iccid::parse("8900000000000000000").unwrap());
    let asked = [key(&two), nobody, key(&silent), key(&one)];
    let usages = provider.usage_batch(&asked).await.unwrap();
    let ids: Vec<_> = usages
        .iter()
        .map(|usage| usage.as_ref().and_then(|usage| usage.esim.clone()))
        .collect();
    assert_eq!(
        ids,
        [Some(two.id().clone()), None, None, Some(one.id().clone())]
    );
    let used = usages[0].as_ref().unwrap().data;
    assert_eq!(used.remaining, Some(Decimal::from(1022)));
    let eleven = vec![key(&one); 11];
    let error = provider.usage_batch(&eleven).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(provider.usages(&eleven).await.unwrap().len(), 11);
}

#[tokio::test]
async fn a_price_that_moved_is_refused_only_where_the_guard_is_up() {
    for (builder, charged) in [(second(), 0), (small(), 1)] {
        let provider = provider(builder);
        let request = request(&provider, PORTUGAL_3GB, None, "shop-1").await;
        let dearer = Fault::PriceChange { percent: 10 };
        provider
            .world()
            .add_fault(Rule::new(Operation::Order, dearer))
            .unwrap();
        let outcome = provider.purchase(&request).await;
        assert_eq!(provider.world().ledger().unwrap().len(), charged);
        match outcome {
            Ok(_) => assert_eq!(charged, 1),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Rejected);
                assert!(error.to_string().contains("nothing was charged"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_repeated_reference_answers_the_first_order() {
    let provider = provider(second());
    let request = request(&provider, PORTUGAL_3GB, None, "shop-1").await;
    let first = provider.purchase(&request).await.unwrap();
    let again = provider.purchase(&request).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(provider.world().charges_for("shop-1").unwrap().len(), 1);
}

#[tokio::test]
async fn a_day_pass_is_listed_bought_and_topped_up_by_the_day() {
    let provider = provider(second());
    let all: Vec<_> = provider
        .packages(PackageQuery::default())
        .try_collect()
        .await
        .unwrap();
    let catalogue = provider.world().catalogue();
    assert_eq!(all.len(), catalogue.len() + catalogue.day_passes().count());
    let pass = provider
        .find_package(&PackageId::parse(DAILY).unwrap())
        .await
        .unwrap()
        .unwrap();
    let range = DayRange {
        least: 1,
        most: 365,
    };
    assert_eq!(pass.by_day, Some(range));
    assert!(matches!(pass.data, DataAllowance::Daily { .. }));
    let request = request(&provider, DAILY, Some(7), "shop-1").await;
    let order = provider.purchase(&request).await.unwrap();
    assert_eq!(order.total, request.request.total());
    let esim = provision(&provider, order.items[0].esim.clone().unwrap()).await;
    let key = EsimKey::from_id(esim.id().clone());
    let top_ups: Vec<_> = provider
        .top_up_packages(TopUpQuery::all(key.clone()))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(top_ups.len(), 1);
    let top_up = Purchase {
        reference: Reference::parse("shop-2").unwrap(),
        request: PurchaseRequest::TopUp {
            esim: esim.id().clone(),
            iccid: None,
            package: top_ups[0].id.clone(),
            unit_price: top_ups[0].price,
            days: Some(2),
        },
        window: window(),
        replays: false,
    };
    provider.purchase(&top_up).await.unwrap();
    let plans = provider.esim(&key).await.unwrap().report().plans.clone();
    let days: Vec<_> = plans.iter().map(|plan| plan.days).collect();
    assert_eq!(days, [Some(7), Some(2)]);
    let mut without = request.clone();
    without.reference = Reference::parse("shop-3").unwrap();
    let PurchaseRequest::PlaceOrder { lines, .. } = &mut without.request else {
        panic!("an order")
    };
    lines[0].days = None;
    let error = provider.purchase(&without).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let hidden = self::provider(small());
    let none = hidden
        .find_package(&PackageId::parse(DAILY).unwrap())
        .await
        .unwrap();
    assert!(none.is_none());
}

#[test]
fn day_passes_are_priced_in_ten_thousandths_and_found_by_their_ids() {
    let world = small().packages(28_000).build().unwrap();
    let catalogue = world.catalogue();
    let mut count = 0;
    for pass in catalogue.day_passes() {
        assert_eq!(catalogue.find(&pass.id).as_ref(), Some(&pass));
        assert!(!pass.price.fract().is_zero() && pass.price.scale() <= 4);
        assert!(pass.price > Decimal::ZERO);
        assert_ne!(pass.price, pass.price.round_dp(2), "{}", pass.id);
        count += 1;
    }
    assert_eq!(count, 3 * catalogue.groups().len());
    assert!(catalogue.find("esim-portugal-daily-7gb-all").is_none());
    assert_eq!(catalogue.packages_in(Dialect::Roamify).count(), 28_000);
}

/// A file that the release before the second dialect wrote, line by line as it was.
#[test]
fn a_file_of_the_release_before_still_loads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.jsonl");
    std::fs::write(&path, include_str!("samples/state.version-1.jsonl")).unwrap();
    let world = World::builder().packages(60).state(&path).build().unwrap();
    assert_eq!(world.ledger().unwrap().len(), 2);
    assert_eq!(world.balance().unwrap(), Decimal::new(4_498, 2));
    let esim = world.esims().unwrap().remove(0);
    assert_eq!(esim.state(world.now().unwrap()), EsimState::Installed);
    assert_eq!(esim.transaction(), esim.id, "it has no number of its own");
    assert_eq!(esim.allowances.len(), 2);
    let switches = world.switches().unwrap();
    assert_eq!(switches.esim_access, Switches::default().esim_access);
    // The purchase that was scheduled happens in this release.
    world.advance(SignedDuration::from_mins(2)).unwrap();
    assert_eq!(world.charges_for("late").unwrap().len(), 1);
    world.revoke(&esim.id).unwrap();
    drop(world);
    let again = World::builder().packages(60).state(&path).build().unwrap();
    assert_eq!(again.ledger().unwrap().len(), 3);
    assert!(again.esims().unwrap()[0].revoked_at.is_some());
}

#[test]
fn everything_new_survives_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.jsonl");
    let open = || small().state(&path).build().unwrap();
    let world = open();
    world
        .set_hook(Hook {
            dialect: Dialect::EsimAccess,
            url: "http://127.0.0.1:1/".to_owned(),
            secret: None,
        })
        .unwrap();
    let details = OrderDetails {
        reference: Some("ref".to_owned()),
        lines: vec![PurchaseLine {
            package_id: PORTUGAL_3GB.to_owned(),
            quantity: 2,
            days: None,
            unit_price: None,
        }],
        profiles: Profiles::Allocated,
        replays: true,
        ..OrderDetails::default()
    };
    let order = world
        .purchase(&world::Purchase::Order(details.clone()))
        .unwrap();
    world.advance(SignedDuration::from_secs(1)).unwrap();
    let (one, two) = (&order.items[0].esim_id, &order.items[1].esim_id);
    world.cancel(one).unwrap();
    world.suspend(two).unwrap();
    let mut switches = world.switches().unwrap();
    switches.reuse_iccids = true;
    switches.esim_access.allocation_ms = 7;
    world.set_switches(switches.clone()).unwrap();

    let other = open();
    assert_eq!(other.refunds().unwrap(), world.refunds().unwrap());
    assert_eq!(other.refunds().unwrap().len(), 1);
    assert_eq!(other.esims().unwrap(), world.esims().unwrap());
    assert_eq!(other.balance().unwrap(), world.balance().unwrap());
    assert_eq!(other.switches().unwrap(), switches);
    assert_eq!(other.hooks().unwrap(), world.hooks().unwrap());
    // Idempotency holds across processes, and the card number comes back across them, too.
    let again = other
        .purchase(&world::Purchase::Order(details.clone()))
        .unwrap();
    assert_eq!(again, order);
    let fresh = OrderDetails {
        reference: Some("fresh".to_owned()),
        ..details
    };
    let fresh = other.purchase(&world::Purchase::Order(fresh)).unwrap();
    let iccid = |id: &str| {
        let esim = world.find_esim(id).unwrap().unwrap();
        esim.profile.unwrap().iccid
    };
    assert_eq!(iccid(&fresh.items[0].esim_id), iccid(one));
    world.reset().unwrap();
    assert!(other.refunds().unwrap().is_empty());
    assert!(other.hooks().unwrap().is_empty());
}
