//! The provider `sandbox`: a simulated world in this process, reached over HTTP like a real one.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use roamport_adapter_roamify::Roamify;
use roamport_domain::order::ProviderInstance;
use roamport_domain::{ProviderName, Secret};
use roamport_sandbox::world::USUAL_TOKEN;
use roamport_sandbox::{Server, ServerOptions, World, WorldError};
use tracing::info;

use super::{ProviderContext, RunningProvider, roamify};
use crate::{StartError, journals};

const NAME: &str = "sandbox";

/// The file in the data directory that keeps the world.
const STATE_FILE: &str = "sandbox.state";

/// What orders remember in the place of a base URL. The port is another one at each start, and the
/// world is the data directory's, as the orders are.
const ADDRESS: &str = "sandbox:data-dir";

/// Continues the world of the data directory, serves it on a free port of loopback, and reaches it
/// through the adapter that production uses.
pub(super) async fn start(context: ProviderContext) -> Result<RunningProvider, StartError> {
    let world = world(&context)?;
    let options = ServerOptions {
        latency: context.settings.sandbox.latency,
    };
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start_with(world, any_port, options)
        .await
        .map_err(StartError::SandboxPort)?;
    info!(url = server.base_url(), "the sandbox listens");

    let name = ProviderName::parse(NAME).expect("seven lower-case letters are a provider name");
    let mut config = roamify::config(
        &context.settings.roamify,
        &server.base_url(),
        &Secret::new(USUAL_TOKEN),
    );
    config.name = name.clone();
    let provider = Roamify::new(&config, Arc::clone(&context.clock))
        .map_err(|error| roamify::refused(&config, error))?;
    let instance = ProviderInstance {
        name,
        base_url: ADDRESS.to_owned(),
    };
    Ok(RunningProvider::new(Arc::new(provider), instance)
        .with_shutdown(move || async move { server.shutdown().await }))
}

fn world(context: &ProviderContext) -> Result<World, StartError> {
    let settings = &context.settings;
    journals::make_data_directory(&settings.data_dir)?;
    World::builder()
        .packages(settings.sandbox.packages)
        .seed(settings.sandbox.seed)
        .balance(settings.sandbox.balance.as_str())
        .token(USUAL_TOKEN)
        .clock(Arc::clone(&context.clock))
        .state(settings.data_dir.join(STATE_FILE))
        .build()
        .map_err(|source: WorldError| StartError::Sandbox { source })
}
