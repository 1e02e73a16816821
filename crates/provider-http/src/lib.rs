#![doc = include_str!("../README.md")]

pub mod events;
mod failure;
#[cfg(feature = "test-support")]
pub mod in_process;
pub mod json;
pub mod listing;
mod request;
mod secrets;
pub mod settings;
#[cfg(feature = "test-support")]
pub mod test_support;
mod token;
mod transport;

pub use reqwest::Method;
pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

pub use crate::failure::{Failure, Sent, in_place_of_words};
pub use crate::request::{Effect, Request};
pub use crate::secrets::Secrets;
pub use crate::token::{BearerToken, IssuedToken};
pub use crate::transport::{Answer, BuildError, Transport};
