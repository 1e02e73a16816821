//! Ids and numbers that the simulated provider gives out: derived from the world's salt and a count.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// The SM-DP+ address of every profile: a name that RFC 2606 keeps from existing.
pub const SMDP_ADDRESS: &str = "smdp.sandbox.invalid";

fn digest(salt: &str, kind: &str, number: u64) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in ["roamport sandbox", salt, kind] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.update(number.to_be_bytes());
    hash.finalize().into()
}

/// A UUID for the `number`th thing of its kind.
pub(super) fn uuid(salt: &str, kind: &str, number: u64) -> String {
    let digest = digest(salt, kind, number);
    let bytes: [u8; 16] = digest[..16].try_into().expect("a digest has 32 bytes");
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

/// A card number of 19 digits: telecom prefix 89 and the unassigned country code 999 (ITU-T E.118),
/// five digits of the world, eight of the count, and the check digit of ISO/IEC 7812-1 (Luhn).
pub(super) fn iccid(salt: &str, number: u64) -> String {
    let world = u32::from_be_bytes(
        digest(salt, "iccid", 0)[..4]
            .try_into()
            .expect("four bytes"),
    );
    let mut digits = format!("89999{:05}{:08}", world % 100_000, number % 100_000_000);
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    digits.push(char::from_digit((10 - sum % 10) % 10, 10).expect("a digit"));
    digits
}

/// A number in the style of the second dialect: six digits of the day, four of the world, and the
/// count.
pub(super) fn transaction_number(salt: &str, number: u64, at: Timestamp) -> String {
    let digest = digest(salt, "transaction", 0);
    let world = u16::from_be_bytes([digest[0], digest[1]]) % 10_000;
    let day = at.strftime("%y%m%d");
    format!("{day}{world:04}{number:05}")
}

/// The fingerprint of a request, so that a repeat can be told from another request.
pub(super) fn fingerprint(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// An activation code that says what it is.
pub(super) fn activation_code(salt: &str, number: u64) -> String {
    use std::fmt::Write as _;
    let mut code = "SANDBOX".to_owned();
    for pair in digest(salt, "activation", number)[..6].chunks(2) {
        let _ = write!(code, "-{:02X}{:02X}", pair[0], pair[1]);
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_has_19_digits_and_a_check_digit() {
        for number in [0, 1, 999, 12_345_678] {
            let iccid = iccid("salt", number);
            assert_eq!(iccid.len(), 19);
            let sum: u32 = iccid
                .bytes()
                .rev()
                .enumerate()
                .map(|(place, digit)| {
                    let digit = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
                    if digit > 9 { digit - 9 } else { digit }
                })
                .sum();
            assert!(sum.is_multiple_of(10), "{iccid}");
        }
    }

    #[test]
    fn another_world_gives_other_ids() {
        assert_eq!(uuid("a", "order", 1), uuid("a", "order", 1));
        assert_ne!(uuid("a", "order", 1), uuid("b", "order", 1));
        assert_ne!(uuid("a", "order", 1), uuid("a", "esim", 1));
        assert!(activation_code("a", 1).starts_with("SANDBOX-"));
    }
}
