//! Every promise has a case, a test of that name, and a line in the list of promises.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The list that people read, at the top of the repository.
const LIST: &str = include_str!("../../../../CONFORMANCE.md");

const INTRODUCTION: &str = "\
# The promises

What every provider, every decoder of provider events and every journal promises, each with the test
that finds a liar out. The tests are those that the macros of `roamport-conformance` make: its
[README](crates/conformance/README.md) says how to run them over an implementation of your own.

What a provider says it cannot do is tested for saying so; what it says it can do is tested for doing
it. A promise that its capabilities rule out, or that its harness lacks the power to try, passes under its
name and is told by one test more, the suite's tally: so many promises hold, so many do not apply, which
and why. Every implementation in this repository has the exact list of those beside its suite, and a
promise that stops applying, or begins to, fails the tally by name.

This page is compared with the suites by a test, which prints what it should be.
";

/// One area of a suite: its name in the macro, a heading, and the source of its cases.
type Area = (&'static str, &'static str, &'static str);

macro_rules! area {
    ($suite:literal, $name:literal, $heading:literal) => {
        (
            $name,
            $heading,
            include_str!(concat!("../../src/", $suite, "/", $name, ".rs")),
        )
    };
}

const PROVIDER: [Area; 14] = [
    area!("provider", "catalogue", "The catalogue"),
    area!("provider", "orders", "Orders"),
    area!("provider", "repeats", "Purchases sent twice"),
    area!("provider", "prices", "Prices and days"),
    area!("provider", "delays", "Late deliveries and late effects"),
    area!("provider", "dropped", "Calls that are dropped"),
    area!("provider", "provisioning", "Profiles"),
    area!("provider", "top_up", "Top-ups"),
    area!("provider", "usage", "Usage"),
    area!("provider", "usage_batch", "Usage of several eSIMs"),
    area!("provider", "cancellation", "Giving eSIMs back"),
    area!("provider", "balance", "The wallet"),
    area!("provider", "errors", "Errors and calls"),
    area!("provider", "secrets", "Secrets"),
];

const DECODER: [Area; 3] = [
    area!("decoder", "events", "Events"),
    area!("decoder", "signatures", "Signatures"),
    area!("decoder", "refusals", "Refusals"),
];

const JOURNAL: [Area; 10] = [
    area!("journal", "opening", "New orders"),
    area!("journal", "appending", "Events of an order"),
    area!("journal", "claims", "Claims"),
    area!("journal", "lists", "Lists"),
    area!("journal", "pressure", "Pressure"),
    area!("journal", "profiles", "Profiles"),
    area!("journal", "accounts", "Accounts at providers"),
    area!("journal", "balances", "Balances"),
    area!("journal", "inbox", "Provider events"),
    area!("journal", "handles", "Several handles on one store"),
];

/// The suites: heading, macro, where that is, areas.
const SUITES: [(&str, &str, &str, &[Area]); 3] = [
    (
        "Providers",
        "provider_suite!",
        include_str!("../../src/provider.rs"),
        &PROVIDER,
    ),
    (
        "Decoders of provider events",
        "decoder_suite!",
        include_str!("../../src/decoder.rs"),
        &DECODER,
    ),
    (
        "Journals",
        "journal_suite!",
        include_str!("../../src/journal.rs"),
        &JOURNAL,
    ),
];

/// The public cases of a source in their order, each with its promise: the first paragraph of its
/// documentation.
fn cases(source: &'static str) -> Vec<(&'static str, String)> {
    let (mut cases, mut promise, mut ended) = (Vec::new(), String::new(), false);
    for line in source.lines() {
        if let Some(words) = line.strip_prefix("///") {
            ended |= words.trim().is_empty();
            if !ended {
                promise.push_str(words);
            }
            continue;
        }
        let name = line
            .strip_prefix("pub async fn ")
            .or_else(|| line.strip_prefix("pub fn "));
        if let Some(name) = name.and_then(|rest| rest.split('(').next()) {
            cases.push((name, plain(promise.trim())));
        }
        promise.clear();
        ended = false;
    }
    cases
}

/// A promise without the links of a source's documentation.
fn plain(promise: &str) -> String {
    promise
        .replace("[`", "`")
        .replace("`]", "`")
        .replace('|', "\\|")
}

/// The names that a suite's macro makes tests of, area by area.
fn tests(source: &'static str) -> Vec<(&'static str, BTreeSet<&'static str>)> {
    let (_, list) = source.split_once("@tests $harness $listed").unwrap();
    let (list, _) = list.split_once("};").unwrap();
    let mut areas: Vec<(&str, BTreeSet<&str>)> = Vec::new();
    for line in list.lines().map(str::trim) {
        if let Some(area) = line.strip_suffix(" {") {
            areas.push((area, BTreeSet::new()));
        } else if !line.is_empty() && line != "}" {
            areas.last_mut().unwrap().1.insert(line);
        }
    }
    areas
}

/// The list as it should be.
fn expected() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (heading, suite, _, areas) in SUITES {
        write!(page, "\n## {heading}: `{suite}`\n").unwrap();
        for (name, heading, source) in areas {
            write!(page, "\n### {heading} (`{name}`)\n\n").unwrap();
            page.push_str("| Test | Promise |\n| --- | --- |\n");
            for (test, promise) in cases(source) {
                writeln!(page, "| `{test}` | {promise} |").unwrap();
            }
        }
    }
    page.push_str(
        "\nEvery suite runs one more test, its tally: `the_tally_of_the_provider_is_told`, and so for the \
         decoder and the\njournal. A journal runs another one, \
         `the_journal_does_what_a_model_of_the_contract_does`: random steps beside a\nmodel of the \
         contract (wishes, appends, claims, wakes, profiles, balances, provider events, a store that is \
         opened\nagain), everything compared after each.\n\n\
         An event that cannot follow is refused with all that came in the same append, wherever it stands, \
         before any\njournal sees it: `an_event_that_may_not_follow_makes_no_change`, a test of `roamport-domain`.\n\n\
         The port provisions one eSIM at a time, and tops up the eSIM with an id. The reference of an order generates all \
         its eSIMs\nby a method of Roamify's adapter: `an_esim_is_bought_provisioned_used_and_topped_up`, a test of \
         `roamport-adapter-roamify`.\n",
    );
    page
}

#[test]
fn every_case_of_a_suite_is_made_a_test_by_its_macro() {
    for (heading, _, source, areas) in SUITES {
        let made = tests(source);
        let written: Vec<_> = areas
            .iter()
            .map(|(name, _, source)| {
                let names = cases(source).into_iter().map(|(name, _)| name);
                (*name, names.collect::<BTreeSet<_>>())
            })
            .collect();
        assert_eq!(made, written, "{heading}");
    }
}

/// A promise whose test never failed may as well not be tested.
#[test]
fn every_promise_of_a_provider_is_broken_by_somebody_and_found_out() {
    let broken = include_str!("broken.rs");
    for (area, _, source) in PROVIDER {
        for (case, _) in cases(source) {
            let name = format!("{area}::{case}");
            let is_found_out = [",", ";"]
                .into_iter()
                .any(|end| broken.contains(&format!("{name}{end}")));
            assert!(is_found_out, "no broken provider fails {name}");
        }
    }
}

#[test]
fn every_promise_is_a_sentence() {
    for (_, _, _, areas) in SUITES {
        for (name, promise) in areas.iter().flat_map(|(_, _, source)| cases(source)) {
            assert!(promise.ends_with('.'), "{name}: {promise:?}");
        }
    }
}

#[test]
fn the_list_of_promises_is_that_of_the_suites() {
    let expected = expected();
    assert!(
        LIST == expected,
        "CONFORMANCE.md differs from the suites; it should be:\n{expected}"
    );
}
