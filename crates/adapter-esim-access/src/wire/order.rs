//! Bodies of the calls that buy.

use roamport_provider_http::json::Identifier;
use serde::{Deserialize, Serialize};

/// Body of `POST /esim/order`. Amounts are ten-thousandths of a US dollar.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderBody<'a> {
    pub(crate) transaction_id: &'a str,
    /// The total; checked by the provider (200006).
    pub(crate) amount: i64,
    pub(crate) package_info_list: Vec<OrderLine<'a>>,
}

/// One line of an order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderLine<'a> {
    pub(crate) package_code: &'a str,
    pub(crate) count: u16,
    /// Each, or each day of each; checked by the provider (200005).
    pub(crate) price: i64,
    /// Days, for a package that is sold by the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) period_num: Option<u16>,
}

/// Body of `POST /esim/topup`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TopUpBody<'a> {
    pub(crate) esim_tran_no: &'a str,
    pub(crate) package_code: &'a str,
    pub(crate) amount: i64,
    pub(crate) transaction_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) period_num: Option<u16>,
}

/// `obj` of `POST /esim/order`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct OrderAnswer<'a> {
    #[serde(borrow)]
    pub(crate) order_no: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) transaction_id: Identifier<'a>,
}

/// `obj` of `POST /esim/topup`. Its cumulative totals are not read: the eSIM is asked for them.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TopUpAnswer<'a> {
    #[serde(borrow)]
    pub(crate) transaction_id: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) top_up_esim_tran_no: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) iccid: Identifier<'a>,
}
