//! The integration tests of the composition root.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests fails them, as an unwrap in the test itself would"
)]

mod bad_luck;
mod bad_settings;
mod composition;
mod conformance;
mod crash_points;
mod decoders;
mod events;
mod in_process;
mod lies;
mod old_journals;
mod postgres;
mod precedence;
mod providers;
mod secrets;
mod simulation;
mod support;
mod under_load;

/// The simulation, which the lying provider shares.
use simulation::library as simulated;
