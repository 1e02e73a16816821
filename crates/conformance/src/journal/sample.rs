//! Orders, events and profiles to fill a journal with: valid, and recognisable when read back.

use std::num::NonZeroU16;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roamport_domain::esim::{EsimReport, PlanState, ProfileState};
use roamport_domain::journal::{KeptProfile, NewOrder};
use roamport_domain::order::{
    AttemptNumber, DeferralReason, Event, Fingerprint, LookUpResult, OrderContent, OrderedLine,
    PlacedItem, PlacedOrder, PlacementEvidence, PlacementOutcome, ProviderInstance,
    ProvisioningOutcome, Requested,
};
use roamport_domain::provider::{Line, ProviderOrderStatus};
use roamport_domain::{
    Account, Activation, Currency, DataAllowance, DataSize, Esim, EsimId, Iccid, IdempotencyKey,
    Money, OrderId, PackageId, ProviderName, ProviderOrderId, Reference, Secret, TopUp,
};
use uuid::{NoContext, Uuid};

/// The provider of samples that name no other.
pub const PROVIDER: &str = "sandbox";

/// How the matching id in every sample's activation begins, before the eSIM's id: a secret that must not
/// turn up in a text.
pub const MATCHING_ID: &str = "K2-1A9F3C";

/// A parsed name, for texts that are known to be good.
fn good<T, E: std::fmt::Debug>(parsed: Result<T, E>) -> T {
    parsed.expect("the samples are well formed")
}

/// The provider with this name.
pub fn provider(name: &str) -> ProviderName {
    good(ProviderName::parse(name))
}

/// The eSIM with this id.
pub fn esim(id: &str) -> EsimId {
    good(EsimId::parse(id))
}

/// The idempotency key with this text.
pub fn key(text: &str) -> IdempotencyKey {
    good(IdempotencyKey::parse(text))
}

/// A number of seconds before (negative) or after `moment`.
pub fn after(moment: Timestamp, seconds: i64) -> Timestamp {
    moment
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(moment)
}

/// A minute, the lease of most cases.
pub const MINUTE: Duration = Duration::from_mins(1);

/// What each line of a sample costs.
pub fn price() -> Money {
    good(Money::parse_amount("3.2755", Currency::USD))
}

fn line(package: &str, quantity: u16) -> OrderedLine {
    OrderedLine {
        line: Line {
            package: good(PackageId::parse(package)),
            quantity: NonZeroU16::new(quantity).unwrap_or(NonZeroU16::MIN),
            unit_price: price(),
            days: None,
        },
        alias: None,
        name: format!("Ålän\"d {package} 'über' 1 GB"),
        data: DataAllowance::Fixed {
            size: DataSize::GIBIBYTE,
        },
    }
}

/// The provider instance at which samples of the provider with this name are bought.
pub fn instance(name: &str) -> ProviderInstance {
    ProviderInstance {
        base_url: format!("https://{name}.example.com"),
        name: provider(name),
    }
}

fn order_for(provider_name: &str, text: &str, content: OrderContent, at: Timestamp) -> NewOrder {
    let instance = instance(provider_name);
    let key = key(text);
    let seconds = u64::try_from(at.as_second()).unwrap_or_default();
    NewOrder {
        id: OrderId::from_uuid(Uuid::new_v7(uuid::Timestamp::from_unix(
            NoContext, seconds, 0,
        ))),
        requested: Requested {
            at,
            fingerprint: Fingerprint::of(&instance, &content),
            reference: Reference::derive(&instance.name, &key),
            key,
            provider: instance,
            content,
            cap: good(Money::parse_amount("20", Currency::USD)),
            place_before: after(at, 900),
            account: None,
        },
    }
}

/// A wish for one eSIM under this key.
pub fn order(key: &str, at: Timestamp) -> NewOrder {
    order_of(PROVIDER, key, "FR-1GB-7D", at)
}

/// A wish for one eSIM of `package` at the provider with this name.
pub fn order_of(provider: &str, key: &str, package: &str, at: Timestamp) -> NewOrder {
    let content = OrderContent::Esims {
        lines: vec![line(package, 1)],
        start_date: None,
    };
    order_for(provider, key, content, at)
}

/// A wish for a top-up of the eSIM with this id.
pub fn top_up(key: &str, esim_id: &str, at: Timestamp) -> NewOrder {
    let top_up = TopUp {
        esim: esim(esim_id),
        iccid: None,
        line: line("FR-TOPUP-1GB", 1),
    };
    order_for(PROVIDER, key, OrderContent::TopUp(top_up), at)
}

/// The order waits: legal as often as wanted before the first purchase call.
pub fn waited(at: Timestamp, message: &str) -> Event {
    let reason = DeferralReason::ProviderUnavailable;
    Event::Deferred {
        at,
        reason,
        message: message.to_owned(),
    }
}

/// The order was called off: legal before the first purchase call.
pub fn cancelled(at: Timestamp) -> Event {
    Event::Cancelled {
        at,
        by: "ann".to_owned(),
        why: "travels by bicycle now".to_owned(),
    }
}

/// Legal after no event at all: an attempt ends that was never started.
pub fn impossible(at: Timestamp) -> Event {
    settled(
        9,
        at,
        PlacementOutcome::Refused {
            message: "never asked".to_owned(),
        },
    )
}

/// A look-up finds nothing and a purchase call begins.
pub fn started(wish: &Requested, attempt: AttemptNumber, at: Timestamp) -> Vec<Event> {
    let request = wish.content.request();
    vec![
        Event::LookedUp {
            started_at: at,
            conclusive: false,
            result: LookUpResult::Healthy { found: Vec::new() },
            evidence: None,
        },
        Event::PlacementStarted {
            attempt,
            opens_at: at,
            closes_at: after(at, 60),
            request,
            replays: None,
            blind: false,
            evidence: None,
        },
    ]
}

/// The account with this name.
pub fn account(name: &str) -> Account {
    good(Account::parse(name))
}

/// The same as [`started`], with the account that sends the call.
pub fn started_by(
    account: &Account,
    wish: &Requested,
    attempt: AttemptNumber,
    at: Timestamp,
) -> Vec<Event> {
    let mut events = started(wish, attempt, at);
    for event in &mut events {
        if let Event::PlacementStarted { evidence, .. } = event {
            *evidence = Some(PlacementEvidence {
                account: account.clone(),
                baseline: None,
            });
        }
    }
    events
}

/// A look-up finds this order.
pub fn found(at: Timestamp, order: PlacedOrder) -> Event {
    Event::LookedUp {
        started_at: at,
        conclusive: false,
        result: LookUpResult::Healthy { found: vec![order] },
        evidence: None,
    }
}

/// A purchase call ends.
pub const fn settled(attempt: AttemptNumber, at: Timestamp, outcome: PlacementOutcome) -> Event {
    Event::PlacementSettled {
        attempt,
        at,
        outcome,
        evidence: None,
    }
}

/// The outcome of a purchase call that nobody knows.
pub fn unknown() -> PlacementOutcome {
    PlacementOutcome::Ambiguous {
        message: "the connection broke after sending".to_owned(),
    }
}

/// The outcome of a purchase call that bought these eSIMs.
pub fn bought(provider_order: &str, esims: &[&str]) -> PlacementOutcome {
    let item = |id: &&str| PlacedItem {
        esim: Some(esim(id)),
        package: None,
        price: Some(price()),
    };
    let order = PlacedOrder {
        id: good(ProviderOrderId::parse(provider_order)),
        status: ProviderOrderStatus::Completed,
        total: Some(price()),
        items: esims.iter().map(item).collect(),
    };
    PlacementOutcome::Placed { order }
}

/// Everything from the look-up before the purchase to a bought eSIM.
pub fn purchase(wish: &Requested, at: Timestamp, provider_order: &str, esim: &str) -> Vec<Event> {
    let mut events = started(wish, 1, at);
    events.push(settled(1, after(at, 2), bought(provider_order, &[esim])));
    events
}

/// The profile of the first item is asked for and comes.
pub fn provisioned(at: Timestamp) -> Vec<Event> {
    vec![
        Event::ProvisioningStarted { item: 0, at },
        Event::ProvisioningSettled {
            item: 0,
            at: after(at, 5),
            outcome: ProvisioningOutcome::Ready,
        },
    ]
}

/// A profile to be kept, with an activation code of its own.
pub fn profile(provider_name: &str, esim_id: &str, iccid: Option<&str>) -> KeptProfile {
    profile_with(provider_name, esim_id, iccid, esim_id)
}

/// A profile to be kept, with this code behind [`MATCHING_ID`].
pub fn profile_with(
    provider_name: &str,
    esim_id: &str,
    iccid: Option<&str>,
    code: &str,
) -> KeptProfile {
    let secret = |text: &str| Some(Secret::new(text));
    let report = EsimReport {
        plans: Vec::new(),
        provider: provider(provider_name),
        id: esim(esim_id),
        iccid: iccid.map(|iccid| good(Iccid::parse(iccid))),
        profile: ProfileState::Ready,
        plan: PlanState::Other("DORMANT".to_owned()),
        activation: Some(Ok(good(Activation::new(
            "smdp.example.com",
            Secret::new(format!("{MATCHING_ID}-{code}")),
        )))),
        pin: secret("4711"),
        puk: secret("98765432"),
        msisdn: secret("+358401234567"),
        top_up: Some(true),
        usage_readable: None,
        hotspot: Some(false),
        created_at: None,
        updated_at: None,
        usable_until: None,
        notes: vec!["needs a \"5G\" phone".to_owned()],
        oddities: Vec::new(),
    };
    KeptProfile {
        esim: Esim::from_report(report),
        order: OrderId::from_uuid(Uuid::from_u128(7)),
        base_url: instance(provider_name).base_url,
        epoch: 0,
        package: good(PackageId::parse("FR-1GB-7D")),
        data: DataAllowance::Fixed {
            size: DataSize::GIBIBYTE,
        },
    }
}
