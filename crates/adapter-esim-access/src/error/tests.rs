//! `classify` as a table: code × effect, status × effect.

use roamport_domain::Secret;
use rstest::rstest;

use super::*;
use ErrorKind::{
    Ambiguous, Config, InsufficientFunds, InvalidResponse, NotFound, RateLimited, Rejected,
    Unauthorized, Unavailable,
};

const HTML: &str = "<html><body>Bad gateway</body></html>";
const EMPTY: &str = "";
const NO_CODE: &str = r#"{"success":false,"errorMsg":"no"}"#;
const SUCCESS: &str = r#"{"success":true,"errorCode":"0","obj":{}}"#;
const EFFECTS: [Effect; 2] = [Effect::Purchase, Effect::Change];

fn envelope(code: &str) -> String {
    format!(r#"{{"success":false,"errorCode":"{code}","errorMsg":"words","obj":null}}"#)
}

fn kind(effect: Effect, status: u16, body: &str) -> ErrorKind {
    classify(effect, Sent::Maybe, Some(status), body.as_bytes()).kind
}

#[rstest]
#[case("000001", Unavailable, Ambiguous, Ambiguous)]
#[case("000101", Unauthorized, Unauthorized, Unauthorized)]
#[case("000102", Unauthorized, Unauthorized, Unauthorized)]
#[case("000103", Rejected, Rejected, Rejected)]
#[case("000104", Rejected, Rejected, Rejected)]
#[case("000105", Rejected, Rejected, Rejected)]
#[case("000106", Rejected, Rejected, Rejected)]
#[case("000107", Rejected, Rejected, Rejected)]
#[case("101001", Unauthorized, Unauthorized, Unauthorized)]
#[case("101002", Unauthorized, Unauthorized, Unauthorized)]
#[case("101003", Unauthorized, Unauthorized, Unauthorized)]
#[case("200002", Rejected, Rejected, Rejected)]
#[case("200005", Rejected, Rejected, Rejected)]
#[case("200006", Rejected, Rejected, Rejected)]
#[case("200007", InsufficientFunds, InsufficientFunds, InsufficientFunds)]
#[case("200008", Rejected, Rejected, Rejected)]
#[case("200009", Rejected, Ambiguous, Rejected)]
#[case("200010", Unavailable, Ambiguous, Rejected)]
#[case("200011", Rejected, Rejected, Rejected)]
#[case("310201", Rejected, Rejected, Rejected)]
#[case("310211", Rejected, Rejected, Rejected)]
#[case("310221", Rejected, Rejected, Rejected)]
#[case("310231", Rejected, Rejected, Rejected)]
#[case("310241", NotFound, NotFound, NotFound)]
#[case("310243", NotFound, NotFound, NotFound)]
#[case("310251", Rejected, Rejected, Rejected)]
#[case("310272", NotFound, NotFound, NotFound)]
#[case("310403", NotFound, NotFound, NotFound)]
#[case("900001", RateLimited, Ambiguous, Ambiguous)]
#[case("404", Config, Config, Config)]
#[case("999999", Rejected, Ambiguous, Ambiguous)]
#[case("1", Rejected, Ambiguous, Ambiguous)]
#[case("000 001", Rejected, Ambiguous, Ambiguous)]
fn every_code_means_what_the_reference_says(
    #[case] code: &str,
    #[case] read: ErrorKind,
    #[case] purchase: ErrorKind,
    #[case] other: ErrorKind,
) {
    let body = envelope(code);
    // Under a status that the provider does not use for a refusal, nothing is certain about an effect.
    for status in [201, 203, 206, 408, 409, 429] {
        assert_eq!(kind(Effect::None, status, &body), read, "{status}");
        for effect in EFFECTS {
            assert_eq!(kind(effect, status, &body), Ambiguous, "{status}");
        }
    }
    for status in [200, 400, 401, 403, 404] {
        assert_eq!(kind(Effect::None, status, &body), read, "{status}");
        assert_eq!(kind(Effect::Purchase, status, &body), purchase, "{status}");
        assert_eq!(kind(Effect::Change, status, &body), other, "{status}");
    }
    // A server's failure says nothing for sure, whatever it writes.
    for status in [500, 502, 503] {
        let body = envelope(code);
        assert_eq!(kind(Effect::None, status, &body), Unavailable, "{status}");
        for effect in EFFECTS {
            assert_eq!(kind(effect, status, &body), Ambiguous, "{status}");
        }
    }
}

#[test]
fn a_code_may_be_a_number() {
    let body = r#"{"success":"false","errorCode":200007,"errorMessage":"low"}"#;
    assert_eq!(kind(Effect::Purchase, 200, body), InsufficientFunds);
}

#[rstest]
#[case(200, NO_CODE, InvalidResponse)]
#[case(200, HTML, InvalidResponse)]
#[case(200, EMPTY, InvalidResponse)]
#[case(301, EMPTY, InvalidResponse)]
#[case(307, EMPTY, InvalidResponse)]
#[case(400, HTML, InvalidResponse)]
#[case(401, HTML, Unauthorized)]
#[case(403, EMPTY, Unauthorized)]
#[case(404, HTML, InvalidResponse)]
#[case(408, EMPTY, Unavailable)]
#[case(409, EMPTY, InvalidResponse)]
#[case(425, EMPTY, Unavailable)]
#[case(429, EMPTY, RateLimited)]
#[case(429, NO_CODE, RateLimited)]
#[case(500, HTML, Unavailable)]
#[case(500, SUCCESS, Unavailable)]
#[case(502, HTML, Unavailable)]
#[case(504, HTML, Unavailable)]
#[case(600, EMPTY, InvalidResponse)]
fn a_read_that_a_gateway_answered_is_sorted_by_its_status(
    #[case] status: u16,
    #[case] body: &str,
    #[case] expected: ErrorKind,
) {
    assert_eq!(kind(Effect::None, status, body), expected);
}

#[rstest]
fn an_effect_that_a_gateway_answered_is_ambiguous(
    #[values(
        100, 200, 204, 301, 302, 307, 400, 401, 403, 404, 408, 409, 413, 429, 499, 500, 502, 503,
        504, 520, 599, 600
    )]
    status: u16,
    #[values(HTML, EMPTY, NO_CODE, SUCCESS, "[]", "\"x\"")] body: &str,
) {
    for effect in EFFECTS {
        assert_eq!(kind(effect, status, body), Ambiguous, "{effect:?}");
    }
}

#[rstest]
#[case::in_its_place(r#"{"success":false,"errorCode":"200005","obj":{"orderNo":"B1"}}"#)]
#[case::under_another_name(r#"{"success":false,"errorCode":"200005","OBJ":{"orderNo":"B1"}}"#)]
#[case::in_a_list(
    r#"{"success":false,"errorCode":"200005","obj":null,"orders":[{"orderNo":"B1"}]}"#
)]
fn a_refusal_that_holds_an_order_turns_no_purchase_away(#[case] body: &str) {
    assert_eq!(kind(Effect::Purchase, 200, body), Ambiguous);
}

#[rstest]
#[case(Effect::None, Sent::No, Unavailable)]
#[case(Effect::Purchase, Sent::No, Unavailable)]
#[case(Effect::Change, Sent::No, Unavailable)]
#[case(Effect::None, Sent::Maybe, Unavailable)]
#[case(Effect::Purchase, Sent::Maybe, Ambiguous)]
#[case(Effect::Change, Sent::Maybe, Ambiguous)]
fn an_answer_that_never_came_is_ambiguous_for_effects_that_were_sent(
    #[case] effect: Effect,
    #[case] sent: Sent,
    #[case] expected: ErrorKind,
) {
    assert_eq!(classify(effect, sent, None, b"").kind, expected);
}

#[test]
fn no_read_is_ever_ambiguous_and_no_purchase_ever_retried_after_sending() {
    let codes = (0..1000)
        .map(|number| format!("{:06}", number * 1000 + 1))
        .map(|code| envelope(&code));
    let bodies: Vec<String> = codes
        .chain([HTML, EMPTY, NO_CODE, SUCCESS].map(str::to_owned))
        .collect();
    for status in [200, 204, 301, 400, 404, 429, 500, 503] {
        for body in &bodies {
            assert_ne!(kind(Effect::None, status, body), Ambiguous, "{body}");
            let bought = kind(Effect::Purchase, status, body);
            assert!(
                !matches!(bought, Unavailable | RateLimited | InvalidResponse),
                "{status} {body}: {bought:?}"
            );
        }
    }
}

fn shown(effect: Effect, operation: Operation, code: &str, text: &str) -> String {
    let body = format!(r#"{{"success":false,"errorCode":"{code}","errorMsg":"{text}"}}"#);
    let provider = ProviderName::parse("esim-access").unwrap();
    let failure = classify(effect, Sent::Maybe, Some(200), body.as_bytes());
    into_error(failure, &provider, operation, &Secrets::default()).to_string()
}

#[test]
fn an_error_says_what_happened_whether_money_moved_and_what_to_do() {
    let order = |code, text| shown(Effect::Purchase, Operation::PlaceOrder, code, text);
    insta::assert_snapshot!(order("200005", "price differs"), @"esim-access refused (place_order): price differs; the price changed and nothing was charged: quote again [200005]");
    insta::assert_snapshot!(order("200007", ""), @"esim-access reports too small a wallet (place_order): the wallet is too small; nothing was bought: add funds in eSIM Access's console [200007]");
    insta::assert_snapshot!(order("200011", ""), @"esim-access refused (place_order): not enough profiles in stock; nothing was charged: try later, or another package [200011]");
    insta::assert_snapshot!(order("900001", "busy"), @"esim-access may or may not have done it (place_order): busy; money may have moved: the same order under the same reference is not charged twice, any other is [900001]");
    let read = |code| shown(Effect::None, Operation::Balance, code, "");
    insta::assert_snapshot!(read("101001"), @"esim-access does not let us in (balance): the request's timestamp is too far from the provider's clock; nothing was done: set this machine's clock right (NTP), then try again [101001]");
    insta::assert_snapshot!(read("101002"), @"esim-access does not let us in (balance): the provider blocks this machine's address; nothing was done: allow this machine's address in eSIM Access's console [101002]");
    insta::assert_snapshot!(read("101003"), @"esim-access does not let us in (balance): the signature is wrong; nothing was done: check `secret_key`, then `upper_case_signature` [101003]");
    insta::assert_snapshot!(read("000102"), @"esim-access does not let us in (balance): a header is missing or malformed; nothing was done: check `access_code`, and whether the account asks for a `secret_key` [000102]");
    let cancel = shown(Effect::Change, Operation::Cancel, "200002", "");
    insta::assert_snapshot!(cancel, @"esim-access refused (cancel): its state does not allow this; nothing was changed [200002]");
}

#[test]
fn no_secret_survives_in_the_error() {
    let body = br#"{"success":false,"errorCode":"the-c0de-9","errorMsg":"the-c0de-9 or the-k3y-9 is wrong for LPA:1$rsp.test$INV-SECRET"}"#;
    let failure = classify(Effect::Change, Sent::Maybe, Some(200), body);
    let provider = ProviderName::parse("esim-access").unwrap();
    let secrets = Secrets::new(["the-c0de-9", "the-k3y-9"].map(Secret::new));
    let error = into_error(failure, &provider, Operation::Cancel, &secrets);
    let shown = format!("{error} {error:?}");
    for secret in ["c0de", "k3y", "SECRET"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[rstest]
#[case::a_documented_refusal(Effect::Purchase, 200, &envelope("200005"), CallProof::TurnedAway)]
#[case::of_a_change(Effect::Change, 400, &envelope("000105"), CallProof::TurnedAway)]
#[case::a_code_that_says_nothing_of_the_effect(Effect::Purchase, 200, &envelope("200010"), CallProof::Unknown)]
#[case::a_code_under_another_status(Effect::Purchase, 500, &envelope("200005"), CallProof::Unknown)]
#[case::a_web_page(Effect::Purchase, 403, HTML, CallProof::Unknown)]
#[case::a_read(Effect::None, 200, &envelope("200005"), CallProof::Unknown)]
fn only_a_refusal_of_its_own_proves_that_a_call_was_turned_away(
    #[case] effect: Effect,
    #[case] status: u16,
    #[case] body: &str,
    #[case] expected: CallProof,
) {
    let failure = classify(effect, Sent::Maybe, Some(status), body.as_bytes());
    assert_eq!(failure.proof, expected);
}
