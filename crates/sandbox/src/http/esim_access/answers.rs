//! The provider's JSON, field by field, as its samples show it. Shared with no client.

mod esim;
mod package;

use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

pub(super) use self::esim::EsimAnswer;
pub(in super::super) use self::esim::{eid, esim_state, profile_state};
pub(super) use self::package::{LocationAnswer, PackageAnswer};
use super::super::reply::Reply;
use super::price_list::bytes;
use crate::catalogue::Catalogue;
use crate::switches::{EsimAccessSwitches, SuccessCode};
use crate::world::EsimRecord;

/// The envelope of every answer, in all the spellings it has been seen in.
pub(super) struct Envelope;

impl Envelope {
    pub(super) fn success(switches: &EsimAccessSwitches, obj: &str) -> Reply {
        let code = match switches.success_code {
            SuccessCode::Text => r#""errorCode":"0","#,
            SuccessCode::Number => r#""errorCode":0,"#,
            SuccessCode::Null => r#""errorCode":null,"#,
            SuccessCode::Missing => "",
        };
        let (success, text) = match (switches.success_as_text, switches.error_message) {
            (false, false) => ("true", r#""errorMsg":null"#),
            (false, true) => ("true", r#""errorMessage":"""#),
            (true, false) => (r#""true""#, r#""errorMsg":null"#),
            (true, true) => (r#""true""#, r#""errorMessage":"""#),
        };
        let body = format!(r#"{{"success":{success},{code}{text},"obj":{obj}}}"#);
        Reply::text(200, body)
    }

    pub(super) fn failure(switches: &EsimAccessSwitches, code: &str, message: &str) -> Reply {
        let success = if switches.success_as_text {
            r#""false""#
        } else {
            "false"
        };
        let name = if switches.error_message {
            "errorMessage"
        } else {
            "errorMsg"
        };
        let message = serde_json::Value::from(message);
        let body = format!(
            r#"{{"success":{success},"errorCode":"{code}","{name}":{message},"obj":null}}"#
        );
        Reply::text(200, body)
    }
}

/// A moment as this provider writes it: `2026-11-20T09:14:07+0000`.
pub(super) fn clock(moment: Timestamp, switches: &EsimAccessSwitches) -> String {
    let offset = if switches.zulu_times { "Z" } else { "+0000" };
    format!("{}{offset}", moment.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// An amount in ten-thousandths of a dollar; what is beyond them is dropped.
pub(super) fn units(amount: Decimal) -> i64 {
    (amount * Decimal::from(10_000))
        .trunc()
        .to_i64()
        .unwrap_or(i64::MAX)
}

/// All data ever bought for an eSIM, in bytes; of plans without an end, what comes at full speed.
pub(in super::super) fn data_bytes(catalogue: &Catalogue, esim: &EsimRecord) -> u64 {
    (0..esim.allowances.len())
        .map(|place| allowance_bytes(catalogue, esim, place))
        .sum()
}

pub(super) fn allowance_bytes(catalogue: &Catalogue, esim: &EsimRecord, place: usize) -> u64 {
    let allowance = &esim.allowances[place];
    if let Some(megabytes) = allowance.megabytes {
        return megabytes << 20;
    }
    let package = catalogue.find(&allowance.item.package_id);
    package.map_or(0, |package| {
        let days = if package.by_day.is_some() {
            u64::from(allowance.days)
        } else {
            1
        };
        bytes(&package) * days
    })
}

/// All data used, in bytes.
pub(in super::super) fn used_bytes(esim: &EsimRecord) -> u64 {
    esim.used_kilobytes().saturating_mul(1024)
}

/// All days ever bought for an eSIM.
pub(in super::super) fn validity_days(esim: &EsimRecord) -> u64 {
    let days = esim.allowances.iter().map(|allowance| allowance.days);
    days.map(u64::from).sum()
}
