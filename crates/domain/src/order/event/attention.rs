//! What a person should know or decide about an order, and how a person decides.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AttemptNumber, ItemNumber, PlacedOrder};
use crate::order::evidence::AnswerField;
use crate::provider::ProviderOrderStatus;
use crate::{Account, Money, OrderId, ProviderOrderId};

/// Something a person should know or decide, beside the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum AttentionReason {
    /// No look-up settled what became of this attempt.
    OutcomeUnknown {
        /// Which.
        attempt: AttemptNumber,
    },
    /// Look-ups prove as well as they can that nothing was bought, and no attempt is left.
    AttemptsUsedUp,
    /// Several orders at the provider bear our reference.
    SeveralFound {
        /// Their ids.
        orders: Vec<ProviderOrderId>,
    },
    /// The one order found is not what was asked for.
    FoundDiffers {
        /// Its id.
        order: ProviderOrderId,
    },
    /// The provider charged another price.
    PriceDiffers {
        /// What was quoted.
        quoted: Money,
        /// What was charged.
        charged: Money,
    },
    /// More or fewer eSIMs came than were asked for.
    ItemCountDiffers {
        /// Asked for.
        expected: u16,
        /// Came.
        actual: u16,
    },
    /// A second charge for this order came to light.
    SecondCharge {
        /// The provider's id of the second order.
        order: ProviderOrderId,
    },
    /// The provider cancelled or refunded the order, or asks a person for something.
    ProviderStatus {
        /// What it says.
        status: ProviderOrderStatus,
    },
    /// The items did not come in time.
    DeliveryOverdue,
    /// An eSIM's profile could not be generated.
    ItemFailed {
        /// Which.
        item: ItemNumber,
        /// Why.
        message: String,
    },
    /// An eSIM or its activation code was delivered before: nothing of the profile is stored.
    EsimDeliveredBefore {
        /// Which of this order's eSIMs.
        item: ItemNumber,
        /// The order that has it.
        order: OrderId,
    },
    /// The order was given up, and no look-up could confirm that it was never sent.
    UnsentUnconfirmed,
    /// Orders at the provider bear a reference that looks like ours.
    LooksAlike {
        /// Their ids.
        orders: Vec<ProviderOrderId>,
    },
    /// Orders at the provider name no reference, are for our goods and were made while ours may have
    /// been.
    SameGoods {
        /// Their ids.
        orders: Vec<ProviderOrderId>,
    },
    /// The provider's order is ours, and not what was ordered.
    GoodsDiffer {
        /// The fields that differ.
        fields: Vec<AnswerField>,
    },
    /// The order may have been sent with the credentials of another account.
    OtherAccount {
        /// The account that it was sent with; absent in orders of releases before format 2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sent_with: Option<Account>,
        /// The account whose credentials are in use.
        current: Account,
    },
}

impl AttentionReason {
    /// The name of it, as it stands in the journal and in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::AttemptsUsedUp => "attempts_used_up",
            Self::SeveralFound { .. } => "several_found",
            Self::FoundDiffers { .. } => "found_differs",
            Self::PriceDiffers { .. } => "price_differs",
            Self::ItemCountDiffers { .. } => "item_count_differs",
            Self::SecondCharge { .. } => "second_charge",
            Self::ProviderStatus { .. } => "provider_status",
            Self::DeliveryOverdue => "delivery_overdue",
            Self::ItemFailed { .. } => "item_failed",
            Self::EsimDeliveredBefore { .. } => "esim_delivered_before",
            Self::UnsentUnconfirmed => "unsent_unconfirmed",
            Self::LooksAlike { .. } => "looks_alike",
            Self::SameGoods { .. } => "same_goods",
            Self::GoodsDiffer { .. } => "goods_differ",
            Self::OtherAccount { .. } => "other_account",
        }
    }
}

/// How a person settled an order that needed attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "resolution", rename_all = "snake_case")]
pub enum Resolution {
    /// This order at the provider is the one.
    Attach {
        /// As read from the provider.
        order: PlacedOrder,
    },
    /// Nothing was bought: send once more.
    Resend {
        /// Not after this moment.
        place_before: Timestamp,
    },
    /// Good as it is.
    Accept,
    /// Given up.
    WriteOff,
    /// The account that it was sent with and this one are the same: it goes on under this one.
    SameAccount {
        /// The account whose credentials are in use.
        account: Account,
    },
}
