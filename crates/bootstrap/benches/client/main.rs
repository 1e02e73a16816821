//! The client's figures: whole catalogue, decoding, memory, cost of a call. Run by
//! `cargo xtask bench`; each figure is a ratio measured in this one run, beside its floor.

mod call;
mod catalogue;
mod child;
mod decode;
mod memory;
mod provider;
mod table;

use std::error::Error;

use crate::table::Table;

/// What a bench gives or fails with.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if let Some(done) = child::run(&runtime, &arguments) {
        return done;
    }
    let mut table = Table::default();
    runtime.block_on(async {
        catalogue::measure(&mut table).await?;
        decode::measure(&mut table).await?;
        memory::measure(&mut table)?;
        call::measure(&mut table).await
    })?;
    table.print()
}
