//! eSIMs as text. Activation data is shown: only where it was asked for.

use roamport_documents::esim::{oddities, plan_name, profile_name, unreadable_text};
use roamport_documents::words::{counted, moment};
use roamport_domain::esim::{Plan, Undeliverable};
use roamport_domain::qr::QrMatrix;
use roamport_domain::{Activation, Esim, Secret};

use super::facts;
use crate::text::TerminalText;

/// All that is known of an eSIM, with how to install it.
pub(crate) fn esim_text(esim: &Esim) -> TerminalText {
    let report = esim.report();
    let said = |fact: Option<bool>| fact.map(|fact| if fact { "yes" } else { "no" }.to_owned());
    let exposed =
        |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
    let mut text = facts(&[
        ("eSIM", Some(esim.id().to_string())),
        ("ICCID", esim.iccid().map(ToString::to_string)),
        ("Provider", Some(esim.provider().to_string())),
        ("Profile", Some(profile_name(esim.profile()).to_owned())),
        ("Plan", Some(plan_name(esim.plan()).to_owned())),
        ("Plans bought", plans_text(&report.plans)),
        ("Usable until", report.usable_until.map(moment)),
        ("Top-up", said(report.top_up)),
        ("Usage readable", said(report.usage_readable)),
        ("Hotspot", said(report.hotspot)),
        ("PIN", exposed(&report.pin)),
        ("PUK", exposed(&report.puk)),
        (
            "Notes",
            (!report.notes.is_empty()).then(|| report.notes.join("; ")),
        ),
        ("Unreadable", unreadable_text(&oddities(esim))),
    ]);
    match (esim.undeliverable(), esim.activation()) {
        (Some(Undeliverable::Canceled), _) => {
            text.push_gap();
            text.push("It was given back: nothing can be installed.");
        }
        (Some(why), _) => {
            text.push_gap();
            text.push(format!("Nothing can be installed: {why}."));
        }
        (None, Some(activation)) => text.push(install_text(activation).after_gap()),
        (None, None) => {
            text.push_gap();
            text.push("The profile is not there yet: nothing can be installed.");
        }
    }
    text
}

/// The first plan and the top-ups, in the provider's order.
fn plans_text(plans: &[Plan]) -> Option<String> {
    let one = |plan: &Plan| {
        let data = plan.data.map(|data| data.to_string());
        let days = plan.days.map(|days| counted(days.into(), "day", "days"));
        let facts: Vec<String> = data.into_iter().chain(days).collect();
        if facts.is_empty() {
            plan.name.clone()
        } else {
            format!("{} ({})", plan.name, facts.join(", "))
        }
    };
    let plans: Vec<String> = plans.iter().map(one).collect();
    (!plans.is_empty()).then(|| plans.join("; "))
}

/// How a profile is installed: links, and what to type by hand.
fn install_text(activation: &Activation) -> TerminalText {
    let apn = activation.apn();
    let by_hand = apn.name.clone().filter(|_| !apn.automatic);
    let confirmation = activation
        .confirmation_code_required()
        .then(|| "the phone will ask for one; the seller gives it".to_owned());
    let shown = facts(&[
        (
            "iPhone, iPad",
            Some(activation.ios_install_link().expose().to_owned()),
        ),
        (
            "Android",
            Some(activation.android_install_link().expose().to_owned()),
        ),
        (
            "By hand: SM-DP+ address",
            Some(activation.smdp_address().to_owned()),
        ),
        (
            "By hand: activation code",
            Some(activation.matching_id().expose().to_owned()),
        ),
        ("Confirmation code", confirmation),
        ("Access point (APN)", by_hand),
        ("APN user name", apn.username.clone()),
        (
            "APN password",
            apn.password
                .as_ref()
                .map(|secret| secret.expose().to_owned()),
        ),
    ]);
    let mut text = TerminalText::line("Install");
    text.push(shown);
    text
}

/// The QR code for a terminal, after a sentence that says what it is for.
pub(crate) fn qr_text(matrix: &QrMatrix) -> TerminalText {
    TerminalText::of_program(format!(
        "\nScan with the phone that shall have it:\n\n{}",
        matrix.to_terminal()
    ))
}
