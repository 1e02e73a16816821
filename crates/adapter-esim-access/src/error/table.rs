//! What each answer of eSIM Access's means, as a table for people, told by `classify` itself.

use roamport_domain::provider::Classified;
use roamport_provider_http::{Effect, Sent};

use super::classify;
use super::code::{CODES, Code};

/// What a gateway answers: no envelope, so that the status alone decides.
const NO_ENVELOPE: &[u8] = b"<html></html>";

/// The status under which the provider's own codes come.
const ENVELOPE: u16 = 200;

/// A code that nobody has heard of, and what stands for all such.
const UNHEARD_OF: &str = "999999";
const ANY_OTHER: &str = "any other code";

/// Every way in which a call to eSIM Access can fail, and the kind of error it becomes: no answer, an
/// answer without the provider's envelope, and each of its codes.
pub fn classification() -> Vec<Classified> {
    let mut rows = vec![
        row(Sent::No, None, "nothing was sent", b""),
        row(Sent::Maybe, None, "no answer came", b""),
    ];
    rows.extend((100..=599).map(|status| row(Sent::Maybe, Some(status), "", NO_ENVELOPE)));
    let mut meanings: Vec<Code> = Vec::new();
    for (_, meaning) in CODES {
        if !meanings.contains(&meaning) {
            meanings.push(meaning);
        }
    }
    for meaning in meanings {
        let codes = CODES.iter().filter(|(_, other)| *other == meaning);
        let codes: Vec<&str> = codes.map(|(code, _)| *code).collect();
        rows.push(code_row(
            codes[0],
            &format!("code {}", codes.join(", ")),
            meaning,
        ));
    }
    rows.push(code_row(UNHEARD_OF, ANY_OTHER, Code::Unknown));
    rows
}

fn code_row(code: &str, named: &str, meaning: Code) -> Classified {
    let body = format!(r#"{{"success":false,"errorCode":"{code}"}}"#);
    let detail = format!("{named}: {}", meaning.words());
    row(Sent::Maybe, Some(ENVELOPE), &detail, body.as_bytes())
}

fn row(sent: Sent, status: Option<u16>, detail: &str, body: &[u8]) -> Classified {
    Classified::by(status, detail, |operation| {
        classify(Effect::from(operation), sent, status, body).kind
    })
}

#[cfg(test)]
mod tests {
    use roamport_domain::provider::ErrorKind;

    use super::*;

    fn of_code(code: &str) -> [ErrorKind; 3] {
        let rows = classification();
        let found = rows.iter().filter(|row| {
            let codes = row.detail.strip_prefix("code ");
            let codes = codes
                .and_then(|rest| rest.split_once(':'))
                .map_or("", |(codes, _)| codes);
            codes.split(", ").any(|other| other == code)
        });
        let found: Vec<&Classified> = found.collect();
        assert_eq!(found.len(), 1, "{code}: {found:?}");
        found[0].kinds()
    }

    #[test]
    fn every_code_stands_in_the_table_once_as_it_is_sorted() {
        for (code, _) in CODES {
            let body = format!(r#"{{"success":false,"errorCode":"{code}","errorMsg":"no"}}"#);
            let kind = |effect| classify(effect, Sent::Maybe, Some(200), body.as_bytes()).kind;
            let expected = [Effect::None, Effect::Purchase, Effect::Change].map(kind);
            assert_eq!(of_code(code), expected, "{code}");
        }
        assert_eq!(of_code("200007"), [ErrorKind::InsufficientFunds; 3]);
        let rows = classification();
        let other = rows.iter().find(|row| row.detail.starts_with(ANY_OTHER));
        assert_eq!(other.map(|row| row.purchase), Some(ErrorKind::Ambiguous));
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
