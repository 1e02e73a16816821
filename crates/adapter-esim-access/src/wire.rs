//! eSIM Access's JSON: the envelope around every answer, and why an answer could not be read.
//!
//! The types mirror the provider's bodies, borrow from them and are private to the crate. They hold
//! activation codes, so none of them has a `Debug`.

mod esim;
mod order;
mod package;
mod value;

use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use serde_json::value::RawValue;

pub(crate) use self::esim::{
    EsimList, EsimName, EsimQuery, Pager, UsageBody, UsageList, UsageRow, WireEsim, WirePlan,
};
pub(crate) use self::order::{OrderAnswer, OrderBody, OrderLine, TopUpAnswer, TopUpBody};
pub(crate) use self::package::{
    LocationList, Network, Operator, PackageFilter, PackageList, WireLocation, WirePackage,
};
use self::value::Flag;
pub(crate) use self::value::{Number, Text, amount_text, list};

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

/// The `obj` of a successful answer. Success is `true`, or the text of it; a code beside it is not
/// looked at, since it was seen as `"0"`, `0`, `null` and not at all.
///
/// The first pass is the fast one. Only where it fails is the body read again, for the reason.
pub(crate) fn decode<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unusable> {
    let text = text_of(body)?;
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
    let text = text_of(body)?;
    match serde_json::from_str::<Outline<'_>>(text) {
        Ok(outline) if outline.success.is_set() => Ok(()),
        _ => Err(why::<serde::de::IgnoredAny>(text)),
    }
}

fn text_of(body: &[u8]) -> Result<&str, Unusable> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Unusable::Schema(format!("byte {} is not UTF-8", error.valid_up_to())))?;
    // A struct would be read from a list as well.
    if text.trim_start().starts_with('[') {
        return Err(Unusable::Schema("it is a list, not an object".to_owned()));
    }
    Ok(text)
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
    let mut reader = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, Envelope<T>>(&mut reader) {
        Err(error) => Unusable::Schema(explain(text, &error)),
        Ok(_) => Unusable::Schema("there is something behind its end".to_owned()),
    }
}

/// Where and what, without a single value: values may be activation codes.
fn explain(text: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let inner = error.inner();
    match inner.classify() {
        Category::Eof => format!("it ends in the middle, after {} bytes", text.len()),
        Category::Syntax | Category::Io if text.trim_start().starts_with('<') => {
            "it is an HTML page, not JSON".to_owned()
        }
        Category::Syntax | Category::Io => format!(
            "it is no JSON (line {}, column {})",
            inner.line(),
            inner.column()
        ),
        Category::Data => format!("`{}` {}", error.path(), expectation(&inner.to_string())),
    }
}

/// The part of serde's message that it wrote itself. The other part shows the value.
fn expectation(message: &str) -> String {
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(before, _)| before);
    if let Some((_, expected)) = message.rsplit_once(", expected ") {
        format!("should be {expected}")
    } else if message.starts_with("missing field `") || message.starts_with("duplicate field `") {
        format!("has a {message}")
    } else {
        "is not what it should be".to_owned()
    }
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
    /// Whether the body is a JSON object at all.
    pub(crate) json: bool,
}

/// Reads an envelope; never fails.
pub(crate) fn said(body: &[u8]) -> Said {
    // A struct would be read from a list as well.
    let object = |text: &&str| text.trim_start().starts_with('{');
    let Some(outline) = std::str::from_utf8(body)
        .ok()
        .filter(object)
        .and_then(|text| serde_json::from_str::<Outline<'_>>(text).ok())
    else {
        return Said::default();
    };
    let text = [&outline.error_msg, &outline.error_message]
        .into_iter()
        .find_map(Text::get);
    Said {
        text: text.map(str::to_owned),
        code: outline.error_code.get().map(str::to_owned),
        failed: outline.success.is_refused(),
        json: true,
    }
}

#[cfg(test)]
mod tests;
