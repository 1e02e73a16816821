//! What every journal promises, on SQLite.

roamport_conformance::journal_suite!(crate::support::Bench::new().await, not_applicable = []);
