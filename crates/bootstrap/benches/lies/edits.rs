//! What each rule does to the bytes of an answer.

use roamport_sandbox::Dialect;
use roamport_sandbox::http::InProcessAnswer;

use super::dice::Dice;
use super::fields;
use super::json::Json;
use super::rules::Rule;

/// The names by which one order is known at the provider.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) reference: String,
    /// In each dialect.
    pub(crate) orders: [String; 2],
    pub(crate) esims: Vec<[String; 2]>,
    pub(crate) cards: Vec<String>,
    pub(crate) codes: Vec<String>,
}

/// What a liar knows.
#[derive(Debug)]
pub(crate) struct Knowledge<'a> {
    pub(crate) dialect: Dialect,
    /// Our order, as far as it was charged.
    pub(crate) ours: &'a Names,
    pub(crate) stranger: &'a Names,
    pub(crate) earlier: &'a Names,
    /// Rows of strangers' orders, as a list of this call would show them.
    pub(crate) strangers: &'a [Json],
    pub(crate) token: &'a str,
    /// The first answer that was ever given to the same question.
    pub(crate) first: Option<&'a InProcessAnswer>,
}

/// What the liar sends.
#[derive(Clone, Debug)]
pub(crate) enum Sends {
    Answer(InProcessAnswer),
    /// The head and some of the body.
    Part(InProcessAnswer),
    Nothing,
    /// Nothing, for longer than anybody waits.
    Silence,
}

const STATUSES: [u16; 22] = [
    201, 202, 203, 204, 206, 301, 302, 304, 400, 401, 402, 403, 404, 405, 409, 413, 422, 429, 500,
    502, 503, 524,
];

const ENDS: [u16; 12] = [400, 401, 402, 403, 404, 405, 409, 413, 422, 431, 500, 503];

/// Changes an answer; `None` where the rule finds nothing to change in it.
pub(crate) fn lie(
    rule: Rule,
    luck: u64,
    knowledge: &Knowledge<'_>,
    honest: &InProcessAnswer,
) -> Option<Sends> {
    let mut dice = Dice::of(luck, 0, rule as u64);
    let mut answer = honest.clone();
    match rule {
        Rule::OtherStatus => {
            answer.status = *one(&mut dice, &STATUSES);
            return Some(Sends::Answer(answer));
        }
        Rule::Html => {
            answer.status = match dice.below(4) {
                0 => 200,
                1 => 502,
                _ => *one(&mut dice, &ENDS),
            };
            answer.body = b"<!DOCTYPE html><html><body><h1>Forbidden</h1></body></html>".to_vec();
            header(&mut answer, "content-type", "text/html; charset=utf-8");
            return Some(Sends::Answer(answer));
        }
        Rule::EmptyBody => {
            if dice.below(2) == 0 {
                answer.status = *one(&mut dice, &ENDS);
            }
            answer.body.clear();
            return Some(Sends::Answer(answer));
        }
        Rule::Truncated => {
            let length = u64::try_from(answer.body.len()).ok()?.max(1);
            answer
                .body
                .truncate(usize::try_from(dice.below(length)).ok()?);
            return Some(Sends::Answer(answer));
        }
        Rule::BrokenOff => {
            return Some(match dice.below(3) {
                0 => Sends::Nothing,
                1 => Sends::Silence,
                _ => {
                    answer.body.truncate(answer.body.len() / 2);
                    Sends::Part(answer)
                }
            });
        }
        Rule::Stale => {
            let mut old = knowledge.first?.clone();
            match dice.below(3) {
                0 => header(&mut old, "age", "3600"),
                1 => header(&mut old, "x-cache", "HIT"),
                _ => {}
            }
            return Some(Sends::Answer(old));
        }
        Rule::FailureForm => {
            let said = failure(&mut dice, knowledge.dialect, None);
            return Some(Sends::Answer(InProcessAnswer {
                headers: answer.headers,
                ..said
            }));
        }
        Rule::Secrets => {
            let words = format!(
                "token {} may not do this; profile with activation code LPA:1$smdp.sandbox.invalid${} and pin 4711 is locked",
                knowledge.token,
                knowledge
                    .ours
                    .codes
                    .first()
                    .map_or("K2-NONE", String::as_str)
            );
            let said = failure(&mut dice, knowledge.dialect, Some(&words));
            return Some(Sends::Answer(InProcessAnswer {
                headers: answer.headers,
                ..said
            }));
        }
        _ => {}
    }
    let mut body = Json::parse(&answer.body)?;
    let before = body.clone();
    fields::edit(rule, &mut dice, knowledge, &mut body);
    if body == before && !matches!(rule, Rule::ReorderFields) {
        return None;
    }
    answer.body = body.to_string().into_bytes();
    if rule == Rule::Hostile && dice.below(4) == 0 {
        // Half an emoji, which no text can hold.
        let text = String::from_utf8(answer.body).ok()?;
        answer.body = text.replacen("\u{202e}", "\\ud83c", 1).into_bytes();
    }
    Some(Sends::Answer(answer))
}

pub(crate) fn one<'a, T>(dice: &mut Dice, among: &'a [T]) -> &'a T {
    let place = dice.below(u64::try_from(among.len()).expect("a short list"));
    &among[usize::try_from(place).expect("a short list")]
}

fn header(answer: &mut InProcessAnswer, name: &str, value: &str) {
    answer.headers.retain(|(known, _)| known != name);
    answer.headers.push((name.to_owned(), value.to_owned()));
}

/// A failure as the provider documents it.
fn failure(dice: &mut Dice, dialect: Dialect, words: Option<&str>) -> InProcessAnswer {
    let (status, body) = match dialect {
        Dialect::Roamify => {
            let (status, usual) = *one(
                dice,
                &[
                    (400, "\"items\" is required"),
                    (401, "Unauthorized"),
                    (402, "Insufficient partner balance"),
                    (403, "Forbidden"),
                    (404, "Order not found"),
                    (409, "Insufficient partner balance"),
                    (409, "Conflict"),
                    (422, "Invalid package"),
                    (429, "Too many requests"),
                    (500, "Unknown error"),
                    (503, "Service unavailable"),
                ],
            );
            let words = Json::text(words.unwrap_or(usual));
            let body = if status == 400 && dice.below(2) == 0 {
                format!(r#"{{"error":{words}}}"#)
            } else {
                format!(r#"{{"message":{words},"status":"failed"}}"#)
            };
            (status, body)
        }
        Dialect::EsimAccess => {
            let codes = [
                "000001", "000101", "000105", "101001", "101002", "101003", "200002", "200005",
                "200006", "200007", "200008", "200010", "200011", "310241", "310272", "310403",
                "900001", "999999",
            ];
            let words = Json::text(words.unwrap_or("refused"));
            let body = format!(
                r#"{{"success":false,"errorCode":"{}","errorMsg":{words},"obj":null}}"#,
                one(dice, &codes)
            );
            (200, body)
        }
    };
    InProcessAnswer {
        status,
        headers: Vec::new(),
        body: body.into_bytes(),
    }
}
