//! Usage: raw figures, since the provider contradicts itself about their unit.

use jiff::Timestamp;
use jiff::civil::Date;
use roamport_domain::esim::PlanState;
use roamport_domain::usage::{DailyUsage, RawQuantity};
use roamport_domain::{EsimId, Oddity, ProviderName, Usage};
use roamport_provider_http::json::{Number, Reading, Text, list};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::{UNLIMITED, iccid};
use crate::wire::{UsageBody, UsageDay};

/// The usage of an answer, read at `as_of`.
pub(crate) fn usage(wire: &UsageBody<'_>, provider: &ProviderName, as_of: Timestamp) -> Usage {
    let mut oddities = Vec::new();
    let started_at = wire
        .started_at
        .read()
        .or_note("start", "startedAt", &mut oddities);
    let ends_at = wire
        .expired_at
        .read()
        .or_note("end", "expiredAt", &mut oddities);
    let plan = plan(wire.status.or_empty(), started_at, ends_at, as_of);
    // An unlimited plan shows as −1 or 2^53−1. It may show as 0 as well, but so do plans that are not.
    let unlimited = wire.is_unlimited.is_set()
        || wire
            .allowed_data
            .whole()
            .is_some_and(|allowed| is_sentinel(allowed.into()));
    Usage {
        provider: provider.clone(),
        esim: wire.id.read().then("is no eSIM id", EsimId::parse).or_note(
            "eSIM",
            "id",
            &mut oddities,
        ),
        iccid: iccid(&wire.iccid).or_note("ICCID", "iccid", &mut oddities),
        plan,
        started_at,
        ends_at,
        data: RawQuantity {
            allowed: figure(wire.allowed_data, "allowedData", &mut oddities),
            remaining: figure(wire.remaining_data, "remainingData", &mut oddities),
        },
        sms: RawQuantity {
            allowed: figure(wire.allowed_sms, "allowedSms", &mut oddities),
            remaining: figure(wire.remaining_sms, "remainingSms", &mut oddities),
        },
        voice: RawQuantity {
            allowed: figure(wire.allowed_voice, "allowedVoice", &mut oddities),
            remaining: figure(wire.remaining_voice, "remainingVoice", &mut oddities),
        },
        daily: days(wire.data_usages, &mut oddities),
        unlimited,
        // Roamify's pages contradict each other about the unit.
        unit: None,
        as_of,
        oddities,
    }
}

/// −1 and 2^53−1 stand for "no end" or "not part of the plan": they are no figures. Every other figure is kept as
/// it came.
fn is_sentinel(figure: Decimal) -> bool {
    figure == Decimal::NEGATIVE_ONE || figure >= Decimal::from(UNLIMITED)
}

fn figure(number: Number, field: &str, oddities: &mut Vec<Oddity>) -> Option<Decimal> {
    number
        .read()
        .or_note("usage", field, oddities)
        .filter(|figure| !is_sentinel(*figure))
}

/// `startedAt` and `expiredAt` are start and end of the package, so an installed profile between them
/// has a running plan.
fn plan(
    status: &str,
    started_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    now: Timestamp,
) -> PlanState {
    let begun = started_at.is_some_and(|start| start <= now);
    let over = ends_at.is_some_and(|end| end <= now);
    match status.to_ascii_uppercase().as_str() {
        "NEW" | "READY" => PlanState::NotStarted,
        "ACTIVE" | "ACTIVATED" => PlanState::Active,
        "EXPIRED" => PlanState::Expired,
        "REVOKED" => PlanState::Cancelled,
        "INSTALLED" | "DOWNLOADED" | "INACTIVE" if begun && !over => PlanState::Active,
        "INSTALLED" | "DOWNLOADED" | "INACTIVE" | "DELETED" | "UNKNOWN" | "" => PlanState::Unknown,
        _ => PlanState::Other(Text::new(status).name().unwrap_or_default()),
    }
}

/// The days that can be read. Each other one is noted.
fn days(raw: Option<&RawValue>, oddities: &mut Vec<Oddity>) -> Vec<DailyUsage> {
    let Some(raw) = raw.filter(|raw| raw.get() != "null") else {
        return Vec::new();
    };
    let mut note = |field: String, why| {
        let reading: Reading<()> = Reading::Unreadable(why);
        reading.or_note("daily usage", &field, oddities);
    };
    let Some(days) = list(Some(raw)) else {
        note("dataUsages".to_owned(), "is no list");
        return Vec::new();
    };
    let mut readable = Vec::with_capacity(days.len());
    for (index, raw) in days.into_iter().enumerate() {
        match day(raw) {
            Ok(day) => readable.push(day),
            Err(why) => note(format!("dataUsages[{index}]"), why),
        }
    }
    readable
}

fn day(raw: &RawValue) -> Result<DailyUsage, &'static str> {
    let wire: UsageDay<'_> =
        serde_json::from_str(raw.get()).map_err(|_| "is no day with its usage")?;
    let used = wire
        .usage
        .decimal()
        .ok_or("has no usage that can be read")?;
    if used < Decimal::ZERO {
        return Err("has a usage below zero");
    }
    Ok(DailyUsage {
        date: date(wire.date.or_empty()).ok_or("has no date that can be read")?,
        used,
        location: wire.location.name(),
    })
}

/// `20261118` and `2026-11-18`, the two documented forms; a time behind the day is let pass.
fn date(text: &str) -> Option<Date> {
    let format = if text.contains('-') {
        "%Y-%m-%d"
    } else {
        "%Y%m%d"
    };
    let length = if text.contains('-') { 10 } else { 8 };
    Date::strptime(format, text.get(..length)?).ok()
}

#[cfg(test)]
mod tests {
    use roamport_domain::{DataAllowance, DataSize};
    use rstest::rstest;

    use super::*;

    fn read(json: &str) -> Usage {
        let wire: UsageBody<'_> = serde_json::from_str(json).unwrap();
        let now = "2026-11-20T00:00:00Z".parse().unwrap();
        usage(&wire, &ProviderName::parse("roamify").unwrap(), now)
    }

    #[rstest]
    #[case(r#"{"allowedData":-1,"remainingData":-1}"#, true)]
    #[case(r#"{"allowedData":0,"remainingData":0}"#, false)]
    #[case(
        r#"{"allowedData":9007199254740991,"remainingData":9007199254740991}"#,
        true
    )]
    #[case(r#"{"allowedData":"-1"}"#, true)]
    #[case(r#"{"isUnlimited":true}"#, true)]
    #[case("{}", false)]
    #[case(r#"{"status":"EXPIRED","allowedData":0,"remainingData":0}"#, false)]
    fn a_sentinel_is_no_figure(#[case] json: &str, #[case] unlimited: bool) {
        let usage = read(json);
        assert_eq!(usage.unlimited, unlimited);
        assert!(
            usage.data.allowed.is_none_or(|allowed| allowed.is_zero()),
            "{usage:?}"
        );
    }

    #[test]
    fn figures_may_be_text_or_have_decimals() {
        let usage = read(r#"{"allowedData":"3072","remainingData":2211.5,"allowedVoice":-1}"#);
        assert_eq!(usage.data.allowed, Some(Decimal::from(3072)));
        assert_eq!(usage.data.remaining, Some(Decimal::new(22115, 1)));
        assert_eq!(usage.voice.allowed, None);
    }

    #[rstest]
    #[case("INSTALLED", "1795010400", "1796306400", PlanState::Active)]
    #[case("INSTALLED", "1795010400", "1795010500", PlanState::Unknown)]
    #[case("INSTALLED", "null", "1796306400", PlanState::Unknown)]
    #[case("INSTALLED", "1896306400", "null", PlanState::Unknown)]
    #[case("ACTIVE", "null", "null", PlanState::Active)]
    #[case("READY", "-1", "-1", PlanState::NotStarted)]
    #[case("EXPIRED", "1795010400", "1796306400", PlanState::Expired)]
    #[case("REVOKED", "0", "0", PlanState::Cancelled)]
    #[case("Paused", "0", "0", PlanState::Other("Paused".to_owned()))]
    fn the_plan_follows_the_word_and_the_dates(
        #[case] status: &str,
        #[case] start: &str,
        #[case] end: &str,
        #[case] expected: PlanState,
    ) {
        let json = format!(r#"{{"status":"{status}","startedAt":{start},"expiredAt":{end}}}"#);
        assert_eq!(read(&json).plan, expected);
    }

    #[rstest]
    #[case("20261118", true)]
    #[case("2026-11-18", true)]
    #[case("2026-11-18T00:00:00Z", true)]
    #[case("20261318", false)]
    #[case("2026-1", false)]
    #[case("", false)]
    #[case("yesterday", false)]
    fn a_day_is_read_in_both_forms(#[case] text: &str, #[case] readable: bool) {
        let expected = readable.then(|| jiff::civil::date(2026, 11, 18));
        assert_eq!(date(text), expected);
    }

    #[test]
    fn nothing_allowed_does_not_mean_unlimited() {
        let usage = read(r#"{"allowedData":0,"remainingData":0}"#);
        assert_eq!(usage.data.allowed, Some(Decimal::ZERO));
        assert_eq!(usage.data.remaining, Some(Decimal::ZERO));
        let bought = DataAllowance::Fixed {
            size: DataSize::GIBIBYTE,
        };
        let data = usage.data(&[bought]);
        assert!(!data.unlimited);
        assert_eq!(data.remaining_basis_points, None);
    }

    #[test]
    fn less_than_nothing_left_is_kept_as_it_came_and_means_nothing_left() {
        let usage = read(r#"{"allowedData":1024,"remainingData":-12}"#);
        assert_eq!(usage.data.remaining, Some(Decimal::from(-12)));
        assert_eq!(usage.data(&[]).remaining_basis_points, Some(0));
    }

    #[test]
    fn a_day_that_cannot_be_read_costs_nothing_but_itself() {
        let usage = read(
            r#"{"allowedData":1024,"remainingData":"much","dataUsages":[{"date":"20261118","usage":1},
            {"date":"x","usage":1},{"date":"20261119","usage":"?"},"gone",{"date":"20261120","usage":2}]}"#,
        );
        let days: Vec<_> = usage.daily.iter().map(|day| day.date.day()).collect();
        assert_eq!(days, [18, 20]);
        assert_eq!(usage.data.allowed, Some(Decimal::from(1024)));
        let oddities: Vec<_> = usage.oddities.iter().map(ToString::to_string).collect();
        assert_eq!(
            oddities,
            [
                "usage: `remainingData` is not a number",
                "daily usage: `dataUsages[1]` has no date that can be read",
                "daily usage: `dataUsages[2]` has no usage that can be read",
                "daily usage: `dataUsages[3]` is no day with its usage",
            ]
        );
    }

    #[test]
    fn a_day_on_which_less_than_nothing_was_used_is_noted() {
        let usage = read(
            r#"{"dataUsages":[{"date":"20261118","usage":-557},{"date":"20261119","usage":0}]}"#,
        );
        let days: Vec<_> = usage.daily.iter().map(|day| day.date.day()).collect();
        assert_eq!(days, [19]);
        assert_eq!(
            usage.oddities[0].to_string(),
            "daily usage: `dataUsages[0]` has a usage below zero"
        );
    }

    #[test]
    fn days_that_are_no_list_are_told_apart_from_none() {
        assert!(read(r#"{"dataUsages":null}"#).oddities.is_empty());
        assert!(read("{}").oddities.is_empty());
        let usage = read(r#"{"dataUsages":{"date":"20261118"}}"#);
        assert_eq!(
            usage.oddities[0].to_string(),
            "daily usage: `dataUsages` is no list"
        );
    }
}
