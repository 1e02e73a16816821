//! The use-cases as a seller meets them: on paused time, with the sandbox's ledger as the judge and
//! mocks where «never called» or «exactly once» is the promise.
#![expect(
    clippy::unwrap_used,
    reason = "this whole crate is tests; clippy sees only the functions marked so"
)]

mod absence;
mod answer_table;
mod answers;
mod attaching;
mod back_pressure;
mod before_sending;
mod browse;
mod buying;
mod cancelling;
mod candidates;
mod clocks;
mod deciding;
mod delivered_before;
mod delivering;
mod esims;
mod held;
mod interruption;
mod journal_trouble;
mod keys;
mod list_reach;
mod looking_first;
mod other_account;
mod probing;
mod provider_events;
mod provisioning;
mod reconciling;
mod refused;
mod round_trips;
mod sending;
mod start_date;
mod support;
mod take_over;
mod the_list;
mod top_up;
mod unknown_outcome;
mod usage;
mod usages;
mod wait_reasons;
mod wallet;
mod working;
mod working_together;
