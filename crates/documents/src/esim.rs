//! eSIMs. Activation data is in the document: it is made only for those who may see it.

use std::fmt;

use jiff::Timestamp;
use roamport_domain::esim::{Plan, PlanState, ProfileState};
use roamport_domain::{Activation, DataSize, Esim, Oddity, Secret};
use serde::Serialize;

/// An eSIM with all a traveller needs to install it.
#[derive(Serialize)]
pub struct EsimJson {
    id: String,
    iccid: Option<String>,
    provider: String,
    profile: String,
    plan: String,
    ready: bool,
    lpa: Option<String>,
    smdp_address: Option<String>,
    matching_id: Option<String>,
    confirmation_code_required: Option<bool>,
    ios_install_link: Option<String>,
    android_install_link: Option<String>,
    apn: Option<ApnJson>,
    pin: Option<String>,
    puk: Option<String>,
    top_up: Option<bool>,
    usage_readable: Option<bool>,
    hotspot: Option<bool>,
    usable_until: Option<Timestamp>,
    plans: Vec<PlanJson>,
    notes: Vec<String>,
    /// What the provider sent and could not be read; left out if there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<OddityJson>,
}

/// A value that could not be read.
#[derive(Debug, Serialize)]
pub struct OddityJson {
    what: String,
    why: String,
}

impl From<&Oddity> for OddityJson {
    fn from(oddity: &Oddity) -> Self {
        Self {
            what: oddity.what.clone(),
            why: oddity.why.clone(),
        }
    }
}

/// One plan that was bought for it.
#[derive(Serialize)]
struct PlanJson {
    package: Option<String>,
    name: String,
    data_bytes: Option<u64>,
    days: Option<u16>,
    created_at: Option<Timestamp>,
}

impl From<&Plan> for PlanJson {
    fn from(plan: &Plan) -> Self {
        Self {
            package: plan.package.as_ref().map(ToString::to_string),
            name: plan.name.clone(),
            data_bytes: plan.data.map(DataSize::bytes),
            days: plan.days,
            created_at: plan.created_at,
        }
    }
}

#[derive(Serialize)]
struct ApnJson {
    automatic: bool,
    name: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

/// Shows the id alone: everything else may hold an activation code.
impl fmt::Debug for EsimJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EsimJson")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl From<&Esim> for EsimJson {
    fn from(esim: &Esim) -> Self {
        let report = esim.report();
        let activation = esim.activation();
        let text = |secret: &Secret| secret.expose().to_owned();
        let apn = activation.map(|activation| {
            let apn = activation.apn();
            ApnJson {
                automatic: apn.automatic,
                name: apn.name.clone(),
                username: apn.username.clone(),
                password: apn.password.as_ref().map(text),
            }
        });
        Self {
            id: esim.id().to_string(),
            iccid: esim.iccid().map(ToString::to_string),
            provider: esim.provider().to_string(),
            profile: profile_name(esim.profile()).to_owned(),
            plan: plan_name(esim.plan()).to_owned(),
            ready: esim.is_ready(),
            lpa: activation.map(|activation| text(&activation.lpa())),
            smdp_address: activation.map(|activation| activation.smdp_address().to_owned()),
            matching_id: activation.map(|activation| text(activation.matching_id())),
            confirmation_code_required: activation.map(Activation::confirmation_code_required),
            ios_install_link: activation.map(|activation| text(&activation.ios_install_link())),
            android_install_link: activation
                .map(|activation| text(&activation.android_install_link())),
            apn,
            pin: report.pin.as_ref().map(text),
            puk: report.puk.as_ref().map(text),
            top_up: report.top_up,
            usage_readable: report.usage_readable,
            hotspot: report.hotspot,
            usable_until: report.usable_until,
            plans: report.plans.iter().map(PlanJson::from).collect(),
            notes: report.notes.clone(),
            unreadable: oddities(esim).iter().map(OddityJson::from).collect(),
        }
    }
}

/// What of an eSIM could not be read, or is in a form that no card number has.
pub fn oddities(esim: &Esim) -> Vec<Oddity> {
    let odd = |what: &str, why: String| Oddity {
        what: what.to_owned(),
        why,
    };
    let activation = esim.activation_error();
    let activation = activation.map(|error| odd("activation code", error.to_string()));
    let iccid = esim.iccid().filter(|iccid| !iccid.is_well_formed());
    let iccid = iccid.map(|_| {
        odd(
            "ICCID",
            "is not 16 to 22 digits; kept as it came".to_owned(),
        )
    });
    let noted = esim.report().oddities.iter().cloned();
    activation.into_iter().chain(iccid).chain(noted).collect()
}

/// The lines about what could not be read, for a table of facts.
pub fn unreadable_text(oddities: &[Oddity]) -> Option<String> {
    let all: Vec<String> = oddities.iter().map(ToString::to_string).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// The name of a profile state in JSON and in text.
pub fn profile_name(state: &ProfileState) -> &str {
    match state {
        ProfileState::Unprovisioned => "unprovisioned",
        ProfileState::Generating => "generating",
        ProfileState::Ready => "ready",
        ProfileState::Downloaded => "downloaded",
        ProfileState::Installed => "installed",
        ProfileState::Enabled => "enabled",
        ProfileState::Disabled => "disabled",
        ProfileState::Deleted => "deleted",
        ProfileState::Revoked => "revoked",
        ProfileState::Expired => "expired",
        ProfileState::Failed => "failed",
        ProfileState::Other(text) => text,
        _ => "unknown",
    }
}

/// The name of a plan state in JSON and in text.
pub fn plan_name(state: &PlanState) -> &str {
    match state {
        PlanState::NotStarted => "not-started",
        PlanState::Active => "active",
        PlanState::UsedUp => "used-up",
        PlanState::Expired => "expired",
        PlanState::Suspended => "suspended",
        PlanState::Cancelled => "cancelled",
        PlanState::Revoked => "revoked",
        PlanState::Other(text) => text,
        _ => "unknown",
    }
}
