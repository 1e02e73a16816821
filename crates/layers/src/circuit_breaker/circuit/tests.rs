//! The circuit, moment by moment.

use std::num::NonZeroU32;

use super::*;

const PAUSE: u64 = 10;
const LIMIT: u64 = 60;

fn circuit() -> Circuit {
    Circuit::new(CircuitBreakerPolicy {
        failures: NonZeroU32::new(3),
        pause: seconds(PAUSE),
        probe_limit: seconds(LIMIT),
    })
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn at(count: u64) -> Monotonic {
    Monotonic::at(seconds(count))
}

/// One call from beginning to end in one moment.
fn call(circuit: &mut Circuit, kind: Kind, verdict: Verdict, now: u64) -> Change {
    let pass = circuit.admit(kind, at(now)).unwrap();
    circuit.settle(pass, verdict, at(now))
}

/// A circuit that was opened at zero.
fn opened() -> Circuit {
    let mut circuit = circuit();
    for expected in [Change::None, Change::None, Change::Opened] {
        assert_eq!(call(&mut circuit, Kind::Read, Verdict::Failed, 0), expected);
    }
    circuit
}

fn is_closed(circuit: &mut Circuit, now: u64) -> bool {
    let pass = circuit.admit(Kind::Effect, at(now));
    pass.is_ok_and(|pass| !pass.is_probe())
}

#[test]
fn failures_in_a_row_open_it_whatever_they_were() {
    let mut circuit = circuit();
    for (kind, expected) in [
        (Kind::Read, Change::None),
        (Kind::Effect, Change::None),
        (Kind::Settling, Change::Opened),
    ] {
        assert_eq!(call(&mut circuit, kind, Verdict::Failed, 1), expected);
    }
}

#[test]
fn an_answer_between_failures_begins_the_row_anew() {
    let mut circuit = circuit();
    for _ in 0..10 {
        for verdict in [Verdict::Failed, Verdict::Failed, Verdict::Healthy] {
            assert_eq!(
                call(&mut circuit, Kind::Read, verdict, 0),
                Change::None,
                "{verdict:?}"
            );
        }
    }
    assert!(is_closed(&mut circuit, 0));
}

#[test]
fn what_says_nothing_neither_adds_to_a_row_nor_ends_it() {
    for nothing in [Verdict::Limited, Verdict::Nothing] {
        let mut circuit = circuit();
        for _ in 0..50 {
            call(&mut circuit, Kind::Read, nothing, 0);
        }
        for expected in [Change::None, Change::None, Change::Opened] {
            call(&mut circuit, Kind::Read, nothing, 0);
            let change = call(&mut circuit, Kind::Read, Verdict::Failed, 0);
            assert_eq!(change, expected, "{nothing:?}");
        }
    }
}

#[test]
fn reads_and_effects_are_refused_until_the_pause_is_over() {
    let mut circuit = opened();
    for kind in [Kind::Read, Kind::Effect] {
        for now in 0..PAUSE {
            let left = circuit.admit(kind, at(now)).unwrap_err();
            assert_eq!(left, seconds(PAUSE - now), "{kind:?} at {now}");
        }
    }
}

#[test]
fn one_read_probes_and_the_others_wait_for_its_answer() {
    let mut circuit = opened();
    let probe = circuit.admit(Kind::Read, at(PAUSE)).unwrap();
    assert!(probe.is_probe());
    for now in PAUSE..PAUSE + LIMIT {
        let left = circuit.admit(Kind::Read, at(now)).unwrap_err();
        assert!(
            !left.is_zero() && left <= seconds(PAUSE),
            "{left:?} at {now}"
        );
    }
    assert_eq!(
        circuit.settle(probe, Verdict::Healthy, at(PAUSE + 5)),
        Change::Closed
    );
    assert!(is_closed(&mut circuit, PAUSE + 5));
}

#[test]
fn a_probe_that_fails_or_is_put_off_opens_it_for_another_pause() {
    for verdict in [Verdict::Failed, Verdict::Limited] {
        let mut circuit = opened();
        let probe = circuit.admit(Kind::Read, at(PAUSE)).unwrap();
        let failed_at = PAUSE + 7;
        assert_eq!(
            circuit.settle(probe, verdict, at(failed_at)),
            Change::StayedOpen
        );
        let left = circuit.admit(Kind::Read, at(failed_at)).unwrap_err();
        assert_eq!(left, seconds(PAUSE), "{verdict:?}");
        assert!(circuit.admit(Kind::Read, at(failed_at + PAUSE)).is_ok());
    }
}

#[test]
fn a_probe_that_says_nothing_gives_its_turn_to_the_next() {
    let mut circuit = opened();
    for _ in 0..5 {
        let change = call(&mut circuit, Kind::Read, Verdict::Nothing, PAUSE);
        assert_eq!(change, Change::None);
    }
    assert_eq!(
        call(&mut circuit, Kind::Read, Verdict::Healthy, PAUSE),
        Change::Closed
    );
}

#[test]
fn a_row_begins_anew_after_a_pause() {
    let mut circuit = opened();
    call(&mut circuit, Kind::Read, Verdict::Healthy, PAUSE);
    for expected in [Change::None, Change::None, Change::Opened] {
        assert_eq!(
            call(&mut circuit, Kind::Read, Verdict::Failed, PAUSE),
            expected
        );
    }
}

#[test]
fn what_settles_an_unknown_outcome_always_passes_and_its_answer_closes_it() {
    let mut circuit = opened();
    let reading = circuit.admit(Kind::Read, at(PAUSE)).unwrap();
    for now in 0..2 * PAUSE {
        let change = call(&mut circuit, Kind::Settling, Verdict::Failed, now);
        assert_eq!(change, Change::None, "it takes no turn from a read");
    }
    let change = circuit.settle(reading, Verdict::Failed, at(2 * PAUSE));
    assert_eq!(change, Change::StayedOpen);
    assert_eq!(
        call(&mut circuit, Kind::Settling, Verdict::Healthy, 2 * PAUSE),
        Change::Closed,
        "when it succeeds, everything passes again"
    );
    assert!(is_closed(&mut circuit, 2 * PAUSE));
}

#[test]
fn an_effect_probes_only_where_nobody_has_read_for_another_pause() {
    let mut circuit = opened();
    for now in 0..2 * PAUSE {
        assert!(circuit.admit(Kind::Effect, at(now)).is_err(), "at {now}");
    }
    let probe = circuit.admit(Kind::Effect, at(2 * PAUSE)).unwrap();
    assert!(probe.is_probe());
    assert!(circuit.admit(Kind::Read, at(2 * PAUSE)).is_err());
    assert_eq!(
        circuit.settle(probe, Verdict::Healthy, at(2 * PAUSE)),
        Change::Closed
    );
}

#[test]
fn reads_and_lookups_that_fail_hold_effects_back() {
    for (kind, change) in [
        (Kind::Read, Change::StayedOpen),
        (Kind::Settling, Change::None),
    ] {
        let mut circuit = opened();
        for round in 1..20 {
            let now = round * PAUSE;
            assert_eq!(call(&mut circuit, kind, Verdict::Failed, now), change);
            for later in now..now + PAUSE {
                let left = circuit.admit(Kind::Effect, at(later)).unwrap_err();
                assert!(!left.is_zero() && left <= seconds(PAUSE));
            }
        }
    }
}

#[test]
fn a_probe_without_an_answer_is_followed_by_another_after_its_limit() {
    let mut circuit = opened();
    let stuck = circuit.admit(Kind::Read, at(PAUSE)).unwrap();
    let next = circuit.admit(Kind::Read, at(PAUSE + LIMIT)).unwrap();
    // Its failure, at last, takes nothing from the probe that is under way now.
    let change = circuit.settle(stuck, Verdict::Failed, at(PAUSE + LIMIT + 1));
    assert_eq!(change, Change::None);
    assert!(
        circuit
            .admit(Kind::Read, at(2 * PAUSE + LIMIT + 1))
            .is_err()
    );
    assert_eq!(
        circuit.settle(next, Verdict::Failed, at(PAUSE + LIMIT + 2)),
        Change::StayedOpen
    );
}

#[test]
fn the_late_answer_of_a_stuck_probe_closes_it_all_the_same() {
    let mut circuit = opened();
    let stuck = circuit.admit(Kind::Read, at(PAUSE)).unwrap();
    circuit.admit(Kind::Read, at(PAUSE + LIMIT)).unwrap();
    assert_eq!(
        circuit.settle(stuck, Verdict::Healthy, at(PAUSE + LIMIT + 1)),
        Change::Closed
    );
}

#[test]
fn answers_to_calls_from_before_a_change_count_no_more() {
    let mut circuit = circuit();
    let early: Vec<Pass> = (0..10)
        .map(|_| circuit.admit(Kind::Read, at(0)).unwrap())
        .collect();
    for pass in &early[..3] {
        circuit.settle(*pass, Verdict::Failed, at(1));
    }
    for (pass, verdict) in [
        (early[3], Verdict::Failed),
        (early[4], Verdict::Healthy),
        (early[5], Verdict::Limited),
    ] {
        assert_eq!(circuit.settle(pass, verdict, at(5)), Change::None);
    }
    let left = circuit.admit(Kind::Read, at(5)).unwrap_err();
    assert_eq!(left, seconds(PAUSE - 4), "the pause was not prolonged");
    call(&mut circuit, Kind::Read, Verdict::Healthy, 1 + PAUSE);
    for pass in &early[6..] {
        let change = circuit.settle(*pass, Verdict::Failed, at(1 + PAUSE));
        assert_eq!(change, Change::None);
    }
    assert!(is_closed(&mut circuit, 1 + PAUSE));
}

#[test]
fn a_circuit_that_is_off_never_opens() {
    let mut circuit = Circuit::new(CircuitBreakerPolicy {
        failures: None,
        ..CircuitBreakerPolicy::default()
    });
    for _ in 0..1000 {
        assert_eq!(
            call(&mut circuit, Kind::Read, Verdict::Failed, 0),
            Change::None
        );
    }
    assert!(is_closed(&mut circuit, 0));
}
