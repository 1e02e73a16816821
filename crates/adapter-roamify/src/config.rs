//! The adapter's settings: plain data, checked once when the provider is built.

use std::fmt;
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use roamport_domain::ProviderName;
use roamport_provider_http::HeaderValue;
use roamport_provider_http::settings::{
    SettingError, check_time_outs, secret_header, whole_seconds, without_credentials,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// How to reach Roamify and how patient to be with it.
///
/// Base URL and token belong together: Roamify's development and production are two hosts, each with
/// its own. Unknown keys are errors. `Debug` shows neither the token nor a password in the URL.
///
/// ```
/// use roamport_adapter_roamify::RoamifyConfig;
///
/// let config = RoamifyConfig::new("https://api.getroamify.com", "the-token-of-the-portal");
/// assert_eq!(config.page_size.get(), 50);
/// assert!(!format!("{config:?}").contains("portal"));
/// ```
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoamifyConfig {
    /// Scheme, host and perhaps port, without `/api`: `https://api.getroamify.com`. A token sent over
    /// `http://` can be read on the way; keep that to loopback and private networks.
    pub base_url: String,
    /// The API key of the partner portal. Opaque: its form is not checked beyond what an HTTP header
    /// can carry.
    pub token: SecretString,
    /// What orders, eSIMs and logs call this provider. Default `roamify`.
    #[serde(default = "defaults::name")]
    pub name: ProviderName,
    /// Packages asked for on one page of the catalogue. Default 50, Roamify's own; it names no maximum
    /// and may answer fewer.
    #[serde(default = "defaults::page_size")]
    pub page_size: NonZeroU16,
    /// Pages of one listing asked for at once. Default 8.
    #[serde(default = "defaults::pages_in_flight")]
    pub pages_in_flight: NonZeroU16,
    /// Pages after which a listing counts as one that never ends. Default 20 000.
    #[serde(default = "defaults::pages_at_most")]
    pub pages_at_most: NonZeroU32,
    /// Rows asked for in one list of orders or eSIMs. Default 50, Roamify's own: a list as long as
    /// this one counts as cut.
    #[serde(default = "defaults::list_limit")]
    pub list_limit: NonZeroU16,
    /// Time for a connection to stand, TLS included. Default 10 s.
    #[serde(default = "defaults::connect_time_out", with = "whole_seconds")]
    pub connect_time_out: Duration,
    /// Time for one read. Default 15 s.
    #[serde(default = "defaults::read_time_out", with = "whole_seconds")]
    pub read_time_out: Duration,
    /// Time for one page of a listing. Default 30 s.
    #[serde(default = "defaults::listing_time_out", with = "whole_seconds")]
    pub listing_time_out: Duration,
    /// Time for an order or a top-up. Default 60 s; Roamify was seen to take 4 to 6 s.
    #[serde(default = "defaults::purchase_time_out", with = "whole_seconds")]
    pub purchase_time_out: Duration,
    /// Time for the generation of a profile, and for an instant order. Default 100 s: Roamify takes up
    /// to 90 s, and its CDN cuts a request at about 100 s.
    #[serde(default = "defaults::provision_time_out", with = "whole_seconds")]
    pub provision_time_out: Duration,
    /// How long after a purchase call its effect may still appear. Default 100 s: Roamify's CDN cuts a
    /// request at about that, which it does not document. The order machine waits at least twice as
    /// long before it sends again; a value below the truth may charge twice.
    #[serde(default = "defaults::longest_effect", with = "whole_seconds")]
    pub longest_effect: Duration,
    /// Order and profile in one call (`/api/esim/order/instant`). Default `false`: order first, then
    /// provision, so that money moves in a call of seconds.
    #[serde(default)]
    pub instant_orders: bool,
}

impl RoamifyConfig {
    /// The settings for `base_url` and `token`, everything else by default.
    pub fn new(base_url: impl Into<String>, token: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            token: SecretString::from(token.into()),
            name: defaults::name(),
            page_size: defaults::page_size(),
            pages_in_flight: defaults::pages_in_flight(),
            pages_at_most: defaults::pages_at_most(),
            list_limit: defaults::list_limit(),
            connect_time_out: defaults::connect_time_out(),
            read_time_out: defaults::read_time_out(),
            listing_time_out: defaults::listing_time_out(),
            purchase_time_out: defaults::purchase_time_out(),
            provision_time_out: defaults::provision_time_out(),
            longest_effect: defaults::longest_effect(),
            instant_orders: false,
        }
    }

    /// The value of the `Authorization` header, marked as sensitive.
    pub(crate) fn authorization(&self) -> Result<HeaderValue, SettingError> {
        secret_header("token", "Bearer ", self.token.expose_secret())
    }

    pub(crate) fn check(&self) -> Result<(), SettingError> {
        check_time_outs([
            ("connect_time_out", self.connect_time_out),
            ("read_time_out", self.read_time_out),
            ("listing_time_out", self.listing_time_out),
            ("purchase_time_out", self.purchase_time_out),
            ("provision_time_out", self.provision_time_out),
        ])
    }
}

impl fmt::Debug for RoamifyConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RoamifyConfig")
            .field("base_url", &without_credentials(&self.base_url))
            .field("token", &"…")
            .field("name", &self.name.as_str())
            .field("page_size", &self.page_size)
            .field("pages_in_flight", &self.pages_in_flight)
            .field("pages_at_most", &self.pages_at_most)
            .field("list_limit", &self.list_limit)
            .field("connect_time_out", &self.connect_time_out)
            .field("read_time_out", &self.read_time_out)
            .field("listing_time_out", &self.listing_time_out)
            .field("purchase_time_out", &self.purchase_time_out)
            .field("provision_time_out", &self.provision_time_out)
            .field("longest_effect", &self.longest_effect)
            .field("instant_orders", &self.instant_orders)
            .finish()
    }
}

mod defaults {
    use std::num::{NonZeroU16, NonZeroU32};
    use std::time::Duration;

    use roamport_domain::ProviderName;

    pub(super) fn name() -> ProviderName {
        ProviderName::parse("roamify").expect("seven lower-case letters are a provider name")
    }

    pub(super) const fn page_size() -> NonZeroU16 {
        NonZeroU16::new(50).expect("50 is not zero")
    }

    pub(super) const fn pages_in_flight() -> NonZeroU16 {
        NonZeroU16::new(8).expect("8 is not zero")
    }

    pub(super) const fn pages_at_most() -> NonZeroU32 {
        NonZeroU32::new(20_000).expect("20 000 is not zero")
    }

    pub(super) const fn list_limit() -> NonZeroU16 {
        NonZeroU16::new(50).expect("50 is not zero")
    }

    pub(super) const fn connect_time_out() -> Duration {
        Duration::from_secs(10)
    }

    pub(super) const fn read_time_out() -> Duration {
        Duration::from_secs(15)
    }

    pub(super) const fn listing_time_out() -> Duration {
        Duration::from_secs(30)
    }

    pub(super) const fn purchase_time_out() -> Duration {
        Duration::from_mins(1)
    }

    pub(super) const fn provision_time_out() -> Duration {
        Duration::from_secs(100)
    }

    pub(super) const fn longest_effect() -> Duration {
        Duration::from_secs(100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_token_nor_a_password_in_the_url_is_shown() {
        let config = RoamifyConfig::new("https://shop:s3cret@api.getroamify.com", "t0ken");
        let shown = format!("{config:?}");
        assert!(
            !shown.contains("s3cret") && !shown.contains("t0ken"),
            "{shown}"
        );
        assert_eq!(config.authorization().unwrap(), "Bearer t0ken");
    }

    #[test]
    fn settings_are_read_with_their_defaults_and_unknown_keys_are_refused() {
        let json = r#"{"base_url":"https://x.test","token":"abc","read_time_out":3}"#;
        let config: RoamifyConfig = serde_json::from_str(json).unwrap();
        assert_eq!(config.read_time_out, Duration::from_secs(3));
        assert_eq!(config.provision_time_out, Duration::from_secs(100));
        assert_eq!(config.name.as_str(), "roamify");
        let json = r#"{"base_url":"https://x.test","token":"abc","page_sice":3}"#;
        let error = serde_json::from_str::<RoamifyConfig>(json).unwrap_err();
        assert!(error.to_string().contains("page_sice"), "{error}");
    }

    #[test]
    fn a_time_out_of_zero_is_refused_by_name() {
        let config = RoamifyConfig {
            listing_time_out: Duration::ZERO,
            ..RoamifyConfig::new("https://x.test", "t")
        };
        let error = config.check().unwrap_err();
        assert!(error.to_string().contains("listing_time_out"), "{error}");
    }
}
