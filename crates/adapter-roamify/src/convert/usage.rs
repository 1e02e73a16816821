//! Usage: raw figures, since the provider contradicts itself about their unit.

use jiff::Timestamp;
use jiff::civil::Date;
use roamport_domain::esim::PlanState;
use roamport_domain::usage::{DailyUsage, RawQuantity};
use roamport_domain::{EsimId, Iccid, ProviderName, Usage};
use roamport_provider_http::json::Number;
use rust_decimal::Decimal;

use super::{UNLIMITED, Unreadable, timestamp};
use crate::wire::{UsageBody, UsageDay};

/// The usage of an answer, read at `as_of`.
pub(crate) fn usage(
    wire: &UsageBody<'_>,
    provider: &ProviderName,
    as_of: Timestamp,
) -> Result<Usage, Unreadable> {
    let started_at = timestamp(wire.started_at);
    let ends_at = timestamp(wire.expired_at);
    let plan = plan(wire.status.or_empty(), started_at, ends_at, as_of);
    // An unlimited plan shows as 0, −1 or 2^53−1; a plan that is over may show 0 as well.
    let sentinel = match wire.allowed_data.whole() {
        Some(0) => plan != PlanState::Expired,
        Some(allowed) => !(0..UNLIMITED).contains(&allowed),
        None => false,
    };
    let unlimited = wire.is_unlimited.is_set() || sentinel;
    let data = if sentinel {
        RawQuantity {
            allowed: None,
            remaining: None,
        }
    } else {
        quantity(wire.allowed_data, wire.remaining_data)
    };
    Ok(Usage {
        provider: provider.clone(),
        esim: wire.id.get().and_then(|text| EsimId::parse(text).ok()),
        iccid: wire.iccid.get().and_then(|text| Iccid::parse(text).ok()),
        plan,
        started_at,
        ends_at,
        data,
        sms: quantity(wire.allowed_sms, wire.remaining_sms),
        voice: quantity(wire.allowed_voice, wire.remaining_voice),
        daily: days(wire.data_usages.as_deref().unwrap_or_default())?,
        unlimited,
        as_of,
    })
}

fn quantity(allowed: Number, remaining: Number) -> RawQuantity {
    RawQuantity {
        allowed: figure(allowed),
        remaining: figure(remaining),
    }
}

/// A sentinel is no figure.
fn figure(number: Number) -> Option<Decimal> {
    number
        .decimal()
        .filter(|figure| !figure.is_sign_negative() && *figure < Decimal::from(UNLIMITED))
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
        _ => PlanState::Other(status.to_owned()),
    }
}

fn days(wire: &[UsageDay<'_>]) -> Result<Vec<DailyUsage>, Unreadable> {
    wire.iter()
        .enumerate()
        .map(|(index, day)| {
            let unreadable = |what: &str| {
                Unreadable::new(format!(
                    "`data.dataUsages[{index}].{what}` is missing or unreadable"
                ))
            };
            Ok(DailyUsage {
                date: date(day.date.or_empty()).ok_or_else(|| unreadable("date"))?,
                used: day.usage.decimal().ok_or_else(|| unreadable("usage"))?,
                location: day.location.get().map(str::to_owned),
            })
        })
        .collect()
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
    use rstest::rstest;

    use super::*;

    fn read(json: &str) -> Result<Usage, Unreadable> {
        let wire: UsageBody<'_> = serde_json::from_str(json).unwrap();
        let now = "2026-11-20T00:00:00Z".parse().unwrap();
        usage(&wire, &ProviderName::parse("roamify").unwrap(), now)
    }

    #[rstest]
    #[case(r#"{"allowedData":-1,"remainingData":-1}"#, true)]
    #[case(r#"{"allowedData":0,"remainingData":0}"#, true)]
    #[case(
        r#"{"allowedData":9007199254740991,"remainingData":9007199254740991}"#,
        true
    )]
    #[case(r#"{"allowedData":"-1"}"#, true)]
    #[case(r#"{"isUnlimited":true}"#, true)]
    #[case("{}", false)]
    #[case(r#"{"status":"EXPIRED","allowedData":0,"remainingData":0}"#, false)]
    fn a_sentinel_is_no_figure(#[case] json: &str, #[case] unlimited: bool) {
        let usage = read(json).unwrap();
        assert_eq!(usage.unlimited, unlimited);
        assert!(
            usage.data.allowed.is_none() || usage.plan == PlanState::Expired,
            "{usage:?}"
        );
    }

    #[test]
    fn figures_may_be_text_or_have_decimals() {
        let usage =
            read(r#"{"allowedData":"3072","remainingData":2211.5,"allowedVoice":-1}"#).unwrap();
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
        assert_eq!(read(&json).unwrap().plan, expected);
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
    fn a_day_that_cannot_be_read_is_named() {
        let json = r#"{"dataUsages":[{"date":"20261118","usage":1},{"date":"x","usage":1}]}"#;
        assert_eq!(
            read(json).unwrap_err().0,
            "`data.dataUsages[1].date` is missing or unreadable"
        );
    }
}
