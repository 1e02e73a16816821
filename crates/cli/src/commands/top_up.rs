//! `roamport topup`: which packages fit an eSIM, and buying one of them.

use roamport_domain::PackageId;
use roamport_domain::provider::{EsimKey, TopUpQuery};

use super::packages::{limit, show, sort_by};
use super::purchase::purchase;
use crate::args::{PlanArguments, PurchaseArguments, TopUpCommand};
use crate::exit::Failure;
use crate::session::Session;

pub(super) async fn run(session: &Session, command: TopUpCommand) -> Result<(), Failure> {
    match command {
        TopUpCommand::Packages { esim, plan } => {
            session
                .interrupts()
                .abandoning(packages(session, esim, &plan))
                .await
        }
        TopUpCommand::Buy {
            esim,
            package,
            purchase,
        } => buy(session, &esim, &package, &purchase).await,
    }
}

async fn packages(session: &Session, esim: EsimKey, plan: &PlanArguments) -> Result<(), Failure> {
    let query = TopUpQuery {
        days: plan.days,
        data: plan.gb,
        unlimited: plan.unlimited,
        ..TopUpQuery::all(esim)
    };
    let packages = session
        .catalogue()
        .top_up_packages(&query, plan.sort.map(sort_by), limit(plan.limit))
        .await?;
    show(session.output(), &packages)
}

async fn buy(
    session: &Session,
    esim: &EsimKey,
    package: &PackageId,
    arguments: &PurchaseArguments,
) -> Result<(), Failure> {
    let finding = async {
        let orders = session.orders().await?;
        let esim = orders.resolve(esim).await?;
        Ok((orders, esim))
    };
    let (orders, esim) = session.interrupts().abandoning(finding).await?;
    let id = esim.id().expect("a resolved eSIM has its id");
    let fingerprint = orders.top_up_fingerprint(id, package, arguments.days);
    let quoting = orders.quote_top_up(&esim, package, arguments.days);
    purchase(session, &orders, arguments, &fingerprint, quoting).await
}
