//! eSIMs: two facts from one overlapping list of words, and an activation that is derived.

use roamport_domain::esim::{Apn, EsimReport, PlanState, ProfileState};
use roamport_domain::{Activation, Esim, EsimId, Iccid, ProviderName, Secret};
use roamport_provider_http::json::part;

use super::{Unreadable, timestamp};
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
    let profile: ProfilePart<'_> = part(wire.esim);
    let activation = activation(&profile, &part(wire.apn));
    let (state, plan) = states(wire.status.or_empty(), activation.is_some());
    Ok(Esim::from_report(EsimReport {
        plans: Vec::new(),
        provider: provider.clone(),
        id,
        iccid: wire.iccid.get().and_then(|text| Iccid::parse(text).ok()),
        profile: state,
        plan,
        activation,
        pin: Secret::from_optional(profile.pin.or_empty()),
        puk: Secret::from_optional(profile.puk.or_empty()),
        msisdn: Secret::from_optional(profile.number.or_empty()),
        top_up: wire.with_top_up.0,
        usage_readable: wire.with_usage_check.0,
        hotspot: wire.with_hotspot.0,
        created_at: timestamp(wire.created_at),
        updated_at: timestamp(wire.updated_at),
        usable_until: timestamp(wire.expired_at),
        notes: wire.notes.owned(),
    }))
}

/// The same eSIM, known to be under way: asked for, and not ready yet.
pub(crate) fn generating(esim: Esim) -> Esim {
    match esim.profile() {
        ProfileState::Unprovisioned if esim.activation().is_none() => {
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
/// activation is the `NEW` of the events: generated, not downloaded.
fn states(status: &str, activated: bool) -> (ProfileState, PlanState) {
    let ready = if activated {
        ProfileState::Ready
    } else {
        ProfileState::Generating
    };
    match status.to_ascii_uppercase().as_str() {
        "NEW" if !activated => (ProfileState::Unprovisioned, PlanState::NotStarted),
        "NEW" | "READY" => (ready, PlanState::NotStarted),
        "DOWNLOADED" | "INSTALLED" | "INACTIVE" => (ProfileState::Installed, PlanState::Unknown),
        "ACTIVATED" | "ACTIVE" => (ProfileState::Installed, PlanState::Active),
        "DELETED" => (ProfileState::Deleted, PlanState::Unknown),
        "EXPIRED" => (ProfileState::Expired, PlanState::Expired),
        "REVOKED" => (ProfileState::Revoked, PlanState::Cancelled),
        "" if activated => (ProfileState::Ready, PlanState::Unknown),
        _ => (ProfileState::Other(status.to_owned()), PlanState::Unknown),
    }
}

/// The activation, from its two halves and from the whole text; links and images are never read.
///
/// Where both are there and say the same, the text wins, since it alone carries an object identifier
/// and the confirmation-code flag. Where they differ, the halves win, and a log line says so.
fn activation(profile: &ProfilePart<'_>, apn: &ApnPart<'_>) -> Option<Activation> {
    let halves = halves(profile);
    let whole = profile.lpa_code.get().and_then(read_code);
    let same = |one: &Activation, other: &Activation| {
        one.smdp_address() == other.smdp_address() && one.matching_id() == other.matching_id()
    };
    let activation = match (halves, whole) {
        (Some(halves), Some(whole)) if !same(&halves, &whole) => {
            tracing::warn!(
                "the parts of an activation code differ from its text; the parts are used"
            );
            halves
        }
        (_, Some(whole)) => whole,
        (Some(halves), None) => halves,
        (None, None) => return None,
    };
    Some(activation.with_apn(Apn {
        automatic: apn.automatic.is_set(),
        name: apn.name.get().map(str::to_owned),
        username: apn.username.get().map(str::to_owned),
        password: Secret::from_optional(apn.password.or_empty()),
    }))
}

fn halves(profile: &ProfilePart<'_>) -> Option<Activation> {
    let code = profile.activation_code.get()?;
    if code.contains('$') {
        return read_code(code);
    }
    Activation::new(profile.smdp_address.get()?, Secret::new(code)).ok()
}

/// SGP.22 allows an empty matching id; Roamify never sells a profile that anybody may download.
fn read_code(text: &str) -> Option<Activation> {
    Activation::parse(&Secret::new(text))
        .ok()
        .filter(|activation| !activation.matching_id().expose().is_empty())
}

#[cfg(test)]
mod tests {
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
        assert_eq!(states(status, activated), (profile, plan));
    }

    #[test]
    fn odd_values_lose_nothing_but_themselves() {
        let esim = read(
            r#"{"id":12345,"iccid":"89-not-digits","status":"READY","withTopUp":"false",
            "withHotspot":null,"esim":{"smdpAddress":"a.test","activationCode":"K2","pin":1234,"puk":null},
            "apn":[],"notes":null,"createdAt":"1795003202","updatedAt":null,"expiredAt":-1,"new":{}}"#,
        );
        assert_eq!(esim.id().as_str(), "12345");
        assert_eq!(esim.iccid(), None);
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
