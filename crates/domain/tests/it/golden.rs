//! The stored form of every event, held fast by a file each.
//!
//! **An old golden is never edited.** Journals on disk hold these very texts: a release that cannot
//! read them loses somebody's order. A new variant gets a new file; a field that is added has a
//! default, and the file without it stays beside a new one with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use roamport_domain::DataAllowance;
use roamport_domain::data::AfterLimit;
use roamport_domain::order::{
    AttentionReason, CancellationOutcome, DeferralReason, EsimProgress, Event, EventFormatError,
    GuardReason, LookUpResult, NotSentCause, OrderContent, PlacementOutcome, ProvisioningOutcome,
    Resolution,
};
use roamport_domain::provider::{ProviderOrderStatus, PurchaseRequest, Refund};

use crate::{evidenced, samples};

/// The variants of an enum by name, from one list: a match that no longer compiles once there is a
/// new variant, and the names that the goldens must cover.
macro_rules! variants {
    ($names:ident, $name_of:ident, $kind:ty: $($pattern:pat => $name:literal),+ $(,)?) => {
        const $names: &[&str] = &[$($name),+];

        fn $name_of(value: &$kind) -> &'static str {
            match value {
                $($pattern => $name),+
            }
        }
    };
}

variants! { EVENTS, event, Event:
    Event::Requested(_) => "requested",
    Event::Deferred { .. } => "deferred",
    Event::GuardRefused { .. } => "guard_refused",
    Event::PlacementStarted { .. } => "placement_started",
    Event::PlacementSettled { .. } => "placement_settled",
    Event::PlacementAbandoned { .. } => "placement_abandoned",
    Event::LookedUp { .. } => "looked_up",
    Event::AbsenceEstablished { .. } => "absence_established",
    Event::ReplayPermitted { .. } => "replay_permitted",
    Event::OrderRead { .. } => "order_read",
    Event::ProvisioningStarted { .. } => "provisioning_started",
    Event::ProvisioningSettled { .. } => "provisioning_settled",
    Event::EsimRead { .. } => "esim_read",
    Event::AttentionRaised { .. } => "attention_raised",
    Event::AttentionResolved { .. } => "attention_resolved",
    Event::CancellationStarted { .. } => "cancellation_started",
    Event::CancellationSettled { .. } => "cancellation_settled",
    Event::StartDateChanged { .. } => "start_date_changed",
    Event::Cancelled { .. } => "cancelled",
    Event::Expired { .. } => "expired",
    Event::Prolonged { .. } => "prolonged",
}
variants! { CONTENTS, content, OrderContent:
    OrderContent::Esims { .. } => "content: esims",
    OrderContent::TopUp(_) => "content: top_up",
}
variants! { ALLOWANCES, allowance, DataAllowance:
    DataAllowance::Fixed { .. } => "allowance: fixed",
    DataAllowance::Daily { .. } => "allowance: daily",
    DataAllowance::Unlimited { .. } => "allowance: unlimited",
}
variants! { LIMITS, limit, AfterLimit:
    AfterLimit::Stopped => "after limit: stopped",
    AfterLimit::Slowed { .. } => "after limit: slowed",
    AfterLimit::Unknown => "after limit: unknown",
}
variants! { DEFERRALS, deferral, DeferralReason:
    DeferralReason::WalletShort => "deferral: wallet_short",
    DeferralReason::ProviderUnavailable => "deferral: provider_unavailable",
    DeferralReason::LookUpUnhealthy => "deferral: look_up_unhealthy",
    DeferralReason::Halted => "deferral: halted",
    DeferralReason::BackPressure => "deferral: back_pressure",
    DeferralReason::Held => "deferral: held",
}
variants! { GUARDS, guard, GuardReason:
    GuardReason::PackageGone => "guard: package_gone",
    GuardReason::AboveCap => "guard: above_cap",
    GuardReason::TravelDateMissing => "guard: travel_date_missing",
    GuardReason::Unsupported => "guard: unsupported",
}
variants! { REQUESTS, request, PurchaseRequest:
    PurchaseRequest::PlaceOrder { .. } => "request: place_order",
    PurchaseRequest::TopUp { .. } => "request: top_up",
}
variants! { OUTCOMES, outcome, PlacementOutcome:
    PlacementOutcome::Placed { .. } => "outcome: placed",
    PlacementOutcome::Refused { .. } => "outcome: refused",
    PlacementOutcome::NotSent { .. } => "outcome: not_sent",
    PlacementOutcome::Ambiguous { .. } => "outcome: ambiguous",
    PlacementOutcome::TurnedAway { .. } => "outcome: turned_away",
}
variants! { CAUSES, cause, NotSentCause:
    NotSentCause::Unreachable => "cause: unreachable",
    NotSentCause::RateLimited => "cause: rate_limited",
    NotSentCause::Halted => "cause: halted",
}
variants! { LOOK_UPS, look_up, LookUpResult:
    LookUpResult::Unhealthy { .. } => "look-up: unhealthy",
    LookUpResult::Healthy { .. } => "look-up: healthy",
}
variants! { PROVISIONINGS, provisioning, ProvisioningOutcome:
    ProvisioningOutcome::Ready => "provisioning: ready",
    ProvisioningOutcome::Pending => "provisioning: pending",
    ProvisioningOutcome::Unknown { .. } => "provisioning: unknown",
    ProvisioningOutcome::NotDone { .. } => "provisioning: not_done",
    ProvisioningOutcome::Failed { .. } => "provisioning: failed",
}
variants! { PROGRESSES, progress, EsimProgress:
    EsimProgress::Pending => "progress: pending",
    EsimProgress::NotStarted => "progress: not_started",
    EsimProgress::Unreadable { .. } => "progress: unreadable",
}
variants! { REASONS, reason, AttentionReason:
    AttentionReason::OutcomeUnknown { .. } => "reason: outcome_unknown",
    AttentionReason::AttemptsUsedUp => "reason: attempts_used_up",
    AttentionReason::SeveralFound { .. } => "reason: several_found",
    AttentionReason::FoundDiffers { .. } => "reason: found_differs",
    AttentionReason::PriceDiffers { .. } => "reason: price_differs",
    AttentionReason::ItemCountDiffers { .. } => "reason: item_count_differs",
    AttentionReason::SecondCharge { .. } => "reason: second_charge",
    AttentionReason::ProviderStatus { .. } => "reason: provider_status",
    AttentionReason::DeliveryOverdue => "reason: delivery_overdue",
    AttentionReason::ItemFailed { .. } => "reason: item_failed",
    AttentionReason::EsimDeliveredBefore { .. } => "reason: esim_delivered_before",
    AttentionReason::UnsentUnconfirmed => "reason: unsent_unconfirmed",
    AttentionReason::LooksAlike { .. } => "reason: looks_alike",
    AttentionReason::SameGoods { .. } => "reason: same_goods",
    AttentionReason::GoodsDiffer { .. } => "reason: goods_differ",
    AttentionReason::OtherAccount { .. } => "reason: other_account",
}
variants! { RESOLUTIONS, resolution, Resolution:
    Resolution::Attach { .. } => "resolution: attach",
    Resolution::Resend { .. } => "resolution: resend",
    Resolution::Accept => "resolution: accept",
    Resolution::WriteOff => "resolution: write_off",
    Resolution::SameAccount { .. } => "resolution: same_account",
}
variants! { CANCELLATIONS, cancellation, CancellationOutcome:
    CancellationOutcome::Cancelled { .. } => "cancellation: cancelled",
    CancellationOutcome::Refused { .. } => "cancellation: refused",
    CancellationOutcome::NotDone { .. } => "cancellation: not_done",
    CancellationOutcome::Unknown { .. } => "cancellation: unknown",
}
variants! { REFUNDS, refund, Refund:
    Refund::AtOnce => "refund: at_once",
    Refund::Later => "refund: later",
    Refund::Never => "refund: never",
}
// This one may grow outside the format's knowledge; what it lacks here is caught by its `other`.
variants! { STATUSES, status, ProviderOrderStatus:
    ProviderOrderStatus::Pending => "status: pending",
    ProviderOrderStatus::Completed => "status: completed",
    ProviderOrderStatus::Cancelled => "status: cancelled",
    ProviderOrderStatus::Refunded => "status: refunded",
    ProviderOrderStatus::PartiallyRefunded => "status: partially_refunded",
    ProviderOrderStatus::ActionRequired => "status: action_required",
    ProviderOrderStatus::Archived => "status: archived",
    ProviderOrderStatus::Other(_) => "status: other",
    _ => "status: without a golden",
}

/// Every name of every list.
fn all_names() -> BTreeSet<&'static str> {
    [
        EVENTS,
        CONTENTS,
        ALLOWANCES,
        LIMITS,
        DEFERRALS,
        GUARDS,
        REQUESTS,
        OUTCOMES,
        CAUSES,
        LOOK_UPS,
        PROVISIONINGS,
        PROGRESSES,
        REASONS,
        RESOLUTIONS,
        CANCELLATIONS,
        REFUNDS,
        STATUSES,
    ]
    .into_iter()
    .flatten()
    .copied()
    .filter(|name| *name != "status: without a golden")
    .collect()
}

/// The names of the variants that this event holds.
fn names_in(stored: &Event) -> Vec<&'static str> {
    let mut names = vec![event(stored)];
    match stored {
        Event::Requested(requested) => {
            names.push(content(&requested.content));
            for line in requested.content.lines() {
                names.push(allowance(&line.data));
                match &line.data {
                    DataAllowance::Daily { then, .. } => names.push(limit(then)),
                    DataAllowance::Unlimited {
                        fair_use: Some(fair),
                    } => names.push(limit(&fair.then)),
                    DataAllowance::Fixed { .. } | DataAllowance::Unlimited { .. } => {}
                }
            }
        }
        Event::Deferred { reason, .. } => names.push(deferral(reason)),
        Event::GuardRefused { reason, .. } => names.push(guard(reason)),
        Event::PlacementStarted { request: sent, .. } => names.push(request(sent)),
        Event::PlacementSettled { outcome: ended, .. } => {
            names.push(outcome(ended));
            match ended {
                PlacementOutcome::Placed { order } => names.push(status(&order.status)),
                PlacementOutcome::NotSent { cause: why, .. } => names.push(cause(why)),
                PlacementOutcome::Refused { .. }
                | PlacementOutcome::Ambiguous { .. }
                | PlacementOutcome::TurnedAway { .. } => {}
            }
        }
        Event::LookedUp { result, .. } => names.push(look_up(result)),
        Event::OrderRead {
            order: Some(order), ..
        } => names.push(status(&order.status)),
        Event::ProvisioningSettled { outcome: ended, .. } => names.push(provisioning(ended)),
        Event::EsimRead { progress: said, .. } => names.push(progress(said)),
        Event::CancellationSettled { outcome: ended, .. } => {
            names.push(cancellation(ended));
            if let CancellationOutcome::Cancelled { refund: when, .. } = ended {
                names.push(refund(when));
            }
        }
        Event::AttentionRaised { reason: why, .. } => names.push(reason(why)),
        Event::AttentionResolved {
            resolution: how, ..
        } => names.push(resolution(how)),
        Event::PlacementAbandoned { .. }
        | Event::AbsenceEstablished { .. }
        | Event::ReplayPermitted { .. }
        | Event::OrderRead { order: None, .. }
        | Event::ProvisioningStarted { .. }
        | Event::CancellationStarted { .. }
        | Event::StartDateChanged { .. }
        | Event::Cancelled { .. }
        | Event::Expired { .. }
        | Event::Prolonged { .. } => {}
    }
    names
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden")
}

/// Every golden: the name of its file without the ending, and its text.
fn goldens() -> Vec<(String, String)> {
    let mut goldens: Vec<(String, String)> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (
                name,
                fs::read_to_string(path).unwrap().trim_end().to_owned(),
            )
        })
        .collect();
    goldens.sort_unstable();
    goldens
}

#[test]
fn every_golden_is_read_and_written_again_word_by_word() {
    for (name, text) in goldens() {
        let event = Event::from_stored(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(event.to_stored(), text, "{name} is written differently now");
        assert!(
            name == event.name() || name.starts_with(&format!("{}.", event.name())),
            "{name}"
        );
    }
}

/// Writes what is missing, and fails then: the new file is to be looked at and committed.
#[test]
fn every_event_is_stored_as_its_golden_says() {
    let mut written = Vec::new();
    for (name, event) in samples::all().into_iter().chain(evidenced::all()) {
        let path = folder().join(format!("{name}.json"));
        if !path.exists() {
            fs::write(&path, format!("{}\n", event.to_stored())).unwrap();
            written.push(name);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(
            text.trim_end(),
            event.to_stored(),
            "{name}: an old golden is never edited"
        );
        assert_eq!(Event::from_stored(&text).unwrap(), event, "{name}");
    }
    assert!(
        written.is_empty(),
        "these goldens were missing and are written now: {written:?}"
    );
}

#[test]
fn no_variant_is_without_a_golden() {
    let covered: BTreeSet<&str> = goldens()
        .iter()
        .flat_map(|(_, text)| names_in(&Event::from_stored(text).unwrap()))
        .collect();
    let names = all_names();
    let missing: Vec<_> = names.difference(&covered).collect();
    assert!(missing.is_empty(), "no golden holds {missing:?}");
}

#[test]
fn the_names_of_events_are_those_in_the_journal() {
    for (_, event) in samples::all().into_iter().chain(evidenced::all()) {
        let stored: serde_json::Value = serde_json::from_str(&event.to_stored()).unwrap();
        assert_eq!(stored["event"]["type"], event.name());
        let carries = ["evidence", "account"];
        let evidenced = carries
            .iter()
            .any(|field| stored["event"].get(field).is_some());
        assert_eq!(
            stored["v"],
            if evidenced { 2 } else { 1 },
            "{}",
            event.name()
        );
    }
}

#[test]
fn an_event_of_a_later_format_is_left_alone() {
    for (name, text) in goldens() {
        let newer =
            text.replacen(r#"{"v":1,"#, r#"{"v":3,"#, 1)
                .replacen(r#"{"v":2,"#, r#"{"v":3,"#, 1);
        assert_ne!(newer, text);
        let error = Event::from_stored(&newer).unwrap_err();
        assert!(
            matches!(error, EventFormatError::Newer(3)),
            "{name}: {error}"
        );
    }
    let unknown = r#"{"v":7,"event":{"type":"teleported"}}"#;
    let error = Event::from_stored(unknown).unwrap_err();
    assert!(matches!(error, EventFormatError::Newer(7)));
    assert_eq!(
        error.to_string(),
        "a stored event has format 7, this release reads up to 2"
    );
}

/// The stored text of `event` with the tag `known` at `place` exchanged for one that no release has.
fn with_unknown_tag(stored: &str, known: &str) -> String {
    let tag = format!("\"{known}\"");
    assert_eq!(stored.matches(&tag).count(), 1, "{known} in {stored}");
    stored.replace(&tag, "\"teleported\"")
}

#[test]
fn an_event_that_a_later_release_has_a_word_for_is_unknown_and_no_damage() {
    for (name, text) in goldens() {
        let tag = name.split('.').next().unwrap();
        let unknown = text.replacen(&format!("\"{tag}\""), "\"teleported\"", 1);
        let error = Event::from_stored(&unknown).unwrap_err();
        assert!(
            matches!(error, EventFormatError::Unknown),
            "{name}: {error}"
        );
        assert!(
            !format!("{error} {error:?}").contains("teleported"),
            "{error}"
        );
    }
}

#[test]
fn an_unknown_reason_inside_a_known_event_is_unknown_and_no_damage() {
    for golden in [
        "attention_raised.delivery_overdue",
        "attention_resolved.accept",
        "deferred.halted",
        "esim_read.pending",
        "guard_refused.above_cap",
        "looked_up.unhealthy",
        "order_read.archived",
        "placement_settled.ambiguous",
        "placement_settled.not_sent.halted",
        "placement_started.top_up",
        "provisioning_settled.ready",
        "requested.top_up",
    ] {
        let text = fs::read_to_string(folder().join(format!("{golden}.json"))).unwrap();
        let tag = golden.rsplit('.').next().unwrap();
        let error = Event::from_stored(&with_unknown_tag(&text, tag)).unwrap_err();
        assert!(
            matches!(error, EventFormatError::Unknown),
            "{golden}: {error}"
        );
    }
}

#[test]
fn fields_that_a_later_release_added_are_passed_over() {
    for (name, text) in goldens() {
        let mut stored: serde_json::Value = serde_json::from_str(&text).unwrap();
        let before = Event::from_stored(&text).unwrap();
        add_fields(&mut stored);
        let event = Event::from_stored(&stored.to_string());
        assert_eq!(
            event.unwrap_or_else(|error| panic!("{name}: {error}")),
            before
        );
    }
}

/// Adds a field to every object that is a struct of ours; not to those whose only key is a variant.
fn add_fields(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            fields.values_mut().for_each(add_fields);
            if !fields
                .keys()
                .all(|key| ["other", "slowed"].contains(&key.as_str()))
            {
                fields.insert(
                    "zz_later".to_owned(),
                    serde_json::json!({"a": [1, null, "b"]}),
                );
            }
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(add_fields),
        _ => {}
    }
}

#[test]
fn what_is_no_event_is_refused_without_a_panic() {
    for text in [
        "",
        "null",
        "{}",
        r#"{"v":1}"#,
        r#"{"event":{"type":"expired"}}"#,
        r#"{"v":1,"event":{}}"#,
        r#"{"v":1,"event":{"type":"expired"}}"#,
        r#"{"v":1,"event":{"type":"expired","at":"yesterday"}}"#,
        r#"{"v":"1","event":{"type":"expired","at":"2026-03-01T12:00:00Z"}}"#,
        r#"{"v":-1,"event":{"type":"expired","at":"2026-03-01T12:00:00Z"}}"#,
        r#"{"v":1,"event":{"type":"placement_abandoned","attempt":70000,"at":"2026-03-01T12:00:00Z"}}"#,
    ] {
        let error = Event::from_stored(text).unwrap_err();
        assert!(matches!(error, EventFormatError::Unreadable(_)), "{text}");
    }
    for (name, text) in goldens() {
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            assert!(
                Event::from_stored(&text[..cut]).is_err(),
                "{name} cut at {cut}"
            );
        }
    }
}

#[test]
fn no_golden_holds_activation_data() {
    for (name, text) in goldens() {
        for word in ["LPA:", "activation", "matching", "\"pin\"", "\"puk\""] {
            assert!(!text.contains(word), "{name} holds {word}");
        }
    }
}
