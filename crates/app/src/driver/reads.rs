//! Looking for an order at the provider, and reading the one that is there.

use roamport_domain::journal::JournalError;
use roamport_domain::order::comparison::differences;
use roamport_domain::order::{
    AnswerEvidence, AnswerField, Event, LookUpEvidence, LookUpResult, PlacedOrder,
};
use roamport_domain::provider::{FoundOrders, OrderLookup, ProviderOrder};
use roamport_domain::{Esim, EsimProvider as _, Monotonic, Order, ProviderOrderId};

use super::place::somebody_elses;
use super::{Break, Driver};
use crate::AppError;
use crate::evidence::look;

impl Driver {
    /// Looks for our order and records what came of it; returns what was recorded, and when the
    /// provider's orders were last read. With `proof`, finding nothing may lead to another purchase call,
    /// so that every witness is asked.
    pub(super) async fn look_up(
        &self,
        order: &mut Order,
        conclusive: bool,
        proof: bool,
    ) -> Result<(LookUpResult, Monotonic), Break> {
        let look = look(&self.parts, order, proof).await?;
        if let Some(evidence) = &look.evidence {
            note_adoption(order, evidence);
        }
        let looked_up = |result, evidence| Event::LookedUp {
            started_at: look.started_at,
            conclusive,
            result,
            evidence,
        };
        let event = looked_up(look.result.clone(), look.evidence.clone());
        match self.append(order, [event]).await {
            Err(Break::Error(AppError::Journal(JournalError::Duplicate { .. }))) => {
                let message = somebody_elses("the provider named an order");
                let result = LookUpResult::Unhealthy { message };
                self.append(order, [looked_up(result.clone(), None)])
                    .await?;
                Ok((result, look.ended))
            }
            recorded => recorded.map(|()| (look.result, look.ended)),
        }
    }

    /// Reads the provider's order, and takes what it adds.
    pub(super) async fn read_order(
        &self,
        order: &mut Order,
        id: &ProviderOrderId,
    ) -> Result<(), Break> {
        let found = self
            .parts
            .provider
            .find_orders(&OrderLookup::Id(id.clone()))
            .await;
        let at = self.parts.journal.now().await?;
        let (found, evidence) = match the_one(id, found) {
            Ok(found) => match held_against(order, found) {
                Held::Ours(found, evidence) => (Some(found), evidence),
                Held::Strangers(evidence) => (None, evidence),
            },
            Err(problem) => {
                tracing::warn!(order.id = %self.id, problem, "the provider's order could not be read");
                let problem = Some(problem);
                (
                    None,
                    AnswerEvidence {
                        problem,
                        ..AnswerEvidence::default()
                    },
                )
            }
        };
        let read = found
            .as_deref()
            .map(|found| PlacedOrder::of(found, &order.requested().content));
        let read = Event::OrderRead {
            at,
            order: read,
            evidence: Some(evidence),
        };
        self.append(order, [read]).await?;
        let profiles = found.into_iter().flat_map(|found| found.items);
        let ready: Vec<Esim> = profiles
            .filter_map(|item| item.profile)
            .filter(Esim::is_ready)
            .collect();
        self.take_profiles(order, &ready).await
    }

    /// Keeps profiles that came with an answer, and settles their items.
    pub(super) async fn take_profiles(
        &self,
        order: &mut Order,
        ready: &[Esim],
    ) -> Result<(), Break> {
        for esim in ready {
            let place = order
                .items()
                .iter()
                .position(|item| item.esim == *esim.id());
            let Some(item) = place.and_then(|place| u16::try_from(place).ok()) else {
                continue;
            };
            self.take_profile(order, item, esim).await?;
        }
        Ok(())
    }
}

/// The order with this id in the answer to a question about it, or in words why it is not there.
fn the_one(
    id: &ProviderOrderId,
    found: roamport_domain::provider::Result<FoundOrders>,
) -> Result<ProviderOrder, String> {
    let mut orders = found.map_err(|error| error.to_string())?.orders;
    match orders.iter().position(|found| found.id == *id) {
        Some(place) => Ok(orders.swap_remove(place)),
        None => Err(match orders.as_slice() {
            [] => "the provider answers that it has no such order".to_owned(),
            [other, ..] => format!("the provider answers about its order {} instead", other.id),
        }),
    }
}

/// An answer about one order, held against the request.
pub(super) enum Held {
    /// It is about ours; what differs.
    Ours(Box<ProviderOrder>, AnswerEvidence),
    /// It names another reference, so that it is about an order of somebody else. Nothing of it is kept
    /// but the id.
    Strangers(AnswerEvidence),
}

/// Holds an answer that names one order against what was requested.
pub(super) fn held_against(order: &Order, answer: ProviderOrder) -> Held {
    let different = differences(order, &answer);
    if different.contains(&AnswerField::Reference) {
        return Held::Strangers(AnswerEvidence {
            different: vec![AnswerField::Reference],
            stranger: Some(answer.id),
            problem: Some(OTHER_REFERENCE.to_owned()),
            ..AnswerEvidence::default()
        });
    }
    let evidence = AnswerEvidence {
        different,
        unreadable: answer.oddities.clone(),
        ..AnswerEvidence::default()
    };
    Held::Ours(Box::new(answer), evidence)
}

/// Why an answer under another reference is not used.
pub(super) const OTHER_REFERENCE: &str =
    "the provider answered with an order under another reference";

/// Tells that a provider spells references in another way, or drops them.
fn note_adoption(order: &Order, evidence: &LookUpEvidence) {
    if let Some(adoption) = evidence.adoption {
        tracing::warn!(order.id = %order.id(), ?adoption,
            "the provider does not repeat our reference letter by letter; the order is ours all the same");
    }
}
