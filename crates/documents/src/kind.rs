//! The kinds of Roamport's own errors. A provider's error has the kind of `ErrorKind`.

/// The list, each kind with its name and what it says: one place for the enum, its names and the page
/// that explains them.
macro_rules! kinds {
    ($(#[doc = $meaning:literal] $kind:ident = $name:literal,)+) => {
        /// What failed, for a program that reads the error; a provider's error has its own kinds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $(#[doc = $meaning] $kind,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The name of it in JSON.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// What it says, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$kind => $meaning.trim(),)+
                }
            }
        }
    };
}

kinds! {
    /// The price is above `--max-price`, so nothing was bought.
    AboveMaximum = "above_maximum",
    /// More was asked for than one order may hold, so nothing was bought.
    AboveLimit = "above_limit",
    /// A purchase call was answered, and the answer could not be written down: carry the order on.
    AnswerNotRecorded = "answer_not_recorded",
    /// The provider's order belongs to another order of ours.
    BelongsToAnother = "belongs_to_another",
    /// An eSIM was given back or not, and the answer could not be written down.
    CancellationNotRecorded = "cancellation_not_recorded",
    /// The provider refused to take the eSIM back.
    CancellationRefused = "cancellation_refused",
    /// Whether the eSIM was given back is not known. Asking again is harmless.
    CancellationUnknown = "cancellation_unknown",
    /// The provider takes no eSIM back by a call.
    CannotCancel = "cannot_cancel",
    /// The package is sold for other numbers of days.
    Days = "days",
    /// A decision about an order cannot be taken as typed.
    Decision = "decision",
    /// The answer at the prompt was no.
    Declined = "declined",
    /// A file could not be written.
    File = "file",
    /// The eSIM was given back before.
    GivenBack = "given_back",
    /// Another process works on the order.
    HeldElsewhere = "held_elsewhere",
    /// The package does not fit the eSIM.
    IncompatiblePackage = "incompatible_package",
    /// Something in the program itself is wrong.
    Internal = "internal",
    /// The command was interrupted before it was done.
    Interrupted = "interrupted",
    /// The journal cannot be read or written.
    Journal = "journal",
    /// The key names an order for something else.
    KeyReused = "key_reused",
    /// The machine refused something that no command can do without.
    Machine = "machine",
    /// `reconcile` found nothing wrong, and the provider's list is not proven whole.
    ListUnproven = "list_unproven",
    /// A person has to look at the order.
    NeedsAttention = "needs_attention",
    /// The profile of the eSIM is not there yet.
    NoProfile = "no_profile",
    /// The eSIM is of no order in this journal.
    NotBoughtHere = "not_bought_here",
    /// `order resend` without `--i-have-checked`.
    NotChecked = "not_checked",
    /// `reconcile` found a difference, or could not look everywhere.
    NotClean = "not_clean",
    /// The eSIM was not given back. It may be asked for again.
    NotGivenBack = "not_given_back",
    /// The order stands where this cannot be decided.
    NotPossible = "not_possible",
    /// The order is fulfilled.
    Order = "order",
    /// The order ended, and nothing was delivered.
    OrderFailed = "order_failed",
    /// The order was started with another provider, or at another address.
    OtherProvider = "other_provider",
    /// The provider's order bears another reference.
    OtherReference = "other_reference",
    /// Standard output could not be written.
    Output = "output",
    /// A check refused the order before anything was sent.
    Refused = "refused",
    /// The sandbox cannot be served as asked.
    Sandbox = "sandbox",
    /// The settings are wrong, or what they name cannot be used.
    Settings = "settings",
    /// The provider has an order under this reference, so nothing is sent again.
    StillThere = "still_there",
    /// The eSIM is installed, used or over.
    TooLateToCancel = "too_late_to_cancel",
    /// The package needs the day the journey starts.
    TravelDateMissing = "travel_date_missing",
    /// Orders were not carried to their end.
    Unfinished = "unfinished",
    /// An order for the same thing is unfinished, so nothing was bought.
    UnfinishedOrder = "unfinished_order",
    /// There is no such country.
    UnknownCountry = "unknown_country",
    /// There is no such destination.
    UnknownDestination = "unknown_destination",
    /// The journal has no such order.
    UnknownOrder = "unknown_order",
    /// The provider has no such package.
    UnknownPackage = "unknown_package",
    /// The provider has no such order.
    UnknownProviderOrder = "unknown_provider_order",
    /// The command line cannot be carried out as typed.
    Usage = "usage",
    /// The wallet is too small, so nothing was bought.
    WalletShort = "wallet_short",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use roamport_app::{AppError, DecisionError, Refusal};
    use roamport_domain::journal::JournalError;
    use roamport_domain::provider::ErrorKind;
    use roamport_domain::{OrderId, PackageId};

    use super::*;

    #[test]
    fn the_kind_of_a_use_cases_error_is_in_the_table() {
        let order: OrderId = "018f0000-0000-7000-8000-000000000001".parse().unwrap();
        let package = PackageId::parse("p-1").unwrap();
        let errors = [
            AppError::from(JournalError::NotFound(order)),
            AppError::from(Refusal::TravelDateMissing { package }),
            AppError::from(DecisionError::NotChecked { order }),
            AppError::Broken("a panic".to_owned()),
        ];
        for error in errors {
            let kind = error.kind();
            assert!(
                Kind::ALL.iter().any(|known| known.as_str() == kind),
                "{kind}"
            );
        }
    }

    #[test]
    fn every_kind_has_a_name_of_its_own_and_a_sentence() {
        let own = Kind::ALL.iter().map(|kind| kind.as_str());
        let names: Vec<&str> = own.chain(ErrorKind::ALL.map(ErrorKind::as_str)).collect();
        let different: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
        for kind in Kind::ALL {
            assert!(kind.meaning().ends_with('.'), "{kind:?}");
            assert!(!kind.meaning().starts_with(' '), "{kind:?}");
        }
    }
}
