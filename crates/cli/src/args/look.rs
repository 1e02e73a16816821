//! The arguments of the commands that only look: destinations, packages, usage.

use clap::{Args, ValueEnum};
use roamport_domain::DataSize;
use roamport_domain::package::Geography;
use roamport_domain::provider::EsimKey;

use super::value;

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
