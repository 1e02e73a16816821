//! The tally of a suite counts honestly: what holds, what does not apply and why, what is broken; and a
//! list of what need not apply is exact, name by name.

use roamport_conformance::journal::{JournalHarness, claims, handles};
use roamport_conformance::suite::{Case, Making, Tally, exactly, tell};
use roamport_conformance::{Stopped, Verdict};

use crate::journal::broken::{Flaw, with};

type JournalCase = Case<dyn JournalHarness>;

/// A journal with one flaw, which several processes may have open.
fn sleeping() -> Making<dyn JournalHarness> {
    Box::pin(async { Verdict::<Box<dyn JournalHarness>>::Ok(Box::new(with(Flaw::SleepsOn))) })
}

fn nobody() -> Making<dyn JournalHarness> {
    Box::pin(async { Err(Stopped::Skipped("there is no server".to_owned())) })
}

const KEPT: JournalCase = ("kept", |harness| {
    Box::pin(claims::a_released_order_is_free_at_once(harness))
});

const BROKEN: JournalCase = ("broken", |harness| {
    Box::pin(claims::a_woken_order_is_due_at_once(harness))
});

const HANDLES: JournalCase = ("handles", |harness| {
    Box::pin(handles::two_handles_fence_each_other(harness))
});

const PANICKING: JournalCase = ("panicking", |_| Box::pin(async { panic!("a bug") }));

const LACKING: JournalCase = ("lacking", |_| {
    Box::pin(async { Err(Stopped::Skipped("the harness cannot do it".to_owned())) })
});

#[test]
fn a_tally_counts_what_holds_what_does_not_apply_and_what_is_broken() {
    let tally = Tally::of(sleeping, &[KEPT, LACKING, BROKEN, HANDLES]).unwrap();
    assert_eq!(tally.kept, ["kept", "handles"]);
    let lacking = ("lacking", "the harness cannot do it".to_owned());
    assert_eq!(tally.not_applicable, [lacking]);
    assert_eq!(tally.broken.len(), 1);
    let text = tally.to_string();
    assert!(
        text.starts_with("2 promises hold, 1 do not apply, 1 are broken\n"),
        "{text}"
    );
    assert!(
        text.contains("lacking does not apply: the harness cannot do it"),
        "{text}"
    );
    assert!(text.contains("broken is broken: "), "{text}");
}

#[test]
fn a_case_that_panics_is_broken_and_stops_no_tally() {
    let tally = Tally::of(sleeping, &[PANICKING, KEPT]).unwrap();
    assert_eq!(tally.broken, [("panicking", "it panicked".to_owned())]);
    assert_eq!(tally.kept, ["kept"]);
}

#[test]
fn where_nothing_can_be_tried_there_is_no_tally() {
    let tally = Tally::of(nobody, &[KEPT]);
    assert!(
        matches!(&tally, Err(Stopped::Skipped(why)) if why.contains("server")),
        "{tally:?}"
    );
}

#[test]
fn a_list_that_is_exact_passes_in_any_order() {
    let cases = [KEPT, LACKING, ("also lacking", LACKING.1)];
    let tally = Tally::of(sleeping, &cases).unwrap();
    assert_eq!(tally.check(&["also lacking", "lacking"]), Ok(()));
}

#[test]
fn a_promise_that_stops_applying_is_named() {
    let tally = Tally::of(sleeping, &[KEPT, LACKING]).unwrap();
    let wrong = tally.check(&[]).unwrap_err();
    assert!(
        wrong.contains("`lacking` does not apply and is not listed")
            && wrong.contains("the harness cannot do it"),
        "{wrong}"
    );
}

#[test]
fn a_listed_promise_that_applies_is_named_whether_it_holds_or_not() {
    let tally = Tally::of(sleeping, &[KEPT, BROKEN]).unwrap();
    let wrong = tally.check(&["kept", "broken"]).unwrap_err();
    for name in ["kept", "broken"] {
        let said = format!("`{name}` is listed in `not_applicable` and applies");
        assert!(wrong.contains(&said), "{wrong}");
    }
}

#[test]
fn a_name_that_is_no_promise_is_named() {
    let tally = Tally::of(sleeping, &[KEPT]).unwrap();
    let wrong = tally.check(&["kebt"]).unwrap_err();
    assert!(
        wrong.contains("`kebt`") && wrong.contains("no promise"),
        "{wrong}"
    );
}

/// The message of a tally that is told and fails.
fn told(cases: &[JournalCase], listed: Option<Vec<&'static str>>) -> Option<String> {
    let telling = std::panic::AssertUnwindSafe(|| {
        tell("journal_suite", sleeping, cases, listed);
    });
    let panic = std::panic::catch_unwind(telling).err()?;
    panic.downcast_ref::<String>().cloned()
}

#[test]
fn a_tally_fails_where_something_is_broken_or_differs_from_its_list() {
    assert_eq!(told(&[KEPT, LACKING], None), None);
    assert_eq!(told(&[KEPT, LACKING], exactly(["lacking"])), None);
    let broken = told(&[KEPT, BROKEN], None).unwrap();
    assert!(broken.contains("1 are broken"), "{broken}");
    let differs = told(&[KEPT, LACKING], exactly([])).unwrap();
    assert!(differs.contains("`lacking`"), "{differs}");
}
