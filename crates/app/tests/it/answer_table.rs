//! One table: what becomes of an order when exactly one field of an answer is the same as requested,
//! different, or not told, on every way in.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use roamport_app::order_and_provision::{Wish, WishLine};
use roamport_app::{Progress, Quote};
use roamport_domain::money::Currency;
use roamport_domain::order::{AnswerField, AttentionReason, Event, OrderState};
use roamport_domain::provider::{
    EsimKey, MockEsimProvider, OrderLookup, ProviderOrder, ProviderOrderItem, ProviderOrderStatus,
};
use roamport_domain::{
    EsimId, Iccid, IdempotencyKey, Money, Order, ProviderError, ProviderOrderId, Reference,
};

use crate::provider_events::{effect, events_at};
use crate::support::mocks::{self, Desk, Diary};
use crate::support::{Listener, carry, count, noon, package_id, usd};

/// `=` the answer has what was ordered, `≠` something else, `-` the answer does not tell it. Every other
/// field is as ordered. Where the ways in differ, each has its line.
const TABLE: &str = "
purchase reference        direct answer = fulfilled  ≠ not ours, then fulfilled                  - fulfilled
purchase reference        lookup        = fulfilled  ≠ not ours, then fulfilled                  - fulfilled
purchase reference        poll          = fulfilled  ≠ not ours, then attention: other reference - fulfilled
purchase reference        event         = fulfilled  ≠ not ours, then fulfilled                  - fulfilled
purchase packages         every way in  = fulfilled  ≠ attention: other packages                 - fulfilled
purchase quantities       every way in  = fulfilled  ≠ attention: other quantities               - fulfilled
purchase eSIM ids         every way in  = fulfilled  ≠ attention: other eSIM ids                 - fulfilled
purchase number of eSIMs  every way in  = fulfilled  ≠ attention: other number of eSIMs          - fulfilled
purchase ICCID            every way in  = fulfilled  ≠ fulfilled                                 - fulfilled
purchase total            every way in  = fulfilled  ≠ attention: 8.01 USD for 8.00 USD          - fulfilled
purchase currency         every way in  = fulfilled  ≠ attention: 8.00 EUR for 8.00 USD          - fulfilled
purchase item prices      every way in  = fulfilled  ≠ attention: 8.02 USD for 8.00 USD          - fulfilled
top-up   reference        direct answer = fulfilled  ≠ not ours, then fulfilled                  - fulfilled
top-up   reference        lookup        = fulfilled  ≠ not ours, then fulfilled                  - fulfilled
top-up   reference        poll          = fulfilled  ≠ not ours, then attention: other reference - fulfilled
top-up   reference        event         = fulfilled  ≠ not ours, then fulfilled                  - fulfilled
top-up   packages         every way in  = fulfilled  ≠ attention: other packages                 - fulfilled
top-up   quantities       every way in  = fulfilled  ≠ attention: other quantities               - fulfilled
top-up   eSIM ids         every way in  = fulfilled  ≠ fulfilled                                 - fulfilled
top-up   number of eSIMs  every way in  = fulfilled  ≠ fulfilled                                 - fulfilled
top-up   ICCID            every way in  = fulfilled  ≠ attention: other ICCID                    - fulfilled
top-up   total            every way in  = fulfilled  ≠ attention: 4.01 USD for 4.00 USD          - fulfilled
top-up   currency         every way in  = fulfilled  ≠ attention: 4.00 EUR for 4.00 USD          - fulfilled
top-up   item prices      every way in  = fulfilled  ≠ attention: 4.01 USD for 4.00 USD          - fulfilled
";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One eSIM of each of two packages at 4.00.
    Purchase,
    /// One package at 4.00 for one eSIM.
    TopUp,
}

/// How the odd answer reaches us. On every other way the provider answers as ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// In answer to the purchase call.
    Direct,
    /// In the first lookup after a purchase call without an answer.
    LookUp,
    /// In the first read of an order that was accepted and has no items yet.
    Poll,
    /// In the lookup that an event causes, after a purchase call without an answer.
    Event,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Same,
    Different,
    Not,
}

/// A field of the answer, or the prices of its items where it has no total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Field(AnswerField),
    ItemPrices,
}

const OURS: &str = "ord_ours";
const STRANGERS: &str = "ord_strangers";
const PACKAGES: [&str; 2] = ["esim-portugal", "esim-spain"];
const CARD: &str = "8988303000001234507";
const OTHER_CARD: &str = "8988303000001234515";

/// The order as it was requested, in the answer of an honest provider.
fn honest(kind: Kind, reference: &Reference) -> ProviderOrder {
    let item = |number: usize| ProviderOrderItem {
        package: Some(package_id(PACKAGES[number])),
        esim: Some(EsimId::parse(format!("esim-{number}")).unwrap()),
        iccid: None,
        price: None,
        profile: None,
    };
    let (items, total, status) = match kind {
        // A pending order that names its eSIMs is complete; one that does not is read again.
        Kind::Purchase => (vec![item(0), item(1)], "8.00", ProviderOrderStatus::Pending),
        Kind::TopUp => (vec![item(0)], "4.00", ProviderOrderStatus::Completed),
    };
    ProviderOrder {
        id: ProviderOrderId::parse(OURS).unwrap(),
        reference: Some(reference.clone()),
        status,
        total: Some(usd(total)),
        items,
        created_at: None,
        oddities: Vec::new(),
    }
}

/// The same with one field changed.
fn odd(kind: Kind, way: Way, row: Row, told: Told, reference: &Reference) -> ProviderOrder {
    let mut answer = honest(kind, reference);
    let Row::Field(field) = row else {
        answer.total = None;
        let price = if told == Told::Different {
            "4.01"
        } else {
            "4.00"
        };
        for item in &mut answer.items {
            item.price = Some(usd(price));
        }
        if told == Told::Not {
            answer.items[0].price = None;
        }
        return answer;
    };
    let no_more = ProviderOrderItem {
        package: None,
        esim: None,
        ..answer.items[0].clone()
    };
    let total = answer.total.unwrap();
    match (field, told) {
        (AnswerField::Iccid, _) => {
            let card = match told {
                Told::Same => Some(CARD),
                Told::Different => Some(OTHER_CARD),
                Told::Not => None,
            };
            for item in &mut answer.items {
                item.iccid = card.map(|card| Iccid::parse(card).unwrap());
            }
        }
        (_, Told::Same) => {}
        (AnswerField::Reference, Told::Different) => {
            let other = IdempotencyKey::parse("an order of somebody else").unwrap();
            answer.reference = Some(Reference::derive(&mocks::name(), &other));
            // A read by our order's id is answered with that id.
            if way != Way::Poll {
                answer.id = ProviderOrderId::parse(STRANGERS).unwrap();
            }
            for item in &mut answer.items {
                item.esim = Some(EsimId::parse("a strangers esim").unwrap());
            }
        }
        (AnswerField::Reference, Told::Not) => answer.reference = None,
        (AnswerField::Packages, Told::Different) => {
            answer.items.last_mut().unwrap().package = Some(package_id("esim-elsewhere"));
        }
        (AnswerField::Packages | AnswerField::Quantity, Told::Not) => {
            for item in &mut answer.items {
                item.package = None;
            }
        }
        (AnswerField::Quantity, Told::Different) => {
            let first = Some(package_id(PACKAGES[0]));
            match kind {
                Kind::Purchase => answer.items[1].package = first,
                Kind::TopUp => answer.items.push(ProviderOrderItem {
                    package: first,
                    ..no_more
                }),
            }
        }
        (AnswerField::Esims, Told::Different) => {
            let esim = match kind {
                Kind::Purchase => answer.items[0].esim.clone(),
                Kind::TopUp => Some(EsimId::parse("another esim").unwrap()),
            };
            answer.items.last_mut().unwrap().esim = esim;
        }
        (AnswerField::Esims, Told::Not) => {
            for item in &mut answer.items {
                item.esim = None;
            }
        }
        (AnswerField::EsimCount, Told::Different) => answer.items.push(no_more),
        (AnswerField::EsimCount, Told::Not) => answer.items.clear(),
        (AnswerField::Total, Told::Different) => {
            answer.total = Some(total.checked_add(usd("0.01")).unwrap());
        }
        (AnswerField::Currency, Told::Different) => {
            answer.total = Some(Money::new(total.amount(), Currency::EUR).unwrap());
        }
        (AnswerField::Total | AnswerField::Currency, Told::Not) => answer.total = None,
    }
    answer
}

/// A provider that answers oddly once, on one way, and honestly beside.
fn provider(
    (kind, way, row, told): (Kind, Way, Row, Told),
    diary: &Diary,
    purchases: &Arc<AtomicUsize>,
) -> MockEsimProvider {
    let sent: Arc<std::sync::OnceLock<Reference>> = Arc::default();
    let (bought, topped_up) = (sent.clone(), sent.clone());
    let noted = diary.clone();
    let purchases = purchases.clone();
    let answer = move |reference: &Reference| -> Result<ProviderOrder, ProviderError> {
        purchases.fetch_add(1, Ordering::SeqCst);
        match way {
            Way::Direct => {
                noted.note("odd");
                Ok(odd(kind, way, row, told, reference))
            }
            Way::LookUp | Way::Event => Err(mocks::lost()),
            Way::Poll => Ok(ProviderOrder {
                status: ProviderOrderStatus::Pending,
                total: None,
                items: Vec::new(),
                ..honest(kind, reference)
            }),
        }
    };
    let again = answer.clone();
    let noted = diary.clone();
    let mut mock = MockEsimProvider::new();
    mock.expect_purchase().returning(move |request| {
        bought.get_or_init(|| request.reference.clone());
        answer(&request.reference)
    });
    mock.expect_purchase().returning(move |request| {
        topped_up.get_or_init(|| request.reference.clone());
        again(&request.reference)
    });
    mock.expect_find_orders().returning(move |lookup| {
        let Some(reference) = sent.get() else {
            return Ok(mocks::nothing());
        };
        let is_odd_way = match lookup {
            OrderLookup::Reference {
                reference: asked, ..
            } if asked != reference => {
                return Ok(mocks::nothing());
            }
            OrderLookup::Reference { .. } => matches!(way, Way::LookUp | Way::Event),
            _ => way == Way::Poll,
        };
        noted.note("read");
        Ok(mocks::found(vec![
            if is_odd_way && noted.times("odd").is_empty() {
                noted.note("odd");
                odd(kind, way, row, told, reference)
            } else {
                honest(kind, reference)
            },
        ]))
    });
    let selling = || {
        PACKAGES.map(|id| roamport_domain::Package {
            id: package_id(id),
            ..mocks::package("4.00")
        })
    };
    mock.expect_packages()
        .returning(move |_| mocks::listed(selling().into()));
    mock.expect_top_up_packages()
        .returning(move |_| mocks::listed(selling().into()));
    mock.expect_provision()
        .returning(|request| Ok(mocks::ready(request.esim.as_str())));
    mocks::provider(|usual| *usual = mock)
}

async fn quote(desk: &Desk, kind: Kind) -> Quote {
    match kind {
        Kind::Purchase => {
            let line = |id| WishLine::new(package_id(id), count(1));
            let wish = Wish {
                lines: PACKAGES.map(line).into(),
                start_date: None,
            };
            desk.orders.quote(&wish).await.unwrap()
        }
        Kind::TopUp => {
            let esim = EsimId::parse("esim-0").unwrap();
            let esim = EsimKey::new(Some(esim), Some(Iccid::parse(CARD).unwrap())).unwrap();
            let package = package_id(PACKAGES[0]);
            desk.orders
                .quote_top_up(&esim, &package, None)
                .await
                .unwrap()
        }
    }
}

/// Drives one order past the odd answer to its end, and says in words what became of it.
async fn consequence(case: (Kind, Way, Row, Told)) -> String {
    let (kind, way, ..) = case;
    let (diary, purchases) = (Diary::new(), Arc::default());
    let desk = Desk::at(provider(case, &diary, &purchases));
    let quote = quote(&desk, kind).await;
    let id = mocks::quoted(&desk.orders, &quote, "shop-10442").await;
    if way == Way::Event {
        let ended = |progress: &Progress| matches!(progress, Progress::PurchaseEnded { .. });
        let (listener, stop) = Listener::stopping(ended);
        desk.orders.carry_on(id, listener, stop).await.unwrap();
        let order = desk.orders.order(id).await.unwrap();
        assert_eq!(order.state(), OrderState::Reconciling);
        let line = format!("evt_1 reference {}", order.requested().reference);
        effect(&events_at(&desk), true, &line).await;
    }
    let order = carry(&desk.orders, id).await.order;
    let [odd_at] = diary.times("odd")[..] else {
        panic!("{case:?}: {diary:?}")
    };
    // Whatever the answer says, there is one purchase call, and nothing of a stranger's order.
    assert_eq!(purchases.load(Ordering::SeqCst), 1, "{case:?}");
    assert_eq!(order.placed().unwrap().id.as_str(), OURS, "{case:?}");
    let items = order.items().iter();
    let of_stranger = items.filter(|item| item.esim.as_str().contains("stranger"));
    assert_eq!(of_stranger.count(), 0, "{case:?}");
    let events = desk.orders.events(id).await.unwrap();
    let is_strangers = match way {
        Way::Poll => events.iter().any(|recorded| {
            matches!(&recorded.event, Event::OrderRead { evidence: Some(evidence), .. }
                if evidence.stranger.is_some())
        }),
        _ => order.placed_at() != Some(noon() + odd_at),
    };
    in_words(&order, is_strangers)
}

fn in_words(order: &Order, is_strangers: bool) -> String {
    let mut words = String::new();
    if is_strangers {
        words.push_str("not ours, then ");
    }
    words.push_str(match order.state() {
        OrderState::Fulfilled => "fulfilled",
        OrderState::NeedsAttention => "attention:",
        other => panic!("{other} is no end"),
    });
    let mut mark = ' ';
    for reason in order.open_attention() {
        match reason {
            AttentionReason::GoodsDiffer { fields } => {
                let fields: Vec<_> = fields.iter().map(|field| field.words()).collect();
                write!(words, "{mark}other {}", fields.join(", ")).unwrap();
            }
            AttentionReason::PriceDiffers { quoted, charged } => {
                write!(words, "{mark}{charged} for {quoted}").unwrap();
            }
            AttentionReason::ItemCountDiffers { expected, actual } => {
                write!(words, "{mark}{actual} of {expected} eSIMs").unwrap();
            }
            other => write!(words, "{mark}{}", other.name()).unwrap(),
        }
        mark = '+';
    }
    words
}

async fn line(kind: Kind, way: Way, row: Row) -> [String; 3] {
    let mut cells = [String::new(), String::new(), String::new()];
    for (cell, told) in cells
        .iter_mut()
        .zip([Told::Same, Told::Different, Told::Not])
    {
        *cell = consequence((kind, way, row, told)).await;
    }
    cells
}

async fn table() -> String {
    const WAYS: [(Way, &str); 4] = [
        (Way::Direct, "direct answer"),
        (Way::LookUp, "lookup"),
        (Way::Poll, "poll"),
        (Way::Event, "event"),
    ];
    let mut table = String::from("\n");
    for (kind, name) in [(Kind::Purchase, "purchase"), (Kind::TopUp, "top-up")] {
        let fields = AnswerField::ALL.map(Row::Field);
        for row in fields.into_iter().chain([Row::ItemPrices]) {
            let field = match row {
                Row::Field(field) => field.words(),
                Row::ItemPrices => "item prices",
            };
            let mut lines = Vec::new();
            for (way, _) in WAYS {
                lines.push(line(kind, way, row).await);
            }
            let are_equal = lines.iter().all(|line| *line == lines[0]);
            let shown = if are_equal { 1 } else { lines.len() };
            for ([same, different, not], (_, way)) in lines.iter().zip(WAYS).take(shown) {
                let way = if are_equal { "every way in" } else { way };
                writeln!(
                    table,
                    "{name:<9}{field:<17}{way:<14}= {same:<10} ≠ {different:<41} - {not}"
                )
                .unwrap();
            }
        }
    }
    table
}

#[tokio::test(start_paused = true)]
async fn an_answer_has_the_consequence_that_the_table_says_on_every_way_in() {
    let table = table().await;
    assert_eq!(table, TABLE, "{table}");
}
