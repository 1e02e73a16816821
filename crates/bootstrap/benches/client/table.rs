//! The printed table: figure, bar, verdict, machine.

use std::io::Write as _;
use std::time::Duration;

use crate::Outcome;

/// Rows of figures, each with the bar it is held against.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    /// A figure against its bar, both in words.
    pub(crate) fn row(&mut self, what: &str, measured: String, bar: String, met: bool) {
        let verdict = if met { "met" } else { "MISSED" };
        self.rows
            .push([what.to_owned(), measured, bar, verdict.to_owned()]);
    }

    /// A ratio in thousandths against a bar in thousandths.
    pub(crate) fn ratio(&mut self, what: &str, detail: &str, measured: u128, bar: u128) {
        let text = |thousandths: u128| format!("{}.{:03}×", thousandths / 1000, thousandths % 1000);
        self.row(
            what,
            format!("{} ({detail})", text(measured)),
            format!("at most {}", text(bar)),
            measured <= bar,
        );
    }

    /// A size in `unit` against a bar in the same unit.
    pub(crate) fn size(&mut self, what: &str, measured: u64, bar: u64, unit: &str) {
        self.row(
            what,
            format!("{measured} {unit}"),
            format!("at most {bar} {unit}"),
            measured <= bar,
        );
    }

    pub(crate) fn print(&self) -> Outcome<()> {
        let mut widths = [0; 4];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", machine())?;
        for row in &self.rows {
            for (cell, width) in row.iter().zip(widths) {
                write!(out, "{cell:<width$}  ")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// One line about where this was measured.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let model = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
    let model = model.unwrap_or_else(|| "unknown processor".to_owned());
    format!("{cores} cores, {model}, {}", std::env::consts::OS)
}

/// The median of some durations.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// How many thousandths of `floor` `measured` is.
pub(crate) fn thousandths(measured: Duration, floor: Duration) -> u128 {
    measured.as_nanos() * 1000 / floor.as_nanos().max(1)
}
