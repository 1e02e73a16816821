//! A disk that fills, at every point of a purchase: the process may write files up to a limit alone,
//! and the limit grows from run to run.
//!
//! The limit is that of the process (`ulimit -f`), which SQLite meets like any other write that finds
//! no room. The signal that comes with it is ignored, as a program's own limit is no disk's.

#![cfg(unix)]

use std::process::{Child, Command, Stdio};

use super::{BOTH, Scene, ended, pause};
use crate::home::{Finished, Home};
use crate::interruption::signal;

/// The first limit, in blocks of 512 bytes: the index beside the log alone takes 32 KiB.
const FIRST: u32 = 72;
/// A step is less than what one commit writes.
const STEP: u32 = 16;

/// Starts a command line that may write so many blocks to each file.
fn start_limited(home: &Home, blocks: u32, line: &str) -> Child {
    let words: Vec<&str> = line.split_whitespace().collect();
    let plain = home.command(&words);
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut limited = Command::new("/bin/sh");
    limited
        .args(["-c", &script])
        .arg(plain.get_program())
        .args(plain.get_args())
        .env_clear()
        .envs(
            plain
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        )
        .current_dir(plain.get_current_dir().unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    limited.spawn().unwrap()
}

/// Waits for a limited process. One that holds a paid answer it cannot write goes on trying; it is
/// killed, so that the answer is lost.
fn outcome(mut child: Child, paid: impl Fn() -> bool) -> Finished {
    let mut paid_for = 0;
    while child.try_wait().unwrap().is_none() {
        pause();
        paid_for += u32::from(paid());
        if paid_for > 60 {
            signal(&child, "KILL");
            break;
        }
    }
    ended(child)
}

#[test]
fn a_disk_that_fills_at_any_point_of_a_purchase_means_one_charge_at_most() {
    for goods in BOTH {
        let scene = Scene::new(goods);
        let mut refused_intents = 0;
        let mut lost_answers = 0;
        let mut blocks = FIRST;
        loop {
            let home = scene.home_with_a_journal();
            let (charges, calls) = (scene.charges().len(), scene.calls());
            let line = format!("{} --key disk-{blocks} --json", scene.line);
            let child = start_limited(&home, blocks, &line);
            let limited = outcome(child, || scene.charges().len() > charges);
            let what = format!("{goods:?}, {blocks} blocks: {}", limited.stderr);
            if limited.code == Some(0) {
                assert_eq!(scene.charges().len(), charges + 1, "{what}");
                break;
            }
            if scene.calls() > calls {
                assert_eq!(scene.charges().len(), charges + 1, "{what}");
                lost_answers += 1;
            } else {
                assert_eq!(scene.charges().len(), charges, "{what}");
                let said = &limited.stderr;
                assert!(
                    said.contains("reading or writing") || said.contains("is full"),
                    "{what}"
                );
                let recorded = home.json("order list");
                let recorded = recorded["orders"].as_array().unwrap();
                if let Some(order) = recorded.first() {
                    assert_eq!(order["state"], "requested", "{what}");
                    refused_intents += 1;
                }
            }
            // With room again, the same key buys once, or finds what was bought.
            let again = home.json(&line.replace(" --json", ""));
            assert_eq!(again["order"]["state"], "fulfilled", "{what}");
            assert_eq!(
                (scene.charges().len(), scene.calls()),
                (charges + 1, calls + 1),
                "{what}"
            );
            blocks += STEP;
            assert!(blocks < 4_000, "it never goes well");
        }
        assert!(
            refused_intents > 0,
            "{goods:?}: no limit struck between the wish and the call"
        );
        println!("{goods:?}: {refused_intents} intents refused, {lost_answers} answers lost");
    }
}

impl Scene {
    /// Another home at the same provider, with a journal that is there already.
    fn home_with_a_journal(&self) -> Home {
        let home = self.sandbox.home();
        home.json("order list");
        home
    }
}
