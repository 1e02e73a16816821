//! Every promise is a sentence, has a line in the list of promises, and is broken by somebody.

use std::fmt::Write as _;

use roamport_conformance::suite::Suite;
use roamport_conformance::{decoder, http, journal, provider};

/// The list that people read, at the top of the repository.
const LIST: &str = include_str!("../../../../CONFORMANCE.md");

const INTRODUCTION: &str = "\
# The promises

What every provider, every adapter over HTTP, every decoder of provider events and every journal promises, each with the name under
which a broken one is reported. The macros of `roamport-conformance` make one test of each suite: its
[README](crates/conformance/README.md) says how to run them over an implementation of your own.

What a provider says it cannot do is tested for saying so; what it says it can do is tested for doing
it. A promise that its capabilities rule out, or that its harness lacks the power to try, does not apply: the
suite's tally says so many promises hold, so many do not apply, which and why. Every implementation in this
repository has the exact list of those beside its suite, and a promise that stops applying, or begins to,
fails the suite by name.

This page is compared with the suites by a test, which prints what it should be.
";

const END: &str = "
A journal runs one more test, `the_journal_does_what_a_model_of_the_contract_does`: random steps beside a
model of the contract (wishes, appends, claims, wakes, profiles, balances, provider events, a store that is opened
again), everything compared after each.

An event that cannot follow is refused with all that came in the same append, wherever it stands, before any
journal sees it: `an_event_that_may_not_follow_makes_no_change`, a test of `roamport-domain`.

The port provisions one eSIM at a time, and tops up the eSIM with an id. The reference of an order generates all
its eSIMs by a method of Roamify's adapter: `an_esim_is_bought_provisioned_used_and_topped_up`, a test of
`roamport-adapter-roamify`.
";

/// A suite as the list has it.
fn section<H: ?Sized>(suite: &Suite<H>) -> String {
    let mut section = format!("\n## {}: `{}`\n", suite.title, suite.name);
    for area in suite.areas {
        write!(section, "\n### {} (`{}`)\n\n", area.title, area.name).unwrap();
        section.push_str("| Name | Promise |\n| --- | --- |\n");
        for promise in area.promises {
            let text = promise.text.replace('|', "\\|");
            writeln!(section, "| `{}` | {text} |", promise.name).unwrap();
        }
    }
    section
}

/// The list as it should be.
fn expected() -> String {
    [
        INTRODUCTION,
        &section(&provider::SUITE),
        &section(&http::SUITE),
        &section(&decoder::SUITE),
        &section(&journal::SUITE),
        END,
    ]
    .concat()
}

/// A promise whose test never failed may as well not be tested.
#[test]
fn every_promise_of_a_provider_is_broken_by_somebody_and_found_out() {
    let broken = include_str!("broken.rs");
    for area in provider::SUITE.areas {
        for promise in area.promises {
            let name = format!("{}::{}", area.name, promise.name);
            let is_found_out = [",", ";"]
                .into_iter()
                .any(|end| broken.contains(&format!("{name}{end}")));
            assert!(is_found_out, "no broken provider fails {name}");
        }
    }
}

#[test]
fn every_promise_is_a_sentence_under_a_name_of_its_own() {
    fn check<H: ?Sized>(suite: &Suite<H>) {
        let mut names = std::collections::BTreeSet::new();
        for promise in suite.promises() {
            assert!(promise.text.ends_with('.'), "{promise:?}");
            assert!(names.insert(promise.name), "{promise:?}");
        }
    }
    check(&provider::SUITE);
    check(&http::SUITE);
    check(&decoder::SUITE);
    check(&journal::SUITE);
}

#[test]
fn the_list_of_promises_is_that_of_the_suites() {
    let expected = expected();
    assert!(
        LIST == expected,
        "CONFORMANCE.md differs from the suites; it should be:\n{expected}"
    );
}
