//! A person's decision: who, why, what came of it, and why it cannot be.

use roamport_domain::order::OrderState;
use roamport_domain::{Order, OrderId, ProviderName, ProviderOrderId, Reference};

/// The most characters of a name.
const LONGEST_NAME: usize = 100;

/// The most characters of a reason.
const LONGEST_REASON: usize = 2000;

/// Who decided, and why: kept in the journal with what was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    by: String,
    why: String,
}

impl Decision {
    /// The decision of `by`, for the reason `why`; blanks around either are dropped.
    ///
    /// # Errors
    ///
    /// [`DecisionError::Unsigned`] where either is empty, too long (100 and 2000 characters), or has
    /// a character that does not print.
    pub fn new(by: &str, why: &str) -> Result<Self, DecisionError> {
        Ok(Self {
            by: checked("who decided", by, LONGEST_NAME)?,
            why: checked("why", why, LONGEST_REASON)?,
        })
    }

    /// Who.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// Why.
    pub fn why(&self) -> &str {
        &self.why
    }
}

fn checked(what: &'static str, text: &str, most: usize) -> Result<String, DecisionError> {
    let text = text.trim();
    let wrong = |rule: String| Err(DecisionError::Unsigned { what, rule });
    if text.is_empty() {
        return wrong("it is missing".to_owned());
    }
    if text.chars().count() > most {
        return wrong(format!("it has more than {most} characters"));
    }
    if text
        .chars()
        .any(|character| character.is_control() && character != '\n')
    {
        return wrong("it has a character that does not print".to_owned());
    }
    Ok(text.to_owned())
}

/// What a person can decide about an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The provider's order with this id is the one; `None` where no id is known here, and a person
    /// has to find it at the provider.
    Attach(Option<ProviderOrderId>),
    /// Nothing was bought: send once more.
    Resend,
    /// Good as it is.
    Accept,
    /// Given up.
    WriteOff,
    /// Called off before it was sent.
    Cancel,
    /// Profiles that are not there yet are asked for with another first day of travel.
    Redate,
}

impl Action {
    /// The name of it, as on the command line.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Attach(_) => "attach",
            Self::Resend => "resend",
            Self::Accept => "accept",
            Self::WriteOff => "write-off",
            Self::Cancel => "cancel",
            Self::Redate => "redate",
        }
    }
}

/// What a person should know beside a decision that was taken down.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The provider's order names no reference, so that nothing but the person's word joins the two.
    NoReference {
        /// Which.
        provider_order: ProviderOrderId,
    },
    /// The provider's order names packages that were not asked for.
    OtherPackages {
        /// Which.
        provider_order: ProviderOrderId,
    },
    /// Another order at the provider was charged for the same wish: it was raised as a second charge.
    SecondCharge {
        /// Which.
        provider_order: ProviderOrderId,
    },
    /// The provider could not be searched for the order just before.
    NotLookedUp {
        /// Why.
        message: String,
    },
}

/// An order after a person's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// As it stands now.
    pub order: Order,
    /// What else the person should know.
    pub warnings: Vec<Warning>,
}

/// Why a decision cannot be taken down. Nothing was changed, nothing sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecisionError {
    /// Nobody, or no reason, stands behind it.
    #[error("the journal keeps {what} with every decision, and {rule}; nothing was changed")]
    Unsigned {
        /// What: who, or why.
        what: &'static str,
        /// What is wrong with it.
        rule: String,
    },
    /// The order is not in a state for it.
    #[error("order {order} is {state}: `{action}` is not possible ({why}); nothing was changed")]
    NotPossible {
        /// Which order.
        order: OrderId,
        /// Where it stands.
        state: OrderState,
        /// What was decided.
        action: &'static str,
        /// Why it cannot be.
        why: String,
    },
    /// Nobody said that the provider was asked.
    #[error(
        "sending order {order} once more costs money a second time where the first call was charged after all; look at the provider first, then say so; nothing was changed"
    )]
    NotChecked {
        /// Which order.
        order: OrderId,
    },
    /// The provider knows no such order.
    #[error("{provider} has no order `{provider_order}`; nothing was changed")]
    UnknownProviderOrder {
        /// Which.
        provider_order: ProviderOrderId,
        /// At which provider.
        provider: ProviderName,
    },
    /// The provider's order was made under another reference: it is somebody else's.
    #[error(
        "the provider's order {provider_order} was made under reference {theirs}, and this order's is {ours}: it belongs to another purchase; nothing was changed"
    )]
    OtherReference {
        /// Which order at the provider.
        provider_order: ProviderOrderId,
        /// Its reference.
        theirs: Reference,
        /// Ours.
        ours: Reference,
    },
    /// Another order of ours has the provider's order already.
    #[error(
        "the provider's order {provider_order} already belongs to another order here; nothing was changed"
    )]
    BelongsToAnother {
        /// Which.
        provider_order: ProviderOrderId,
    },
    /// The provider has orders under this reference.
    #[error(
        "order {order} was bought: the provider has {} under its reference; nothing was changed",
        listed(found)
    )]
    StillThere {
        /// Which order.
        order: OrderId,
        /// What the provider has.
        found: Vec<ProviderOrderId>,
    },
    /// Another process works on the order.
    #[error("another process works on order {order}; nothing was changed: try again in a minute")]
    HeldElsewhere {
        /// Which.
        order: OrderId,
    },
}

impl DecisionError {
    /// The name of the reason, for a program.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::NotPossible { .. } => "not_possible",
            Self::NotChecked { .. } => "not_checked",
            Self::UnknownProviderOrder { .. } => "unknown_provider_order",
            Self::OtherReference { .. } => "other_reference",
            Self::BelongsToAnother { .. } => "belongs_to_another",
            Self::StillThere { .. } => "still_there",
            Self::HeldElsewhere { .. } => "held_elsewhere",
            _ => "decision",
        }
    }
}

fn listed(orders: &[ProviderOrderId]) -> String {
    let ids: Vec<&str> = orders.iter().map(ProviderOrderId::as_str).collect();
    ids.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_has_a_name_and_a_reason() {
        let decision = Decision::new(" ada ", "asked the provider,\nticket 4711 ").unwrap();
        assert_eq!(
            (decision.by(), decision.why()),
            ("ada", "asked the provider,\nticket 4711")
        );
        let long = "x".repeat(2001);
        for (by, why, what) in [
            ("", "because", "who decided"),
            ("  ", "because", "who decided"),
            ("ada", "", "why"),
            ("ada", "\t", "why"),
            ("ada", "bell \u{7}", "why"),
            (&long[..101], "because", "who decided"),
            ("ada", &long, "why"),
        ] {
            let error = Decision::new(by, why).unwrap_err();
            assert!(
                matches!(error, DecisionError::Unsigned { what: told, .. } if told == what),
                "{by:?} {why:?}: {error}"
            );
        }
    }
}
