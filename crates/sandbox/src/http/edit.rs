//! Changes at chosen places of a JSON text; every other value keeps its literal text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::fault::Change;

/// Any depth below.
const DEEP: &str = "**";

/// Every element.
const EACH: &str = "*";

/// The body with what stands at `at` changed. A body that is no JSON stays as it is.
pub(super) fn edit(body: &str, at: &str, change: &Change) -> String {
    let path: Vec<&str> = at.split('.').filter(|step| !step.is_empty()).collect();
    at_path(body, &path, change).unwrap_or_default()
}

fn at_path(raw: &str, path: &[&str], change: &Change) -> Option<String> {
    let Some((step, rest)) = path.split_first() else {
        return change.apply(raw);
    };
    if *step == DEEP {
        let here = inside(raw, change, false, |name| matches(rest, name));
        return Some(inside(&here, change, false, |_| Some(path)));
    }
    Some(inside(raw, change, true, |name| matches(path, name)))
}

/// What is left of a path inside the element of this name, where it leads there.
fn matches<'p>(path: &'p [&'p str], name: Name<'_>) -> Option<&'p [&'p str]> {
    let (step, rest) = path.split_first()?;
    match name {
        Name::Of(name) => (*step == EACH || *step == name).then_some(rest),
        // The name that is asked for where no element bore it.
        Name::Missing => rest.is_empty().then_some(path),
    }
}

#[derive(Clone, Copy)]
enum Name<'a> {
    Of(&'a str),
    Missing,
}

/// The elements of an object or a list, those changed that `path` leads into.
fn inside<'p>(
    raw: &str,
    change: &Change,
    add: bool,
    path: impl Fn(Name<'_>) -> Option<&'p [&'p str]>,
) -> String {
    let one = |name: &str, value: &RawValue| match path(Name::Of(name)) {
        Some(path) => at_path(value.get(), path, change),
        None => Some(value.get().to_owned()),
    };
    if let Ok(Fields(fields)) = serde_json::from_str(raw) {
        let key = |name: &str| serde_json::Value::from(name).to_string();
        let mut left: Vec<String> = fields
            .iter()
            .filter_map(|(name, value)| Some(format!("{}:{}", key(name), one(name, value)?)))
            .collect();
        if let (true, Change::Set(text), Some([name])) = (add, change, path(Name::Missing))
            && *name != EACH
            && fields.iter().all(|(known, _)| known != name)
        {
            left.push(format!("{}:{text}", key(name)));
        }
        return format!("{{{}}}", left.join(","));
    }
    if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(raw) {
        let left: Vec<String> = (0..)
            .zip(items)
            .filter_map(|(place, value): (usize, _)| one(&place.to_string(), value))
            .collect();
        return format!("[{}]", left.join(","));
    }
    raw.to_owned()
}

/// The fields of an object in their order, with the literal text of each value.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Spelling;

    const BODY: &str = r#"{"status":"success","data":{"total":9.80,"list":[{"id":"A0","at":5},{"id":"B1"}],"odd":"1 GB \ud83c"}}"#;

    #[track_caller]
    fn check(at: &str, change: &Change, from: &str, to: &str) {
        assert!(BODY.contains(from), "{from}");
        assert_eq!(edit(BODY, at, change), BODY.replacen(from, to, 1), "{at}");
    }

    fn set(text: &str) -> Change {
        Change::Set(text.to_owned())
    }

    #[test]
    fn one_place_changes_and_the_rest_keeps_its_literal_text() {
        check("data.total", &set("1.9E+4"), "9.80", "1.9E+4");
        check("data.total", &Change::Times(100), "9.80", "980.00");
        check(
            "data.list.0.at",
            &Change::Append("000".to_owned()),
            "5",
            "5000",
        );
        check(
            "data.list.0.at",
            &Change::Iso,
            "5",
            r#""1970-01-01T00:00:05Z""#,
        );
        check("data.list.1", &Change::Remove, r#",{"id":"B1"}"#, "");
        check(
            "data.list",
            &set("null"),
            r#"[{"id":"A0","at":5},{"id":"B1"}]"#,
            "null",
        );
        check(
            "data.list.1.id",
            &Change::Append("F".to_owned()),
            "B1",
            "B1F",
        );
        check("data.list.1.id", &Change::Bare, r#""B1""#, "B1");
        check("status", &Change::Remove, r#""status":"success","#, "");
        check(
            "data.odd",
            &set(r#""\udc00""#),
            r#""1 GB \ud83c""#,
            r#""\udc00""#,
        );
    }

    #[test]
    fn a_field_that_is_missing_is_added_and_nothing_else_is() {
        check(
            "error",
            &set(r#""db down""#),
            "}}",
            r#"},"error":"db down"}"#,
        );
        check(
            "data.list.1.at",
            &set("7"),
            r#"{"id":"B1"}"#,
            r#"{"id":"B1","at":7}"#,
        );
        check("data.list.9.at", &set("7"), BODY, BODY);
        check("data.none.at", &set("7"), BODY, BODY);
        check("none", &Change::Remove, BODY, BODY);
    }

    #[test]
    fn every_element_and_every_depth_can_be_meant() {
        let lower = Change::Spell(Spelling::Lower);
        let to = r#"[{"id":"a0","at":5},{"id":"b1"}]"#;
        let from = r#"[{"id":"A0","at":5},{"id":"B1"}]"#;
        check("data.list.*.id", &lower, from, to);
        check("**.id", &lower, from, to);
        check("**.at", &set("6"), r#""at":5"#, r#""at":6"#);
        check("**.status", &set("null"), r#""success""#, "null");
        check("", &set("<html>"), BODY, "<html>");
        assert_eq!(edit("<html>", "data", &set("1")), "<html>");
    }
}
