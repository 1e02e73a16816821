//! The signature of a request: HMAC-SHA256 over timestamp, request id, access code and body, as hex.

use hmac_sha256::HMAC;
use roamport_domain::Secret;

use roamport_provider_http::events::hex;

/// The signature in small letters. `head` is timestamp, request id and access code; the body is the
/// exact bytes that are sent, and an empty one contributes nothing.
pub(super) fn signature(key: &Secret, head: &[&str; 3], body: &[u8]) -> String {
    let mut mac = HMAC::new(key.expose());
    for part in head {
        mac.update(part.as_bytes());
    }
    mac.update(body);
    hex(&mac.finalize())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        vectors: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        #[serde(rename = "use")]
        purpose: String,
        timestamp: String,
        request_id: String,
        access_code: String,
        secret_key: String,
        body: String,
        signature_lower_hex: String,
        signature_upper_hex: String,
    }

    #[test]
    fn every_vector_is_signed_as_published() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../fixtures/esim-access/signature-vectors.json"
        );
        let text = std::fs::read_to_string(path).unwrap();
        let all: Vectors = serde_json::from_str(&text).unwrap();
        assert_eq!(all.vectors.len(), 4);
        for vector in all.vectors {
            let head = [
                vector.timestamp.as_str(),
                &vector.request_id,
                &vector.access_code,
            ];
            let signed = signature(
                &Secret::new(vector.secret_key.as_str()),
                &head,
                vector.body.as_bytes(),
            );
            assert_eq!(signed, vector.signature_lower_hex, "{}", vector.purpose);
            assert_eq!(
                signed.to_ascii_uppercase(),
                vector.signature_upper_hex,
                "{}",
                vector.purpose
            );
        }
    }

    #[test]
    fn a_single_changed_byte_changes_the_signature() {
        let key = Secret::new("k");
        let head = ["1", "2", "3"];
        let signed = signature(&key, &head, b"{}");
        assert_ne!(signed, signature(&key, &head, b"{ }"));
        assert_ne!(signed, signature(&key, &["1", "2", "4"], b"{}"));
        assert_ne!(signed, signature(&Secret::new("K"), &head, b"{}"));
        assert_eq!(signed.len(), 64);
    }
}
