//! The part of the page about providers' answers: what each adapter makes of them, as it says itself.

use roamport_bootstrap::Providers;
use roamport_domain::provider::{Classified, ErrorKind};

use super::super::markdown::{code, heading, paragraph, table};
use super::words;

/// Adds the part.
pub(super) fn sections(text: &mut String) {
    let providers = Providers::standard();
    heading(text, 2, "What a provider's answers mean");
    paragraph(
        text,
        "The kind of error that each adapter makes of an answer: in a read, in a purchase (an order or a top-up), and in \
         a call that changes something without taking money. A good answer that cannot be read counts as one of its \
         status. The tables come from the code that sorts real answers.",
    );
    for name in providers.names() {
        let Some(rows) = providers.classification(&name) else {
            continue;
        };
        heading(text, 3, &code(&name));
        let rows = merged(&rows).into_iter().map(|(answer, kinds)| {
            let kinds = kinds.map(|kind| code(kind.as_str()));
            std::iter::once(answer).chain(kinds).collect()
        });
        table(
            text,
            words(["Answer", "Read", "Purchase", "Change"]),
            rows.collect(),
        );
    }
}

/// Rows of statuses in a row that mean the same, as one.
fn merged(rows: &[Classified]) -> Vec<(String, [ErrorKind; 3])> {
    let alike = rows.chunk_by(|one, next| {
        let follows = one
            .status
            .zip(next.status)
            .is_some_and(|(one, next)| one.checked_add(1) == Some(next));
        follows && one.detail == next.detail && one.kinds() == next.kinds()
    });
    alike
        .filter_map(|rows| {
            let (first, last) = (rows.first()?, rows.last()?);
            Some((answer(first, last), first.kinds()))
        })
        .collect()
}

fn answer(first: &Classified, last: &Classified) -> String {
    let status = match (first.status, last.status) {
        (Some(first), Some(last)) if first == last => format!("HTTP {first}"),
        (Some(first), Some(last)) => format!("HTTP {first} to {last}"),
        _ => String::new(),
    };
    match (status.is_empty(), first.detail.is_empty()) {
        (_, true) => status,
        (true, false) => first.detail.clone(),
        (false, false) => format!("{status}, {}", first.detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(status: Option<u16>, detail: &str, purchase: ErrorKind) -> Classified {
        Classified {
            status,
            detail: detail.to_owned(),
            read: ErrorKind::Unavailable,
            purchase,
            change: purchase,
        }
    }

    #[test]
    fn statuses_in_a_row_that_mean_the_same_are_one_row() {
        use ErrorKind::{Ambiguous, Rejected};
        let rows = [
            row(None, "no answer came", Ambiguous),
            row(None, "nothing was sent", Ambiguous),
            row(Some(400), "", Rejected),
            row(Some(401), "", Rejected),
            row(Some(402), "", Ambiguous),
            row(Some(404), "", Ambiguous),
            row(Some(405), "it is no JSON", Ambiguous),
        ];
        let answers: Vec<String> = merged(&rows)
            .into_iter()
            .map(|(answer, _)| answer)
            .collect();
        assert_eq!(
            answers,
            [
                "no answer came",
                "nothing was sent",
                "HTTP 400 to 401",
                "HTTP 402",
                "HTTP 404",
                "HTTP 405, it is no JSON",
            ]
        );
    }

    #[test]
    fn every_provider_but_the_simulated_one_tells_what_its_answers_mean() {
        let mut text = String::new();
        sections(&mut text);
        let told = text
            .lines()
            .filter(|line| line.starts_with("### `"))
            .count();
        assert_eq!(told, Providers::standard().names().len() - 1, "{text}");
        assert!(
            text.lines()
                .any(|line| line.starts_with("| no answer came | ")),
            "{text}"
        );
    }
}
