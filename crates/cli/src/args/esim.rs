//! The arguments of `esim …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use roamport_domain::OrderId;
use roamport_domain::provider::EsimKey;

use super::{DecisionArguments, value};

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
        #[arg(long, value_name = "FILE", value_parser = value::picture())]
        png: Option<PathBuf>,

        /// Write the QR code to this file, readable by you alone
        #[arg(long, value_name = "FILE", value_parser = value::picture())]
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
