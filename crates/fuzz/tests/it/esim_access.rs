//! Every answer of eSIM Access's to every call of the port.

use std::sync::Arc;

use roamport_adapter_esim_access::{EsimAccess, EsimAccessConfig};
use roamport_fuzz::corpus::seeds;
use roamport_fuzz::json::members;
use serde_json::value::RawValue;

use crate::port::{Call, Names};
use crate::promises::{Adapter, CODE};
use crate::stage::{Answer, Stage, StillClock};

const URL: &str = "http://esim-access.test";
const TOKEN: &str = "tok_fuzz_access_b24e60d8";

const WORDS: &[&str] = &[
    TOKEN,
    CODE,
    "true",
    "false",
    "000001",
    "000105",
    "101003",
    "200002",
    "200005",
    "200007",
    "200009",
    "200010",
    "310241",
    "310272",
    "900001",
    "404",
    "GOT_RESOURCE",
    "IN_USE",
    "CANCEL",
    "DELETED",
    "26112009140011",
    "8999900000005200015",
    "ref-01JD8Z6W3N7Q4V",
    "USD",
];

thread_local! {
    static ADAPTER: Adapter = adapter();
}

fn adapter() -> Adapter {
    let stage = Stage::new(URL);
    let config = EsimAccessConfig::new(URL, TOKEN).with_secret_key("key_fuzz_access_0c9e");
    Adapter {
        provider: Box::new(EsimAccess::new(&config, Arc::new(StillClock)).unwrap()),
        stage,
        seeds: seeds("esim-access"),
        names: Names {
            reference: "ref-01JD8Z6W3N7Q4V",
            package: "PINV01ES3",
            esim: "26112009140011",
            iccid: "8999900000005200015",
            order: "B26112009140001",
        },
        token: TOKEN,
        words: WORDS,
        samples,
        buys: |path| path.ends_with("/esim/order") || path.ends_with("/esim/topup"),
        may_find_none: refuses,
        may_turn_away,
    }
}

fn samples(call: Call) -> &'static [&'static str] {
    match call {
        Call::PlaceOrder => &["post-esim-order.json", "error", "ok."],
        Call::TopUp => &["post-esim-topup.json", "error", "ok."],
        Call::TopUpByOtherName => &["post-esim-query", "post-esim-topup.json", "error"],
        Call::Provision | Call::OrdersUnderReference => &["post-esim-query"],
        Call::Cancel => &["post-esim-cancel", "post-esim-query", "error"],
        Call::OrderById | Call::RecentOrders => &["post-esim-query", "error.310272", "error.2000"],
        Call::Esim | Call::EsimByIccid => &["post-esim-query", "error"],
        Call::Usage | Call::DailyUsage | Call::UsageBatch => {
            &["post-esim-usage-query", "post-esim-query"]
        }
        Call::Balance => &["post-balance-query", "ok.", "error"],
        Call::Packages | Call::TopUpPackages => &["post-location-list", "post-package-list"],
        Call::Destinations => &["post-location-list"],
    }
}

/// Whether an envelope says once, and says, that the call failed.
fn refuses(answer: &Answer) -> bool {
    let body = answer.text();
    let is_no = |word: &str| {
        let word = word.trim_matches('"').trim().to_lowercase();
        ["false", "0"].contains(&word.as_str())
    };
    matches!(members(&body, "success")[..], [word] if is_no(word))
}

/// The table: an envelope under a listed status that says `false`, names a code and holds no object.
fn may_turn_away(answer: &Answer) -> bool {
    let body = answer.text();
    let is_json = serde_json::from_str::<&RawValue>(&body).is_ok();
    let codes = members(&body, "errorCode");
    let names_a_code = |code: &str| !["null", "\"\""].contains(&code);
    let is_empty = |object: &str| {
        let inner = object.trim_matches(['{', '}', '[', ']', '"', ' ', '\n', '\r', '\t']);
        inner.is_empty() || inner == "null"
    };
    matches!(answer.status, 200 | 400 | 401 | 403 | 404)
        && is_json
        && refuses(answer)
        && matches!(codes[..], [code] if names_a_code(code))
        && members(&body, "obj").into_iter().all(is_empty)
}

#[test]
fn no_answer_of_esim_access_breaks_a_promise_of_the_port() {
    roamport_fuzz::target!("esim-access", |cursor| ADAPTER
        .with(|adapter| adapter.check(cursor)));
}
