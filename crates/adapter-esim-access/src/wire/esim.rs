//! Bodies about eSIMs: the query, the eSIM object, and usage.

use roamport_provider_http::json::{Elements, Identifier, Number, Text, WireTime};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::rows;

/// Body of `POST /esim/query`: by exactly one kind of name.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EsimQuery<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order_no: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) esim_tran_no: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) iccid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_time: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<&'a str>,
    pub(crate) pager: Pager,
}

/// Which page; mandatory.
#[derive(Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pager {
    pub(crate) page_num: u32,
    pub(crate) page_size: u16,
}

/// Body of cancel, suspend, unsuspend and revoke.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EsimName<'a> {
    pub(crate) esim_tran_no: &'a str,
}

/// `obj` of `POST /esim/query`. The list is required: an answer without it proves no absence.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EsimList<'a> {
    #[serde(borrow)]
    pub(crate) esim_list: Elements<'a>,
    #[serde(default)]
    pub(crate) pager: Option<Total>,
}

impl<'a> EsimList<'a> {
    /// The rows, or where one is none.
    pub(crate) fn rows(&self) -> Result<Vec<WireEsim<'a>>, String> {
        rows(&self.esim_list, "esimList")
    }
}

/// How many rows there are on all pages.
#[derive(Deserialize)]
pub(crate) struct Total {
    #[serde(default)]
    pub(crate) total: Number,
}

/// The eSIM object. Its plans stay raw, so that a list of another shape costs nothing but itself.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WireEsim<'a> {
    #[serde(borrow)]
    pub(crate) esim_tran_no: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) order_no: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) transaction_id: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) iccid: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) msisdn: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) ac: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) smdp_status: Text<'a>,
    #[serde(borrow)]
    pub(crate) esim_status: Text<'a>,
    pub(crate) data_type: Number,
    pub(crate) support_top_up_type: Number,
    pub(crate) activate_time: WireTime,
    pub(crate) expired_time: WireTime,
    pub(crate) total_volume: Number,
    pub(crate) order_usage: Number,
    #[serde(borrow)]
    pub(crate) pin: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) puk: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) apn: Text<'a>,
    #[serde(borrow)]
    pub(crate) package_list: Option<&'a RawValue>,
}

/// One plan on an eSIM: the one it was bought with, or a top-up.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WirePlan<'a> {
    #[serde(borrow)]
    pub(crate) package_name: Text<'a>,
    #[serde(borrow)]
    pub(crate) package_code: Identifier<'a>,
    pub(crate) duration: Number,
    pub(crate) volume: Number,
    pub(crate) create_time: WireTime,
    /// The eSIM's own number for the first plan, one of its own for a top-up.
    #[serde(borrow)]
    pub(crate) esim_tran_no: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) transaction_id: Identifier<'a>,
}

/// Body of `POST /esim/usage/query`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageBody<'a> {
    pub(crate) esim_tran_no_list: Vec<&'a str>,
}

/// `obj` of `POST /esim/usage/query`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageList<'a> {
    #[serde(borrow)]
    pub(crate) esim_usage_list: Elements<'a>,
}

impl<'a> UsageList<'a> {
    /// The rows, or where one is none.
    pub(crate) fn rows(&self) -> Result<Vec<UsageRow<'a>>, String> {
        rows(&self.esim_usage_list, "esimUsageList")
    }
}

/// The usage of one eSIM, in bytes.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct UsageRow<'a> {
    #[serde(borrow)]
    pub(crate) esim_tran_no: Identifier<'a>,
    pub(crate) data_usage: Number,
    pub(crate) total_data: Number,
    pub(crate) last_update_time: WireTime,
}
