//! eSIMs: having profiles made, and reading them.

use super::super::reply::Reply;
use super::Call;
use super::answers::EsimAnswer;
use super::query::{field, object, only_fields};
use crate::world::{ApplyTarget, EsimRecord, Refusal};

const STATES: [&str; 6] = ["NEW", "READY", "INSTALLED", "REVOKED", "EXPIRED", "UNKNOWN"];

pub(super) fn apply(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query.only(&[])?;
    let body = object(&call.body, "value")?;
    let esim = field(body, "esimId", "esimId")?;
    let reference = field(body, "referenceId", "referenceId")?;
    let start_date = field(body, "startDate", "startDate")?;
    only_fields(
        body,
        &["esimId", "referenceId", "startDate"],
        "",
        call.switches.strict,
    )?;
    let target = match (esim, reference) {
        (_, Some(reference)) => ApplyTarget::Reference(reference.to_owned()),
        (Some(esim), None) => ApplyTarget::Esim(esim.to_owned()),
        (None, None) => return Err(Reply::invalid("\"esimId\" is required")),
    };
    let esims = call.of(call.world.apply_with(&target, start_date, call.plan))?;
    let esims = told(call, esims)?;
    let now = call.now()?;
    let mut answers = esims.iter().map(|esim| EsimAnswer::of(esim, now));
    let status = call.switches.success_status;
    Ok(match (&target, answers.len()) {
        (ApplyTarget::Esim(_), 1) => Reply::success(status, answers.next()),
        _ => Reply::success(status, answers.collect::<Vec<_>>()),
    })
}

pub(super) fn read(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query.only(&["esimId", "iccid"])?;
    let (id, iccid) = call.query.one_of("esimId", "iccid")?;
    let found = match (id, iccid) {
        (Some(id), _) => call.world.find_esim(id),
        (None, iccid) => call.world.find_esim_by_iccid(iccid.unwrap_or_default()),
    };
    let esim = call
        .of(found)?
        .ok_or_else(|| call.refuse(&Refusal::UnknownEsim.into()))?;
    let esim = call.told(esim)?;
    Ok(Reply::success(200, EsimAnswer::of(&esim, call.now()?)))
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Reply> {
    call.query.only(&["status", "limit", "referenceId"])?;
    let state = call.query.word("status", &STATES)?;
    let reference = call.query.text("referenceId")?;
    let compare = call.plan.search.unwrap_or_default();
    let found = call.world.list_esims(call.limit()?, |esim, now| {
        let name = esim.reference.as_deref().unwrap_or_default();
        state.is_none_or(|state| state == esim.state(now).as_str())
            && reference.is_none_or(|reference| compare.finds(reference, name))
    });
    let esims = told(call, call.of(found)?)?;
    let now = call.now()?;
    let answers: Vec<EsimAnswer<'_>> = esims.iter().map(|esim| EsimAnswer::of(esim, now)).collect();
    Ok(Reply::success(200, answers))
}

fn told(call: &Call<'_>, esims: Vec<EsimRecord>) -> Result<Vec<EsimRecord>, Reply> {
    esims.into_iter().map(|esim| call.told(esim)).collect()
}
