//! The arguments of the commands about orders there are: `order …`, `worker`, `reconcile`.

use clap::{Args, Subcommand};
use jiff::civil::Date;
use roamport_domain::order::OrderState;
use roamport_domain::{OrderId, ProviderOrderId};

use super::value::{self, Since, Wait};

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
    #[command(flatten)]
    Decide(OrderDecision),
}

/// What a person decides about an order, and what helps to.
#[derive(Debug, Subcommand)]
pub(crate) enum OrderDecision {
    /// Show everything about one order: what was tried, found and decided, and what can be decided
    #[command(
        after_help = "With --reason, every order that needs attention for that reason is shown, and with --accept or \
                      --write-off decided the same way; each decision is recorded.\n\nExamples:\n  \
                      roamport order review 01a207c4-85c4-7572-86ed-680789133ff2\n  \
                      roamport order review --reason price_differs --accept --by ada --why 'agreed with the provider'"
    )]
    Review {
        /// The order id
        #[arg(required_unless_present = "reason", conflicts_with = "reason")]
        id: Option<OrderId>,

        /// Every order that needs attention for this reason, by its name, such as `price_differs`
        #[arg(long, value_name = "REASON")]
        reason: Option<String>,

        /// Take each of them as it is
        #[arg(long, requires = "reason", conflicts_with = "write_off")]
        accept: bool,

        /// Give each of them up
        #[arg(long, requires = "reason")]
        write_off: bool,

        #[command(flatten)]
        decision: DecisionArguments,
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
    /// Give a paid order another day on which the journey starts, and carry it on
    #[command(after_help = "\
For an order whose provider refused the day. Nothing is bought: profiles that are not there yet are asked
for with the new day.

Example:
  roamport order redate 01a207c4-85c4-7572-86ed-680789133ff2 2027-03-09 --by ada --why 'the day was refused'")]
    Redate {
        /// The order id
        id: OrderId,

        /// The day the journey starts
        #[arg(value_name = "YYYY-MM-DD", value_parser = value::date)]
        start_date: Date,

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
