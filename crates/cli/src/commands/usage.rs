//! `roamport usage`: how much of a plan is used, once or again and again.

use std::time::Duration;

use roamport_app::usage::UsageView;
use roamport_app::{AppError, UsageReader};
use roamport_documents::usage::UsageDocument;
use roamport_domain::provider::Reaction;

use crate::args::UsageArguments;
use crate::exit::Failure;
use crate::session::Session;
use crate::text::TerminalText;
use crate::view::usage::usage_text;

/// Between two reads of `--watch`. Providers are minutes behind themselves.
const WATCH_EVERY: Duration = Duration::from_secs(30);

pub(super) async fn run(session: &Session, arguments: &UsageArguments) -> Result<(), Failure> {
    if arguments.watch && session.output().is_json() {
        return Err(Failure::Usage {
            message: "--watch prints again and again, and --json prints one document".to_owned(),
            hint: Some("leave out one of them".to_owned()),
        });
    }
    let interrupts = session.interrupts().clone();
    let reader = interrupts.abandoning(session.usage()).await?;
    if !arguments.watch {
        return interrupts
            .abandoning(once(session, &reader, arguments))
            .await;
    }
    tokio::select! {
        ended = watch(session, &reader, arguments) => ended,
        // This is how watching ends.
        () = interrupts.reached(1) => Ok(()),
    }
}

async fn once(
    session: &Session,
    reader: &UsageReader,
    arguments: &UsageArguments,
) -> Result<(), Failure> {
    let view = reader.usage(&arguments.esim, true).await?;
    show(session, &view)
}

fn show(session: &Session, view: &UsageView) -> Result<(), Failure> {
    Ok(session
        .output()
        .document(&UsageDocument::from(view), || usage_text(view))?)
}

async fn watch(
    session: &Session,
    reader: &UsageReader,
    arguments: &UsageArguments,
) -> Result<(), Failure> {
    let output = session.output();
    once(session, reader, arguments).await?;
    loop {
        tokio::time::sleep(WATCH_EVERY).await;
        match reader.usage(&arguments.esim, true).await {
            Ok(view) => output
                .data(&TerminalText::new().after_gap())
                .map_err(Failure::from)
                .and_then(|()| show(session, &view))?,
            Err(AppError::Provider(error))
                if matches!(error.reaction(), Reaction::Retry { .. }) =>
            {
                output.note(format!("{error}; trying again"));
            }
            Err(error) => return Err(error.into()),
        }
    }
}
