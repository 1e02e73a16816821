#![doc = include_str!("../README.md")]

pub mod decoder;
mod harness;
pub mod http;
pub mod journal;
pub mod provider;
pub mod suite;
mod verdict;

pub use self::harness::{ProviderHarness, Trouble};
pub use self::verdict::{Skipped, Verdict};
