//! Who may call: an access code, and a signature where there is one or must be one.

use std::time::Duration;

use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use sha2::Sha256;

use super::super::Face;
use super::failure::{Failure, refuse};
use crate::switches::EsimAccessSwitches;
use crate::world::World;

const ACCESS_CODE: &str = "RT-AccessCode";
const TIMESTAMP: &str = "RT-Timestamp";
const REQUEST_ID: &str = "RT-RequestID";
const SIGNATURE: &str = "RT-Signature";

/// Lets a request pass to the account it is for, or says what is wrong with its headers.
pub(super) fn check(
    face: &Face,
    headers: &HeaderMap,
    body: &[u8],
    switches: &EsimAccessSwitches,
) -> Result<World, Failure> {
    let code = header(headers, ACCESS_CODE)?;
    let account = face.account(code.as_bytes());
    let account = account.map_err(|error| refuse(&error))?;
    let account = account.ok_or_else(|| Failure::new("000102", "the access code is not valid"))?;
    if !switches.signature_required && !headers.contains_key(SIGNATURE) {
        return Ok(account);
    }
    let timestamp = header(headers, TIMESTAMP)?;
    let request = header(headers, REQUEST_ID)?;
    let signature = header(headers, SIGNATURE)?;
    check_time(face, timestamp, switches)?;
    if uuid::Uuid::parse_str(request).is_err() {
        return Err(malformed(REQUEST_ID));
    }
    let key = face.world.secret_key().expose_secret();
    let mut mac = hmac(key.as_bytes());
    for part in [
        timestamp.as_bytes(),
        request.as_bytes(),
        code.as_bytes(),
        body,
    ] {
        mac.update(part);
    }
    let given = from_hex(signature).ok_or_else(|| malformed(SIGNATURE))?;
    mac.verify_slice(&given)
        .map_err(|_| Failure::new("101003", "the signature does not match"))?;
    Ok(account)
}

/// HMAC-SHA256 (RFC 2104) under a key of any length.
pub(in super::super) fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Failure> {
    let value = headers
        .get(name)
        .ok_or_else(|| Failure::new("000101", format!("the header {name} is missing")))?;
    let text = value.to_str().map_err(|_| malformed(name))?.trim();
    if text.is_empty() {
        Err(Failure::new(
            "000101",
            format!("the header {name} is empty"),
        ))
    } else {
        Ok(text)
    }
}

fn malformed(name: &str) -> Failure {
    Failure::new("000102", format!("the header {name} is malformed"))
}

/// Compares with the real clock: that of the world may have been moved by days.
fn check_time(face: &Face, text: &str, switches: &EsimAccessSwitches) -> Result<(), Failure> {
    let sent = text
        .parse()
        .ok()
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
        .ok_or_else(|| malformed(TIMESTAMP))?;
    let window = Duration::from_millis(switches.timestamp_window_ms);
    let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
    if face.world.real_now().duration_since(sent).abs() > window {
        return Err(Failure::new(
            "101001",
            "the timestamp is too old, or too new",
        ));
    }
    Ok(())
}

/// Hex of either case.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|place| u8::from_str_radix(&text[place..place + 2], 16).ok())
        .collect()
}
