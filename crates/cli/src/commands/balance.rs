//! `roamport balance`: what is left in the wallet.

use roamport_documents::outcome::BalanceDocument;

use crate::exit::Failure;
use crate::session::Session;
use crate::text::TerminalText;

pub(super) async fn run(session: &Session) -> Result<(), Failure> {
    let provider = session.provider();
    let balance = roamport_app::balance::balance(&*provider).await?;
    let document = BalanceDocument::new(provider.name(), balance);
    Ok(session
        .output()
        .document(&document, || TerminalText::line(balance))?)
}
