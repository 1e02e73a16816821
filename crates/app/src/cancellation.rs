//! The use-case "give an eSIM back": before anybody installed it, with the name and the reason of
//! whoever decided.
//!
//! The wish is durable before the provider is asked, the answer after. A process that dies in between
//! leaves a wish without an answer; whoever asks again reads the eSIM first and finishes it. Asking
//! twice is harmless by the contract of [`EsimProvider::cancel`](roamport_domain::EsimProvider::cancel).

use futures::TryStreamExt as _;
use jiff::Timestamp;
use roamport_domain::esim::{PlanState, ProfileState};
use roamport_domain::journal::OrderFilter;
use roamport_domain::order::{CancellationOutcome, Event, Item, ItemCancellation, ItemNumber};
use roamport_domain::provider::{
    CancelRequest, ErrorKind, EsimKey, ProviderError, Reaction, Refund,
};
use roamport_domain::{Esim, EsimId, EsimProvider as _, Order, OrderId};

use crate::attention::{Decision, Patience};
use crate::{AppError, Orders, Refusal, esims};

/// How often it is tried to take the provider's answer down before whoever asked is told.
const TRIES: u32 = 3;

/// What became of the wish to give an eSIM back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenBack {
    /// The order as it stands now.
    pub order: Order,
    /// Which of its items.
    pub item: ItemNumber,
    /// The eSIM.
    pub esim: EsimId,
    /// How it ended. Unknown: ask again, which is harmless.
    pub outcome: CancellationOutcome,
}

/// Gives eSIMs back.
#[derive(Clone, Debug)]
pub struct Cancellations {
    orders: Orders,
}

impl Cancellations {
    /// Gives back eSIMs that these orders bought.
    pub const fn new(orders: Orders) -> Self {
        Self { orders }
    }

    /// The order that bought an eSIM, and its place among that order's items.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotBoughtHere`]; [`AppError::Journal`].
    pub async fn find(&self, key: &EsimKey) -> Result<(OrderId, ItemNumber), AppError> {
        let parts = self.orders.parts();
        let provider = &parts.instance.name;
        let kept = parts.profiles.find_profile(provider, key).await?;
        let id = kept.as_ref().map(|kept| kept.esim.id()).or(key.id());
        if let Some(id) = id {
            let mut bought = parts.journal.list(OrderFilter {
                esim: Some(id.clone()),
                provider: Some(provider.clone()),
                ..OrderFilter::default()
            });
            while let Some(summary) = bought.try_next().await? {
                let order = self.orders.order(summary.id).await?;
                let place = order.items().iter().position(|item| item.esim == *id);
                if let Some(item) = place.and_then(|place| ItemNumber::try_from(place).ok()) {
                    return Ok((order.id(), item));
                }
            }
        }
        let named = key.id().map(EsimId::as_str);
        let named = named.or(key.iccid().map(roamport_domain::Iccid::as_str));
        Err(Refusal::NotBoughtHere {
            esim: named.unwrap_or_default().to_owned(),
        }
        .into())
    }

    /// Gives the eSIM of one item of an order back. The eSIM is read first: one that is installed,
    /// used or over is refused without a call, and one that the provider has back already is taken
    /// down as given back.
    ///
    /// The order's state stays as it is; the item remembers what came of it. What the provider refused
    /// or what nobody knows is no error, but the outcome in the answer.
    ///
    /// # Errors
    ///
    /// [`Refusal::CannotCancel`], [`Refusal::NoSuchItem`], [`Refusal::AlreadyGivenBack`],
    /// [`Refusal::TooLateToCancel`]: nothing was sent. [`AppError::Provider`] where the eSIM cannot be
    /// read, and [`AppError::OtherProvider`], [`HeldElsewhere`](crate::DecisionError::HeldElsewhere) and
    /// [`AppError::Journal`]: nothing was sent either. [`AppError::CancellationNotRecorded`].
    pub async fn cancel(
        &self,
        id: OrderId,
        item: ItemNumber,
        decision: &Decision,
    ) -> Result<GivenBack, AppError> {
        let order = self.orders.own_order(id).await?;
        let (esim, refund) = self.possible(&order, item)?;
        let provider = &self.orders.parts().provider;
        let read = provider.esim(&EsimKey::from_id(esim.clone())).await?;
        if is_cancelled(&read) {
            let outcome = by_reading(refund);
            let order = self.settle(id, item, decision, &outcome).await?;
            self.refresh(&read).await;
            return Ok(GivenBack {
                order,
                item,
                esim,
                outcome,
            });
        }
        if let Some(why) = too_late(&read) {
            let provider = provider.name().clone();
            return Err(Refusal::TooLateToCancel {
                esim,
                why,
                provider,
            }
            .into());
        }
        self.orders
            .write_by_hand(id, Patience::Lease, |order, at| {
                self.possible(order, item)?;
                Ok(vec![started(item, at, decision)])
            })
            .await?;
        let key = EsimKey::new(Some(esim.clone()), read.iccid().cloned()).expect("the id is given");
        let outcome = self.ask(&key, refund).await;
        let order = self.settle(id, item, decision, &outcome).await?;
        self.read_again(&key, &outcome).await;
        Ok(GivenBack {
            order,
            item,
            esim,
            outcome,
        })
    }

    /// The eSIM of an item that may be asked for, and when its money comes back.
    fn possible(&self, order: &Order, item: ItemNumber) -> Result<(EsimId, Refund), Refusal> {
        let Some(found) = order.items().get(usize::from(item)) else {
            return Err(Refusal::NoSuchItem {
                order: order.id(),
                item,
                items: order.items().len(),
            });
        };
        let esim = found.esim.clone();
        if is_given_back(found) {
            return Err(Refusal::AlreadyGivenBack { esim });
        }
        let provider = &self.orders.parts().provider;
        match provider.capabilities().cancellation {
            Some(refund) => Ok((esim, refund)),
            None => Err(Refusal::CannotCancel {
                provider: provider.name().clone(),
                provider_order: order.placed().map(|placed| placed.id.clone()),
                esim,
            }),
        }
    }

    /// The one call, and where nobody knows what came of it, one look.
    async fn ask(&self, key: &EsimKey, refund: Refund) -> CancellationOutcome {
        let provider = &self.orders.parts().provider;
        let esim = key.clone();
        let error = match provider.cancel(&CancelRequest { esim }).await {
            Ok(cancelled) => {
                return CancellationOutcome::Cancelled {
                    refund: cancelled.refund,
                    amount: cancelled.amount,
                };
            }
            Err(error) => error,
        };
        let outcome = outcome_of(&error);
        if !matches!(outcome, CancellationOutcome::Unknown { .. }) {
            return outcome;
        }
        match provider.esim(key).await {
            Ok(esim) if is_cancelled(&esim) => by_reading(refund),
            _ => outcome,
        }
    }

    /// Takes the answer down, whoever else writes meanwhile.
    async fn settle(
        &self,
        id: OrderId,
        item: ItemNumber,
        decision: &Decision,
        outcome: &CancellationOutcome,
    ) -> Result<Order, AppError> {
        let mut tries = 1;
        loop {
            let written = self
                .orders
                .write_by_hand(id, Patience::Lease, |order, at| {
                    Ok(settled(order, item, at, decision, outcome))
                })
                .await;
            let error = match written {
                Ok(order) => return Ok(order),
                Err(error) => error,
            };
            if tries == TRIES {
                return Err(AppError::CancellationNotRecorded {
                    order: id,
                    item,
                    answer: words(outcome),
                    reason: error.to_string(),
                });
            }
            tracing::warn!(order.id = %id, item, %error, "the answer to a cancellation could not be taken down; trying again");
            tries += 1;
        }
    }

    /// What is kept of the eSIM follows what became of it. Not having read it changes nothing: its
    /// events say that it was given back.
    async fn read_again(&self, key: &EsimKey, outcome: &CancellationOutcome) {
        if !matches!(
            outcome,
            CancellationOutcome::Cancelled { .. } | CancellationOutcome::Refused { .. }
        ) {
            return;
        }
        match self.orders.parts().provider.esim(key).await {
            Ok(esim) => self.refresh(&esim).await,
            Err(error) => {
                tracing::warn!(%error, "an eSIM that was to be given back could not be read again");
            }
        }
    }

    async fn refresh(&self, esim: &Esim) {
        let profiles = &*self.orders.parts().profiles;
        if let Err(error) = esims::refresh(profiles, esim).await {
            tracing::warn!(%error, "what is kept of an eSIM could not be replaced");
        }
    }
}

fn is_given_back(item: &Item) -> bool {
    let cancellation = item.cancellation.as_ref();
    cancellation.is_some_and(ItemCancellation::is_done)
}

fn is_cancelled(esim: &Esim) -> bool {
    *esim.plan() == PlanState::Cancelled
}

/// The provider has it back, as the eSIM says; how much money came with it nobody said.
const fn by_reading(refund: Refund) -> CancellationOutcome {
    CancellationOutcome::Cancelled {
        refund,
        amount: None,
    }
}

/// Why an eSIM can no longer be given back. In doubt the provider is asked.
fn too_late(esim: &Esim) -> Option<&'static str> {
    match (esim.profile(), esim.plan()) {
        (
            ProfileState::Installed
            | ProfileState::Enabled
            | ProfileState::Disabled
            | ProfileState::Deleted,
            _,
        ) => Some("it was installed on a device"),
        (_, PlanState::Active | PlanState::UsedUp) => Some("its data was used"),
        (ProfileState::Expired, _) | (_, PlanState::Expired) => Some("its time is over"),
        (ProfileState::Revoked, _) | (_, PlanState::Revoked) => {
            Some("the provider ended it for good")
        }
        _ => None,
    }
}

fn started(item: ItemNumber, at: Timestamp, decision: &Decision) -> Event {
    Event::CancellationStarted {
        item,
        at,
        by: decision.by().to_owned(),
        why: decision.why().to_owned(),
    }
}

/// The end of a cancellation, and its beginning where somebody gave the eSIM back elsewhere.
fn settled(
    order: &Order,
    item: ItemNumber,
    at: Timestamp,
    decision: &Decision,
    outcome: &CancellationOutcome,
) -> Vec<Event> {
    let mut events = Vec::new();
    let known = order.items().get(usize::from(item));
    if known.is_some_and(is_given_back) {
        return events;
    }
    if known.is_some_and(|item| item.cancellation.is_none()) {
        events.push(started(item, at, decision));
    }
    events.push(Event::CancellationSettled {
        item,
        at,
        outcome: outcome.clone(),
    });
    events
}

fn outcome_of(error: &ProviderError) -> CancellationOutcome {
    let message = error.to_string();
    match error.reaction() {
        Reaction::Reconcile => CancellationOutcome::Unknown { message },
        // An answer that cannot be read may have been that to an eSIM taken back.
        Reaction::Halt if error.kind() == ErrorKind::InvalidResponse => {
            CancellationOutcome::Unknown { message }
        }
        Reaction::Refuse => CancellationOutcome::Refused { message },
        Reaction::Retry { .. } | Reaction::Halt => CancellationOutcome::NotDone { message },
    }
}

fn words(outcome: &CancellationOutcome) -> String {
    match outcome {
        CancellationOutcome::Cancelled { .. } => "the provider took the eSIM back".to_owned(),
        CancellationOutcome::Refused { message } => format!("it was refused: {message}"),
        CancellationOutcome::NotDone { message } => format!("it was not done: {message}"),
        CancellationOutcome::Unknown { message } => format!("it is unknown: {message}"),
    }
}
