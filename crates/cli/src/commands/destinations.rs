//! `roamport destinations`: where packages exist.

use roamport_documents::package::DestinationsDocument;
use roamport_documents::words::counted;

use crate::args::DestinationsArguments;
use crate::exit::Failure;
use crate::session::Session;
use crate::view::package::destinations_table;

pub(super) async fn run(
    session: &Session,
    arguments: &DestinationsArguments,
) -> Result<(), Failure> {
    let geography = arguments.geography.map(Into::into);
    let destinations = session
        .catalogue()
        .destinations(geography, arguments.search.as_deref())
        .await?;
    let output = session.output();
    if destinations.is_empty() {
        output.note("no destination matches; `roamport destinations` lists all there are");
    }
    let document = DestinationsDocument::new(&destinations);
    output.document(&document, || destinations_table(&destinations))?;
    output.note(counted(destinations.len(), "destination", "destinations"));
    Ok(())
}
