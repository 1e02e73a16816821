//! Answers that drift: rewrites the text of a JSON body, so that no number passes through a float.

use super::edit::edit;
use crate::fault::Garble;

/// The body with every rewrite applied, in order.
pub(super) fn garble(body: String, garbles: &[Garble]) -> String {
    garbles.iter().fold(body, |body, garble| match garble {
        Garble::NumbersAsText => numbers_as_text(&body),
        Garble::UnknownFields => unknown_fields(&body),
        Garble::UnknownState(state) => unknown_state(&body, state),
        Garble::Edit { at, change } => edit(&body, at, change),
    })
}

/// The first half of a body, cut between two characters.
pub(super) fn broken(body: &str) -> String {
    body[..body.floor_char_boundary(body.len() / 2)].to_owned()
}

/// Gives each character of a JSON text with whether it stands inside a string.
fn scan(body: &str) -> impl Iterator<Item = (usize, char, bool)> {
    let (mut inside, mut escaped) = (false, false);
    body.char_indices().map(move |(index, character)| {
        let was_inside = inside;
        match character {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ => {}
        }
        (index, character, was_inside || inside)
    })
}

fn numbers_as_text(body: &str) -> String {
    let mut text = String::with_capacity(body.len() + body.len() / 8);
    let mut number = false;
    for (_, character, inside) in scan(body) {
        let digit = !inside
            && (character.is_ascii_digit()
                || character == '-'
                || number && matches!(character, '.' | 'e' | 'E' | '+'));
        if digit != number {
            text.push('"');
            number = digit;
        }
        text.push(character);
    }
    text
}

fn unknown_fields(body: &str) -> String {
    let mut text = String::with_capacity(body.len() + body.len() / 8);
    for (index, character, inside) in scan(body) {
        text.push(character);
        if character == '{' && !inside {
            text.push_str(r#""sandboxExtra":{"nested":[1,"two",null]}"#);
            if !body[index + 1..].trim_start().starts_with('}') {
                text.push(',');
            }
        }
    }
    text
}

/// The fields that hold a state, in either dialect.
const STATES: [&str; 3] = [r#""status":""#, r#""esimStatus":""#, r#""smdpStatus":""#];

/// Every state but those of the envelope gets another word.
fn unknown_state(body: &str, state: &str) -> String {
    let state = serde_json::to_string(state).expect("a text is JSON");
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(found) = STATES
        .iter()
        .filter_map(|key| Some(rest.find(key)? + key.len()))
        .min()
    {
        let (before, after) = rest.split_at(found);
        let end = after.find('"').unwrap_or(after.len());
        text.push_str(before);
        if matches!(&after[..end], "success" | "failed") {
            text.push_str(&after[..end]);
        } else {
            text.push_str(state.trim_matches('"'));
        }
        rest = &after[end..];
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"status":"success","data":{"status":"NEW","price":-9.80,"notes":["1 {\"x\":2}"],"none":{},"list":[1,2e3,true]}}"#;

    fn check(garble: Garble, expected: &str) {
        let text = super::garble(BODY.to_owned(), &[garble]);
        assert_eq!(text, expected);
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
    }

    #[test]
    fn numbers_become_text_with_every_digit_kept() {
        check(
            Garble::NumbersAsText,
            r#"{"status":"success","data":{"status":"NEW","price":"-9.80","notes":["1 {\"x\":2}"],"none":{},"list":["1","2e3",true]}}"#,
        );
    }

    #[test]
    fn objects_gain_fields_and_texts_stay() {
        check(
            Garble::UnknownFields,
            &BODY
                .replace(
                    r#"{"status":"success""#,
                    r#"{"sandboxExtra":{"nested":[1,"two",null]},"status":"success""#,
                )
                .replace(
                    r#"{"status":"NEW""#,
                    r#"{"sandboxExtra":{"nested":[1,"two",null]},"status":"NEW""#,
                )
                .replace(
                    r#""none":{}"#,
                    r#""none":{"sandboxExtra":{"nested":[1,"two",null]}}"#,
                ),
        );
    }

    #[test]
    fn states_become_unknown_and_the_envelope_stays() {
        check(
            Garble::UnknownState("QUANTUM".to_owned()),
            &BODY.replace("NEW", "QUANTUM"),
        );
    }

    #[test]
    fn half_a_body_is_no_json() {
        assert!(serde_json::from_str::<serde_json::Value>(&broken(BODY)).is_err());
        assert_eq!(broken("ÅÅÅ"), "Å");
    }
}
