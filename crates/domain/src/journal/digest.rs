//! Digests of what a journal must recognize and must not store: credentials and activation codes.

use std::fmt::{self, Write as _};

use crate::{Account, Activation, Secret};

/// The key of a journal's digests: 32 random bytes, drawn once when the journal is made and stored in
/// it. Without the key nobody can try out which credentials or codes a digest belongs to.
#[derive(Clone)]
pub struct DigestKey([u8; 32]);

impl DigestKey {
    /// The key with these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest of the credentials that name an account.
    pub fn account(&self, identity: &Secret) -> Account {
        let digest = self.digest("account", identity);
        Account::parse(digest).expect("64 hexadecimal digits name an account")
    }

    /// The digest of an activation code, 64 hexadecimal digits: of its server address and its matching id.
    /// `None` where it has no matching id: such a code stands for no single profile.
    pub fn activation_code(&self, activation: &Activation) -> Option<String> {
        let (address, matching_id) = (activation.smdp_address(), activation.matching_id().expose());
        (!matching_id.is_empty()).then(|| {
            let code = Secret::new(format!("{address}${matching_id}"));
            self.digest("activation code", &code)
        })
    }

    /// `purpose` keeps a digest of one kind from ever being one of another.
    fn digest(&self, purpose: &str, secret: &Secret) -> String {
        let mut mac = hmac_sha256::HMAC::new(self.0);
        mac.update(purpose);
        mac.update([0]);
        mac.update(secret.expose());
        let mut text = String::with_capacity(64);
        for byte in mac.finalize() {
            write!(text, "{byte:02x}").expect("writing to a String cannot fail");
        }
        text
    }
}

/// Shows no byte.
impl fmt::Debug for DigestKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DigestKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> DigestKey {
        DigestKey::new([byte; 32])
    }

    fn code(matching_id: &str) -> Activation {
        Activation::new("smdp.example.com", Secret::new(matching_id)).unwrap()
    }

    #[test]
    fn the_same_credentials_have_the_same_digest_under_one_key_alone() {
        let token = Secret::new("token-of-the-portal");
        let account = key(1).account(&token);
        assert_eq!(key(1).account(&token), account);
        assert_ne!(key(2).account(&token), account);
        assert_ne!(key(1).account(&Secret::new("another-token")), account);
        assert_eq!(account.as_str().len(), 64);
        assert!(
            account
                .as_str()
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit())
        );
    }

    #[test]
    fn a_code_and_credentials_of_the_same_text_have_different_digests() {
        let account = key(1).account(&Secret::new("smdp.example.com$K2-1A9F3C"));
        let code = key(1).activation_code(&code("K2-1A9F3C")).unwrap();
        assert_ne!(code, account.as_str());
    }

    #[test]
    fn a_code_has_one_digest_however_it_is_spelled() {
        let digest = |text: &str| {
            let code = Activation::parse(&Secret::new(text)).unwrap();
            key(1).activation_code(&code).unwrap()
        };
        let plain = digest("LPA:1$smdp.example.com$K2-1A9F3C");
        assert_eq!(digest("LPA:1$SMDP.example.com$K2-1A9F3C"), plain);
        assert_eq!(digest("LPA:1$smdp.example.com$K2-1A9F3C$$1"), plain);
        assert_ne!(digest("LPA:1$smdp.example.com$K2-1A9F3D"), plain);
    }

    #[test]
    fn a_digest_shows_neither_the_key_nor_what_was_digested() {
        let digest = key(7).activation_code(&code("K2-1A9F3C")).unwrap();
        assert!(!digest.contains("K2-1A9F3C"), "{digest}");
        assert!(!format!("{:?}", key(7)).contains('7'));
    }
}
