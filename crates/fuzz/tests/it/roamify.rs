//! Every answer of Roamify's to every call of the port.

use std::num::NonZeroU32;
use std::sync::Arc;

use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_fuzz::corpus::seeds;
use roamport_fuzz::json::members;

use crate::port::{Call, Names};
use crate::promises::{Adapter, CODE};
use crate::stage::{Answer, Stage, StillClock};

const URL: &str = "http://roamify.test";
const TOKEN: &str = "tok_fuzz_roamify_7f3a9c51";

const WORDS: &[&str] = &[
    TOKEN,
    CODE,
    "success",
    "failed",
    "PENDING",
    "COMPLETED",
    "READY",
    "DELETED",
    "Insufficient partner balance",
    "eSIM is still pending processing",
    "country is unknown",
    "this does not support usage",
    "7d0f3b52-1c84-4a6e-9f0b-5b2c8a61e901",
    "8988303000001234567",
    "shop-10442",
    "USD",
    "XXX",
];

/// The statuses under which the adapter's table turns a call away.
const TURNING_AWAY: [u16; 13] = [
    400, 401, 402, 403, 404, 405, 406, 409, 411, 413, 415, 422, 431,
];

thread_local! {
    static ADAPTER: Adapter = adapter();
}

fn adapter() -> Adapter {
    let stage = Stage::new(URL);
    let config = RoamifyConfig {
        pages_at_most: NonZeroU32::new(6).unwrap(),
        ..RoamifyConfig::new(URL, TOKEN)
    };
    Adapter {
        provider: Box::new(Roamify::new(&config, Arc::new(StillClock)).unwrap()),
        stage,
        seeds: seeds("roamify"),
        names: Names {
            reference: "shop-10442",
            package: "esim-portugal-15days-3gb-all",
            esim: "7d0f3b52-1c84-4a6e-9f0b-5b2c8a61e901",
            iccid: "8988303000001234567",
            order: "2f8e6a14-93b7-4c05-a1de-7740bb19c6f2",
        },
        token: TOKEN,
        words: WORDS,
        samples,
        buys: |path| path.starts_with("/api/esim/order"),
        may_find_none: |answer| answer.status == 404,
        may_turn_away,
    }
}

fn samples(call: Call) -> &'static [&'static str] {
    match call {
        Call::PlaceOrder => &["post-esim-order", "error"],
        Call::TopUp => &["get-esim.by", "post-esim-order-topup", "error"],
        Call::TopUpByOtherName => &["post-esim-order-topup", "error"],
        Call::Provision => &["post-esim-apply", "error"],
        Call::Cancel => &["post-refund", "error"],
        Call::OrdersUnderReference | Call::RecentOrders => &["get-esim-orders", "error"],
        Call::OrderById => &["get-esim-order.json", "error"],
        Call::Esim | Call::EsimByIccid => &["get-esim.", "error"],
        Call::Usage => &["get-esim-usage", "error"],
        Call::DailyUsage => &["get-esim.by", "get-esim-usage"],
        Call::UsageBatch => &["get-esim-usage"],
        Call::Balance => &["get-balance", "error"],
        Call::Packages => &["get-esim-packages"],
        Call::TopUpPackages => &["get-esim-topup-packages", "get-esim-packages"],
        Call::Destinations => &["get-esim-countries"],
    }
}

/// The table: a listed status, and a body of `message`, `status`, `error` and `code` alone that says "failed" or
/// holds nothing but an error.
fn may_turn_away(answer: &Answer) -> bool {
    let body = answer.text();
    let Ok(serde_json::Value::Object(object)) = serde_json::from_str(&body) else {
        return false;
    };
    let is_listed = |key: &String| ["message", "status", "error", "code"].contains(&key.as_str());
    let once = ["message", "status", "error", "code"]
        .iter()
        .all(|name| members(&body, name).len() <= 1);
    let says_failed = object
        .get("status")
        .is_some_and(|status| status == "failed");
    let error_alone = object.len() == 1 && object.contains_key("error") && answer.status == 400;
    let form = says_failed || error_alone;
    TURNING_AWAY.contains(&answer.status) && object.keys().all(is_listed) && once && form
}

#[test]
fn no_answer_of_roamify_breaks_a_promise_of_the_port() {
    roamport_fuzz::target!("roamify", |cursor| ADAPTER
        .with(|adapter| adapter.check(cursor)));
}
