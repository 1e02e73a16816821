//! The adapter against the promises of the port.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod suite;
mod webhook;
