//! Identifiers: ours, the provider's, and the card's.

mod iccid;
mod reference;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::iccid::Iccid;
pub use self::reference::ReferenceMatch;

/// A text that cannot be the identifier it was meant for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
pub struct InvalidId {
    what: &'static str,
    problem: String,
}

impl InvalidId {
    fn new(what: &'static str, problem: impl Into<String>) -> Self {
        Self {
            what,
            problem: problem.into(),
        }
    }
}

/// The longest opaque identifier that is accepted from anybody, in bytes.
const LONGEST_TEXT: usize = 255;

fn check_opaque(what: &'static str, text: &str) -> Result<(), InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::new(what, "is empty"));
    }
    if text.len() > LONGEST_TEXT {
        return Err(InvalidId::new(
            what,
            format!("is longer than {LONGEST_TEXT} bytes"),
        ));
    }
    if text.chars().any(char::is_control) || text.trim() != text {
        return Err(InvalidId::new(
            what,
            "has a control character or blanks around it",
        ));
    }
    Ok(())
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path, $key:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                $key(&self.0) == $key(&other.0)
            }
        }

        impl Eq for $name {}

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                $key(&self.0).cmp(&$key(&other.0))
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                $key(&self.0).hash(state);
            }
        }

        impl $name {
            #[doc = concat!("Checks that `text` can be a ", $what, " and keeps it.")]
            ///
            /// # Errors
            ///
            /// [`InvalidId`], which says what is wrong with it.
            pub fn parse(text: impl Into<Box<str>>) -> Result<Self, InvalidId> {
                let text = text.into();
                $check($what, &text)?;
                Ok(Self(text))
            }

            /// The text of it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }
    };
}

text_id! {
    /// What a provider calls one of its packages. Opaque: never taken apart. Two that are UUIDs compare as UUIDs.
    PackageId, "package id", check_opaque, folded
}
text_id! {
    /// What a provider calls an eSIM, from the order on and for life; unlike the ICCID it exists
    /// before the profile does. Opaque. Two that are UUIDs compare as UUIDs.
    EsimId, "eSIM id", check_opaque, folded
}
text_id! {
    /// What a provider calls an order. Opaque. Two that are UUIDs compare as UUIDs.
    ProviderOrderId, "provider order id", check_opaque, folded
}
text_id! {
    /// The caller's name for one intention to buy. The same key never buys twice.
    IdempotencyKey, "idempotency key", check_opaque, exact
}
text_id! {
    /// The name of a provider in settings, logs and the journal: 1 to 40 of `a-z`, `0-9` and `-`.
    ProviderName, "provider name", check_slug, exact
}
text_id! {
    /// Which account at a provider an order belongs to: a keyed digest of the credentials that name the
    /// account, made by [`AccountStore::account`](crate::journal::AccountStore::account). The same
    /// credentials have the same digest in one journal and another digest in another journal.
    Account, "account", check_opaque, exact
}
text_id! {
    /// What we call an order toward the provider: one per order, for life. Derived from the
    /// [`IdempotencyKey`], so that a journal restored from a backup looks for the right thing.
    Reference, "reference", check_opaque, exact
}

fn check_slug(what: &'static str, text: &str) -> Result<(), InvalidId> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=40).contains(&text.len()) && text.bytes().all(fits) {
        Ok(())
    } else {
        Err(InvalidId::new(
            what,
            "is not 1 to 40 of `a-z`, `0-9` and `-`",
        ))
    }
}

/// The text that an id is compared by.
const fn exact(text: &str) -> &str {
    text
}

/// The text that an id is compared by if it may be a UUID: hexadecimal digits are the same in either case
/// (RFC 9562, section 4).
fn folded(text: &str) -> Cow<'_, str> {
    let is_uuid = text.len() == 36 && Uuid::try_parse(text).is_ok();
    if is_uuid && text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

impl Account {
    /// What stands for the account of orders that were recorded without one, as releases before format
    /// 2 of the events did. No digest is this word.
    pub fn unknown() -> Self {
        Self("unknown".into())
    }
}

impl Reference {
    /// The reference of the order that `key` names at `provider`: the first 128 bits of a SHA-256
    /// over a version tag, the provider and the key, in Crockford's base 32 (26 characters).
    ///
    /// ```
    /// use roamport_domain::{IdempotencyKey, ProviderName, Reference};
    ///
    /// let provider = ProviderName::parse("roamify")?;
    /// let key = IdempotencyKey::parse("shop-order-10442")?;
    /// let reference = Reference::derive(&provider, &key);
    /// assert_eq!(reference, Reference::derive(&provider, &key));
    /// assert_eq!(reference.as_str().len(), 26);
    /// # Ok::<(), roamport_domain::id::InvalidId>(())
    /// ```
    pub fn derive(provider: &ProviderName, key: &IdempotencyKey) -> Self {
        let mut hasher = hmac_sha256::Hash::new();
        hasher.update(b"roamport reference v1\0");
        hasher.update(provider.as_str());
        hasher.update(b"\0");
        hasher.update(key.as_str());
        let digest = hasher.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(crockford(u128::from_be_bytes(bytes)).into())
    }
}

/// 128 bits as 26 characters of Crockford's base 32 (no I, L, O, U), the two missing bits on top.
fn crockford(number: u128) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    (0..26)
        .rev()
        .map(|place| {
            char::from(ALPHABET[usize::try_from((number >> (5 * place)) & 31).expect("five bits")])
        })
        .collect()
}

/// Our own identifier of an order: a UUID, of version 7 (RFC 9562) wherever we draw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(Uuid);

impl OrderId {
    /// The order with this UUID. `domain` draws none itself.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The UUID.
    pub const fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

impl FromStr for OrderId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text.trim())
            .map(Self)
            .map_err(|error| InvalidId::new("order id", format!("is not a UUID: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_that_are_uuids_compare_as_uuids() {
        let lower = "7d0f3b52-1c84-4a6e-9f0b-5b2c8a61e901";
        let upper = lower.to_ascii_uppercase();
        let [one, other] = [lower, &upper].map(|text| EsimId::parse(text).unwrap());
        assert_eq!(one, other);
        assert_eq!(one.cmp(&other), Ordering::Equal);
        assert_eq!(other.as_str(), upper);
        let all: std::collections::HashSet<_> = [one, other].into();
        assert_eq!(all.len(), 1);
        assert_eq!(
            ProviderOrderId::parse(lower).unwrap(),
            ProviderOrderId::parse(upper.as_str()).unwrap()
        );
    }

    #[test]
    fn ids_that_are_no_uuids_compare_letter_by_letter() {
        for (one, other) in [
            ("e-1a", "E-1A"),
            (
                "7d0f3b521c844a6e9f0b5b2c8a61e901",
                "7D0F3B521C844A6E9F0B5B2C8A61E901",
            ),
            (
                "7d0f3b52-1c84-4a6e-9f0b-5b2c8a61e90x",
                "7D0F3B52-1C84-4A6E-9F0B-5B2C8A61E90X",
            ),
        ] {
            assert_ne!(EsimId::parse(one).unwrap(), EsimId::parse(other).unwrap());
        }
    }

    #[test]
    fn a_key_is_compared_letter_by_letter() {
        let lower = "7d0f3b52-1c84-4a6e-9f0b-5b2c8a61e901";
        assert_ne!(
            IdempotencyKey::parse(lower).unwrap(),
            IdempotencyKey::parse(lower.to_ascii_uppercase()).unwrap()
        );
    }

    #[test]
    fn the_reference_of_a_key_is_fixed_for_ever() {
        let provider = ProviderName::parse("roamify").unwrap();
        let key = IdempotencyKey::parse("shop-order-10442").unwrap();
        insta::assert_snapshot!(Reference::derive(&provider, &key), @"3GZ22BAPA972YEHF4RMY7YCMQ3");
    }

    #[test]
    fn a_provider_name_is_a_slug() {
        assert!(ProviderName::parse("esim-access").is_ok());
        for bad in ["", "Roamify", "a b", "x/y"] {
            assert!(ProviderName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_order_id_that_is_no_uuid_says_so() {
        let error = "abc".parse::<OrderId>().unwrap_err();
        assert!(
            error.to_string().starts_with("order id is not a UUID"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn different_keys_have_different_references(one in "[a-z0-9-]{1,40}", other in "[a-z0-9-]{1,40}") {
            prop_assume!(one != other);
            let provider = ProviderName::parse("roamify").unwrap();
            let derive = |key: &str| Reference::derive(&provider, &IdempotencyKey::parse(key).unwrap());
            prop_assert_ne!(derive(&one), derive(&other));
        }

        #[test]
        fn crockford_keeps_every_bit(number: u128) {
            let text = crockford(number);
            let back = text.chars().fold(0_u128, |sum, character| {
                let digit = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".find(character).unwrap();
                (sum << 5) | u128::try_from(digit).unwrap()
            });
            prop_assert_eq!(back, number);
        }

        #[test]
        fn an_opaque_id_keeps_its_text(text in "[!-~]{1,255}") {
            let parsed = PackageId::parse(text.as_str()).unwrap();
            prop_assert_eq!(parsed.as_str(), text);
        }
    }
}
