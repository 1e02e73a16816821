//! What an adapter makes of its provider's failures, as rows of a table for people.

use super::{ErrorKind, Operation};

/// One way in which a call can fail, and the kind of error that becomes of it.
///
/// An adapter makes its rows by asking the very function that sorts real answers, so that the table
/// cannot say anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classified {
    /// The HTTP status of the answer; `None` where no answer came.
    pub status: Option<u16>,
    /// What decides beside the status, in a few words; empty where the status alone does.
    pub detail: String,
    /// In a call that changes nothing.
    pub read: ErrorKind,
    /// In a call that costs money.
    pub purchase: ErrorKind,
    /// In a call that changes something and takes no money.
    pub change: ErrorKind,
}

impl Classified {
    /// The row of an answer, by the function that sorts it for a call.
    ///
    /// ```
    /// use roamport_domain::provider::{Classified, ErrorKind};
    ///
    /// let row = Classified::by(Some(502), "", |operation| match operation.has_effect() {
    ///     true => ErrorKind::Ambiguous,
    ///     false => ErrorKind::Unavailable,
    /// });
    /// assert_eq!((row.read, row.purchase), (ErrorKind::Unavailable, ErrorKind::Ambiguous));
    /// ```
    pub fn by(
        status: Option<u16>,
        detail: impl Into<String>,
        kind: impl Fn(Operation) -> ErrorKind,
    ) -> Self {
        Self {
            status,
            detail: detail.into(),
            read: kind(Operation::Esim),
            purchase: kind(Operation::PlaceOrder),
            change: kind(Operation::Provision),
        }
    }

    /// The three kinds: of a read, a purchase, a change.
    pub fn kinds(&self) -> [ErrorKind; 3] {
        [self.read, self.purchase, self.change]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_is_asked_for_with_a_call_of_its_sort() {
        let row = Classified::by(None, "nothing was sent", |operation| {
            match (operation.is_purchase(), operation.has_effect()) {
                (true, _) => ErrorKind::Ambiguous,
                (false, true) => ErrorKind::Rejected,
                (false, false) => ErrorKind::Unavailable,
            }
        });
        assert_eq!(
            row.kinds(),
            [
                ErrorKind::Unavailable,
                ErrorKind::Ambiguous,
                ErrorKind::Rejected
            ]
        );
    }
}
