//! The journal on PostgreSQL: the shared suite, and what only a server can get wrong.

#![cfg(test)]
#![cfg(unix)]

mod crowd;
mod damage;
mod durability;
mod migration;
mod outage;
mod server;
mod suite;
mod support;
#[path = "../../src/test_cluster.rs"]
pub mod test_cluster;
