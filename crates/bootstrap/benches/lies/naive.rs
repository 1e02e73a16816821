//! Clients that leave out one care: what each of them makes of an answer before it reads it.
//!
//! The order machine stays as it is. A careless client is one to which some of what the answer says
//! never gets through, so the answer is changed once more behind the liar, after it was written down.

use std::collections::HashMap;

use roamport_provider_http::in_process::BrokenConnection;
use roamport_sandbox::Dialect;
use roamport_sandbox::http::InProcessAnswer;

use super::json::Json;
use super::transcript::{Asked, Call};

/// A care that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naive {
    /// An order under a reference that is nearly ours is none of ours.
    NearIsAbsent,
    /// Rows under another reference say nothing about the filter.
    DropsForeignRows,
    /// The direct answer to a purchase is about what was bought.
    TrustsDirectAnswers,
    /// Any 4xx says that nothing was bought.
    EveryRefusalIsFinal,
    /// All credentials reach the same orders.
    IgnoresTheAccount,
    /// The wallet is asked whether it suffices, and never compared.
    IgnoresTheWallet,
    /// The control order is always found.
    IgnoresTheControl,
    /// A success without the documented form is an empty list.
    TakesAnyForm,
    /// Any 2xx, and 404, is as good as 200.
    TakesAnyStatus,
    /// A look-up that fails found nothing.
    FailureIsAbsence,
    /// An old answer is as good as a new one.
    IgnoresTheCache,
    /// An eSIM with a code can be used, whatever its state.
    IgnoresDeadStates,
    /// What was ordered is what was sold.
    TrustsTheGoods,
    /// The first look-up after a purchase says it all.
    LooksOnce,
    /// A purchase that fails at the server was not made.
    ServerErrorIsFinal,
}

type Outcome = Result<(InProcessAnswer, bool), BrokenConnection>;

/// What a client remembers between two answers.
pub(crate) type Memory = HashMap<&'static str, String>;

/// What a refusal is remembered as.
const REFUSED: &str = "refused";

/// What the control order is remembered as.
pub(crate) const CONTROL: &str = "control";

impl Naive {
    pub(crate) const ALL: [(Self, &'static str); 15] = [
        (Self::NearIsAbsent, "accepts near references as absence"),
        (Self::DropsForeignRows, "drops foreign rows"),
        (
            Self::TrustsDirectAnswers,
            "skips the comparison on direct answers",
        ),
        (Self::EveryRefusalIsFinal, "treats any 4xx as refused"),
        (Self::IgnoresTheAccount, "ignores the account"),
        (Self::IgnoresTheWallet, "never compares the wallet"),
        (Self::IgnoresTheControl, "never asks for the control order"),
        (Self::TakesAnyForm, "reads any form as an empty list"),
        (Self::TakesAnyStatus, "takes any 2xx, and 404, for 200"),
        (Self::FailureIsAbsence, "takes a failed lookup for absence"),
        (Self::IgnoresTheCache, "takes an answer from a cache"),
        (Self::IgnoresDeadStates, "delivers whatever has a code"),
        (Self::TrustsTheGoods, "never compares the packages"),
        (Self::LooksOnce, "looks once"),
        (Self::ServerErrorIsFinal, "treats any 5xx as refused"),
    ];

    /// The answer as such a client reads it.
    pub(crate) fn reads(
        self,
        dialect: Dialect,
        call: Call,
        asked: &Asked,
        ordered: Option<&str>,
        memory: &mut Memory,
        outcome: Outcome,
    ) -> Outcome {
        let ordered = ordered.unwrap_or_default();
        let for_ours = asked.reference.as_deref() == Some(ordered);
        let looks = call == Call::FindByReference;
        if self == Self::FailureIsAbsence && looks {
            return Ok(match outcome {
                Ok((answer, true)) if is_list(&answer) => (answer, true),
                _ => (nothing_found(), true),
            });
        }
        let (mut answer, whole) = outcome?;
        match self {
            Self::NearIsAbsent | Self::DropsForeignRows if looks => {
                let wanted = asked.reference.as_deref().unwrap_or_default();
                edit(&mut answer, |body| {
                    if let Some(Json::List(rows)) = body.at_mut(&["data", "orders"]) {
                        rows.retain(|row| {
                            let named = row.get("referenceId").and_then(Json::as_text);
                            named.is_none_or(|named| named == wanted || !self.drops(named, wanted))
                        });
                    }
                });
            }
            Self::TrustsDirectAnswers if call.buys() => edit(&mut answer, |body| {
                for path in [["data", "referenceId"], ["obj", "transactionId"]] {
                    if let Some(value) = body.at_mut(&path) {
                        *value = Json::text(ordered);
                    }
                }
            }),
            Self::EveryRefusalIsFinal if call.buys() && (400..500).contains(&answer.status) => {
                answer = refusal(dialect);
                memory.insert(REFUSED, String::new());
            }
            Self::ServerErrorIsFinal if call.buys() && answer.status >= 500 => {
                answer = refusal(dialect);
                memory.insert(REFUSED, String::new());
            }
            // Such a client does not look again after a refusal.
            Self::EveryRefusalIsFinal | Self::ServerErrorIsFinal
                if (looks || call == Call::List) && memory.contains_key(REFUSED) =>
            {
                answer = nothing_found();
            }
            Self::EveryRefusalIsFinal | Self::ServerErrorIsFinal if call == Call::Wallet => {
                let text = || String::from_utf8_lossy(&answer.body).into_owned();
                let first = memory.entry("wallet").or_insert_with(text).clone();
                if memory.contains_key(REFUSED) {
                    answer.body = first.into_bytes();
                }
            }
            Self::IgnoresTheWallet if call == Call::Wallet && is_success(&answer) => {
                let first = memory.entry("wallet");
                let text = || String::from_utf8_lossy(&answer.body).into_owned();
                let first = first.or_insert_with(text).clone();
                answer.body = first.into_bytes();
            }
            Self::IgnoresTheControl if looks && !for_ours => {
                if let Some(control) = memory.get(CONTROL) {
                    answer.status = 200;
                    answer.body = control.clone().into_bytes();
                }
            }
            Self::TakesAnyForm if looks && is_other_form(&answer) => answer = nothing_found(),
            Self::TakesAnyStatus if looks => match answer.status {
                404 => answer = nothing_found(),
                201..=299 => {
                    answer.status = 200;
                    if answer.body.is_empty() {
                        answer = nothing_found();
                    }
                }
                _ => {}
            },
            Self::IgnoresTheCache => {
                answer
                    .headers
                    .retain(|(name, _)| name != "age" && !name.contains("cache"));
            }
            Self::IgnoresDeadStates => edit(&mut answer, |body| {
                body.visit_mut(&mut |path, value| {
                    let good = match path.last().map(String::as_str) {
                        Some("status") if path.len() > 1 && !call.finds() => "READY",
                        Some("esimStatus") => "GOT_RESOURCE",
                        Some("smdpStatus") => "RELEASED",
                        _ => return,
                    };
                    if is_dead(value) {
                        *value = Json::text(good);
                    }
                });
            }),
            Self::TrustsTheGoods => trusts_the_goods(call, memory, &mut answer),
            Self::LooksOnce if looks && for_ours && memory.contains_key("bought") => {
                let text = || String::from_utf8_lossy(&answer.body).into_owned();
                let first = memory.entry("lookup").or_insert_with(text).clone();
                answer.status = 200;
                answer.body = first.into_bytes();
            }
            Self::LooksOnce if call.buys() => {
                memory.insert("bought", String::new());
            }
            _ => {}
        }
        Ok((answer, whole))
    }

    /// Whether this client leaves out a row under another reference.
    fn drops(self, named: &str, wanted: &str) -> bool {
        match self {
            Self::DropsForeignRows => true,
            _ => is_near(named, wanted),
        }
    }
}

/// Every order is of the package that was read last before it.
fn trusts_the_goods(call: Call, memory: &mut Memory, answer: &mut InProcessAnswer) {
    let names = ["packageId", "packageCode"];
    edit(answer, |body| {
        body.visit_mut(&mut |path, value| {
            if !path
                .last()
                .is_some_and(|name| names.contains(&name.as_str()))
            {
                return;
            }
            if matches!(call, Call::Packages) {
                if let Some(package) = value.as_text() {
                    memory.insert("package", package.to_owned());
                }
            } else if (call.finds() || call == Call::Purchase)
                && let Some(package) = memory.get("package")
            {
                *value = Json::text(package.clone());
            }
        });
    });
}

fn is_success(answer: &InProcessAnswer) -> bool {
    answer.status == 200
        && Json::parse(&answer.body)
            .is_some_and(|body| body.get("data").is_some() || body.get("obj").is_some())
}

fn is_list(answer: &InProcessAnswer) -> bool {
    let body = Json::parse(&answer.body);
    answer.status == 200
        && body.is_some_and(|body| {
            body.get("status").and_then(Json::as_text) == Some("success")
                && body
                    .at(&["data", "orders"])
                    .and_then(Json::as_list)
                    .is_some()
        })
}

/// JSON with 200, and no list where one belongs.
fn is_other_form(answer: &InProcessAnswer) -> bool {
    answer.status == 200 && !is_list(answer) && Json::parse(&answer.body).is_some()
}

fn is_dead(value: &Json) -> bool {
    let word = value.as_text().unwrap_or_default();
    [
        "DELETED",
        "EXPIRED",
        "FAILED",
        "SUSPENDED",
        "REVOKED",
        "REVOKE",
        "CANCEL",
        "CANCELLED",
        "REFUNDED",
        "USED_EXPIRED",
        "UNUSED_EXPIRED",
    ]
    .contains(&word)
}

fn nothing_found() -> InProcessAnswer {
    InProcessAnswer {
        status: 200,
        headers: Vec::new(),
        body: br#"{"status":"success","data":{"orders":[]}}"#.to_vec(),
    }
}

fn refusal(dialect: Dialect) -> InProcessAnswer {
    let (status, body): (u16, &[u8]) = match dialect {
        Dialect::Roamify => (400, br#"{"error":"\"items\" is required"}"#),
        Dialect::EsimAccess => (
            200,
            br#"{"success":false,"errorCode":"200008","errorMsg":"refused","obj":null}"#,
        ),
    };
    InProcessAnswer {
        status,
        headers: Vec::new(),
        body: body.to_vec(),
    }
}

fn is_near(named: &str, wanted: &str) -> bool {
    let bare = |text: &str| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|character| match character.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect()
    };
    let (named, wanted) = (bare(named), bare(wanted));
    named == wanted
        || (0..named.len().saturating_sub(11))
            .filter_map(|start| named.get(start..start + 12))
            .any(|part| wanted.contains(part))
}

fn edit(answer: &mut InProcessAnswer, change: impl FnOnce(&mut Json)) {
    if let Some(mut body) = Json::parse(&answer.body) {
        change(&mut body);
        answer.body = body.to_string().into_bytes();
    }
}
