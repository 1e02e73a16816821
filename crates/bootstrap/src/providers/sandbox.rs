//! The provider `sandbox`: a simulated world in this process, reached over HTTP like a real one.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use roamport_adapter_esim_access::EsimAccess;
use roamport_adapter_roamify::Roamify;
use roamport_domain::order::ProviderInstance;
use roamport_domain::provider::EventDecoder;
use roamport_domain::{Capabilities, EsimProvider, ProviderName, Secret};
use roamport_sandbox::world::{USUAL_SECRET_KEY, USUAL_TOKEN};
use roamport_sandbox::{Server, ServerOptions, World, WorldError};
use tracing::info;

use super::{ProviderContext, RunningProvider, esim_access, refused, roamify};
use crate::settings::SandboxDialect;
use crate::{StartError, journals};

const NAME: &str = "sandbox";

/// The file in the data directory that keeps the world.
const STATE_FILE: &str = "sandbox.state";

/// What orders remember in the place of a base URL. The port is another one at each start, and the
/// world is the data directory's, as the orders are. Each dialect names orders and eSIMs in its own
/// way, so that an order stays with the one it was started in.
const fn address(dialect: SandboxDialect) -> &'static str {
    match dialect {
        SandboxDialect::Roamify => "sandbox:data-dir",
        SandboxDialect::EsimAccess => "sandbox:data-dir/esim-access",
    }
}

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

    let dialect = context.settings.sandbox.dialect;
    let instance = ProviderInstance {
        name: name(),
        base_url: address(dialect).to_owned(),
    };
    Ok(
        RunningProvider::new(adapter(&context, &server.base_url())?, instance)
            .with_account_identity(Secret::new(USUAL_TOKEN))
            .with_shutdown(move || async move { server.shutdown().await }),
    )
}

/// What the adapter of the chosen dialect can do. No world is opened.
pub(super) fn capabilities(context: &ProviderContext) -> Result<Capabilities, StartError> {
    Ok(adapter(context, "http://127.0.0.1")?.capabilities())
}

/// The decoder of the chosen dialect's events.
pub(super) fn events(context: &ProviderContext) -> Result<Arc<dyn EventDecoder>, StartError> {
    match context.settings.sandbox.dialect {
        SandboxDialect::Roamify => roamify::events_of(context, &name()),
        SandboxDialect::EsimAccess => Ok(esim_access::events_of(name())),
    }
}

/// The adapter of the chosen dialect, under the sandbox's name.
fn adapter(context: &ProviderContext, base_url: &str) -> Result<Arc<dyn EsimProvider>, StartError> {
    let settings = &context.settings;
    let token = Secret::new(USUAL_TOKEN);
    let clock = Arc::clone(&context.clock);
    match settings.sandbox.dialect {
        SandboxDialect::Roamify => {
            let mut config = roamify::config(&settings.roamify, base_url, &token);
            config.name = name();
            let made = Roamify::new(&config, clock);
            Ok(Arc::new(
                made.map_err(|error| refused(&config.name, error))?,
            ))
        }
        SandboxDialect::EsimAccess => {
            let key = Secret::new(USUAL_SECRET_KEY);
            let mut config =
                esim_access::config(&settings.esim_access, base_url, &token, Some(&key));
            config.name = name();
            let made = EsimAccess::new(&config, clock);
            Ok(Arc::new(
                made.map_err(|error| refused(&config.name, error))?,
            ))
        }
    }
}

fn name() -> ProviderName {
    ProviderName::parse(NAME).expect("seven lower-case letters are a provider name")
}

fn world(context: &ProviderContext) -> Result<World, StartError> {
    let settings = &context.settings;
    journals::make_data_directory(&settings.data_dir)?;
    World::builder()
        .packages(settings.sandbox.packages)
        .seed(settings.sandbox.seed)
        .balance(settings.sandbox.balance.as_str())
        .token(USUAL_TOKEN)
        .secret_key(USUAL_SECRET_KEY)
        .clock(Arc::clone(&context.clock))
        .state(settings.data_dir.join(STATE_FILE))
        .build()
        .map_err(|source: WorldError| StartError::Sandbox { source })
}
