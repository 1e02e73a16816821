//! The command line as it is typed: commands, flags, and what each argument may be.

mod esim;
mod look;
mod order;
mod purchase;
mod value;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use roamport_domain::{Account, ProviderName};

pub(crate) use self::esim::{CancelArguments, EsimCommand};
pub(crate) use self::look::{
    DestinationsArguments, PackagesArguments, PlanArguments, SortArgument, UsageArguments,
};
pub(crate) use self::order::{
    DecisionArguments, OrderCommand, OrderDecision, ReconcileArguments, WorkerArguments,
};
pub(crate) use self::purchase::{BuyArguments, PurchaseArguments, TopUpCommand};
pub(crate) use self::value::Since;
use crate::exit::Exit;

const EXAMPLES: &str = "\
Examples:
  roamport packages --country FR --sort price --limit 5
  roamport buy esim-france-7days-1gb-all
  roamport esim qr 8988303000001234567 --png esim.png
  roamport usage 8988303000001234567
  roamport order list --state needs-attention
  roamport order resume
  roamport worker
  roamport reconcile --since 7d

With nothing configured, everything runs against the built-in sandbox: no account, no real money.";

/// Examples, and the exit codes, which are part of the contract.
fn after_help() -> String {
    let codes: Vec<String> = Exit::ALL
        .iter()
        .map(|exit| format!("  {:<3}  {}", exit.number(), exit.meaning()))
        .collect();
    format!("{EXAMPLES}\n\nExit codes:\n{}", codes.join("\n"))
}

/// Find, buy, install, watch and top up travel eSIMs.
#[derive(Debug, Parser)]
#[command(name = "roamport", version, about, after_help = after_help(), max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArguments {
    /// Print one JSON document instead of text; errors too, on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Where orders, profiles and the sandbox's world are kept
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// The settings file to read (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Whom to buy from: a name that `roamport providers` lists
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) provider: Option<String>,

    /// Say more: once for what is done, twice for every call, three times for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,

    /// Say less: no progress and no remarks; errors and what an order needs to go on remain
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Session(SessionCommand),
    #[command(flatten)]
    Alone(LoneCommand),
}

/// The commands that work with a provider or a journal.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// List where packages exist
    #[command(after_help = "Example:\n  roamport destinations --geography regional --search asia")]
    Destinations(DestinationsArguments),

    /// List packages
    #[command(
        after_help = "Examples:\n  roamport packages --country France --days 7 --sort price\n  \
                      roamport packages --destination Europe --unlimited --json"
    )]
    Packages(PackagesArguments),

    /// Buy eSIMs, have their profiles generated, and show how to install them
    #[command(after_help = "\
Shows provider, price and wallet, and asks before it buys. What was ordered survives a crash, an
interruption and a lost answer: `roamport order resume ID` carries it on, and nothing is bought twice.

Examples:
  roamport buy esim-france-7days-1gb-all
  roamport buy esim-france-7days-1gb-all --quantity 2 --max-price 9.00 --yes
  roamport buy esim-france-7days-1gb-all --key shop-order-10442 --yes --json")]
    Buy(BuyArguments),

    /// What was bought, carrying on what was left unfinished, and settling what needs a person
    #[command(subcommand)]
    Order(OrderCommand),

    /// Carry on every order that is due, until a signal
    #[command(after_help = "\
Any number of workers share one journal. The first Ctrl-C (or SIGTERM) stops it: nothing new begins, each
purchase call under way is answered and recorded, and it ends with 0. The second leaves at once.

Tells every change of an order's state: a line on standard error, or with --json one JSON object a line
on standard output.

Examples:
  roamport worker
  roamport worker --once")]
    Worker(WorkerArguments),

    /// Compare the journal with the provider's orders and the wallet
    #[command(after_help = "\
Buys nothing. Raises what it finds on the orders it concerns and stores the balance it reads. Exit code:
0 if nothing differs and the provider's list is proven complete, 7 if nothing differs and the list may be
incomplete, otherwise 4.

Examples:
  roamport reconcile
  roamport reconcile --since 2026-11-01 --json")]
    Reconcile(ReconcileArguments),

    /// Show an eSIM's profile, install links and QR code, or give it back
    #[command(subcommand)]
    Esim(EsimCommand),

    /// Show how much of an eSIM's plan is used
    #[command(after_help = "Example:\n  roamport usage 8988303000001234567 --watch")]
    Usage(UsageArguments),

    /// Find and buy more data for an eSIM
    #[command(name = "topup", subcommand)]
    TopUp(TopUpCommand),

    /// Show what is left in the wallet
    Balance,

    /// Say that two accounts at the provider are one, as after a token was changed
    #[command(subcommand)]
    Account(AccountCommand),

    /// Find out what the provider's lookups are worth, and let orders go on that were held
    #[command(subcommand)]
    Provider(ProviderCommand),
}

/// The commands that need neither a provider nor a journal.
#[derive(Debug, Subcommand)]
pub(crate) enum LoneCommand {
    /// List the providers there are and what each can do; a star marks the configured one
    #[command(after_help = "\
Needs no account, and sends nothing.

Example:
  roamport providers --json")]
    Providers,

    /// Look at the settings
    #[command(subcommand)]
    Config(ConfigCommand),

    /// Run the simulated provider
    #[command(subcommand)]
    Sandbox(SandboxCommand),

    /// Print the completions of a shell
    #[command(
        after_help = "Example:\n  roamport completions bash > ~/.local/share/bash-completion/completions/roamport"
    )]
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// `account …`
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Confirm that orders sent with the credentials of another account belong to the one in use
    #[command(
        after_help = "Example:\n  roamport account confirm unknown 3f9ac0… --by ada --why 'the token was changed'"
    )]
    Confirm {
        /// The other account, as an order that needs attention names it; `unknown` for orders of a
        /// release that recorded none
        old: Account,

        /// The account of the credentials in use, as the order names it
        new: Account,

        #[command(flatten)]
        decision: DecisionArguments,
    },
}

/// `provider …`
#[derive(Debug, Subcommand)]
pub(crate) enum ProviderCommand {
    /// Ask for an order that cannot exist and for the newest known one. Reads only; stores what it sees
    Probe,
    /// Let new orders go on that are held at the account in use
    Release {
        /// The provider's name in the settings
        name: ProviderName,

        #[command(flatten)]
        decision: DecisionArguments,
    },
}

/// `config …`
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show the effective settings, secrets hidden, each with where it came from
    Show,
}

/// `sandbox …`
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Serve the simulated provider over HTTP, as `roamport-sandbox` does
    Serve(roamport_sandbox::serve::ServeArguments),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn global_flags_are_taken_before_and_after_the_command() {
        for line in [
            ["roamport", "--json", "balance"],
            ["roamport", "balance", "--json"],
        ] {
            assert!(Arguments::try_parse_from(line).unwrap().global.json);
        }
    }

    #[test]
    fn quiet_and_verbose_exclude_each_other() {
        assert!(Arguments::try_parse_from(["roamport", "-q", "-v", "balance"]).is_err());
    }
}
