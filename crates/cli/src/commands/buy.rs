//! `roamport buy`: from a package id to an eSIM that can be installed.

use roamport_app::order_and_provision::{Wish, WishLine};

use super::carry::{OutcomeDocument, print_purchase};
use super::purchase::purchase;
use crate::args::BuyArguments;
use crate::exit::Failure;
use crate::session::Session;

pub(super) async fn run(session: &Session, arguments: &BuyArguments) -> Result<(), Failure> {
    let orders = session.interrupts().abandoning(session.orders()).await?;
    let wish = Wish {
        start_date: arguments.start_date,
        lines: vec![WishLine {
            days: arguments.purchase.days,
            ..WishLine::new(arguments.package.clone(), arguments.quantity.0)
        }],
    };
    let fingerprint = orders.fingerprint(&wish);
    let quoting = orders.quote(&wish);
    let outcome = purchase(session, &orders, &arguments.purchase, &fingerprint, quoting).await?;
    print_purchase(session.output(), &OutcomeDocument::from(&outcome), || {
        outcome.text()
    });
    outcome.verdict()
}
