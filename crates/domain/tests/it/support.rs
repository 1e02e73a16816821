//! One order under test: events in one line each, and both clocks in the test's hand.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roamport_domain::data::DataSize;
use roamport_domain::order::{
    Absence, AbsenceEvidence, AccountStanding, AnswerEvidence, AnswerField, AttemptNumber,
    AttentionReason, Beginning, ControlEvidence, DeferralReason, Event, FilterEvidence,
    Fingerprint, ItemNumber, LookUpEvidence, LookUpResult, Moment, NotSentCause, OrderContent,
    OrderPolicy, OrderState, OrderedLine, PlacedItem, PlacedOrder, PlacementEvidence,
    PlacementOutcome, ProviderInstance, ProvisioningOutcome, Requested, Resolution, Step, Waiting,
    WalletEvidence, next_step,
};
use roamport_domain::provider::{Dedup, Line, LookupSupport, ProviderOrderStatus, Provisioning};
use roamport_domain::{
    Account, Capabilities, Currency, DataAllowance, EsimId, Iccid, IdempotencyKey, Money, Order,
    OrderId, PackageId, ProviderName, ProviderOrderId, Reference, TopUp,
};

/// The length of a purchase call's window here, in seconds.
pub(crate) const WINDOW: i64 = 60;
/// The quiet period here, in seconds.
pub(crate) const QUIET: i64 = 180;
/// No purchase call begins after this second.
pub(crate) const PLACE_BEFORE: i64 = 900;

/// The moment this many seconds after the order was recorded.
pub(crate) fn at(seconds: i64) -> Timestamp {
    "2026-03-01T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

pub(crate) fn usd(text: &str) -> Money {
    Money::parse_amount(text, Currency::USD).unwrap()
}

pub(crate) fn package(name: &str) -> PackageId {
    PackageId::parse(name).unwrap()
}

pub(crate) fn provider_order(name: &str) -> ProviderOrderId {
    ProviderOrderId::parse(name).unwrap()
}

pub(crate) fn esim(name: &str) -> EsimId {
    EsimId::parse(name).unwrap()
}

pub(crate) fn line(name: &str, quantity: u16, price: &str) -> OrderedLine {
    OrderedLine {
        line: Line {
            package: package(name),
            quantity: NonZeroU16::new(quantity).unwrap(),
            unit_price: usd(price),
            days: None,
        },
        alias: None,
        name: format!("Package {name}"),
        data: DataAllowance::Fixed {
            size: DataSize::GIBIBYTE,
        },
    }
}

pub(crate) fn esims(lines: Vec<OrderedLine>) -> OrderContent {
    OrderContent::Esims {
        lines,
        start_date: None,
    }
}

pub(crate) fn top_up_content() -> OrderContent {
    OrderContent::TopUp(TopUp {
        esim: esim("esim-1"),
        iccid: Some(Iccid::parse("8988303000001234567").unwrap()),
        line: line("more", 1, "3.27"),
    })
}

pub(crate) fn requested(content: OrderContent) -> Requested {
    let provider = ProviderInstance {
        name: ProviderName::parse("roamify").unwrap(),
        base_url: "https://api.example.com".to_owned(),
    };
    let key = IdempotencyKey::parse("shop-order-10442").unwrap();
    Requested {
        at: at(0),
        fingerprint: Fingerprint::of(&provider, &content),
        reference: Reference::derive(&provider.name, &key),
        key,
        provider,
        content,
        cap: usd("100"),
        place_before: at(PLACE_BEFORE),
        account: None,
    }
}

/// A provider's order of these eSIMs, all of package `one`, at 3.27 each.
pub(crate) fn bought(id: &str, esims: &[&str]) -> PlacedOrder {
    let item = |name: &&str| PlacedItem {
        esim: Some(esim(name)),
        package: Some(package("one")),
        price: Some(usd("3.27")),
    };
    let count = u32::try_from(esims.len()).unwrap();
    PlacedOrder {
        id: provider_order(id),
        status: ProviderOrderStatus::Completed,
        total: Some(usd("3.27").checked_times(count.max(1)).unwrap()),
        items: esims.iter().map(item).collect(),
    }
}

/// A provider's order that names no eSIM yet.
pub(crate) fn pending(id: &str) -> PlacedOrder {
    PlacedOrder {
        status: ProviderOrderStatus::Pending,
        ..bought(id, &[])
    }
}

pub(crate) fn placed(order: PlacedOrder) -> PlacementOutcome {
    PlacementOutcome::Placed { order }
}

pub(crate) fn refused() -> PlacementOutcome {
    PlacementOutcome::Refused {
        message: "not allowed".to_owned(),
    }
}

pub(crate) fn ambiguous() -> PlacementOutcome {
    PlacementOutcome::Ambiguous {
        message: "the answer was lost".to_owned(),
    }
}

pub(crate) fn not_sent() -> PlacementOutcome {
    PlacementOutcome::NotSent {
        cause: NotSentCause::Unreachable,
        message: "no connection".to_owned(),
        not_before: None,
    }
}

pub(crate) fn settled(attempt: AttemptNumber, second: i64, outcome: PlacementOutcome) -> Event {
    Event::PlacementSettled {
        attempt,
        at: at(second),
        outcome,
        evidence: Some(AnswerEvidence::default()),
    }
}

pub(crate) fn abandoned(attempt: AttemptNumber, second: i64) -> Event {
    Event::PlacementAbandoned {
        attempt,
        at: at(second),
    }
}

/// The account of every order here.
pub(crate) fn account() -> Account {
    Account::parse("account-1").unwrap()
}

/// What an answer proves that has the documented form and no witness against it.
pub(crate) fn proof() -> LookUpEvidence {
    LookUpEvidence {
        absence: Absence::Proven,
        filter: FilterEvidence::Held,
        control: ControlEvidence::NoneKnown,
        wallet: WalletEvidence::Silent,
        fresh: true,
        look_alikes: Vec::new(),
        candidates: Vec::new(),
        adoption: None,
        different: Vec::new(),
        unreadable: Vec::new(),
    }
}

/// A look-up that found nothing, worth this much.
pub(crate) fn nothing_worth(second: i64, conclusive: bool, absence: Absence) -> Event {
    looked_up(second, conclusive, LookUpEvidence { absence, ..proof() })
}

/// A look-up that found nothing of ours.
pub(crate) fn looked_up(second: i64, conclusive: bool, evidence: LookUpEvidence) -> Event {
    Event::LookedUp {
        started_at: at(second),
        conclusive,
        result: LookUpResult::Healthy { found: Vec::new() },
        evidence: Some(Box::new(evidence)),
    }
}

pub(crate) fn found(second: i64, found: Vec<PlacedOrder>) -> Event {
    Event::LookedUp {
        started_at: at(second),
        conclusive: false,
        result: LookUpResult::Healthy { found },
        evidence: Some(Box::new(proof())),
    }
}

/// What a release before format 2 recorded of a look-up.
pub(crate) fn found_before_evidence(second: i64, found: Vec<PlacedOrder>) -> Event {
    Event::LookedUp {
        started_at: at(second),
        conclusive: false,
        result: LookUpResult::Healthy { found },
        evidence: None,
    }
}

/// A look-up that found one order, which differs from the request in these fields.
pub(crate) fn found_differing(
    second: i64,
    order: PlacedOrder,
    different: Vec<AnswerField>,
) -> Event {
    Event::LookedUp {
        started_at: at(second),
        conclusive: false,
        result: LookUpResult::Healthy { found: vec![order] },
        evidence: Some(Box::new(LookUpEvidence {
            different,
            ..proof()
        })),
    }
}

pub(crate) fn nothing(second: i64) -> Event {
    found(second, Vec::new())
}

pub(crate) fn conclusively_nothing(second: i64) -> Event {
    looked_up(second, true, proof())
}

pub(crate) fn unhealthy(second: i64) -> Event {
    Event::LookedUp {
        started_at: at(second),
        conclusive: false,
        result: LookUpResult::Unhealthy {
            message: "the provider's list was cut".to_owned(),
        },
        evidence: None,
    }
}

pub(crate) fn absent(attempt: AttemptNumber, seconds: &[i64]) -> Event {
    Event::AbsenceEstablished {
        attempt,
        look_ups: seconds.iter().copied().map(at).collect(),
        evidence: Some(AbsenceEvidence { account: account() }),
    }
}

pub(crate) fn deferred(second: i64) -> Event {
    Event::Deferred {
        at: at(second),
        reason: DeferralReason::WalletShort,
        message: "1 USD is missing".to_owned(),
    }
}

pub(crate) fn raised(second: i64, reason: AttentionReason) -> Event {
    Event::AttentionRaised {
        at: at(second),
        reason,
    }
}

pub(crate) fn resolved(second: i64, resolution: Resolution) -> Event {
    Event::AttentionResolved {
        at: at(second),
        resolution,
        by: "ada".to_owned(),
        why: "checked by telephone".to_owned(),
    }
}

pub(crate) fn cancelled(second: i64) -> Event {
    Event::Cancelled {
        at: at(second),
        by: "ada".to_owned(),
        why: "not needed".to_owned(),
    }
}

pub(crate) fn asked(item: ItemNumber, second: i64) -> Event {
    Event::ProvisioningStarted {
        item,
        at: at(second),
    }
}

pub(crate) fn generated(item: ItemNumber, second: i64, outcome: ProvisioningOutcome) -> Event {
    Event::ProvisioningSettled {
        item,
        at: at(second),
        outcome,
    }
}

/// A provider that can be searched by reference and promises nothing about a second order.
pub(crate) const SEARCHABLE: Capabilities = Capabilities {
    lookup: Some(LookupSupport {
        by_reference: true,
        since: false,
        lag: Duration::from_secs(3),
    }),
    top_up: true,
    ..Capabilities::NONE
};

/// An order, the provider's capabilities, the policy and both clocks.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) order: Order,
    pub(crate) capabilities: Capabilities,
    pub(crate) policy: OrderPolicy,
    /// The journal's clock, in seconds after the wish.
    pub(crate) now: i64,
    /// How long this process has watched, in seconds.
    pub(crate) watched: i64,
    pub(crate) busy: BTreeSet<ItemNumber>,
    pub(crate) standing: AccountStanding,
    pub(crate) is_held: bool,
    pub(crate) events: Vec<Event>,
    /// How often anything was done with it: no honest order needs [`Scene::MANY`].
    pub(crate) turns: u32,
}

impl Scene {
    /// More turns than any test needs: a machine that gets nowhere fails the test instead of hanging it.
    const MANY: u32 = 10_000;

    /// A wish for one eSIM of package `one`.
    pub(crate) fn new() -> Self {
        Self::wishing(esims(vec![line("one", 1, "3.27")]))
    }

    pub(crate) fn wishing(content: OrderContent) -> Self {
        let requested = requested(content);
        let id = "018f2b6c-7b1e-7cc3-9c0d-1f5a6e7b8c9d"
            .parse::<OrderId>()
            .unwrap();
        Self {
            order: Order::open(id, requested.clone()),
            capabilities: SEARCHABLE,
            policy: OrderPolicy::default(),
            now: 0,
            watched: 0,
            busy: BTreeSet::new(),
            standing: AccountStanding::Own,
            is_held: false,
            events: vec![Event::Requested(Box::new(requested))],
            turns: 0,
        }
    }

    #[track_caller]
    fn turn(&mut self) {
        self.turns += 1;
        assert!(self.turns < Self::MANY, "no end in {}", self.state());
    }

    pub(crate) fn at_a_provider_that(mut self, dedup: Dedup) -> Self {
        self.capabilities.dedup = dedup;
        self
    }

    pub(crate) fn provisioned(mut self, provisioning: Provisioning) -> Self {
        self.capabilities.provisioning = provisioning;
        self
    }

    pub(crate) fn without_look_up(mut self) -> Self {
        self.capabilities.lookup = None;
        self
    }

    /// Appends an event that must be legal; the journal's clock is at least at its moment.
    #[track_caller]
    pub(crate) fn with(mut self, event: Event) -> Self {
        self.take(event);
        self
    }

    #[track_caller]
    pub(crate) fn take(&mut self, event: Event) {
        self.turn();
        if let Err(illegal) = self.order.apply(&event) {
            panic!("{illegal}: {event:?}");
        }
        self.events.push(event);
    }

    /// Appends a purchase call with a window from `second` on, after a look-up that found nothing.
    #[track_caller]
    pub(crate) fn sent(mut self, attempt: AttemptNumber, second: i64) -> Self {
        if !self.capabilities.finds_by_reference() {
            return self.with_start(attempt, second, None, true);
        }
        self.take(nothing(second));
        self.with_start(attempt, second, None, false)
    }

    /// Appends a repetition of `root` under the provider's promise.
    #[track_caller]
    pub(crate) fn repeated(self, attempt: AttemptNumber, root: AttemptNumber, second: i64) -> Self {
        self.with_start(attempt, second, Some(root), false)
    }

    #[track_caller]
    fn with_start(
        self,
        attempt: AttemptNumber,
        second: i64,
        replays: Option<AttemptNumber>,
        blind: bool,
    ) -> Self {
        let event = self.start(attempt, second, replays, blind);
        self.with(event).now(second).watched_for(0)
    }

    /// The event of a purchase call for the wish.
    pub(crate) fn start(
        &self,
        attempt: AttemptNumber,
        second: i64,
        replays: Option<AttemptNumber>,
        blind: bool,
    ) -> Event {
        Event::PlacementStarted {
            attempt,
            opens_at: at(second),
            closes_at: at(second + WINDOW),
            request: self.order.requested().content.request(),
            replays,
            blind,
            evidence: Some(PlacementEvidence {
                account: account(),
                baseline: None,
            }),
        }
    }

    /// An order whose first call of unknown outcome left no trace: three conclusive look-ups.
    #[track_caller]
    pub(crate) fn proven_absent(self) -> Self {
        self.sent(1, 0)
            .with(settled(1, 5, ambiguous()))
            .with(conclusively_nothing(240))
            .with(conclusively_nothing(270))
            .with(conclusively_nothing(300))
            .with(absent(1, &[240, 270, 300]))
            .now(300)
            .watched_for(300)
    }

    pub(crate) fn now(mut self, second: i64) -> Self {
        self.now = second;
        self
    }

    pub(crate) fn watched_for(mut self, seconds: i64) -> Self {
        self.watched = seconds;
        self
    }

    /// Time passes on both clocks.
    #[track_caller]
    pub(crate) fn pass(&mut self, seconds: i64) {
        self.turn();
        self.now += seconds;
        self.watched += seconds;
    }

    pub(crate) fn state(&self) -> OrderState {
        self.order.state()
    }

    pub(crate) fn open_reasons(&self) -> Vec<AttentionReason> {
        self.order.open_attention().cloned().collect()
    }

    /// The first step of whoever begins to work on it for this reason.
    pub(crate) fn first_step(&self, begins: Beginning) -> Step {
        let moment = Moment {
            begins: Some(begins),
            ..self.moment()
        };
        next_step(&self.order, &self.capabilities, &self.policy, &moment)
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment {
            now: at(self.now),
            watched: Duration::from_secs(u64::try_from(self.watched).unwrap()),
            busy: self.busy.clone(),
            begins: None,
            account: account(),
            standing: self.standing,
            is_held: self.is_held,
        }
    }

    pub(crate) fn step(&self) -> Step {
        next_step(
            &self.order,
            &self.capabilities,
            &self.policy,
            &self.moment(),
        )
    }

    /// How many seconds the step waits and what for.
    #[track_caller]
    pub(crate) fn wait(&self) -> (i64, Waiting) {
        match self.step() {
            Step::Wait { until, waiting } => {
                (until.duration_since(at(self.now)).as_secs(), waiting)
            }
            other => panic!("not a wait: {other:?}"),
        }
    }

    /// Appends what the step records until it asks for something else; gives that.
    #[track_caller]
    pub(crate) fn settle_down(&mut self) -> Step {
        self.turn();
        for _ in 0..50 {
            match self.step() {
                Step::Record(events) => events.into_iter().for_each(|event| self.take(event)),
                step => return step,
            }
        }
        panic!("the machine records for ever: {:?}", self.step());
    }

    /// Why an event cannot follow; that nothing changed is checked too.
    #[track_caller]
    pub(crate) fn refuses(&self, event: &Event) -> &'static str {
        let mut order = self.order.clone();
        let illegal = order.apply(event).expect_err("the event was accepted");
        assert_eq!(order, self.order, "a rejected event changed the order");
        assert_eq!(illegal.event, event.name());
        assert_eq!(illegal.state, self.order.state());
        illegal.why
    }

    /// What follows from the same events read back from the journal.
    pub(crate) fn replayed(&self) -> Order {
        Order::replay(self.order.id(), &self.events).unwrap()
    }
}
