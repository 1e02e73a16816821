#![doc = include_str!("../README.md")]

mod accounts;
mod backfill;
mod balances;
mod changes;
mod clock;
mod config;
mod connection;
mod connections;
mod error;
mod inbox;
mod journal;
mod list;
mod migrate;
mod moment;
mod pressure;
mod profiles;
mod rows;
#[cfg(all(unix, any(test, feature = "test-cluster")))]
pub mod test_cluster;

#[doc(hidden)]
pub use self::clock::ClockOffset;
pub use self::config::PostgresJournalConfig;
pub use self::journal::PostgresJournal;
