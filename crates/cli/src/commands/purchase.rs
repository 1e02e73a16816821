//! What buying eSIMs and topping up have in common: the key, the quote, the question, the order.

use std::future::Future;

use roamport_app::orders::{Placement, Terms};
use roamport_app::{AppError, Orders, Quote};
use roamport_documents::outcome::{PurchaseDocument, RecordedDocument};
use roamport_documents::words::moment;
use roamport_domain::order::{Fingerprint, OrderContent, OrderState};
use roamport_domain::{Money, Order, OrderId};

use super::carry::{carry, print_purchase};
use crate::args::PurchaseArguments;
use crate::exit::Failure;
use crate::output::Output;
use crate::prompt::{self, Beside};
use crate::session::Session;
use crate::text::TerminalText;
use crate::view::facts;
use crate::view::order::line_at_price;

/// Finds or records the order, carries it on, and shows what became of it.
pub(super) async fn purchase(
    session: &Session,
    orders: &Orders,
    arguments: &PurchaseArguments,
    fingerprint: &Fingerprint,
    quoting: impl Future<Output = Result<Quote, AppError>>,
) -> Result<(), Failure> {
    let (order, continued) = order(session, orders, arguments, fingerprint, quoting).await?;
    let before = continued.then(|| TerminalText::line(continued_words(&order)));
    announce(session.output(), &order);
    let outcome = carry(session, orders, &order, arguments.wait.map(|wait| wait.0)).await?;
    let document = PurchaseDocument {
        continued,
        outcome: outcome.document(),
    };
    let printed = print_purchase(session.output(), &document, Some(&outcome.order), || {
        let mut text = before.unwrap_or_default();
        text.push(outcome.text());
        text
    });
    outcome.verdict_once_recorded(session.output())?;
    printed
}

/// What a person is told of an order that was there before.
fn continued_words(order: &Order) -> String {
    match order.placed_at() {
        Some(at) => format!("Already bought on {}; nothing was bought now.", moment(at)),
        None => format!(
            "This order is of {} and was continued; no other was recorded.",
            moment(order.requested().at)
        ),
    }
}

/// The order that is meant, and whether it was there before.
async fn order(
    session: &Session,
    orders: &Orders,
    arguments: &PurchaseArguments,
    fingerprint: &Fingerprint,
    quoting: impl Future<Output = Result<Quote, AppError>>,
) -> Result<(Order, bool), Failure> {
    let interrupts = session.interrupts();
    let earlier = interrupts
        .abandoning(earlier(session, orders, arguments, fingerprint))
        .await?;
    Ok(match earlier {
        Earlier::Continue(order) => (*order, true),
        Earlier::Buy { beside } => {
            let quoting = async { Ok(quoting.await?) };
            let quote = interrupts.abandoning(quoting).await?;
            let terms = terms(arguments, &quote, beside)?;
            interrupts
                .abandoning(agree(session.output(), arguments, &quote, &terms))
                .await?;
            match orders.place(&quote, &terms).await? {
                Placement::New(order) => (order, false),
                Placement::Continued(order) => (order, true),
                Placement::Unfinished(found) => return Err(unfinished(found.id, found.state)),
            }
        }
    })
}

/// What to do in view of earlier orders.
enum Earlier {
    /// Carry this one on.
    Continue(Box<Order>),
    /// Buy, beside an unfinished one or not.
    Buy { beside: bool },
}

async fn earlier(
    session: &Session,
    orders: &Orders,
    arguments: &PurchaseArguments,
    fingerprint: &Fingerprint,
) -> Result<Earlier, Failure> {
    if let Some(key) = &arguments.key {
        let found = orders.find(key, fingerprint).await?;
        return Ok(found.map_or(Earlier::Buy { beside: false }, |order| {
            Earlier::Continue(Box::new(order))
        }));
    }
    if arguments.another {
        return Ok(Earlier::Buy { beside: true });
    }
    let Some(found) = orders.find_unfinished(fingerprint).await? else {
        return Ok(Earlier::Buy { beside: false });
    };
    if arguments.yes || !session.output().can_ask() {
        return Err(unfinished(found.id, found.state));
    }
    let question = format!(
        "Order {} for the same thing is unfinished ({}).",
        found.id, found.state
    );
    match prompt::unfinished(question).await? {
        Beside::CarryOn => Ok(Earlier::Continue(Box::new(orders.order(found.id).await?))),
        Beside::Another => Ok(Earlier::Buy { beside: true }),
    }
}

fn unfinished(order: OrderId, state: OrderState) -> Failure {
    Failure::Unfinished { order, state }
}

fn terms(arguments: &PurchaseArguments, quote: &Quote, beside: bool) -> Result<Terms, Failure> {
    let currency = quote.total.currency();
    let maximum = arguments
        .max_price
        .as_ref()
        .map(|limit| limit.in_currency(currency));
    let maximum = maximum.transpose().map_err(|error| Failure::Usage {
        message: format!("--max-price: {error}"),
        hint: None,
    })?;
    Ok(Terms {
        key: arguments.key.clone(),
        maximum,
        beside_unfinished: beside,
    })
}

/// Shows the quote and asks, unless that was answered on the command line. What will be refused is
/// not asked.
async fn agree(
    output: &Output,
    arguments: &PurchaseArguments,
    quote: &Quote,
    terms: &Terms,
) -> Result<(), Failure> {
    quote.cap(terms.maximum).map_err(AppError::from)?;
    let text = quote_text(quote, terms.maximum);
    if arguments.yes {
        output.note(text);
        return Ok(());
    }
    if output.can_ask() {
        output.important(text);
    }
    prompt::confirm(output, format!("Buy for {}?", quote.total)).await
}

fn quote_text(quote: &Quote, maximum: Option<Money>) -> TerminalText {
    let lines = quote.content.lines().iter().map(line_at_price);
    let what = lines.collect::<Vec<_>>().join(", ");
    let top_up_for = match &quote.content {
        OrderContent::TopUp(top_up) => Some(top_up.esim.to_string()),
        OrderContent::Esims { .. } => None,
    };
    let after = quote.balance.checked_sub(quote.total).ok();
    let wallet = after.map_or_else(
        || quote.balance.to_string(),
        |after| format!("{} → {after}", quote.balance),
    );
    facts(&[
        ("Provider", Some(quote.provider.name.to_string())),
        ("Package", Some(what)),
        ("Tops up eSIM", top_up_for),
        (
            "Journey starts",
            quote.content.start_date().map(|date| date.to_string()),
        ),
        ("Total", Some(quote.total.to_string())),
        ("At most", maximum.map(|maximum| maximum.to_string())),
        ("Wallet", Some(wallet)),
    ])
}

/// Tells what the order is known by: enough to carry it on, whatever happens from here on.
fn announce(output: &Output, order: &Order) {
    let requested = order.requested();
    let (id, key, reference) = (order.id(), &requested.key, &requested.reference);
    if output.is_json() {
        output.important_line(&RecordedDocument::from(order));
    } else {
        output.important(facts(&[
            ("Order", Some(id.to_string())),
            ("Key", Some(key.to_string())),
            ("Reference", Some(reference.to_string())),
        ]));
    }
}
