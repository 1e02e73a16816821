#![doc = include_str!("../README.md")]

mod client;
mod config;
mod convert;
mod error;
mod listing;
mod provider;
mod webhook;
mod wire;

pub use roamport_provider_http::settings::SettingError;

pub use crate::config::EsimAccessConfig;
pub use crate::error::classification;
pub use crate::provider::EsimAccess;
pub use crate::webhook::EsimAccessEvents;
