#![doc = include_str!("../README.md")]

pub mod corpus;
pub mod cursor;
pub mod edit;
pub mod json;
pub mod target;

pub use bolero;

pub use crate::cursor::Cursor;
