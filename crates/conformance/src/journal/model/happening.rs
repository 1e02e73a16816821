//! What may happen to an order, and the events that say so.

use jiff::Timestamp;
use roamport_domain::Order;
use roamport_domain::order::{
    AttemptNumber, AttentionReason, Event, LookUpResult, NotSentCause, PlacedOrder,
    PlacementOutcome, ProvisioningOutcome, Resolution,
};
use roamport_domain::provider::ProviderOrderStatus;

use super::transition::ESIMS;
use crate::journal::sample;

/// Something that happens to an order: one event or a few that belong together. Whether they may
/// follow is the order's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// It waits before it is sent.
    Waits,
    /// A look-up finds nothing, and a purchase call begins.
    Starts,
    /// The last purchase call bought this order of the provider.
    Bought(u8),
    /// The last purchase call was taken as this order of the provider, which is delivered later.
    Taken(u8),
    /// The last purchase call ended, nobody knows how.
    Unknown,
    /// The last purchase call was not sent.
    NotSent,
    /// The last purchase call was refused.
    Refused,
    /// The last purchase call's sender is gone.
    Abandoned,
    /// A look-up finds nothing.
    LooksInVain,
    /// A look-up finds this order of the provider.
    Finds(u8),
    /// Look-ups establish that the last purchase call bought nothing.
    Absent,
    /// The provider's order is read and is delivered by now; where there is none, in vain.
    Reads,
    /// The first item's profile is asked for and comes.
    Provisioned,
    /// The first item's profile is asked for and will not come.
    NotProvisioned,
    /// A person should know something.
    Raises,
    /// A person takes the order as it is.
    Accepted,
    /// A person gives the order up.
    WrittenOff,
    /// It is called off.
    Cancelled,
    /// It was not sent in time.
    Expires,
}

impl Happening {
    /// Every one of them.
    pub(super) const ALL: [Self; 23] = [
        Self::Waits,
        Self::Starts,
        Self::Bought(0),
        Self::Bought(1),
        Self::Bought(2),
        Self::Taken(0),
        Self::Taken(1),
        Self::Unknown,
        Self::NotSent,
        Self::Refused,
        Self::Abandoned,
        Self::LooksInVain,
        Self::Finds(0),
        Self::Finds(1),
        Self::Absent,
        Self::Reads,
        Self::Provisioned,
        Self::NotProvisioned,
        Self::Raises,
        Self::Accepted,
        Self::WrittenOff,
        Self::Cancelled,
        Self::Expires,
    ];

    /// How often it is tried where it may happen: what leads to unknown outcomes most, since they lead
    /// on to everything else.
    pub(super) const fn weight(self) -> u32 {
        match self {
            Self::Starts | Self::Unknown => 12,
            Self::Bought(_) | Self::Abandoned | Self::Absent | Self::Provisioned => 6,
            Self::Expires | Self::Cancelled => 1,
            _ => 3,
        }
    }

    /// Whether it may happen to `order` at this moment.
    pub(super) fn may_happen_to(self, order: &Order, at: Timestamp) -> bool {
        let mut order = order.clone();
        let events = self.events(&order, at);
        events.iter().all(|event| order.apply(event).is_ok())
    }

    fn events(self, order: &Order, at: Timestamp) -> Vec<Event> {
        let last = AttemptNumber::try_from(order.attempts().len()).unwrap_or(AttemptNumber::MAX);
        let settled = |outcome| vec![sample::settled(last.max(1), at, outcome)];
        match self {
            Self::Waits => vec![sample::waited(at, "the provider is away")],
            Self::Starts => sample::started(order.requested(), last.saturating_add(1), at),
            Self::Bought(number) => settled(PlacementOutcome::Placed {
                order: provider_order(number),
            }),
            Self::Taken(number) => settled(PlacementOutcome::Placed {
                order: PlacedOrder {
                    status: ProviderOrderStatus::Pending,
                    items: Vec::new(),
                    ..provider_order(number)
                },
            }),
            Self::Unknown => settled(sample::unknown()),
            Self::NotSent => settled(PlacementOutcome::NotSent {
                cause: NotSentCause::Unreachable,
                message: "no route".to_owned(),
                not_before: None,
            }),
            Self::Refused => settled(PlacementOutcome::Refused {
                message: "sold out".to_owned(),
            }),
            Self::Abandoned => vec![Event::PlacementAbandoned {
                attempt: last.max(1),
                at,
            }],
            Self::LooksInVain => vec![looked_up(at, false, Vec::new())],
            Self::Finds(number) => vec![looked_up(at, false, vec![provider_order(number)])],
            Self::Absent => absence(order, last.max(1), at),
            Self::Reads => {
                let delivered = order.placed().map(|placed| PlacedOrder {
                    id: placed.id.clone(),
                    ..provider_order(0)
                });
                vec![Event::OrderRead {
                    at,
                    order: delivered,
                    evidence: None,
                }]
            }
            Self::Provisioned => sample::provisioned(at),
            Self::NotProvisioned => vec![
                Event::ProvisioningStarted { item: 0, at },
                Event::ProvisioningSettled {
                    item: 0,
                    at,
                    outcome: ProvisioningOutcome::Failed {
                        message: "no profiles left".to_owned(),
                    },
                },
            ],
            Self::Raises => vec![Event::AttentionRaised {
                at,
                reason: AttentionReason::UnsentUnconfirmed,
            }],
            Self::Accepted => vec![resolved(at, Resolution::Accept)],
            Self::WrittenOff => vec![resolved(at, Resolution::WriteOff)],
            Self::Cancelled => vec![sample::cancelled(at)],
            Self::Expires => vec![Event::Expired { at }],
        }
    }
}

/// The events of several happenings, each as the order stands by then.
pub(super) fn events_of(order: &Order, happenings: &[Happening], at: Timestamp) -> Vec<Event> {
    let mut order = order.clone();
    let mut events = Vec::new();
    for happening in happenings {
        for event in happening.events(&order, at) {
            // One that may not follow is for the journal to refuse.
            order.apply(&event).ok();
            events.push(event);
        }
    }
    events
}

fn provider_order(number: u8) -> PlacedOrder {
    let esim = ESIMS[usize::from(number) % ESIMS.len()];
    match sample::bought(&format!("R-{number}"), &[esim]) {
        PlacementOutcome::Placed { order } => order,
        other => unreachable!("a sample that bought something is {other:?}"),
    }
}

fn looked_up(started_at: Timestamp, conclusive: bool, found: Vec<PlacedOrder>) -> Event {
    Event::LookedUp {
        started_at,
        conclusive,
        result: LookUpResult::Healthy { found },
        evidence: None,
    }
}

/// A look-up after the window of the last purchase call, and what follows from it.
fn absence(order: &Order, attempt: AttemptNumber, at: Timestamp) -> Vec<Event> {
    let closes_at = order.attempts().last().map_or(at, |last| last.closes_at);
    let at = at.max(closes_at);
    let mut look_ups = order.look_ups().conclusive_empty.clone();
    look_ups.push(at);
    vec![
        looked_up(at, true, Vec::new()),
        Event::AbsenceEstablished {
            attempt,
            look_ups,
            evidence: None,
        },
    ]
}

fn resolved(at: Timestamp, resolution: Resolution) -> Event {
    Event::AttentionResolved {
        at,
        resolution,
        by: "ann".to_owned(),
        why: "the provider says so".to_owned(),
    }
}
