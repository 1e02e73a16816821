//! Which event may follow, and what it changes.

mod items;
mod look_ups;

use jiff::Timestamp;

use super::super::event::{
    AttemptNumber, AttentionReason, Event, PlacedOrder, PlacementOutcome, Requested, Resolution,
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
                ..
            } => self.settle_placement(*attempt, *at, outcome),
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
                ..
            } => self.looked_up(*started_at, *conclusive, result),
            Event::AbsenceEstablished {
                attempt, look_ups, ..
            } => self.establish_absence(*attempt, look_ups),
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
            Event::OrderRead { at, order, .. } => self.order_read(*at, order.as_ref()),
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

    fn start_placement(&mut self, event: &Event) -> Verdict {
        let Event::PlacementStarted {
            attempt,
            opens_at,
            closes_at,
            request,
            replays,
            blind,
            evidence,
        } = event
        else {
            return Err("not a placement");
        };
        self.in_state(OrderState::Requested)?;
        if usize::from(*attempt) != self.attempts.len() + 1 {
            return Err("attempts are numbered from 1 without a gap");
        }
        if closes_at <= opens_at {
            return Err("the window closes before it opens");
        }
        if *opens_at >= self.place_before {
            return Err("it is too late to place the order");
        }
        let permitted = self
            .attempts
            .iter()
            .rev()
            .find(|earlier| earlier.replay_until.is_some());
        match (replays, permitted) {
            (Some(root), Some(earlier)) if earlier.root() == *root => {
                if earlier.request != *request {
                    return Err("a repetition sends the stored request");
                }
                if earlier.replay_until.is_some_and(|until| *opens_at >= until) {
                    return Err("the promise to answer a repetition ran out");
                }
            }
            (None, None) => {
                if !self.look_ups.fresh_empty && !blind {
                    return Err("no healthy look-up found nothing just before");
                }
            }
            _ => return Err("only the permitted attempt may be repeated"),
        }
        self.attempts.push(Attempt {
            number: *attempt,
            opens_at: *opens_at,
            closes_at: *closes_at,
            request: request.clone(),
            account: evidence.as_ref().map(|evidence| evidence.account.clone()),
            replays: *replays,
            state: AttemptState::InFlight,
            settled_at: None,
            explained: false,
            replay_until: None,
        });
        self.look_ups = LookUps::default();
        Ok(())
    }

    /// Accepted for any started attempt that has not been settled, in every state: an answer that
    /// arrives late is never dropped. A repetition of the same is accepted too.
    fn settle_placement(
        &mut self,
        number: AttemptNumber,
        at: Timestamp,
        outcome: &PlacementOutcome,
    ) -> Verdict {
        let next = match outcome {
            PlacementOutcome::Placed { order } => AttemptState::Placed {
                order: order.id.clone(),
            },
            PlacementOutcome::Refused { message } => AttemptState::Refused {
                message: message.clone(),
            },
            PlacementOutcome::NotSent { message, .. } => AttemptState::NotSent {
                message: message.clone(),
            },
            PlacementOutcome::Ambiguous { message } => AttemptState::Ambiguous {
                message: message.clone(),
            },
        };
        let attempt = self.attempt_mut(number)?;
        match &attempt.state {
            AttemptState::InFlight | AttemptState::Abandoned => {}
            settled if *settled == next => return Ok(()),
            _ => return Err("the attempt was settled otherwise"),
        }
        attempt.state = next;
        attempt.settled_at = Some(at);
        if !attempt.is_unknown() {
            // What is known is not repeated: another call would be a call of its own.
            attempt.replay_until = None;
        }
        let (replays, root) = (attempt.replays, attempt.root());
        let is_last = usize::from(number) == self.attempts.len();
        match outcome {
            PlacementOutcome::Placed { order } => {
                self.placed_by(order.clone(), at);
                self.explain_request(root);
            }
            PlacementOutcome::Refused { message } => {
                if replays.is_some() {
                    // The sign that an earlier call landed, and no proof of it: what became of those
                    // calls is a question for look-ups again.
                    self.promise(root, None);
                } else if self.placed.is_none() && self.ending.is_none() && is_last {
                    self.end(Ending::Refused {
                        message: message.clone(),
                    });
                }
            }
            PlacementOutcome::NotSent {
                message,
                not_before,
                ..
            } => self.defer(Deferral {
                at,
                not_before: *not_before,
                count: 0,
                reason: None,
                message: message.clone(),
            }),
            PlacementOutcome::Ambiguous { .. } => self.look_ups = LookUps::default(),
        }
        Ok(())
    }

    /// What became of every purchase call so far is established.
    fn explain_all(&mut self) {
        for attempt in self
            .attempts
            .iter_mut()
            .filter(|attempt| !attempt.is_harmless())
        {
            attempt.explained = true;
            attempt.replay_until = None;
        }
    }

    /// What became of every call that sent one stored request is established: the provider answered
    /// one of them, and answers all with the same order, or look-ups after the last found nothing.
    fn explain_request(&mut self, root: AttemptNumber) {
        for attempt in self
            .attempts
            .iter_mut()
            .filter(|attempt| attempt.root() == root)
        {
            attempt.explained = true;
            attempt.replay_until = None;
        }
    }

    /// Until when one stored request may be sent again: the same for every call that sent it and of
    /// which nothing is known.
    fn promise(&mut self, root: AttemptNumber, until: Option<Timestamp>) {
        let sent = self
            .attempts
            .iter_mut()
            .filter(|attempt| attempt.root() == root);
        for attempt in sent.filter(|attempt| attempt.is_unknown() && !attempt.explained) {
            attempt.replay_until = until;
        }
    }

    /// Takes the provider's order as ours, or as a second charge where there already is one.
    fn placed_by(&mut self, order: PlacedOrder, at: Timestamp) {
        match &self.placed {
            Some(known) if known.id == order.id => self.merge_order(order),
            Some(_) => self.raise(AttentionReason::SecondCharge { order: order.id }),
            None if self.is_decided() => {
                self.raise(AttentionReason::SecondCharge { order: order.id });
            }
            None => {
                self.ending = None;
                self.placed_at = Some(at);
                self.close_unknown();
                self.placed = Some(order.clone());
                self.merge_order(order);
            }
        }
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
        }
        if !matches!(resolution, Resolution::Attach { .. }) {
            self.close_attention();
        }
        Ok(())
    }
}
