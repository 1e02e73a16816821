//! Events that @Words@ sends by itself.

use roamport_domain::ProviderName;
use roamport_domain::provider::{DecodedDelivery, Delivery, DeliveryError, EventDecoder};

/// Bytes of a delivery; no honest one reaches it.
const LARGEST: usize = 256 << 10;

/// Decodes the deliveries of @Words@. Not written yet: every delivery is refused, so that nothing is
/// believed that nobody has checked.
#[derive(Clone, Debug)]
pub struct @Type@Events {
    provider: ProviderName,
}

impl @Type@Events {
    /// The decoder for the provider under this name.
    pub fn new(provider: ProviderName) -> Self {
        Self { provider }
    }
}

impl EventDecoder for @Type@Events {
    fn provider(&self) -> &ProviderName {
        &self.provider
    }

    /// Where @Words@ signs, check the signature over the bytes of the body, in constant time, before the body
    /// is looked at; where it does not, an event is no more than a hint to read again.
    fn decode(&self, delivery: &Delivery<'_>) -> Result<DecodedDelivery, DeliveryError> {
        if delivery.body.len() > LARGEST {
            return Err(DeliveryError::TooLarge {
                bytes: delivery.body.len(),
                limit: LARGEST,
            });
        }
        let words = "this adapter reads no events yet; write crates/adapter-@kebab@/src/webhook.rs";
        Err(DeliveryError::Malformed(words.to_owned()))
    }
}
