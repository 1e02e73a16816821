#![doc = include_str!("../README.md")]

// Each of these lines goes as soon as the compiler calls its expectation unfulfilled: the module is in use.
#[expect(dead_code, reason = "no call of the port sends anything yet")]
mod client;
mod config;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "no call of the port reads an answer yet")
)]
mod convert;
mod error;
mod provider;
mod webhook;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "no call of the port reads an answer yet")
)]
mod wire;

pub use crate::config::@Type@Config;
pub use crate::provider::@Type@;
pub use crate::webhook::@Type@Events;
