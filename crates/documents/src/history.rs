//! What happened to an order, event by event: a name and a sentence for each.

use roamport_domain::Oddity;
use roamport_domain::order::{
    Absence, AnswerEvidence, CancellationOutcome, EsimProgress, Event, LookUpEvidence,
    LookUpResult, PlacedOrder, PlacementOutcome, ProvisioningOutcome, Resolution,
};
use roamport_domain::provider::Refund;

use crate::esim::unreadable_text;
use crate::words::{self, moment};

/// Who decided, and why, where an event is a person's decision.
pub fn decided(event: &Event) -> Option<(&str, &str)> {
    match event {
        Event::AttentionResolved { by, why, .. }
        | Event::CancellationStarted { by, why, .. }
        | Event::StartDateChanged { by, why, .. }
        | Event::Cancelled { by, why, .. } => Some((by, why)),
        _ => None,
    }
}

/// An event in words, without a full stop.
pub fn sentence(event: &Event) -> String {
    match event {
        Event::Requested(wish) => format!(
            "recorded; may be sent until {}, for at most {}",
            moment(wish.place_before),
            wish.cap
        ),
        Event::Deferred { message, .. } => format!("waits: {message}"),
        Event::GuardRefused { message, .. } => format!("not sent: {message}"),
        Event::PlacementStarted {
            attempt,
            closes_at,
            replays,
            ..
        } => {
            let what = replays.map_or_else(String::new, |first| {
                format!(" (the request of call {first} again)")
            });
            format!(
                "purchase call {attempt} begins{what}; to be answered by {}",
                moment(*closes_at)
            )
        }
        Event::PlacementSettled {
            attempt,
            outcome,
            evidence,
            ..
        } => {
            let evidence = evidence.as_ref();
            let unread = unread(evidence.map_or(&[], |known| &known.unreadable));
            format!(
                "purchase call {attempt}: {}{unread}",
                outcome_words(outcome)
            )
        }
        Event::PlacementAbandoned { attempt, .. } => {
            format!(
                "purchase call {attempt}: whoever made it is gone, what became of it is unknown"
            )
        }
        Event::LookedUp {
            conclusive,
            result,
            evidence,
            ..
        } => looked_up(*conclusive, result, evidence.as_deref()),
        Event::AbsenceEstablished {
            attempt, look_ups, ..
        } => format!(
            "purchase call {attempt} was not charged, as {} look-ups after the quiet period show",
            look_ups.len()
        ),
        Event::ReplayPermitted { attempt, until, .. } => {
            format!(
                "purchase call {attempt} may be repeated as it was until {}",
                moment(*until)
            )
        }
        Event::OrderRead {
            order, evidence, ..
        } => order_read(order.as_ref(), evidence.as_ref()),
        Event::ProvisioningStarted { item, .. } => {
            format!("the profile of eSIM {} is asked for", number(*item))
        }
        Event::ProvisioningSettled { item, outcome, .. } => {
            format!(
                "the profile of eSIM {}: {}",
                number(*item),
                profile_words(outcome)
            )
        }
        Event::EsimRead { item, progress, .. } => {
            format!(
                "eSIM {} was read: {}",
                number(*item),
                progress_words(progress)
            )
        }
        Event::AttentionRaised { reason, .. } => words::attention_sentence(reason),
        Event::AttentionResolved { resolution, .. } => resolution_words(resolution),
        Event::CancellationStarted { item, .. } => {
            format!("eSIM {} is to be given back", number(*item))
        }
        Event::CancellationSettled { item, outcome, .. } => {
            format!(
                "giving back eSIM {}: {}",
                number(*item),
                cancellation_words(outcome)
            )
        }
        Event::StartDateChanged { start_date, .. } => {
            format!("the journey starts on {start_date}: missing profiles are asked for again")
        }
        Event::Cancelled { .. } => "called off before it was sent".to_owned(),
        Event::Expired { .. } => "it could not be sent in time".to_owned(),
        Event::Prolonged { place_before, .. } => format!(
            "new orders were held; it may be sent until {}",
            moment(*place_before)
        ),
    }
}

fn number(item: u16) -> u32 {
    u32::from(item) + 1
}

fn told(order: &PlacedOrder) -> String {
    let total = order
        .total
        .map(|total| format!(", {total}"))
        .unwrap_or_default();
    format!(
        "{} ({}{total})",
        order.id,
        words::provider_status(&order.status)
    )
}

fn order_read(order: Option<&PlacedOrder>, evidence: Option<&AnswerEvidence>) -> String {
    let Some(order) = order else {
        let problem = evidence.and_then(|known| known.problem.as_ref());
        let problem = problem.map_or_else(String::new, |problem| format!(": {problem}"));
        return format!("the provider's order could not be read{problem}");
    };
    let unread = unread(evidence.map_or(&[], |known| &known.unreadable));
    format!("the provider's order was read: {}{unread}", told(order))
}

/// What an answer has and could not be read, to stand at the end of a sentence.
fn unread(oddities: &[Oddity]) -> String {
    unreadable_text(oddities).map_or_else(String::new, |all| format!("; could not be read: {all}"))
}

fn outcome_words(outcome: &PlacementOutcome) -> String {
    match outcome {
        PlacementOutcome::Placed { order } => format!("the provider took it as {}", told(order)),
        PlacementOutcome::Refused { message } => format!("refused: {message}"),
        PlacementOutcome::NotSent { message, .. } => format!("not sent: {message}"),
        PlacementOutcome::TurnedAway { message, .. } => format!("turned away: {message}"),
        PlacementOutcome::Ambiguous { message } => format!("its outcome is unknown: {message}"),
    }
}

fn looked_up(conclusive: bool, result: &LookUpResult, evidence: Option<&LookUpEvidence>) -> String {
    let doubt = evidence.and_then(|evidence| match evidence.absence {
        Absence::Unproven { doubt } => Some(doubt.words()),
        Absence::Proven | Absence::Weak => None,
    });
    match result {
        LookUpResult::Unhealthy { message } => format!("no usable answer: {message}"),
        LookUpResult::Healthy { found } if found.is_empty() && doubt.is_some() => {
            let doubt = doubt.unwrap_or_default();
            format!("nothing found, which proves nothing: {doubt}")
        }
        LookUpResult::Healthy { found } if found.is_empty() && conclusive => {
            "nothing there, after the quiet period".to_owned()
        }
        LookUpResult::Healthy { found } if found.is_empty() => "nothing there".to_owned(),
        LookUpResult::Healthy { found } => {
            let unread = unread(evidence.map_or(&[], |known| &known.unreadable));
            format!(
                "found {}{unread}",
                found.iter().map(told).collect::<Vec<_>>().join(", ")
            )
        }
    }
}

fn profile_words(outcome: &ProvisioningOutcome) -> String {
    match outcome {
        ProvisioningOutcome::Ready => "ready".to_owned(),
        ProvisioningOutcome::Pending => "being generated".to_owned(),
        ProvisioningOutcome::Unknown { message } => format!("its outcome is unknown: {message}"),
        ProvisioningOutcome::NotDone { message } => format!("not done: {message}"),
        ProvisioningOutcome::Failed { message } => format!("failed: {message}"),
    }
}

fn progress_words(progress: &EsimProgress) -> String {
    match progress {
        EsimProgress::Pending => "its profile is being generated".to_owned(),
        EsimProgress::NotStarted => "nothing has happened yet".to_owned(),
        EsimProgress::Unreadable { message } => format!("no usable answer: {message}"),
    }
}

/// What came of giving an eSIM back, without a full stop.
pub fn cancellation_words(outcome: &CancellationOutcome) -> String {
    match outcome {
        CancellationOutcome::Cancelled { refund, amount } => {
            let amount = amount.map_or_else(|| "its money".to_owned(), |amount| amount.to_string());
            match refund {
                Refund::AtOnce => format!("taken back, {amount} is in the wallet again"),
                Refund::Later => format!("taken back, {amount} comes back later"),
                Refund::Never => "taken back, without a refund".to_owned(),
            }
        }
        CancellationOutcome::Refused { message } => format!("refused: {message}"),
        CancellationOutcome::NotDone { message } => format!("not done: {message}"),
        CancellationOutcome::Unknown { message } => format!("its outcome is unknown: {message}"),
    }
}

fn resolution_words(resolution: &Resolution) -> String {
    match resolution {
        Resolution::Attach { order } => {
            format!("attached: the provider's order {} is the one", told(order))
        }
        Resolution::Resend { place_before } => {
            format!("to be sent once more, until {}", moment(*place_before))
        }
        Resolution::Accept => "accepted as it is".to_owned(),
        Resolution::WriteOff => "given up".to_owned(),
        Resolution::SameAccount { account } => {
            format!("the account in use ({account}) is the one it was sent with")
        }
    }
}
