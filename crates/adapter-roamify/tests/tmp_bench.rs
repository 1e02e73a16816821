//! temporary
#![allow(missing_docs, clippy::all, clippy::pedantic, clippy::unwrap_used, dead_code, reason = "temporary")]
use std::time::Instant;
use serde::Deserialize;

#[derive(Deserialize)] struct Env { status: String, data: Data }
#[derive(Deserialize)] struct Data { packages: Vec<Group> }
#[derive(Deserialize)] #[serde(rename_all="camelCase")] struct Group { id: String, country_name: String, country_code: String, country_slug: String, region: String, geography: String, min_price: f64, max_price: f64, image: String, signals: Vec<Signal>, packages: Vec<P> }
#[derive(Deserialize)] struct Signal { code: String, name: String, networks: Vec<String>, carriers: Vec<String> }
#[derive(Deserialize)] #[serde(rename_all="camelCase")] struct P { package_id: String, package: String, plan: String, activation: String, day: u32, price: f64, is_unlimited: bool, #[serde(rename="isAPNAutomatic")] apn_auto: bool, apn: String, data_amount: u64, data_unit: String, call_type: String, call_amount: i64, call_unit: String, sms_type: String, sms_amount: i64, sms_unit: String, #[serde(rename="withSMS")] with_sms: bool, with_call: bool, with_hotspot: bool, with_data_roaming: bool, with_destination_install: bool, with_usage_check: bool, with_throttle: bool, throttle: Option<T>, requirements: Option<R>, notes: Vec<String> }
#[derive(Deserialize)] #[serde(rename_all="camelCase")] struct T { throttle_speed: u32, throttle_speed_unit: String, throttle_threshold: f64, throttle_threshold_unit: String }
#[derive(Deserialize)] #[serde(rename_all="camelCase")] struct R { travel_date: bool }
// only the fields the adapter uses
#[derive(Deserialize)] struct Env2 { status: String, data: Data2 }
#[derive(Deserialize)] struct Data2 { packages: Vec<Group2> }
#[derive(Deserialize)] #[serde(rename_all="camelCase")] struct Group2 { country_name: String, country_code: String, geography: String, signals: Vec<Signal>, packages: Vec<P2> }
#[derive(Deserialize)] #[serde(rename_all="camelCase")] struct P2 { package_id: String, package: String, activation: String, day: u32, price: f64, is_unlimited: bool, #[serde(rename="isAPNAutomatic")] apn_auto: bool, apn: String, data_amount: u64, data_unit: String, call_type: String, call_amount: i64, call_unit: String, sms_type: String, sms_amount: i64, #[serde(rename="withSMS")] with_sms: bool, with_call: bool, with_hotspot: bool, with_data_roaming: bool, with_destination_install: bool, with_usage_check: bool, with_throttle: bool, throttle: Option<T>, requirements: Option<R>, notes: Vec<String> }

fn body(per_group: usize) -> String {
    let mut n = 0;
    let groups: Vec<_> = (0..50/per_group).map(|g| {
        let ps: Vec<_> = (0..per_group).map(|_| { n += 1;
            let extra = if n % 5 == 0 { r#""isUnlimited":true,"dataAmount":9007199254740991,"withThrottle":true,"throttle":{"throttleSpeed":128,"throttleSpeedUnit":"kbps","throttleThreshold":2,"throttleThresholdUnit":"gb"},"notes":["No real money moves and nothing can be installed"]"# } else { r#""isUnlimited":false,"dataAmount":3072,"withThrottle":false,"notes":[]"# };
            format!(r#"{{"packageId":"esim-portugal-{n}days-3gb-all","package":"3 GB - {n} Days","plan":"data-only","activation":"first-use","day":{n},"price":{}.{:02},"isAPNAutomatic":true,"apn":"internet.example","dataUnit":"MB","callType":"all","callAmount":-1,"callUnit":"","smsType":"all","smsAmount":-1,"smsUnit":"","withSMS":false,"withCall":false,"withHotspot":true,"withDataRoaming":true,"withDestinationInstall":false,"withUsageCheck":true,{extra}}}"#, n % 30, n) }).collect();
        format!(r#"{{"id":"portugal-esims{g}","countryName":"Portugal","countryCode":"PT","countrySlug":"portugal","region":"Europe","geography":"local","minPrice":1.46,"maxPrice":9.8,"image":"https://images.example.test/flags/portugal.png","signals":[{{"code":"PT","name":"Portugal","networks":["4G","5G"],"carriers":["Carrier One","Carrier Two"]}}],"packages":[{}]}}"#, ps.join(","))
    }).collect();
    format!(r#"{{"status":"success","data":{{"packages":[{}]}}}}"#, groups.join(","))
}
fn time(mut f: impl FnMut()) -> f64 { let mut best = f64::MAX; for _ in 0..60 { let t = Instant::now(); for _ in 0..100 { f(); } best = best.min(t.elapsed().as_secs_f64() / 100.0 * 1e6); } best }
#[test]
fn bench() {
    let name = roamport_domain::ProviderName::parse("roamify").unwrap();
    for per in [1, 5, 10, 50] {
        let b = body(per); let b = b.as_bytes();
        let ours = time(|| { std::hint::black_box(roamport_adapter_roamify::bench::decode_packages_page(std::hint::black_box(b), &name).unwrap()); });
        let all = time(|| { std::hint::black_box(serde_json::from_slice::<Env>(std::hint::black_box(b)).unwrap()); });
        let same = time(|| { std::hint::black_box(serde_json::from_slice::<Env2>(std::hint::black_box(b)).unwrap()); });
        println!("per group {per}: {} bytes ours {ours:.1} us, owned all {all:.1} us ({:.2}x), owned same fields {same:.1} us ({:.2}x)", b.len(), ours/all, ours/same);
    }
}
#[tokio::test]
async fn sandbox_page() {
    let name = roamport_domain::ProviderName::parse("roamify").unwrap();
    let world = roamport_sandbox::World::builder().packages(28000).token("t").build().unwrap();
    let server = roamport_sandbox::Server::start(world, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    for page in [7, 100, 300, 550] {
        let url = format!("{}/api/esim/packages?page={page}&pageSize=50", server.base_url());
        let body = reqwest::Client::builder().tls_certs_only([]).build().unwrap().get(url).bearer_auth("t").send().await.unwrap().bytes().await.unwrap();
        let b = &body[..];
        let data: serde_json::Value = serde_json::from_slice(b).unwrap();
        let groups = data["data"]["packages"].as_array().unwrap().len();
        let signals: usize = data["data"]["packages"].as_array().unwrap().iter().map(|g| g["signals"].as_array().unwrap().len()).sum();
        let mut ours = f64::MAX; let mut same = f64::MAX;
        for _ in 0..5 {
            ours = ours.min(time(|| { std::hint::black_box(roamport_adapter_roamify::bench::decode_packages_page(std::hint::black_box(b), &name).unwrap()); }));
            same = same.min(time(|| { std::hint::black_box(serde_json::from_slice::<Env2>(std::hint::black_box(b)).unwrap()); }));
        }
        println!("page {page}: {groups} groups {signals} signals {} bytes ours {ours:.1} owned {same:.1} ({:.2}x)", b.len(), ours/same);
    }
}
