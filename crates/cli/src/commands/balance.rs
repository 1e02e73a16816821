//! `roamport balance`: what is left in the wallet.

use serde::Serialize;

use crate::exit::Failure;
use crate::session::Session;
use crate::text::TerminalText;
use crate::view::MoneyJson;

#[derive(Serialize)]
struct Document {
    provider: String,
    balance: MoneyJson,
}

pub(super) async fn run(session: &Session) -> Result<(), Failure> {
    let provider = session.provider();
    let balance = roamport_app::balance::balance(&*provider).await?;
    let document = Document {
        provider: provider.name().to_string(),
        balance: balance.into(),
    };
    Ok(session
        .output()
        .document(&document, || TerminalText::line(balance))?)
}
