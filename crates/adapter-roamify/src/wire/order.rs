//! Bodies about orders: what is asked, and what is answered.

use roamport_provider_http::json::{Identifier, Text, WireTime};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Body of `POST /api/esim/order` and `…/order/instant`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderBody<'a> {
    pub(crate) items: Vec<OrderLine<'a>>,
    pub(crate) reference_id: &'a str,
}

/// Body of `POST /api/esim/order` with a reference that was provided before, and nothing else.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ByReferenceBody<'a> {
    pub(crate) reference_id: &'a str,
}

/// One line of an order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderLine<'a> {
    pub(crate) package_id: &'a str,
    pub(crate) quantity: u16,
}

/// Body of `POST /api/esim/order/topup`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TopUpBody<'a> {
    pub(crate) iccid: &'a str,
    pub(crate) package_id: &'a str,
    pub(crate) reference_id: &'a str,
}

/// Body of `POST /api/esim/apply`: by eSIM or by reference.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApplyBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) esim_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference_id: Option<&'a str>,
    /// A plain date, as ISO 8601 writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_date: Option<String>,
}

/// The order object, read so that no odd field loses a paid order: lists and amounts stay raw.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WireOrder<'a> {
    #[serde(borrow)]
    pub(crate) id: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) reference_id: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) status: Text<'a>,
    #[serde(borrow)]
    pub(crate) total: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) currency: Text<'a>,
    pub(crate) created_at: WireTime,
    #[serde(borrow)]
    pub(crate) items: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) esims: Option<&'a RawValue>,
}

/// One eSIM of an order, and one entry of an eSIM's history.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WireItem<'a> {
    #[serde(borrow)]
    pub(crate) esim_id: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) package_id: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) package: Text<'a>,
    #[serde(borrow)]
    pub(crate) price: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) currency: Text<'a>,
    pub(crate) created_at: WireTime,
}
