//! eSIMs: two independent facts, an activation, and the plans on it.

use roamport_domain::esim::{ActivationError, Apn, EsimReport, Plan, PlanState, ProfileState};
use roamport_domain::{
    Activation, DataSize, Esim, EsimId, Oddity, PackageId, ProviderName, Secret,
};
use roamport_provider_http::json::{Identifier, Text};

use super::{Unreadable, iccid};
use crate::wire::{WireEsim, WirePlan, list};

/// What a person calls the time when an eSIM or a top-up was made.
pub(crate) const CREATION: &str = "creation";

/// The eSIM of a row. Nothing but its number is required.
pub(crate) fn esim(wire: &WireEsim<'_>, provider: &ProviderName) -> Result<Esim, Unreadable> {
    let id = EsimId::parse(wire.esim_tran_no.or_empty())
        .map_err(|error| Unreadable::new(error.to_string()))?;
    let activation = activation(wire);
    let plans: Vec<WirePlan<'_>> = list(wire.package_list);
    let first = plans
        .iter()
        .find(|plan| plan.esim_tran_no.or_empty() == wire.esim_tran_no.or_empty())
        .or(plans.first());
    let mut oddities = Vec::new();
    let created_at = first.and_then(|plan| {
        let reading = plan.create_time.read();
        reading.or_note(CREATION, "createTime", &mut oddities)
    });
    let usable_until = wire
        .expired_time
        .read()
        .or_note("expiry", "expiredTime", &mut oddities);
    let mut secret = |text: &Identifier<'_>, what, field| {
        let text = text.read().or_note(what, field, &mut oddities)?;
        Secret::from_optional(text)
    };
    let pin = secret(&wire.pin, "PIN", "pin");
    let puk = secret(&wire.puk, "PUK", "puk");
    let msisdn = secret(&wire.msisdn, "phone number", "msisdn");
    let bought = plans.iter().map(|wire| plan(wire, &mut oddities)).collect();
    Ok(Esim::from_report(EsimReport {
        provider: provider.clone(),
        id,
        iccid: iccid(&wire.iccid).or_note("ICCID", "iccid", &mut oddities),
        profile: profile(
            wire.smdp_status.or_empty(),
            wire.esim_status.or_empty(),
            activation.is_some(),
        ),
        plan: plan_state(wire.esim_status.or_empty()),
        activation,
        pin,
        puk,
        msisdn,
        top_up: match wire.support_top_up_type.whole() {
            Some(1) => Some(false),
            Some(2 | 3) => Some(true),
            _ => None,
        },
        usage_readable: Some(true),
        hotspot: None,
        created_at,
        updated_at: None,
        usable_until,
        plans: bought,
        notes: Vec::new(),
        oddities,
    }))
}

/// All that is known of an eSIM whose profile is being allocated.
pub(crate) fn allocating(id: &EsimId, provider: &ProviderName) -> Esim {
    let (profile, plan) = (ProfileState::Generating, PlanState::NotStarted);
    Esim::from_report(EsimReport::new(provider.clone(), id.clone(), profile, plan))
}

/// Whether an eSIM is over for good, so that its card number may belong to another one by now.
pub(crate) fn has_ended(esim: &Esim) -> bool {
    matches!(
        esim.plan(),
        PlanState::Cancelled | PlanState::Revoked | PlanState::Expired
    )
}

fn plan(wire: &WirePlan<'_>, oddities: &mut Vec<Oddity>) -> Plan {
    let (volume, duration) = (wire.volume, wire.duration);
    let bytes = volume.read().then("is no number of bytes", |_| {
        u64::try_from(volume.whole().unwrap_or(-1))
    });
    let days = duration.read().then("is no number of days", |_| {
        u16::try_from(duration.whole().unwrap_or(-1))
    });
    let created_at = wire.create_time.read();
    Plan {
        package: PackageId::parse(wire.package_code.or_empty()).ok(),
        name: wire.package_name.name().unwrap_or_default(),
        data: bytes
            .or_note("data volume", "volume", oddities)
            .map(DataSize::from_bytes),
        days: days.or_note("duration", "duration", oddities),
        created_at: created_at.or_note(CREATION, "createTime", oddities),
    }
}

/// `esimStatus`; webhooks write `REVOKED` for `REVOKE`.
fn plan_state(status: &str) -> PlanState {
    match status.to_ascii_uppercase().as_str() {
        "CREATE" | "PAYING" | "PAID" | "GETTING_RESOURCE" | "GOT_RESOURCE" => PlanState::NotStarted,
        "IN_USE" => PlanState::Active,
        "USED_UP" => PlanState::UsedUp,
        "UNUSED_EXPIRED" | "USED_EXPIRED" => PlanState::Expired,
        "CANCEL" => PlanState::Cancelled,
        "SUSPENDED" => PlanState::Suspended,
        "REVOKE" | "REVOKED" => PlanState::Revoked,
        "" => PlanState::Unknown,
        _ => PlanState::Other(Text::new(status).name().unwrap_or_default()),
    }
}

/// `smdpStatus`, except where `esimStatus` says that the profile is no longer anybody's to install: a
/// cancelled eSIM stays `RELEASED` there.
fn profile(smdp: &str, status: &str, activated: bool) -> ProfileState {
    let status = status.to_ascii_uppercase();
    let smdp = smdp.to_ascii_uppercase();
    match (status.as_str(), smdp.as_str()) {
        ("CANCEL" | "REVOKE" | "REVOKED", _) => ProfileState::Revoked,
        ("UNUSED_EXPIRED", "RELEASED" | "") => ProfileState::Expired,
        (_, "RELEASED" | "") if !activated => ProfileState::Generating,
        (_, "RELEASED" | "") => ProfileState::Ready,
        (_, "DOWNLOAD") => ProfileState::Downloaded,
        (_, "INSTALLATION") => ProfileState::Installed,
        (_, "ENABLED") => ProfileState::Enabled,
        (_, "DISABLED") => ProfileState::Disabled,
        (_, "DELETED") => ProfileState::Deleted,
        (_, other) => ProfileState::Other(Text::new(other).name().unwrap_or_default()),
    }
}

/// From the whole text `ac`; picture and share page are never read.
fn activation(wire: &WireEsim<'_>) -> Option<Result<Activation, ActivationError>> {
    let apn = || Apn {
        automatic: false,
        name: wire.apn.name(),
        username: None,
        password: None,
    };
    let activation = match Text::of(wire.ac?).get() {
        Some(code) => Activation::parse_bought(&Secret::new(code)),
        // An object or a list is no code; nothing and blanks are none.
        None if wire.ac?.get().starts_with(['{', '[']) => Err(ActivationError::UnknownForm),
        None => return None,
    };
    Some(activation.map(|activation| activation.with_apn(apn())))
}

#[cfg(test)]
mod tests {
    use roamport_domain::esim::Undeliverable;
    use rstest::rstest;

    use super::*;

    fn read(json: &str) -> Result<Esim, Unreadable> {
        let wire: WireEsim<'_> = serde_json::from_str(json).unwrap();
        esim(&wire, &ProviderName::parse("esim-access").unwrap())
    }

    #[rstest]
    #[case(
        "RELEASED",
        "GOT_RESOURCE",
        true,
        ProfileState::Ready,
        PlanState::NotStarted
    )]
    #[case(
        "RELEASED",
        "GETTING_RESOURCE",
        false,
        ProfileState::Generating,
        PlanState::NotStarted
    )]
    #[case("", "CREATE", false, ProfileState::Generating, PlanState::NotStarted)]
    #[case("", "PAYING", false, ProfileState::Generating, PlanState::NotStarted)]
    #[case("", "PAID", false, ProfileState::Generating, PlanState::NotStarted)]
    #[case(
        "DOWNLOAD",
        "GOT_RESOURCE",
        true,
        ProfileState::Downloaded,
        PlanState::NotStarted
    )]
    #[case(
        "INSTALLATION",
        "GOT_RESOURCE",
        true,
        ProfileState::Installed,
        PlanState::NotStarted
    )]
    #[case("ENABLED", "IN_USE", true, ProfileState::Enabled, PlanState::Active)]
    #[case("DISABLED", "IN_USE", true, ProfileState::Disabled, PlanState::Active)]
    #[case("ENABLED", "USED_UP", true, ProfileState::Enabled, PlanState::UsedUp)]
    #[case("DELETED", "USED_UP", true, ProfileState::Deleted, PlanState::UsedUp)]
    #[case(
        "ENABLED",
        "USED_EXPIRED",
        true,
        ProfileState::Enabled,
        PlanState::Expired
    )]
    #[case(
        "RELEASED",
        "UNUSED_EXPIRED",
        true,
        ProfileState::Expired,
        PlanState::Expired
    )]
    #[case(
        "RELEASED",
        "CANCEL",
        true,
        ProfileState::Revoked,
        PlanState::Cancelled
    )]
    #[case(
        "ENABLED",
        "SUSPENDED",
        true,
        ProfileState::Enabled,
        PlanState::Suspended
    )]
    #[case("ENABLED", "REVOKE", true, ProfileState::Revoked, PlanState::Revoked)]
    #[case("RELEASED", "REVOKED", true, ProfileState::Revoked, PlanState::Revoked)]
    #[case(
        "released",
        "got_resource",
        true,
        ProfileState::Ready,
        PlanState::NotStarted
    )]
    #[case("MELTED", "", true, ProfileState::Other("MELTED".to_owned()), PlanState::Unknown)]
    #[case("", "Dancing", true, ProfileState::Ready, PlanState::Other("Dancing".to_owned()))]
    fn two_words_are_two_facts(
        #[case] smdp: &str,
        #[case] status: &str,
        #[case] activated: bool,
        #[case] expected: ProfileState,
        #[case] plan: PlanState,
    ) {
        assert_eq!(profile(smdp, status, activated), expected);
        assert_eq!(plan_state(status), plan);
    }

    #[test]
    fn an_esim_that_was_given_back_is_not_ready() {
        let esim = read(
            r#"{"esimTranNo":"1","ac":"LPA:1$a.test$K","smdpStatus":"RELEASED","esimStatus":"CANCEL"}"#,
        )
        .unwrap();
        assert!(!esim.is_ready() && has_ended(&esim));
    }

    #[rstest]
    #[case("DELETED", "GOT_RESOURCE", Undeliverable::Deleted)]
    #[case("RELEASED", "UNUSED_EXPIRED", Undeliverable::Expired)]
    #[case("ENABLED", "USED_EXPIRED", Undeliverable::Expired)]
    #[case("RELEASED", "SUSPENDED", Undeliverable::Suspended)]
    #[case("RELEASED", "REVOKED", Undeliverable::Revoked)]
    #[case("RELEASED", "CANCEL", Undeliverable::Canceled)]
    fn a_dead_esim_with_a_code_is_not_ready(
        #[case] smdp: &str,
        #[case] status: &str,
        #[case] expected: Undeliverable,
    ) {
        let esim = read(&format!(
            r#"{{"esimTranNo":"1","ac":"LPA:1$a.test$K","smdpStatus":"{smdp}","esimStatus":"{status}"}}"#
        ))
        .unwrap();
        assert!(esim.activation().is_some() && !esim.is_ready());
        assert_eq!(esim.undeliverable(), Some(expected));
    }

    #[rstest]
    #[case(r#""LPA:1$a.test:8443$K2""#, ActivationError::SmdpAddress)]
    #[case(r#""https://p.example.test/1.png""#, ActivationError::UnknownForm)]
    #[case(r#""LPA:1$a.test.$K2""#, ActivationError::SmdpAddress)]
    #[case(r#""LPA:1%24a.test%24K2""#, ActivationError::UnknownForm)]
    #[case(r#""LPA:1$a.test$K2$$0""#, ActivationError::ConfirmationCodeFlag)]
    #[case(r#""LPA:1$a.test$""#, ActivationError::NoMatchingId)]
    #[case("[1]", ActivationError::UnknownForm)]
    fn an_activation_code_that_is_none_is_told_apart_from_one_that_is_not_there(
        #[case] ac: &str,
        #[case] expected: ActivationError,
    ) {
        let json = format!(r#"{{"esimTranNo":"1","ac":{ac},"esimStatus":"GOT_RESOURCE"}}"#);
        let esim = read(&json).unwrap();
        assert_eq!(esim.profile(), &ProfileState::Ready);
        assert_eq!(
            esim.undeliverable(),
            Some(Undeliverable::ActivationCode(expected))
        );
    }

    #[rstest]
    #[case(r#""LPA:1$a.test$K2""#, Some("LPA:1$a.test$K2"))]
    #[case(r#""1$a.test$K2""#, Some("LPA:1$a.test$K2"))]
    #[case(r#""LPA:1$a.test$""#, None)]
    #[case(r#""https://p.example.test/1.png""#, None)]
    #[case(r#""""#, None)]
    #[case("null", None)]
    #[case("[1]", None)]
    fn an_activation_is_read_from_its_text_alone(#[case] ac: &str, #[case] expected: Option<&str>) {
        let json = format!(
            r#"{{"esimTranNo":"1","ac":{ac},"qrCodeUrl":"LPA:1$b.test$X","esimStatus":"GOT_RESOURCE"}}"#
        );
        let esim = read(&json).unwrap();
        let lpa = esim
            .activation()
            .map(|activation| activation.lpa().expose().to_owned());
        assert_eq!(lpa.as_deref(), expected);
        assert_eq!(esim.is_ready(), expected.is_some());
    }

    #[test]
    fn odd_values_lose_nothing_but_themselves() {
        let esim = read(
            r#"{"esimTranNo":26112009140011,"iccid":"89-not-digits","smdpStatus":null,"esimStatus":7,
            "supportTopUpType":"3","pin":1234,"puk":null,"expiredTime":"soon","packageList":{"a":1},"new":{}}"#,
        )
        .unwrap();
        assert_eq!(esim.id().as_str(), "26112009140011");
        assert_eq!(esim.iccid().unwrap().as_str(), "89-not-digits");
        let oddities: Vec<_> = esim
            .report()
            .oddities
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(oddities, ["expiry: `expiredTime` is not a time"]);
        assert_eq!(esim.plan(), &PlanState::Other("7".to_owned()));
        assert_eq!(esim.report().top_up, Some(true));
        assert_eq!(esim.report().pin, Some(Secret::new("1234")));
        assert_eq!(
            (esim.report().usable_until, esim.report().created_at),
            (None, None)
        );
        assert!(esim.report().plans.is_empty());
    }

    #[test]
    fn an_esim_without_a_number_is_none() {
        for json in [
            "{}",
            r#"{"esimTranNo":""}"#,
            r#"{"esimTranNo":null,"iccid":"8999900000005200015"}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn debug_shows_no_activation_pin_or_number() {
        let esim = read(
            r#"{"esimTranNo":"1","ac":"LPA:1$a.test$INV-SECRET","pin":"9911","puk":"77665544",
            "msisdn":"+4917000","esimStatus":"GOT_RESOURCE"}"#,
        )
        .unwrap();
        let shown = format!("{esim:?}");
        for secret in ["INV-SECRET", "9911", "77665544", "+4917000"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }

    #[rstest]
    #[case::not_a_number(r#""volume":"much""#, "data volume", "volume")]
    #[case::part_of_a_byte(r#""volume":1.5"#, "data volume", "volume")]
    #[case::less_than_nothing(r#""volume":-1"#, "data volume", "volume")]
    #[case::days_without_end(r#""duration":1e9"#, "duration", "duration")]
    #[case::no_time(r#""createTime":"yesterday""#, CREATION, "createTime")]
    fn what_cannot_be_read_of_a_plan_is_told(
        #[case] field: &str,
        #[case] what: &str,
        #[case] name: &str,
    ) {
        let json =
            format!(r#"{{"esimTranNo":"T-1","packageList":[{{"esimTranNo":"T-9"}},{{{field}}}]}}"#);
        let wire: WireEsim<'_> = serde_json::from_str(&json).unwrap();
        let esim = esim(&wire, &ProviderName::parse("esim-access").unwrap()).unwrap();
        let told: Vec<_> = esim.report().oddities.iter().collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].what, what);
        assert!(told[0].why.starts_with(&format!("`{name}` is")), "{told:?}");
    }
}
