//! One event of every kind, with every variant inside it: what the golden files hold.

use std::num::NonZeroU16;
use std::time::Duration;

use jiff::civil::date;
use roamport_domain::data::{AfterLimit, DataSize, FairUse};
use roamport_domain::order::{
    AttentionReason, CancellationOutcome, DeferralReason, EsimProgress, Event, GuardReason,
    LookUpResult, NotSentCause, OrderContent, OrderedLine, PlacedItem, PlacedOrder,
    PlacementOutcome, ProvisioningOutcome, Requested, Resolution,
};
use roamport_domain::provider::{Line, ProviderOrderStatus, Refund};
use roamport_domain::{DataAllowance, Iccid, OrderId};
use uuid::Uuid;

use crate::support::{at, esim, package, provider_order, requested, top_up_content, usd};

/// Every stored form, with the name of its golden file.
pub(crate) fn all() -> Vec<(String, Event)> {
    let mut all: Vec<(String, Event)> = Vec::new();
    let mut add = |name: &str, event: Event| all.push((name.to_owned(), event));
    for (name, data) in allowances() {
        add(&format!("requested.esims.{name}"), wish(esims_of(data)));
    }
    add("requested.top_up", wish(top_up_content()));
    for (name, reason) in deferrals() {
        let message = "1.5 USD is missing for 4.77 USD".to_owned();
        add(
            &format!("deferred.{name}"),
            Event::Deferred {
                at: at(1),
                reason,
                message,
            },
        );
    }
    for (name, reason) in guards() {
        let message = "the provider no longer sells package `one`".to_owned();
        add(
            &format!("guard_refused.{name}"),
            Event::GuardRefused {
                at: at(2),
                reason,
                message,
            },
        );
    }
    for (name, event) in placements() {
        add(name, event);
    }
    for (name, result) in look_ups() {
        let event = Event::LookedUp {
            started_at: at(300),
            conclusive: true,
            result,
            evidence: None,
        };
        add(&format!("looked_up.{name}"), event);
    }
    let look_ups = vec![at(300), at(330), at(360)];
    add(
        "absence_established",
        Event::AbsenceEstablished {
            attempt: 1,
            look_ups,
            evidence: None,
        },
    );
    let permitted = Event::ReplayPermitted {
        attempt: 1,
        at: at(20),
        until: at(840),
    };
    add("replay_permitted", permitted);
    add(
        "order_read.unread",
        Event::OrderRead {
            at: at(30),
            order: None,
            evidence: None,
        },
    );
    for (name, status) in statuses() {
        let order = Some(PlacedOrder {
            status,
            ..answered()
        });
        add(
            &format!("order_read.{name}"),
            Event::OrderRead {
                at: at(30),
                order,
                evidence: None,
            },
        );
    }
    add(
        "provisioning_started",
        Event::ProvisioningStarted {
            item: 3,
            at: at(40),
        },
    );
    for (name, outcome) in provisionings() {
        let event = Event::ProvisioningSettled {
            item: 3,
            at: at(50),
            outcome,
        };
        add(&format!("provisioning_settled.{name}"), event);
    }
    for (name, progress) in progresses() {
        add(
            &format!("esim_read.{name}"),
            Event::EsimRead {
                item: 3,
                at: at(60),
                progress,
            },
        );
    }
    for (name, reason) in reasons() {
        add(
            &format!("attention_raised.{name}"),
            Event::AttentionRaised { at: at(70), reason },
        );
    }
    for (name, resolution) in resolutions() {
        add(&format!("attention_resolved.{name}"), resolved(resolution));
    }
    let (by, why) = ("ada".to_owned(), "ordered by mistake".to_owned());
    add(
        "cancelled",
        Event::Cancelled {
            at: at(90),
            by,
            why,
        },
    );
    add(
        "start_date_changed",
        Event::StartDateChanged {
            at: at(92),
            start_date: jiff::civil::date(2026, 3, 9),
            by: "ada".to_owned(),
            why: "the provider refused the day".to_owned(),
        },
    );
    add("expired", Event::Expired { at: at(900) });
    add(
        "cancellation_started",
        Event::CancellationStarted {
            item: 3,
            at: at(95),
            by: "ada".to_owned(),
            why: "the journey was called off".to_owned(),
        },
    );
    for (name, outcome) in cancellations() {
        let event = Event::CancellationSettled {
            item: 3,
            at: at(96),
            outcome,
        };
        add(&format!("cancellation_settled.{name}"), event);
    }
    all
}

fn cancellations() -> Vec<(&'static str, CancellationOutcome)> {
    let cancelled = |refund, amount| CancellationOutcome::Cancelled { refund, amount };
    vec![
        ("at_once", cancelled(Refund::AtOnce, Some(usd("3.27")))),
        ("later", cancelled(Refund::Later, None)),
        ("never", cancelled(Refund::Never, None)),
        (
            "refused",
            CancellationOutcome::Refused {
                message: "it is installed".to_owned(),
            },
        ),
        (
            "not_done",
            CancellationOutcome::NotDone {
                message: "the provider cannot be reached".to_owned(),
            },
        ),
        (
            "unknown",
            CancellationOutcome::Unknown {
                message: "no answer within 15 seconds".to_owned(),
            },
        ),
    ]
}

fn wish(content: OrderContent) -> Event {
    Event::Requested(Box::new(Requested {
        cap: usd("12.3456"),
        ..requested(content)
    }))
}

fn esims_of(data: DataAllowance) -> OrderContent {
    let ordered = |name: &str, days: Option<u16>| OrderedLine {
        line: Line {
            package: package(name),
            quantity: NonZeroU16::new(2).unwrap(),
            unit_price: usd("0.0025"),
            days,
        },
        alias: None,
        name: format!("Zoë’s \"{name}\""),
        data,
    };
    let lines = vec![ordered("one", None), ordered("one", Some(7))];
    OrderContent::Esims {
        lines,
        start_date: Some(date(2026, 7, 1)),
    }
}

fn allowances() -> Vec<(&'static str, DataAllowance)> {
    let gibibyte = DataSize::GIBIBYTE;
    let fair = |threshold, then| DataAllowance::Unlimited {
        fair_use: Some(FairUse { threshold, then }),
    };
    vec![
        ("fixed", DataAllowance::Fixed { size: gibibyte }),
        (
            "daily",
            DataAllowance::Daily {
                per_day: gibibyte,
                then: AfterLimit::Stopped,
            },
        ),
        ("unlimited", DataAllowance::Unlimited { fair_use: None }),
        (
            "unlimited_slowed",
            fair(
                Some(gibibyte),
                AfterLimit::Slowed {
                    kilobits_per_second: 512,
                },
            ),
        ),
        ("unlimited_fair", fair(None, AfterLimit::Unknown)),
    ]
}

fn deferrals() -> Vec<(&'static str, DeferralReason)> {
    vec![
        ("wallet_short", DeferralReason::WalletShort),
        ("provider_unavailable", DeferralReason::ProviderUnavailable),
        ("look_up_unhealthy", DeferralReason::LookUpUnhealthy),
        ("halted", DeferralReason::Halted),
        ("back_pressure", DeferralReason::BackPressure),
    ]
}

fn guards() -> Vec<(&'static str, GuardReason)> {
    vec![
        ("package_gone", GuardReason::PackageGone),
        ("above_cap", GuardReason::AboveCap),
        ("travel_date_missing", GuardReason::TravelDateMissing),
        ("unsupported", GuardReason::Unsupported),
    ]
}

fn placements() -> Vec<(&'static str, Event)> {
    let started = |content: &OrderContent, replays, blind| Event::PlacementStarted {
        attempt: 2,
        opens_at: at(3) + Duration::from_millis(250),
        closes_at: at(63),
        request: content.request(),
        replays,
        blind,
        evidence: None,
    };
    let settled = |outcome| Event::PlacementSettled {
        attempt: 2,
        at: at(5),
        outcome,
        evidence: None,
    };
    let not_sent = |cause, not_before| {
        let message = "connection refused".to_owned();
        settled(PlacementOutcome::NotSent {
            cause,
            message,
            not_before,
        })
    };
    let esims = esims_of(DataAllowance::Fixed {
        size: DataSize::GIBIBYTE,
    });
    let mut bare_top_up = top_up_content();
    if let OrderContent::TopUp(top_up) = &mut bare_top_up {
        top_up.iccid = None::<Iccid>;
    }
    let mut top_up_by_day = top_up_content();
    if let OrderContent::TopUp(top_up) = &mut top_up_by_day {
        top_up.line.line.days = Some(7);
    }
    let lost = PlacementOutcome::Ambiguous {
        message: "timed out".to_owned(),
    };
    let refused = PlacementOutcome::Refused {
        message: "quantity too large".to_owned(),
    };
    vec![
        (
            "placement_started.place_order",
            started(&esims, None, false),
        ),
        (
            "placement_started.place_order_again",
            started(&esims, Some(1), false),
        ),
        (
            "placement_started.top_up",
            started(&top_up_content(), None, true),
        ),
        (
            "placement_started.top_up_by_id",
            started(&bare_top_up, None, true),
        ),
        (
            "placement_started.top_up_by_day",
            started(&top_up_by_day, None, true),
        ),
        (
            "placement_settled.placed",
            settled(PlacementOutcome::Placed { order: answered() }),
        ),
        (
            "placement_settled.placed_bare",
            settled(PlacementOutcome::Placed { order: bare() }),
        ),
        ("placement_settled.refused", settled(refused)),
        (
            "placement_settled.not_sent.unreachable",
            not_sent(NotSentCause::Unreachable, None),
        ),
        (
            "placement_settled.not_sent.rate_limited",
            not_sent(NotSentCause::RateLimited, Some(at(65))),
        ),
        (
            "placement_settled.not_sent.halted",
            not_sent(NotSentCause::Halted, None),
        ),
        ("placement_settled.ambiguous", settled(lost)),
        (
            "placement_abandoned",
            Event::PlacementAbandoned {
                attempt: 2,
                at: at(70),
            },
        ),
    ]
}

/// An answer with everything in it.
fn answered() -> PlacedOrder {
    PlacedOrder {
        id: provider_order("ord_7f3a"),
        status: ProviderOrderStatus::Completed,
        total: Some(usd("6.54")),
        items: vec![
            PlacedItem {
                esim: Some(esim("esim-1")),
                package: Some(package("one")),
                price: Some(usd("3.27")),
            },
            PlacedItem::default(),
        ],
    }
}

/// An answer with an id alone.
fn bare() -> PlacedOrder {
    let (status, items) = (ProviderOrderStatus::Pending, Vec::new());
    PlacedOrder {
        id: provider_order("ord_7f3a"),
        status,
        total: None,
        items,
    }
}

fn statuses() -> Vec<(&'static str, ProviderOrderStatus)> {
    vec![
        ("pending", ProviderOrderStatus::Pending),
        ("completed", ProviderOrderStatus::Completed),
        ("cancelled", ProviderOrderStatus::Cancelled),
        ("refunded", ProviderOrderStatus::Refunded),
        ("partially_refunded", ProviderOrderStatus::PartiallyRefunded),
        ("action_required", ProviderOrderStatus::ActionRequired),
        ("archived", ProviderOrderStatus::Archived),
        (
            "other",
            ProviderOrderStatus::Other("partially_shipped".to_owned()),
        ),
    ]
}

fn look_ups() -> Vec<(&'static str, LookUpResult)> {
    let message = "the provider's list was cut".to_owned();
    vec![
        ("unhealthy", LookUpResult::Unhealthy { message }),
        ("nothing", LookUpResult::Healthy { found: Vec::new() }),
        (
            "found",
            LookUpResult::Healthy {
                found: vec![answered(), bare()],
            },
        ),
    ]
}

fn provisionings() -> Vec<(&'static str, ProvisioningOutcome)> {
    let message = || "gateway time-out".to_owned();
    vec![
        ("ready", ProvisioningOutcome::Ready),
        ("pending", ProvisioningOutcome::Pending),
        (
            "unknown",
            ProvisioningOutcome::Unknown { message: message() },
        ),
        (
            "not_done",
            ProvisioningOutcome::NotDone { message: message() },
        ),
        ("failed", ProvisioningOutcome::Failed { message: message() }),
    ]
}

fn progresses() -> Vec<(&'static str, EsimProgress)> {
    vec![
        ("pending", EsimProgress::Pending),
        ("not_started", EsimProgress::NotStarted),
        (
            "unreadable",
            EsimProgress::Unreadable {
                message: "timed out".to_owned(),
            },
        ),
    ]
}

fn reasons() -> Vec<(&'static str, AttentionReason)> {
    let order = || provider_order("ord_7f3a");
    let status = ProviderOrderStatus::Other("partially_shipped".to_owned());
    let (quoted, charged) = (usd("3.27"), usd("3.2701"));
    vec![
        (
            "outcome_unknown",
            AttentionReason::OutcomeUnknown { attempt: 2 },
        ),
        ("attempts_used_up", AttentionReason::AttemptsUsedUp),
        (
            "several_found",
            AttentionReason::SeveralFound {
                orders: vec![order(), provider_order("ord_7f3b")],
            },
        ),
        (
            "found_differs",
            AttentionReason::FoundDiffers { order: order() },
        ),
        (
            "price_differs",
            AttentionReason::PriceDiffers { quoted, charged },
        ),
        (
            "item_count_differs",
            AttentionReason::ItemCountDiffers {
                expected: 2,
                actual: 1,
            },
        ),
        (
            "second_charge",
            AttentionReason::SecondCharge { order: order() },
        ),
        (
            "provider_status",
            AttentionReason::ProviderStatus { status },
        ),
        ("delivery_overdue", AttentionReason::DeliveryOverdue),
        (
            "item_failed",
            AttentionReason::ItemFailed {
                item: 3,
                message: "none left".to_owned(),
            },
        ),
        (
            "esim_delivered_before",
            AttentionReason::EsimDeliveredBefore {
                item: 1,
                order: OrderId::from_uuid(Uuid::from_u128(7)),
            },
        ),
        ("unsent_unconfirmed", AttentionReason::UnsentUnconfirmed),
    ]
}

fn resolutions() -> Vec<(&'static str, Resolution)> {
    vec![
        ("attach", Resolution::Attach { order: answered() }),
        (
            "resend",
            Resolution::Resend {
                place_before: at(5000),
            },
        ),
        ("accept", Resolution::Accept),
        ("write_off", Resolution::WriteOff),
    ]
}

fn resolved(resolution: Resolution) -> Event {
    let (by, why) = ("ada".to_owned(), "checked by telephone".to_owned());
    Event::AttentionResolved {
        at: at(80),
        resolution,
        by,
        why,
    }
}
