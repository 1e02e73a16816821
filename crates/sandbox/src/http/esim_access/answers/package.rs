//! Packages and locations.

use rust_decimal::Decimal;
use serde::Serialize;

use super::super::price_list::{
    TOP_UP, bytes, data_type, fair_use, location_code, message_type, name, slug, top_up_type,
};
use super::units;
use crate::catalogue::{CataloguePackage, Geography, Group, Signal};

/// In how many days a profile must be installed: as long as the world keeps it.
const INSTALL_WITHIN: u32 = 365;

/// From which country's addresses traffic leaves.
pub(super) const EXIT: &str = "UK/NO";

/// Validity starts with the first network connection.
pub(super) const FIRST_CONNECTION: u8 = 2;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct PackageAnswer<'a> {
    package_code: String,
    slug: String,
    name: String,
    price: i64,
    currency_code: &'static str,
    volume: u64,
    sms_status: u8,
    data_type: u8,
    unused_valid_time: u32,
    duration: u16,
    duration_unit: &'static str,
    location: String,
    location_code: String,
    description: String,
    active_type: u8,
    favorite: bool,
    retail_price: i64,
    speed: &'static str,
    ip_export: &'static str,
    support_top_up_type: u8,
    fup_policy: &'static str,
    location_network_list: Vec<NetworkAnswer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NetworkAnswer<'a> {
    location_name: &'a str,
    location_logo: String,
    location_code: &'a str,
    operator_list: Vec<OperatorAnswer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OperatorAnswer {
    operator_name: &'static str,
    network_type: &'static str,
}

impl<'a> PackageAnswer<'a> {
    pub(in super::super) fn of(
        group: &'a Group,
        package: &CataloguePackage,
        price: Decimal,
        top_up: bool,
    ) -> Self {
        let codes: Vec<&str> = group.signals.iter().map(|signal| signal.code).collect();
        let name = name(group, package);
        Self {
            package_code: if top_up {
                format!("{TOP_UP}{}", package.id)
            } else {
                package.id.clone()
            },
            slug: slug(group, package),
            price: units(price),
            currency_code: "USD",
            volume: bytes(package),
            sms_status: message_type(package),
            data_type: data_type(package),
            unused_valid_time: INSTALL_WITHIN,
            duration: package.plan.days,
            duration_unit: "DAY",
            location: codes.join(","),
            location_code: location_code(group),
            description: format!("{name}. {}", crate::catalogue::NOTHING_IS_REAL),
            name,
            active_type: FIRST_CONNECTION,
            favorite: false,
            retail_price: units(price * Decimal::TWO),
            speed: "3G/4G/5G",
            ip_export: EXIT,
            support_top_up_type: top_up_type(package),
            fup_policy: fair_use(package),
            location_network_list: group.signals.iter().map(NetworkAnswer::of).collect(),
        }
    }
}

impl<'a> NetworkAnswer<'a> {
    fn of(signal: &'a Signal) -> Self {
        let best = signal.networks.last().copied().unwrap_or("4G");
        Self {
            location_name: &signal.name,
            location_logo: format!("/img/flags/{}.png", signal.code.to_ascii_lowercase()),
            location_code: signal.code,
            operator_list: signal
                .carriers
                .iter()
                .map(|carrier| OperatorAnswer {
                    operator_name: carrier,
                    network_type: best,
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct LocationAnswer<'a> {
    code: String,
    name: &'a str,
    #[serde(rename = "type")]
    kind: u8,
    sub_location_list: Option<Vec<SubLocation<'a>>>,
}

#[derive(Serialize)]
struct SubLocation<'a> {
    code: &'a str,
    name: &'a str,
}

impl<'a> LocationAnswer<'a> {
    pub(in super::super) fn of(group: &'a Group) -> Self {
        let local = group.geography == Geography::Local;
        Self {
            code: location_code(group),
            name: &group.name,
            kind: if local { 1 } else { 2 },
            sub_location_list: (!local).then(|| {
                let signals = group.signals.iter();
                signals
                    .map(|signal| SubLocation {
                        code: signal.code,
                        name: &signal.name,
                    })
                    .collect()
            }),
        }
    }
}
