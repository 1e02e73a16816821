//! `roamport account` and `roamport provider`: whose credentials are in use, what the provider's lookups
//! are worth, and letting orders go on that were held.

use roamport_app::Orders;
use roamport_domain::OrderId;
use roamport_domain::provider::AnswerForm;
use serde::Serialize;

use super::decide::decision;
use crate::args::{AccountCommand, ProviderCommand};
use crate::exit::Failure;
use crate::session::Session;
use crate::text::TerminalText;

#[derive(Serialize)]
struct ConfirmedDocument {
    account: String,
    confirmed: String,
    /// Orders that go on now.
    orders: Vec<OrderId>,
}

#[derive(Serialize)]
struct ReleasedDocument {
    provider: String,
    was_held: bool,
}

#[derive(Serialize)]
struct ProbeDocument {
    provider: String,
    finds_by_reference: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_held: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    form_of_none: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known_order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known_order_found: Option<bool>,
}

pub(super) async fn account(session: &Session, command: AccountCommand) -> Result<(), Failure> {
    let orders = session.orders().await?;
    let AccountCommand::Confirm {
        old,
        new,
        decision: arguments,
    } = command;
    let current = orders.account().clone();
    if new != current {
        return Err(Failure::Usage {
            message: format!(
                "the credentials in use are those of account {current}, not {new}; nothing was changed"
            ),
            hint: Some(
                "configure the credentials of the account that stays, then confirm".to_owned(),
            ),
        });
    }
    let decision = decision(session, &arguments).await?;
    let resumed = orders.confirm_account(&old, &decision).await?;
    let document = ConfirmedDocument {
        account: current.to_string(),
        confirmed: old.to_string(),
        orders: resumed.clone(),
    };
    Ok(session.output().document(&document, || {
        let mut text = TerminalText::line(format!("{old} and {current} are one account."));
        for id in &resumed {
            text.push_line(format!("Order {id} goes on: roamport order resume {id}"));
        }
        text
    })?)
}

pub(super) async fn provider(session: &Session, command: ProviderCommand) -> Result<(), Failure> {
    let orders = session.orders().await?;
    match command {
        ProviderCommand::Probe => probe(session, &orders).await,
        ProviderCommand::Release {
            name,
            decision: arguments,
        } => {
            let configured = session.provider().name().clone();
            if name != configured {
                return Err(Failure::Usage {
                    message: format!("the settings name provider {configured}, not {name}"),
                    hint: None,
                });
            }
            let decision = decision(session, &arguments).await?;
            let was_held = orders.release_account(&decision).await?;
            let document = ReleasedDocument {
                provider: configured.to_string(),
                was_held,
            };
            Ok(session.output().document(&document, || {
                TerminalText::line(if was_held {
                    format!("New orders at {configured} go on.")
                } else {
                    format!("New orders at {configured} were not held.")
                })
            })?)
        }
    }
}

async fn probe(session: &Session, orders: &Orders) -> Result<(), Failure> {
    let provider = session.provider().name().to_string();
    let report = orders.probe().await?;
    let document = ProbeDocument {
        provider: provider.clone(),
        finds_by_reference: report.is_some(),
        filter_held: report.as_ref().map(|report| report.probe.filter_held),
        form_of_none: report.as_ref().map(|report| form_name(&report.none)),
        known_order: report
            .as_ref()
            .and_then(|report| Some(report.known.as_ref()?.0.to_string())),
        known_order_found: report
            .as_ref()
            .and_then(|report| Some(report.known.as_ref()?.1)),
    };
    Ok(session.output().document(&document, || {
        let Some(report) = &report else {
            return TerminalText::line(format!("{provider} finds no order by our reference."));
        };
        let mut text = TerminalText::line(format!(
            "A reference that exists nowhere: {}, {} orders.",
            form_words(&report.none),
            report.strangers
        ));
        text.push_line(if report.probe.filter_held {
            "The filter held."
        } else {
            "The filter does not hold: a lookup proves nothing without the unfiltered list."
        });
        match &report.known {
            Some((id, true)) => text.push_line(format!("The newest known order, {id}, was found.")),
            Some((id, false)) => text.push_line(format!(
                "The newest known order, {id}, was not found: lookups prove nothing here."
            )),
            None => text.push_line("This journal knows no order of the account yet."),
        }
        text
    })?)
}

const fn form_name(form: &AnswerForm) -> &'static str {
    match form {
        AnswerForm::Documented => "documented",
        AnswerForm::Tolerated => "tolerated",
        AnswerForm::NotFound(_) => "not_found",
    }
}

const fn form_words(form: &AnswerForm) -> &'static str {
    match form {
        AnswerForm::Documented => "the documented empty list",
        AnswerForm::Tolerated => "an answer without the documented form",
        AnswerForm::NotFound(_) => "HTTP 404 with the provider's own words",
    }
}
