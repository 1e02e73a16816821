//! The commands, each in its own file, and what they have in common.

mod account;
mod balance;
mod buy;
mod cancel;
mod carry;
mod completions;
mod config;
mod decide;
mod destinations;
mod esim;
mod order;
mod packages;
mod providers;
mod purchase;
mod reconcile;
mod sandbox;
mod top_up;
mod usage;
mod worker;

use std::sync::Arc;

use crate::args::{
    Arguments, Command, ConfigCommand, EsimCommand, GlobalArguments, LoneCommand, SandboxCommand,
    SessionCommand, TopUpCommand,
};
use crate::exit::{self, Exit, Failure};
use crate::interrupt::Interrupts;
use crate::output::Output;
use crate::session::{self, Session};

/// Carries out a command line and says how the process ends.
pub(crate) async fn run(arguments: Arguments, output: &Arc<Output>) -> Exit {
    match dispatch(arguments, output).await {
        Ok(()) => Exit::Done,
        Err(failure) => {
            exit::tell(&failure, output);
            exit::exit_code(&failure)
        }
    }
}

async fn dispatch(arguments: Arguments, output: &Arc<Output>) -> Result<(), Failure> {
    let Arguments { global, command } = arguments;
    match command {
        Command::Alone(command) => alone(&global, command, output).await,
        Command::Session(command) => with_session(&global, command, output).await,
    }
}

async fn alone(
    global: &GlobalArguments,
    command: LoneCommand,
    output: &Arc<Output>,
) -> Result<(), Failure> {
    match command {
        LoneCommand::Completions { shell } => completions::run(shell, output),
        LoneCommand::Config(ConfigCommand::Show) => {
            config::show(&session::settings(global)?, output)
        }
        LoneCommand::Providers => providers::run(&session::settings(global)?, output),
        LoneCommand::Sandbox(SandboxCommand::Serve(arguments)) => {
            sandbox::serve(arguments, output).await
        }
    }
}

async fn with_session(
    global: &GlobalArguments,
    command: SessionCommand,
    output: &Arc<Output>,
) -> Result<(), Failure> {
    let interrupts = Interrupts::listen(cut_off(&command))
        .map_err(|error| Failure::Machine(format!("cannot listen for Ctrl-C: {error}")))?;
    let starting = Session::start(global, output.clone(), interrupts.clone());
    let session = interrupts.abandoning(starting).await?;
    let done = run_command(&session, command).await;
    let done = done.map_err(|failure| {
        let provider = session.provider();
        failure.with_abilities(provider.name(), &provider.capabilities())
    });
    if !matches!(done, Err(Failure::Interrupted { .. } | Failure::WorkerLeft)) {
        // Whoever leaves at once does not wait for answers of the sandbox that are under way.
        session.end().await;
    }
    done
}

/// How a command ends that was cut off by the second signal.
const fn cut_off(command: &SessionCommand) -> Exit {
    match command {
        SessionCommand::Buy(_)
        | SessionCommand::TopUp(TopUpCommand::Buy { .. })
        | SessionCommand::Order(_)
        | SessionCommand::Esim(EsimCommand::Cancel(_))
        | SessionCommand::Worker(_) => Exit::Unfinished,
        _ => Exit::Interrupted,
    }
}

async fn run_command(session: &Session, command: SessionCommand) -> Result<(), Failure> {
    let interrupts = session.interrupts();
    match command {
        SessionCommand::Buy(arguments) => buy::run(session, &arguments).await,
        SessionCommand::Esim(command) => esim::run(session, command).await,
        SessionCommand::Order(command) => order::run(session, command).await,
        SessionCommand::TopUp(command) => top_up::run(session, command).await,
        SessionCommand::Usage(arguments) => usage::run(session, &arguments).await,
        SessionCommand::Worker(arguments) => worker::run(session, &arguments).await,
        // These only read, and may be dropped at any moment.
        SessionCommand::Destinations(arguments) => {
            interrupts
                .abandoning(destinations::run(session, &arguments))
                .await
        }
        SessionCommand::Packages(arguments) => {
            interrupts
                .abandoning(packages::run(session, &arguments))
                .await
        }
        SessionCommand::Account(command) => {
            interrupts
                .abandoning(account::account(session, command))
                .await
        }
        SessionCommand::Provider(command) => {
            interrupts
                .abandoning(account::provider(session, command))
                .await
        }
        SessionCommand::Balance => interrupts.abandoning(balance::run(session)).await,
        SessionCommand::Reconcile(arguments) => {
            interrupts
                .abandoning(reconcile::run(session, &arguments))
                .await
        }
    }
}
