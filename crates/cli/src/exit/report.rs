//! What a failure says: a sentence, what to do next, and whether money may have moved.

use std::io;

use roamport_app::{AppError, DecisionError, Halt, Refusal};
use roamport_documents::error::{ErrorDocument, ErrorJson};
use roamport_documents::kind::Kind;
use roamport_documents::words::{attention_sentence, ending_sentence, state_sentence};
use roamport_domain::journal::JournalError;
use roamport_domain::order::{OrderState, ProviderInstance};
use roamport_domain::provider::{ErrorKind, Operation, ProviderError};
use roamport_domain::{EsimId, Order, OrderId};

use super::{Failure, NotGivenBack, exit_code};
use crate::output::Output;
use crate::text::TerminalText;
use crate::view::order::money_sentence;

/// A failure in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Report {
    kind: &'static str,
    message: String,
    hint: Option<String>,
    order: Option<OrderId>,
    money_may_have_moved: Option<bool>,
}

/// Tells of a failure on standard error: as text, or as one line of JSON.
pub(crate) fn tell(failure: &Failure, output: &Output) {
    if matches!(failure, Failure::StdoutClosed) {
        return;
    }
    let report = Report::of(failure);
    if output.is_json() {
        output.important_line(&report.document(exit_code(failure).number()));
    } else {
        output.important(report.text());
    }
}

/// Tells of a command line that could not be read, in the same two forms.
pub(crate) fn tell_usage(message: &str, output: &Output) {
    tell(
        &Failure::Usage {
            message: message.to_owned(),
            hint: None,
        },
        output,
    );
}

impl Report {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self::named(kind.as_str(), message)
    }

    fn named(kind: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            kind,
            message,
            hint: None,
            order: None,
            money_may_have_moved: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn order(mut self, order: OrderId) -> Self {
        self.order = Some(order);
        self
    }

    fn money(mut self, may_have_moved: bool) -> Self {
        self.money_may_have_moved = Some(may_have_moved);
        self
    }

    pub(super) fn text(&self) -> TerminalText {
        let mut text = TerminalText::line(format_args!("error: {}", self.message));
        if let Some(hint) = &self.hint {
            text.push_line(format_args!("hint: {hint}"));
        }
        text
    }

    /// The report with every field of its JSON, for a page that explains them.
    pub(crate) fn example(failure: &Failure, order: OrderId) -> String {
        let report = Self::of(failure).order(order).money(false);
        report.json(exit_code(failure).number())
    }

    fn document(&self, exit_code: u8) -> ErrorDocument<'_> {
        let error = ErrorJson {
            kind: self.kind,
            message: &self.message,
            hint: self.hint.as_deref(),
            exit_code: Some(exit_code),
            order: self.order.map(|order| order.to_string()),
            money_may_have_moved: self.money_may_have_moved,
        };
        ErrorDocument { error }
    }

    pub(super) fn json(&self, exit_code: u8) -> String {
        serde_json::to_string(&self.document(exit_code)).expect("our own plain structs serialise")
    }

    pub(crate) fn of(failure: &Failure) -> Self {
        match failure {
            Failure::App(error) => app(error),
            Failure::CannotDo { error, abilities } => app(error).hint(abilities),
            Failure::NotGivenBack {
                order,
                esim,
                why,
                message,
            } => not_given_back(esim, *why, message).order(*order),
            Failure::Settings {
                message,
                readable: false,
            } => Self::new(Kind::Settings, message),
            Failure::Settings {
                message,
                readable: true,
            } => Self::new(Kind::Settings, message)
                .hint("`roamport config show` lists every setting with its value and origin"),
            Failure::Sandbox { message } => Self::new(Kind::Sandbox, message),
            Failure::Usage { message, hint } => {
                let report = Self::new(Kind::Usage, message);
                Self {
                    hint: hint.clone(),
                    ..report
                }
            }
            Failure::DateOver { date, today } => Self::new(
                Kind::Usage,
                format!("{date} lies before today, {today} in UTC; nothing was bought or changed"),
            )
            .hint("name today or a later day; on a terminal and without --yes you are asked")
            .money(false),
            Failure::NoProfile {
                esim,
                why: Some(why),
            } => Self::new(
                Kind::NoProfile,
                format!("eSIM {esim} cannot be installed: {why}"),
            )
            .hint("ask the provider about it, and name the eSIM"),
            Failure::NoProfile { esim, why: None } => Self::new(
                Kind::NoProfile,
                format!("the profile of eSIM {esim} is not there yet"),
            )
            .hint("`roamport order resume` carries on what is unfinished"),
            Failure::Order { order, halt } => order_report(order, *halt),
            Failure::Unfinished { order, state } => Self::new(
                Kind::UnfinishedOrder,
                format!(
                    "order {order} for the same thing is unfinished ({state}); nothing was bought"
                ),
            )
            .hint(format!(
                "carry it on with `roamport order resume {order}`, or buy beside it with --another"
            ))
            .order(*order),
            Failure::Several { count, .. } => Self::new(
                Kind::Unfinished,
                format!("{count} orders did not come to a good end"),
            )
            .hint("`roamport order list` shows where they stand"),
            Failure::ListUnproven { verdict, hint } => {
                Self::new(Kind::ListUnproven, verdict).hint(hint)
            }
            Failure::NotClean { verdict, hint } => Self::new(Kind::NotClean, verdict).hint(hint),
            Failure::Declined => {
                Self::new(Kind::Declined, "the answer was no: nothing was done, and no money moved").money(false)
            }
            Failure::Interrupted { order: None } => {
                Self::new(Kind::Interrupted, "interrupted; no money moved").money(false)
            }
            Failure::Interrupted {
                order: Some((order, moved)),
            } => left_at_once(*order, *moved),
            Failure::WorkerLeft => Self::new(
                Kind::Interrupted,
                "left at once; orders that were being worked on stay as they are, and money may have moved",
            )
            .hint("start a worker again: it looks before it sends anything")
            .money(true),
            Failure::File { path, source } => {
                Self::new(Kind::File, format!("cannot write {}: {source}", path.display()))
            }
            Failure::NotPrinted { order, source } => not_printed(*order, source),
            Failure::Stdout(error) => Self::new(
                Kind::Output,
                format!("cannot write to standard output: {error}"),
            ),
            Failure::StdoutClosed => Self::new(Kind::Output, "standard output is closed"),
            Failure::Machine(message) => Self::new(Kind::Machine, message),
        }
    }
}

fn resume(order: OrderId) -> String {
    format!("carry it on with `roamport order resume {order}`; nothing is bought twice")
}

fn not_given_back(esim: &EsimId, why: NotGivenBack, message: &str) -> Report {
    match why {
        NotGivenBack::Refused => Report::new(
            Kind::CancellationRefused,
            format!("eSIM {esim} was not given back, and no money came back: {message}"),
        )
        .hint(format!("`roamport esim show {esim}` shows how far it is")),
        NotGivenBack::NotDone => Report::new(
            Kind::NotGivenBack,
            format!("eSIM {esim} was not given back: {message}"),
        )
        .hint("give it back again in a while; the eSIM is read first"),
        NotGivenBack::Unknown => Report::new(
            Kind::CancellationUnknown,
            format!("whether eSIM {esim} was given back is not known: {message}"),
        )
        .hint("give it back again: the eSIM is read first, and asking twice is harmless"),
    }
}

fn not_printed(order: Option<(OrderId, bool)>, source: &io::Error) -> Report {
    let report = Report::new(
        Kind::Output,
        format!("the order could not be printed: {source}; what was done is recorded"),
    )
    .hint("`roamport order list` and `roamport esim show` show it again");
    match order {
        Some((order, moved)) => report.order(order).money(moved),
        None => report,
    }
}

fn left_at_once(order: OrderId, moved: bool) -> Report {
    let money = if moved {
        "money may have moved"
    } else {
        "no money has moved"
    };
    Report::new(
        Kind::Interrupted,
        format!("left at once; order {order} stays as it is: {money}"),
    )
    .hint(resume(order))
    .order(order)
    .money(moved)
}

fn order_report(order: &Order, halt: Halt) -> Report {
    let id = order.id();
    let money = money_sentence(order);
    let report = match (order.state(), halt) {
        (OrderState::Failed | OrderState::Cancelled, _) => {
            let why = order.ending().map(ending_sentence).unwrap_or_default();
            let waited = order
                .deferral()
                .map(|deferral| format!(" ({})", deferral.message));
            let waited = waited.unwrap_or_default();
            Report::new(
                Kind::OrderFailed,
                format!("order {id} ended: {why}{waited}; {money}"),
            )
        }
        (OrderState::NeedsAttention, _) => {
            let reasons: Vec<String> = order.open_attention().map(attention_sentence).collect();
            let reasons = reasons.join("; ");
            Report::new(
                Kind::NeedsAttention,
                format!("order {id} needs a person: {reasons}; {money}"),
            )
            .hint(format!(
                "`roamport order review {id}` shows what was tried and what can be decided"
            ))
        }
        (OrderState::Fulfilled, _) => Report::new(Kind::Order, format!("order {id} is fulfilled")),
        (state, halt) => {
            let why = match halt {
                Halt::TimeUp => "the time to wait is over",
                Halt::HeldElsewhere => "another process works on it",
                Halt::Stopped | Halt::Settled => "interrupted",
            };
            let kind = if halt == Halt::Stopped {
                Kind::Interrupted
            } else {
                Kind::Unfinished
            };
            let stands = state_sentence(state);
            Report::new(
                kind,
                format!("order {id} is unfinished ({why}): {stands}; {money}"),
            )
            .hint(resume(id))
        }
    };
    report.order(id).money(order.money_may_have_moved())
}

fn app(error: &AppError) -> Report {
    let report = Report {
        money_may_have_moved: error.money_may_have_moved(),
        ..Report::named(error.kind(), error.to_string())
    };
    match error {
        AppError::Provider(error) => provider(report, error),
        AppError::Journal(JournalError::NotFound(_)) => {
            report.hint("`roamport order list` shows those there are")
        }
        AppError::Journal(_) => report,
        AppError::Refused(refusal) => refused(report, refusal),
        AppError::Decision(error) => decision(report, error),
        AppError::UnknownCountry { .. } => {
            report.hint("give an ISO 3166-1 code such as FR, or an English name such as France")
        }
        AppError::UnknownDestination { .. } => {
            report.hint("`roamport destinations` lists those there are")
        }
        AppError::KeyReused { order, .. } => report
            .hint(format!(
                "`roamport order show {order}` shows what the key is for"
            ))
            .order(*order),
        AppError::OtherProvider {
            order,
            started_with,
            current,
        } => report
            .hint(back_to(*order, started_with, current))
            .order(*order),
        AppError::CancellationNotRecorded { order, .. } => report.order(*order),
        AppError::AnswerNotRecorded { order, .. } => report.hint(resume(*order)).order(*order),
        _ => report.hint("`roamport order list` shows whether an order was left unfinished"),
    }
}

fn back_to(order: OrderId, first: &ProviderInstance, now: &ProviderInstance) -> String {
    if first.name == now.name {
        format!(
            "set its address back to {}, then {}",
            first.base_url,
            resume(order)
        )
    } else {
        format!(
            "`roamport --provider {} order resume {order}` carries it on, with that provider's settings \
             as they were; nothing was sent, and nothing is bought twice",
            first.name
        )
    }
}

fn refused(report: Report, refusal: &Refusal) -> Report {
    match refusal {
        Refusal::UnknownPackage { .. } => {
            report.hint("`roamport packages --country FR` lists packages with their ids")
        }
        Refusal::IncompatiblePackage { esim, .. } => {
            report.hint(format!("`roamport topup packages {esim}` lists what fits"))
        }
        Refusal::TravelDateMissing { .. } => {
            report.hint("add --start-date YYYY-MM-DD with the day the journey starts")
        }
        Refusal::AboveMaximum { .. } => {
            report.hint("raise --max-price, or choose a cheaper package")
        }
        Refusal::WalletShort { .. } => report.hint("`roamport balance` shows the wallet"),
        Refusal::Days { .. } => report.hint(
            "`roamport packages` shows for how many days a package is sold; say them with --days",
        ),
        Refusal::NotBoughtHere { .. } => {
            report.hint("`roamport order list` shows the eSIMs bought here")
        }
        Refusal::AboveLimit { .. } => report.hint("lower --quantity, or make several orders"),
        _ => report,
    }
}

fn decision(report: Report, error: &DecisionError) -> Report {
    match error {
        DecisionError::NotPossible { order, .. } => report
            .hint(format!(
                "`roamport order review {order}` shows what can be decided"
            ))
            .order(*order),
        DecisionError::NotChecked { order } => report
            .hint("`roamport order review ID` and `roamport reconcile` help to look; then add --i-have-checked")
            .order(*order),
        DecisionError::UnknownProviderOrder { .. } => report
            .hint("take the id from the provider's portal, from `roamport order review ID` or from `roamport reconcile`"),
        DecisionError::BelongsToAnother { .. } => {
            report.hint("`roamport order list` shows the orders there are")
        }
        DecisionError::StillThere { order, .. } => report
            .hint(format!(
                "`roamport order resume {order}` looks again, `roamport order attach {order} PROVIDER_ORDER` takes one as the one"
            ))
            .order(*order),
        DecisionError::HeldElsewhere { order } => report.order(*order),
        _ => report,
    }
}

fn provider(report: Report, error: &ProviderError) -> Report {
    match error.kind() {
        ErrorKind::Unavailable | ErrorKind::RateLimited => report.hint(
            "try again in a while; `roamport config show` tells where the provider is looked for",
        ),
        ErrorKind::InvalidResponse => report.hint(
            "the provider may have changed its answers, or something stands between; -vv shows more",
        ),
        ErrorKind::Unauthorized | ErrorKind::Config => report.hint(
            "check address and credentials in the settings; `roamport config show` tells where they come from",
        ),
        ErrorKind::NotFound if error.operation() == Operation::Esim => report
            .hint("check the eSIM id or ICCID; `roamport order list` shows the eSIMs bought here"),
        _ => report,
    }
}
