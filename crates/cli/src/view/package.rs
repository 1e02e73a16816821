//! Packages and destinations as tables.

use roamport_domain::package::{Allowance, DayRange};
use roamport_domain::{Destination, Package};

use crate::table::{Column, table};
use crate::text::TerminalText;

/// Packages as a table. Where nobody says for where they are sold, as of top-ups, there is no column
/// for it.
pub(crate) fn packages_table(packages: &[Package]) -> TerminalText {
    let placed = packages
        .iter()
        .any(|package| !package.destination().name.is_empty());
    let columns = [
        Some(Column::id("PACKAGE")),
        placed.then(|| Column::text("DESTINATION")),
        Some(Column::text("DATA")),
        Some(Column::figure("DAYS")),
        Some(Column::figure("PRICE")),
        Some(Column::text("REMARKS")),
    ];
    let row = |package: &Package| {
        let cells = [
            Some(package.id.to_string()),
            placed.then(|| package.destination().name.clone()),
            Some(package.data.to_string()),
            Some(days(package)),
            Some(price(package)),
            Some(remarks(package)),
        ];
        cells.into_iter().flatten().collect()
    };
    let columns: Vec<Column> = columns.into_iter().flatten().collect();
    table(&columns, packages.iter().map(row).collect(), None)
}

fn days(package: &Package) -> String {
    match package.by_day {
        Some(DayRange { least, most }) => format!("{least} to {most}"),
        None => package.validity.days.to_string(),
    }
}

fn price(package: &Package) -> String {
    let price = package.price;
    match package.by_day {
        Some(_) => format!("{price} per day"),
        None => price.to_string(),
    }
}

/// What distinguishes a package beyond data, days and price.
fn remarks(package: &Package) -> String {
    let counted = |allowance, what: &str| match allowance {
        Allowance::None => None,
        Allowance::Count(count) => Some(format!("{count} {what}")),
        Allowance::Unlimited => Some(format!("unlimited {what}")),
        Allowance::Included => Some(what.to_owned()),
    };
    let said = |fact: bool, what: &str| fact.then(|| what.to_owned());
    let remarks = [
        counted(package.voice, "minutes"),
        counted(package.sms, "SMS"),
        said(package.flags.travel_date_required, "needs travel date"),
        said(!package.flags.hotspot, "no hotspot"),
        said(!package.flags.usage_readable, "usage not readable"),
        said(
            package.flags.install_at_destination,
            "install at destination",
        ),
    ];
    remarks.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Destinations as a table.
pub(crate) fn destinations_table(destinations: &[Destination]) -> TerminalText {
    let columns = [
        Column::id("CODE"),
        Column::text("DESTINATION"),
        Column::text("GEOGRAPHY"),
    ];
    let row = |destination: &Destination| {
        let geography = destination.geography();
        let geography = geography.map_or("unknown", roamport_domain::package::Geography::as_str);
        vec![
            destination.code.clone(),
            destination.name.clone(),
            geography.to_owned(),
        ]
    };
    table(&columns, destinations.iter().map(row).collect(), None)
}
