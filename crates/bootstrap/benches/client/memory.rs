//! Memory of a client that streams, in a process of its own.

use std::time::Duration;

use crate::Outcome;
use crate::child::{Sandbox, streamed};
use crate::table::Table;

const FEW: u64 = 28_000;
const MANY: u64 = 280_000;

pub(crate) fn measure(table: &mut Table) -> Outcome<()> {
    let few = peak(FEW)?;
    let many = peak(MANY)?;
    table.size("peak memory, 280,000 packages", many / 1024, 40, "MiB");
    let above = many.saturating_sub(few) * 1024 / (MANY - FEW);
    table.size("memory above 28,000, for each package", above, 64, "bytes");
    Ok(())
}

/// The peak of resident memory in KiB while streaming so many packages.
fn peak(packages: u64) -> Outcome<u64> {
    let sandbox = Sandbox::start(usize::try_from(packages)?, Duration::ZERO)?;
    let (count, peak) = streamed(&sandbox.base_url)?;
    if count == packages {
        Ok(peak)
    } else {
        Err(format!("{count} packages were streamed of {packages}").into())
    }
}
