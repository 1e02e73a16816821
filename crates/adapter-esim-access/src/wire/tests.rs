//! Envelopes in every form that was seen, and what is said of those that cannot be used.

use rstest::rstest;

use super::*;

fn schema(body: &str) -> String {
    match decode::<BalanceObject<'_>>(body.as_bytes()) {
        Err(Unusable::Schema(text)) => text,
        Err(Unusable::Failure) => "failure".to_owned(),
        Ok(_) => "ok".to_owned(),
    }
}

#[rstest]
#[case(r#"{"success":true,"errorCode":"0","errorMsg":null,"obj":{"balance":1}}"#)]
#[case(r#"{"success":true,"errorCode":0,"obj":{"balance":1}}"#)]
#[case(r#"{"success":true,"errorCode":null,"obj":{"balance":1}}"#)]
#[case(r#"{"obj":{"balance":1},"success":"true","errorMessage":"","new":[1,2]}"#)]
#[case(r#"{"success":"TRUE","obj":{"balance":1}}"#)]
fn an_envelope_is_read_whatever_stands_beside_the_object(#[case] body: &str) {
    assert_eq!(schema(body), "ok");
}

#[rstest]
#[case(r#"{"success":false,"errorCode":"000001","errorMsg":"no","obj":null}"#)]
#[case(r#"{"success":"false","errorCode":1}"#)]
#[case(r#"{"success":false,"obj":{"balance":1}}"#)]
fn a_failure_in_a_good_status_is_told_apart(#[case] body: &str) {
    assert_eq!(schema(body), "failure");
    assert_eq!(decode_empty(body.as_bytes()), Err(Unusable::Failure));
}

#[rstest]
#[case("", "it ends in the middle, after 0 bytes")]
#[case(
    r#"{"success":true,"obj":{"bal"#,
    "it ends in the middle, after 27 bytes"
)]
#[case("<!doctype html><p>502", "it is an HTML page, not JSON")]
#[case(r#"[true,{"balance":1}]"#, "it is a list, not an object")]
#[case("oops", "it is no JSON (line 1, column 1)")]
#[case(r#"{"success":true}"#, "there is no `obj` in it")]
#[case(r#"{"success":true,"obj":null}"#, "there is no `obj` in it")]
#[case(r#"{"obj":{"balance":1}}"#, "it does not say whether it succeeded")]
#[case(
    r#"{"success":"maybe","obj":{}}"#,
    "it does not say whether it succeeded"
)]
#[case(r#"{"success":true,"obj":{}} x"#, "there is something behind its end")]
#[case(
    r#"{"success":true,"obj":"LPA:1$a$SECRET"}"#,
    "`obj` should be struct BalanceObject"
)]
fn the_reason_names_the_place_and_no_value(#[case] body: &str, #[case] expected: &str) {
    assert_eq!(schema(body), expected);
}

#[rstest]
#[case(r#"{"success":true,"obj":{}}"#, true)]
#[case(r#"{"success":true,"obj":null}"#, true)]
#[case(r#"{"success":"true"}"#, true)]
#[case(r#"{"obj":{}}"#, false)]
#[case("", false)]
#[case("<html>", false)]
fn an_answer_without_an_object_is_enough_where_none_is_promised(
    #[case] body: &str,
    #[case] enough: bool,
) {
    assert_eq!(decode_empty(body.as_bytes()).is_ok(), enough);
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let unusable = decode::<BalanceObject<'_>>(b"{\"success\":\"\xff\"}").err();
    assert_eq!(
        unusable,
        Some(Unusable::Schema("byte 12 is not UTF-8".to_owned()))
    );
}

#[rstest]
#[case(
    r#"{"success":false,"errorCode":"1","errorMsg":"m"}"#,
    Some("m"),
    Some("1"),
    true
)]
#[case(
    r#"{"success":"false","errorCode":7,"errorMsg":"","errorMessage":"e"}"#,
    Some("e"),
    Some("7"),
    true
)]
#[case(r#"{"success":true,"errorCode":"0"}"#, None, Some("0"), false)]
#[case(r#"{"errorMsg":{"odd":true}}"#, None, None, false)]
fn an_error_text_is_found_under_both_names(
    #[case] body: &str,
    #[case] text: Option<&str>,
    #[case] code: Option<&str>,
    #[case] failed: bool,
) {
    let said = said(body.as_bytes());
    assert_eq!((said.text.as_deref(), said.code.as_deref()), (text, code));
    assert!(said.json);
    assert_eq!(said.failed, failed);
}

#[test]
fn a_body_that_is_no_object_says_nothing() {
    for body in ["<html>", "", "\"text\"", "[1]", "{\"success\":"] {
        assert_eq!(said(body.as_bytes()), Said::default(), "{body}");
    }
}

#[rstest]
#[case(r#"{"success":true,"obj":null}"#, true)]
#[case(r#"{"success":true,"obj":[]}"#, true)]
#[case(r#"{"success":"true","obj":{"esimList":null}}"#, true)]
#[case(r#"{"success":true,"obj":{"esimList":[]}}"#, false)]
#[case(r#"{"success":true,"obj":{}}"#, false)]
#[case(r#"{"success":true}"#, false)]
#[case(r#"{"success":false,"obj":null}"#, false)]
#[case(r#"{"obj":null}"#, false)]
#[case("", false)]
#[case("<html>", false)]
fn nothing_in_the_place_of_a_list_is_told_apart_from_everything_else(
    #[case] body: &str,
    #[case] expected: bool,
) {
    assert_eq!(holds_nothing(body.as_bytes(), "esimList"), expected);
}
