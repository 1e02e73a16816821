//! Changes good samples: small changes get past a parser's first look, and meet what lies behind it.

use crate::cursor::Cursor;
use crate::json::{Span, spans};

/// A body is never grown beyond this many bytes.
const LONGEST: usize = 1 << 20;

/// JSON values that readers stumble over.
const HOSTILE: [&str; 48] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1",
    "0.1",
    "-0.0001",
    "1e2",
    "1E+4",
    "1e-7",
    "1e400",
    "-1e400",
    "1e-400",
    "1e99999999999",
    "0e0",
    "7.0",
    "19000.5",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "79228162514264337593543950336",
    "0.00000000000000000000000000001",
    "89883030000012345012",
    "8.9883030000012345e19",
    "1795003202000",
    "253402300800",
    "\"\"",
    "\" \"",
    "\"0\"",
    "\"null\"",
    "\"\\u0000\"",
    "\"\\ud83c\"",
    "\"\\udf0d\\ud83c\"",
    "\"\\u001b]0;x\\u0007\"",
    "\"\\u202e\\u200b\"",
    "\"8988303000001234501F\"",
    "\"8988 3030-0000 1234 501\"",
    "\"2026-11-20T09:14:07\"",
    "\"-9999-12-31T23:59:59-25:59\"",
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "{\"\":{}}",
];

/// Texts that are put into a string.
const FRAGMENTS: [&str; 18] = [
    "\\ud800",
    "\\udc00",
    "\\u0000",
    "\\u001b[2J",
    "\\n",
    "\\\"",
    "\\\\",
    "\\u202e",
    "\\u200b",
    "\\ufeff",
    " ",
    "$",
    "%24",
    "-",
    "F",
    "9",
    "\u{e9}",
    "\u{1f30d}",
];

/// Makes a body of a sample: up to seven changes of its JSON, or of its bytes. `words` stand for values that mean
/// something to the reader: states, codes, secrets.
pub fn edit_json(sample: &[u8], words: &[&str], cursor: &mut Cursor<'_>) -> Vec<u8> {
    let mut body = sample.to_vec();
    for _ in 0..cursor.byte() % 8 {
        if cursor.chance(20) {
            edit_bytes(&mut body, cursor);
        } else {
            edit_value(&mut body, words, cursor);
        }
        body.truncate(LONGEST);
    }
    body
}

fn edit_value(body: &mut Vec<u8>, words: &[&str], cursor: &mut Cursor<'_>) {
    let spans = spans(body);
    let Some(span) = spans.get(cursor.below(spans.len())) else {
        return;
    };
    let value = span.value.clone();
    match cursor.byte() % 12 {
        0 | 1 => replace(body, span, cursor.pick(&HOSTILE)),
        2 if words.is_empty() => {}
        2 => replace(body, span, &format!("\"{}\"", cursor.pick(words))),
        3 => {
            let other = spans[cursor.below(spans.len())].value.clone();
            let other = body[other].to_vec();
            body.splice(value, other);
        }
        4 => remove(body, span, cursor),
        5 => repeat(body, span, cursor),
        6 => insert_fragment(body, span, words, cursor),
        7 => edit_key(body, span, &spans, cursor),
        8 => retype(body, span),
        9 => nest(body, span, cursor),
        10 => edit_number(body, span, cursor),
        _ => {
            let long = "x".repeat(cursor.below(5_000));
            replace(body, span, &format!("\"{long}\""));
        }
    }
}

fn replace(body: &mut Vec<u8>, span: &Span, text: &str) {
    body.splice(span.value.clone(), text.bytes());
}

/// Takes a member or an element away, as a rule together with a comma.
fn remove(body: &mut Vec<u8>, span: &Span, cursor: &mut Cursor<'_>) {
    let mut member = span.member();
    if !cursor.chance(16) {
        let is_comma = |at: usize| body.get(at) == Some(&b',');
        let blanks = |bytes: &[u8]| {
            bytes
                .iter()
                .take_while(|byte| byte.is_ascii_whitespace())
                .count()
        };
        let after = member.end + blanks(&body[member.end..]);
        let before = body[..member.start].iter().rev();
        let before = before.take_while(|byte| byte.is_ascii_whitespace()).count();
        if is_comma(after) {
            member.end = after + 1;
        } else if let Some(comma) = (member.start - before)
            .checked_sub(1)
            .filter(|at| is_comma(*at))
        {
            member.start = comma;
        }
    }
    body.drain(member);
}

/// Writes a member or an element several times.
fn repeat(body: &mut Vec<u8>, span: &Span, cursor: &mut Cursor<'_>) {
    let mut copy = vec![b','];
    copy.extend_from_slice(&body[span.member()]);
    let times = if cursor.chance(8) {
        1 + cursor.below(2_000)
    } else {
        1
    };
    let times = times.min(LONGEST / copy.len());
    body.splice(span.value.end..span.value.end, copy.repeat(times));
}

fn insert_fragment(body: &mut Vec<u8>, span: &Span, words: &[&str], cursor: &mut Cursor<'_>) {
    let value = &span.value;
    if body.get(value.start) != Some(&b'"') || value.len() < 2 {
        return;
    }
    let at = value.start + 1 + cursor.below(value.len() - 1);
    let fragment = if words.is_empty() || !cursor.chance(80) {
        cursor.pick(&FRAGMENTS)
    } else {
        cursor.pick(words)
    };
    body.splice(at..at, fragment.bytes());
}

/// Gives a member another name: in capitals, cut, or that of another member.
fn edit_key(body: &mut Vec<u8>, span: &Span, spans: &[Span], cursor: &mut Cursor<'_>) {
    let Some(key) = span.key.clone().filter(|key| key.len() > 2) else {
        return;
    };
    match cursor.byte() % 3 {
        0 => body[key].make_ascii_uppercase(),
        1 => drop(body.drain(key.start + 1..key.start + 2)),
        _ => {
            let other = spans[cursor.below(spans.len())].key.clone();
            if let Some(other) = other.map(|other| body[other].to_vec()) {
                body.splice(key, other);
            }
        }
    }
}

/// Makes a text of a number or a flag, and the other way round.
fn retype(body: &mut Vec<u8>, span: &Span) {
    let text = body[span.value.clone()].to_vec();
    let inner = text
        .strip_prefix(b"\"")
        .and_then(|text| text.strip_suffix(b"\""));
    let other = match (inner, text.first()) {
        (Some(inner), _) => inner.to_vec(),
        (None, Some(b'{')) => [b"[", &text[..], b"]"].concat(),
        (None, Some(b'[')) => return,
        (None, _) => [b"\"", &text[..], b"\""].concat(),
    };
    body.splice(span.value.clone(), other);
}

/// Wraps a value in lists or objects, now and then in more than a reader follows.
fn nest(body: &mut Vec<u8>, span: &Span, cursor: &mut Cursor<'_>) {
    let levels = if cursor.chance(64) {
        cursor.below(600)
    } else {
        1
    };
    let (open, close) = if cursor.chance(128) {
        ("{\"a\":", "}")
    } else {
        ("[", "]")
    };
    let end = span.value.end;
    body.splice(end..end, close.repeat(levels).into_bytes());
    let start = span.value.start;
    body.splice(start..start, open.repeat(levels).into_bytes());
}

fn edit_number(body: &mut Vec<u8>, span: &Span, cursor: &mut Cursor<'_>) {
    let value = span.value.clone();
    if !body
        .get(value.start)
        .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-')
    {
        return;
    }
    let (at, text) = match cursor.byte() % 6 {
        0 => (value.start, "-"),
        1 => (value.end, ".0"),
        2 => (value.end, "0000000000000000000"),
        3 => (value.end, "e3"),
        4 => (value.end, ".000000000000000000000000000001"),
        _ => (value.start, "9"),
    };
    body.splice(at..at, text.bytes());
}

/// Changes a text without regard to what it means: replaces, inserts, takes away, repeats or cuts bytes.
pub fn edit_bytes(body: &mut Vec<u8>, cursor: &mut Cursor<'_>) {
    let start = cursor.below(body.len() + 1);
    let end = (start + 1 + usize::from(cursor.byte() % 16)).min(body.len());
    match cursor.byte() % 6 {
        0 => {
            let byte = cursor.byte();
            if let Some(old) = body.get_mut(start) {
                *old = byte;
            }
        }
        1 => drop(body.splice(start..start, cursor.bytes(8).iter().copied())),
        2 => drop(body.drain(start.min(end)..end)),
        3 => {
            let copy = body[start.min(end)..end].repeat(1 + usize::from(cursor.byte() % 8));
            body.splice(start..start, copy);
        }
        4 => body.truncate(start),
        _ => {
            if let Some(old) = body.get_mut(start) {
                *old ^= 1 << (cursor.byte() % 8);
            }
        }
    }
}

/// Makes a short text of one of `samples`: up to seven changes, some of which put in one of `fragments`. Now and
/// then the text is none of them, but the bytes themselves.
pub fn edit_text(samples: &[&str], fragments: &[&str], cursor: &mut Cursor<'_>) -> Vec<u8> {
    if cursor.chance(16) {
        return cursor.bytes(usize::MAX).to_vec();
    }
    let mut text = cursor.pick(samples).as_bytes().to_vec();
    for _ in 0..cursor.byte() % 8 {
        if fragments.is_empty() || cursor.chance(128) {
            edit_bytes(&mut text, cursor);
        } else {
            let at = cursor.below(text.len() + 1);
            let fragment = cursor.pick(fragments);
            text.splice(at..at, fragment.bytes());
        }
        text.truncate(LONGEST);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[u8] =
        br#"{"status":"success","data":{"id":"o-1","items":[{"price":3.27},{}]}}"#;

    /// Bytes that look random and are the same in every run.
    fn noise(seed: u64) -> Vec<u8> {
        let step = |state: &mut u64| {
            *state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            Some((*state >> 56).to_le_bytes()[0])
        };
        let mut state = seed;
        std::iter::from_fn(|| step(&mut state)).take(400).collect()
    }

    #[test]
    fn no_bytes_leave_the_sample_as_it_is() {
        assert_eq!(edit_json(SAMPLE, &["x"], &mut Cursor::new(&[])), SAMPLE);
        assert_eq!(edit_text(&["a", "b"], &[], &mut Cursor::new(&[])), b"a");
    }

    #[test]
    fn most_changed_bodies_are_json_and_most_are_different() {
        let (mut valid, mut changed) = (0, 0);
        for seed in 0..2_000 {
            let bytes = noise(seed);
            let body = edit_json(SAMPLE, &["success", "failed"], &mut Cursor::new(&bytes));
            valid += usize::from(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
            changed += usize::from(body != SAMPLE);
        }
        assert!(valid > 800, "{valid} of 2000 are JSON");
        assert!(changed > 1_500, "{changed} of 2000 were changed");
    }

    #[test]
    fn any_bytes_edit_any_text() {
        for seed in 0..2_000 {
            let bytes = noise(seed);
            let mut cursor = Cursor::new(&bytes);
            let sample = cursor.bytes(usize::from(bytes[0]) / 8).to_vec();
            edit_json(&sample, &[], &mut cursor);
            edit_text(&["", "1$a$b"], &["$"], &mut cursor);
        }
    }
}
