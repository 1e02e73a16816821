//! The faults that the sandbox is asked for during a soak, drawn by a seed.

use serde_json::{Value, json};

use super::chance::Chance;

/// The latest effect of a purchase after its connection was closed, in milliseconds: well within the
/// quiet period.
pub(crate) const LATEST_EFFECT: u64 = 2000;

type Fault = fn(&mut Chance) -> Value;

/// How often which fault is drawn, on which call.
const MIX: [(u64, &str, Fault); 27] = [
    (4, "order", |_| json!({"what": "drop_after_effect"})),
    (1, "order", |_| json!({"what": "drop_before_effect"})),
    (3, "order", |_| status("status_after_effect", 500)),
    (1, "order", |_| status("status_before_effect", 500)),
    (1, "order", |_| status("status_before_effect", 503)),
    // Refused for good: the order fails, and nothing is charged.
    (1, "order", |_| status("status_before_effect", 400)),
    (2, "order", |_| json!({"what": "broken_json"})),
    (1, "order", |_| json!({"what": "html"})),
    (1, "order", |_| json!({"what": "html_error"})),
    (1, "order", |_| json!({"what": "rate_limit"})),
    (1, "order", |_| json!({"what": "failure_body_with_200"})),
    (3, "order", |chance| {
        within("late_effect", chance, 100, LATEST_EFFECT)
    }),
    // Around the client's window of two seconds: some answers come in time, some do not.
    (2, "order", |chance| within("stall", chance, 500, 3500)),
    (2, "order", |chance| {
        within("late_visibility", chance, 100, 2000)
    }),
    (1, "order", |chance| {
        let mut fault = within("order_state", chance, 100, 1500);
        fault["state"] = json!("PENDING");
        fault
    }),
    (2, "orders", |_| status("status_before_effect", 500)),
    (2, "orders", |_| json!({"what": "drop_before_effect"})),
    (1, "orders", |_| json!({"what": "broken_json"})),
    (
        1,
        "orders",
        |_| json!({"what": "rate_limit", "retry_after": 1}),
    ),
    (1, "orders", |chance| within("stall", chance, 100, 2500)),
    (2, "apply", |_| json!({"what": "drop_after_effect"})),
    (1, "apply", |_| json!({"what": "drop_before_effect"})),
    (1, "apply", |_| status("status_before_effect", 502)),
    (2, "apply", |chance| {
        within("pending_profile", chance, 200, 3000)
    }),
    (2, "any", |_| json!({"what": "unknown_fields"})),
    (1, "balance", |_| status("status_before_effect", 503)),
    (1, "packages", |_| json!({"what": "drop_before_effect"})),
];

/// The next rule: one fault on one of the next calls.
pub(crate) fn draw(chance: &mut Chance) -> Value {
    let place = chance.weighted(MIX.iter().map(|(weight, ..)| *weight));
    let (_, on, fault) = MIX[place];
    let mut rule = fault(chance);
    rule["on"] = json!(on);
    rule["skip"] = json!(chance.between(0..=1));
    rule
}

fn status(what: &str, status: u16) -> Value {
    json!({"what": what, "status": status})
}

fn within(what: &str, chance: &mut Chance, least: u64, most: u64) -> Value {
    json!({"what": what, "ms": chance.between(least..=most)})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_names_its_call_and_its_fault() {
        let mut chance = Chance::new(1);
        let rules: Vec<Value> = (0..1000).map(|_| draw(&mut chance)).collect();
        for (_, on, fault) in MIX {
            let what = fault(&mut Chance::new(1))["what"].clone();
            assert!(
                rules
                    .iter()
                    .any(|rule| rule["on"] == on && rule["what"] == what),
                "{what} on {on} is never drawn"
            );
        }
    }

    #[test]
    fn no_effect_comes_later_than_the_run_relies_on() {
        let mut chance = Chance::new(1);
        for _ in 0..1000 {
            let rule = draw(&mut chance);
            if rule["what"] == "late_effect" {
                assert!(rule["ms"].as_u64().unwrap() <= LATEST_EFFECT, "{rule}");
            }
        }
    }
}
