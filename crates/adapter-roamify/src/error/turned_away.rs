//! The answers by which Roamify turns a request away before it does anything. Everything else that
//! answers a purchase leaves its outcome unknown.

use roamport_domain::provider::ErrorKind;
use roamport_provider_http::json::find_object;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Roamify's own failure bodies (reference: error forms). A field of any other name, a field that
/// stands twice or a text that is empty makes it another body, so that no order can hide in one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FailureBody<'a> {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(borrow, default)]
    code: Option<&'a RawValue>,
}

/// The two documented forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `{"message": "…", "status": "failed"}`, with or without a `code`.
    MessageAndStatus,
    /// `{"error": "…"}` and nothing else.
    ErrorAlone,
}

/// One line of the table: a status under which a failure body says that nothing was done.
struct Line {
    status: u16,
    form: Form,
    /// A word that the text must hold.
    word: Option<&'static str>,
    kind: ErrorKind,
    /// Why that is known.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "each line names its source, for the reader")
    )]
    source: &'static str,
}

const fn line(status: u16, form: Form, kind: ErrorKind, source: &'static str) -> Line {
    Line {
        status,
        form,
        word: None,
        kind,
        source,
    }
}

const fn wallet(status: u16, source: &'static str) -> Line {
    Line {
        status,
        form: Form::MessageAndStatus,
        word: Some("insufficient"),
        kind: ErrorKind::InsufficientFunds,
        source,
    }
}

/// The first line that fits decides.
const LINES: [Line; 16] = [
    wallet(400, "documentation: an order above the wallet is refused"),
    wallet(409, "documentation: conflict, insufficient balance"),
    wallet(422, "documentation: validation of state"),
    line(
        400,
        Form::MessageAndStatus,
        ErrorKind::Rejected,
        "documentation: bad or missing parameter",
    ),
    line(
        400,
        Form::ErrorAlone,
        ErrorKind::Rejected,
        "recorded answer, June 2025: request validation",
    ),
    line(
        401,
        Form::MessageAndStatus,
        ErrorKind::Unauthorized,
        "documentation: missing or wrong token",
    ),
    line(
        402,
        Form::MessageAndStatus,
        ErrorKind::InsufficientFunds,
        "RFC 9110, section 15.5.3, with the provider's own body",
    ),
    line(
        403,
        Form::MessageAndStatus,
        ErrorKind::Unauthorized,
        "documentation: token without the permission",
    ),
    line(
        404,
        Form::MessageAndStatus,
        ErrorKind::NotFound,
        "documentation: unknown id",
    ),
    line(
        405,
        Form::MessageAndStatus,
        ErrorKind::Rejected,
        "RFC 9110, section 15.5.6",
    ),
    line(
        406,
        Form::MessageAndStatus,
        ErrorKind::Rejected,
        "RFC 9110, section 15.5.7",
    ),
    line(
        411,
        Form::MessageAndStatus,
        ErrorKind::Rejected,
        "RFC 9110, section 15.5.12",
    ),
    line(
        413,
        Form::MessageAndStatus,
        ErrorKind::Rejected,
        "RFC 9110, section 15.5.14",
    ),
    line(
        415,
        Form::MessageAndStatus,
        ErrorKind::Rejected,
        "RFC 9110, section 15.5.16",
    ),
    line(
        422,
        Form::MessageAndStatus,
        ErrorKind::Rejected,
        "documentation: not allowed in this state",
    ),
    line(
        431,
        Form::MessageAndStatus,
        ErrorKind::Rejected,
        "RFC 6585, section 5",
    ),
];

/// What an answer turns a request away for; `None` where it proves nothing.
pub(super) fn turned_away(status: u16, body: &[u8]) -> Option<ErrorKind> {
    let (form, text) = form(body)?;
    let text = text.to_ascii_lowercase();
    let fits = |line: &&Line| {
        let says = |word| text.contains(word) && !text.contains("permission");
        line.status == status && line.form == form && line.word.is_none_or(says)
    };
    LINES.iter().find(fits).map(|line| line.kind)
}

/// Whether a body is one of Roamify's own failure forms, whatever it says.
pub(super) fn is_failure_body(body: &[u8]) -> bool {
    form(body).is_some()
}

fn form(body: &[u8]) -> Option<(Form, String)> {
    let body: FailureBody<'_> = find_object(body)?;
    let said = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    match (said(&body.message), &body.status, said(&body.error)) {
        (Some(text), Some(status), None) if status == "failed" => {
            Some((Form::MessageAndStatus, text))
        }
        (None, None, Some(text)) if body.message.is_none() && body.code.is_none() => {
            Some((Form::ErrorAlone, text))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_line_names_its_source() {
        for line in &LINES {
            assert!(line.source.len() > 10, "{}", line.status);
        }
    }

    #[rstest]
    #[case::html("<html>Forbidden</html>")]
    #[case::empty("")]
    #[case::our_own_order(r#"{"status":"success","data":{"id":"o-1","referenceId":"R"}}"#)]
    #[case::an_order_in_a_failure(r#"{"message":"no","status":"failed","data":{"id":"o-1"}}"#)]
    #[case::success_in_words(r#"{"message":"created","status":"success"}"#)]
    #[case::status_twice(r#"{"message":"no","status":"success","status":"failed"}"#)]
    #[case::an_empty_text(r#"{"message":"","status":"failed"}"#)]
    #[case::no_status(r#"{"message":"no"}"#)]
    #[case::a_number(r#"{"message":7,"status":"failed"}"#)]
    #[case::both_forms(r#"{"error":"no","message":"no","status":"failed"}"#)]
    #[case::a_list(r#"[{"message":"no","status":"failed"}]"#)]
    #[case::cut(r#"{"message":"no","status":"fai"#)]
    fn a_body_that_is_not_a_failure_form_turns_nothing_away(#[case] body: &str) {
        for status in 100..=599 {
            assert_eq!(turned_away(status, body.as_bytes()), None, "{status}");
        }
    }

    #[test]
    fn the_error_alone_turns_away_under_400_alone() {
        let body = br#"{"error":"\"items\" is required"}"#;
        let turning: Vec<u16> = (100..=599)
            .filter(|status| turned_away(*status, body).is_some())
            .collect();
        assert_eq!(turning, [400]);
    }

    #[test]
    fn no_5xx_3xx_or_2xx_turns_anything_away() {
        let body = br#"{"message":"Insufficient balance","status":"failed"}"#;
        let turning: Vec<u16> = (100..=599)
            .filter(|status| turned_away(*status, body).is_some())
            .collect();
        let listed = [
            400, 401, 402, 403, 404, 405, 406, 409, 411, 413, 415, 422, 431,
        ];
        assert_eq!(turning, listed);
    }
}
