//! Catalogue bodies: what is asked for, packages, and places with their names.

use roamport_provider_http::json::{Elements, Identifier, Number, Text};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::rows;

/// Body of `POST /package/list`. What is not asked for is left out, except the location: empty, it
/// asks for every place.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PackageFilter<'a> {
    pub(crate) location_code: &'a str,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) package_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) iccid: Option<&'a str>,
}

/// `obj` of `POST /package/list`. The list is required: without it the catalogue would be quietly
/// empty. Each package stays raw, so that one that cannot be read is named.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PackageList<'a> {
    #[serde(borrow)]
    pub(crate) package_list: Elements<'a>,
}

/// A package of the catalogue, or a top-up.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WirePackage<'a> {
    #[serde(borrow)]
    pub(crate) package_code: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) slug: Identifier<'a>,
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    #[serde(borrow)]
    pub(crate) description: Text<'a>,
    #[serde(borrow)]
    pub(crate) price: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) currency_code: Text<'a>,
    pub(crate) volume: Number,
    pub(crate) data_type: Number,
    pub(crate) duration: Number,
    #[serde(borrow)]
    pub(crate) duration_unit: Text<'a>,
    pub(crate) unused_valid_time: Number,
    #[serde(borrow)]
    pub(crate) active_type: Text<'a>,
    #[serde(borrow)]
    pub(crate) location: Text<'a>,
    #[serde(borrow)]
    pub(crate) location_code: Text<'a>,
    #[serde(borrow)]
    pub(crate) location_network_list: Option<&'a RawValue>,
    pub(crate) support_top_up_type: Number,
    #[serde(borrow)]
    pub(crate) fup_policy: Text<'a>,
}

/// One country that a package covers.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Network<'a> {
    #[serde(borrow)]
    pub(crate) location_name: Text<'a>,
    #[serde(borrow)]
    pub(crate) location_code: Text<'a>,
    #[serde(borrow)]
    pub(crate) operator_list: Option<&'a RawValue>,
}

/// One operator in a country.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Operator<'a> {
    #[serde(borrow)]
    pub(crate) operator_name: Text<'a>,
    #[serde(borrow)]
    pub(crate) network_type: Text<'a>,
}

/// `obj` of `POST /location/list`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LocationList<'a> {
    #[serde(borrow)]
    pub(crate) location_list: Elements<'a>,
}

impl<'a> LocationList<'a> {
    /// The rows, or where one is none.
    pub(crate) fn rows(&self) -> Result<Vec<WireLocation<'a>>, String> {
        rows(&self.location_list, "locationList")
    }
}

/// A place that packages are sold for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireLocation<'a> {
    #[serde(borrow, default)]
    pub(crate) code: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) name: Text<'a>,
    /// 1 a country, 2 several.
    #[serde(default, rename = "type")]
    pub(crate) kind: Number,
}
