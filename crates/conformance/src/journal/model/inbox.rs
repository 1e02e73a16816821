//! Provider events on the inbox under test, brought by one process and by two.

use std::sync::Arc;

use futures::future::join;
use roamport_domain::EventInbox;

use super::perform::Pair;
use super::reference::{Answer, Model, Refusal};
use super::transition::{Comes, EVENTS, PROVIDERS, STEP, Transition};
use crate::Verdict;
use crate::journal::sample;
use crate::verdict::{OrBroken as _, ensure};

const REMEMBERING: &str = "remembering an event";

impl Pair<'_> {
    /// Remembers or forgets events as a step says. A store without an inbox has nothing to say.
    pub(super) async fn act_on_events(
        &mut self,
        model: &Model,
        transition: &Transition,
    ) -> Verdict<Result<Answer, Refusal>> {
        let Some(inbox) = self.inbox.clone() else {
            return Ok(model.clone().take(transition));
        };
        let moment = |ago: i64| model.moment(model.now - ago * STEP);
        Ok(Ok(match transition {
            Transition::Remember {
                provider,
                event,
                ago,
                comes,
            } => {
                let name = sample::provider(PROVIDERS[*provider]);
                let event = EVENTS[*event];
                let told = match comes {
                    Comes::Once => vec![inbox.remember(&name, event, moment(*ago)).await],
                    Comes::Twice => vec![
                        inbox.remember(&name, event, moment(*ago)).await,
                        inbox.remember(&name, event, moment(*ago - 1)).await,
                    ],
                    Comes::AtTwoAtOnce => {
                        let beside = self.beside(&inbox).await;
                        let one = inbox.remember(&name, event, moment(*ago));
                        let other = beside.remember(&name, event, moment(*ago));
                        let (one, other) = join(one, other).await;
                        vec![one, other]
                    }
                };
                let mut new = 0;
                for told in told {
                    new += usize::from(told.or_broken(REMEMBERING)?);
                }
                Answer::Remembered(new)
            }
            Transition::Forget {
                provider,
                ago,
                most,
            } => {
                let name = sample::provider(PROVIDERS[*provider]);
                let forgotten = inbox.forget(&name, moment(*ago), *most).await;
                Answer::Forgotten(forgotten.or_broken("forgetting events")?)
            }
            _ => Answer::Done,
        }))
    }

    /// The inbox as another process has it; the same one where the store lives in one alone.
    async fn beside(&mut self, inbox: &Arc<dyn EventInbox>) -> Arc<dyn EventInbox> {
        if self.inbox_beside.is_none() {
            let other = self.another_handle().await;
            self.inbox_beside = other.and_then(|handle| handle.inbox);
        }
        let beside = self.inbox_beside.clone();
        beside.unwrap_or_else(|| Arc::clone(inbox))
    }

    /// Every event is known that was remembered and not forgotten, and no other, in every process.
    pub(super) async fn compare_inbox(&self) -> Verdict {
        for inbox in self.inbox.iter().chain(&self.inbox_beside) {
            for (provider, text) in PROVIDERS.into_iter().enumerate() {
                let name = sample::provider(text);
                for (event, id) in EVENTS.into_iter().enumerate() {
                    let known = inbox.is_known(&name, id).await;
                    let known = known.or_broken("asking whether an event is known")?;
                    let expected = self.model.events.contains_key(&(provider, event));
                    ensure(known == expected, || {
                        format!(
                            "event {id} of {text} is known: {known}; by the contract: {expected}"
                        )
                    })?;
                }
            }
        }
        Ok(())
    }
}
