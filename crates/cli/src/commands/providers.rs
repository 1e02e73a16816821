//! `roamport providers`: who can be named in the settings, and what each can do.

use std::sync::Arc;

use roamport_bootstrap::{DescribedProvider, Providers, Settings, SystemClock};
use roamport_documents::provider::ProvidersDocument;
use roamport_domain::Capabilities;

use crate::exit::Failure;
use crate::output::Output;
use crate::view::provider::providers_table;

pub(super) fn run(settings: &Settings, output: &Output) -> Result<(), Failure> {
    let clock = Arc::new(SystemClock);
    let described = Providers::standard().describe(settings, clock)?;
    let document = ProvidersDocument::new(described.iter().map(facts));
    output.document(&document, || providers_table(&described))?;
    if !described.iter().any(|provider| provider.configured) {
        output.note(format!(
            "the settings name `{}`, which is none of them",
            settings.provider
        ));
    }
    Ok(())
}

fn facts(provider: &DescribedProvider) -> (&str, bool, Option<&Capabilities>) {
    let capabilities = provider.capabilities.as_ref();
    (&provider.name, provider.configured, capabilities)
}
