//! The real binary, as a person or a script runs it.

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot set up fails the test"
)]

mod bad_input;
mod bad_luck;
mod deciding;
mod flow;
mod home;
mod hostile;
mod interruption;
mod json;
mod odd_answers;
mod output;
mod printing;
mod reconciling;
mod refused_by_provider;
mod restored;
mod risky;
mod sandbox;
mod two_providers;
mod worker;
