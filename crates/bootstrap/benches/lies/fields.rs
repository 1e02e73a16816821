//! What each rule does to the fields, lists and names of a JSON body.

use roamport_sandbox::Dialect;

use super::dice::Dice;
use super::edits::{Knowledge, Names, one};
use super::json::Json;
use super::rules::Rule;

/// The fields that say something.
const TELLING: [&str; 34] = [
    "id",
    "referenceId",
    "status",
    "total",
    "currency",
    "createdAt",
    "items",
    "esimId",
    "packageId",
    "price",
    "iccid",
    "lpaCode",
    "activationCode",
    "smdpAddress",
    "esim",
    "data",
    "orders",
    "balance",
    "orderNo",
    "transactionId",
    "esimTranNo",
    "ac",
    "esimStatus",
    "smdpStatus",
    "packageList",
    "packageCode",
    "success",
    "errorCode",
    "obj",
    "esimList",
    "topUpEsimTranNo",
    "orderUsage",
    "remainingData",
    "total",
];

/// Changes a body in place; leaves it as it is where the rule finds nothing to change.
pub(crate) fn edit(rule: Rule, dice: &mut Dice, knowledge: &Knowledge<'_>, body: &mut Json) {
    match rule {
        Rule::ReorderFields => body.visit_mut(&mut |_, value| {
            if let Json::Object(fields) = value {
                fields.reverse();
            }
        }),
        Rule::DropField | Rule::RenameField | Rule::DuplicateField => {
            let chosen = choose(dice, body, |_| true);
            let Some(chosen) = chosen else { return };
            body.visit_mut(&mut |_, value| {
                let Json::Object(fields) = value else { return };
                let place = fields.iter().position(|(name, _)| *name == chosen);
                let Some(place) = place else { return };
                match rule {
                    Rule::DropField => {
                        fields.remove(place);
                    }
                    Rule::RenameField => fields[place].0 = format!("{chosen}_v2"),
                    _ => {
                        let other = different(&fields[place].1);
                        fields.insert(place, (chosen.clone(), other));
                    }
                }
            });
        }
        Rule::RetypeField => {
            let kind = dice.below(4);
            let chosen = choose(dice, body, |_| true);
            on(body, chosen.as_deref(), |value| {
                *value = retyped(value, kind);
            });
        }
        Rule::Respell | Rule::CutText => respell(rule, dice, knowledge, body),
        Rule::OtherText => {
            let chosen = choose(dice, body, |value| value.as_text().is_some());
            on(body, chosen.as_deref(), |value| *value = different(value));
        }
        Rule::OtherAmount => {
            let kind = dice.below(4);
            let chosen = choose(dice, body, |value| matches!(value, Json::Number(_)));
            on(body, chosen.as_deref(), |value| {
                if let Json::Number(text) = value {
                    *text = match kind {
                        0 => "0".to_owned(),
                        1 => format!("{text}1"),
                        2 => format!("9{text}"),
                        _ => "-3".to_owned(),
                    };
                }
            });
        }
        Rule::EmptyList => {
            on_list(body, |list| *list = Json::List(Vec::new()));
        }
        Rule::NoList => {
            let kind = dice.below(5);
            on_list(body, |list| {
                *list = match kind {
                    0 => Json::Null,
                    1 => Json::Object(Vec::new()),
                    2 => Json::List(vec![Json::List(Vec::new())]),
                    3 => Json::text(""),
                    _ => Json::Bool(false),
                };
            });
        }
        Rule::CutList => {
            let first = dice.below(2) == 0;
            on_list(body, |list| {
                if let Json::List(rows) = list {
                    let left = rows.len() / 2;
                    if first {
                        rows.drain(..rows.len() - left);
                    } else {
                        rows.truncate(left);
                    }
                }
            });
        }
        Rule::StrangersToo | Rule::StrangersOnly => {
            on_list(body, |list| {
                if let Json::List(rows) = list {
                    if rule == Rule::StrangersOnly {
                        rows.clear();
                    }
                    rows.extend(knowledge.strangers.iter().cloned());
                }
            });
        }
        Rule::ManyElements => {
            on_list(body, |list| {
                if let Json::List(rows) = list {
                    rows.resize(rows.len() + 30_000, Json::Object(Vec::new()));
                }
            });
        }
        Rule::StrangersIds => rename(dice, knowledge.ours, knowledge.stranger, body),
        Rule::EarlierIds => rename(dice, knowledge.ours, knowledge.earlier, body),
        Rule::DeadState => {
            let roamify = [
                "DELETED",
                "EXPIRED",
                "FAILED",
                "SUSPENDED",
                "REVOKED",
                "CANCELLED",
                "REFUNDED",
            ];
            let esim_access = [
                "CANCEL",
                "REVOKE",
                "USED_EXPIRED",
                "UNUSED_EXPIRED",
                "SUSPENDED",
                "DELETED",
            ];
            let word = match knowledge.dialect {
                Dialect::Roamify => *one(dice, &roamify),
                Dialect::EsimAccess => *one(dice, &esim_access),
            };
            let name = match (knowledge.dialect, word) {
                (Dialect::Roamify, _) => "status",
                (Dialect::EsimAccess, "DELETED") => "smdpStatus",
                (Dialect::EsimAccess, _) => "esimStatus",
            };
            body.visit_mut(&mut |path, value| {
                if path.len() > 1 && path.last().is_some_and(|last| last == name) {
                    *value = Json::text(word);
                }
            });
        }
        Rule::OtherEnvelope => envelope(dice, knowledge.dialect, body),
        Rule::ErrorBeside => {
            let value = match dice.below(4) {
                0 => Json::text("db down"),
                1 => Json::Object(vec![("code".to_owned(), Json::Number("17".to_owned()))]),
                2 => Json::List(vec![Json::text("timeout")]),
                _ => Json::Bool(true),
            };
            let name = *one(dice, &["error", "errors"]);
            if let Json::Object(fields) = body {
                fields.push((name.to_owned(), value));
            }
        }
        Rule::Huge => {
            let chosen = choose(dice, body, |value| value.as_text().is_some());
            on(body, chosen.as_deref(), |value| {
                *value = Json::text("x".repeat(50_000));
            });
        }
        Rule::Hostile => {
            let chosen = choose(dice, body, |value| value.as_text().is_some());
            on(body, chosen.as_deref(), |value| {
                let text = value.as_text().unwrap_or_default().to_owned();
                *value = Json::text(format!(
                    "\u{202e}\u{1b}[2J\u{1b}]0;x\u{7}{text}\r\n\u{9b}31m\u{200b}\u{2066}"
                ));
            });
        }
        Rule::OtherStatus
        | Rule::FailureForm
        | Rule::Html
        | Rule::EmptyBody
        | Rule::Truncated
        | Rule::BrokenOff
        | Rule::Stale
        | Rule::Secrets
        | Rule::Hide => {}
    }
}

/// The name of a field: most often of one that says something.
fn choose(dice: &mut Dice, body: &mut Json, fits: impl Fn(&Json) -> bool) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    body.visit_mut(&mut |path, value| {
        if let Some(name) = path.last()
            && fits(value)
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    });
    let telling: Vec<String> = names
        .iter()
        .filter(|name| TELLING.contains(&name.as_str()))
        .cloned()
        .collect();
    let among = if telling.is_empty() || dice.below(5) == 0 {
        names
    } else {
        telling
    };
    (!among.is_empty()).then(|| one(dice, &among).clone())
}

/// Changes every value of a name that is not inside one of the same name.
fn on(body: &mut Json, name: Option<&str>, change: impl Fn(&mut Json)) {
    let Some(name) = name else { return };
    walk(body, name, &change);
}

fn walk(value: &mut Json, name: &str, change: &dyn Fn(&mut Json)) {
    match value {
        Json::List(values) => values
            .iter_mut()
            .for_each(|value| walk(value, name, change)),
        Json::Object(fields) => {
            for (field, value) in fields {
                if field == name {
                    change(value);
                } else {
                    walk(value, name, change);
                }
            }
        }
        _ => {}
    }
}

/// Changes the outermost list.
fn on_list(body: &mut Json, change: impl FnOnce(&mut Json)) {
    if let Some(list) = find(body) {
        change(list);
    }
}

fn find(value: &mut Json) -> Option<&mut Json> {
    match value {
        Json::List(_) => Some(value),
        Json::Object(fields) => {
            let place = fields.iter().position(|(_, value)| holds_list(value))?;
            find(&mut fields[place].1)
        }
        _ => None,
    }
}

fn holds_list(value: &Json) -> bool {
    match value {
        Json::List(_) => true,
        Json::Object(fields) => fields.iter().any(|(_, value)| holds_list(value)),
        _ => false,
    }
}

fn different(value: &Json) -> Json {
    match value {
        Json::Null => Json::text("none"),
        Json::Bool(value) => Json::Bool(!value),
        Json::Number(text) => Json::Number(format!("1{}", text.trim_start_matches('-'))),
        Json::Text(text) => Json::Text(
            text.chars()
                .map(|character| match character {
                    '0'..='8' | 'a'..='y' | 'A'..='Y' => {
                        char::from_u32(u32::from(character) + 1).unwrap_or('9')
                    }
                    '9' => '0',
                    'z' | 'Z' => 'A',
                    other => other,
                })
                .collect(),
        ),
        Json::List(_) => Json::List(Vec::new()),
        Json::Object(_) => Json::Object(Vec::new()),
    }
}

fn retyped(value: &Json, kind: u64) -> Json {
    match (value, kind) {
        (Json::Text(text), 0 | 1) => {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            let digits = digits.trim_start_matches('0');
            Json::Number(if digits.is_empty() { "7" } else { digits }.to_owned())
        }
        (Json::Number(text), 0 | 1) => Json::Text(text.clone()),
        (Json::Bool(value), 0) => Json::text(value.to_string()),
        (Json::Bool(value), 1) => Json::Number(u8::from(*value).to_string()),
        (value, 2) => Json::List(vec![value.clone()]),
        (_, 3) => Json::Null,
        (Json::List(_), _) => Json::Object(Vec::new()),
        (Json::Object(fields), _) => {
            Json::List(fields.iter().map(|(_, value)| value.clone()).collect())
        }
        (Json::Null, _) => Json::text("null"),
        (value, _) => Json::Object(vec![("value".to_owned(), value.clone())]),
    }
}

/// Another spelling of the names of our order, or of any text where none is in the answer.
fn respell(rule: Rule, dice: &mut Dice, knowledge: &Knowledge<'_>, body: &mut Json) {
    let ours = knowledge.ours;
    let way = dice.below(6);
    let mut names = vec![&ours.reference];
    if dice.below(3) == 0 {
        names.extend(ours.orders.iter().chain(ours.esims.iter().flatten()));
        names.extend(ours.cards.iter().chain(&ours.codes));
    }
    let mut present = Vec::new();
    body.visit_mut(&mut |_, value| {
        if let Some(text) = value.as_text()
            && names.iter().any(|name| *name == text)
            && !present.iter().any(|known| known == text)
        {
            present.push(text.to_owned());
        }
    });
    let by_name = if present.is_empty() {
        choose(dice, body, |value| value.as_text().is_some())
    } else {
        None
    };
    let chosen = (!present.is_empty()).then(|| one(dice, &present).clone());
    let spelled = |text: &str| -> String {
        if rule == Rule::CutText {
            let left = match way {
                0 => text.len().saturating_sub(1),
                1 => text.len() / 2,
                2 => 13,
                3 => 8,
                4 => 4,
                _ => 0,
            };
            return text.chars().take(left).collect();
        }
        match way {
            0 | 1 => text.to_lowercase(),
            2 => text.to_uppercase(),
            3 => text
                .chars()
                .enumerate()
                .flat_map(|(place, character)| {
                    let dash = place > 0 && place % 5 == 0;
                    dash.then_some('-').into_iter().chain([character])
                })
                .collect(),
            4 => text.replace('0', "O").replace('1', "l"),
            _ => format!("ref:{text}"),
        }
    };
    match (chosen, by_name) {
        (Some(chosen), _) => body.visit_mut(&mut |_, value| {
            if value.as_text() == Some(chosen.as_str()) {
                *value = Json::Text(spelled(&chosen));
            }
        }),
        (None, by_name) => on(body, by_name.as_deref(), |value| {
            if let Json::Text(text) = value {
                *text = spelled(text);
            }
        }),
    }
}

/// Puts another order's names in the place of ours: all of them, or some.
fn rename(dice: &mut Dice, ours: &Names, other: &Names, body: &mut Json) {
    // All of them in four cases of nine: an answer about another order as it is.
    let which = Some(dice.below(9)).filter(|which| *which < 6).unwrap_or(0);
    let mut swaps: Vec<(&str, &str)> = Vec::new();
    if matches!(which, 0 | 1) {
        swaps.push((&ours.reference, &other.reference));
    }
    if matches!(which, 0 | 2 | 5) {
        swaps.extend(
            ours.orders
                .iter()
                .zip(&other.orders)
                .map(|(ours, other)| (ours.as_str(), other.as_str())),
        );
    }
    if matches!(which, 0 | 3 | 5) {
        for (ours, other) in ours.esims.iter().zip(other.esims.iter().cycle()) {
            swaps.extend(
                ours.iter()
                    .zip(other)
                    .map(|(ours, other)| (ours.as_str(), other.as_str())),
            );
        }
    }
    if matches!(which, 0 | 4 | 5) {
        let cards = ours.cards.iter().zip(other.cards.iter().cycle());
        let codes = ours.codes.iter().zip(other.codes.iter().cycle());
        swaps.extend(
            cards
                .chain(codes)
                .map(|(ours, other)| (ours.as_str(), other.as_str())),
        );
    }
    swaps.retain(|(ours, other)| !ours.is_empty() && !other.is_empty());
    body.visit_mut(&mut |_, value| {
        if let Json::Text(text) = value {
            for (ours, other) in &swaps {
                if text.contains(ours) {
                    *text = text.replace(ours, other);
                }
            }
        }
    });
}

fn envelope(dice: &mut Dice, dialect: Dialect, body: &mut Json) {
    let Json::Object(fields) = body else { return };
    let (word, data) = match dialect {
        Dialect::Roamify => ("status", "data"),
        Dialect::EsimAccess => ("success", "obj"),
    };
    let mut set = |name: &str, value: Json| {
        for (field, old) in fields.iter_mut() {
            if field == name {
                *old = value.clone();
            }
        }
    };
    match dice.below(6) {
        0 => set(word, Json::Null),
        1 => set(word, Json::text("failed")),
        2 => set(data, Json::Null),
        3 => set(data, Json::List(Vec::new())),
        4 => fields.retain(|(name, _)| name != word),
        _ => {
            let inner = fields.iter().find(|(name, _)| name == data);
            *body = inner.map_or(Json::Null, |(_, value)| value.clone());
        }
    }
}
