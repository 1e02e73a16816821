//! Catalogue bodies: countries, groups and packages, flat as in the catalogue or nested as in the
//! list of top-ups.

use roamport_provider_http::json::{Elements, Flag, Identifier, Number, Text, part};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::esim::ApnPart;
use super::value::Texts;

/// `data` of `GET /api/esim/countries`.
#[derive(Deserialize)]
pub(crate) struct CountriesData<'a> {
    /// [`Country`]s.
    #[serde(borrow)]
    pub(crate) countries: Elements<'a>,
}

/// One place that packages exist for.
#[derive(Deserialize)]
pub(crate) struct Country<'a> {
    #[serde(borrow, default)]
    pub(crate) code: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) name: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) geography: Text<'a>,
}

/// `data` of `GET /api/esim/packages`: one page.
#[derive(Deserialize)]
pub(crate) struct PackagesData<'a> {
    /// [`Group`]s.
    #[serde(borrow)]
    pub(crate) packages: Elements<'a>,
    /// Not documented; a check where it ever appears.
    #[serde(default)]
    pub(crate) total: Number,
}

/// The packages of one destination on a page.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group<'a> {
    #[serde(borrow, default)]
    pub(crate) country_name: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) country_code: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) geography: Text<'a>,
    /// [`Signal`]s.
    #[serde(borrow, default)]
    pub(crate) signals: Option<Elements<'a>>,
    /// [`WirePackage`]s. Required: a group without its packages would make the catalogue quietly short.
    #[serde(borrow)]
    pub(crate) packages: Elements<'a>,
}

/// A covered country.
#[derive(Deserialize)]
pub(crate) struct Signal<'a> {
    #[serde(borrow, default)]
    pub(crate) code: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) name: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) networks: Texts<'a>,
    #[serde(borrow, default)]
    pub(crate) carriers: Texts<'a>,
}

/// A package in either shape: each value is taken from the flat or the nested place. What a package of
/// the catalogue rarely has is boxed, since a page moves its packages while it grows.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WirePackage<'a> {
    #[serde(borrow, default)]
    pub(crate) package_id: Identifier<'a>,
    #[serde(borrow, default)]
    pub(crate) package: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) activation: Text<'a>,
    #[serde(default)]
    pub(crate) day: Number,
    #[serde(borrow, default)]
    pub(crate) price: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) currency: Text<'a>,
    #[serde(default)]
    pub(crate) is_unlimited: Flag,
    #[serde(default, rename = "isAPNAutomatic")]
    pub(crate) is_apn_automatic: Flag,
    #[serde(borrow, default)]
    pub(crate) apn: ApnField<'a>,
    #[serde(default)]
    pub(crate) data_amount: Number,
    #[serde(borrow, default)]
    pub(crate) data_unit: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) call_type: Text<'a>,
    #[serde(default)]
    pub(crate) call_amount: Number,
    #[serde(borrow, default)]
    pub(crate) call_unit: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) sms_type: Text<'a>,
    #[serde(default)]
    pub(crate) sms_amount: Number,
    #[serde(default, rename = "withSMS")]
    pub(crate) with_sms: Flag,
    #[serde(default)]
    pub(crate) with_call: Flag,
    #[serde(default)]
    pub(crate) with_hotspot: Flag,
    #[serde(default)]
    pub(crate) with_data_roaming: Flag,
    #[serde(default)]
    pub(crate) with_destination_install: Flag,
    #[serde(default)]
    pub(crate) with_usage_check: Flag,
    #[serde(default)]
    pub(crate) with_throttle: Flag,
    #[serde(borrow, default)]
    pub(crate) throttle: Option<Box<Throttle<'a>>>,
    #[serde(default)]
    pub(crate) requirements: Option<Requirements>,
    #[serde(borrow, default)]
    pub(crate) notes: Texts<'a>,
    #[serde(borrow, default)]
    pub(crate) data: Option<Box<DataPart<'a>>>,
    #[serde(borrow, default)]
    pub(crate) call: Option<Box<CallPart<'a>>>,
    #[serde(borrow, default)]
    pub(crate) sms: Option<Box<SmsPart<'a>>>,
}

/// The id alone, of a package of which something else cannot be read.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct NamedPackage<'a> {
    #[serde(borrow)]
    pub(crate) package_id: Identifier<'a>,
}

/// The fair-use limit of an unlimited package.
#[derive(Deserialize)]
pub(crate) struct Throttle<'a> {
    #[serde(default, rename = "throttleSpeed")]
    pub(crate) speed: Number,
    #[serde(borrow, default, rename = "throttleSpeedUnit")]
    pub(crate) speed_unit: Text<'a>,
    #[serde(default, rename = "throttleThreshold")]
    pub(crate) threshold: Number,
    #[serde(borrow, default, rename = "throttleThresholdUnit")]
    pub(crate) threshold_unit: Text<'a>,
}

/// What a package asks of the buyer. Unknown requirements pass.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Requirements {
    #[serde(default)]
    pub(crate) travel_date: Flag,
}

/// Data in the nested shape.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataPart<'a> {
    #[serde(default)]
    pub(crate) is_unlimited: Flag,
    #[serde(default)]
    pub(crate) data_amount: Number,
    #[serde(borrow, default)]
    pub(crate) data_unit: Text<'a>,
}

/// Calls in the nested shape.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallPart<'a> {
    #[serde(default)]
    pub(crate) with_call: Flag,
    #[serde(borrow, default)]
    pub(crate) call_type: Text<'a>,
    #[serde(default)]
    pub(crate) call_amount: Number,
    #[serde(borrow, default)]
    pub(crate) call_unit: Text<'a>,
}

/// Text messages in the nested shape.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SmsPart<'a> {
    #[serde(default, rename = "withSMS")]
    pub(crate) with_sms: Flag,
    #[serde(borrow, default)]
    pub(crate) sms_type: Text<'a>,
    #[serde(default)]
    pub(crate) sms_amount: Number,
}

/// The access point: its name in the flat shape, an object in the nested one.
#[derive(Default)]
pub(crate) struct ApnField<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) automatic: Flag,
}

impl<'de: 'a, 'a> Deserialize<'de> for ApnField<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(reader)?;
        Ok(match raw.get().as_bytes().first() {
            Some(b'"') => Self {
                name: Text::of(raw),
                automatic: Flag(None),
            },
            Some(b'{') => {
                let part: ApnPart<'_> = part(Some(raw));
                Self {
                    name: part.name,
                    automatic: part.automatic,
                }
            }
            _ => Self::default(),
        })
    }
}
