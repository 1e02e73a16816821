//! Errors.

use serde::Serialize;

/// The document of an error.
#[derive(Debug, Serialize)]
pub struct ErrorDocument<'a> {
    /// What went wrong.
    pub error: ErrorJson<'a>,
}

/// An error: programs read `kind`, people read the rest.
#[derive(Debug, Serialize)]
pub struct ErrorJson<'a> {
    /// A kind of [`Kind`](crate::kind::Kind) or of a provider's error.
    pub kind: &'a str,
    /// A sentence for a person; its wording may change.
    pub message: &'a str,
    /// What to do next.
    pub hint: Option<&'a str>,
    /// How the process ends; left out where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u8>,
    /// The id of the order that it is about; left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Whether a charge is possible; left out if the error is not about a purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money_may_have_moved: Option<bool>,
}
