//! eSIMs: having profiles made, and reading them.

use jiff::Timestamp;

use super::super::api::{Answer, Call, Failure};
use super::super::json::{Json, object};
use super::{invalid, limit, one_of, seconds};
use crate::world::{ApplyTarget, EsimRecord, Profile, Refusal, SMDP_ADDRESS};

pub(super) fn apply(call: &Call<'_>) -> Result<Answer, Failure> {
    let fields = call.fields;
    let target = match (fields.owned("esimId"), fields.owned("referenceId")) {
        (_, Some(reference)) => ApplyTarget::Reference(reference),
        (Some(esim), None) => ApplyTarget::Esim(esim),
        (None, None) => return Err(invalid("\"esimId\" is required")),
    };
    let start_date = fields.text("startDate");
    let esims = call.world.apply_with(&target, start_date, call.plan)?;
    let answers = answers(call, esims)?;
    let answer = match (target, answers) {
        (ApplyTarget::Esim(_), Json::List(mut one)) if one.len() == 1 => one.remove(0),
        (_, answers) => answers,
    };
    Ok(answer.into())
}

pub(super) fn esim(call: &Call<'_>) -> Result<Answer, Failure> {
    let found = match one_of(call, ["esimId", "iccid"])? {
        ("esimId", id) => call.world.find_esim(id),
        (_, iccid) => call.world.find_esim_by_iccid(iccid),
    };
    let esim = call.shown_esim(found?.ok_or(Refusal::UnknownEsim)?)?;
    Ok(answer(&esim, call.now()?).into())
}

pub(super) fn esims(call: &Call<'_>) -> Result<Answer, Failure> {
    let (state, reference) = (call.fields.text("status"), call.fields.text("referenceId"));
    let compare = call.plan.search.unwrap_or_default();
    let found = call.world.list_esims(limit(call), |esim, now| {
        let name = esim.reference.as_deref().unwrap_or_default();
        state.is_none_or(|state| state == esim.state(now).as_str())
            && reference.is_none_or(|reference| compare.finds(reference, name))
    })?;
    Ok(answers(call, found)?.into())
}

/// eSIMs as this call shows them.
pub(super) fn answers(call: &Call<'_>, esims: Vec<EsimRecord>) -> Result<Json, Failure> {
    let shown: Result<Vec<EsimRecord>, Failure> = esims
        .into_iter()
        .map(|esim| call.shown_esim(esim))
        .collect();
    let now = call.now()?;
    Ok(shown?.iter().map(|esim| answer(esim, now)).collect())
}

fn answer(esim: &EsimRecord, now: Timestamp) -> Json {
    let profile = esim.ready_profile(now);
    let talks = esim
        .allowances
        .iter()
        .any(|allowance| allowance.minutes > 0);
    let made = profile.map(|profile| profile.ready_at);
    let changed = [esim.activated_at, esim.installed_at, made];
    let changed = changed.into_iter().flatten().max();
    object! {
        "id": &esim.id,
        "iccid": profile.map_or("", |profile| &profile.iccid),
        "status": esim.state(now).as_str(),
        "activation": "first-use",
        "withTopUp": esim.top_up,
        "withHotspot": esim.hotspot,
        "withDataRoaming": true,
        "withDestinationInstall": false,
        "withUsageCheck": esim.usage_check,
        "esim": profile_answer(&esim.id, profile),
        "apn": access_point(""),
        "data": object! { "isUnlimited": esim.is_unlimited() },
        "call": object! { "withCall": talks, "callType": "all" },
        "sms": object! { "withSMS": talks, "smsType": "all" },
        "notes": esim.notes.iter().collect::<Json>(),
        "createdAt": esim.created_at.as_second(),
        "updatedAt": changed.unwrap_or(esim.created_at).as_second(),
        "expiredAt": seconds(profile.and_then(|_| esim.expires_at())),
    }
}

/// What installs the eSIM; empty texts until there is a profile.
fn profile_answer(id: &str, profile: Option<&Profile>) -> Json {
    let text = |text: String| profile.map(|_| text).unwrap_or_default();
    let (iccid, code) = profile.map_or(("", ""), |profile| {
        (profile.iccid.as_str(), profile.activation_code.as_str())
    });
    let lpa = format!("LPA:1${SMDP_ADDRESS}${code}");
    let link = |host| {
        text(format!(
            "https://{host}/esim_qrcode_provisioning?carddata={lpa}"
        ))
    };
    let picture = format!("https://images.sandbox.invalid/partners/{id}/{iccid}/public");
    object! {
        "lpaCode": text(lpa.clone()),
        "smdpAddress": text(SMDP_ADDRESS.to_owned()),
        "activationCode": code,
        "qrCodeUrl": text(picture),
        "pin": "",
        "puk": "",
        "number": "",
        "iosQuickInstall": link("esimsetup.apple.com"),
        "androidQuickInstall": link("esimsetup.android.com"),
    }
}

pub(super) fn access_point(name: &str) -> Json {
    object! { "apnAutomatic": true, "apnName": name, "apnUsername": "", "apnPassword": "" }
}
