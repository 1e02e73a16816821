//! HMAC-SHA256 (RFC 2104), which both dialects sign with.

use hmac::{Hmac, KeyInit as _};
use sha2::Sha256;

pub(super) use hmac::Mac;

/// A signature to be, under a key of any length.
pub(super) fn under(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length")
}
