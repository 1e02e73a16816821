//! Thousands of orders past a provider that lies: the cases of `benches/lies`, few of them.

use std::collections::BTreeMap;

use self::library::Report;
use self::library::json::Json;
use self::library::transcript::Call;

#[expect(dead_code, reason = "the program `lies` uses the rest")]
#[path = "../../benches/lies/lying.rs"]
mod library;

const SEED: u64 = 1;
const CASES: u64 = 2_000;

fn run() -> Report {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    library::run(SEED, CASES, threads.min(4), None)
}

#[test]
fn no_case_that_can_be_found_out_breaks_a_promise() {
    let report = run();
    let share = |part: u64| part * 100 / CASES;
    assert!(share(report.crashed) >= 20, "{report}");
    assert!(share(report.undetectable) >= 5, "{report}");
    for (call, name) in Call::ALL {
        let lied = report.lied.get(&call).copied().unwrap_or_default();
        assert!(share(lied) >= 1, "{name}: {lied}\n{report}");
    }
    assert_eq!(report.broken, 0, "{report}");
}

#[test]
fn a_case_follows_from_its_seed_and_number() {
    for index in 0..24 {
        let (first, second) = (
            library::replay(7, index, None),
            library::replay(7, index, None),
        );
        assert_eq!(first.verdict.problems, second.verdict.problems);
        let answers = |told: &library::Told| -> Vec<_> {
            let exchanges = told.lived.stage.exchanges().into_iter();
            exchanges
                .map(|exchange| (exchange.call, exchange.sent, exchange.answer))
                .collect()
        };
        assert_eq!(answers(&first), answers(&second), "case {index}");
    }
}

#[test]
fn every_dialect_rule_and_call_has_its_turn() {
    // As many cases as the command has where none are named.
    const CASES: u64 = 20_000;
    let mut planned: BTreeMap<_, u32> = BTreeMap::new();
    for index in 0..CASES {
        for lie in library::Case::drawn(SEED, index).lies {
            *planned.entry((lie.rule, lie.call)).or_default() += 1;
        }
    }
    let rarest = planned.values().min().copied().unwrap_or_default();
    assert!(planned.len() > 250 && rarest >= 2, "{planned:?}");
}

#[test]
fn a_liars_json_is_written_as_it_was_read() {
    let text = r#"{"b":[1.50,-0,1E+4,{}],"a":"\u00e9\"","b":null,"c":[],"d":true}"#;
    let value = Json::parse(text.as_bytes()).unwrap();
    assert_eq!(value.to_string(), text.replace("\\u00e9", "é"));
    for text in ["{\"a\":1}x", "[1,]", "01", "\"\\x\"", ""] {
        assert_eq!(Json::parse(text.as_bytes()), None, "{text}");
    }
    assert_eq!(Json::parse("[".repeat(100_000).as_bytes()), None);
}
