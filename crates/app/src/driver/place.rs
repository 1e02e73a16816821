//! Around a purchase call: what precedes it durably, the call, its answer.

use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::clock::Clock as _;
use roamport_domain::journal::JournalError;
use roamport_domain::order::{
    AttemptNumber, DeferralReason, Event, LookUpResult, NotSentCause, PlacedOrder,
    PlacementOutcome, PurchaseRequest,
};
use roamport_domain::provider::{
    ErrorKind, EsimKey, OrderRequest, ProviderError, ProviderOrder, Reaction, SendWindow,
    TopUpRequest,
};
use roamport_domain::{Esim, Order};

use super::check::Not;
use super::claim::HeldClaim;
use super::{Break, Driver};
use crate::{AppError, Progress};

impl Driver {
    /// Checks, records the attempt, makes the call, records its answer.
    pub(super) async fn place(
        &mut self,
        order: &mut Order,
        claim: &HeldClaim,
        attempt: AttemptNumber,
        replays: Option<AttemptNumber>,
        blind: bool,
    ) -> Result<(), Break> {
        // A repetition under a provider's promise adds no charge, and settles an unknown one.
        if replays.is_none()
            && let Some(message) = self.back_pressure.reason_to_wait(&self.parts).await?
        {
            return self
                .put_off(order, DeferralReason::BackPressure, message)
                .await;
        }
        self.notice(&Progress::Checking);
        let request = match self.checked_request(order, replays).await {
            Ok(request) => request,
            Err(not) => return self.not_placed(order, not, blind).await,
        };
        if !blind && !self.nothing_is_there(order).await? {
            return Ok(());
        }
        // Whoever asked to stop while it was checked wants nothing more to begin.
        if self.stop.is_stopped() {
            return Ok(());
        }
        // From here to the answer nothing waits for anything but the journal and the provider.
        let length = self.parts.provider.capabilities().purchase_time_out;
        let window = SendWindow::open(&self.parts.clock, length);
        let opens_at = self.parts.journal.now().await?;
        let closes_at = after(opens_at, length);
        if claim.is_lost() {
            return Err(Break::Elsewhere);
        }
        let started = Event::PlacementStarted {
            attempt,
            opens_at,
            closes_at,
            request: request.clone(),
            replays,
            blind,
            evidence: None,
        };
        self.append(order, &[started]).await?;
        self.watched_since = self.parts.clock.monotonic();
        self.notice(&Progress::Purchasing {
            attempt,
            until: closes_at,
        });
        let answer = self.purchase(order, &request, window).await;
        self.settle(order, attempt, answer).await
    }

    async fn not_placed(&self, order: &mut Order, not: Not, blind: bool) -> Result<(), Break> {
        // A restored journal may know nothing of a purchase: no order is called failed unlooked.
        if matches!(not, Not::Ever(..)) && !blind && !self.nothing_is_there(order).await? {
            return Ok(());
        }
        match not {
            Not::Ever(reason, message) => {
                let at = self.parts.journal.now().await?;
                let refused = Event::GuardRefused {
                    at,
                    reason,
                    message,
                };
                self.append(order, &[refused]).await
            }
            Not::Yet(reason, message) => self.put_off(order, reason, message).await,
        }
    }

    /// Records why the order waits.
    async fn put_off(
        &self,
        order: &mut Order,
        reason: DeferralReason,
        message: String,
    ) -> Result<(), Break> {
        let at = self.parts.journal.now().await?;
        let deferred = Event::Deferred {
            at,
            reason,
            message,
        };
        self.append(order, &[deferred]).await
    }

    /// One healthy look-up that finds nothing: whoever restored an old journal would otherwise buy
    /// again.
    async fn nothing_is_there(&self, order: &mut Order) -> Result<bool, Break> {
        let result = self.look_up(order, false).await?;
        if let LookUpResult::Unhealthy { message } = result {
            self.put_off(order, DeferralReason::LookUpUnhealthy, message)
                .await?;
        }
        Ok(order.look_ups().fresh_empty)
    }

    async fn purchase(
        &self,
        order: &Order,
        request: &PurchaseRequest,
        window: SendWindow,
    ) -> Result<ProviderOrder, ProviderError> {
        let reference = order.requested().reference.clone();
        match request.clone() {
            PurchaseRequest::PlaceOrder { lines, start_date } => {
                let request = OrderRequest {
                    reference,
                    lines,
                    start_date,
                    window,
                };
                self.parts.provider.place_order(&request).await
            }
            PurchaseRequest::TopUp {
                esim,
                iccid,
                package,
                unit_price,
                days,
            } => {
                let esim = EsimKey::new(Some(esim), iccid).expect("the id is given");
                let request = TopUpRequest {
                    reference,
                    esim,
                    package,
                    unit_price,
                    days,
                    window,
                };
                self.parts.provider.top_up(&request).await
            }
        }
    }

    /// Records the answer, whatever became of the order meanwhile: an answer is never dropped.
    async fn settle(
        &self,
        order: &mut Order,
        attempt: AttemptNumber,
        answer: Result<ProviderOrder, ProviderError>,
    ) -> Result<(), Break> {
        let outcome = self.outcome(&answer);
        let words = in_words(&outcome);
        self.notice(&Progress::PurchaseEnded {
            attempt,
            outcome: words.clone(),
        });
        let items = answer.into_iter().flat_map(|order| order.items);
        let ready: Vec<Esim> = items
            .filter_map(|item| item.profile)
            .filter(Esim::is_ready)
            .collect();
        let overtaken = self.record(order, attempt, outcome, &words).await?;
        self.take_profiles(order, &ready).await?;
        // Whoever lost the race drops no answer, and does nothing more before it looks who has the order.
        if overtaken {
            Err(Break::Overtaken)
        } else {
            Ok(())
        }
    }

    /// Appends how a purchase call ended, again and again where that fails. Gives whether somebody
    /// else changed the order meanwhile.
    async fn record(
        &self,
        order: &mut Order,
        attempt: AttemptNumber,
        mut outcome: PlacementOutcome,
        words: &str,
    ) -> Result<bool, Break> {
        const TRIES: u32 = 60;
        let (mut tries, mut overtaken) = (0_u32, false);
        loop {
            let at = self
                .parts
                .journal
                .now()
                .await
                .unwrap_or_else(|_| self.parts.clock.now());
            let settled = Event::PlacementSettled {
                attempt,
                at,
                outcome: outcome.clone(),
                evidence: None,
            };
            let error = match self.append(order, &[settled]).await {
                Ok(()) => return Ok(overtaken),
                Err(Break::Error(AppError::Journal(JournalError::Duplicate { .. }))) => {
                    outcome = PlacementOutcome::Ambiguous {
                        message: somebody_elses(words),
                    };
                    continue;
                }
                Err(Break::Error(error)) => error,
                Err(Break::Overtaken | Break::Elsewhere | Break::NotDue) => {
                    overtaken = true;
                    match self.load().await {
                        Ok(current) => {
                            *order = current;
                            continue;
                        }
                        Err(error) => error,
                    }
                }
            };
            tries += 1;
            tracing::error!(order.id = %self.id, attempt, answer = %words, %error, tries,
                "the answer of a purchase call could not be recorded; trying again");
            if tries >= TRIES {
                let (order, answer, reason) = (self.id, words.to_owned(), error.to_string());
                let lost = AppError::AnswerNotRecorded {
                    order,
                    attempt,
                    answer,
                    reason,
                };
                return Err(Break::Error(lost));
            }
            tokio::time::sleep(Duration::from_secs(u64::from(tries.min(5)))).await;
        }
    }

    fn outcome(&self, answer: &Result<ProviderOrder, ProviderError>) -> PlacementOutcome {
        let error = match answer {
            Ok(order) => {
                return PlacementOutcome::Placed {
                    order: PlacedOrder::from(order),
                };
            }
            Err(error) => error,
        };
        let message = error.to_string();
        let not_sent = |cause, message, after_that: Option<Duration>| PlacementOutcome::NotSent {
            cause,
            message,
            not_before: after_that.map(|wait| after(self.parts.clock.now(), wait)),
        };
        match error.reaction() {
            Reaction::Retry { after } if error.kind() == ErrorKind::RateLimited => {
                not_sent(NotSentCause::RateLimited, message, after)
            }
            Reaction::Retry { after } => not_sent(NotSentCause::Unreachable, message, after),
            Reaction::Refuse => PlacementOutcome::Refused { message },
            // An answer that cannot be read may have been the answer to a charge.
            Reaction::Halt if error.kind() == ErrorKind::InvalidResponse => {
                PlacementOutcome::Ambiguous { message }
            }
            Reaction::Halt => not_sent(NotSentCause::Halted, message, None),
            Reaction::Reconcile => PlacementOutcome::Ambiguous { message },
        }
    }
}

fn in_words(outcome: &PlacementOutcome) -> String {
    match outcome {
        PlacementOutcome::Placed { order } => {
            format!("the provider took the order and calls it {}", order.id)
        }
        PlacementOutcome::Refused { message } => {
            format!("the provider refused, nothing was bought: {message}")
        }
        PlacementOutcome::NotSent { message, .. } => format!("nothing was bought: {message}"),
        PlacementOutcome::Ambiguous { message } => {
            format!("it may or may not have been bought: {message}")
        }
    }
}

/// An answer that names an order which already belongs to another of ours proves nothing for this
/// one.
pub(super) fn somebody_elses(answer: &str) -> String {
    format!("{answer}, which already belongs to another of our orders")
}

pub(super) fn after(moment: Timestamp, wait: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| moment.checked_add(wait).ok())
        .unwrap_or(Timestamp::MAX)
}

impl From<AppError> for Break {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Journal(error) => JournalError::into(error),
            error => Self::Error(error),
        }
    }
}
