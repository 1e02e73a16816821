//! The provider's JSON, field by field, as its documents show it. Shared with no client.

mod package;
mod purchase;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

pub(super) use self::package::{
    Countries, CountryAnswer, FlatPackage, GroupAnswer, Groups, NestedPackage,
};
pub(super) use self::purchase::{EsimAnswer, ItemAnswer, OrderAnswer, Orders};

/// 2^53 − 1: how the provider writes «unlimited».
pub(in super::super) const UNLIMITED: u64 = 9_007_199_254_740_991;

/// An amount as a JSON number with exactly its decimal text.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Amount(pub(in super::super) Decimal);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.normalize().to_string())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

/// A moment in Unix seconds; −1 for none.
pub(super) fn seconds(moment: Option<Timestamp>) -> i64 {
    moment.map_or(-1, Timestamp::as_second)
}

/// The access point of a plan.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the provider's")]
pub(super) struct AccessPoint<'a> {
    pub(super) apn_automatic: bool,
    pub(super) apn_name: &'a str,
    pub(super) apn_username: &'a str,
    pub(super) apn_password: &'a str,
}

#[derive(Serialize)]
pub(super) struct Balance {
    pub(super) balance: Amount,
    pub(super) currency: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Phone {
    pub(super) model: &'static str,
    pub(super) device_type: &'static str,
    pub(super) os: &'static str,
    pub(super) brand: &'static str,
    pub(super) name: &'static str,
}
