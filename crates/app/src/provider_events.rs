//! The use-case "take what a provider sends": an event says what to read again, and does nothing else.
//!
//! Whoever sent it, signed or not, an event changes neither money nor a state: an order it names is
//! made due, so that a worker reads it at the provider, and an eSIM it names is read again. What a
//! reading says is then recorded like any other. So a forged event costs a read, and reads that
//! unsigned events cause are few: see [`EventPolicy`].

mod hints;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::TryStreamExt as _;
use jiff::SignedDuration;
use roamport_domain::journal::{JournalError, KeptProfile, OrderFilter};
use roamport_domain::order::{Attempt, Event, LookUpResult, OrderState};
use roamport_domain::provider::{
    Delivery, ErrorKind, EsimKey, EventDecoder, ProviderEvent, ProviderEventKind, Trust,
};
use roamport_domain::{EsimId, EsimProvider as _, EventInbox, Order, OrderId, ProviderName};

use self::hints::Hints;
use crate::evidence::look;
use crate::{AppError, DecisionError, Orders, esims};

/// So many events are remembered before the old ones are looked for.
const TIDY_EVERY: u32 = 256;

/// Limits on what events may cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPolicy {
    /// Reads at the provider that unsigned events may cause in any minute, in this process. 60.
    pub hints_per_minute: NonZeroU32,
    /// How long an event that was acted upon is known again. 30 days.
    pub remember_for: Duration,
    /// How many events are known again at most. 100 000.
    pub remember_at_most: u32,
}

impl Default for EventPolicy {
    fn default() -> Self {
        Self {
            hints_per_minute: const { NonZeroU32::new(60).expect("sixty is not zero") },
            remember_for: Duration::from_hours(24 * 30),
            remember_at_most: 100_000,
        }
    }
}

/// What was done about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It names nothing that is kept here, or nothing that could be read again.
    Nothing,
    /// It was acted upon before.
    Repeated,
    /// Too many unsigned events came of late: it was dropped. What it tells is found by the reads
    /// that are made without events, or when it is sent again.
    Postponed,
    /// What it names is read again.
    Acted {
        /// Orders that were looked up or made due.
        orders: Vec<OrderId>,
        /// The eSIM that was read.
        esim: Option<EsimId>,
    },
}

/// An event, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenEvent {
    /// As it came.
    pub event: ProviderEvent,
    /// What was done.
    pub effect: Effect,
}

/// What a delivery held, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether it is known to come from the provider.
    pub trust: Trust,
    /// Its events, in their order.
    pub events: Vec<TakenEvent>,
}

/// Takes what one provider sends.
pub struct ProviderEvents {
    orders: Orders,
    decoder: Arc<dyn EventDecoder>,
    inbox: Arc<dyn EventInbox>,
    policy: EventPolicy,
    hints: Hints,
    remembered: AtomicU32,
}

impl fmt::Debug for ProviderEvents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProviderEvents")
            .field("decoder", &self.decoder)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// What an event is about, of that which is kept here.
#[derive(Default)]
struct Subject {
    orders: Vec<OrderId>,
    profile: Option<KeptProfile>,
}

impl ProviderEvents {
    /// Takes what the provider of `orders` sends, as `decoder` reads it.
    pub fn new(orders: Orders, decoder: Arc<dyn EventDecoder>, inbox: Arc<dyn EventInbox>) -> Self {
        Self {
            orders,
            decoder,
            inbox,
            policy: EventPolicy::default(),
            hints: Hints::default(),
            remembered: AtomicU32::new(0),
        }
    }

    /// The same under other limits.
    #[must_use]
    pub fn with_policy(self, policy: EventPolicy) -> Self {
        Self { policy, ..self }
    }

    /// Acts upon a delivery: each event that is new has what it names read again, and is remembered
    /// after that. A process that dies in between acts upon it again when it is sent again.
    ///
    /// # Errors
    ///
    /// [`AppError::Delivery`]: the delivery is to be refused. [`AppError::Provider`] and
    /// [`AppError::Journal`] where something could not be read or written: the provider should send
    /// it again; events that could be acted upon were.
    pub async fn take(&self, delivery: &Delivery<'_>) -> Result<Taken, AppError> {
        let decoded = self.decoder.decode(delivery)?;
        let mut taken = Taken {
            trust: decoded.trust,
            events: Vec::with_capacity(decoded.events.len()),
        };
        let mut trouble = None;
        for event in decoded.events {
            match self.act(&event, decoded.trust).await {
                Ok(effect) => taken.events.push(TakenEvent { event, effect }),
                Err(error) => {
                    tracing::warn!(event.id = %event.id, %error, "an event could not be acted upon; it is when it is sent again");
                    trouble.get_or_insert(error);
                }
            }
        }
        trouble.map_or(Ok(taken), Err)
    }

    async fn act(&self, event: &ProviderEvent, trust: Trust) -> Result<Effect, AppError> {
        let provider = self.provider();
        if self.inbox.is_known(provider, &event.id).await? {
            return Ok(Effect::Repeated);
        }
        let subject = self.subject(&event.kind).await?;
        let reads = subject.orders.len() + usize::from(subject.profile.is_some());
        if reads == 0 {
            // Not remembered: an order may become known only after an event about it.
            return Ok(Effect::Nothing);
        }
        let most = self.policy.hints_per_minute;
        let now = self.orders.parts().clock.monotonic();
        if trust == Trust::Hint && !self.hints.admits(reads, most, now) {
            return Ok(Effect::Postponed);
        }
        for id in &subject.orders {
            self.read_order(*id).await?;
        }
        if let Some(kept) = &subject.profile {
            self.read_esim(kept).await?;
        }
        self.remember(&event.id).await?;
        Ok(Effect::Acted {
            orders: subject.orders,
            esim: subject.profile.map(|kept| kept.esim.id().clone()),
        })
    }

    fn provider(&self) -> &ProviderName {
        &self.orders.parts().instance.name
    }

    async fn subject(&self, kind: &ProviderEventKind) -> Result<Subject, AppError> {
        match kind {
            ProviderEventKind::OrderChanged { order, reference } => {
                let mut orders = Vec::new();
                if let Some(order) = order {
                    let provider_order = Some(order.clone());
                    let filter = OrderFilter {
                        provider_order,
                        ..OrderFilter::default()
                    };
                    orders.extend(self.unsettled(filter).await?);
                }
                if let Some(reference) = reference {
                    let reference = Some(reference.clone());
                    let filter = OrderFilter {
                        reference,
                        ..OrderFilter::default()
                    };
                    orders.extend(self.unsettled(filter).await?);
                }
                orders.sort_unstable();
                orders.dedup();
                Ok(Subject {
                    orders,
                    profile: None,
                })
            }
            ProviderEventKind::EsimChanged { esim }
            | ProviderEventKind::UsageChanged { esim }
            | ProviderEventKind::RefundDecided { esim } => self.about(esim).await,
            _ => Ok(Subject::default()),
        }
    }

    /// The profile that is kept of an eSIM, and the orders that wait for it.
    async fn about(&self, esim: &EsimKey) -> Result<Subject, AppError> {
        let profiles = &self.orders.parts().profiles;
        let profile = profiles.find_profile(self.provider(), esim).await?;
        let known = profile.as_ref().map(|kept| kept.esim.id());
        let orders = match known.or(esim.id()) {
            Some(id) => {
                let filter = OrderFilter {
                    esim: Some(id.clone()),
                    ..OrderFilter::default()
                };
                self.unsettled(filter).await?
            }
            None => Vec::new(),
        };
        Ok(Subject { orders, profile })
    }

    /// The orders that match, are this provider instance's, and have not ended.
    async fn unsettled(&self, filter: OrderFilter) -> Result<Vec<OrderId>, AppError> {
        let parts = self.orders.parts();
        let mut listed = parts.journal.list(OrderFilter {
            provider: Some(parts.instance.name.clone()),
            ..filter
        });
        let mut orders = Vec::new();
        while let Some(summary) = listed.try_next().await? {
            if summary.provider == parts.instance && !summary.state.is_final() {
                orders.push(summary.id);
            }
        }
        Ok(orders)
    }

    /// Has an order read: looked up at once where nobody knows whether it was bought, otherwise by
    /// whoever carries it on, as soon as possible.
    async fn read_order(&self, id: OrderId) -> Result<(), AppError> {
        let parts = self.orders.parts();
        let order = self.orders.order(id).await?;
        if is_looked_for(&order) && parts.provider.capabilities().finds_by_reference() {
            self.look_up(&order).await?;
        }
        match parts.journal.wake(id).await {
            Ok(()) | Err(JournalError::NotFound(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// One look for an order of unknown outcome. A look that finds nothing writes nothing: no event,
    /// forged or not, disturbs the watch that a second purchase call depends on.
    async fn look_up(&self, order: &Order) -> Result<(), AppError> {
        let parts = self.orders.parts();
        let look = look(parts, order, false).await?;
        if !matches!(&look.result, LookUpResult::Healthy { found } if !found.is_empty()) {
            return Ok(());
        }
        let looked_up = Event::LookedUp {
            started_at: look.started_at,
            conclusive: false,
            result: look.result,
            evidence: look.evidence,
        };
        let written = self.orders.append_by_hand(order.id(), |order, _| {
            Ok(if is_looked_for(order) {
                vec![looked_up]
            } else {
                Vec::new()
            })
        });
        match written.await {
            Ok(_)
            // Somebody is about it; or the order found is another's, which the machine's own look-up
            // takes down.
            | Err(
                AppError::Decision(DecisionError::HeldElsewhere { .. })
                | AppError::Journal(JournalError::Duplicate { .. }),
            ) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn read_esim(&self, kept: &KeptProfile) -> Result<(), AppError> {
        let parts = self.orders.parts();
        let key = EsimKey::from_id(kept.esim.id().clone());
        match parts.provider.esim(&key).await {
            Ok(esim) => Ok(esims::refresh(&*parts.profiles, &esim).await?),
            // What was kept stays: that the provider forgets an eSIM says nothing about the profile.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn remember(&self, event: &str) -> Result<(), AppError> {
        let (provider, now) = (self.provider(), self.orders.parts().journal.now().await?);
        self.inbox.remember(provider, event, now).await?;
        let before = self.remembered.fetch_add(1, Ordering::Relaxed);
        if before.is_multiple_of(TIDY_EVERY) {
            let kept = SignedDuration::try_from(self.policy.remember_for).ok();
            let before = kept.and_then(|kept| now.checked_sub(kept).ok());
            let before = before.unwrap_or(jiff::Timestamp::MIN);
            let most = self.policy.remember_at_most;
            self.inbox.forget(provider, before, most).await?;
        }
        Ok(())
    }
}

/// Whether nobody knows if the order was bought, and no call for it is on its way.
fn is_looked_for(order: &Order) -> bool {
    matches!(
        order.state(),
        OrderState::Reconciling | OrderState::NeedsAttention
    ) && order.placed().is_none()
        && order.attempts().iter().any(Attempt::is_unknown)
}
