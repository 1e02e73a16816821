//! The ways in which a provider lies, and where each applies.

use roamport_sandbox::Dialect;

use super::transcript::Call;

/// One way to change an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Rule {
    DropField,
    RenameField,
    RetypeField,
    DuplicateField,
    ReorderFields,
    Respell,
    CutText,
    OtherText,
    OtherAmount,
    EmptyList,
    CutList,
    StrangersToo,
    StrangersOnly,
    NoList,
    StrangersIds,
    EarlierIds,
    DeadState,
    OtherEnvelope,
    ErrorBeside,
    OtherStatus,
    FailureForm,
    Html,
    EmptyBody,
    Truncated,
    BrokenOff,
    Stale,
    Huge,
    ManyElements,
    Hostile,
    Secrets,
    Hide,
}

impl Rule {
    pub(crate) const ALL: [(Self, &'static str); 31] = [
        (Self::DropField, "drop a field"),
        (Self::RenameField, "rename a field"),
        (Self::RetypeField, "retype a field"),
        (Self::DuplicateField, "a field twice, with two values"),
        (Self::ReorderFields, "reorder fields"),
        (Self::Respell, "spell a value otherwise"),
        (Self::CutText, "cut a value"),
        (Self::OtherText, "another value"),
        (Self::OtherAmount, "another amount"),
        (Self::EmptyList, "empty the list"),
        (Self::CutList, "cap the list"),
        (Self::StrangersToo, "ignore the filter"),
        (Self::StrangersOnly, "strangers' rows alone"),
        (Self::NoList, "no list where one belongs"),
        (Self::StrangersIds, "ids of a stranger's order"),
        (Self::EarlierIds, "ids of an earlier order of ours"),
        (Self::DeadState, "call it dead"),
        (Self::OtherEnvelope, "another envelope"),
        (Self::ErrorBeside, "an error beside a success"),
        (Self::OtherStatus, "another status"),
        (Self::FailureForm, "a documented failure"),
        (Self::Html, "a web page"),
        (Self::EmptyBody, "an empty body"),
        (Self::Truncated, "cut off the body"),
        (Self::BrokenOff, "break off or stall"),
        (Self::Stale, "an old answer from a cache"),
        (Self::Huge, "a huge text"),
        (Self::ManyElements, "very many elements"),
        (Self::Hostile, "control and bidi characters"),
        (Self::Secrets, "our secrets in its words"),
        (Self::Hide, "hide the order everywhere"),
    ];

    pub(crate) const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Whether there is anything in such an answer for the rule to change.
    pub(crate) const fn applies(self, call: Call, dialect: Dialect) -> bool {
        let listed = matches!(
            call,
            Call::Destinations
                | Call::Packages
                | Call::TopUpPackages
                | Call::FindByReference
                | Call::List
        ) || match dialect {
            Dialect::Roamify => matches!(call, Call::Purchase | Call::TopUp | Call::FindById),
            Dialect::EsimAccess => matches!(call, Call::FindById | Call::Esim | Call::Usage),
        };
        let of_orders = matches!(
            call,
            Call::Purchase
                | Call::TopUp
                | Call::FindByReference
                | Call::FindById
                | Call::List
                | Call::Esim
                | Call::Provision
        );
        match self {
            Self::EmptyList | Self::CutList | Self::NoList | Self::ManyElements => listed,
            Self::StrangersToo | Self::StrangersOnly => listed && of_orders,
            Self::StrangersIds | Self::EarlierIds => of_orders,
            Self::DeadState => {
                of_orders
                    && !matches!(
                        (call, dialect),
                        (Call::Purchase | Call::TopUp, Dialect::EsimAccess)
                    )
            }
            Self::OtherAmount => !matches!(
                (call, dialect),
                (Call::Destinations | Call::Cancel, _)
                    | (Call::Provision | Call::Esim, Dialect::Roamify)
                    | (Call::Purchase, Dialect::EsimAccess)
            ),
            Self::Hide => matches!(call, Call::FindByReference | Call::Wallet),
            // What is cancelled has no contents to tell.
            Self::DropField
            | Self::RenameField
            | Self::RetypeField
            | Self::DuplicateField
            | Self::ReorderFields
            | Self::OtherEnvelope
            | Self::ErrorBeside
            | Self::OtherStatus
            | Self::FailureForm
            | Self::Html
            | Self::EmptyBody
            | Self::Truncated
            | Self::BrokenOff
            | Self::Secrets => true,
            Self::Respell | Self::CutText | Self::OtherText | Self::Huge | Self::Hostile => {
                !matches!(call, Call::Cancel)
            }
            // What is asked once has no older answer.
            Self::Stale => !matches!(call, Call::Cancel | Call::List | Call::TopUp | Call::Usage),
        }
    }
}

/// Whether a dialect has such a call.
pub(crate) const fn is_spoken(call: Call, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Roamify => !matches!(call, Call::Cancel),
        Dialect::EsimAccess => !matches!(call, Call::FindByReference | Call::Provision),
    }
}

/// How often a rule is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// To every answer of the call.
    Always,
    /// To one answer alone, counted from 0.
    Once(u32),
}

/// One lie: a rule on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lie {
    pub(crate) rule: Rule,
    pub(crate) call: Call,
    pub(crate) lasting: Lasting,
    /// What every choice that the rule makes follows from, so that it lies the same way each time.
    pub(crate) luck: u64,
}

/// Every pair of a rule and a call, in each dialect that has the call.
pub(crate) fn pairs() -> Vec<(Dialect, Rule, Call)> {
    let dialects = [Dialect::Roamify, Dialect::EsimAccess];
    let mut pairs = Vec::new();
    for (rule, _) in Rule::ALL {
        for (call, _) in Call::ALL {
            for dialect in dialects {
                if is_spoken(call, dialect) && rule.applies(call, dialect) {
                    pairs.push((dialect, rule, call));
                }
            }
        }
    }
    pairs
}
