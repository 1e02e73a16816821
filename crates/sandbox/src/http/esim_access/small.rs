//! Usage of several eSIMs, the wallet, and the address for events.

use serde::Serialize;
use serde_json::Value;

use super::super::hooks;
use super::answers::{data_bytes, units, used_bytes};
use super::body::{too_long, wrong_type};
use super::{Call, Failure, Outcome, obj};
use crate::dialect::Dialect;
use crate::world::Hook;

/// How many eSIMs one call may name.
const MOST_ESIMS: usize = 10;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Usages<'a> {
    esim_usage_list: Vec<UsageAnswer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UsageAnswer<'a> {
    esim_tran_no: &'a str,
    data_usage: u64,
    total_data: u64,
    last_update_time: String,
}

pub(super) fn usage(call: &Call<'_>) -> Outcome {
    let list = call.body.required_list("esimTranNoList")?;
    if list.len() > MOST_ESIMS {
        return Err(too_long("esimTranNoList", MOST_ESIMS));
    }
    let now = call.now()?;
    let mut esim_usage_list = Vec::new();
    for number in list {
        let number = number
            .as_str()
            .ok_or_else(|| wrong_type("esimTranNoList", "a list of texts"))?;
        let found = call.of(call.world.find_esim(number))?;
        // What is unknown, or not there yet, is left out.
        if let Some(esim) = found.filter(|esim| esim.ready_profile(now).is_some()) {
            esim_usage_list.push(UsageAnswer {
                esim_tran_no: number,
                data_usage: used_bytes(&esim),
                total_data: data_bytes(call.world.catalogue(), &esim),
                last_update_time: call.time(now),
            });
        }
    }
    obj(&Usages { esim_usage_list })
}

pub(super) fn balance(call: &Call<'_>) -> Outcome {
    let balance = units(call.of(call.world.balance())?);
    obj(&serde_json::json!({ "balance": balance }))
}

pub(super) fn hook(call: &Call<'_>) -> Outcome {
    let hooks = call.of(call.world.hooks())?;
    let hook = hooks
        .into_iter()
        .find(|hook| hook.dialect == Dialect::EsimAccess);
    let webhook = hook.map_or(Value::Null, |hook| hook.url.into());
    obj(&serde_json::json!({ "webhook": webhook }))
}

/// Keeps the address only if it answers a trial event with 200.
pub(super) async fn save_hook(call: &Call<'_>) -> Outcome {
    let url = call.body.required_text("webhook", 500)?;
    let hook = Hook {
        dialect: Dialect::EsimAccess,
        url: url.to_owned(),
        secret: None,
    };
    if let Err(reason) = hooks::try_out(call.world, &hook).await {
        let text = format!("the address did not answer CHECK_HEALTH with 200: {reason}");
        return Err(Failure::new("200008", text));
    }
    call.of(call.world.set_hook(hook))?;
    Ok("{}".to_owned())
}
