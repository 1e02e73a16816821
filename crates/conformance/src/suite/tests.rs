//! The tally of a suite counts honestly: what holds, what does not apply and why, what is broken; and a
//! list of what need not apply is exact, name by name.

use super::*;
use crate::verdict::skipped;

type Bare = Promise<dyn fmt::Debug>;

const fn promise(name: &'static str, case: Case<dyn fmt::Debug>) -> Bare {
    Promise {
        name,
        text: "A promise.",
        case,
    }
}

static KEPT: Bare = promise("kept", |_| Box::pin(async { Ok(()) }));
static LACKING: Bare = promise("lacking", |_| {
    Box::pin(async { skipped("the harness cannot do it") })
});
static BROKEN: Bare = promise("broken", |harness| {
    Box::pin(async move { panic!("{harness:?} is not what it should be") })
});

fn harness() -> Making<dyn fmt::Debug> {
    Box::pin(async { Verdict::<Box<dyn fmt::Debug>>::Ok(Box::new(17)) })
}

fn tally(promises: &[&'static Bare]) -> Tally {
    Tally::of(promises, harness).unwrap()
}

#[test]
fn a_tally_counts_what_holds_what_does_not_apply_and_what_is_broken() {
    let tally = tally(&[&KEPT, &LACKING, &BROKEN, &KEPT]);
    assert_eq!(tally.kept, ["kept", "kept"]);
    let lacking = ("lacking", "the harness cannot do it".to_owned());
    assert_eq!(tally.not_applicable, [lacking]);
    let broken = ("broken", "17 is not what it should be".to_owned());
    assert_eq!(tally.broken, [broken]);
    assert_eq!(
        tally.to_string(),
        "2 promises hold, 1 do not apply, 1 are broken\n  \
         lacking does not apply: the harness cannot do it\n  \
         broken is broken: 17 is not what it should be"
    );
}

#[test]
fn where_nothing_can_be_tried_there_is_no_tally() {
    let nobody = || -> Making<dyn fmt::Debug> { Box::pin(async { skipped("there is no server") }) };
    let skipped = Tally::of(&[&KEPT], nobody).unwrap_err();
    assert_eq!(skipped.to_string(), "there is no server");
}

#[test]
fn a_list_that_is_exact_passes_in_any_order() {
    static ALSO: Bare = promise("also lacking", LACKING.case);
    let tally = tally(&[&KEPT, &LACKING, &ALSO]);
    assert_eq!(tally.check(&["also lacking", "lacking"]), Ok(()));
}

#[test]
fn a_promise_that_stops_applying_is_named() {
    let wrong = tally(&[&KEPT, &LACKING]).check(&[]).unwrap_err();
    assert!(
        wrong.contains("`lacking` does not apply and is not listed")
            && wrong.contains("the harness cannot do it"),
        "{wrong}"
    );
}

#[test]
fn a_listed_promise_that_applies_is_named_whether_it_holds_or_not() {
    let wrong = tally(&[&KEPT, &BROKEN]).check(&["kept", "broken"]);
    let wrong = wrong.unwrap_err();
    for name in ["kept", "broken"] {
        let words = format!("`{name}` is listed in `not_applicable` and applies");
        assert!(wrong.contains(&words), "{wrong}");
    }
}

#[test]
fn a_name_that_is_no_promise_is_named() {
    let wrong = tally(&[&KEPT]).check(&["kebt"]).unwrap_err();
    assert!(
        wrong.contains("`kebt`") && wrong.contains("no promise"),
        "{wrong}"
    );
}

/// How the test of a suite fails over these promises.
fn failure(promises: &[&'static Bare], listed: Option<Vec<&'static str>>) -> Option<String> {
    let suite = Suite {
        name: "bare_suite!",
        title: "Bare",
        areas: &[],
    };
    caught(|| suite.check(promises, harness, listed)).err()
}

#[test]
fn a_suite_fails_where_a_promise_is_broken_or_the_tally_differs_from_its_list() {
    assert_eq!(failure(&[&KEPT, &LACKING], None), None);
    assert_eq!(failure(&[&KEPT, &LACKING], Some(vec!["lacking"])), None);
    let broken = failure(&[&KEPT, &BROKEN], None).unwrap();
    assert!(broken.contains("broken is broken: 17 is not"), "{broken}");
    let differs = failure(&[&KEPT, &LACKING], Some(Vec::new())).unwrap();
    assert!(differs.contains("`lacking`"), "{differs}");
}
