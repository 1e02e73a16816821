//! The transport against servers of all kinds, on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod answers;
mod cursor;
mod purchase;
mod requests;
mod support;
#[path = "../../src/test_support.rs"]
pub mod test_support;
mod token;
mod window;
