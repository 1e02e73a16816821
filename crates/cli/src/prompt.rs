//! Questions to the person at the terminal, and what happens where there is none.

use inquire::{Confirm, InquireError, Select, Text};
use roamport_bootstrap::terminal::one_line;

use crate::exit::Failure;
use crate::output::Output;

/// Asks whether to go on. `Ok` is yes.
///
/// Without a terminal nothing is asked and nothing done: [`Failure::Usage`], which names `--yes`.
pub(crate) async fn confirm(output: &Output, question: String) -> Result<(), Failure> {
    if !output.can_ask() {
        return Err(no_terminal());
    }
    let answer = ask(question, |question| {
        Confirm::new(question).with_default(false).prompt()
    })
    .await?;
    if answer {
        Ok(())
    } else {
        Err(Failure::Declined)
    }
}

/// Asks whether to give an eSIM back. `Ok` is yes. Without a terminal nothing is asked and nothing done.
pub(crate) async fn confirm_giving_back(output: &Output, question: String) -> Result<(), Failure> {
    if output.can_ask() {
        return confirm(output, question).await;
    }
    Err(Failure::Usage {
        message: "there is no terminal to ask on, so nothing was given back".to_owned(),
        hint: Some("add --yes to give it back without being asked".to_owned()),
    })
}

/// Asks for a line of text. The caller made sure that somebody can be asked.
pub(crate) async fn line(question: String) -> Result<String, Failure> {
    ask(question, |question| Text::new(question).prompt()).await
}

/// What to do about an order for the same thing that is unfinished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    /// Carry that one on.
    CarryOn,
    /// Buy another.
    Another,
}

/// Asks what to do about an unfinished order. The caller made sure that somebody can be asked.
pub(crate) async fn unfinished(question: String) -> Result<Beside, Failure> {
    const CARRY_ON: &str = "carry that one on";
    const ANOTHER: &str = "buy another one beside it";
    const NEITHER: &str = "neither";
    let choices = vec![CARRY_ON, ANOTHER, NEITHER];
    match ask(question, |question| Select::new(question, choices).prompt()).await? {
        CARRY_ON => Ok(Beside::CarryOn),
        ANOTHER => Ok(Beside::Another),
        _ => Err(Failure::Declined),
    }
}

fn no_terminal() -> Failure {
    Failure::Usage {
        message: "there is no terminal to ask on, so nothing was bought".to_owned(),
        hint: Some("add --yes to buy without being asked".to_owned()),
    }
}

/// Asks on a thread that may wait for the person.
async fn ask<T: Send + 'static>(
    question: String,
    prompt: impl FnOnce(&str) -> Result<T, InquireError> + Send + 'static,
) -> Result<T, Failure> {
    let answer = tokio::task::spawn_blocking(move || prompt(&one_line(&question))).await;
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(InquireError::OperationCanceled)) => Err(Failure::Declined),
        Ok(Err(InquireError::OperationInterrupted)) => Err(Failure::Interrupted { order: None }),
        Ok(Err(InquireError::NotTTY)) => Err(no_terminal()),
        Ok(Err(error)) => Err(Failure::Machine(format!(
            "the question could not be asked: {error}"
        ))),
        Err(error) => Err(Failure::Machine(format!(
            "the question could not be asked: {error}"
        ))),
    }
}
