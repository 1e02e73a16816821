//! `roamport reconcile`: the journal against the provider's list of orders and the wallet.

use jiff::Timestamp;
use roamport_app::reconcile::Reconciliation;
use roamport_documents::reconciliation::ReconciliationDocument;

use crate::args::{ReconcileArguments, Since};
use crate::exit::Failure;
use crate::session::Session;
use crate::view::reconcile::{reconciliation_text, shortcomings, unproven};

pub(super) async fn run(session: &Session, arguments: &ReconcileArguments) -> Result<(), Failure> {
    let since = arguments
        .since
        .map(|since| moment(session, since))
        .transpose()?;
    let reconciler = session.reconciler().await?;
    let found = reconciler.reconcile(since).await?;
    let document = ReconciliationDocument::from(&found);
    session
        .output()
        .document(&document, || reconciliation_text(&found))?;
    if found.is_clean() {
        Ok(())
    } else if found.is_unproven() {
        Err(Failure::ListUnproven {
            verdict: unproven(&found),
            hint: list_hint(&found),
        })
    } else {
        Err(Failure::NotClean {
            verdict: format!("not clean: {}", shortcomings(&found)),
            hint: "`roamport order list --state needs-attention` lists the orders to decide on, \
                   `roamport order review ID` shows one"
                .to_owned(),
        })
    }
}

/// What to do where the list alone is short: ask for less of it.
fn list_hint(found: &Reconciliation) -> String {
    match found.list.complete_from {
        Some(from) => {
            format!(
                "`roamport reconcile --since {from}` compares the part of the list that is whole"
            )
        }
        None => "compare the orders in the provider's console with `roamport order list`; an order that \
                 is in the console alone was bought elsewhere"
            .to_owned(),
    }
}

fn moment(session: &Session, since: Since) -> Result<Timestamp, Failure> {
    let now = session.now();
    let usage = |message: &str| Failure::Usage {
        message: message.to_owned(),
        hint: None,
    };
    let moment = match since {
        Since::Moment(moment) => moment,
        Since::Ago(ago) => now
            .checked_sub(ago)
            .map_err(|_| usage("--since lies before all time"))?,
    };
    if moment > now {
        return Err(usage(
            "--since lies in the future: give a moment that is over",
        ));
    }
    Ok(moment)
}
