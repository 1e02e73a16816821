//! Usage, as JSON and as a bar with figures.

use jiff::Timestamp;
use jiff::civil::Date;
use roamport_app::usage::UsageView;
use roamport_domain::usage::RawQuantity;
use roamport_domain::{DataAllowance, DataSize};
use serde::Serialize;

use super::esim::{OddityJson, plan_name, unreadable_text};
use super::{counted, facts, moment};
use crate::bar;
use crate::table::{Column, table};
use crate::text::TerminalText;

/// Usage of one eSIM. Bytes are absent where the provider's unit could not be told; the share needs
/// no unit.
#[derive(Debug, Serialize)]
pub(crate) struct UsageDocument {
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

fn size_of_day(view: &UsageView, day: &roamport_domain::usage::DailyUsage) -> Option<DataSize> {
    view.usage.daily_size(view.data.unit?, day)
}

/// A bar, the figures, and a table of days where the provider has it.
pub(crate) fn usage_text(view: &UsageView) -> TerminalText {
    let usage = &view.usage;
    let left = |quantity: RawQuantity| {
        let allowed = quantity.allowed.filter(|allowed| !allowed.is_zero())?;
        let remaining = quantity
            .remaining
            .map_or_else(|| "?".to_owned(), |left| left.normalize().to_string());
        Some(format!("{remaining} of {} left", allowed.normalize()))
    };
    let mut text = TerminalText::line(headline(view));
    text.push_gap();
    text.push(facts(&[
        ("eSIM", usage.esim.as_ref().map(ToString::to_string)),
        ("ICCID", usage.iccid.as_ref().map(ToString::to_string)),
        ("Plan", Some(plan_name(&usage.plan).to_owned())),
        ("Used", view.data.used.map(|used| used.to_string())),
        ("SMS", left(usage.sms)),
        ("Calls", left(usage.voice)),
        ("Started", usage.started_at.map(moment)),
        ("Ends", usage.ends_at.map(moment)),
        ("Read", Some(read(view))),
        ("Unreadable", unreadable_text(&usage.oddities)),
    ]));
    if !usage.daily.is_empty() {
        text.push(days_table(view).after_gap());
    }
    text
}

/// `[███████░░░] 72.0 % left · 2.16 GB of 3 GB`, as far as it is known.
fn headline(view: &UsageView) -> String {
    let bar = view.data.remaining_basis_points.map(bar::remaining);
    let sizes = view.data.remaining.zip(view.data.allowed);
    let sizes = sizes.map(|(remaining, allowed)| format!("{remaining} of {allowed}"));
    match (bar, sizes) {
        (Some(bar), Some(sizes)) => format!("{bar} · {sizes}"),
        (Some(bar), None) => bar,
        (None, Some(sizes)) => format!("{sizes} left"),
        (None, None) if view.data.unlimited => "unlimited data".to_owned(),
        (None, None) => {
            let bought = view.purchased.iter().filter_map(DataAllowance::fixed_size);
            let bought: Vec<String> = bought.map(|size| size.to_string()).collect();
            let bought = match bought.as_slice() {
                [] => String::new(),
                sizes => format!(" (bought: {})", sizes.join(" + ")),
            };
            format!("the provider gives no figure for data{bought}")
        }
    }
}

/// When the figures were read, and how old they may have been by then.
fn read(view: &UsageView) -> String {
    let read = moment(view.usage.as_of);
    let Some(lag) = view.lag.filter(|lag| !lag.is_zero()) else {
        return read;
    };
    let minutes = usize::try_from(lag.as_secs().div_ceil(60)).unwrap_or(usize::MAX);
    let age = if minutes % 60 == 0 {
        counted(minutes / 60, "hour", "hours")
    } else {
        counted(minutes, "minute", "minutes")
    };
    format!("{read}, from figures up to {age} old")
}

fn days_table(view: &UsageView) -> TerminalText {
    let columns = [
        Column::id("DAY"),
        Column::figure("USED"),
        Column::text("WHERE"),
    ];
    let row = |day: &roamport_domain::usage::DailyUsage| {
        let used = size_of_day(view, day).map_or_else(
            || format!("{} (unit unknown)", day.used.normalize()),
            |size| size.to_string(),
        );
        vec![
            day.date.to_string(),
            used,
            day.location.clone().unwrap_or_default(),
        ]
    };
    table(&columns, view.usage.daily.iter().map(row).collect(), None)
}
