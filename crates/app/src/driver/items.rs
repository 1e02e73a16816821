//! Profiles: asked for and read, several at once, each by itself.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use roamport_domain::esim::ProfileState;
use roamport_domain::journal::{Delivery, KeptProfile};
use roamport_domain::order::{
    AttentionReason, EsimProgress, Event, ItemNumber, ItemState, ItemStep, ProvisioningOutcome,
};
use roamport_domain::provider::{ErrorKind, EsimKey, ProviderError, ProvisionRequest, Reaction};
use roamport_domain::{Esim, EsimProvider as _, Order};

use super::{Break, Driver};
use crate::Progress;

/// The calls that are on their way.
pub(super) type Working = FuturesUnordered<BoxFuture<'static, Done>>;

/// A call for one item that ended.
pub(super) struct Done {
    pub(super) item: ItemNumber,
    answer: Answer,
}

enum Answer {
    Provisioned(Result<Box<Esim>, ProviderError>),
    Read(Result<Box<Esim>, ProviderError>),
}

impl Driver {
    /// Records which profiles are asked for, then makes the calls.
    pub(super) async fn start_items(
        &self,
        order: &mut Order,
        steps: &[ItemStep],
        working: &mut Working,
        busy: &mut BTreeSet<ItemNumber>,
    ) -> Result<(), Break> {
        let at = self.parts.journal.now().await?;
        let started: Vec<Event> = steps
            .iter()
            .filter_map(|step| match step {
                ItemStep::Provision(item) => Some(Event::ProvisioningStarted { item: *item, at }),
                ItemStep::Read(_) => None,
            })
            .collect();
        if !started.is_empty() {
            self.append(order, started).await?;
        }
        self.tell_items(order);
        for step in steps {
            let (ItemStep::Provision(item) | ItemStep::Read(item)) = *step;
            busy.insert(item);
            working.push(self.call(order, *step));
        }
        Ok(())
    }

    fn call(&self, order: &Order, step: ItemStep) -> BoxFuture<'static, Done> {
        let provider = self.parts.provider.clone();
        let (ItemStep::Provision(item) | ItemStep::Read(item)) = step;
        let esim = order.items()[usize::from(item)].esim.clone();
        let start_date = order.start_date();
        Box::pin(async move {
            let answer = match step {
                ItemStep::Provision(_) => {
                    let request = ProvisionRequest { esim, start_date };
                    Answer::Provisioned(provider.provision(&request).await.map(Box::new))
                }
                ItemStep::Read(_) => {
                    Answer::Read(provider.esim(&EsimKey::from_id(esim)).await.map(Box::new))
                }
            };
            Done { item, answer }
        })
    }

    /// Records what a call gave. A profile is kept before the item counts as ready. One that waiting cannot make
    /// installable settles the item as failed at once, with the reason.
    pub(super) async fn finish_item(&self, order: &mut Order, done: Done) -> Result<(), Break> {
        let item = done.item;
        let esim = &order.items()[usize::from(item)].esim;
        let ready = match &done.answer {
            Answer::Provisioned(Ok(given)) if given.id() == esim && given.is_ready() => {
                Some(given.as_ref())
            }
            Answer::Read(Ok(given)) if given.is_ready() => Some(given.as_ref()),
            _ => None,
        };
        if let Some(profile) = ready {
            self.take_profile(order, item, profile).await?;
            self.tell_items(order);
            return Ok(());
        }
        let at = self.parts.journal.now().await?;
        let settled = |outcome| Event::ProvisioningSettled { item, at, outcome };
        let event = match &done.answer {
            Answer::Provisioned(Ok(given)) => settled(
                Some(given.as_ref())
                    .filter(|given| given.id() == esim)
                    .and_then(failure)
                    .unwrap_or(ProvisioningOutcome::Pending),
            ),
            Answer::Provisioned(Err(error)) => settled(provisioning_outcome(error)),
            Answer::Read(Ok(given)) => match failure(given) {
                Some(failed) => settled(failed),
                None => Event::EsimRead {
                    item,
                    at,
                    progress: progress(given),
                },
            },
            Answer::Read(Err(error)) => Event::EsimRead {
                item,
                at,
                progress: EsimProgress::Unreadable {
                    message: error.to_string(),
                },
            },
        };
        self.append(order, [event]).await?;
        self.tell_items(order);
        Ok(())
    }

    fn tell_items(&self, order: &Order) {
        let ready = order
            .items()
            .iter()
            .filter(|item| item.state == ItemState::Ready)
            .count();
        self.notice(&Progress::Provisioning {
            ready,
            total: order.items().len(),
        });
    }

    /// Keeps a profile, then settles its item as ready. Goods are delivered once: where another order
    /// has the eSIM or its code, nothing of the profile is kept, and a person is told.
    pub(super) async fn take_profile(
        &self,
        order: &mut Order,
        item: ItemNumber,
        esim: &Esim,
    ) -> Result<(), Break> {
        let delivery = self.keep(order, item, esim).await?;
        let at = self.parts.journal.now().await?;
        let settled = |outcome| Event::ProvisioningSettled { item, at, outcome };
        let events = match delivery {
            Delivery::Kept => vec![settled(ProvisioningOutcome::Ready)],
            Delivery::DeliveredBefore(other) => vec![
                settled(ProvisioningOutcome::Failed {
                    message: format!("the eSIM was delivered before, to order {other}"),
                }),
                Event::AttentionRaised {
                    at,
                    reason: AttentionReason::EsimDeliveredBefore { item, order: other },
                },
            ],
        };
        self.append(order, events).await
    }

    /// Keeps a profile with what it was bought with.
    async fn keep(&self, order: &Order, item: ItemNumber, esim: &Esim) -> Result<Delivery, Break> {
        let lines = order.requested().content.lines();
        let package = order.items()[usize::from(item)].package.as_ref();
        let line = lines
            .iter()
            .find(|line| package.is_none_or(|package| line.line.package == *package))
            .or(lines.first());
        let Some(line) = line else {
            return Ok(Delivery::Kept);
        };
        let kept = KeptProfile {
            esim: esim.clone(),
            order: order.id(),
            base_url: order.requested().provider.base_url.clone(),
            epoch: 0,
            package: line.line.package.clone(),
            data: line.data,
        };
        Ok(self.parts.profiles.keep(&kept).await?)
    }
}

/// The end of a profile that will not come, or came and cannot be handed to anybody.
fn failure(esim: &Esim) -> Option<ProvisioningOutcome> {
    let reason = esim.undeliverable()?;
    Some(ProvisioningOutcome::Failed {
        message: reason.to_string(),
    })
}

/// A state nobody has documented counts as pending: the limit of the wait ends it.
fn progress(esim: &Esim) -> EsimProgress {
    match esim.profile() {
        ProfileState::Unprovisioned => EsimProgress::NotStarted,
        _ => EsimProgress::Pending,
    }
}

fn provisioning_outcome(error: &ProviderError) -> ProvisioningOutcome {
    let message = error.to_string();
    match error.reaction() {
        Reaction::Reconcile => ProvisioningOutcome::Unknown { message },
        Reaction::Refuse => ProvisioningOutcome::Failed { message },
        // An answer that cannot be read may have been that to a generation under way.
        Reaction::Halt if error.kind() == ErrorKind::InvalidResponse => {
            ProvisioningOutcome::Unknown { message }
        }
        Reaction::Retry { .. } | Reaction::Halt => ProvisioningOutcome::NotDone { message },
    }
}
