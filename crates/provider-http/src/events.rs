//! What every decoder of webhook deliveries needs: bounded bodies, signatures, names and ids of events.
//!
//! No error holds a value of a delivery: it may be an activation code or a phone number.

use std::fmt::Write as _;

use hmac_sha256::{HMAC, Hash};
use roamport_domain::provider::{Delivery, DeliveryError, EsimKey};
use roamport_domain::{EsimId, Iccid, Secret};
use serde::Deserialize;
use serde_json::error::Category;

use crate::json::Identifier;

/// Characters of an event's id, at most.
const LONGEST_ID: usize = 128;
/// Characters of the name of an event that this release does not know, at most.
const LONGEST_NAME: usize = 80;

/// A delivery that cannot be read, for this reason.
pub fn malformed(words: impl Into<String>) -> DeliveryError {
    DeliveryError::Malformed(words.into())
}

/// Refuses a delivery of more than `limit` bytes, before anything of it is read.
///
/// # Errors
///
/// [`DeliveryError::TooLarge`].
pub const fn check_size(delivery: &Delivery<'_>, limit: usize) -> Result<(), DeliveryError> {
    let bytes = delivery.body.len();
    if bytes > limit {
        return Err(DeliveryError::TooLarge { bytes, limit });
    }
    Ok(())
}

/// Checks the HMAC-SHA256 (RFC 2104) of the body under `secret`, in hexadecimal digits of either case in one header. The
/// comparison takes the same time for every wrong signature.
///
/// ```
/// use roamport_domain::Secret;
/// use roamport_domain::provider::{Delivery, DeliveryError};
/// use roamport_provider_http::events::check_hmac_sha256;
///
/// # let received_at = jiff::Timestamp::UNIX_EPOCH;
/// let delivery = Delivery { headers: &[], body: b"{}", received_at };
/// let checked = check_hmac_sha256(&delivery, "X-Acme-Signature", &Secret::new("shared"));
/// assert_eq!(checked, Err(DeliveryError::Unsigned));
/// ```
///
/// # Errors
///
/// [`DeliveryError::Unsigned`] without that header; [`DeliveryError::WrongSignature`].
pub fn check_hmac_sha256(
    delivery: &Delivery<'_>,
    header: &str,
    secret: &Secret,
) -> Result<(), DeliveryError> {
    let given = delivery.header(header).ok_or(DeliveryError::Unsigned)?;
    let given = unhex(given).ok_or(DeliveryError::WrongSignature)?;
    if HMAC::verify(delivery.body, secret.expose(), &given) {
        Ok(())
    } else {
        Err(DeliveryError::WrongSignature)
    }
}

/// The JSON object that the body is; `shape` says what is wrong with one of another shape.
///
/// # Errors
///
/// [`DeliveryError::Malformed`], with the place in the body and no value.
pub fn read_object<'a, T: Deserialize<'a>>(
    body: &'a [u8],
    shape: &str,
) -> Result<T, DeliveryError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| malformed(format!("byte {} is not UTF-8", error.valid_up_to())))?;
    if text.trim().is_empty() {
        return Err(malformed("it is empty"));
    }
    // serde would read a struct from a list as well.
    if !text.trim_start().starts_with('{') {
        return Err(malformed("it is no JSON object"));
    }
    // The words of the JSON reader may show a value.
    serde_json::from_str(text).map_err(|error| {
        malformed(match error.classify() {
            Category::Eof => format!("it ends in the middle, after {} bytes", text.len()),
            Category::Data => shape.to_owned(),
            Category::Syntax | Category::Io => format!(
                "it is no JSON (line {}, column {})",
                error.line(),
                error.column()
            ),
        })
    })
}

/// The id of an event: the provider's, if it is 1 to 128 visible ASCII characters, otherwise the SHA-256 of what `hash`
/// adds.
pub fn event_id(given: &str, hash: impl FnOnce(&mut Hash)) -> String {
    let fits = (1..=LONGEST_ID).contains(&given.len())
        && given.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        return given.to_owned();
    }
    let mut hasher = Hash::new();
    hash(&mut hasher);
    format!("sha256:{}", hex(&hasher.finalize()))
}

/// The name of an event that this release does not know, cut to 80 characters.
pub fn unknown_name(name: &str) -> String {
    name.chars().take(LONGEST_NAME).collect()
}

/// The eSIM of an event, by the provider's id, the ICCID or both, each with the name of its field. One name is enough: the
/// eSIM is read again under it. A name that cannot be read counts as missing.
///
/// # Errors
///
/// [`DeliveryError::Malformed`] if neither can be read.
pub fn esim_key(
    (id_field, id): (&str, &Identifier<'_>),
    (iccid_field, iccid): (&str, &Identifier<'_>),
) -> Result<EsimKey, DeliveryError> {
    let mut unreadable = Vec::new();
    let id =
        id.read()
            .then("is no eSIM id", EsimId::parse)
            .or_note("eSIM", id_field, &mut unreadable);
    let iccid = iccid
        .read()
        .then("is no card number", Iccid::parse)
        .or_note("card", iccid_field, &mut unreadable);
    EsimKey::new(id, iccid).map_err(|_| match unreadable.first() {
        Some(oddity) => malformed(format!("of an event about an eSIM, {}", oddity.why)),
        None => malformed(format!(
            "an event about an eSIM names neither `{id_field}` nor `{iccid_field}`"
        )),
    })
}

/// Bytes as hexadecimal digits in lower case, two for each.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
    }
    text
}

/// The 32 bytes of 64 hexadecimal digits in either case; `None` for anything else.
fn unhex(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok())
        .collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa0, 0xff]), "000fa0ff");
    }
}
