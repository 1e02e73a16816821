//! How to reach eSIM Access: `esim_access.…`.

use std::num::NonZeroU16;
use std::time::Duration;

use super::error::SettingsError;
use super::secret::SecretSetting;
use super::sections::{RateSettings, base_url, rate};
use super::values::Values;

/// How to reach eSIM Access: `esim_access.…`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EsimAccessSettings {
    /// Scheme and host, without a slash at the end. Never holds credentials.
    pub base_url: String,
    /// The access code of the console.
    pub access_code: SecretSetting,
    /// The key that requests are signed with; not set where the account asks for no signature.
    pub secret_key: SecretSetting,
    /// Whether the signature is written in capital letters.
    pub upper_case_signature: bool,
    /// Rows on one page of a query, 5 to 500.
    pub page_size: NonZeroU16,
    /// Time for a connection to stand.
    pub connect_timeout: Duration,
    /// Time for one read.
    pub read_timeout: Duration,
    /// Time for the catalogue, which is one answer.
    pub catalogue_timeout: Duration,
    /// Time for an order, a top-up or a cancellation.
    pub purchase_timeout: Duration,
    /// How many requests there may be; `None` for as many as come.
    pub rate: Option<RateSettings>,
}

impl EsimAccessSettings {
    pub(super) fn read(values: &Values) -> Result<Self, SettingsError> {
        let at = |name: &str| format!("esim_access.{name}");
        Ok(Self {
            base_url: base_url(values, &at("base_url"), "https://api.esimaccess.com")?,
            access_code: values.secret(&at("access_code"))?,
            secret_key: values.secret(&at("secret_key"))?,
            upper_case_signature: values.switch(&at("upper_case_signature"))?,
            page_size: values
                .whole::<u16>(&at("page_size"), 5..=500)
                .map(|size| NonZeroU16::new(size).expect("the range begins at 5"))?,
            connect_timeout: values.duration(&at("connect_timeout"))?,
            read_timeout: values.duration(&at("read_timeout"))?,
            catalogue_timeout: values.duration(&at("catalogue_timeout"))?,
            purchase_timeout: values.duration(&at("purchase_timeout"))?,
            rate: rate(values, "esim_access")?,
        })
    }
}
