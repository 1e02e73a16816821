//! The decisions themselves.

use jiff::Timestamp;
use jiff::civil::Date;
use roamport_domain::id::ReferenceMatch;
use roamport_domain::journal::JournalError;
use roamport_domain::order::{AttentionReason, Event, LookUpResult, PlacedOrder, Resolution};
use roamport_domain::provider::{OrderLookup, ProviderOrder, Provisioning};
use roamport_domain::{Order, OrderId, PackageId, ProviderOrderId, Reference};

use super::known::{behind, money_went_back};
use super::record::Patience;
use super::{Action, Decided, Decision, DecisionError, Warning};
use crate::evidence::look;
use crate::{AppError, Orders};

impl Orders {
    /// This order at the provider is the one. It is read there first, and must exist. The order then
    /// stands at `Placed`: carry it on, and its profiles are generated.
    ///
    /// Other orders at the provider that this one's history names, and whose money did not go back,
    /// are raised as second charges.
    ///
    /// # Errors
    ///
    /// [`DecisionError::UnknownProviderOrder`], [`DecisionError::OtherReference`],
    /// [`DecisionError::BelongsToAnother`], [`DecisionError::NotPossible`],
    /// [`DecisionError::HeldElsewhere`]; [`AppError::Provider`] where it cannot be read,
    /// [`AppError::Journal`].
    pub async fn attach(
        &self,
        id: OrderId,
        provider_order: &ProviderOrderId,
        decision: &Decision,
    ) -> Result<Decided, AppError> {
        let order = self.own_order(id).await?;
        let placed = PlacedOrder {
            items: Vec::new(),
            ..no_order(provider_order)
        };
        possible(
            &order,
            &Action::Attach(None),
            Resolution::Attach { order: placed },
        )?;
        let found = self.read_provider_order(provider_order).await?;
        let found = found.ok_or_else(|| DecisionError::UnknownProviderOrder {
            provider_order: provider_order.clone(),
            provider: self.parts().instance.name.clone(),
        })?;
        let ours = &order.requested().reference;
        let foreign =
            |theirs: &&Reference| ours.compare(theirs.as_str()) == ReferenceMatch::Foreign;
        if let Some(theirs) = found.reference.as_ref().filter(foreign) {
            return Err(DecisionError::OtherReference {
                provider_order: provider_order.clone(),
                theirs: theirs.clone(),
                ours: ours.clone(),
            }
            .into());
        }
        let second = self.other_charges(&order, provider_order).await;
        let warnings = warnings(&order, &found, &second);
        let resolution = Resolution::Attach {
            order: PlacedOrder::of(&found, &order.requested().content),
        };
        let recorded = self
            .write_by_hand(id, Patience::Lease, |order, at| {
                possible(order, &Action::Attach(None), resolution.clone())?;
                let mut events = vec![resolved(at, resolution, decision)];
                events.extend(second.into_iter().map(|order| Event::AttentionRaised {
                    at,
                    reason: AttentionReason::SecondCharge { order },
                }));
                Ok(events)
            })
            .await;
        match recorded {
            Ok(order) => Ok(Decided { order, warnings }),
            Err(AppError::Journal(JournalError::Duplicate { .. })) => {
                Err(DecisionError::BelongsToAnother {
                    provider_order: provider_order.clone(),
                }
                .into())
            }
            Err(error) => Err(error),
        }
    }

    /// Nothing was bought: the order may be sent once more. `checked` is the person's word that the
    /// provider was asked. The order then stands at `Requested` with a new time to be sent in: carry
    /// it on, and it is sent once window and quiet period have been watched and one more look-up
    /// finds nothing.
    ///
    /// # Errors
    ///
    /// [`DecisionError::NotChecked`]; [`DecisionError::StillThere`] where the provider has it after
    /// all; [`DecisionError::NotPossible`], [`DecisionError::HeldElsewhere`]; [`AppError::Journal`].
    pub async fn resend(
        &self,
        id: OrderId,
        checked: bool,
        decision: &Decision,
    ) -> Result<Decided, AppError> {
        let order = self.own_order(id).await?;
        let resend = |now: Timestamp| Resolution::Resend {
            place_before: self.place_before(now),
        };
        possible(&order, &Action::Resend, resend(Timestamp::MAX))?;
        if !checked {
            return Err(DecisionError::NotChecked { order: id }.into());
        }
        let warnings = self.nothing_there(&order).await?;
        let order = self
            .write_by_hand(id, Patience::Lease, |order, at| {
                possible(order, &Action::Resend, resend(at))?;
                Ok(vec![resolved(at, resend(at), decision)])
            })
            .await?;
        Ok(Decided { order, warnings })
    }

    /// Good as it is: what was bought is taken, and what was open is settled.
    ///
    /// # Errors
    ///
    /// [`DecisionError::NotPossible`], also where nothing was bought;
    /// [`DecisionError::HeldElsewhere`]; [`AppError::Journal`].
    pub async fn accept(&self, id: OrderId, decision: &Decision) -> Result<Decided, AppError> {
        self.settle(id, &Action::Accept, Resolution::Accept, decision)
            .await
    }

    /// Given up, whatever it cost. A charge that comes to light later is shown again.
    ///
    /// # Errors
    ///
    /// [`DecisionError::NotPossible`], [`DecisionError::HeldElsewhere`]; [`AppError::Journal`].
    pub async fn write_off(&self, id: OrderId, decision: &Decision) -> Result<Decided, AppError> {
        self.settle(id, &Action::WriteOff, Resolution::WriteOff, decision)
            .await
    }

    /// Calls off an order that was never sent. The provider is searched for it first, where that is
    /// possible: a journal restored from a backup may know nothing of a purchase.
    ///
    /// # Errors
    ///
    /// [`DecisionError::StillThere`], [`DecisionError::NotPossible`],
    /// [`DecisionError::HeldElsewhere`]; [`AppError::Journal`].
    pub async fn cancel(&self, id: OrderId, decision: &Decision) -> Result<Decided, AppError> {
        let order = self.own_order(id).await?;
        allowed(
            &order,
            &Action::Cancel,
            &cancelled(Timestamp::MAX, decision),
        )?;
        let warnings = self.nothing_there(&order).await?;
        let order = self
            .write_by_hand(id, Patience::Lease, |order, at| {
                let event = cancelled(at, decision);
                allowed(order, &Action::Cancel, &event)?;
                Ok(vec![event])
            })
            .await?;
        Ok(Decided { order, warnings })
    }

    /// Another first day of travel for an order that is paid, and whose provider refused the one it has:
    /// profiles that failed are asked for again once the order is carried on.
    ///
    /// # Errors
    ///
    /// [`DecisionError::NotPossible`], also where the provider takes no day after the purchase;
    /// [`DecisionError::HeldElsewhere`]; [`AppError::Journal`].
    pub async fn change_start_date(
        &self,
        id: OrderId,
        start_date: Date,
        decision: &Decision,
    ) -> Result<Decided, AppError> {
        let capabilities = self.parts().provider.capabilities();
        let order = self
            .write_by_hand(id, Patience::Lease, |order, at| {
                if capabilities.provisioning != Provisioning::SeparateCall {
                    return Err(DecisionError::NotPossible {
                        order: id,
                        state: order.state(),
                        action: Action::Redate.name(),
                        why: "its provider takes no day of travel after the purchase".to_owned(),
                    }
                    .into());
                }
                let event = redated(at, start_date, decision);
                allowed(order, &Action::Redate, &event)?;
                Ok(vec![event])
            })
            .await?;
        Ok(Decided {
            order,
            warnings: Vec::new(),
        })
    }

    async fn settle(
        &self,
        id: OrderId,
        action: &Action,
        resolution: Resolution,
        decision: &Decision,
    ) -> Result<Decided, AppError> {
        let order = self
            .write_by_hand(id, Patience::Lease, |order, at| {
                possible(order, action, resolution.clone())?;
                Ok(vec![resolved(at, resolution, decision)])
            })
            .await?;
        Ok(Decided {
            order,
            warnings: Vec::new(),
        })
    }

    fn place_before(&self, now: Timestamp) -> Timestamp {
        jiff::SignedDuration::try_from(self.parts().policy.place_within)
            .ok()
            .and_then(|within| now.checked_add(within).ok())
            .unwrap_or(Timestamp::MAX)
    }

    async fn read_provider_order(
        &self,
        id: &ProviderOrderId,
    ) -> Result<Option<ProviderOrder>, AppError> {
        let found = self
            .parts()
            .provider
            .find_orders(&OrderLookup::Id(id.clone()))
            .await?;
        Ok(found.orders.into_iter().find(|order| order.id == *id))
    }

    /// The other orders at the provider that stand behind this one and whose money did not go back.
    /// One that cannot be read counts as charged.
    async fn other_charges(&self, order: &Order, ours: &ProviderOrderId) -> Vec<ProviderOrderId> {
        let mut charged = Vec::new();
        for id in behind(order).into_iter().filter(|id| id != ours) {
            let went_back = match self.read_provider_order(&id).await {
                Ok(Some(found)) => money_went_back(&found.status),
                Ok(None) | Err(_) => false,
            };
            if !went_back {
                charged.push(id);
            }
        }
        charged
    }

    /// One look for our reference. A look that fails is a warning: before anything is sent, another
    /// one has to go well.
    async fn nothing_there(&self, order: &Order) -> Result<Vec<Warning>, AppError> {
        if !self.parts().provider.capabilities().finds_by_reference() {
            let message = "the provider has no search by reference".to_owned();
            return Ok(vec![Warning::NotLookedUp { message }]);
        }
        let look = look(self.parts(), order, false).await?;
        let mut found = match look.result {
            LookUpResult::Unhealthy { message } => {
                return Ok(vec![Warning::NotLookedUp { message }]);
            }
            LookUpResult::Healthy { found } => found,
        }
        .into_iter()
        .map(|found| found.id)
        .collect::<Vec<_>>();
        // What resembles the order may be it.
        if let Some(evidence) = look.evidence {
            found.extend(evidence.look_alikes);
            found.extend(evidence.candidates);
        }
        if found.is_empty() {
            Ok(Vec::new())
        } else {
            Err(DecisionError::StillThere {
                order: order.id(),
                found,
            }
            .into())
        }
    }
}

fn warnings(order: &Order, found: &ProviderOrder, second: &[ProviderOrderId]) -> Vec<Warning> {
    let provider_order = found.id.clone();
    let mut warnings = Vec::new();
    if found.reference.is_none() {
        warnings.push(Warning::NoReference {
            provider_order: provider_order.clone(),
        });
    }
    let lines = order.requested().content.lines();
    let asked = |package: &PackageId| lines.iter().any(|line| line.line.package == *package);
    if found
        .items
        .iter()
        .filter_map(|item| item.package.as_ref())
        .any(|package| !asked(package))
    {
        warnings.push(Warning::OtherPackages { provider_order });
    }
    warnings.extend(second.iter().map(|id| Warning::SecondCharge {
        provider_order: id.clone(),
    }));
    warnings
}

/// A stand-in for an order that is not read yet: only whether it could be attached is asked of it.
pub(super) fn no_order(id: &ProviderOrderId) -> PlacedOrder {
    PlacedOrder {
        id: id.clone(),
        status: roamport_domain::provider::ProviderOrderStatus::Pending,
        total: None,
        items: Vec::new(),
    }
}

pub(super) fn resolved(at: Timestamp, resolution: Resolution, decision: &Decision) -> Event {
    Event::AttentionResolved {
        at,
        resolution,
        by: decision.by().to_owned(),
        why: decision.why().to_owned(),
    }
}

pub(super) fn redated(at: Timestamp, start_date: Date, decision: &Decision) -> Event {
    Event::StartDateChanged {
        at,
        start_date,
        by: decision.by().to_owned(),
        why: decision.why().to_owned(),
    }
}

pub(super) fn cancelled(at: Timestamp, decision: &Decision) -> Event {
    Event::Cancelled {
        at,
        by: decision.by().to_owned(),
        why: decision.why().to_owned(),
    }
}

fn possible(order: &Order, action: &Action, resolution: Resolution) -> Result<(), DecisionError> {
    let event = Event::AttentionResolved {
        at: Timestamp::MAX,
        resolution,
        by: String::new(),
        why: String::new(),
    };
    allowed(order, action, &event)
}

/// Whether the machine takes the event, asked before anything is written.
fn allowed(order: &Order, action: &Action, event: &Event) -> Result<(), DecisionError> {
    order
        .clone()
        .apply(event)
        .map_err(|illegal| DecisionError::NotPossible {
            order: order.id(),
            state: order.state(),
            action: action.name(),
            why: illegal.why.to_owned(),
        })
}
