//! The JSON of @Words@, as it is documented: one struct for each body, and how a body is decoded.

use serde::Deserialize;
use serde_json::error::Category;

/// Reads a body. The reason names a place in it and never a value: a value may be an activation code.
pub(crate) fn decode<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| {
        let what = match error.classify() {
            Category::Eof => "it ends in the middle",
            Category::Data => "it is JSON of another form",
            Category::Syntax | Category::Io => "it is no JSON",
        };
        format!(
            "the answer cannot be read: {what} (line {}, column {})",
            error.line(),
            error.column()
        )
    })
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
            (r#"{"number":"K2-SECRET"}"#, "JSON of another form"),
            (r#"{"number":"#, "ends in the middle"),
            ("<html>K2-SECRET", "is no JSON"),
        ] {
            let told = decode::<Sample>(body.as_bytes()).unwrap_err();
            assert!(told.contains(reason), "{told}");
            assert!(!told.contains("SECRET"), "{told}");
        }
        assert!(decode::<Sample>(br#"{"number":1}"#).is_ok());
    }
}
