//! Which event may follow, and what it changes.

mod items;
mod look_ups;
mod placement;

use jiff::Timestamp;

use super::super::event::{
    AttemptNumber, AttentionReason, Event, PlacedOrder, Requested, Resolution,
};
use super::{
    Attempt, AttemptState, Attention, Deferral, Ending, IllegalEvent, Item, ItemState, LookUps,
    Order, OrderState,
};
use crate::OrderId;
use crate::journal::Version;

type Verdict = Result<(), &'static str>;

impl Order {
    /// The order that begins with this wish.
    pub fn open(id: OrderId, requested: Requested) -> Self {
        Self {
            id,
            version: Version::FIRST,
            place_before: requested.place_before,
            start_date: requested.content.start_date(),
            account: requested.account.clone(),
            requested,
            state: OrderState::Requested,
            attempts: Vec::new(),
            granted_attempts: 0,
            look_ups: LookUps::default(),
            deferral: None,
            placed: None,
            placed_at: None,
            reads: 0,
            last_order_read: None,
            delivery_closed: false,
            cleared_attempts: 0,
            is_compared: false,
            unreadable: Vec::new(),
            read_problem: None,
            was_prolonged: false,
            items: Vec::new(),
            attention: Vec::new(),
            ending: None,
        }
    }

    /// The order that these events made, in this order.
    ///
    /// # Errors
    ///
    /// [`IllegalEvent`] where one cannot follow, or the first is not [`Event::Requested`]: the
    /// journal was damaged or written by something else.
    pub fn replay<'a>(
        id: OrderId,
        events: impl IntoIterator<Item = &'a Event>,
    ) -> Result<Self, IllegalEvent> {
        let illegal = |event: &'static str| IllegalEvent {
            event,
            state: OrderState::Requested,
            why: "an order begins with `requested`",
        };
        let mut events = events.into_iter();
        let mut order = match events.next() {
            Some(Event::Requested(requested)) => Self::open(id, (**requested).clone()),
            Some(other) => return Err(illegal(other.name())),
            None => return Err(illegal("nothing")),
        };
        for event in events {
            order.apply(event)?;
        }
        Ok(order)
    }

    /// Makes the order what it is after `event`.
    ///
    /// # Errors
    ///
    /// [`IllegalEvent`] where the event cannot follow; the order is then unchanged.
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalEvent> {
        let mut next = self.clone();
        next.take(event).map_err(|why| IllegalEvent {
            event: event.name(),
            state: self.state,
            why,
        })?;
        next.version = self.version.next();
        next.derive();
        *self = next;
        Ok(())
    }

    fn take(&mut self, event: &Event) -> Verdict {
        match event {
            Event::Requested(_) => Err("an order is requested once"),
            Event::Deferred {
                at,
                reason,
                message,
            } => {
                self.in_state(OrderState::Requested)?;
                self.defer(Deferral {
                    at: *at,
                    not_before: None,
                    count: 0,
                    reason: Some(*reason),
                    message: message.clone(),
                });
                Ok(())
            }
            Event::GuardRefused {
                reason, message, ..
            } => {
                self.in_state(OrderState::Requested)?;
                self.end(Ending::GuardRefused {
                    reason: *reason,
                    message: message.clone(),
                });
                Ok(())
            }
            Event::PlacementStarted { .. } => self.start_placement(event),
            Event::PlacementSettled {
                attempt,
                at,
                outcome,
                evidence,
            } => {
                self.settle_placement(*attempt, *at, outcome, evidence.is_some())?;
                self.compared(evidence.as_ref());
                Ok(())
            }
            Event::PlacementAbandoned { attempt, at } => {
                let found = self.attempt_mut(*attempt)?;
                if found.state != AttemptState::InFlight {
                    return Err("the attempt is not in flight");
                }
                found.state = AttemptState::Abandoned;
                found.settled_at = Some(*at);
                self.look_ups = LookUps::default();
                Ok(())
            }
            Event::LookedUp {
                started_at,
                conclusive,
                result,
                evidence,
            } => self.looked_up(*started_at, *conclusive, result, evidence.as_deref()),
            Event::AbsenceEstablished {
                attempt,
                look_ups,
                evidence,
            } => self.establish_absence(*attempt, look_ups, evidence.is_some()),
            Event::ReplayPermitted { attempt, until, .. } => {
                self.in_state(OrderState::Reconciling)?;
                let found = self.attempt_mut(*attempt)?;
                if !found.is_unresolved() {
                    return Err("the attempt is not unresolved");
                }
                let root = found.root();
                self.promise(root, Some(*until));
                self.look_ups.fresh_empty = false;
                Ok(())
            }
            Event::OrderRead {
                at,
                order,
                evidence,
            } => {
                self.order_read(*at, order.as_ref())?;
                let problem = evidence.as_ref().and_then(|known| known.problem.clone());
                self.read_problem = problem.filter(|_| order.is_none());
                self.compared(evidence.as_ref());
                Ok(())
            }
            Event::ProvisioningStarted { item, at } => self.start_provisioning(*item, *at),
            Event::ProvisioningSettled { item, at, outcome } => {
                self.settle_provisioning(*item, *at, outcome)
            }
            Event::EsimRead { item, at, progress } => self.esim_read(*item, *at, progress),
            Event::AttentionRaised { reason, .. } => {
                match reason {
                    AttentionReason::DeliveryOverdue => {
                        self.in_state(OrderState::Placed)?;
                        self.delivery_closed = true;
                    }
                    // A promise to answer a repetition that ran out leaves the question open.
                    AttentionReason::OutcomeUnknown { attempt } => {
                        self.attempt_mut(*attempt)?.replay_until = None;
                    }
                    _ => {}
                }
                self.raise(reason.clone());
                Ok(())
            }
            Event::AttentionResolved { at, resolution, .. } => self.resolve(*at, resolution),
            Event::CancellationStarted { item, at, by, .. } => {
                self.start_cancellation(*item, *at, by)
            }
            Event::CancellationSettled { item, outcome, .. } => {
                self.settle_cancellation(*item, outcome)
            }
            Event::StartDateChanged { start_date, .. } => self.change_start_date(*start_date),
            Event::Cancelled { why, .. } => {
                self.in_state(OrderState::Requested)?;
                if !self.attempts.iter().all(Attempt::is_harmless) {
                    return Err("an earlier purchase call is not known to be harmless");
                }
                self.end(Ending::Cancelled { why: why.clone() });
                Ok(())
            }
            Event::Expired { .. } => {
                self.in_state(OrderState::Requested)?;
                self.end(Ending::Expired);
                Ok(())
            }
            Event::Prolonged { place_before, .. } => {
                self.in_state(OrderState::Requested)?;
                if self.was_prolonged {
                    return Err("the order was prolonged before");
                }
                if *place_before <= self.place_before {
                    return Err("the order would have less time");
                }
                self.was_prolonged = true;
                self.place_before = *place_before;
                self.look_ups.late_since = None;
                Ok(())
            }
        }
    }

    fn in_state(&self, state: OrderState) -> Verdict {
        if self.state == state {
            Ok(())
        } else {
            Err("the order is in another state")
        }
    }

    fn attempt_mut(&mut self, number: AttemptNumber) -> Result<&mut Attempt, &'static str> {
        self.attempts
            .iter_mut()
            .find(|attempt| attempt.number == number)
            .ok_or("no such attempt was started")
    }

    /// A fresh fact for a person: shown again where an earlier one like it was closed.
    fn raise(&mut self, reason: AttentionReason) {
        match self
            .attention
            .iter_mut()
            .find(|attention| attention.reason == reason)
        {
            Some(known) => known.open = true,
            None => self.attention.push(Attention { reason, open: true }),
        }
    }

    /// Something that follows from the facts after every event: what a person closed stays closed.
    pub(super) fn note(&mut self, reason: AttentionReason) {
        if !self
            .attention
            .iter()
            .any(|attention| attention.reason == reason)
        {
            self.attention.push(Attention { reason, open: true });
        }
    }

    /// Ends the order without a purchase. No repetition will be sent any more, so that no promise
    /// about one keeps an unknown outcome from being a question; and a call that is not known to be
    /// harmless is for a person.
    fn end(&mut self, ending: Ending) {
        self.ending = Some(ending);
        for attempt in &mut self.attempts {
            attempt.replay_until = None;
        }
        if let Some(attempt) = self.unresolved_attempt().map(|attempt| attempt.number) {
            self.raise(AttentionReason::OutcomeUnknown { attempt });
        } else if !self.attempts.iter().all(Attempt::is_harmless) {
            self.raise(AttentionReason::AttemptsUsedUp);
        }
    }

    fn defer(&mut self, mut deferral: Deferral) {
        deferral.count = self
            .deferral
            .as_ref()
            .map_or(0, |last| last.count)
            .saturating_add(1);
        self.deferral = Some(deferral);
        self.look_ups.fresh_empty = false;
    }

    /// A person has seen and settled everything that was open.
    fn close_attention(&mut self) {
        self.close(|_| true);
    }

    /// These questions have answered themselves.
    fn close(&mut self, is_answered: impl Fn(&AttentionReason) -> bool) {
        for attention in self
            .attention
            .iter_mut()
            .filter(|known| is_answered(&known.reason))
        {
            attention.open = false;
        }
    }

    /// The question that was open while nobody knew what happened is answered.
    fn close_unknown(&mut self) {
        self.close(|reason| {
            matches!(
                reason,
                AttentionReason::OutcomeUnknown { .. }
                    | AttentionReason::AttemptsUsedUp
                    | AttentionReason::UnsentUnconfirmed
                    | AttentionReason::LooksAlike { .. }
                    | AttentionReason::SameGoods { .. }
                    | AttentionReason::OtherAccount { .. }
            )
        });
    }

    /// Takes what a later answer adds to the provider's order.
    fn merge_order(&mut self, order: PlacedOrder) {
        let Some(placed) = &mut self.placed else {
            return;
        };
        placed.status = order.status;
        placed.total = order.total.or(placed.total);
        if order.items.len() >= placed.items.len() {
            placed.items = order.items;
        }
        if !self.requested.content.is_top_up() {
            for item in &placed.items {
                let Some(esim) = &item.esim else { continue };
                if !self.items.iter().any(|known| known.esim == *esim) {
                    self.items.push(Item {
                        esim: esim.clone(),
                        package: item.package.clone(),
                        state: ItemState::Awaiting,
                        cancellation: None,
                    });
                }
            }
        }
    }

    fn order_read(&mut self, at: Timestamp, order: Option<&PlacedOrder>) -> Verdict {
        let Some(placed) = &self.placed else {
            return Err("the provider has no order yet");
        };
        if let Some(order) = order {
            if order.id != placed.id {
                return Err("another order was read");
            }
            self.merge_order(order.clone());
        }
        self.reads = self.reads.saturating_add(1);
        self.last_order_read = Some(at);
        Ok(())
    }

    fn resolve(&mut self, at: Timestamp, resolution: &Resolution) -> Verdict {
        self.in_state(OrderState::NeedsAttention)?;
        match resolution {
            Resolution::Attach { order } => {
                self.close_attention();
                self.explain_all();
                self.placed = None;
                self.items.clear();
                (self.reads, self.last_order_read) = (0, None);
                self.delivery_closed = false;
                self.ending = None;
                self.placed_by(order.clone(), at);
            }
            Resolution::Resend { place_before } => {
                if self.placed.is_some() {
                    return Err("the provider has the order");
                }
                self.explain_all();
                self.granted_attempts = self.granted_attempts.saturating_add(1);
                self.cleared_attempts = self.attempts.len();
                self.place_before = *place_before;
                self.ending = None;
                self.deferral = None;
                self.look_ups = LookUps::default();
            }
            Resolution::Accept => {
                if self.placed.is_none() {
                    return Err("nothing was bought that could be accepted");
                }
                self.ending = Some(Ending::Accepted);
            }
            Resolution::WriteOff => self.ending = Some(Ending::WrittenOff),
            Resolution::SameAccount { account } => {
                self.account = Some(account.clone());
                self.close(|reason| matches!(reason, AttentionReason::OtherAccount { .. }));
            }
        }
        if !matches!(
            resolution,
            Resolution::Attach { .. } | Resolution::SameAccount { .. }
        ) {
            self.close_attention();
        }
        Ok(())
    }
}
