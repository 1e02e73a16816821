//! The command line as it is typed: commands, flags, and what each argument may be.

mod value;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::civil::Date;
use roamport_domain::order::OrderState;
use roamport_domain::package::Geography;
use roamport_domain::provider::EsimKey;
use roamport_domain::{DataSize, IdempotencyKey, OrderId, PackageId, ProviderOrderId};

pub(crate) use self::value::{PriceLimit, Quantity, Since, Wait};

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

With nothing configured, everything runs against the built-in sandbox: no account, no real money.

Exit codes:
  0  done
  1  anything else, and \"no\" at the prompt
  2  the command line cannot be carried out as typed
  3  refused by the provider or by a check: nothing was bought
  4  unfinished, of unknown outcome, in need of attention, or interrupted
  5  the provider cannot be reached, or its answer cannot be read
  6  the settings or the token are wrong";

/// Find, buy, install, watch and top up travel eSIMs.
#[derive(Debug, Parser)]
#[command(name = "roamport", version, about, after_help = EXAMPLES, max_term_width = 100)]
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
Buys nothing. Raises what it finds on the orders it concerns, keeps the balance it reads, and ends with
0 only where nothing differs and the provider's list was complete; otherwise with 4.

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

/// How wide a destination reaches, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GeographyArgument {
    /// One country
    Local,
    /// Several countries
    Regional,
    /// The world
    Global,
}

impl From<GeographyArgument> for Geography {
    fn from(geography: GeographyArgument) -> Self {
        match geography {
            GeographyArgument::Local => Self::Local,
            GeographyArgument::Regional => Self::Regional,
            GeographyArgument::Global => Self::Global,
        }
    }
}

/// `destinations`
#[derive(Debug, Args)]
pub(crate) struct DestinationsArguments {
    /// Only those that reach so wide
    #[arg(long)]
    pub(crate) geography: Option<GeographyArgument>,

    /// Only those whose name or code contains this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
}

/// By what packages are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SortArgument {
    /// Cheapest first
    Price,
    /// Most data first, unlimited before all
    Data,
    /// Fewest days first
    Days,
}

/// Which plans, of packages and of top-ups alike.
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// Exactly so many days
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) days: Option<u16>,

    /// Exactly so many gigabytes of data (1024³ bytes): `1`, `0.5`
    #[arg(long, value_name = "N", value_parser = value::gigabytes, conflicts_with = "unlimited")]
    pub(crate) gb: Option<DataSize>,

    /// Unlimited data
    #[arg(long)]
    pub(crate) unlimited: bool,

    /// By what to sort; the provider's own order otherwise
    #[arg(long, value_name = "BY")]
    pub(crate) sort: Option<SortArgument>,

    /// At most so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
}

/// `packages`
#[derive(Debug, Args)]
pub(crate) struct PackagesArguments {
    /// Sold for this country: an ISO 3166-1 code or an English name
    #[arg(long, value_name = "COUNTRY")]
    pub(crate) country: Option<String>,

    /// Sold for the destination with this name, as `roamport destinations` shows it
    #[arg(long, value_name = "NAME")]
    pub(crate) destination: Option<String>,

    /// Only those that reach so wide
    #[arg(long)]
    pub(crate) geography: Option<GeographyArgument>,

    #[command(flatten)]
    pub(crate) plan: PlanArguments,
}

/// How a purchase is made, of eSIMs and of top-ups alike.
#[derive(Debug, Args)]
pub(crate) struct PurchaseArguments {
    /// Your own name for this purchase: the same key continues the same order and never buys twice
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<IdempotencyKey>,

    /// The most the whole order may cost, for example `4.50`; the total shown otherwise
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) max_price: Option<PriceLimit>,

    /// For how many days, where the package is sold by the day
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) days: Option<u16>,

    /// How long to wait, for example `90s` or `5m`; `0` records the order only. Until it ends
    /// otherwise
    #[arg(long, value_name = "DURATION")]
    pub(crate) wait: Option<Wait>,

    /// Buy although an unfinished order for the same thing exists
    #[arg(long, conflicts_with = "key")]
    pub(crate) another: bool,

    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// `buy`
#[derive(Debug, Args)]
pub(crate) struct BuyArguments {
    /// The package id, as `roamport packages` shows it
    pub(crate) package: PackageId,

    /// How many eSIMs
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) quantity: Quantity,

    /// The day the journey starts, where the package asks for it
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = value::date)]
    pub(crate) start_date: Option<Date>,

    #[command(flatten)]
    pub(crate) purchase: PurchaseArguments,
}

/// `order …`
#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// List orders, the newest first
    List {
        /// Only those in this state
        #[arg(long, value_parser = value::order_states())]
        state: Option<OrderState>,
    },
    /// Show one order
    Show {
        /// The order id
        id: OrderId,
    },
    /// Carry on an order, or every unfinished one
    #[command(after_help = "\
An order whose purchase call was cut off is looked for at the provider before anything is sent again.")]
    Resume {
        /// The order id; every unfinished order otherwise
        id: Option<OrderId>,

        /// How long to wait, for example `90s` or `5m`. Until the orders end otherwise
        #[arg(long, value_name = "DURATION")]
        wait: Option<Wait>,
    },
    /// Show everything about one order: what was tried, found and decided, and what can be decided
    Review {
        /// The order id
        id: OrderId,
    },
    /// Decide that an order at the provider is the one, and carry it on
    Attach {
        /// The order id
        id: OrderId,

        /// The provider's id of the order
        provider_order: ProviderOrderId,

        #[command(flatten)]
        decision: DecisionArguments,

        /// How long to wait, for example `90s` or `5m`; `0` decides only. Until it ends otherwise
        #[arg(long, value_name = "DURATION")]
        wait: Option<Wait>,
    },
    /// Decide that nothing was bought, and send the order once more
    #[command(after_help = "\
Costs money a second time where the first call was charged after all. Ask the provider first: its
portal, its support, `roamport reconcile`. The order is then watched for the quiet period, looked for
once more, and sent only where nothing is found.")]
    Resend {
        /// The order id
        id: OrderId,

        /// Your word that the provider was asked and has no charge for this order
        #[arg(long)]
        i_have_checked: bool,

        #[command(flatten)]
        decision: DecisionArguments,

        /// How long to wait, for example `90s` or `5m`; `0` decides only. Until it ends otherwise
        #[arg(long, value_name = "DURATION")]
        wait: Option<Wait>,
    },
    /// Decide that an order is good as it is
    Accept {
        /// The order id
        id: OrderId,

        #[command(flatten)]
        decision: DecisionArguments,
    },
    /// Give an order up, whatever it cost
    WriteOff {
        /// The order id
        id: OrderId,

        #[command(flatten)]
        decision: DecisionArguments,
    },
    /// Call off an order that was never sent
    Cancel {
        /// The order id
        id: OrderId,

        #[command(flatten)]
        decision: DecisionArguments,
    },
}

/// Who decides, and why: kept in the journal.
#[derive(Debug, Args)]
pub(crate) struct DecisionArguments {
    /// Who decides; asked where there is a terminal
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,

    /// Why; asked where there is a terminal
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: Option<String>,
}

/// `worker`
#[derive(Debug, Args)]
pub(crate) struct WorkerArguments {
    /// Take what is due now, carry each order as far as it goes without waiting longer than 5
    /// seconds, and end. An order of unknown outcome is looked up, never sent again
    #[arg(long)]
    pub(crate) once: bool,
}

/// `reconcile`
#[derive(Debug, Args)]
pub(crate) struct ReconcileArguments {
    /// From when on: a day (UTC), a moment (RFC 3339), or how long ago, as in `7d` or `36h`. 30 days
    /// otherwise
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<Since>,
}

/// `esim …`
#[derive(Debug, Subcommand)]
pub(crate) enum EsimCommand {
    /// Show profile, plan and install links
    Show {
        /// An eSIM id or an ICCID
        #[arg(value_parser = value::esim)]
        esim: EsimKey,
    },
    /// Show the QR code, or write it to files
    Qr {
        /// An eSIM id or an ICCID
        #[arg(value_parser = value::esim)]
        esim: EsimKey,

        /// Write the QR code to this file, readable by you alone
        #[arg(long, value_name = "FILE")]
        png: Option<PathBuf>,

        /// Write the QR code to this file, readable by you alone
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Give back an eSIM that nobody has installed, for its money
    #[command(after_help = "\
Reads the eSIM first: one that is installed, used or over is refused and nothing is sent. Asking twice
is harmless. A provider that takes nothing back by a call is named, with what to ask it for.

Examples:
  roamport esim cancel 8988303000001234567 --by ada --why 'journey called off'
  roamport esim cancel --order 01a207c4-85c4-7572-86ed-680789133ff2 --item 2 --by ada --why 'one too many'")]
    Cancel(CancelArguments),
}

/// `esim cancel`
#[derive(Debug, Args)]
pub(crate) struct CancelArguments {
    /// An eSIM id or an ICCID
    #[arg(value_parser = value::esim, required_unless_present = "order")]
    pub(crate) esim: Option<EsimKey>,

    /// The order that bought it, in the place of the eSIM
    #[arg(long, value_name = "ORDER", conflicts_with = "esim")]
    pub(crate) order: Option<OrderId>,

    /// Which eSIM of that order, from 1
    #[arg(long, value_name = "N", default_value_t = 1, requires = "order",
          value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) item: u16,

    #[command(flatten)]
    pub(crate) decision: DecisionArguments,

    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// `usage`
#[derive(Debug, Args)]
pub(crate) struct UsageArguments {
    /// An eSIM id or an ICCID
    #[arg(value_parser = value::esim)]
    pub(crate) esim: EsimKey,

    /// Read it again every 30 seconds until Ctrl-C
    #[arg(long)]
    pub(crate) watch: bool,
}

/// `topup …`
#[derive(Debug, Subcommand)]
pub(crate) enum TopUpCommand {
    /// List the packages that can top up an eSIM
    Packages {
        /// An eSIM id or an ICCID
        #[arg(value_parser = value::esim)]
        esim: EsimKey,

        #[command(flatten)]
        plan: PlanArguments,
    },
    /// Top up an eSIM
    Buy {
        /// An eSIM id or an ICCID
        #[arg(value_parser = value::esim)]
        esim: EsimKey,

        /// The package id, as `roamport topup packages` shows it
        package: PackageId,

        #[command(flatten)]
        purchase: PurchaseArguments,
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
