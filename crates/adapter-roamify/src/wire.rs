//! Roamify's JSON: the envelope around every answer, and why an answer could not be read.
//!
//! The types mirror the provider's bodies, borrow from them and are private to the crate. They hold
//! activation codes, so none of them has a `Debug`.

mod esim;
mod order;
mod orders;
mod package;
mod value;

use std::collections::BTreeMap;

use roamport_provider_http::json::{Text, find_object, list, misfit, object_text, part};
use serde::Deserialize;
use serde_json::value::RawValue;

pub(crate) use self::esim::{ApnPart, ProfilePart, UsageBody, UsageDay, WireEsim};
pub(crate) use self::order::{
    ApplyBody, ByReferenceBody, OrderBody, OrderLine, TopUpBody, WireItem, WireOrder,
};
pub(crate) use self::orders::{OrderRows, orders};
pub(crate) use self::package::{
    CountriesData, Country, Group, NamedPackage, PackagesData, Signal, Throttle, WirePackage,
};

/// What the wallet holds: `GET /api/balance`.
#[derive(Deserialize)]
pub(crate) struct BalanceData<'a> {
    #[serde(borrow)]
    pub(crate) balance: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) currency: Text<'a>,
}

/// One object, or a list of them.
pub(crate) enum OneOrMany<'a> {
    One(&'a RawValue),
    Many(Vec<&'a RawValue>),
}

impl<'a> OneOrMany<'a> {
    pub(crate) fn of(raw: &'a RawValue) -> Self {
        list(Some(raw)).map_or(Self::One(raw), Self::Many)
    }

    pub(crate) fn all(self) -> Vec<&'a RawValue> {
        match self {
            Self::One(raw) => vec![raw],
            Self::Many(all) => all,
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a, T> {
    #[serde(borrow, default)]
    status: Text<'a>,
    data: Option<T>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Outline<'a> {
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    error: Text<'a>,
    #[serde(borrow)]
    code: Text<'a>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MessageIn<'a> {
    #[serde(borrow)]
    message: Text<'a>,
}

/// Why a 2xx answer holds nothing that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// Its own `status` says that the call failed, or it has an error text and no data.
    Failure,
    /// It is not what the reference promises; says where, and shows no value.
    Schema(String),
}

/// The `data` of a successful answer.
///
/// The first pass is the fast one. Only where it fails is the body read again, for the reason.
pub(crate) fn decode<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unusable> {
    let text = object_text(body).map_err(|misfit| Unusable::Schema(misfit.to_string()))?;
    if let Ok(envelope) = serde_json::from_str::<Envelope<'a, T>>(text)
        && succeeded(&envelope.status)
        && let Some(data) = envelope.data
    {
        return Ok(data);
    }
    Err(why::<T>(text))
}

fn succeeded(status: &Text<'_>) -> bool {
    status
        .get()
        .is_none_or(|status| status.eq_ignore_ascii_case("success"))
}

#[cold]
fn why<'a, T: Deserialize<'a>>(text: &'a str) -> Unusable {
    if let Ok(outline) = serde_json::from_str::<Outline<'_>>(text) {
        let has_text = outline.message.get().is_some() || outline.error.get().is_some();
        if !succeeded(&outline.status) || (outline.data.is_none() && has_text) {
            return Unusable::Failure;
        }
        if outline.data.is_none() {
            return Unusable::Schema("there is no `data` in it".to_owned());
        }
    }
    Unusable::Schema(misfit::<Envelope<'a, T>>(text).to_string())
}

/// An element of a list at `place`, or where in it and why it cannot be read.
pub(crate) fn element<'a, T: Deserialize<'a>>(
    raw: &'a RawValue,
    place: impl FnOnce() -> String,
) -> Result<T, String> {
    let text = raw.get();
    let object = text.starts_with('{');
    let read = if object {
        serde_json::from_str(text).ok()
    } else {
        None
    };
    read.ok_or_else(|| {
        let place = place();
        let misfit = misfit::<T>(text);
        match misfit.path.filter(|path| object && path != ".") {
            Some(path) => format!("`{place}.{path}` {}", misfit.words),
            None if object => format!("`{place}` {}", misfit.words),
            None => format!("`{place}` is no object"),
        }
    })
}

/// Whether a successful answer has nothing in the place of its list: `null` or `[]` for the whole `data`, or `null` for
/// the list of this name in it.
pub(crate) fn holds_nothing(body: &[u8], name: &str) -> bool {
    type Fields<'a> = BTreeMap<String, &'a RawValue>;
    let is = |raw: Option<&&RawValue>, word: &str| raw.is_some_and(|raw| raw.get() == word);
    let Some(outline) = find_object::<Outline<'_>>(body) else {
        return false;
    };
    let Some(fields) = find_object::<Fields<'_>>(body) else {
        return false;
    };
    let said = outline.message.get().or(outline.error.get());
    let data = fields.get("data");
    succeeded(&outline.status)
        && said.is_none()
        && (is(data, "null")
            || list(data.copied()).is_some_and(|all| all.is_empty())
            || data.is_some_and(|data| {
                let inside = serde_json::from_str::<Fields<'_>>(data.get());
                inside.is_ok_and(|inside| is(inside.get(name), "null"))
            }))
}

/// What an error body says, whatever its form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// The first of `message`, `error` and `data.message`.
    pub(crate) text: Option<String>,
    /// The provider's `code`.
    pub(crate) code: Option<String>,
    /// Whether the body is a JSON object at all.
    pub(crate) json: bool,
}

/// Reads an error body; never fails.
pub(crate) fn said(body: &[u8]) -> Said {
    let Some(outline) = find_object::<Outline<'_>>(body) else {
        return Said::default();
    };
    let inside: MessageIn<'_> = part(outline.data);
    let text = [&outline.message, &outline.error, &inside.message]
        .into_iter()
        .find_map(Text::get);
    Said {
        text: text.map(str::to_owned),
        code: outline.code.get().map(str::to_owned),
        json: true,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn schema(body: &str) -> String {
        match decode::<BalanceData<'_>>(body.as_bytes()) {
            Err(Unusable::Schema(text)) => text,
            Err(Unusable::Failure) => "failure".to_owned(),
            Ok(_) => "ok".to_owned(),
        }
    }

    #[rstest]
    #[case(r#"{"status":"success","data":{"balance":1}}"#)]
    #[case(r#"{"data":{"balance":1},"status":"SUCCESS","extra":[1,2]}"#)]
    #[case(r#"{"data":{"balance":1}}"#)]
    fn an_envelope_is_read_whatever_stands_beside_the_data(#[case] body: &str) {
        assert_eq!(schema(body), "ok");
    }

    #[rstest]
    #[case(r#"{"status":"failed","message":"Unknown error"}"#)]
    #[case(r#"{"status":"failed","data":{"balance":1}}"#)]
    #[case(r#"{"error":"no"}"#)]
    #[case(r#"{"status":"success","message":"something","data":null}"#)]
    fn a_failure_in_a_good_status_is_told_apart(#[case] body: &str) {
        assert_eq!(schema(body), "failure");
    }

    #[rstest]
    #[case("", "it ends in the middle, after 0 bytes")]
    #[case(
        r#"{"status":"success","data":{"bal"#,
        "it ends in the middle, after 32 bytes"
    )]
    #[case("<!doctype html><p>502", "it is an HTML page, not JSON")]
    #[case(r#"["success",{"balance":1}]"#, "it is a list, not an object")]
    #[case("oops", "it is no JSON (line 1, column 1)")]
    #[case(r#"{"status":"success"}"#, "there is no `data` in it")]
    #[case(
        r#"{"status":"success","data":{}} x"#,
        "there is something behind its end"
    )]
    #[case(
        r#"{"status":"success","data":"LPA:1$a$SECRET"}"#,
        "`data` should be struct BalanceData"
    )]
    fn the_reason_names_the_place_and_no_value(#[case] body: &str, #[case] expected: &str) {
        assert_eq!(schema(body), expected);
    }

    #[test]
    fn bytes_that_are_no_text_are_named() {
        let unusable = decode::<BalanceData<'_>>(b"{\"status\":\"\xff\"}").err();
        assert_eq!(
            unusable,
            Some(Unusable::Schema("byte 11 is not UTF-8".to_owned()))
        );
    }

    #[rstest]
    #[case(r#"{"status":"success","data":null}"#, true)]
    #[case(r#"{"status":"success","data":[]}"#, true)]
    #[case(r#"{"data":{"packages":null}}"#, true)]
    #[case(r#"{"data":{"packages":[]}}"#, false)]
    #[case(r#"{"data":{}}"#, false)]
    #[case(r#"{"status":"success"}"#, false)]
    #[case(r#"{"data":[[]]}"#, false)]
    #[case(r#"{"data":""}"#, false)]
    #[case(r#"{"status":"failed","data":null}"#, false)]
    #[case(r#"{"status":"success","error":"db down","data":null}"#, false)]
    #[case("", false)]
    #[case("null", false)]
    #[case("<html>", false)]
    fn nothing_in_the_place_of_a_list_is_told_apart_from_everything_else(
        #[case] body: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(holds_nothing(body.as_bytes(), "packages"), expected);
    }

    #[rstest]
    #[case(
        r#"{"error":"\"items\" is required"}"#,
        Some("\"items\" is required"),
        None
    )]
    #[case(r#"{"message":"m","error":"e","code":"C1"}"#, Some("m"), Some("C1"))]
    #[case(r#"{"message":"","error":"e","code":7}"#, Some("e"), Some("7"))]
    #[case(
        r#"{"status":"failed","data":{"message":"inside"}}"#,
        Some("inside"),
        None
    )]
    #[case(r#"{"message":{"odd":true}}"#, None, None)]
    fn an_error_text_is_found_in_every_form(
        #[case] body: &str,
        #[case] text: Option<&str>,
        #[case] code: Option<&str>,
    ) {
        let said = said(body.as_bytes());
        assert_eq!((said.text.as_deref(), said.code.as_deref()), (text, code));
        assert!(said.json);
    }

    #[test]
    fn a_body_that_is_no_object_says_nothing() {
        for body in ["<html>", "", "\"text\"", "[1]", "{\"a\":"] {
            assert_eq!(said(body.as_bytes()), Said::default(), "{body}");
        }
    }
}
