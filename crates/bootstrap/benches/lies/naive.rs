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
}

type Outcome = Result<(InProcessAnswer, bool), BrokenConnection>;

impl Naive {
    pub(crate) const ALL: [(Self, &'static str); 5] = [
        (Self::NearIsAbsent, "accepts near references as absence"),
        (Self::DropsForeignRows, "drops foreign rows"),
        (
            Self::TrustsDirectAnswers,
            "skips the comparison on direct answers",
        ),
        (Self::EveryRefusalIsFinal, "treats any 4xx as refused"),
        (Self::IgnoresTheAccount, "ignores the account"),
    ];

    /// The answer as such a client reads it.
    pub(crate) fn reads(
        self,
        dialect: Dialect,
        call: Call,
        asked: &Asked,
        ordered: Option<&str>,
        _memory: &mut HashMap<&'static str, String>,
        outcome: Outcome,
    ) -> Outcome {
        let (mut answer, whole) = outcome?;
        match self {
            Self::NearIsAbsent | Self::DropsForeignRows if call == Call::FindByReference => {
                let wanted = asked.reference.as_deref().unwrap_or_default();
                edit(&mut answer, |body| {
                    let rows = body.at_mut(&["data", "orders"]);
                    if let Some(Json::List(rows)) = rows {
                        rows.retain(|row| {
                            let named = row.get("referenceId").and_then(Json::as_text);
                            match named {
                                Some(named) => named == wanted || !self.drops(named, wanted),
                                None => true,
                            }
                        });
                    }
                });
            }
            Self::TrustsDirectAnswers if call.buys() => {
                let ordered = ordered.unwrap_or_default().to_owned();
                edit(&mut answer, |body| {
                    for path in [["data", "referenceId"], ["obj", "transactionId"]] {
                        if let Some(value) = body.at_mut(&path) {
                            *value = Json::text(ordered.clone());
                        }
                    }
                });
            }
            Self::EveryRefusalIsFinal if call.buys() && (400..500).contains(&answer.status) => {
                answer.body = match dialect {
                    Dialect::Roamify => {
                        answer.status = 400;
                        br#"{"error":"\"items\" is required"}"#.to_vec()
                    }
                    Dialect::EsimAccess => {
                        answer.status = 200;
                        br#"{"success":false,"errorCode":"200008","errorMsg":"refused","obj":null}"#
                            .to_vec()
                    }
                };
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
