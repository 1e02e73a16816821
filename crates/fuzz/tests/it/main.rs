//! The fuzz targets, one a file. Each test is named after what no input may break.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests fails them, as an unwrap in the test itself would"
)]

mod activation;
mod amount;
mod esim_access;
mod esim_access_events;
mod events;
mod iccid;
mod port;
mod promises;
mod retry_after;
mod roamify;
mod roamify_events;
mod settings;
mod stage;
