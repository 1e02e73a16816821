//! eSIMs: two facts from one overlapping list of words, and an activation that is derived.

use roamport_domain::esim::{ActivationError, Apn, EsimReport, PlanState, ProfileState};
use roamport_domain::{Activation, Esim, EsimId, ProviderName, Secret};
use roamport_provider_http::json::{Identifier, Text, WireTime, part};
use serde_json::value::RawValue;

use super::{Unreadable, iccid};
use crate::wire::{ApnPart, ProfilePart, WireEsim};

/// The eSIM of an answer. `expected` stands in where the answer to our own question has a status and
/// names no id.
pub(crate) fn esim(
    wire: &WireEsim<'_>,
    provider: &ProviderName,
    expected: Option<&EsimId>,
) -> Result<Esim, Unreadable> {
    let id = match (wire.id.get(), expected) {
        (None, Some(expected)) if wire.status.get().is_some() => expected.clone(),
        (text, _) => EsimId::parse(text.unwrap_or_default())
            .map_err(|error| Unreadable::new(error.to_string()))?,
    };
    let mut oddities = Vec::new();
    let apn: ApnPart<'_> = part(wire.apn);
    let profile = object(wire.esim);
    let activation = match &profile {
        Some(Ok(profile)) => activation(profile, &apn),
        Some(Err(error)) => Some(Err(*error)),
        None => None,
    };
    let profile = profile.and_then(Result::ok).unwrap_or_default();
    let (state, plan) = states(
        wire.status.or_empty(),
        activation.as_ref().map(Result::is_ok),
    );
    let mut moment =
        |moment: WireTime, what, field| moment.read().or_note(what, field, &mut oddities);
    let created_at = moment(wire.created_at, "creation", "createdAt");
    let updated_at = moment(wire.updated_at, "last change", "updatedAt");
    let usable_until = moment(wire.expired_at, "expiry", "expiredAt");
    let mut secret = |text: &Identifier<'_>, what, field| {
        let text = text.read().or_note(what, field, &mut oddities)?;
        Secret::from_optional(text)
    };
    let pin = secret(&profile.pin, "PIN", "pin");
    let puk = secret(&profile.puk, "PUK", "puk");
    let msisdn = secret(&profile.number, "phone number", "number");
    Ok(Esim::from_report(EsimReport {
        plans: Vec::new(),
        provider: provider.clone(),
        id,
        iccid: iccid(&wire.iccid).or_note("ICCID", "iccid", &mut oddities),
        profile: state,
        plan,
        activation,
        pin,
        puk,
        msisdn,
        top_up: wire.with_top_up.0,
        usage_readable: wire.with_usage_check.0,
        hotspot: wire.with_hotspot.0,
        created_at,
        updated_at,
        usable_until,
        notes: wire.notes.owned(),
        oddities,
    }))
}

/// The profile, if there is one; an error if something else stands in its place.
fn object(raw: Option<&RawValue>) -> Option<Result<ProfilePart<'_>, ActivationError>> {
    let raw = raw?;
    let object = raw.get().starts_with('{');
    Some(
        object
            .then(|| serde_json::from_str(raw.get()).ok())
            .flatten()
            .ok_or(ActivationError::UnknownForm),
    )
}

/// The same eSIM, known to be under way: asked for, and not ready yet.
pub(crate) fn generating(esim: Esim) -> Esim {
    match esim.profile() {
        ProfileState::Unprovisioned if esim.report().activation.is_none() => {
            let report = esim.report().clone();
            Esim::from_report(EsimReport {
                profile: ProfileState::Generating,
                ..report
            })
        }
        _ => esim,
    }
}

/// Roamify has four overlapping lists of words: eSIM, events, webhooks and usage. `NEW` with an
/// activation is the `NEW` of the events: generated, not downloaded. `FAILED`, `SUSPENDED`
/// and the words for canceled and used up are in none of them; other sellers of eSIMs use them.
///
/// `activated` is whether the activation code can be read, if there is one.
fn states(status: &str, activated: Option<bool>) -> (ProfileState, PlanState) {
    let ready = match activated {
        Some(_) => ProfileState::Ready,
        None => ProfileState::Generating,
    };
    match status.to_ascii_uppercase().as_str() {
        "NEW" if activated != Some(true) => (ProfileState::Unprovisioned, PlanState::NotStarted),
        "NEW" | "READY" => (ready, PlanState::NotStarted),
        "DOWNLOADED" | "INSTALLED" | "INACTIVE" => (ProfileState::Installed, PlanState::Unknown),
        "ACTIVATED" | "ACTIVE" => (ProfileState::Installed, PlanState::Active),
        "DELETED" => (ProfileState::Deleted, PlanState::Unknown),
        "EXPIRED" | "USED_EXPIRED" | "UNUSED_EXPIRED" => {
            (ProfileState::Expired, PlanState::Expired)
        }
        "REVOKED" | "REVOKE" | "CANCEL" | "CANCELED" | "CANCELLED" => {
            (ProfileState::Revoked, PlanState::Cancelled)
        }
        "USED_UP" => (ready, PlanState::UsedUp),
        "FAILED" => (ProfileState::Failed, PlanState::Unknown),
        "SUSPENDED" => (ready, PlanState::Suspended),
        "" if activated.is_some() => (ProfileState::Ready, PlanState::Unknown),
        _ => {
            let word = Text::new(status).name().unwrap_or_default();
            (ProfileState::Other(word), PlanState::Unknown)
        }
    }
}

/// The activation, from its two halves and from the whole text; links and images are never read.
///
/// Where both can be read and say the same, the text wins, since it alone carries an object identifier
/// and the confirmation-code flag. Where they differ, the halves win, and a log line says so. Where neither can be
/// read, it is said why.
fn activation(
    profile: &ProfilePart<'_>,
    apn: &ApnPart<'_>,
) -> Option<Result<Activation, ActivationError>> {
    let whole = profile.lpa_code.get().map(read_code);
    let same = |one: &Activation, other: &Activation| {
        one.smdp_address() == other.smdp_address() && one.matching_id() == other.matching_id()
    };
    let activation = match (halves(profile), whole) {
        (Some(Ok(halves)), Some(Ok(whole))) if !same(&halves, &whole) => {
            tracing::warn!(
                "the parts of an activation code differ from its text; the parts are used"
            );
            halves
        }
        (_, Some(Ok(whole))) => whole,
        (Some(Ok(halves)), _) => halves,
        (_, Some(Err(error))) | (Some(Err(error)), None) => return Some(Err(error)),
        (None, None) => return None,
    };
    Some(Ok(activation.with_apn(Apn {
        automatic: apn.automatic.is_set(),
        name: apn.name.name(),
        username: apn.username.name(),
        password: Secret::from_optional(apn.password.or_empty()),
    })))
}

/// The matching id decides whether there is an activation: an address alone is none yet.
fn halves(profile: &ProfilePart<'_>) -> Option<Result<Activation, ActivationError>> {
    let code = profile.activation_code.get()?;
    Some(if code.contains('$') {
        read_code(code)
    } else {
        Activation::new(profile.smdp_address.or_empty(), Secret::new(code))
    })
}

fn read_code(text: &str) -> Result<Activation, ActivationError> {
    Activation::parse_bought(&Secret::new(text))
}

#[cfg(test)]
mod tests {
    use roamport_domain::esim::Undeliverable;
    use rstest::rstest;

    use super::*;

    fn read(json: &str) -> Esim {
        let wire: WireEsim<'_> = serde_json::from_str(json).unwrap();
        esim(&wire, &ProviderName::parse("roamify").unwrap(), None).unwrap()
    }

    fn lpa(profile: &str) -> Option<String> {
        let esim = read(&format!(
            r#"{{"id":"e","status":"READY","esim":{profile}}}"#
        ));
        esim.activation()
            .map(|activation| activation.lpa().expose().to_owned())
    }

    #[rstest]
    #[case(
        r#"{"smdpAddress":"a.test","activationCode":"K2"}"#,
        Some("LPA:1$a.test$K2")
    )]
    #[case(r#"{"lpaCode":"LPA:1$a.test$K2"}"#, Some("LPA:1$a.test$K2"))]
    #[case(
        r#"{"lpaCode":"LPA:1$a.test$K2$$1","smdpAddress":"a.test","activationCode":"K2"}"#,
        Some("LPA:1$a.test$K2$$1")
    )]
    #[case(
        r#"{"lpaCode":"LPA:1$b.test$K9","smdpAddress":"a.test","activationCode":"K2"}"#,
        Some("LPA:1$a.test$K2")
    )]
    #[case(
        r#"{"lpaCode":"garbage","smdpAddress":"a.test","activationCode":"K2"}"#,
        Some("LPA:1$a.test$K2")
    )]
    #[case(
        r#"{"smdpAddress":"a.test","activationCode":"LPA:1$c.test$K3"}"#,
        Some("LPA:1$c.test$K3")
    )]
    #[case(r#"{"lpaCode":"LPA:1$a.test$"}"#, None)]
    #[case(r#"{"lpaCode":"LPA:1$$"}"#, None)]
    #[case(r#"{"smdpAddress":"a.test","activationCode":""}"#, None)]
    #[case(r#"{"smdpAddress":"","activationCode":"K2"}"#, None)]
    #[case(r#"{"smdpAddress":"not a host","activationCode":"K2"}"#, None)]
    #[case(r#"{"iosQuickInstall":"https://x.test/?carddata=LPA:1$a.test$K2","qrCodeUrl":"https://x.test"}"#, None)]
    #[case(r#""gone""#, None)]
    #[case("null", None)]
    fn an_activation_is_derived_from_its_parts_or_its_text_and_never_from_a_link(
        #[case] profile: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(lpa(profile).as_deref(), expected);
    }

    #[rstest]
    #[case("NEW", false, ProfileState::Unprovisioned, PlanState::NotStarted)]
    #[case("NEW", true, ProfileState::Ready, PlanState::NotStarted)]
    #[case("READY", true, ProfileState::Ready, PlanState::NotStarted)]
    #[case("READY", false, ProfileState::Generating, PlanState::NotStarted)]
    #[case("installed", true, ProfileState::Installed, PlanState::Unknown)]
    #[case("DOWNLOADED", true, ProfileState::Installed, PlanState::Unknown)]
    #[case("ACTIVATED", true, ProfileState::Installed, PlanState::Active)]
    #[case("ACTIVE", true, ProfileState::Installed, PlanState::Active)]
    #[case("INACTIVE", true, ProfileState::Installed, PlanState::Unknown)]
    #[case("DELETED", true, ProfileState::Deleted, PlanState::Unknown)]
    #[case("EXPIRED", true, ProfileState::Expired, PlanState::Expired)]
    #[case("REVOKED", true, ProfileState::Revoked, PlanState::Cancelled)]
    #[case("FAILED", true, ProfileState::Failed, PlanState::Unknown)]
    #[case("SUSPENDED", true, ProfileState::Ready, PlanState::Suspended)]
    #[case("UNKNOWN", false, ProfileState::Other("UNKNOWN".to_owned()), PlanState::Unknown)]
    #[case("Teleported", true, ProfileState::Other("Teleported".to_owned()), PlanState::Unknown)]
    #[case("", true, ProfileState::Ready, PlanState::Unknown)]
    #[case("", false, ProfileState::Other(String::new()), PlanState::Unknown)]
    fn a_status_is_two_facts(
        #[case] status: &str,
        #[case] activated: bool,
        #[case] profile: ProfileState,
        #[case] plan: PlanState,
    ) {
        assert_eq!(states(status, activated.then_some(true)), (profile, plan));
    }

    #[rstest]
    #[case(
        r#"{"lpaCode":"LPA:1$smdp.example.test:8443$K2-A"}"#,
        ActivationError::SmdpAddress
    )]
    #[case(
        r#"{"lpaCode":"https://LPA:1$smdp.example.test$K2-A"}"#,
        ActivationError::UnknownForm
    )]
    #[case(
        r#"{"lpaCode":"LPA:1$https://smdp.example.test$K2-A"}"#,
        ActivationError::SmdpAddress
    )]
    #[case(
        r#"{"lpaCode":"LPA:1$smdp.example.test.$K2-A"}"#,
        ActivationError::SmdpAddress
    )]
    #[case(
        r#"{"lpaCode":"LPA:1%24smdp.example.test%24K2-A"}"#,
        ActivationError::UnknownForm
    )]
    #[case(
        r#"{"lpaCode":"LPA:1$smdp.example.test$K2-A$$0"}"#,
        ActivationError::ConfirmationCodeFlag
    )]
    #[case(
        r#"{"lpaCode":"LPA:1$smdp.example.test$"}"#,
        ActivationError::NoMatchingId
    )]
    #[case(r#"{"lpaCode":12}"#, ActivationError::UnknownForm)]
    #[case(
        r#"{"smdpAddress":"","activationCode":"K2"}"#,
        ActivationError::SmdpAddress
    )]
    #[case(r#""gone""#, ActivationError::UnknownForm)]
    fn an_activation_code_that_is_none_is_told_apart_from_one_that_is_not_there(
        #[case] profile: &str,
        #[case] expected: ActivationError,
    ) {
        let json = |status| format!(r#"{{"id":"e","status":"{status}","esim":{profile}}}"#);
        let esim = read(&json("READY"));
        assert_eq!(esim.activation_error(), Some(expected));
        assert_eq!(esim.profile(), &ProfileState::Ready);
        assert_eq!(
            esim.undeliverable(),
            Some(Undeliverable::ActivationCode(expected))
        );
        assert!(!esim.is_ready());
        assert_eq!(read(&json("NEW")).undeliverable(), None);
    }

    #[rstest]
    #[case(" LPA:1$a.test$K2 ")]
    #[case("\u{FEFF}LPA:1$a.test$K2\u{200B}")]
    #[case("\u{200B} lpa:1$A.Test$K2\u{A0}")]
    fn what_shows_nothing_around_a_code_is_left_out(#[case] text: &str) {
        let json = format!(r#"{{"lpaCode":"{text}"}}"#);
        assert_eq!(lpa(&json).as_deref(), Some("LPA:1$a.test$K2"));
    }

    #[rstest]
    #[case("DELETED", Undeliverable::Deleted)]
    #[case("EXPIRED", Undeliverable::Expired)]
    #[case("FAILED", Undeliverable::Failed)]
    #[case("SUSPENDED", Undeliverable::Suspended)]
    #[case("REVOKED", Undeliverable::Canceled)]
    #[case("CANCELLED", Undeliverable::Canceled)]
    #[case("Cancel", Undeliverable::Canceled)]
    #[case("USED_EXPIRED", Undeliverable::Expired)]
    fn a_dead_esim_with_a_code_is_not_ready(#[case] status: &str, #[case] expected: Undeliverable) {
        let esim = read(&format!(
            r#"{{"id":"e","status":"{status}","esim":{{"lpaCode":"LPA:1$a.test$K2"}}}}"#
        ));
        assert!(esim.activation().is_some() && !esim.is_ready());
        assert_eq!(esim.undeliverable(), Some(expected));
    }

    #[test]
    fn a_value_that_cannot_be_read_is_told_apart_from_one_that_is_not_there() {
        let esim = read(
            r#"{"id":"e","iccid":8.98e18,"status":"READY","createdAt":1795003202000,
            "updatedAt":"2026-11-18T12:00:02Z","expiredAt":"2026-11-18 12:00",
            "esim":{"pin":true,"puk":12345678,"number":4917000000000000000000}}"#,
        );
        let report = esim.report();
        let oddities: Vec<_> = report.oddities.iter().map(ToString::to_string).collect();
        assert_eq!(
            oddities,
            [
                "expiry: `expiredAt` is a time without an offset from UTC",
                "PIN: `pin` is no identifier, but a broken text or a value of another kind",
                "ICCID: `iccid` is no identifier, but a broken text or a value of another kind",
            ]
        );
        assert_eq!(report.created_at.unwrap().as_second(), 1_795_003_202);
        assert_eq!(report.updated_at.unwrap().as_second(), 1_795_003_202);
        assert_eq!((report.usable_until, report.iccid.as_ref()), (None, None));
        assert_eq!(report.msisdn, Some(Secret::new("4917000000000000000000")));
    }

    #[test]
    fn half_an_emoji_in_a_note_costs_nothing_but_itself() {
        let esim = read(r#"{"id":"e","status":"READY","notes":["1 GB \ud83c","fine"]}"#);
        assert_eq!(esim.report().notes, ["1 GB \u{FFFD}", "fine"]);
    }

    #[test]
    fn odd_values_lose_nothing_but_themselves() {
        let esim = read(
            r#"{"id":12345,"iccid":"89-not-digits","status":"READY","withTopUp":"false",
            "withHotspot":null,"esim":{"smdpAddress":"a.test","activationCode":"K2","pin":1234,"puk":null},
            "apn":[],"notes":null,"createdAt":"1795003202","updatedAt":null,"expiredAt":-1,"new":{}}"#,
        );
        assert_eq!(esim.id().as_str(), "12345");
        assert_eq!(esim.iccid().unwrap().as_str(), "89-not-digits");
        assert!(!esim.iccid().unwrap().is_well_formed());
        assert_eq!(esim.report().top_up, Some(false));
        assert_eq!(esim.report().hotspot, None);
        assert_eq!(esim.report().pin, Some(Secret::new("1234")));
        assert_eq!(esim.report().puk, None);
        assert_eq!(esim.report().created_at.unwrap().as_second(), 1_795_003_202);
        assert_eq!(
            (esim.report().updated_at, esim.report().usable_until),
            (None, None)
        );
        assert!(esim.is_ready());
    }

    #[test]
    fn an_esim_without_an_id_is_none_unless_we_asked_for_one() {
        let provider = ProviderName::parse("roamify").unwrap();
        let wire: WireEsim<'_> = serde_json::from_str(r#"{"status":"READY"}"#).unwrap();
        assert!(esim(&wire, &provider, None).is_err());
        let empty: WireEsim<'_> = serde_json::from_str("{}").unwrap();
        let asked = EsimId::parse("e-7").unwrap();
        assert_eq!(esim(&wire, &provider, Some(&asked)).unwrap().id(), &asked);
        assert!(esim(&empty, &provider, Some(&asked)).is_err());
    }

    #[test]
    fn debug_shows_no_activation_pin_or_number() {
        let esim = read(
            r#"{"id":"e","iccid":"8988303000001234567","status":"READY","esim":{"smdpAddress":"a.test",
            "activationCode":"K2-SECRET","pin":"9911","puk":"77665544","number":"+4917000"},
            "apn":{"apnPassword":"hunter2"}}"#,
        );
        let shown = format!("{esim:?}");
        for secret in ["K2-SECRET", "9911", "77665544", "+4917000", "hunter2"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}
