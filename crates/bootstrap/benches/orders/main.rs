//! The order machine's figures: orders a second over each journal, what a large journal costs, what a
//! durable append costs, how soon a killed process is replaced. Run by `cargo xtask bench orders`;
//! each figure is a ratio measured in this one run, or a time against a setting of it.

mod child;
mod in_flight;
mod large;
#[expect(dead_code, reason = "the client's benchmark uses the rest of it")]
#[path = "../client/provider.rs"]
mod provider;
#[expect(dead_code, reason = "the client's benchmark uses the rest of it")]
#[path = "../client/table.rs"]
mod table;
mod take_over;
mod timed;

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
        in_flight::measure(&mut table).await?;
        large::measure(&mut table).await?;
        take_over::measure(&mut table).await
    })?;
    table.print()
}
