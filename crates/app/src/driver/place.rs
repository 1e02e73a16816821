//! Around a purchase call: what precedes it durably, the call, its answer.

use std::time::Duration;

use jiff::Timestamp;
use roamport_domain::clock::Clock as _;
use roamport_domain::journal::JournalError;
use roamport_domain::order::{
    AnswerEvidence, AttemptNumber, DeferralReason, Doubt, Event, LookUpResult, NotSentCause,
    OrderState, PlacedOrder, PlacementEvidence, PlacementOutcome,
};
use roamport_domain::provider::{
    CallProof, ErrorKind, ProviderError, ProviderOrder, Purchase, SendWindow,
};
use roamport_domain::{Esim, EsimProvider as _, Monotonic, Order};

use super::check::{Checked, Not};
use super::claim::HeldClaim;
use super::reads::{Held, OTHER_REFERENCE, held_against};
use super::{Break, Driver};
use crate::evidence::charged_all_the_same;
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
        let checked = match self.checked_request(order, replays).await? {
            Ok(checked) => checked,
            Err(not) => return self.not_placed(order, not, blind).await,
        };
        let clear = match replays {
            _ if blind => true,
            // It settles what the look-up cannot: only what is found keeps it from being sent.
            Some(_) => self.nothing_is_found(order).await?,
            None => self.nothing_is_there_now(order).await?,
        };
        if !clear {
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
        let Checked { request, baseline } = checked;
        if claim.is_lost() {
            return Err(Break::Elsewhere);
        }
        let purchase = Purchase {
            reference: order.requested().reference.clone(),
            request,
            window,
            replays: replays.is_some(),
        };
        let started = Event::PlacementStarted {
            attempt,
            opens_at,
            closes_at,
            request: purchase.request.clone(),
            replays,
            blind,
            evidence: Some(PlacementEvidence {
                account: self.parts.account.clone(),
                baseline,
            }),
        };
        self.append(order, [started]).await?;
        self.watched_since = self.parts.clock.monotonic();
        self.notice(&Progress::Purchasing {
            attempt,
            until: closes_at,
        });
        let answer = self.parts.provider.purchase(&purchase).await;
        self.settle(order, attempt, answer).await
    }

    async fn not_placed(&self, order: &mut Order, not: Not, blind: bool) -> Result<(), Break> {
        // A restored journal may know nothing of a purchase: no order is called failed unlooked.
        if matches!(not, Not::Ever(..)) && !blind && self.nothing_is_there(order).await?.is_none() {
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
                self.append(order, [refused]).await
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
        self.append(order, [deferred]).await
    }

    /// A look-up that finds nothing and is no older than [`FRESH`] when the window opens.
    async fn nothing_is_there_now(&self, order: &mut Order) -> Result<bool, Break> {
        const LOOKS: u32 = 3;
        for _ in 0..LOOKS {
            let Some(ended) = self.nothing_is_there(order).await? else {
                return Ok(false);
            };
            if self.parts.clock.monotonic().since(ended) <= FRESH {
                return Ok(true);
            }
        }
        let message = "the lookup before the purchase took too long each time";
        self.put_off(order, DeferralReason::LookUpUnhealthy, message.to_owned())
            .await?;
        Ok(false)
    }

    /// One look-up that finds nothing, whatever that proves.
    async fn nothing_is_found(&self, order: &mut Order) -> Result<bool, Break> {
        self.look_up(order, false, false).await?;
        Ok(order.state() == OrderState::Requested)
    }

    /// One look-up that proves as much as the order needs, and when it ended; `None` where it does not.
    /// Without it a journal restored from a backup would buy again.
    async fn nothing_is_there(&self, order: &mut Order) -> Result<Option<Monotonic>, Break> {
        let proof = self.parts.policy.needs_proof(order);
        let (result, ended) = self.look_up(order, false, proof).await?;
        if order.look_ups().fresh_empty {
            return Ok(Some(ended));
        }
        let message = match result {
            LookUpResult::Unhealthy { message } => message,
            LookUpResult::Healthy { .. } => {
                let doubt = order.look_ups().last_doubt.map(Doubt::words);
                let words = doubt.unwrap_or("it does not prove that nothing was bought");
                format!("the lookup before the purchase found nothing, but {words}")
            }
        };
        if order.state() == OrderState::Requested {
            self.put_off(order, DeferralReason::LookUpUnhealthy, message)
                .await?;
        }
        Ok(None)
    }

    /// Records the answer, whatever became of the order meanwhile: an answer is never dropped.
    async fn settle(
        &self,
        order: &mut Order,
        attempt: AttemptNumber,
        answer: Result<ProviderOrder, ProviderError>,
    ) -> Result<(), Break> {
        let held = answer.map(|answer| held_against(order, answer));
        let (outcome, evidence) = self.outcome(order, &held).await;
        let words = in_words(&outcome);
        self.notice(&Progress::PurchaseEnded {
            attempt,
            outcome: words.clone(),
        });
        let items = match held {
            Ok(Held::Ours(order, _)) => order.items,
            Ok(Held::Strangers(_)) | Err(_) => Vec::new(),
        };
        let items = items.into_iter();
        let ready: Vec<Esim> = items
            .filter_map(|item| item.profile)
            .filter(Esim::is_ready)
            .collect();
        let overtaken = self
            .record(order, attempt, (outcome, evidence), &words)
            .await?;
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
        (mut outcome, mut evidence): (PlacementOutcome, AnswerEvidence),
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
                evidence: Some(evidence.clone()),
            };
            let error = match self.append(order, [settled]).await {
                Ok(()) => return Ok(overtaken),
                Err(Break::Error(AppError::Journal(JournalError::Duplicate { .. }))) => {
                    let stranger = match outcome {
                        PlacementOutcome::Placed { order } => Some(order.id),
                        _ => None,
                    };
                    evidence = AnswerEvidence {
                        stranger,
                        ..AnswerEvidence::default()
                    };
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

    /// What an answer to a purchase call means. Of a call that failed only what is proven counts: its
    /// kind says for what reason it was not sent or turned away.
    async fn outcome(
        &self,
        order: &Order,
        answer: &Result<Held, ProviderError>,
    ) -> (PlacementOutcome, AnswerEvidence) {
        let error = match answer {
            Ok(Held::Ours(placed, evidence)) => {
                let order = PlacedOrder::of(placed, &order.requested().content);
                return (PlacementOutcome::Placed { order }, evidence.clone());
            }
            Ok(Held::Strangers(evidence)) => {
                let unknown = PlacementOutcome::Ambiguous {
                    message: OTHER_REFERENCE.to_owned(),
                };
                return (unknown, evidence.clone());
            }
            Err(error) => error,
        };
        let failed = self.failed(error);
        let witness = match error.proof() {
            CallProof::TurnedAway => self.witness_against(order, error).await,
            CallProof::NotSent | CallProof::Unknown => None,
        };
        let outcome = match witness {
            Some(witness) => PlacementOutcome::Ambiguous {
                message: format!(
                    "the answer reads as a refusal ({}), but {witness}",
                    error.message()
                ),
            },
            None => failed,
        };
        (outcome, AnswerEvidence::default())
    }

    /// What speaks against the refusal that was just answered. The answer is recorded even if the journal
    /// cannot be read now.
    async fn witness_against(&self, order: &Order, refusal: &ProviderError) -> Option<String> {
        let witness = charged_all_the_same(&self.parts, order, refusal).await;
        witness.unwrap_or_else(|error| {
            tracing::warn!(order.id = %self.id, %error, "nothing could be held against the refusal");
            None
        })
    }

    fn failed(&self, error: &ProviderError) -> PlacementOutcome {
        let message = error.to_string();
        let waits = error.retry_after();
        let not_before = waits.map(|wait| after(self.parts.clock.now(), wait));
        let lasting = matches!(
            error.kind(),
            ErrorKind::Rejected | ErrorKind::NotFound | ErrorKind::Unsupported
        );
        match error.proof() {
            CallProof::Unknown => PlacementOutcome::Ambiguous { message },
            CallProof::NotSent | CallProof::TurnedAway if lasting => {
                PlacementOutcome::Refused { message }
            }
            CallProof::NotSent => PlacementOutcome::NotSent {
                cause: NotSentCause::Unreachable,
                message,
                not_before,
            },
            CallProof::TurnedAway if error.kind() == ErrorKind::RateLimited => {
                PlacementOutcome::NotSent {
                    cause: NotSentCause::RateLimited,
                    message,
                    not_before,
                }
            }
            CallProof::TurnedAway => PlacementOutcome::TurnedAway {
                code: error.code().map(str::to_owned),
                message,
                not_before,
            },
        }
    }
}

/// The longest time between the end of the last look-up and the opening of the window.
const FRESH: Duration = Duration::from_secs(2);

fn in_words(outcome: &PlacementOutcome) -> String {
    match outcome {
        PlacementOutcome::Placed { order } => {
            format!("the provider took the order and calls it {}", order.id)
        }
        PlacementOutcome::Refused { message } => {
            format!("the provider refused, nothing was bought: {message}")
        }
        PlacementOutcome::NotSent { message, .. } => format!("nothing was bought: {message}"),
        PlacementOutcome::TurnedAway { message, .. } => {
            format!("the provider turned it away, nothing was bought: {message}")
        }
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

pub(crate) fn after(moment: Timestamp, wait: Duration) -> Timestamp {
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
