//! Usage.

use jiff::Timestamp;
use jiff::civil::Date;
use roamport_app::usage::UsageView;
use roamport_domain::DataSize;
use roamport_domain::usage::RawQuantity;
use serde::Serialize;

use crate::esim::{OddityJson, plan_name};

/// Usage of one eSIM. Bytes are absent where the provider's unit could not be told; the share needs
/// no unit.
#[derive(Debug, Serialize)]
pub struct UsageDocument {
    usage: UsageJson,
}

#[derive(Debug, Serialize)]
struct UsageJson {
    esim: Option<String>,
    iccid: Option<String>,
    provider: String,
    plan: String,
    unlimited: bool,
    data: DataUsageJson,
    sms: QuantityJson,
    voice: QuantityJson,
    started_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    as_of: Timestamp,
    /// How old the figures may have been at that moment; `null` if the provider does not say.
    lag_seconds: Option<u64>,
    daily: Vec<DayJson>,
    /// What the provider sent and could not be read; left out if there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<OddityJson>,
}

/// Basis points are hundredths of a percent.
#[derive(Debug, Serialize)]
struct DataUsageJson {
    allowed_bytes: Option<u64>,
    remaining_bytes: Option<u64>,
    used_bytes: Option<u64>,
    remaining_basis_points: Option<u16>,
    raw: QuantityJson,
}

/// Figures as the provider gave them, as text.
#[derive(Debug, Serialize)]
struct QuantityJson {
    allowed: Option<String>,
    remaining: Option<String>,
}

impl From<RawQuantity> for QuantityJson {
    fn from(quantity: RawQuantity) -> Self {
        Self {
            allowed: quantity
                .allowed
                .map(|figure| figure.normalize().to_string()),
            remaining: quantity
                .remaining
                .map(|figure| figure.normalize().to_string()),
        }
    }
}

#[derive(Debug, Serialize)]
struct DayJson {
    date: Date,
    used: String,
    used_bytes: Option<u64>,
    location: Option<String>,
}

impl From<&UsageView> for UsageDocument {
    fn from(view: &UsageView) -> Self {
        let usage = &view.usage;
        let daily = usage.daily.iter().map(|day| DayJson {
            date: day.date,
            used: day.used.normalize().to_string(),
            used_bytes: size_of_day(view, day).map(DataSize::bytes),
            location: day.location.clone(),
        });
        let data = DataUsageJson {
            allowed_bytes: view.data.allowed.map(DataSize::bytes),
            remaining_bytes: view.data.remaining.map(DataSize::bytes),
            used_bytes: view.data.used.map(DataSize::bytes),
            remaining_basis_points: view.data.remaining_basis_points,
            raw: usage.data.into(),
        };
        let usage = UsageJson {
            esim: usage.esim.as_ref().map(ToString::to_string),
            iccid: usage.iccid.as_ref().map(ToString::to_string),
            provider: usage.provider.to_string(),
            plan: plan_name(&usage.plan).to_owned(),
            unlimited: view.data.unlimited,
            data,
            sms: usage.sms.into(),
            voice: usage.voice.into(),
            started_at: usage.started_at,
            ends_at: usage.ends_at,
            as_of: usage.as_of,
            lag_seconds: view.lag.map(|lag| lag.as_secs()),
            daily: daily.collect(),
            unreadable: usage.oddities.iter().map(OddityJson::from).collect(),
        };
        Self { usage }
    }
}

/// How much was used on a day, if the provider's unit is known.
pub fn size_of_day(view: &UsageView, day: &roamport_domain::usage::DailyUsage) -> Option<DataSize> {
    view.usage.daily_size(view.data.unit?, day)
}
