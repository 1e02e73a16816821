#![doc = include_str!("../README.md")]

mod accounts;
mod backfill;
mod balances;
mod changes;
mod config;
mod connection;
mod error;
mod file;
mod inbox;
mod journal;
mod list;
mod migrate;
mod moment;
mod pressure;
mod profiles;
mod readers;
mod recording;
mod rows;
mod script;
mod writer;

pub use self::config::SqliteJournalConfig;
pub use self::journal::SqliteJournal;
