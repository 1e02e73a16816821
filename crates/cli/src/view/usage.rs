//! Usage as a bar with figures.

use roamport_app::usage::UsageView;
use roamport_documents::esim::{plan_name, unreadable_text};
use roamport_documents::usage::size_of_day;
use roamport_documents::words::{counted, moment};
use roamport_domain::DataAllowance;
use roamport_domain::usage::RawQuantity;

use super::facts;
use crate::bar;
use crate::table::{Column, table};
use crate::text::TerminalText;

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
