//! `roamport order review | attach | resend | accept | write-off | cancel`: settling by hand what
//! cannot settle itself.

use std::time::Duration;

use jiff::civil::Date;
use roamport_app::attention::{Decided, Decision, DecisionError, Warning};
use roamport_app::{AppError, Orders};
use roamport_documents::order::OrderJson;
use roamport_documents::outcome::{AttentionDocument, DecidedDocument, ProcessedDocument};
use roamport_documents::review::{ReviewDocument, warning_sentence};
use roamport_domain::{OrderId, ProviderOrderId};

use super::buy::not_over_yet;
use super::carry::{carry, print_purchase};
use crate::args::DecisionArguments;
use crate::exit::Failure;
use crate::output::Output;
use crate::prompt;
use crate::session::Session;
use crate::text::TerminalText;
use crate::view::order::{outcome_line, review_text};

pub(super) async fn review(session: &Session, orders: &Orders, id: OrderId) -> Result<(), Failure> {
    let review = orders.review(id).await?;
    let document = ReviewDocument::from(&review);
    Ok(session
        .output()
        .document(&document, || review_text(&review))?)
}

/// Shows every order that needs attention for a reason, or decides each of them the same way.
pub(super) async fn review_all(
    session: &Session,
    orders: &Orders,
    reason: &str,
    word: Option<LastWord>,
    arguments: &DecisionArguments,
) -> Result<(), Failure> {
    let needing = orders.needing_attention_for(reason).await?;
    let decision = match word {
        Some(_) if !needing.is_empty() => Some(decision(session, arguments).await?),
        _ => None,
    };
    let mut decided = Vec::with_capacity(needing.len());
    for order in needing {
        decided.push(match (word, &decision) {
            (Some(word), Some(decision)) => {
                last_word(orders, order.id(), word, decision).await?.order
            }
            _ => order,
        });
    }
    let document = AttentionDocument {
        reason: reason.to_owned(),
        orders: decided.iter().map(OrderJson::from).collect(),
    };
    let output = session.output();
    output.document(&document, || {
        let mut text = TerminalText::new();
        for order in &decided {
            text.push(outcome_line(order));
        }
        text
    })?;
    if decided.is_empty() {
        output.note(format!("no order needs attention for `{reason}`"));
    }
    Ok(())
}

async fn last_word(
    orders: &Orders,
    id: OrderId,
    word: LastWord,
    decision: &Decision,
) -> Result<Decided, Failure> {
    Ok(match word {
        LastWord::Accept => orders.accept(id, decision).await?,
        LastWord::WriteOff => orders.write_off(id, decision).await?,
        LastWord::Cancel => orders.cancel(id, decision).await?,
    })
}

pub(super) async fn attach(
    session: &Session,
    orders: &Orders,
    id: OrderId,
    provider_order: &ProviderOrderId,
    arguments: &DecisionArguments,
    wait: Option<Duration>,
) -> Result<(), Failure> {
    orders.order(id).await?;
    let decision = decision(session, arguments).await?;
    let attaching = async { Ok(orders.attach(id, provider_order, &decision).await?) };
    let decided = session.interrupts().abandoning(attaching).await?;
    carried(session, orders, decided, wait).await
}

pub(super) async fn resend(
    session: &Session,
    orders: &Orders,
    id: OrderId,
    checked: bool,
    arguments: &DecisionArguments,
    wait: Option<Duration>,
) -> Result<(), Failure> {
    orders.order(id).await?;
    if !checked {
        // Whoever has not looked is asked nothing else.
        return Err(AppError::from(DecisionError::NotChecked { order: id }).into());
    }
    let decision = decision(session, arguments).await?;
    let resending = async { Ok(orders.resend(id, checked, &decision).await?) };
    let decided = session.interrupts().abandoning(resending).await?;
    carried(session, orders, decided, wait).await
}

pub(super) async fn redate(
    session: &Session,
    orders: &Orders,
    id: OrderId,
    start_date: Date,
    arguments: &DecisionArguments,
    wait: Option<Duration>,
) -> Result<(), Failure> {
    orders.order(id).await?;
    let risk = "the provider may refuse the day again";
    let asking = not_over_yet(session, start_date, false, risk);
    session.interrupts().abandoning(asking).await?;
    let decision = decision(session, arguments).await?;
    let changing = async { Ok(orders.change_start_date(id, start_date, &decision).await?) };
    let decided = session.interrupts().abandoning(changing).await?;
    carried(session, orders, decided, wait).await
}

/// The decisions that end an order.
#[derive(Clone, Copy, Debug)]
pub(super) enum LastWord {
    Accept,
    WriteOff,
    Cancel,
}

pub(super) async fn end(
    session: &Session,
    orders: &Orders,
    id: OrderId,
    word: LastWord,
    arguments: &DecisionArguments,
) -> Result<(), Failure> {
    orders.order(id).await?;
    let decision = decision(session, arguments).await?;
    let deciding = last_word(orders, id, word, &decision);
    let decided = session.interrupts().abandoning(deciding).await?;
    let document = DecidedDocument {
        order: OrderJson::from(&decided.order),
        warnings: warn(session.output(), &decided.warnings),
    };
    print_purchase(session.output(), &document, Some(&decided.order), || {
        outcome_line(&decided.order)
    })
}

/// Carries the order on from where the decision put it, as `order resume` does.
async fn carried(
    session: &Session,
    orders: &Orders,
    decided: Decided,
    wait: Option<Duration>,
) -> Result<(), Failure> {
    let warnings = warn(session.output(), &decided.warnings);
    let outcome = carry(session, orders, &decided.order, wait).await?;
    let document = ProcessedDocument {
        outcome: outcome.document(),
        warnings,
    };
    let printed = print_purchase(session.output(), &document, Some(&outcome.order), || {
        outcome.text()
    });
    outcome.verdict_once_recorded(session.output())?;
    printed
}

/// Says what a person should know beside the decision, and gives it for the document.
fn warn(output: &Output, warnings: &[Warning]) -> Vec<String> {
    let sentences: Vec<String> = warnings.iter().map(warning_sentence).collect();
    if !output.is_json() {
        for sentence in &sentences {
            output.important(format!("warning: {sentence}"));
        }
    }
    sentences
}

/// Who decides, and why: from the command line, or asked where somebody can be asked.
pub(super) async fn decision(
    session: &Session,
    arguments: &DecisionArguments,
) -> Result<Decision, Failure> {
    let by = answer(session, arguments.by.as_ref(), "--by", "Who decides this?").await?;
    let why = answer(session, arguments.why.as_ref(), "--why", "Why?").await?;
    Ok(Decision::new(&by, &why).map_err(AppError::from)?)
}

async fn answer(
    session: &Session,
    given: Option<&String>,
    flag: &str,
    question: &str,
) -> Result<String, Failure> {
    if let Some(given) = given {
        return Ok(given.clone());
    }
    if !session.output().can_ask() {
        return Err(Failure::Usage {
            message: format!(
                "{flag} is missing and there is no terminal to ask on; nothing was changed"
            ),
            hint: Some(
                "the journal keeps who decided and why: add --by NAME and --why TEXT".to_owned(),
            ),
        });
    }
    session
        .interrupts()
        .abandoning(prompt::line(question.to_owned()))
        .await
}
