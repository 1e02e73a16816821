//! The part of the page about orders that need a person: every reason there is, as an order says it.

use roamport_domain::money::{Currency, Money};
use roamport_domain::order::{AnswerField, AttemptNumber, AttentionReason};
use roamport_domain::provider::ProviderOrderStatus;
use roamport_domain::{Account, ProviderOrderId};

use super::super::markdown::{capital, code, heading, paragraph, table};
use super::words;
use roamport_documents::words::attention_sentence;

/// Adds the part.
pub(super) fn section(text: &mut String) {
    heading(text, 2, "When an order needs a person");
    paragraph(
        text,
        "`roamport order list --state needs-attention` lists such orders, `roamport order review ID` shows one with \
         what was tried and what can be decided, and [stuck orders](../operations/stuck-orders.md) tells when to decide \
         what. Some reasons only warn: the order goes on, and they stand beside its state. The sentences are examples.",
    );
    let rows = examples().into_iter().map(|reason| {
        vec![
            code(reason.name()),
            format!("{}.", capital(&attention_sentence(&reason))),
        ]
    });
    table(text, words(["Reason", "As it is said"]), rows.collect());
}

/// One of each.
fn examples() -> Vec<AttentionReason> {
    let first = AttentionReason::OutcomeUnknown { attempt: FIRST };
    std::iter::successors(Some(first), next).collect()
}

/// An example of the reason that follows on the page. A new reason does not compile without a place.
fn next(reason: &AttentionReason) -> Option<AttentionReason> {
    Some(match reason {
        AttentionReason::OutcomeUnknown { .. } => AttentionReason::AttemptsUsedUp,
        AttentionReason::AttemptsUsedUp => AttentionReason::SeveralFound {
            orders: vec![provider_order("A-1"), provider_order("A-2")],
        },
        AttentionReason::SeveralFound { .. } => AttentionReason::FoundDiffers {
            order: provider_order("A-1"),
        },
        AttentionReason::FoundDiffers { .. } => AttentionReason::PriceDiffers {
            quoted: dollars("4.50"),
            charged: dollars("4.90"),
        },
        AttentionReason::PriceDiffers { .. } => AttentionReason::ItemCountDiffers {
            expected: 2,
            actual: 1,
        },
        AttentionReason::ItemCountDiffers { .. } => AttentionReason::SecondCharge {
            order: provider_order("A-2"),
        },
        AttentionReason::SecondCharge { .. } => AttentionReason::ProviderStatus {
            status: ProviderOrderStatus::Refunded,
        },
        AttentionReason::ProviderStatus { .. } => AttentionReason::EsimDeliveredBefore {
            item: 0,
            order: "01938d2c-6f00-7000-8000-000000000001"
                .parse()
                .expect("the example's id is an id"),
        },
        AttentionReason::EsimDeliveredBefore { .. } => AttentionReason::DeliveryOverdue,
        AttentionReason::DeliveryOverdue => AttentionReason::ItemFailed {
            item: 0,
            message: "the provider's words".to_owned(),
        },
        AttentionReason::ItemFailed { .. } => AttentionReason::UnsentUnconfirmed,
        AttentionReason::UnsentUnconfirmed => AttentionReason::LooksAlike {
            orders: vec![provider_order("A-1")],
        },
        AttentionReason::LooksAlike { .. } => AttentionReason::SameGoods {
            orders: vec![provider_order("A-1")],
        },
        AttentionReason::SameGoods { .. } => AttentionReason::GoodsDiffer {
            fields: vec![AnswerField::Packages],
        },
        AttentionReason::GoodsDiffer { .. } => AttentionReason::OtherAccount {
            sent_with: Some(account("3f9a…")),
            current: account("c0d1…"),
        },
        AttentionReason::OtherAccount { .. } => return None,
    })
}

/// The first purchase call.
const FIRST: AttemptNumber = 1;

fn account(digest: &str) -> Account {
    Account::parse(digest).expect("the examples' accounts are accounts")
}

fn provider_order(id: &str) -> ProviderOrderId {
    ProviderOrderId::parse(id).expect("the examples' ids are ids")
}

fn dollars(amount: &str) -> Money {
    Money::parse_amount(amount, Currency::USD).expect("the examples' amounts are amounts")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_stands_on_the_page_once_with_its_name_in_the_journal() {
        let names: Vec<String> = examples()
            .iter()
            .map(|reason| reason.name().to_owned())
            .collect();
        let different: BTreeSet<&String> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
        assert!(names.iter().all(|name| !name.is_empty()), "{names:?}");
        let mut text = String::new();
        section(&mut text);
        for name in names {
            assert!(text.contains(&format!("| `{name}` | ")), "{name}");
        }
    }
}
