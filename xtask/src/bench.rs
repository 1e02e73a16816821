//! `cargo xtask bench`: the benchmark programs of `bootstrap`, in release mode.
//!
//! `bench client` prices the typed client, `bench orders` the order machine and its journals; without a
//! name all run. The simulation is built as such a program too, yet has a task of its own.

use anyhow::{Context, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

/// The crate whose `benches` folder holds the programs: the only one that may see every other.
const HOME: &str = "roamport-bootstrap";

/// A program there that measures nothing: `cargo xtask sim` runs it.
const NO_BENCHMARK: &str = "sim";

/// Runs the program called `only`, or all of them; each prints its own table.
pub(crate) fn run(shell: &Shell, only: Option<&str>) -> anyhow::Result<()> {
    let metadata = cmd!(shell, "cargo metadata --format-version 1 --no-deps")
        .quiet()
        .read()?;
    let metadata = serde_json::from_str(&metadata).context("cargo metadata is not JSON")?;
    let programs = programs(&metadata);
    for program in chosen(&programs, only)? {
        println!("\n==== {program} ====");
        cmd!(shell, "cargo bench --package {HOME} --bench {program}").run()?;
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
                "no benchmark is called `{only}`; there are: {}",
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
        .filter(|name| *name != NO_BENCHMARK)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
            "no benchmark is called `speed`; there are: catalogue, layers"
        );
        assert!(chosen(&[], None).is_err());
    }
}
