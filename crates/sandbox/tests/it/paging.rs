//! The catalogue page by page: filters, caps, the end, and a list that moves while it is read.

use std::collections::BTreeSet;

use roamport_sandbox::switches::{PageCount, Switches, Tolerance};
use roamport_sandbox::{Fault, Operation, Rule};
use serde_json::Value;

use crate::harness::*;

fn ids(page: &Value) -> Vec<String> {
    let groups = page["packages"].as_array().unwrap().iter();
    groups
        .flat_map(|group| group["packages"].as_array().unwrap())
        .map(|package| text(&package["packageId"]).to_owned())
        .collect()
}

async fn page(sandbox: &Sandbox, query: &str) -> Vec<String> {
    ids(&sandbox
        .get(&format!("/api/esim/packages?{query}"))
        .await
        .data())
}

/// Reads pages until one is empty.
async fn all(sandbox: &Sandbox, size: usize) -> Vec<String> {
    let mut all = Vec::new();
    for number in 1..1_000 {
        let page = page(sandbox, &format!("page={number}&pageSize={size}")).await;
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
    panic!("the list has no end");
}

fn switch(sandbox: &Sandbox, change: impl FnOnce(&mut Switches)) {
    let mut switches = sandbox.world.switches().unwrap();
    change(&mut switches);
    sandbox.world.set_switches(switches).unwrap();
}

fn catalogue(sandbox: &Sandbox) -> Vec<String> {
    sandbox
        .world
        .catalogue()
        .packages()
        .map(|package| package.id)
        .collect()
}

#[tokio::test]
async fn the_pages_together_are_the_catalogue() {
    let sandbox = Sandbox::of(small().packages(333)).await;
    assert_eq!(page(&sandbox, "").await.len(), 50);
    for size in [7, 50, 111, 333, 1_000] {
        assert_eq!(all(&sandbox, size).await, catalogue(&sandbox), "{size}");
    }
}

#[tokio::test]
async fn a_group_that_a_page_cuts_is_continued_under_its_id() {
    let sandbox = Sandbox::small().await;
    let first = sandbox.get("/api/esim/packages?pageSize=5").await.data();
    let second = sandbox
        .get("/api/esim/packages?pageSize=5&page=2")
        .await
        .data();
    assert_eq!(first["packages"][0]["id"], "portugal-esims");
    assert_eq!(second["packages"][0]["id"], "portugal-esims");
    assert_eq!(second["packages"][1]["id"], "france-esims");
    assert_eq!(
        first["packages"][0]["maxPrice"],
        second["packages"][0]["maxPrice"]
    );
}

#[tokio::test]
async fn a_silent_cap_makes_every_page_short() {
    let sandbox = Sandbox::small().await;
    switch(&sandbox, |switches| switches.page_size_cap = Some(20));
    assert_eq!(page(&sandbox, "pageSize=50").await.len(), 20);
    assert_eq!(all(&sandbox, 50).await, catalogue(&sandbox));
    switch(&sandbox, |switches| switches.page_size_cap = None);
    sandbox
        .world
        .add_fault(Rule::new(
            Operation::Packages,
            Fault::CapPageSize { max: 3 },
        ))
        .unwrap();
    assert_eq!(page(&sandbox, "pageSize=50").await.len(), 3);
    assert_eq!(page(&sandbox, "pageSize=50").await.len(), 50);
}

#[tokio::test]
async fn behind_the_end_is_nothing_or_404_or_the_last_page_again() {
    let sandbox = Sandbox::small().await;
    let path = "/api/esim/packages?page=3&pageSize=50";
    assert!(page(&sandbox, "page=3&pageSize=50").await.is_empty());
    assert!(
        page(&sandbox, "page=9007199254740991&pageSize=9007199254740991")
            .await
            .is_empty()
    );
    switch(&sandbox, |switches| {
        switches.page_past_end = Tolerance::Refused;
    });
    assert_eq!(sandbox.get(path).await.status, 404);
    assert_eq!(
        sandbox
            .get("/api/esim/packages?country=Atlantis")
            .await
            .status,
        200,
        "no page beyond the first"
    );
    switch(&sandbox, |switches| switches.endless_pages = true);
    let last = page(&sandbox, "page=2&pageSize=50").await;
    assert_eq!(last.len(), 10);
    assert_eq!(page(&sandbox, "page=77&pageSize=50").await, last);
    switch(&sandbox, |switches| switches.endless_pages = false);
    sandbox
        .world
        .add_fault(Rule::new(Operation::Packages, Fault::EndlessPages))
        .unwrap();
    assert_eq!(page(&sandbox, "page=3&pageSize=50").await, last);
}

#[tokio::test]
async fn pages_may_count_groups() {
    let sandbox = Sandbox::small().await;
    switch(&sandbox, |switches| {
        switches.page_counts = PageCount::Groups;
    });
    let first = sandbox.get("/api/esim/packages?pageSize=2").await.data();
    assert_eq!(first["packages"].as_array().unwrap().len(), 2);
    assert_eq!(all(&sandbox, 2).await, catalogue(&sandbox));
}

#[tokio::test]
async fn a_list_that_rotates_repeats_rows_and_hides_others() {
    let sandbox = Sandbox::small().await;
    let rule = Rule::new(
        Operation::Packages,
        Fault::PageMoves {
            by: 20,
            insert: false,
        },
    );
    sandbox.world.add_fault(rule.skip(1)).unwrap();
    let read = all(&sandbox, 20).await;
    let first = &read[..20];
    assert_eq!(&read[20..40], first, "the second page repeats the first");
    let seen: BTreeSet<&String> = read.iter().collect();
    assert_eq!(
        (read.len(), seen.len()),
        (60, 40),
        "the last rows are now in front"
    );
    let again: BTreeSet<String> = all(&sandbox, 20).await.into_iter().collect();
    assert_eq!(again.len(), 60, "a second reading finds everything");
}

#[tokio::test]
async fn a_list_that_grows_in_front_repeats_rows_and_hides_none() {
    let sandbox = Sandbox::small().await;
    let rule = Rule::new(
        Operation::Packages,
        Fault::PageMoves {
            by: 7,
            insert: true,
        },
    );
    sandbox.world.add_fault(rule.skip(1)).unwrap();
    let read = all(&sandbox, 20).await;
    let seen: BTreeSet<&String> = read.iter().collect();
    assert_eq!((read.len(), seen.len()), (67, 60));
}

#[tokio::test]
async fn every_filter_narrows_the_list() {
    let sandbox = Sandbox::of(small().packages(2_000)).await;
    let count = |query: &'static str| {
        let sandbox = &sandbox;
        async move { page(sandbox, &format!("{query}&pageSize=5000")).await }
    };
    let kenya = count("country=Kenya").await;
    assert!(kenya.iter().all(|id| id.starts_with("esim-kenya-")) && !kenya.is_empty());
    let both = count("countryCode=KE").await;
    assert!(both.len() > kenya.len(), "the region shares the code");
    assert_eq!(count("country=Kenya&countryCode=KE").await, kenya);
    assert!(count("country=Kenya&countryCode=PT").await.is_empty());
    assert!(
        count("days=7")
            .await
            .iter()
            .all(|id| id.contains("-7days-"))
    );
    assert!(count("gbs=3").await.iter().all(|id| id.contains("-3gb-")));
    assert!(count("gbs=0.5").await.is_empty());
    let unlimited = count("isUnlimited=true&gbs=3").await;
    assert!(
        unlimited.iter().all(|id| id.contains("-un")) && !unlimited.is_empty(),
        "gbs is ignored"
    );
    assert_eq!(count("isUnlimited=false").await.len(), 2_000);
    let global = count("geography=global").await;
    assert!(global.iter().all(|id| id.starts_with("esim-global-")) && !global.is_empty());
    assert_eq!(
        count("packageId=esim-portugal-7days-1gb-all&days=90").await,
        [PORTUGAL_1GB]
    );
    assert!(
        count("packageId=esim-portugal-8days-77gb-all")
            .await
            .is_empty()
    );
    let europe = sandbox
        .get("/api/esim/countries?geography=regional")
        .await
        .data();
    assert!(
        europe["countries"]
            .as_array()
            .unwrap()
            .iter()
            .any(|country| country["code"] == "EUR")
    );
}
