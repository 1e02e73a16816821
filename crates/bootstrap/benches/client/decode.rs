//! One page to domain packages, against `serde_json` into plain owned structs with `f64`.

use std::hint::black_box;
use std::time::Duration;

use roamport_adapter_roamify::bench::decode_packages_page;
use roamport_domain::ProviderName;
use serde::Deserialize;

use crate::Outcome;
use crate::child::Sandbox;
use crate::provider::{TOKEN, bare, now};
use crate::table::{Table, median, thousandths};

const ROUNDS: usize = 400;
const PAGES_A_ROUND: usize = 10;

/// The floor's structs: the fields a package is made of, owned text, binary floats.
#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor decodes every field and uses none")]
#[serde(rename_all = "camelCase")]
struct Page {
    status: String,
    data: Groups,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor decodes every field and uses none")]
struct Groups {
    packages: Vec<Group>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor decodes every field and uses none")]
#[serde(rename_all = "camelCase")]
struct Group {
    id: String,
    country_name: String,
    country_code: String,
    geography: String,
    signals: Vec<Signal>,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor decodes every field and uses none")]
struct Signal {
    code: String,
    name: String,
    networks: Vec<String>,
    carriers: Vec<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor decodes every field and uses none")]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(rename = "packageId")]
    id: String,
    #[serde(rename = "package")]
    name: String,
    activation: String,
    day: u16,
    price: f64,
    is_unlimited: bool,
    #[serde(rename = "isAPNAutomatic")]
    is_apn_automatic: bool,
    #[serde(default)]
    apn: String,
    data_amount: i64,
    data_unit: String,
    call_amount: i64,
    call_unit: String,
    sms_amount: i64,
    sms_unit: String,
    #[serde(rename = "withSMS")]
    with_sms: bool,
    with_call: bool,
    with_hotspot: bool,
    with_data_roaming: bool,
    with_destination_install: bool,
    with_usage_check: bool,
    with_throttle: bool,
    throttle: Option<Throttle>,
    requirements: Option<Requirements>,
    notes: Vec<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor decodes every field and uses none")]
struct Throttle {
    #[serde(rename = "throttleSpeed")]
    speed: u32,
    #[serde(rename = "throttleSpeedUnit")]
    speed_unit: String,
    #[serde(rename = "throttleThreshold")]
    threshold: f64,
    #[serde(rename = "throttleThresholdUnit")]
    threshold_unit: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the floor decodes every field and uses none")]
#[serde(rename_all = "camelCase")]
struct Requirements {
    #[serde(default)]
    travel_date: bool,
}

pub(crate) async fn measure(table: &mut Table) -> Outcome<()> {
    let sandbox = Sandbox::start(28_000, Duration::ZERO)?;
    let url = format!("{}/api/esim/packages?page=7&pageSize=50", sandbox.base_url);
    let page = bare()?
        .get(url)
        .bearer_auth(TOKEN)
        .send()
        .await?
        .bytes()
        .await?;
    let provider = ProviderName::parse("roamify")?;
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begin = now();
        for _ in 0..PAGES_A_ROUND {
            black_box(decode_packages_page(black_box(&page), &provider)?);
        }
        ours.push(begin.elapsed());
        let begin = now();
        for _ in 0..PAGES_A_ROUND {
            black_box(serde_json::from_slice::<Page>(black_box(&page))?);
        }
        floor.push(begin.elapsed());
    }
    let (ours, floor) = (median(ours), median(floor));
    let each = |time: Duration| time.as_micros() / u128::try_from(PAGES_A_ROUND).unwrap_or(1);
    let detail = format!("{} µs / {} µs a page", each(ours), each(floor));
    table.ratio(
        "decoding 50 packages / plain structs",
        &detail,
        thousandths(ours, floor),
        1000,
    );
    Ok(())
}
