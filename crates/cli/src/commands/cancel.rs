//! `roamport esim cancel`: giving an eSIM back that nobody has installed, for its money.

use roamport_app::{Cancellations, GivenBack, Refusal};
use roamport_documents::history::cancellation_words;
use roamport_documents::order::{CancellationJson, OrderJson};
use roamport_documents::outcome::CancellationDocument;
use roamport_domain::order::{CancellationOutcome, ItemNumber};
use roamport_domain::{EsimId, Order, OrderId};

use super::carry::print_purchase;
use super::decide::decision;
use crate::args::CancelArguments;
use crate::exit::{Failure, NotGivenBack};
use crate::prompt;
use crate::session::Session;
use crate::text::TerminalText;

pub(super) async fn run(session: &Session, arguments: &CancelArguments) -> Result<(), Failure> {
    let interrupts = session.interrupts();
    let finding = async {
        let cancellations = session.cancellations().await?;
        let (order, item, esim) = find(session, &cancellations, arguments).await?;
        cannot(session, &order, &esim)?;
        Ok((cancellations, order.id(), item, esim))
    };
    let (cancellations, order, item, esim) = interrupts.abandoning(finding).await?;
    let decision = decision(session, &arguments.decision).await?;
    if !arguments.yes {
        let question = format!("Give eSIM {esim} back? Nobody can install it afterwards.");
        interrupts
            .abandoning(prompt::confirm_giving_back(session.output(), question))
            .await?;
    }
    let given_back = tokio::select! {
        given_back = cancellations.cancel(order, item, &decision) => given_back?,
        // The call has a time-out of its own, and its answer is worth waiting for.
        () = interrupts.reached(2) => {
            return Err(left(order, &esim));
        }
    };
    tell(session, given_back)
}

/// The order, the item and the eSIM that are meant.
async fn find(
    session: &Session,
    cancellations: &Cancellations,
    arguments: &CancelArguments,
) -> Result<(Order, ItemNumber, EsimId), Failure> {
    let orders = session.orders().await?;
    let (id, item) = match (&arguments.esim, arguments.order) {
        (Some(esim), _) => cancellations.find(esim).await?,
        (None, Some(order)) => (order, arguments.item - 1),
        (None, None) => {
            return Err(Failure::Usage {
                message: "name an eSIM, or an order with --order; nothing was sent".to_owned(),
                hint: None,
            });
        }
    };
    let order = orders.order(id).await?;
    let found = order.items().get(usize::from(item));
    match found.map(|item| item.esim.clone()) {
        Some(esim) => Ok((order, item, esim)),
        None => Err(no_such_item(&order, arguments.item)),
    }
}

fn no_such_item(order: &Order, item: u16) -> Failure {
    let message = match order.items().len() {
        0 => format!("order {} has no eSIM; nothing was sent", order.id()),
        1 => format!(
            "order {} has one eSIM, so there is none with number {item}; nothing was sent",
            order.id()
        ),
        count => format!(
            "order {} has {count} eSIMs, and none with number {item}; nothing was sent",
            order.id()
        ),
    };
    Failure::Usage {
        message,
        hint: Some(format!(
            "`roamport order show {}` lists them in their order",
            order.id()
        )),
    }
}

/// Whoever cannot have it is asked nothing.
fn cannot(session: &Session, order: &Order, esim: &EsimId) -> Result<(), Failure> {
    let own = order.requested().provider == *session.instance();
    let provider = session.provider();
    if !own || provider.capabilities().cancellation.is_some() {
        return Ok(());
    }
    Err(Refusal::CannotCancel {
        provider: provider.name().clone(),
        esim: esim.clone(),
        provider_order: order.placed().map(|placed| placed.id.clone()),
    }
    .into())
}

fn left(order: OrderId, esim: &EsimId) -> Failure {
    let message = "left at once, before the provider's answer was taken down".to_owned();
    Failure::NotGivenBack {
        order,
        esim: esim.clone(),
        why: NotGivenBack::Unknown,
        message,
    }
}

fn tell(session: &Session, given_back: GivenBack) -> Result<(), Failure> {
    let GivenBack {
        order,
        esim,
        outcome,
        ..
    } = given_back;
    let document = CancellationDocument {
        esim: esim.to_string(),
        cancellation: CancellationJson::from(&outcome),
        order: OrderJson::from(&order),
    };
    let id = order.id();
    let failed = |why, message| {
        Err(Failure::NotGivenBack {
            order: id,
            esim: esim.clone(),
            why,
            message,
        })
    };
    let words = cancellation_words(&outcome);
    let printed =
        if matches!(outcome, CancellationOutcome::Cancelled { .. }) || session.output().is_json() {
            print_purchase(session.output(), &document, Some(&order), || {
                TerminalText::line(format_args!("eSIM {esim} of order {id}: {words}"))
            })
        } else {
            Ok(())
        };
    match outcome {
        CancellationOutcome::Cancelled { .. } => printed,
        CancellationOutcome::Refused { message } => failed(NotGivenBack::Refused, message),
        CancellationOutcome::NotDone { message } => failed(NotGivenBack::NotDone, message),
        CancellationOutcome::Unknown { message } => failed(NotGivenBack::Unknown, message),
    }
}
