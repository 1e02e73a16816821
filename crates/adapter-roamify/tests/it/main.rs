//! The adapter against servers on loopback: fixtures, odd answers, broken connections.

mod fixtures;
mod listing;
mod lookup;
mod odd_answers;
mod purchase;
mod requests;
mod secrets;
mod support;
