#![doc = include_str!("../README.md")]

pub mod duplicates;
pub mod error;
pub mod esim;
pub mod history;
pub mod kind;
pub mod money;
pub mod order;
pub mod outcome;
pub mod package;
pub mod provider;
pub mod reconciliation;
pub mod review;
pub mod usage;
pub mod words;
