//! Looking for an order at the provider, and reading the one that is there.

use jiff::Timestamp;
use roamport_domain::journal::JournalError;
use roamport_domain::order::{Event, LookUpResult, PlacedOrder};
use roamport_domain::provider::{FoundOrders, OrderLookup, ProviderError};
use roamport_domain::{Esim, Order, ProviderOrderId, Reference};

use super::place::somebody_elses;
use super::{Break, Driver};
use crate::AppError;

impl Driver {
    /// Looks for our reference and records what came of it; gives what was recorded.
    pub(super) async fn look_up(
        &self,
        order: &mut Order,
        conclusive: bool,
    ) -> Result<LookUpResult, Break> {
        let (started_at, result) = self.search(order).await?;
        let looked_up = |result| Event::LookedUp {
            started_at,
            conclusive,
            result,
            evidence: None,
        };
        match self.append(order, &[looked_up(result.clone())]).await {
            Err(Break::Error(AppError::Journal(JournalError::Duplicate { .. }))) => {
                let message = somebody_elses("the provider named an order");
                let result = LookUpResult::Unhealthy { message };
                self.append(order, &[looked_up(result.clone())]).await?;
                Ok(result)
            }
            recorded => recorded.map(|()| result),
        }
    }

    /// One look-up by reference: when it was started on the journal's clock, and what it gave.
    async fn search(&self, order: &Order) -> Result<(Timestamp, LookUpResult), Break> {
        let started_at = self.parts.journal.now().await?;
        let reference = order.requested().reference.clone();
        let lookup = OrderLookup::Reference {
            reference: reference.clone(),
            not_before: order.requested().at,
        };
        let found = self.parts.provider.find_orders(&lookup).await;
        Ok((started_at, judged(&reference, found)))
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
        let found = match found {
            Ok(found) => found.orders.into_iter().find(|found| found.id == *id),
            Err(error) => {
                tracing::warn!(order.id = %self.id, %error, "the provider's order could not be read");
                None
            }
        };
        let read = found.as_ref().map(PlacedOrder::from);
        self.append(
            order,
            &[Event::OrderRead {
                at,
                order: read,
                evidence: None,
            }],
        )
        .await?;
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

/// Whether a look-up says anything: a decoded answer in which no order names another reference. A
/// list that was cut proves no absence.
pub(crate) fn judged(
    reference: &Reference,
    found: Result<FoundOrders, ProviderError>,
) -> LookUpResult {
    let unhealthy = |message: &str| LookUpResult::Unhealthy {
        message: message.to_owned(),
    };
    match found {
        Err(error) => unhealthy(&error.to_string()),
        Ok(found) => {
            let foreign = |named: &Reference| named != reference;
            if found
                .orders
                .iter()
                .any(|order| order.reference.as_ref().is_some_and(foreign))
            {
                return unhealthy("the provider answered with orders under another reference");
            }
            if found.orders.is_empty() && !found.complete {
                return unhealthy("the provider's list was cut, so that it proves nothing");
            }
            LookUpResult::Healthy {
                found: found.orders.iter().map(PlacedOrder::from).collect(),
            }
        }
    }
}
