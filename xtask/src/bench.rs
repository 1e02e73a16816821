//! `cargo xtask bench`: the benchmark programs of `bootstrap`, in release mode, and cold builds.
//!
//! `bench client` prices the typed client, `bench orders` the order machine and its journals; without a
//! name both run. `bench build` prices compiling our crates, which takes minutes, so it runs by name only.
//! The simulation and the lying provider are built as such programs too, yet each has a task of its own.

mod build;

use std::num::NonZeroU8;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde_json::Value;
use xshell::{Shell, cmd};

/// The crate whose `benches` folder holds the programs: the only one that may see every other.
const HOME: &str = "roamport-bootstrap";

/// Programs there that measure nothing: `cargo xtask sim` and `cargo xtask lies` run them.
const NO_BENCHMARKS: [&str; 2] = ["lies", "sim"];

/// The one benchmark that is no program: it times cargo.
const BUILD: &str = "build";

/// How often `build` builds each package, unless told otherwise.
const ROUNDS: NonZeroU8 = NonZeroU8::new(3).expect("three is not zero");

/// What is to be measured.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The one to run: a program, or `build`; without it, all programs.
    name: Option<String>,
    /// Cold builds of each package, for `build` alone; 3 by default, some minutes each.
    #[arg(long)]
    rounds: Option<NonZeroU8>,
}

/// Runs what was asked for; each prints its own table.
pub(crate) fn run(shell: &Shell, root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { name, rounds } = arguments;
    let only = name.as_deref();
    if only == Some(BUILD) {
        return build::run(root, rounds.unwrap_or(ROUNDS));
    }
    ensure!(
        rounds.is_none(),
        "only `bench {BUILD}` is run in rounds; the programs choose their own repetitions"
    );
    let metadata = cmd!(shell, "cargo metadata --format-version 1 --no-deps")
        .quiet()
        .read()?;
    let metadata = serde_json::from_str(&metadata).context("cargo metadata is not JSON")?;
    let programs = programs(&metadata);
    for program in chosen(&programs, only)? {
        println!("\n==== {program} ====");
        cmd!(shell, "cargo bench --package {HOME} --bench {program}").run()?;
    }
    if only.is_none() {
        println!(
            "\nnot run: cold builds, which take minutes on an idle machine: `cargo xtask bench {BUILD}`"
        );
    }
    Ok(())
}

fn chosen<'a>(programs: &'a [String], only: Option<&str>) -> anyhow::Result<Vec<&'a String>> {
    let chosen: Vec<_> = programs
        .iter()
        .filter(|program| only.is_none_or(|only| only == *program))
        .collect();
    match only {
        Some(only) if chosen.is_empty() => {
            bail!(
                "no benchmark is called `{only}`; there are: {}, {BUILD}",
                programs.join(", ")
            )
        }
        None if chosen.is_empty() => bail!("{HOME} has no benchmark programs"),
        _ => Ok(chosen),
    }
}

fn programs(metadata: &Value) -> Vec<String> {
    let named = |value: &Value, name: &str| value["name"] == name;
    let is_bench = |target: &Value| {
        target["kind"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|kind| kind == "bench"))
    };
    metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|package| named(package, HOME))
        .flat_map(|package| package["targets"].as_array().into_iter().flatten())
        .filter(|target| is_bench(target))
        .filter_map(|target| target["name"].as_str())
        .filter(|name| !NO_BENCHMARKS.contains(name))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tests::parse;

    fn two_programs() -> Vec<String> {
        vec!["catalogue".to_owned(), "layers".to_owned()]
    }

    #[test]
    fn programs_are_the_bench_targets_of_bootstrap_but_for_the_simulation() {
        let metadata = json!({"packages": [
            {"name": "roamport-app", "targets": [{"kind": ["bench"], "name": "elsewhere"}]},
            {"name": "roamport-bootstrap", "targets": [
                {"kind": ["lib"], "name": "roamport_bootstrap"},
                {"kind": ["bench"], "name": "catalogue"},
                {"kind": ["bench"], "name": "layers"},
                {"kind": ["bench"], "name": "sim"},
            ]},
        ]});
        assert_eq!(programs(&metadata), two_programs());
    }

    #[test]
    fn without_a_name_every_program_runs() {
        assert_eq!(chosen(&two_programs(), None).unwrap().len(), 2);
        assert_eq!(chosen(&two_programs(), Some("layers")).unwrap(), ["layers"]);
    }

    #[test]
    fn an_unknown_program_is_refused_with_the_known_ones() {
        let error = chosen(&two_programs(), Some("speed")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no benchmark is called `speed`; there are: catalogue, layers, build"
        );
        assert!(chosen(&[], None).is_err());
    }

    #[test]
    fn rounds_are_for_cold_builds_alone() {
        let arguments = parse("layers --rounds 5").unwrap();
        let shell = Shell::new().unwrap();
        let error = run(&shell, Path::new("."), &arguments).unwrap_err();
        assert!(
            error.to_string().starts_with("only `bench build`"),
            "{error}"
        );
        assert!(parse::<Arguments>("build --rounds 0").is_err());
    }
}
