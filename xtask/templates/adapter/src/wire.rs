//! The JSON of @Words@, as it is documented: one struct for each body, and how a body is decoded.

use roamport_provider_http::json::{misfit, object_text};
use serde::Deserialize;

/// Reads a body. The reason names a place in it and never a value: a value may be an activation code.
pub(crate) fn decode<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    let unreadable = |why| format!("the answer cannot be read: {why}");
    let text = object_text(body).map_err(unreadable)?;
    serde_json::from_str(text).map_err(|_| unreadable(misfit::<T>(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        #[expect(dead_code, reason = "only whether it can be read is asked")]
        number: u8,
    }

    #[test]
    fn an_unreadable_body_is_described_without_its_values() {
        for (body, reason) in [
            (r#"{"number":"K2-SECRET"}"#, "`number` should be u8"),
            (r#"{"number":"#, "ends in the middle"),
            ("<html>K2-SECRET", "is an HTML page"),
            ("[7]", "is a list, not an object"),
        ] {
            let told = decode::<Sample>(body.as_bytes()).unwrap_err();
            assert!(told.contains(reason), "{told}");
            assert!(!told.contains("SECRET"), "{told}");
        }
        assert!(decode::<Sample>(br#"{"number":1}"#).is_ok());
    }
}
