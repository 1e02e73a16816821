//! `cargo xtask fuzz`: every decoder of bytes from outside, for as long as one likes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::soak::now;

/// The crate that holds the targets.
const HOME: &str = "crates/fuzz";

/// The targets, each in a file of its own.
const TARGETS: [&str; 9] = [
    "roamify",
    "esim-access",
    "roamify-events",
    "esim-access-events",
    "activation",
    "iccid",
    "amount",
    "retry-after",
    "settings",
];

/// How long a target may take beyond its time, to make a failing input smaller, before it counts as hanging.
const GRACE: Duration = Duration::from_mins(1);

/// Lines of a failing target's report that are shown.
const REPORT: usize = 40;

/// What is to be fuzzed.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Seconds for each target.
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// This target alone.
    #[arg(long, value_name = "NAME", value_parser = TARGETS)]
    target: Option<String>,
    /// The profile to build in: `fuzz` is optimized, `test` is what the tests are built in already.
    #[arg(long, value_name = "NAME", default_value = "fuzz", value_parser = ["fuzz", "test"])]
    profile: String,
    /// Try the one input of this seed, which the report of a failure names as `BOLERO_RANDOM_SEED`.
    #[arg(long, value_name = "S", requires = "target")]
    seed: Option<u128>,
}

impl Options {
    fn targets(&self) -> impl Iterator<Item = &'static str> {
        let wanted = self.target.clone();
        let fits = move |name: &&str| wanted.as_ref().is_none_or(|wanted| wanted == name);
        TARGETS.into_iter().filter(fits)
    }

    /// How the engine is told, through its own variables.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let milliseconds = self.seconds.saturating_mul(1_000).to_string();
        let inputs = if self.seed.is_some() { 0 } else { usize::MAX };
        let mut variables = vec![
            ("BOLERO_RANDOM_TEST_TIME_MS", milliseconds),
            ("BOLERO_RANDOM_ITERATIONS", inputs.to_string()),
        ];
        variables.extend(
            self.seed
                .map(|seed| ("BOLERO_RANDOM_SEED", seed.to_string())),
        );
        variables
    }
}

/// How a target ended.
struct Ran {
    target: &'static str,
    inputs: u64,
    took: Duration,
    /// `None` where it was stopped because it hung.
    status: Option<ExitStatus>,
}

impl Ran {
    fn is_good(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    fn row(&self) -> String {
        let result = match self.status {
            None => "HANGS",
            Some(status) if status.success() => "good",
            Some(_) => "FAILED",
        };
        let milliseconds = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        let each_second = self.inputs.saturating_mul(1_000) / milliseconds.max(1);
        let (target, inputs) = (self.target, self.inputs);
        format!("{target:<22}{inputs:>12}{each_second:>12}  {result}")
    }
}

/// Builds the targets, runs them one after the other and prints a table; fails where one failed.
pub(crate) fn run(shell: &Shell, root: &Path, options: &Options) -> anyhow::Result<()> {
    let program = build(shell, &options.profile)?;
    let home = root.join(HOME);
    let mut all = Vec::new();
    for target in options.targets() {
        println!("{target}: {} s", options.seconds);
        all.push(run_target(&program, &home, target, options)?);
    }
    println!(
        "\n{:<22}{:>12}{:>12}  result",
        "target", "inputs", "inputs/s"
    );
    for ran in &all {
        println!("{}", ran.row());
    }
    let failed: Vec<&Ran> = all.iter().filter(|ran| !ran.is_good()).collect();
    for ran in &failed {
        println!("\n{}", advice(ran));
    }
    match failed.len() {
        0 => Ok(()),
        1 => bail!("1 target failed"),
        number => bail!("{number} targets failed"),
    }
}

/// The program of the targets. Both profiles have debug assertions and overflow checks.
fn build(shell: &Shell, profile: &str) -> anyhow::Result<PathBuf> {
    let messages = cmd!(
        shell,
        "cargo test --package roamport-fuzz --test it --profile {profile} --no-run --message-format json-render-diagnostics"
    )
    .read()?;
    find_program(&messages).context("cargo names no program of the targets")
}

/// The program in the messages of cargo, one JSON object a line.
fn find_program(messages: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_ours = message["target"]["name"] == "it";
        let program = message["executable"].as_str().filter(|_| is_ours)?;
        Some(PathBuf::from(program))
    })
}

fn run_target(
    program: &Path,
    home: &Path,
    target: &'static str,
    options: &Options,
) -> anyhow::Result<Ran> {
    const TELL_EVERY: Duration = Duration::from_secs(10);
    let folder = tempfile::tempdir().context("failed to make a temporary directory")?;
    let report = folder.path().join("report");
    let mut child = Command::new(program)
        .args([&module(target), "--nocapture"])
        .envs(options.variables())
        .current_dir(home)
        .stdout(Stdio::null())
        .stderr(File::create(&report).context("failed to make the report of a target")?)
        .spawn()
        .with_context(|| format!("failed to start {}", program.display()))?;
    let (begin, mut tell_at) = (now(), TELL_EVERY);
    let longest = Duration::from_secs(options.seconds).saturating_add(GRACE);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        let elapsed = begin.elapsed();
        if elapsed > longest {
            child.kill()?;
            child.wait()?;
            break None;
        }
        if elapsed >= tell_at {
            tell_at += TELL_EVERY;
            println!("{:>5} s of {}", elapsed.as_secs(), options.seconds);
        }
        thread::sleep(Duration::from_millis(50));
    };
    let report = std::fs::read(&report).unwrap_or_default();
    let report = String::from_utf8_lossy(&report);
    let ran = Ran {
        target,
        inputs: inputs(&report),
        took: time_since(begin),
        status,
    };
    if !ran.is_good() {
        println!("{}", excerpt(&report));
    }
    Ok(ran)
}

fn time_since(begin: Instant) -> Duration {
    begin.elapsed()
}

/// The first words of the tests in a target's file.
fn module(target: &str) -> String {
    format!("{}::", target.replace('-', "_"))
}

/// How many inputs the engine counted: `… | corpus inputs: 1 | rng inputs: 7000 | …`.
fn inputs(report: &str) -> u64 {
    let counts = report.split('|').filter_map(|part| {
        let (what, count) = part.trim().split_once(" inputs: ")?;
        let counted = matches!(what, "corpus" | "rng").then_some(count)?;
        counted.split_whitespace().next()?.parse::<u64>().ok()
    });
    counts.sum()
}

/// The beginning of a report, where the broken promise stands.
fn excerpt(report: &str) -> String {
    let short = |line: &str| line.chars().take(400).collect::<String>();
    let lines: Vec<String> = report.lines().take(REPORT).map(short).collect();
    lines.join("\n")
}

fn advice(ran: &Ran) -> String {
    let target = ran.target;
    if ran.status.is_none() {
        return format!(
            "{target} did not end in its time: an input is decoded for more than {} s",
            GRACE.as_secs()
        );
    }
    format!(
        "{target}: the input is stored in {HOME}/tests/it/__fuzz__/{target}/crashes/failing. Every run of this \
         target begins with it:\n    cargo xtask fuzz --target {target} --seconds 1\nOnce it is mended, write a \
         test of its own for it and delete the file."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::parse;

    fn options(line: &str) -> Options {
        parse(line).unwrap()
    }

    #[test]
    fn without_arguments_every_target_has_sixty_seconds() {
        let options = options("");
        assert_eq!(options.targets().collect::<Vec<_>>(), TARGETS);
        let expected = [
            ("BOLERO_RANDOM_TEST_TIME_MS", "60000".to_owned()),
            ("BOLERO_RANDOM_ITERATIONS", usize::MAX.to_string()),
        ];
        assert_eq!(options.variables(), expected);
    }

    #[test]
    fn one_input_of_one_target_can_be_tried_again() {
        let options = options("--target esim-access --seed 18941062287044942462312765863378128962");
        assert_eq!(options.targets().collect::<Vec<_>>(), ["esim-access"]);
        let variables = options.variables();
        assert!(variables.contains(&("BOLERO_RANDOM_ITERATIONS", "0".to_owned())));
        let seed = "18941062287044942462312765863378128962".to_owned();
        assert!(variables.contains(&("BOLERO_RANDOM_SEED", seed)));
    }

    #[test]
    fn a_target_that_does_not_exist_is_refused() {
        for line in ["--target nothing", "--seed 1"] {
            assert!(parse::<Options>(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_list_holds_every_target_of_the_crate() {
        let main = crate::repository_root().join(HOME).join("tests/it/main.rs");
        let folder = main.parent().unwrap();
        let mut with_target: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .filter_map(|path| {
                let text = std::fs::read_to_string(path).unwrap();
                let (_, rest) = text.split_once("roamport_fuzz::target!(\"")?;
                Some(rest.split('"').next()?.to_owned())
            })
            .collect();
        with_target.sort();
        let mut listed = TARGETS.map(str::to_owned);
        listed.sort();
        assert_eq!(with_target, listed);
        for target in TARGETS {
            let file = folder.join(target.replace('-', "_")).with_extension("rs");
            assert!(file.is_file(), "{}", file.display());
        }
    }

    #[test]
    fn inputs_are_counted_by_the_engine() {
        let report = "running 1 test\ntest roamify ...\trun time: 60.0s | iterations/s: 120 | corpus inputs: 2 | \
                      rng inputs: 7198 | exit reason: max duration exceeded (60s)\n";
        assert_eq!(inputs(report), 7_200);
        assert_eq!(inputs("error: no such test"), 0);
    }

    #[test]
    fn the_program_is_the_one_of_the_targets() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"it"},"executable":"target/fuzz/deps/it-1"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(
            find_program(messages),
            Some(PathBuf::from("target/fuzz/deps/it-1"))
        );
        assert_eq!(find_program("warning: no JSON"), None);
    }
}
