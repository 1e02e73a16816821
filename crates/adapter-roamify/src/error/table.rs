//! What each answer of Roamify's means, as a table for people, told by `classify` itself.

use roamport_domain::provider::Classified;
use roamport_provider_http::Sent;

use super::classify;

/// An answer of which the status alone decides.
const PLAIN: &[u8] = br#"{"message":"Unknown error","status":"failed"}"#;

/// Answers whose text or form decides, too.
const DETAILS: [(&str, &[u8]); 3] = [
    (
        "its text says \"insufficient\"",
        br#"{"message":"Insufficient partner balance","status":"failed"}"#,
    ),
    ("it is neither JSON nor empty", b"<html></html>"),
    ("it is empty", b""),
];

/// Every way in which a call to Roamify can fail, and the kind of error it becomes.
///
/// Answers whose text makes no difference at their status have one row.
pub fn classification() -> Vec<Classified> {
    let mut rows = vec![
        Classified::by(None, "nothing was sent", |operation| {
            classify(operation, Sent::No, None, b"").kind
        }),
        Classified::by(None, "no answer came", |operation| {
            classify(operation, Sent::Maybe, None, b"").kind
        }),
    ];
    rows.extend((100..=599).map(|status| row(status, "", PLAIN)));
    for (detail, body) in DETAILS {
        let plain = |status| row(status, "", PLAIN);
        let special = (100..=599).map(|status| row(status, detail, body));
        rows.extend(
            special.filter(|row| {
                row.status.map(plain).map(|plain| plain.kinds()) != Some(row.kinds())
            }),
        );
    }
    rows
}

fn row(status: u16, detail: &str, body: &[u8]) -> Classified {
    Classified::by(Some(status), detail, |operation| {
        classify(operation, Sent::Maybe, Some(status), body).kind
    })
}

#[cfg(test)]
mod tests {
    use roamport_domain::provider::ErrorKind;

    use super::*;

    fn kinds(status: Option<u16>, detail: &str) -> Option<[ErrorKind; 3]> {
        let rows = classification();
        let mut rows = rows
            .iter()
            .filter(|row| row.status == status && row.detail == detail);
        let kinds = rows.next().map(Classified::kinds);
        assert_eq!(rows.next(), None, "{status:?} {detail} stands twice");
        kinds
    }

    #[test]
    fn the_table_says_what_answers_are_sorted_as() {
        use ErrorKind::{Ambiguous, InsufficientFunds, InvalidResponse, Unavailable};
        assert_eq!(kinds(None, "nothing was sent"), Some([Unavailable; 3]));
        assert_eq!(
            kinds(None, "no answer came"),
            Some([Unavailable, Ambiguous, Ambiguous])
        );
        assert_eq!(
            kinds(Some(504), ""),
            Some([Unavailable, Ambiguous, Ambiguous])
        );
        let (insufficient, page) = (DETAILS[0].0, DETAILS[1].0);
        assert_eq!(
            kinds(Some(409), insufficient).unwrap()[1],
            InsufficientFunds
        );
        assert_eq!(kinds(Some(500), insufficient), None);
        assert_eq!(
            kinds(Some(404), page),
            Some([InvalidResponse, Ambiguous, Ambiguous])
        );
    }

    #[test]
    fn no_answer_to_a_purchase_that_may_have_arrived_says_that_it_may_be_sent_again() {
        for row in classification() {
            let is_harmless = row.detail == "nothing was sent";
            let again = [ErrorKind::Unavailable, ErrorKind::RateLimited].contains(&row.purchase);
            assert_eq!(again, is_harmless, "{row:?}");
        }
    }
}
