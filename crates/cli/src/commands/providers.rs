//! `roamport providers`: who can be named in the settings, and what each can do.

use std::sync::Arc;

use roamport_bootstrap::{Providers, Settings, SystemClock};

use crate::exit::Failure;
use crate::output::Output;
use crate::view::provider::{ProvidersDocument, providers_table};

pub(super) fn run(settings: &Settings, output: &Output) -> Result<(), Failure> {
    let clock = Arc::new(SystemClock::new());
    let described = Providers::standard().describe(settings, clock)?;
    output.document(&ProvidersDocument::new(&described), || {
        providers_table(&described)
    })?;
    if !described.iter().any(|provider| provider.configured) {
        output.note(format!(
            "the settings name `{}`, which is none of them",
            settings.provider
        ));
    }
    Ok(())
}
