//! The list of orders, and the forms in which it says that there is none.
//!
//! | Answer | Form | Source |
//! |---|---|---|
//! | 200, `status` is `success`, `data.orders` is a list of objects | documented | documentation, sample |
//! | 200, `status` missing or `null`, or `orders` or `data` is `null` | tolerated | seen at other endpoints |
//! | 204 | tolerated | HTTP |
//! | 404 with a failure body of the provider's own | not found | inference |
//! | anything else | no answer | |

use roamport_domain::provider::AnswerForm;
use roamport_provider_http::Answer;
use roamport_provider_http::json::{Text, find_object, holds_something, list, object_text};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Unusable;
use crate::error::is_failure_body;

/// The longest failure body that is handed on, in bytes.
const LONGEST_BODY: usize = 1000;

/// The rows of a list of orders, each an object and still raw.
pub(crate) struct OrderRows<'a> {
    pub(crate) rows: Vec<&'a RawValue>,
    pub(crate) form: AnswerForm,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    orders: &'a RawValue,
}

/// The rows of an answer to the list of orders.
pub(crate) fn orders(answer: &Answer) -> Result<OrderRows<'_>, Unusable> {
    match answer.status {
        200 => listed(&answer.body),
        204 => Ok(none(AnswerForm::Tolerated)),
        404 if is_failure_body(&answer.body) && answer.body.len() <= LONGEST_BODY => {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            Ok(none(AnswerForm::NotFound(body)))
        }
        201..=299 => {
            let words = format!("HTTP {} is no answer to a list", answer.status);
            Err(Unusable::Schema(words))
        }
        _ => Err(Unusable::Failure),
    }
}

const fn none<'a>(form: AnswerForm) -> OrderRows<'a> {
    OrderRows {
        rows: Vec::new(),
        form,
    }
}

fn listed(body: &[u8]) -> Result<OrderRows<'_>, Unusable> {
    let text = object_text(body).map_err(|misfit| Unusable::Schema(misfit.to_string()))?;
    let envelope: Envelope<'_> = find_object(text.as_bytes())
        .ok_or_else(|| Unusable::Schema("it is no answer with `status` and `data`".to_owned()))?;
    let word = envelope.status.get();
    let succeeded = word.is_some_and(|word| word.eq_ignore_ascii_case("success"));
    if (word.is_some() && !succeeded) || envelope.error.is_some_and(holds_something) {
        return Err(Unusable::Failure);
    }
    if envelope.data.get() == "null" {
        return Ok(none(AnswerForm::Tolerated));
    }
    let schema = |words: &str| Unusable::Schema(words.to_owned());
    let data: Data<'_> = find_object(envelope.data.get().as_bytes())
        .ok_or_else(|| schema("`data` should be an object with `orders`"))?;
    if data.orders.get() == "null" {
        return Ok(none(AnswerForm::Tolerated));
    }
    let rows = list(Some(data.orders)).ok_or_else(|| schema("`data.orders` should be a list"))?;
    if rows.iter().any(|row| !row.get().starts_with('{')) {
        return Err(schema("a row of `data.orders` is no order"));
    }
    let form = if succeeded {
        AnswerForm::Documented
    } else {
        AnswerForm::Tolerated
    };
    Ok(OrderRows { rows, form })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn form(status: u16, body: &str) -> Option<AnswerForm> {
        let answer = Answer {
            status,
            retry_after: None,
            is_cached: false,
            body: body.as_bytes().to_vec(),
        };
        orders(&answer).ok().map(|found| found.form)
    }

    #[rstest]
    #[case(r#"{"status":"success","data":{"orders":[]}}"#)]
    #[case(r#"{"data":{"orders":[{"id":"o"}],"more":1},"status":"SUCCESS","error":null}"#)]
    #[case(r#"{"status":"success","error":"","data":{"orders":[]}}"#)]
    #[case(r#"{"status":"success","error":{},"data":{"orders":[]}}"#)]
    fn the_documented_form_is_a_list_under_a_success(#[case] body: &str) {
        assert_eq!(form(200, body), Some(AnswerForm::Documented));
        for status in [201, 202, 203, 206, 301, 400, 404, 500] {
            assert_eq!(form(status, body), None, "{status}");
        }
    }

    #[rstest]
    #[case(200, r#"{"data":{"orders":[]}}"#)]
    #[case(200, r#"{"status":null,"data":{"orders":[]}}"#)]
    #[case(200, r#"{"status":"success","data":{"orders":null}}"#)]
    #[case(200, r#"{"data":{"orders":null}}"#)]
    #[case(200, r#"{"status":"success","data":null}"#)]
    #[case(200, r#"{"data":null}"#)]
    #[case(204, "")]
    fn a_shape_of_nothing_is_tolerated(#[case] status: u16, #[case] body: &str) {
        assert_eq!(form(status, body), Some(AnswerForm::Tolerated));
    }

    #[rstest]
    #[case(200, r#"{"status":"success","error":"db down","data":{"orders":[]}}"#)]
    #[case(200, r#"{"status":"failed","data":{"orders":[]}}"#)]
    #[case(200, r#"{"status":"success","status":"failed","data":{"orders":[]}}"#)]
    #[case(
        200,
        r#"{"status":"success","data":{"orders":[],"orders":[{"id":"o"}]}}"#
    )]
    #[case(200, r#"{"status":"success","data":[[]]}"#)]
    #[case(200, r#"{"status":"success","data":[]}"#)]
    #[case(200, r#"{"status":"success","data":{}}"#)]
    #[case(200, r#"{"status":"success"}"#)]
    #[case(200, r#"{"status":"success","data":{"orders":{}}}"#)]
    #[case(200, r#"{"status":"success","data":{"orders":[[]]}}"#)]
    #[case(200, r#"{"status":"success","data":{"orders":["o-1"]}}"#)]
    #[case(200, r#"[{"status":"success","data":{"orders":[]}}]"#)]
    #[case(200, r#"{"status":"success","data":{"orders":[]}"#)]
    #[case(200, "")]
    #[case(200, "<html></html>")]
    #[case(404, "<html></html>")]
    #[case(404, "")]
    #[case(400, r#"{"message":"no","status":"failed"}"#)]
    fn anything_else_is_no_answer(#[case] status: u16, #[case] body: &str) {
        assert_eq!(form(status, body), None);
    }

    #[test]
    fn the_providers_own_404_is_handed_on_with_its_body() {
        let body = r#"{"message":"no orders","status":"failed"}"#;
        let expected = AnswerForm::NotFound(body.to_owned());
        assert_eq!(form(404, body), Some(expected));
    }
}
