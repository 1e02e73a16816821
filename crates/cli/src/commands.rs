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
    Arguments, Command, ConfigCommand, EsimCommand, GlobalArguments, SandboxCommand, TopUpCommand,
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
        // These need no provider.
        Command::Completions { shell } => completions::run(shell, output),
        Command::Config(ConfigCommand::Show) => config::show(&session::settings(&global)?, output),
        Command::Providers => providers::run(&session::settings(&global)?, output),
        Command::Sandbox(SandboxCommand::Serve(arguments)) => {
            sandbox::serve(arguments, output).await
        }
        command => with_session(&global, command, output).await,
    }
}

async fn with_session(
    global: &GlobalArguments,
    command: Command,
    output: &Arc<Output>,
) -> Result<(), Failure> {
    let interrupts = Interrupts::listen(cut_off(&command))
        .map_err(|error| Failure::Machine(format!("cannot listen for Ctrl-C: {error}")))?;
    let starting = Session::start(global, output.clone(), interrupts.clone());
    let session = interrupts.abandoning(starting).await?;
    let done = match command {
        Command::Buy(arguments) => buy::run(&session, &arguments).await,
        Command::Esim(EsimCommand::Cancel(arguments)) => cancel::run(&session, &arguments).await,
        Command::Order(command) => order::run(&session, command).await,
        Command::TopUp(command) => top_up::run(&session, command).await,
        Command::Usage(arguments) => usage::run(&session, &arguments).await,
        Command::Worker(arguments) => worker::run(&session, &arguments).await,
        read => interrupts.abandoning(run_read(&session, read)).await,
    };
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
const fn cut_off(command: &Command) -> Exit {
    match command {
        Command::Buy(_)
        | Command::TopUp(TopUpCommand::Buy { .. })
        | Command::Order(_)
        | Command::Esim(EsimCommand::Cancel(_))
        | Command::Worker(_) => Exit::Unfinished,
        _ => Exit::Interrupted,
    }
}

/// The commands that only read, and may be dropped at any moment.
async fn run_read(session: &Session, command: Command) -> Result<(), Failure> {
    match command {
        Command::Destinations(arguments) => destinations::run(session, &arguments).await,
        Command::Packages(arguments) => packages::run(session, &arguments).await,
        Command::Esim(command) => esim::run(session, command).await,
        Command::Account(command) => account::account(session, command).await,
        Command::Provider(command) => account::provider(session, command).await,
        Command::Balance => balance::run(session).await,
        Command::Reconcile(arguments) => reconcile::run(session, &arguments).await,
        Command::Buy(_)
        | Command::Order(_)
        | Command::TopUp(_)
        | Command::Usage(_)
        | Command::Worker(_)
        | Command::Providers
        | Command::Config(_)
        | Command::Sandbox(_)
        | Command::Completions { .. } => unreachable!("carried out elsewhere"),
    }
}
