//! The ids that the next command of the demo needs, found in the JSON of the one before.

use anyhow::Context;
use serde_json::Value;

/// The first package in the answer whose usage can be read and that needs no travel date, or simply
/// the first.
pub(super) fn package(answer: &Value) -> anyhow::Result<String> {
    let packages = list(answer, "packages");
    let says_no = |package: &Value, flag: &str| package[flag] == false;
    let suits = |package: &&Value| {
        !says_no(package, "usage_readable") && package["travel_date_required"] != true
    };
    let chosen = packages.iter().find(suits).or(packages.first());
    chosen.and_then(id).context("no package was found")
}

/// The newest order, which is the first in the list.
pub(super) fn order(answer: &Value) -> anyhow::Result<String> {
    list(answer, "orders")
        .first()
        .and_then(id)
        .context("no order was found")
}

/// The first eSIM of an order.
pub(super) fn esim(answer: &Value) -> anyhow::Result<String> {
    let order = answer.get("order").unwrap_or(answer);
    list(order, "esims")
        .first()
        .and_then(id)
        .context("the order has no eSIM")
}

/// The array under `name`, or the answer itself where it is one.
fn list<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer
        .get(name)
        .unwrap_or(answer)
        .as_array()
        .map_or(&[], Vec::as_slice)
}

/// An id stands alone or in an object.
fn id(value: &Value) -> Option<String> {
    value.get("id").unwrap_or(value).as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_package_is_taken() {
        let answer = json!({"packages": [{"id": "a"}, {"id": "b"}]});
        assert_eq!(package(&answer).unwrap(), "a");
        assert_eq!(package(&json!([{"id": "c"}])).unwrap(), "c");
    }

    #[test]
    fn a_package_that_needs_more_or_shows_less_is_passed_over() {
        let answer = json!({"packages": [
            {"id": "b", "usage_readable": false},
            {"id": "c", "travel_date_required": true},
            {"id": "d", "usage_readable": true, "travel_date_required": false},
        ]});
        assert_eq!(package(&answer).unwrap(), "d");
        let none_suits = json!({"packages": [{"id": "a", "usage_readable": false}]});
        assert_eq!(package(&none_suits).unwrap(), "a");
    }

    #[test]
    fn an_esim_is_an_id_or_an_object() {
        assert_eq!(
            esim(&json!({"order": {"esims": [{"id": "e1"}]}})).unwrap(),
            "e1"
        );
        assert_eq!(esim(&json!({"esims": ["e2"]})).unwrap(), "e2");
    }

    #[test]
    fn an_empty_answer_says_what_is_missing() {
        assert_eq!(
            package(&json!({"packages": []})).unwrap_err().to_string(),
            "no package was found"
        );
        assert_eq!(
            order(&json!({})).unwrap_err().to_string(),
            "no order was found"
        );
        assert_eq!(
            esim(&json!({"esims": []})).unwrap_err().to_string(),
            "the order has no eSIM"
        );
    }
}
