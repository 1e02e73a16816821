//! `roamport packages`: what can be bought.

use roamport_app::Catalogue;
use roamport_app::catalogue::{self, PackageSearch, SortBy};
use roamport_documents::package::PackagesDocument;
use roamport_documents::words::counted;
use roamport_domain::Package;
use roamport_domain::provider::PackageQuery;

use crate::args::{PackagesArguments, SortArgument};
use crate::exit::Failure;
use crate::output::Output;
use crate::progress::CatalogueProgress;
use crate::session::Session;
use crate::view::package::packages_table;

pub(super) async fn run(session: &Session, arguments: &PackagesArguments) -> Result<(), Failure> {
    let catalogue = session.catalogue();
    let search = PackageSearch {
        query: query(&catalogue, arguments).await?,
        sort: arguments.plan.sort.map(sort_by),
        limit: limit(arguments.plan.limit),
    };
    let mut progress = CatalogueProgress::start(session.output());
    let packages = catalogue
        .packages(&search, &mut |count| progress.read(count))
        .await;
    drop(progress);
    show(session.output(), &packages?)
}

async fn query(
    catalogue: &Catalogue,
    arguments: &PackagesArguments,
) -> Result<PackageQuery, Failure> {
    let country = arguments
        .country
        .as_deref()
        .map(catalogue::country)
        .transpose()?;
    let destination = match &arguments.destination {
        Some(name) => Some(catalogue.destination(name).await?),
        None => None,
    };
    Ok(PackageQuery {
        country,
        destination_code: destination
            .as_ref()
            .map(|destination| destination.code.clone()),
        destination_name: destination.map(|destination| destination.name),
        geography: arguments.geography.map(Into::into),
        days: arguments.plan.days,
        data: arguments.plan.gb,
        unlimited: arguments.plan.unlimited,
        package: None,
    })
}

/// By what the use-case sorts.
pub(super) const fn sort_by(sort: SortArgument) -> SortBy {
    match sort {
        SortArgument::Price => SortBy::Price,
        SortArgument::Data => SortBy::Data,
        SortArgument::Days => SortBy::Days,
    }
}

/// A limit as the use-case takes it.
pub(super) fn limit(limit: Option<u32>) -> Option<usize> {
    limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

/// Shows packages, of the catalogue or for a top-up.
pub(super) fn show(output: &Output, packages: &[Package]) -> Result<(), Failure> {
    output.document(&PackagesDocument::new(packages), || {
        packages_table(packages)
    })?;
    if packages.is_empty() {
        output.note("no package matches: ask for less, or see `roamport destinations`");
    } else {
        output.note(counted(packages.len(), "package", "packages"));
    }
    Ok(())
}
