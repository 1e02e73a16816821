//! eSIM Access's JSON: the envelope around every answer, and why an answer could not be read.
//!
//! The types mirror the provider's bodies, borrow from them and are private to the crate. They hold
//! activation codes, so none of them has a `Debug`.

mod esim;
mod order;
mod package;

use std::collections::BTreeMap;

use roamport_provider_http::json::{
    self, Elements, Flag, Misfit, Text, find_object, misfit, object_text,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(crate) use self::esim::{
    EsimList, EsimName, EsimQuery, Pager, UsageBody, UsageList, UsageRow, WireEsim, WirePlan,
};
pub(crate) use self::order::{OrderAnswer, OrderBody, OrderLine, TopUpAnswer, TopUpBody};
pub(crate) use self::package::{
    LocationList, Network, Operator, PackageFilter, PackageList, WireLocation, WirePackage,
};

/// A request that asks for everything: `{}`.
#[derive(Serialize)]
pub(crate) struct Nothing {}

/// What the wallet holds: `POST /balance/query`.
#[derive(Deserialize)]
pub(crate) struct BalanceObject<'a> {
    #[serde(borrow)]
    pub(crate) balance: Option<&'a RawValue>,
}

/// Body of `POST /webhook/save`, and what `/webhook/query` answers.
#[derive(Deserialize, Serialize)]
pub(crate) struct WebhookBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) webhook: Option<String>,
}

/// Body of `POST /esim/sendSms`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageBody<'a> {
    pub(crate) esim_tran_no: &'a str,
    pub(crate) message: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<T> {
    #[serde(default)]
    success: Flag,
    obj: Option<T>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Outline<'a> {
    success: Flag,
    #[serde(borrow)]
    error_code: Text<'a>,
    #[serde(borrow)]
    error_msg: Text<'a>,
    #[serde(borrow)]
    error_message: Text<'a>,
    #[serde(borrow)]
    obj: Option<&'a RawValue>,
}

/// Why a 2xx answer holds nothing that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It says itself that the call failed.
    Failure,
    /// It is not what the reference promises; says where, and shows no value.
    Schema(String),
}

impl From<Misfit> for Unusable {
    fn from(misfit: Misfit) -> Self {
        Self::Schema(misfit.to_string())
    }
}

/// The `obj` of a successful answer. Success is `true`, or the text of it; a code beside it is not
/// looked at, since it was seen as `"0"`, `0`, `null` and not at all.
///
/// The first pass is the fast one. Only where it fails is the body read again, for the reason.
pub(crate) fn decode<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unusable> {
    let text = object_text(body)?;
    if let Ok(envelope) = serde_json::from_str::<Envelope<T>>(text)
        && envelope.success.is_set()
        && let Some(object) = envelope.obj
    {
        return Ok(object);
    }
    Err(why::<T>(text))
}

/// A successful answer whose `obj` is `{}` or `null`, whatever else stands in it.
pub(crate) fn decode_empty(body: &[u8]) -> Result<(), Unusable> {
    let text = object_text(body)?;
    match serde_json::from_str::<Outline<'_>>(text) {
        Ok(outline) if outline.success.is_set() => Ok(()),
        _ => Err(why::<serde::de::IgnoredAny>(text)),
    }
}

#[cold]
fn why<'a, T: Deserialize<'a>>(text: &'a str) -> Unusable {
    if let Ok(outline) = serde_json::from_str::<Outline<'_>>(text) {
        if outline.success.is_refused() {
            return Unusable::Failure;
        }
        if !outline.success.is_set() {
            return Unusable::Schema("it does not say whether it succeeded".to_owned());
        }
        if outline.obj.is_none() {
            return Unusable::Schema("there is no `obj` in it".to_owned());
        }
    }
    misfit::<Envelope<T>>(text).into()
}

/// The rows of a list under this name in `obj`, or where one is none.
fn rows<'a, T: Deserialize<'a>>(elements: &Elements<'a>, name: &str) -> Result<Vec<T>, String> {
    let rows = elements.0.iter().enumerate().map(|(index, raw)| {
        let object = raw.get().starts_with('{');
        let row = object
            .then(|| serde_json::from_str(raw.get()).ok())
            .flatten();
        row.ok_or_else(|| format!("`obj.{name}[{index}]` is no row of that list"))
    });
    rows.collect()
}

/// Whether a successful answer has nothing in the place of its list: `null` or `[]` for the whole `obj`, or `null` for
/// the list of this name in it.
pub(crate) fn holds_nothing(body: &[u8], name: &str) -> bool {
    type Fields<'a> = BTreeMap<String, &'a RawValue>;
    let is = |raw: Option<&&RawValue>, word: &str| raw.is_some_and(|raw| raw.get() == word);
    let succeeded =
        find_object::<Outline<'_>>(body).is_some_and(|outline| outline.success.is_set());
    let Some(fields) = find_object::<Fields<'_>>(body).filter(|_| succeeded) else {
        return false;
    };
    let object = fields.get("obj");
    is(object, "null")
        || json::list(object.copied()).is_some_and(|all| all.is_empty())
        || object.is_some_and(|object| {
            let inside = serde_json::from_str::<Fields<'_>>(object.get());
            inside.is_ok_and(|inside| is(inside.get(name), "null"))
        })
}

/// The elements of a nested list, each by itself; none where it is missing or no list, and an empty one
/// for an element of another shape.
pub(crate) fn list<'a, T: Deserialize<'a> + Default>(raw: Option<&'a RawValue>) -> Vec<T> {
    let elements = json::list(raw).unwrap_or_default().into_iter();
    elements.map(|element| json::part(Some(element))).collect()
}

/// What an envelope says, whatever its form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// The first of `errorMsg` and `errorMessage`.
    pub(crate) text: Option<String>,
    /// `errorCode`.
    pub(crate) code: Option<String>,
    /// Whether it says itself that the call failed.
    pub(crate) failed: bool,
    /// Whether it says so, names a code and holds no object, so that no order can hide in it.
    pub(crate) is_whole_refusal: bool,
    /// Whether the body is a JSON object at all.
    pub(crate) json: bool,
}

/// Reads an envelope; never fails.
pub(crate) fn said(body: &[u8]) -> Said {
    let Some(outline) = find_object::<Outline<'_>>(body) else {
        return Said::default();
    };
    let text = [&outline.error_msg, &outline.error_message]
        .into_iter()
        .find_map(Text::get);
    let failed = outline.success.is_refused();
    let is_empty = |raw: &RawValue| matches!(raw.get().trim(), "null" | "{}" | "[]" | "\"\"");
    // An order could stand under another name, too.
    let is_nested = |raw: &RawValue| raw.get().starts_with(['{', '[']);
    let fields = find_object::<BTreeMap<String, &RawValue>>(body).unwrap_or_default();
    let holds_nothing = outline.obj.is_none_or(is_empty)
        && fields.values().all(|raw| !is_nested(raw) || is_empty(raw));
    Said {
        text: text.map(str::to_owned),
        is_whole_refusal: failed && outline.error_code.get().is_some() && holds_nothing,
        code: outline.error_code.get().map(str::to_owned),
        failed,
        json: true,
    }
}

#[cfg(test)]
mod tests;
