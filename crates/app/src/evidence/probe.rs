//! What the lookup of an account is worth, found out by reads alone.

use jiff::{SignedDuration, Timestamp};
use roamport_domain::ProviderOrderId;
use roamport_domain::journal::LookupProbe;
use roamport_domain::provider::{AnswerForm, FoundOrders, OrderLookup};

use super::control::nowhere;
use crate::{AppError, Orders, OrdersParts};

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
        let known = known(parts, at).await?;
        parts.accounts.keep_probe(&parts.account, &probe).await?;
        Ok(Some(LookupReport {
            probe,
            none: form,
            strangers: orders.len(),
            known,
        }))
    }
}

async fn known(
    parts: &OrdersParts,
    now: Timestamp,
) -> Result<Option<(ProviderOrderId, bool)>, AppError> {
    let before = now
        .saturating_sub(SignedDuration::from_mins(1))
        .unwrap_or(Timestamp::MIN);
    let nobody = roamport_domain::OrderId::from_uuid(uuid::Uuid::nil());
    let known = parts
        .accounts
        .known_at(&parts.instance, &parts.account, before, nobody)
        .await?;
    let Some(known) = known else { return Ok(None) };
    let lookup = OrderLookup::Reference {
        reference: known.reference,
        not_before: known.placed_at,
    };
    let found = parts.provider.find_orders(&lookup).await?;
    let is_found = found.orders.iter().any(|row| row.id == known.order);
    Ok(Some((known.order, is_found)))
}
