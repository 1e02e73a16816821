//! The journal on SQLite: the shared suite, and what only a file can get wrong.

#![cfg(test)]

mod damage;
mod durability;
mod file;
mod interleaved;
mod migration;
mod read_only;
mod suite;
mod support;
