//! `roamport buy`: from a package id to an eSIM that can be installed.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use roamport_app::order_and_provision::{Wish, WishLine};

use super::purchase::purchase;
use crate::args::BuyArguments;
use crate::exit::Failure;
use crate::prompt;
use crate::session::Session;

pub(super) async fn run(session: &Session, arguments: &BuyArguments) -> Result<(), Failure> {
    if let Some(date) = arguments.start_date {
        let risk = "the provider may take the money and refuse the day";
        let asking = not_over_yet(session, date, arguments.purchase.yes, risk);
        session.interrupts().abandoning(asking).await?;
    }
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
    purchase(session, &orders, &arguments.purchase, &fingerprint, quoting).await
}

/// Makes sure that a journey whose first day is over in UTC is meant. It is still that day west of
/// Greenwich, and a provider may refuse it all the same once the money is gone.
pub(super) async fn not_over_yet(
    session: &Session,
    date: Date,
    yes: bool,
    risk: &str,
) -> Result<(), Failure> {
    let today = session.now().to_zoned(TimeZone::UTC).date();
    if date >= today {
        return Ok(());
    }
    if yes || !session.output().can_ask() {
        return Err(Failure::DateOver { date, today });
    }
    let question =
        format!("The journey starts on {date}, and in UTC it is {today} already: {risk}. Go on?");
    prompt::confirm(session.output(), question).await
}
