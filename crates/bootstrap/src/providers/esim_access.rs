//! The provider `esim-access`: its adapter and the decoder of its events, made from settings.

use std::sync::Arc;

pub(super) use roamport_adapter_esim_access::classification;
use roamport_adapter_esim_access::{EsimAccess, EsimAccessConfig, EsimAccessEvents};
use roamport_domain::order::ProviderInstance;
use roamport_domain::provider::EventDecoder;
use roamport_domain::{Capabilities, EsimProvider as _, ProviderName, Secret};

use super::{ProviderContext, RunningProvider, refused};
use crate::settings::EsimAccessSettings;
use crate::{StartError, stack};

/// The adapter over eSIM Access's API, behind the gate that the settings ask for.
pub(super) async fn start(context: ProviderContext) -> Result<RunningProvider, StartError> {
    let settings = &context.settings.esim_access;
    let access_code = settings.access_code.required_for(
        &settings.base_url,
        "the access code of eSIM Access's console",
    )?;
    let secret_key = settings.secret_key.read_for(&settings.base_url)?;
    let config = config(
        settings,
        &settings.base_url,
        &access_code,
        secret_key.as_ref(),
    );
    let provider = EsimAccess::new(&config, Arc::clone(&context.clock))
        .map_err(|error| refused(&config.name, error))?
        .with_gate(stack::gate(settings.rate));
    let instance = ProviderInstance {
        name: provider.name().clone(),
        base_url: settings.base_url.clone(),
    };
    let identity = provider.account_identity();
    Ok(RunningProvider::new(Arc::new(provider), instance).with_account_identity(identity))
}

/// What the adapter can do with these settings. Needs no access code, and sends nothing.
pub(super) fn capabilities(context: &ProviderContext) -> Result<Capabilities, StartError> {
    let settings = &context.settings.esim_access;
    let config = config(settings, &settings.base_url, &Secret::new("none"), None);
    let provider = EsimAccess::new(&config, Arc::clone(&context.clock))
        .map_err(|error| refused(&config.name, error))?;
    Ok(provider.capabilities())
}

/// The decoder of its events. They bear no signature, so it needs no secret.
pub(super) fn events(context: &ProviderContext) -> Arc<dyn EventDecoder> {
    let settings = &context.settings.esim_access;
    let config = config(settings, &settings.base_url, &Secret::new("none"), None);
    events_of(config.name)
}

/// The same for a provider of this name.
pub(super) fn events_of(name: ProviderName) -> Arc<dyn EventDecoder> {
    Arc::new(EsimAccessEvents::new(name))
}

/// The adapter's own settings, for this address and these secrets.
pub(super) fn config(
    settings: &EsimAccessSettings,
    base_url: &str,
    access_code: &Secret,
    secret_key: Option<&Secret>,
) -> EsimAccessConfig {
    let plain = EsimAccessConfig::new(base_url, access_code.expose());
    let signing = match secret_key {
        Some(key) => plain.with_secret_key(key.expose()),
        None => plain,
    };
    EsimAccessConfig {
        upper_case_signature: settings.upper_case_signature,
        page_size: settings.page_size,
        connect_time_out: settings.connect_timeout,
        read_time_out: settings.read_timeout,
        catalogue_time_out: settings.catalogue_timeout,
        purchase_time_out: settings.purchase_timeout,
        ..signing
    }
}
