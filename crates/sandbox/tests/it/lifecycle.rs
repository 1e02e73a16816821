//! An eSIM from purchase to its end, on a clock that is moved by hand.

use jiff::SignedDuration;
use roamport_sandbox::world::{ApplyTarget, EsimState, Purchase, Refusal};
use roamport_sandbox::{World, WorldError};
use serde_json::json;

use crate::harness::*;

fn applied(world: &World, package: &str) -> String {
    let order = world.purchase(&Purchase::order(package, 1, "one")).unwrap();
    let esim = order.items[0].esim_id.clone();
    world.apply(&ApplyTarget::Esim(esim.clone()), None).unwrap();
    esim
}

fn state(world: &World, esim: &str) -> EsimState {
    world
        .find_esim(esim)
        .unwrap()
        .unwrap()
        .state(world.now().unwrap())
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, WorldError>, expected: &Refusal) {
    match outcome {
        Err(WorldError::Refused(refusal)) => assert_eq!(refusal, *expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn validity_starts_at_first_use_and_ends_by_the_clock() {
    let world = small().build().unwrap();
    let esim = applied(&world, PORTUGAL_1GB);
    assert_eq!(state(&world, &esim), EsimState::Ready);
    world.install(&esim).unwrap();
    world.advance(SignedDuration::from_hours(24 * 30)).unwrap();
    assert_eq!(
        state(&world, &esim),
        EsimState::Installed,
        "days before the first use do not count"
    );
    let active = world.activate(&esim).unwrap();
    let week = SignedDuration::from_hours(24 * 7);
    assert_eq!(active.expires_at(), Some(world.now().unwrap() + week));
    world.advance(week - SignedDuration::from_secs(1)).unwrap();
    assert_eq!(state(&world, &esim), EsimState::Installed);
    world.advance(SignedDuration::from_secs(1)).unwrap();
    assert_eq!(state(&world, &esim), EsimState::Expired);
    refused(world.use_data(&esim, 1), &Refusal::Expired);
    refused(world.install(&esim), &Refusal::Expired);
}

#[test]
fn a_profile_nobody_installs_ends_after_a_year() {
    let world = small().build().unwrap();
    let esim = applied(&world, PORTUGAL_1GB);
    world.advance(SignedDuration::from_hours(24 * 365)).unwrap();
    assert_eq!(state(&world, &esim), EsimState::Expired);
}

#[test]
fn nothing_can_be_done_with_an_esim_that_has_no_profile() {
    let world = small().build().unwrap();
    let order = world
        .purchase(&Purchase::order(PORTUGAL_1GB, 1, "one"))
        .unwrap();
    let esim = &order.items[0].esim_id;
    assert_eq!(state(&world, esim), EsimState::New);
    refused(world.install(esim), &Refusal::NotApplied);
    refused(world.activate(esim), &Refusal::NotApplied);
    refused(world.use_data(esim, 1), &Refusal::NotApplied);
    refused(world.expire(esim), &Refusal::NotApplied);
    refused(world.install("nobody"), &Refusal::UnknownEsim);
}

#[test]
fn usage_is_counted_by_day_and_stops_at_the_allowance() {
    let world = small().build().unwrap();
    let esim = applied(&world, PORTUGAL_1GB);
    world.use_data(&esim, 300 * 1024).unwrap();
    world.use_data(&esim, 4 * 1024).unwrap();
    world.advance(SignedDuration::from_hours(24)).unwrap();
    let used = world.use_data(&esim, u64::MAX).unwrap();
    let days: Vec<(String, u64)> = used
        .used
        .iter()
        .map(|day| (day.date.to_string(), day.kilobytes / 1024))
        .collect();
    assert_eq!(
        days,
        [
            ("2026-11-18".to_owned(), 304),
            ("2026-11-19".to_owned(), 720)
        ]
    );
    assert_eq!(used.used[0].location, "Portugal");
    assert_eq!(used.used_kilobytes(), 1024 * 1024);
}

#[test]
fn a_top_up_adds_data_and_days() {
    let world = small().build().unwrap();
    let id = applied(&world, PORTUGAL_1GB);
    let iccid = world.activate(&id).unwrap().profile.unwrap().iccid;
    world
        .purchase(&Purchase::top_up(&iccid, PORTUGAL_3GB, "more"))
        .unwrap();
    let esim = world.find_esim(&id).unwrap().unwrap();
    assert_eq!(esim.allowed_kilobytes(), Some(4 * 1024 * 1024));
    assert_eq!(
        esim.expires_at(),
        Some(noon() + SignedDuration::from_hours(24 * 22))
    );
    world
        .purchase(&Purchase::top_up(
            &iccid,
            "esim-portugal-7days-ungb-all",
            "all",
        ))
        .unwrap();
    assert!(world.find_esim(&id).unwrap().unwrap().is_unlimited());
}

#[test]
fn a_package_with_calls_has_minutes_and_messages() {
    let world = small().build().unwrap();
    let esim = applied(&world, PORTUGAL_TALK);
    let allowance = &world.find_esim(&esim).unwrap().unwrap().allowances[0];
    assert_eq!(
        (allowance.sms, allowance.minutes, allowance.megabytes),
        (100, 60, Some(5 * 1024))
    );
}

#[test]
fn debug_shows_no_activation_code() {
    let world = small().build().unwrap();
    let esim = applied(&world, PORTUGAL_1GB);
    let shown = format!("{:?} {world:?}", world.find_esim(&esim).unwrap());
    assert!(
        !shown.contains("SANDBOX-") && !shown.contains(TOKEN),
        "{shown}"
    );
}

#[tokio::test]
async fn states_and_times_show_over_http() {
    let sandbox = Sandbox::small().await;
    let esim = sandbox.esim(PORTUGAL_1GB, "one").await;
    let iccid = text(&esim["iccid"]);
    let read = |path: &'static str| {
        let (sandbox, iccid) = (&sandbox, iccid);
        async move { sandbox.get(&format!("{path}?iccid={iccid}")).await }
    };
    assert_eq!(esim["expiredAt"], noon().as_second() + 365 * 86_400);
    assert_eq!(read("/api/esim/usage").await.data()["startedAt"], -1);
    sandbox.world.install(iccid).unwrap();
    sandbox
        .world
        .advance(SignedDuration::from_hours(1))
        .unwrap();
    sandbox.world.use_data(iccid, 512 * 1024).unwrap();
    assert_eq!(read("/api/esim").await.data()["status"], "INSTALLED");
    let usage = read("/api/esim/usage/details").await.data();
    assert_eq!(usage["startedAt"], noon().as_second() + 3_600);
    assert_eq!(usage["expiredAt"], noon().as_second() + 3_600 + 7 * 86_400);
    assert_eq!(
        usage["dataUsages"],
        json!([{ "date": "20261118", "usage": 512, "location": "Portugal" }])
    );
    let events = read("/api/esim/event").await.json();
    let words: Vec<&str> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| text(&event["status"]))
        .collect();
    assert_eq!(words, ["NEW", "DOWNLOADED", "INSTALLED", "ACTIVATED"]);
    assert_eq!(events["events"][3]["dateTime"], "2026-11-18 13:00:00");
    sandbox
        .world
        .advance(SignedDuration::from_hours(24 * 7))
        .unwrap();
    assert_eq!(read("/api/esim").await.data()["status"], "EXPIRED");
    assert_eq!(read("/api/esim/usage").await.data()["status"], "EXPIRED");
}
