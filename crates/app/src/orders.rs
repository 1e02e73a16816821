//! Orders as a caller sees them: record a wish, carry it on, list what there is.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt as _;
use roamport_domain::journal::{NewOrder, Opened, OrderFilter, OrderSummary, Recorded};
use roamport_domain::order::{Fingerprint, OrderState, Requested, Step, next_step};
use roamport_domain::provider::EsimKey;
use roamport_domain::{Esim, IdempotencyKey, Money, Order, OrderId, Reference};
use uuid::Uuid;

use crate::driver::{BackPressure, BackPressurePolicy, Driver, Pace, Workshop, moment};
use crate::journal_time::JournalTime;
use crate::{AppError, Carried, Observer, OrdersParts, Quote, StopSignal};

/// On which terms a quote is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The caller's idempotency key; a new one is drawn where there is none.
    pub key: Option<IdempotencyKey>,
    /// The most the whole order may cost; the quoted total where `None`.
    pub maximum: Option<Money>,
    /// Without a key: buy even where an order for the same thing is unfinished.
    pub beside_unfinished: bool,
}

/// What became of a wish to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// It was recorded. Nothing was bought yet.
    New(Order),
    /// Its key names this order already.
    Continued(Order),
    /// An order for the same thing is unfinished, and no key was given: nothing was recorded.
    Unfinished(OrderSummary),
}

/// Orders at one provider, kept in one journal.
#[derive(Clone)]
pub struct Orders {
    parts: Arc<OrdersParts>,
    back_pressure: Arc<BackPressure>,
}

impl fmt::Debug for Orders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Orders")
            .field("instance", &self.parts.instance)
            .finish_non_exhaustive()
    }
}

impl Orders {
    /// Orders carried out with these parts.
    pub fn new(mut parts: OrdersParts) -> Self {
        let journal = JournalTime::of(parts.journal, parts.clock.clone());
        parts.journal = Arc::new(journal);
        Self {
            parts: Arc::new(parts),
            back_pressure: Arc::new(BackPressure::new(BackPressurePolicy::default())),
        }
    }

    /// The same, with other limits of back-pressure.
    #[must_use]
    pub fn with_back_pressure(self, policy: BackPressurePolicy) -> Self {
        Self {
            back_pressure: Arc::new(BackPressure::new(policy)),
            ..self
        }
    }

    pub(crate) fn parts(&self) -> &OrdersParts {
        &self.parts
    }

    pub(crate) fn workshop(&self) -> Workshop {
        Workshop {
            parts: self.parts.clone(),
            back_pressure: self.back_pressure.clone(),
        }
    }

    /// Records the wish to take `quote`. Nothing is bought yet: [`Orders::carry_on`] does that.
    ///
    /// # Errors
    ///
    /// [`AppError::KeyReused`]; [`Quote::cap`]'s for an order that is not there yet;
    /// [`AppError::Journal`].
    pub async fn place(&self, quote: &Quote, terms: &Terms) -> Result<Placement, AppError> {
        let fingerprint = Fingerprint::of(&quote.provider, &quote.content);
        match &terms.key {
            Some(key) => {
                if let Some(order) = self.find(key, &fingerprint).await? {
                    return Ok(Placement::Continued(order));
                }
            }
            None if !terms.beside_unfinished => {
                if let Some(order) = self.find_unfinished(&fingerprint).await? {
                    return Ok(Placement::Unfinished(order));
                }
            }
            None => {}
        }
        let cap = quote.cap(terms.maximum)?;
        let key = match &terms.key {
            Some(key) => key.clone(),
            None => IdempotencyKey::parse(new_uuid().to_string()).expect("a UUID is a key"),
        };
        let now = self.parts.journal.now().await?;
        let place_before = jiff::SignedDuration::try_from(self.parts.policy.place_within)
            .ok()
            .and_then(|within| now.checked_add(within).ok())
            .unwrap_or(jiff::Timestamp::MAX);
        let new = NewOrder {
            id: OrderId::from_uuid(new_uuid()),
            requested: Requested {
                at: now,
                reference: Reference::derive(&quote.provider.name, &key),
                key: key.clone(),
                fingerprint,
                provider: quote.provider.clone(),
                content: quote.content.clone(),
                cap,
                place_before,
                account: Some(self.parts.account.clone()),
            },
        };
        match self.parts.journal.open(&new).await? {
            Opened::New(id) => Ok(Placement::New(self.order(id).await?)),
            Opened::Existing(id) => Ok(Placement::Continued(self.order(id).await?)),
            Opened::KeyReused(order) => Err(AppError::KeyReused { key, order }),
        }
    }

    /// The order a key names, where it is one for this thing.
    ///
    /// # Errors
    ///
    /// [`AppError::KeyReused`] where it is for something else; [`AppError::Journal`].
    pub async fn find(
        &self,
        key: &IdempotencyKey,
        fingerprint: &Fingerprint,
    ) -> Result<Option<Order>, AppError> {
        let Some(order) = self.parts.journal.find(key).await? else {
            return Ok(None);
        };
        if order.requested().fingerprint == *fingerprint {
            Ok(Some(order))
        } else {
            Err(AppError::KeyReused {
                key: key.clone(),
                order: order.id(),
            })
        }
    }

    /// The newest order for the same thing that has not ended.
    ///
    /// # Errors
    ///
    /// [`AppError::Journal`].
    pub async fn find_unfinished(
        &self,
        fingerprint: &Fingerprint,
    ) -> Result<Option<OrderSummary>, AppError> {
        let filter = OrderFilter {
            states: unfinished_states(),
            fingerprint: Some(fingerprint.clone()),
            ..OrderFilter::default()
        };
        Ok(self.parts.journal.list(filter).try_next().await?)
    }

    /// Carries an order on until it ends, needs a person, or `stop` is given. One that needs a person
    /// already, and that no provider's order is known for, is looked up first, however long ago it was
    /// last. The work runs in a task of its own: dropping this future cancels no purchase.
    ///
    /// # Errors
    ///
    /// [`AppError::OtherProvider`]; [`AppError::Journal`]; [`AppError::AnswerNotRecorded`].
    pub async fn carry_on(
        &self,
        id: OrderId,
        observer: Arc<dyn Observer>,
        stop: StopSignal,
    ) -> Result<Carried, AppError> {
        let driver = Driver::new(&self.workshop(), id, observer, stop, Pace::Alone);
        match tokio::spawn(driver.run()).await {
            Ok(carried) => carried,
            Err(error) => Err(AppError::Broken(error.to_string())),
        }
    }

    /// The orders of this provider that can be carried on, the oldest first. Those that wait for a
    /// person are not among them, unless their outcome is still looked for.
    ///
    /// # Errors
    ///
    /// [`AppError::Journal`].
    pub async fn unfinished(&self) -> Result<Vec<OrderSummary>, AppError> {
        let filter = OrderFilter {
            states: unfinished_states(),
            provider: Some(self.parts.instance.name.clone()),
            ..OrderFilter::default()
        };
        let mut orders = Vec::new();
        let mut listed = self.parts.journal.list(filter);
        while let Some(summary) = listed.try_next().await? {
            let parked =
                summary.state == OrderState::NeedsAttention && self.rests(summary.id).await?;
            if summary.provider == self.parts.instance && !parked {
                orders.push(summary);
            }
        }
        orders.reverse();
        Ok(orders)
    }

    /// Whether nothing is to be done for an order before a person decides.
    async fn rests(&self, id: OrderId) -> Result<bool, AppError> {
        let order = self.order(id).await?;
        let moment = moment(&self.parts, &order, Duration::ZERO, BTreeSet::new()).await?;
        let capabilities = self.parts.provider.capabilities();
        Ok(next_step(&order, &capabilities, &self.parts.policy, &moment) == Step::Rest)
    }

    /// One order.
    ///
    /// # Errors
    ///
    /// [`AppError::Journal`].
    pub async fn order(&self, id: OrderId) -> Result<Order, AppError> {
        Ok(self.parts.journal.load(id).await?)
    }

    /// The profiles of an order's eSIMs, as they were kept: those that are there, in the order of its
    /// items. None of a top-up, whose eSIM another order bought.
    ///
    /// # Errors
    ///
    /// [`AppError::Journal`].
    pub async fn profiles(&self, order: &Order) -> Result<Vec<Esim>, AppError> {
        let provider = &order.requested().provider.name;
        let mut profiles = Vec::with_capacity(order.items().len());
        for item in order.items() {
            let key = EsimKey::from_id(item.esim.clone());
            let kept = self.parts.profiles.find_profile(provider, &key).await?;
            profiles.extend(kept.map(|kept| kept.esim));
        }
        Ok(profiles)
    }

    /// Everything that happened to an order.
    ///
    /// # Errors
    ///
    /// [`AppError::Journal`].
    pub async fn events(&self, id: OrderId) -> Result<Vec<Recorded>, AppError> {
        Ok(self.parts.journal.events(id).await?)
    }

    /// The orders in one of these states, or all, the newest first.
    ///
    /// # Errors
    ///
    /// [`AppError::Journal`].
    pub async fn list(&self, states: Vec<OrderState>) -> Result<Vec<OrderSummary>, AppError> {
        let filter = OrderFilter {
            states,
            ..OrderFilter::default()
        };
        Ok(self.parts.journal.list(filter).try_collect().await?)
    }
}

fn unfinished_states() -> Vec<OrderState> {
    OrderState::ALL
        .into_iter()
        .filter(|state| !state.is_final())
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "an order id is drawn here and nowhere else; its time part decides nothing"
)]
fn new_uuid() -> Uuid {
    Uuid::now_v7()
}
