//! The arguments of the commands that cost money: `buy` and `topup buy`.

use clap::{Args, Subcommand};
use jiff::civil::Date;
use roamport_domain::provider::EsimKey;
use roamport_domain::{IdempotencyKey, PackageId};

use super::PlanArguments;
use super::value::{self, PriceLimit, Quantity, Wait};

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

    /// How long to wait, for example `90s` or `5m`; `0` records the order only and ends with 0.
    /// Until it ends otherwise
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
