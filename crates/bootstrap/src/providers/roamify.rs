//! The provider `roamify`: its adapter and the decoder of its events, made from settings.

use std::sync::Arc;

pub(super) use roamport_adapter_roamify::classification;
use roamport_adapter_roamify::{Roamify, RoamifyConfig, RoamifyEvents};
use roamport_domain::order::ProviderInstance;
use roamport_domain::provider::EventDecoder;
use roamport_domain::{Capabilities, EsimProvider as _, ProviderName, Secret};

use super::{ProviderContext, RunningProvider, refused};
use crate::settings::RoamifySettings;
use crate::{StartError, stack};

/// The adapter over Roamify's API, behind the gate that the settings ask for.
pub(super) async fn start(context: ProviderContext) -> Result<RunningProvider, StartError> {
    let settings = &context.settings.roamify;
    let token = settings.token.required_for(
        &settings.base_url,
        "the API key of Roamify's partner portal",
    )?;
    let config = config(settings, &settings.base_url, &token);
    let roamify = Roamify::new(&config, Arc::clone(&context.clock))
        .map_err(|error| refused(&config.name, error))?
        .with_gate(stack::gate(settings.rate));
    let instance = ProviderInstance {
        name: roamify.name().clone(),
        base_url: settings.base_url.clone(),
    };
    let identity = roamify.account_identity();
    Ok(RunningProvider::new(Arc::new(roamify), instance).with_account_identity(identity))
}

/// What the adapter can do with these settings. Needs no token, and sends nothing.
pub(super) fn capabilities(context: &ProviderContext) -> Result<Capabilities, StartError> {
    let config = without_token(context);
    let provider = Roamify::new(&config, Arc::clone(&context.clock))
        .map_err(|error| refused(&config.name, error))?;
    Ok(provider.capabilities())
}

/// The decoder of its events, which needs the secret they are signed with.
pub(super) fn events(context: &ProviderContext) -> Result<Arc<dyn EventDecoder>, StartError> {
    events_of(context, &without_token(context).name)
}

/// The same for a provider of this name.
pub(super) fn events_of(
    context: &ProviderContext,
    name: &ProviderName,
) -> Result<Arc<dyn EventDecoder>, StartError> {
    let secret = context.settings.roamify.webhook_secret.required(
        "the secret that Roamify signs its events with, as the partner portal shows it,",
    )?;
    let decoder = RoamifyEvents::new(name.clone(), secret).map_err(|error| refused(name, error))?;
    Ok(Arc::new(decoder))
}

fn without_token(context: &ProviderContext) -> RoamifyConfig {
    let settings = &context.settings.roamify;
    config(settings, &settings.base_url, &Secret::new("none"))
}

/// The adapter's own settings, for `base_url` and `token`.
pub(super) fn config(settings: &RoamifySettings, base_url: &str, token: &Secret) -> RoamifyConfig {
    RoamifyConfig {
        page_size: settings.page_size,
        pages_in_flight: settings.pages_in_flight,
        connect_time_out: settings.connect_timeout,
        read_time_out: settings.read_timeout,
        listing_time_out: settings.listing_timeout,
        purchase_time_out: settings.purchase_timeout,
        provision_time_out: settings.provisioning_timeout,
        longest_effect: settings.longest_effect,
        instant_orders: settings.instant_orders,
        ..RoamifyConfig::new(base_url, token.expose())
    }
}
