//! The real binary, as a person or a script runs it.

mod bad_input;
mod flow;
mod home;
mod interruption;
mod json;
mod output;
mod odd_answers;
mod sandbox;
