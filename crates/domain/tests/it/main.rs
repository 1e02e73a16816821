//! The order machine, attacked: every edge, every late answer, every step of a clock, and a search
//! over everything two workers and a faulty provider can do to one order.

#![cfg(test)]

mod attention;
mod beginnings;
mod changes;
mod clock_steps;
mod comparing;
mod dedup;
mod differences;
mod edges;
mod evidence;
mod evidenced;
mod expiry;
mod giving_back;
mod golden;
mod guards;
mod late_answers;
#[cfg(feature = "mock")]
mod mocks;
mod provisioning;
mod random;
mod samples;
mod search;
mod stored;
mod support;
mod top_ups;
mod transitions;
mod turned_away;
mod words;
