//! The sandbox as its users meet it: over HTTP, in process, and in a file.
#![expect(
    clippy::unwrap_used,
    reason = "this whole crate is tests; clippy sees only the functions marked so"
)]

mod accounts;
mod catalogue;
mod control;
mod errors;
mod esim_access;
mod events;
mod faults;
mod flow;
mod front_page;
mod harness;
mod lies;
mod lifecycle;
mod paging;
mod program;
mod provider;
mod second_provider;
mod shape;
mod shapes;
mod state;
