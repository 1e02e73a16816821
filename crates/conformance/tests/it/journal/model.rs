//! The model agrees with a sound journal after steps of every kind, and with no broken one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use roamport_conformance::Verdict;
use roamport_conformance::journal::model::{Plan, Report, check};
use roamport_conformance::journal::{Handle, JournalHarness, MovableClock, SUITE};
use roamport_conformance::suite::{Making, Tally};
use roamport_domain::journal::InMemoryJournal;
use roamport_domain::order::OrderState;
use roamport_domain::{Clock, Monotonic, OrderJournal, ProfileStore};

use super::InMemory;
use super::broken::{Flaw, with};

/// The same cases every time: that a flaw is found is then no matter of luck.
const PLAN: Plan = Plan {
    cases: 128,
    steps: 40,
    time: None,
    least_cases: 128,
    seed: 20_261_123,
};

fn sound(plan: Plan) -> Report {
    check(&plan, async || InMemory::new()).unwrap()
}

#[test]
fn steps_of_every_kind_are_taken_and_answered_in_every_way() {
    let report = sound(PLAN);
    assert_eq!((report.cases, report.cut_short), (128, 0));
    let states = OrderState::ALL.map(|state| format!("state: {state}"));
    let answers = [
        "open: New",
        "open: Existing",
        "open: KeyReused",
        "open: Duplicate",
        "append: appended",
        "append: Conflict",
        "append: Illegal",
        "append: Duplicate",
        "claim_for: given",
        "claim_for: nothing",
        "claim_order: given",
        "claim_order: nothing",
        "renew: done",
        "renew: ClaimLost",
        "release: done",
        "pass: done",
        "reopen: done",
        "ask for no order: done",
        "list: done",
        "keep: Kept",
        "keep: DeliveredBefore",
        "erase: done",
        "keep_balance: done",
        "wake: done",
        "woken: at rest",
        "woken: due already",
        "woken: due later",
        "woken: held",
        "woken: of unknown outcome",
        "remember: new",
        "remember: known",
        "forget: forgotten",
        "forget: nothing",
    ];
    let mut expected: Vec<String> = answers
        .map(str::to_owned)
        .into_iter()
        .chain(states)
        .collect();
    expected.sort_unstable();
    let seldom: Vec<_> = report
        .answers
        .iter()
        .filter(|(_, count)| **count < 4)
        .collect();
    assert!(seldom.is_empty(), "hardly ever: {seldom:?}");
    assert!(report.answers.keys().eq(&expected), "{report:?}");
}

#[test]
fn a_seed_gives_the_same_cases_and_another_one_others() {
    let plan = Plan { cases: 8, ..PLAN };
    assert_eq!(sound(plan), sound(plan));
    let other = Plan { seed: 7, ..plan };
    assert_ne!(sound(plan).answers, sound(other).answers);
}

#[test]
fn no_case_begins_when_time_is_up_but_the_least() {
    let plan = Plan {
        time: Some(Duration::ZERO),
        least_cases: 3,
        ..PLAN
    };
    assert_eq!(sound(plan).cases, 3);
}

/// How the model and a journal with this flaw disagree.
fn broken(flaw: Flaw) -> String {
    match check(&PLAN, async || with(flaw)) {
        Err(how) => how,
        Ok(report) => panic!("{flaw:?} went unnoticed: {report}"),
    }
}

#[test]
fn every_flaw_is_found_told_in_few_steps_and_from_a_seed() {
    let flaws: [(Flaw, &[&str]); 22] = [
        (Flaw::NoFence, &["Append"]),
        (Flaw::AppendsByParts, &["Append", "Claim"]),
        (Flaw::ForgetsFingerprints, &["Open"]),
        (Flaw::ForgetsKeys, &["Open"]),
        (Flaw::ForgetsDue, &["Claim"]),
        (Flaw::ClaimsTooEarly, &["Claim"]),
        (Flaw::ClaimsTwice, &["Claim"]),
        (Flaw::ShortLeases, &["Claim"]),
        (Flaw::SharesTheLimit, &["Claim", "Renew"]),
        (Flaw::ClaimsAnything, &["Claim"]),
        (Flaw::FreesNewerClaims, &["Claim", "Renew"]),
        (Flaw::RenewsAnything, &["Renew"]),
        (Flaw::BlindToUnknown, &["Append"]),
        (Flaw::KeepsProfiles, &["Erase"]),
        (Flaw::SleepsOn, &["Claim"]),
        (Flaw::WakesTheDead, &["Claim"]),
        (Flaw::WakesAnew, &["Claim"]),
        (Flaw::ForgetsEvents, &["Remember"]),
        (Flaw::RemembersTwiceAtOnce, &["AtTwoAtOnce"]),
        (Flaw::LosesEventsWhenOpenedAgain, &["Reopen", "AtTwoAtOnce"]),
        (Flaw::MixesProviders, &["Remember", "Forget"]),
        (Flaw::ForgetsNoEvent, &["Forget"]),
    ];
    for (flaw, shown_by) in flaws {
        let how = broken(flaw);
        let numbered = |line: &&str| {
            line.trim_start()
                .starts_with(|first: char| first.is_ascii_digit())
        };
        let steps: Vec<&str> = how.lines().filter(numbered).collect();
        assert!(
            how.ends_with("PROPTEST_RNG_SEED=20261123"),
            "{flaw:?}: {how}"
        );
        let last = steps.last().unwrap();
        let is_shown = shown_by.iter().any(|step| last.contains(step));
        assert!(is_shown, "{flaw:?}: {how}");
        assert!(steps.len() <= 10, "{flaw:?}: {how}");
    }
}

/// A journal whose process ends, and what it finds when it is started again.
#[derive(Debug)]
struct Restarting {
    memory: InMemory,
    forgets: bool,
}

#[async_trait]
impl JournalHarness for Restarting {
    fn journal(&self) -> Arc<dyn OrderJournal> {
        self.memory.journal()
    }

    fn profiles(&self) -> Arc<dyn ProfileStore> {
        self.memory.profiles()
    }

    async fn pass(&self, time: Duration) {
        self.memory.pass(time).await;
    }

    async fn another(&self) -> Option<Handle> {
        if self.forgets {
            let clock = Arc::clone(&self.memory.clock);
            let empty = Arc::new(InMemoryJournal::new(clock));
            return Some(Handle::new(empty));
        }
        Some(Handle::new(Arc::clone(&self.memory.journal)))
    }
}

#[test]
fn a_journal_that_forgets_when_it_is_opened_again_is_found() {
    let memory = InMemory::new;
    let restarting = |forgets| {
        check(&PLAN, async || Restarting {
            memory: memory(),
            forgets,
        })
    };
    restarting(false).unwrap();
    let how = restarting(true).unwrap_err();
    assert!(how.contains("Reopen"), "{how}");
}

fn apart() -> Making<dyn JournalHarness> {
    let memory = InMemory::new();
    let apart = Restarting {
        memory,
        forgets: true,
    };
    Box::pin(async { Verdict::<Box<dyn JournalHarness>>::Ok(Box::new(apart)) })
}

#[test]
fn a_journal_that_is_another_one_in_each_process_fails_every_case_of_several_handles() {
    let names = [
        "another_handle_sees_what_was_written",
        "two_handles_fence_each_other",
        "two_handles_never_hold_one_order",
        "one_key_through_two_handles_makes_one_order",
        "an_order_woken_through_one_handle_is_due_through_another",
    ];
    let tally = Tally::of(&SUITE.named(&names), apart).unwrap();
    let broken: Vec<_> = tally.broken.iter().map(|(name, _)| *name).collect();
    assert_eq!(broken, names, "{tally}");
}

/// A clock that goes on by itself, a little with each reading, as a database's does.
#[derive(Debug)]
struct Running {
    clock: MovableClock,
    tick: Duration,
}

impl Clock for Running {
    fn now(&self) -> Timestamp {
        self.clock.pass(self.tick);
        self.clock.now()
    }

    fn monotonic(&self) -> Monotonic {
        self.clock.monotonic()
    }
}

#[derive(Debug)]
struct OnItsOwnClock {
    clock: Arc<Running>,
    journal: Arc<InMemoryJournal>,
}

#[async_trait]
impl JournalHarness for OnItsOwnClock {
    fn journal(&self) -> Arc<dyn OrderJournal> {
        Arc::clone(&self.journal) as _
    }

    fn profiles(&self) -> Arc<dyn ProfileStore> {
        Arc::clone(&self.journal) as _
    }

    async fn pass(&self, time: Duration) {
        self.clock.clock.pass(time);
    }
}

#[test]
fn a_clock_that_goes_on_by_itself_is_no_disagreement() {
    let with_tick = |tick| {
        let report = check(&PLAN, async || {
            let clock = MovableClock::default();
            let clock = Arc::new(Running { clock, tick });
            let journal = Arc::new(InMemoryJournal::new(Arc::clone(&clock) as _));
            OnItsOwnClock { clock, journal }
        });
        report.unwrap()
    };
    assert_eq!(with_tick(Duration::from_millis(2)).cut_short, 0);
    // So fast that leases end while they are looked at: the case is left, and the report says so.
    let fast = with_tick(Duration::from_millis(400));
    assert!(fast.cut_short > 0);
    assert!(fast.to_string().contains("cut short"), "{fast}");
}
