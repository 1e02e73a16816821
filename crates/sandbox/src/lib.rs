#![doc = include_str!("../README.md")]

pub mod catalogue;
pub mod dialect;
pub mod fault;
pub mod http;
pub mod ledger;
pub mod provider;
#[cfg(feature = "cli")]
pub mod serve;
pub mod state;
pub mod switches;
pub mod world;

pub use catalogue::Catalogue;
pub use dialect::{Dialect, Dialects};
pub use fault::{Change, Fault, Lasting, MixUp, Operation, Rule, Spelling, Target, Times};
pub use http::{Server, ServerOptions};
pub use ledger::{Charge, ChargeKind, Refund};
pub use provider::SandboxProvider;
pub use switches::Switches;
pub use world::{World, WorldError};
