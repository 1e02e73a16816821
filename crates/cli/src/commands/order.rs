//! `roamport order`: what was bought, and carrying on what was left unfinished. What a person decides
//! is in `decide`.

use std::time::Duration;

use futures::future::join_all;
use roamport_app::Orders;
use roamport_documents::order::{OrderJson, OrdersDocument};
use roamport_documents::outcome::{OrderDocument, ResumedDocument};
use roamport_domain::OrderId;
use roamport_domain::order::OrderState;

use super::carry::{Outcome, carry, print_purchase};
use super::decide::{self, LastWord};
use crate::args::{OrderCommand, OrderDecision};
use crate::exit::{Exit, Failure, exit_code};
use crate::session::Session;
use crate::text::TerminalText;
use crate::view::order::{order_text, orders_table};

pub(super) async fn run(session: &Session, command: OrderCommand) -> Result<(), Failure> {
    let interrupts = session.interrupts();
    let orders = interrupts.abandoning(session.orders()).await?;
    match command {
        OrderCommand::List { state } => interrupts.abandoning(list(session, &orders, state)).await,
        OrderCommand::Show { id } => interrupts.abandoning(show(session, &orders, id)).await,
        OrderCommand::Resume { id, wait } => {
            let wait = wait.map(|wait| wait.0);
            match id {
                Some(id) => resume_one(session, &orders, id, wait).await,
                None => resume_all(session, &orders, wait).await,
            }
        }
        OrderCommand::Decide(decision) => decide(session, &orders, decision).await,
    }
}

async fn decide(session: &Session, orders: &Orders, command: OrderDecision) -> Result<(), Failure> {
    let end = async |id, word, decision| decide::end(session, orders, id, word, &decision).await;
    match command {
        OrderDecision::Review { id: Some(id), .. } => {
            let reviewing = decide::review(session, orders, id);
            session.interrupts().abandoning(reviewing).await
        }
        OrderDecision::Review {
            id: None,
            reason,
            accept,
            write_off,
            decision,
        } => {
            let word = match (accept, write_off) {
                (true, _) => Some(LastWord::Accept),
                (_, true) => Some(LastWord::WriteOff),
                (false, false) => None,
            };
            let reason = reason.unwrap_or_default();
            decide::review_all(session, orders, &reason, word, &decision).await
        }
        OrderDecision::Attach {
            id,
            provider_order,
            decision,
            wait,
        } => {
            let wait = wait.map(|wait| wait.0);
            decide::attach(session, orders, id, &provider_order, &decision, wait).await
        }
        OrderDecision::Resend {
            id,
            i_have_checked,
            decision,
            wait,
        } => {
            let wait = wait.map(|wait| wait.0);
            decide::resend(session, orders, id, i_have_checked, &decision, wait).await
        }
        OrderDecision::Redate {
            id,
            start_date,
            decision,
            wait,
        } => {
            let wait = wait.map(|wait| wait.0);
            decide::redate(session, orders, id, start_date, &decision, wait).await
        }
        OrderDecision::Accept { id, decision } => end(id, LastWord::Accept, decision).await,
        OrderDecision::WriteOff { id, decision } => end(id, LastWord::WriteOff, decision).await,
        OrderDecision::Cancel { id, decision } => end(id, LastWord::Cancel, decision).await,
    }
}

async fn list(
    session: &Session,
    orders: &Orders,
    state: Option<OrderState>,
) -> Result<(), Failure> {
    let found = orders.list(state.into_iter().collect()).await?;
    let output = session.output();
    output.document(&OrdersDocument::new(&found), || orders_table(&found))?;
    if found.is_empty() {
        output.note("there are no such orders");
    }
    Ok(())
}

async fn show(session: &Session, orders: &Orders, id: OrderId) -> Result<(), Failure> {
    let order = orders.order(id).await?;
    let document = OrderDocument {
        order: OrderJson::from(&order),
    };
    Ok(session
        .output()
        .document(&document, || order_text(&order))?)
}

async fn resume_one(
    session: &Session,
    orders: &Orders,
    id: OrderId,
    wait: Option<Duration>,
) -> Result<(), Failure> {
    let order = orders.order(id).await?;
    let outcome = carry(session, orders, &order, wait).await?;
    let document = outcome.document();
    let printed = print_purchase(session.output(), &document, Some(&outcome.order), || {
        outcome.text()
    });
    outcome.verdict()?;
    printed
}

/// Carries all unfinished orders on, side by side: one that waits for its provider holds up no other.
async fn resume_all(
    session: &Session,
    orders: &Orders,
    wait: Option<Duration>,
) -> Result<(), Failure> {
    let found = session
        .interrupts()
        .abandoning(async { Ok(orders.unfinished().await?) })
        .await?;
    let output = session.output();
    if found.is_empty() {
        output.note("nothing is unfinished");
    }
    let one = async |id: OrderId| {
        let order = orders.order(id).await?;
        carry(session, orders, &order, wait).await
    };
    let carried: Vec<Result<Outcome, Failure>> =
        join_all(found.iter().map(|summary| one(summary.id))).await;
    let (mut outcomes, mut failures) = (Vec::new(), Vec::new());
    for result in carried {
        match result {
            Ok(outcome) => outcomes.push(outcome),
            Err(failure) => failures.push(failure),
        }
    }
    let document = ResumedDocument {
        orders: outcomes.iter().map(Outcome::document).collect(),
    };
    let printed = print_purchase(output, &document, None, || {
        let mut text = TerminalText::new();
        for (place, outcome) in outcomes.iter().enumerate() {
            if place > 0 {
                text.push_gap();
            }
            text.push(outcome.text());
        }
        text
    });
    failures.extend(
        outcomes
            .into_iter()
            .filter_map(|outcome| outcome.verdict().err()),
    );
    all_together(failures)?;
    printed
}

/// One failure speaks for itself; several are counted, and the gravest gives the exit code.
fn all_together(mut failures: Vec<Failure>) -> Result<(), Failure> {
    match failures.len() {
        0 => Ok(()),
        1 => Err(failures.remove(0)),
        count => {
            let codes: Vec<Exit> = failures.iter().map(exit_code).collect();
            let exit = if codes.contains(&Exit::Unfinished) {
                Exit::Unfinished
            } else {
                codes[0]
            };
            Err(Failure::Several { count, exit })
        }
    }
}
