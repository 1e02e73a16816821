//! What the lookup of an account is worth, found out by reads alone.

use jiff::{SignedDuration, Timestamp};
use roamport_domain::ProviderOrderId;
use roamport_domain::journal::LookupProbe;
use roamport_domain::provider::{AnswerForm, FoundOrders, OrderLookup};

use super::control::{newest_known, nowhere};
use crate::{AppError, Orders};

/// What a probe found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupReport {
    /// What is stored for the account.
    pub probe: LookupProbe,
    /// The form of the answer to a reference under which nothing was ever ordered.
    pub none: AnswerForm,
    /// How many orders that answer has.
    pub strangers: usize,
    /// The newest order that this journal knows of the account, and whether the same lookup found it.
    /// Absent where it knows none that is a minute old.
    pub known: Option<(ProviderOrderId, bool)>,
}

impl Orders {
    /// Asks the provider for a reference under which nothing was ever ordered and for the newest order
    /// that the journal knows, and stores what the answers are worth for the account. Buys nothing.
    ///
    /// `None` at a provider that finds no order by reference.
    ///
    /// # Errors
    ///
    /// [`AppError::Provider`] where a lookup fails, [`AppError::Journal`].
    pub async fn probe(&self) -> Result<Option<LookupReport>, AppError> {
        let parts = self.parts();
        if !parts.provider.capabilities().finds_by_reference() {
            return Ok(None);
        }
        let at = parts.journal.now().await?;
        let nothing = parts
            .provider
            .find_orders(&OrderLookup::Reference {
                reference: nowhere(parts),
                not_before: at,
            })
            .await?;
        let FoundOrders { orders, form, .. } = nothing;
        let probe = LookupProbe {
            at,
            filter_held: orders.is_empty(),
            none_body: match &form {
                AnswerForm::NotFound(body) => Some(body.clone()),
                AnswerForm::Documented | AnswerForm::Tolerated => None,
            },
        };
        let a_minute_ago = at.saturating_sub(SignedDuration::from_mins(1));
        let known = newest_known(parts, a_minute_ago.unwrap_or(Timestamp::MIN), None).await??;
        parts.accounts.keep_probe(&parts.account, &probe).await?;
        Ok(Some(LookupReport {
            probe,
            none: form,
            strangers: orders.len(),
            known,
        }))
    }
}
