//! The adapter against servers on loopback: fixtures, odd answers, broken connections.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod esims;
mod fixtures;
mod http;
mod listing;
mod lookup;
mod odd_answers;
mod purchase;
mod requests;
mod sandbox;
mod support;
mod webhook;
