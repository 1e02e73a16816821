//! Who may call: an access code, and a signature where there is one or must be one.

use std::time::Duration;

use axum::http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;

use super::super::api::{Failure, Request};
use super::super::hmac::{Mac as _, under};
use super::said;
use crate::world::World;

const ACCESS_CODE: &str = "RT-AccessCode";
const TIMESTAMP: &str = "RT-Timestamp";
const REQUEST_ID: &str = "RT-RequestID";
const SIGNATURE: &str = "RT-Signature";

/// Code and text for too many requests.
pub(super) const BUSY: (&str, &str) = ("900001", "system busy: too many requests");

/// What every call must pass before its body is read.
pub(super) fn admit(request: &Request<'_>) -> Result<World, Failure> {
    let switches = &request.switches.esim_access;
    if switches.address_blocked {
        return Err(said("101002", "this address is blocked"));
    }
    if !request.pace.admits(switches.requests_per_second) {
        return Err(Failure::Said(429, BUSY.0, BUSY.1.to_owned()));
    }
    let world = account(request)?;
    if request.head.method != Method::POST {
        return Err(said("000103", "only POST is supported"));
    }
    Ok(world)
}

/// The account that the headers are for.
fn account(request: &Request<'_>) -> Result<World, Failure> {
    let headers = &request.head.headers;
    let switches = &request.switches.esim_access;
    let code = header(headers, ACCESS_CODE)?;
    let account = request.world.admits(code.as_bytes())?;
    let account = account.ok_or_else(|| said("000102", "the access code is not valid"))?;
    if !switches.signature_required && !headers.contains_key(SIGNATURE) {
        return Ok(account);
    }
    let timestamp = header(headers, TIMESTAMP)?;
    let id = header(headers, REQUEST_ID)?;
    let signature = header(headers, SIGNATURE)?;
    check_time(request, timestamp)?;
    if uuid::Uuid::parse_str(id).is_err() {
        return Err(malformed(REQUEST_ID));
    }
    let mut mac = under(request.world.secret_key().expose_secret().as_bytes());
    for part in [timestamp, id, code].map(str::as_bytes) {
        mac.update(part);
    }
    mac.update(request.body);
    let given = from_hex(signature).ok_or_else(|| malformed(SIGNATURE))?;
    mac.verify_slice(&given)
        .map_err(|_| said("101003", "the signature does not match"))?;
    Ok(account)
}

fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Failure> {
    let value = headers
        .get(name)
        .ok_or_else(|| said("000101", format!("the header {name} is missing")))?;
    let text = value.to_str().map_err(|_| malformed(name))?.trim();
    if text.is_empty() {
        Err(said("000101", format!("the header {name} is empty")))
    } else {
        Ok(text)
    }
}

fn malformed(name: &str) -> Failure {
    said("000102", format!("the header {name} is malformed"))
}

/// Compares with the real clock: that of the world may have been moved by days.
fn check_time(request: &Request<'_>, text: &str) -> Result<(), Failure> {
    let sent = text
        .parse()
        .ok()
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
        .ok_or_else(|| malformed(TIMESTAMP))?;
    let window = Duration::from_millis(request.switches.esim_access.timestamp_window_ms);
    let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
    if request.world.real_now().duration_since(sent).abs() > window {
        return Err(said("101001", "the timestamp is too old, or too new"));
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
