//! The page of errors: exit codes, kinds of errors, their JSON, where orders need a person, and what
//! each provider's answers mean.

mod answers;
mod attention;

use roamport_domain::order::OrderState;
use roamport_domain::provider::{ErrorKind, Operation, Reaction};
use roamport_domain::{OrderId, ProviderError, ProviderName};

use super::markdown::{block, capital, code, heading, item, paragraph, table};
use roamport_cli::facts;
use roamport_documents::kind::Kind;
use roamport_documents::words::state_sentence;

const INTRODUCTION: &str = "\
An error says what happened, whether money moved and what to do next. A provider's error has a *kind*, for people \
and metrics, and a *reaction*, which code follows. In doubt about a purchase an adapter says `ambiguous`: the order is \
then looked for, and never sent again on a guess.";

/// What each kind means, and what a person does next.
const KINDS: [(ErrorKind, &str, &str); 10] = [
    (
        ErrorKind::Unavailable,
        "Nothing was sent, or a read failed.",
        "Wait. Reads are repeated by themselves; an order waits and is sent while `orders.place_within` allows it.",
    ),
    (
        ErrorKind::RateLimited,
        "Refused before processing, for asking too often.",
        "Wait as long as the provider says. Lower `requests_per_second` where it happens often.",
    ),
    (
        ErrorKind::Ambiguous,
        "An effect may have happened: the answer was lost, or says too little.",
        "`roamport order resume ID` looks for the order and carries it on. Do not buy again beside it.",
    ),
    (
        ErrorKind::Rejected,
        "Understood and refused.",
        "Read the provider's words in the message, and change what was asked for.",
    ),
    (
        ErrorKind::NotFound,
        "There is no such thing, or it belongs to somebody else.",
        "Check the id. `roamport packages` and `roamport order list` show those there are.",
    ),
    (
        ErrorKind::Unsupported,
        "The provider, or this package or eSIM, cannot do that.",
        "`roamport providers` shows what each provider can do.",
    ),
    (
        ErrorKind::InsufficientFunds,
        "The wallet is too small.",
        "Add funds at the provider. `roamport balance` shows the wallet; an order that waits is sent again after that.",
    ),
    (
        ErrorKind::Unauthorized,
        "The credentials are missing, wrong or not allowed to do this.",
        "Check address and credentials. `roamport config show` tells where they come from.",
    ),
    (
        ErrorKind::InvalidResponse,
        "A read was answered with something that cannot be understood.",
        "Check the base URL, and whether something stands between; `-vv` shows more. The provider may have changed.",
    ),
    (
        ErrorKind::Config,
        "Our own settings are wrong.",
        "Check the settings with `roamport config show`.",
    ),
];

/// The fields of an error's JSON.
const FIELDS: [(&str, &str); 6] = [
    ("kind", "what failed: one of the kinds on this page"),
    ("message", "a sentence for a person; its wording may change"),
    ("hint", "what to do next, or `null`"),
    ("exit_code", "how the process ends"),
    (
        "order",
        "the id of the order it is about; left out where there is none",
    ),
    (
        "money_may_have_moved",
        "whether a charge is possible; left out where the failure is not about a purchase",
    ),
];

/// The order of the example.
const ORDER: &str = "01a207c4-85c4-7572-86ed-680789133ff2";

/// The page.
pub(super) fn page() -> String {
    let mut text = String::new();
    paragraph(&mut text, INTRODUCTION);
    exit_codes(&mut text);
    provider_errors(&mut text);
    json(&mut text);
    states(&mut text);
    attention::section(&mut text);
    answers::sections(&mut text);
    text.trim_end().to_owned() + "\n"
}

fn exit_codes(text: &mut String) {
    heading(text, 2, "Exit codes of the command line");
    let rows = facts::exit_codes()
        .map(|(code, meaning)| vec![code.to_string(), format!("{}.", capital(meaning))]);
    table(text, words(["Code", "Means"]), rows.collect());
    paragraph(
        text,
        "Where several orders were carried on, the gravest of their codes is the command's.",
    );
}

fn provider_errors(text: &mut String) {
    heading(text, 2, "Kinds of a provider's error");
    let head = [
        "Kind",
        "What happened",
        "Money of a purchase",
        "Reaction",
        "Exit code",
        "What to do next",
    ];
    let rows = ErrorKind::ALL.iter().map(|kind| {
        let (reaction, money) = reaction(*kind);
        let (happened, next) = explanation(*kind).unwrap_or_default();
        let exit = facts::provider_exit_code(*kind).to_string();
        vec![
            code(kind.as_str()),
            happened.to_owned(),
            money.to_owned(),
            reaction.to_owned(),
            exit,
            next.to_owned(),
        ]
    });
    table(text, words(head), rows.collect());
    paragraph(
        text,
        "Reactions: *retry*: the same call may be made again, for nothing happened. *reconcile*: look, and never repeat. \
         *refuse*: give this request up. *halt*: stop until a person acted; an order waits for it while it may still be \
         sent. The exit code is that of a command that ends with such an error; an order that goes on after it ends as \
         the order does.",
    );
}

/// The reaction as the port gives it, and what it says of money.
fn reaction(kind: ErrorKind) -> (&'static str, &'static str) {
    match error(kind).reaction() {
        Reaction::Retry { .. } => ("retry", "none moved"),
        Reaction::Reconcile => ("reconcile", "**may have moved**"),
        Reaction::Refuse => ("refuse", "none moved"),
        Reaction::Halt => ("halt", "none moved"),
    }
}

fn error(kind: ErrorKind) -> ProviderError {
    let provider = ProviderName::parse("example").expect("seven letters are a provider's name");
    ProviderError::new(kind, provider, Operation::PlaceOrder, "…")
}

fn explanation(kind: ErrorKind) -> Option<(&'static str, &'static str)> {
    let known = KINDS.iter().find(|(known, ..)| *known == kind);
    known.map(|(_, happened, next)| (*happened, *next))
}

fn json(text: &mut String) {
    heading(text, 2, "Errors under `--json`");
    paragraph(
        text,
        "The last line of standard error is then one JSON object. Programs read `kind` and `exit_code`; further fields \
         may be added.",
    );
    block(text, "json", &example());
    for (field, what) in FIELDS {
        item(text, &code(field), &format!("{what}."));
    }
    text.push('\n');
    paragraph(
        text,
        "`kind` is that of the provider's error, from the table above, or one of the command line's own:",
    );
    let rows = Kind::ALL
        .iter()
        .map(|kind| vec![code(kind.as_str()), kind.meaning().to_owned()]);
    table(text, words(["Kind", "Says"]), rows.collect());
}

/// An error with every field, as the program writes it.
fn example() -> String {
    let order: OrderId = ORDER.parse().expect("the example's id is a UUID");
    facts::error_json(error(ErrorKind::Rejected), order)
}

fn states(text: &mut String) {
    heading(text, 2, "States of an order");
    let rows = OrderState::ALL.iter().map(|state| {
        let next = match (state.is_final(), state.is_settled()) {
            (true, _) => "over",
            (false, true) => "**a person decides**",
            (false, false) => "goes on by itself, in a worker or with `roamport order resume`",
        };
        let sentence = format!("{}.", capital(state_sentence(*state)));
        vec![code(state), sentence, next.to_owned()]
    });
    table(text, words(["State", "Means", "What next"]), rows.collect());
}

fn words<const COUNT: usize>(words: [&str; COUNT]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_kind_is_explained_and_no_two_alike() {
        for kind in ErrorKind::ALL {
            let (happened, next) = explanation(kind).unwrap_or_default();
            assert!(happened.ends_with('.') && next.ends_with('.'), "{kind:?}");
        }
        assert_eq!(KINDS.map(|(kind, ..)| kind), ErrorKind::ALL);
    }

    #[test]
    fn only_an_unknown_outcome_may_have_cost_money() {
        let doubtful: Vec<ErrorKind> = ErrorKind::ALL
            .into_iter()
            .filter(|kind| reaction(*kind).1.contains("may have moved"))
            .collect();
        assert_eq!(doubtful, [ErrorKind::Ambiguous]);
    }

    #[test]
    fn every_field_of_the_json_is_explained_and_nothing_else_is() {
        let document: Value = serde_json::from_str(&example()).unwrap();
        let fields: std::collections::BTreeSet<&str> = document["error"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(fields, FIELDS.iter().map(|(field, _)| *field).collect());
    }

    #[test]
    fn the_page_has_every_exit_code_kind_and_state() {
        let page = page();
        let codes = facts::exit_codes()
            .map(|(code, meaning)| format!("| {code} | {}. |\n", capital(meaning)));
        let kinds = ErrorKind::ALL.map(|kind| format!("| `{}` | ", kind.as_str()));
        let own = Kind::ALL
            .iter()
            .map(|kind| format!("| `{}` | {} |\n", kind.as_str(), kind.meaning()));
        let states = OrderState::ALL.map(|state| format!("| `{state}` | "));
        for row in codes.chain(kinds).chain(own).chain(states) {
            assert!(page.contains(&row), "{row}");
        }
    }
}
