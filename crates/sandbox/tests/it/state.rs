//! A world in a file: several handles, restarts, torn lines, and files that are something else.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use jiff::SignedDuration;
use roamport_sandbox::state::StateError;
use roamport_sandbox::switches::{Switches, Tolerance};
use roamport_sandbox::world::{ApplyTarget, EsimState, Purchase, WorldBuilder};
use roamport_sandbox::{Fault, Operation, Rule, World, WorldError};
use rust_decimal::Decimal;
use tempfile::TempDir;

use crate::harness::*;

fn folder() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world").join("sandbox.jsonl");
    (folder, path)
}

fn kept(path: &Path) -> WorldBuilder {
    small().state(path)
}

fn open(path: &Path) -> World {
    kept(path).build().unwrap()
}

fn buy(world: &World, reference: &str) {
    world
        .purchase(&Purchase::order(PORTUGAL_1GB, 1, reference))
        .unwrap();
}

fn append(path: &Path, text: &str) {
    OpenOptions::new()
        .append(true)
        .open(path)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
}

#[test]
fn two_handles_on_one_file_see_one_world() {
    let (_folder, path) = folder();
    let (one, other) = (open(&path), open(&path));
    for round in 0..5 {
        buy(&one, &format!("one-{round}"));
        buy(&other, &format!("other-{round}"));
    }
    assert_eq!(one.ledger().unwrap(), other.ledger().unwrap());
    assert_eq!(one.orders().unwrap(), other.orders().unwrap());
    let ledger = one.ledger().unwrap();
    assert_eq!(
        ledger.iter().map(|charge| charge.seq).collect::<Vec<_>>(),
        (1..=10).collect::<Vec<_>>()
    );
    let spent: Decimal = ledger.iter().map(|charge| charge.amount).sum();
    assert_eq!(other.balance().unwrap(), Decimal::from(1_000) - spent);
    let second = other.purchase(&Purchase::order(PORTUGAL_1GB, 1, "one-0"));
    assert!(
        second.is_err(),
        "a reference the other handle used is taken"
    );

    one.advance(SignedDuration::from_hours(1)).unwrap();
    assert_eq!(other.now().unwrap(), one.now().unwrap());
    one.add_fault(Rule::new(Operation::Order, Fault::BrokenJson))
        .unwrap();
    assert_eq!(other.faults().unwrap().len(), 1);
    let esim = other.esims().unwrap()[3].id.clone();
    other.apply(&ApplyTarget::Esim(esim.clone()), None).unwrap();
    one.install(&esim).unwrap();
    let esim = other.find_esim(&esim).unwrap().unwrap();
    assert_eq!(esim.state(other.now().unwrap()), EsimState::Installed);
    one.reset().unwrap();
    assert!(other.ledger().unwrap().is_empty());
}

#[test]
fn handles_in_many_threads_lose_and_repeat_nothing() {
    const THREADS: usize = 4;
    const ORDERS: usize = 15;
    let (_folder, path) = folder();
    open(&path);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let path = &path;
            scope.spawn(move || {
                let world = open(path);
                for number in 0..ORDERS {
                    buy(&world, &format!("{thread}-{number}"));
                }
            });
        }
    });
    let world = open(&path);
    let ledger = world.ledger().unwrap();
    assert_eq!(ledger.len(), THREADS * ORDERS);
    let ids: std::collections::BTreeSet<_> = ledger.iter().map(|charge| &charge.order_id).collect();
    assert_eq!(ids.len(), THREADS * ORDERS);
    let spent: Decimal = ledger.iter().map(|charge| charge.amount).sum();
    assert_eq!(world.balance().unwrap(), Decimal::from(1_000) - spent);
}

#[test]
fn a_restart_keeps_wallet_orders_esims_and_faults() {
    let (_folder, path) = folder();
    let world = open(&path);
    buy(&world, "before");
    world
        .add_fault(Rule::new(Operation::Apply, Fault::DropAfterEffect))
        .unwrap();
    world.advance(SignedDuration::from_hours(5)).unwrap();
    let (ledger, orders, esims, balance) = (
        world.ledger().unwrap(),
        world.orders().unwrap(),
        world.esims().unwrap(),
        world.balance().unwrap(),
    );
    drop(world);
    let world = kept(&path).balance("7").build().unwrap();
    assert_eq!(world.ledger().unwrap(), ledger);
    assert_eq!(world.orders().unwrap(), orders);
    assert_eq!(world.esims().unwrap(), esims);
    assert_eq!(
        world.balance().unwrap(),
        balance,
        "the wallet of the file, not of the arguments"
    );
    assert_eq!(world.faults().unwrap().len(), 1);
    assert_eq!(world.now().unwrap(), noon() + SignedDuration::from_hours(5));
    world.reset().unwrap();
    assert_eq!(world.balance().unwrap(), Decimal::from(1_000));
}

#[test]
fn a_world_begins_and_begins_again_as_its_file_says() {
    let (_folder, path) = folder();
    let careless = careless().state(&path).build().unwrap();
    let other = World::builder().packages(60).state(&path).build().unwrap();
    assert_eq!(other.now().unwrap(), noon());
    assert_eq!(other.switches().unwrap(), careless.switches().unwrap());
    other.set_switches(Switches::default()).unwrap();
    other.advance(SignedDuration::from_hours(1)).unwrap();
    other.reset().unwrap();
    for world in [other, careless] {
        let switches = world.switches().unwrap();
        assert_eq!(switches.duplicate_reference, Tolerance::Accepted);
        assert_eq!(world.now().unwrap(), noon());
    }
}

#[test]
fn a_line_that_was_never_finished_is_cut_off() {
    let (_folder, path) = folder();
    let world = open(&path);
    buy(&world, "whole");
    let whole = std::fs::read(&path).unwrap();
    assert!(whole.ends_with(b"\n#"));
    let last = whole[..whole.len() - 2]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap()
        + 1;
    for length in [1, 20, whole.len() - last - 2] {
        let torn = String::from_utf8(whole[last..last + length].to_vec()).unwrap();
        append(&path, &torn);
        let fresh = open(&path);
        assert_eq!(fresh.ledger().unwrap().len(), 1);
        assert_eq!(std::fs::read(&path).unwrap(), whole[..whole.len() - 1]);
        append(&path, &torn);
        assert_eq!(
            world.ledger().unwrap().len(),
            1,
            "a handle that was open cuts it off, too"
        );
    }
    buy(&world, "after");
    assert_eq!(open(&path).ledger().unwrap().len(), 2);
}

#[test]
fn a_file_cut_at_any_place_forgets_no_charge_in_silence() {
    let (_folder, path) = folder();
    let world = open(&path);
    for reference in ["one", "two", "three"] {
        buy(&world, reference);
    }
    drop(world);
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(
        (open(&path).cut(), open(&path).ledger().unwrap().len()),
        (None, 3)
    );
    let mut forgotten = std::collections::BTreeSet::new();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let world = open(&path);
        let said = world.cut().map(str::to_owned);
        assert!(
            said.is_some_and(|said| said.contains(path.to_str().unwrap())),
            "{length} of {} bytes",
            whole.len()
        );
        let charges = world.ledger().unwrap();
        let references: Vec<_> = charges
            .iter()
            .map(|charge| charge.reference.clone().unwrap())
            .collect();
        assert_eq!(
            references,
            ["one", "two", "three"][..charges.len()],
            "{length}"
        );
        forgotten.insert(3 - charges.len());
        // What is whole goes on, and the next to open it finds it whole. Seldom, for the disk's sake.
        if length % 97 == 0 {
            buy(&world, "after");
            let again = open(&path);
            assert_eq!(again.cut(), None);
            assert_eq!(again.ledger().unwrap().len(), charges.len() + 1);
        }
    }
    assert_eq!(forgotten.len(), 4, "every number of charges was cut off");
}

#[test]
fn a_file_of_an_earlier_release_is_read_whole_and_said_to_have_no_mark() {
    let (_folder, path) = folder();
    buy(&open(&path), "old");
    let file = std::fs::read(&path).unwrap();
    std::fs::write(&path, file.strip_suffix(b"#").unwrap()).unwrap();
    let world = open(&path);
    assert_eq!(world.ledger().unwrap().len(), 1);
    assert!(world.cut().unwrap().contains("an earlier release wrote it"));
}

#[cfg(unix)]
#[test]
fn a_new_file_can_be_read_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = folder();
    open(&path);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_deleted_or_replaced_stops_an_open_world_until_it_is_back() {
    let (_folder, path) = folder();
    let world = open(&path);
    buy(&world, "one");
    let aside = path.with_extension("aside");
    let kept_bytes = std::fs::read(&path).unwrap();
    std::fs::rename(&path, &aside).unwrap();
    let bought = || world.purchase(&Purchase::order(PORTUGAL_1GB, 1, "two"));
    for replaced in [false, true] {
        if replaced {
            std::fs::copy(&aside, &path).unwrap();
        }
        let error = bought().unwrap_err();
        assert!(
            matches!(&error, WorldError::State(StateError::Gone { path: named }) if *named == path),
            "{error:?}"
        );
        assert!(world.balance().is_err());
        assert_eq!(std::fs::read(&aside).unwrap(), kept_bytes);
    }
    std::fs::rename(&aside, &path).unwrap();
    bought().unwrap();
    assert_eq!(open(&path).ledger().unwrap().len(), 2);
}

#[cfg(unix)]
#[test]
fn a_server_whose_file_is_deleted_says_so_instead_of_answering() {
    let (_folder, path) = folder();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let sandbox = Sandbox::of(kept(&path)).await;
        std::fs::remove_file(&path).unwrap();
        let answer = sandbox
            .post("/api/esim/order", order(PORTUGAL_1GB, 1, "lost"))
            .await;
        assert_eq!(answer.status, 500);
        assert!(answer.message().contains("was deleted or replaced"));
        assert!(!path.exists());
    });
}

#[test]
fn a_header_that_was_never_finished_begins_a_new_world() {
    let (_folder, path) = folder();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, r#"{"roamport_sandbox":1,"se"#).unwrap();
    let world = open(&path);
    buy(&world, "first");
    assert_eq!(open(&path).ledger().unwrap().len(), 1);
}

#[test]
fn a_file_of_another_catalogue_is_refused_by_name() {
    let (_folder, path) = folder();
    open(&path);
    for builder in [kept(&path).seed(2), kept(&path).packages(61)] {
        let error = builder.build().unwrap_err();
        assert!(
            matches!(error, WorldError::State(StateError::OtherWorld { .. })),
            "{error:?}"
        );
        assert!(
            error.to_string().contains("seed 1 and 60 packages"),
            "{error}"
        );
    }
}

#[test]
fn a_file_that_is_something_else_is_refused_and_left_alone() {
    let (_folder, path) = folder();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    for (text, line) in [
        ("a shopping list\nmilk\n", 1),
        (
            "{\"roamport_sandbox\":99,\"seed\":1,\"packages\":60,\"balance\":\"1\",\"salt\":\"x\"}\n",
            1,
        ),
        (
            "{\"roamport_sandbox\":1,\"seed\":1,\"packages\":60,\"balance\":\"1\",\"salt\":\"x\"}\nnonsense\n",
            2,
        ),
        (
            "{\"roamport_sandbox\":1,\"seed\":1,\"packages\":60,\"balance\":\"1\",\"salt\":\"x\"}\n[{\"later\":1}]\n",
            2,
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        match kept(&path).build().unwrap_err() {
            WorldError::State(StateError::Unreadable { line: found, .. }) => {
                assert_eq!(found, line, "{text}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn a_damaged_line_stops_an_open_world_until_it_is_gone() {
    let (_folder, path) = folder();
    let world = open(&path);
    buy(&world, "one");
    let good = std::fs::read(&path).unwrap();
    append(&path, "nonsense\n");
    assert!(world.ledger().is_err());
    assert!(
        world
            .purchase(&Purchase::order(PORTUGAL_1GB, 1, "two"))
            .is_err()
    );
    std::fs::write(&path, good).unwrap();
    assert_eq!(world.ledger().unwrap().len(), 1);
    buy(&world, "two");
    assert_eq!(open(&path).ledger().unwrap().len(), 2);
}

#[test]
fn two_files_give_out_different_ids_and_memory_the_same() {
    let (_one, path) = folder();
    let (_other, another) = folder();
    let first = |world: World| {
        buy(&world, "x");
        world.orders().unwrap()[0].id.clone()
    };
    assert_ne!(first(open(&path)), first(open(&another)));
    assert_eq!(
        first(small().build().unwrap()),
        first(small().build().unwrap())
    );
    let world = small().build().unwrap();
    buy(&world, "x");
    let before = world.orders().unwrap()[0].id.clone();
    world.reset().unwrap();
    assert_ne!(first(world), before, "a reset does not give out ids again");
}

#[test]
fn a_scheduled_charge_survives_a_restart_and_happens_once() {
    let (_folder, path) = folder();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let sandbox = Sandbox::of(kept(&path)).await;
        sandbox
            .world
            .add_fault(Rule::new(Operation::Order, Fault::LateEffect { ms: 1_000 }))
            .unwrap();
        assert!(
            sandbox
                .try_post("/api/esim/order", order(PORTUGAL_1GB, 1, "late"))
                .await
                .is_err()
        );
    });
    let (one, other) = (open(&path), open(&path));
    assert!(one.ledger().unwrap().is_empty());
    one.advance(SignedDuration::from_secs(1)).unwrap();
    assert_eq!(
        (other.ledger().unwrap().len(), one.ledger().unwrap().len()),
        (1, 1)
    );
}
