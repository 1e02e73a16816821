#![doc = include_str!("../README.md")]

mod client;
mod config;
mod convert;
mod error;
mod history;
mod listing;
mod provider;
mod webhook;
mod wire;

pub use roamport_provider_http::settings::SettingError;

pub use crate::config::RoamifyConfig;
pub use crate::error::classification;
pub use crate::history::HistoryEntry;
pub use crate::provider::{EsimFilter, EsimStatus, Roamify};
pub use crate::webhook::RoamifyEvents;

/// For the house's own benchmark, and no part of the interface.
#[doc(hidden)]
pub mod bench {
    use roamport_domain::{Package, ProviderName};

    use crate::{convert, wire};

    /// Decodes one page of the catalogue as the listing does.
    ///
    /// # Errors
    ///
    /// What is wrong with the page.
    pub fn decode_packages_page(
        body: &[u8],
        provider: &ProviderName,
    ) -> Result<Vec<Package>, String> {
        let data = wire::decode::<wire::PackagesData<'_>>(body)
            .map_err(|unusable| format!("{unusable:?}"))?;
        convert::page(&data, provider)
            .map(|page| page.packages)
            .map_err(|problem| problem.0)
    }
}
