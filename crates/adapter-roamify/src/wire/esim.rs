//! Bodies about one eSIM: the eSIM object and its usage.

use roamport_provider_http::json::{Flag, Identifier, Number, Text, WireTime};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::value::Texts;

/// The eSIM object of apply, reads, lists and instant orders. Nested objects stay raw, so that one of
/// another shape costs nothing but itself.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WireEsim<'a> {
    #[serde(borrow)]
    pub(crate) id: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) iccid: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) status: Text<'a>,
    pub(crate) with_top_up: Flag,
    pub(crate) with_hotspot: Flag,
    pub(crate) with_usage_check: Flag,
    #[serde(borrow)]
    pub(crate) esim: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) apn: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) notes: Texts<'a>,
    pub(crate) created_at: WireTime,
    pub(crate) updated_at: WireTime,
    pub(crate) expired_at: WireTime,
}

/// The profile inside an eSIM object. Ready-made links and images are not read: they are derived.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ProfilePart<'a> {
    #[serde(borrow)]
    pub(crate) lpa_code: Text<'a>,
    #[serde(borrow)]
    pub(crate) smdp_address: Text<'a>,
    #[serde(borrow)]
    pub(crate) activation_code: Text<'a>,
    #[serde(borrow)]
    pub(crate) pin: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) puk: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) number: Identifier<'a>,
}

/// The access point settings of an eSIM, and of a package in the nested shape.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ApnPart<'a> {
    #[serde(rename = "apnAutomatic")]
    pub(crate) automatic: Flag,
    #[serde(borrow, rename = "apnName")]
    pub(crate) name: Text<'a>,
    #[serde(borrow, rename = "apnUsername")]
    pub(crate) username: Text<'a>,
    #[serde(borrow, rename = "apnPassword")]
    pub(crate) password: Text<'a>,
}

/// `data` of `GET /api/esim/usage` and `…/usage/details`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageBody<'a> {
    #[serde(borrow, default)]
    pub(crate) id: Identifier<'a>,
    #[serde(borrow, default)]
    pub(crate) iccid: Identifier<'a>,
    #[serde(borrow, default)]
    pub(crate) status: Text<'a>,
    #[serde(default)]
    pub(crate) started_at: WireTime,
    #[serde(default)]
    pub(crate) expired_at: WireTime,
    #[serde(default)]
    pub(crate) is_unlimited: Flag,
    #[serde(default)]
    pub(crate) allowed_data: Number,
    #[serde(default)]
    pub(crate) remaining_data: Number,
    #[serde(default)]
    pub(crate) allowed_sms: Number,
    #[serde(default)]
    pub(crate) remaining_sms: Number,
    #[serde(default)]
    pub(crate) allowed_voice: Number,
    #[serde(default)]
    pub(crate) remaining_voice: Number,
    #[serde(borrow, default)]
    pub(crate) data_usages: Option<&'a RawValue>,
}

/// One day of usage.
#[derive(Deserialize)]
pub(crate) struct UsageDay<'a> {
    #[serde(borrow, default)]
    pub(crate) date: Text<'a>,
    #[serde(default)]
    pub(crate) usage: Number,
    #[serde(borrow, default)]
    pub(crate) location: Text<'a>,
}
