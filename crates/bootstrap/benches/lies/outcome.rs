//! What came of a case between processes: bought, read, joined with the provider's world, judged.

use std::net::SocketAddr;
use std::process::Output;
use std::time::Duration;

use roamport_sandbox::Dialect;

use super::detectable::{About, contradictions, detectable};
use super::judge;
use super::proxy::{Liar, Play};
use super::stage::names_of;
use super::transcript::{Known, KnownEsim, Ordered, Transcript};
use super::wire::{PACKAGE, STARTS, TOKEN, Wire, buy, command};

impl Liar {
    /// Buys until the order rests, and judges what came of it.
    pub(crate) fn live(&self, wire: &Wire, play: &Play, address: SocketAddr) -> judge::Verdict {
        let mut verdict = judge::Verdict::default();
        let mut kill = play.kill_after;
        for _ in 0..STARTS {
            let killed = kill.take();
            let bought = match buy(wire, play.case.dialect, address, &play.key, killed) {
                Ok(bought) => bought,
                Err(error) => {
                    verdict
                        .problems
                        .push(format!("`roamport buy` did not run: {error}"));
                    return verdict;
                }
            };
            play.state().kills += u32::from(killed.is_some());
            self.read_output(&mut verdict, play, &bought);
            let ended = bought.status.code().is_some();
            if ended && killed.is_none() && Self::is_at_rest(wire, play, address) {
                break;
            }
            std::thread::sleep(Duration::from_secs(3));
        }
        self.judge(wire, play, address, &mut verdict);
        verdict
    }

    /// What a terminal and a log would show.
    fn read_output(&self, verdict: &mut judge::Verdict, play: &Play, output: &Output) {
        let names = self.names(&play.reference);
        for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            let text = String::from_utf8_lossy(bytes);
            if text.contains("panicked at") {
                verdict.problems.push(format!("{stream} tells of a panic"));
            }
            let strange = text.chars().find(|character| {
                (character.is_control() && !matches!(character, '\n' | '\t'))
                    || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            });
            if let Some(strange) = strange {
                verdict.problems.push(format!("{stream} shows {strange:?}"));
            }
            let secret = text.contains(TOKEN)
                || stream == "stderr" && names.codes.iter().any(|code| text.contains(code));
            if secret {
                verdict.problems.push(format!("{stream} shows a secret"));
            }
        }
    }

    fn is_at_rest(wire: &Wire, play: &Play, address: SocketAddr) -> bool {
        let shown = shown(wire, play, address);
        let state = shown
            .as_ref()
            .and_then(|shown| shown["order"]["state"].as_str());
        state.is_none_or(is_settled)
    }

    fn judge(&self, wire: &Wire, play: &Play, address: SocketAddr, verdict: &mut judge::Verdict) {
        let place = usize::from(play.case.dialect == Dialect::EsimAccess);
        let control = self.names(&self.controls[place]);
        let charged = self.orders(&play.reference);
        let state = play.state();
        let transcript = Transcript {
            dialect: play.case.dialect,
            ordered: Ordered {
                reference: play.reference.clone(),
                packages: vec![PACKAGE.to_owned()],
                total: 17_600,
                target: None,
            },
            known: vec![Known {
                reference: control.reference.clone(),
                order: control.orders[place].clone(),
                esims: vec![KnownEsim {
                    id: control
                        .esims
                        .first()
                        .map(|esim| esim[place].clone())
                        .unwrap_or_default(),
                    iccid: control.cards.first().cloned().unwrap_or_default(),
                    code: control.codes.first().cloned().unwrap_or_default(),
                }],
                account: 0,
            }],
            exchanges: state.exchanges.clone(),
        };
        verdict.undetectable = contradictions(&transcript).is_empty();
        let witnesses = state.witnesses.last().cloned();
        drop(state);
        let Some(shown) = shown(wire, play, address) else {
            if !charged.is_empty() {
                verdict
                    .problems
                    .push("charged, and the order is not in the journal".to_owned());
            }
            return;
        };
        let order = &shown["order"];
        let word = order["state"].as_str().unwrap_or_default();
        let count = charged.len() as u64;
        if count > 1 {
            let mut prefix = transcript.clone();
            if let Some((before, said)) = witnesses {
                prefix.exchanges.truncate(before);
                prefix.exchanges.extend(said);
            }
            if count > 2 || detectable(&prefix, About::Money) {
                let against = contradictions(&prefix);
                verdict
                    .problems
                    .push(format!("charged {count} times, against {against:?}"));
            } else {
                verdict.undetected_charges += count - 1;
            }
        }
        if matches!(word, "failed" | "canceled" | "cancelled") && count > 0 {
            if detectable(&transcript, About::Money) {
                let against = contradictions(&transcript);
                verdict
                    .problems
                    .push(format!("charged and {word}, against {against:?}"));
            } else {
                verdict.undetected_failures += 1;
            }
        }
        if word == "fulfilled" {
            let mut bought: Vec<String> = Vec::new();
            for charge in &charged {
                let names = names_of(&self.world, |order| order.id == charge.id);
                bought.extend(
                    names
                        .esims
                        .into_iter()
                        .map(|[one, two]| if place == 0 { one } else { two }),
                );
            }
            let text = shown.to_string();
            let delivered = bought.iter().any(|esim| text.contains(esim));
            let before = control.esims.iter().any(|esim| text.contains(&esim[place]));
            if !delivered || before {
                let what = if before {
                    "delivered before"
                } else {
                    "not what was bought"
                };
                if detectable(&transcript, About::Goods) {
                    let against = contradictions(&transcript);
                    verdict
                        .problems
                        .push(format!("fulfilled, but {what}, against {against:?}"));
                } else {
                    verdict.undetected_goods += 1;
                }
            }
        }
        let reasons = order["attention"].as_array().map_or(0, Vec::len);
        if !is_settled(word) && reasons == 0 {
            verdict
                .problems
                .push(format!("the order is {word} and never came to rest"));
        }
    }
}

fn is_settled(state: &str) -> bool {
    matches!(
        state,
        "fulfilled" | "failed" | "cancelled" | "canceled" | "needs_attention" | "needs-attention"
    )
}

/// What `roamport order show` says of the order of a case.
fn shown(wire: &Wire, play: &Play, address: SocketAddr) -> Option<serde_json::Value> {
    let words = ["order", "list", "--json"];
    let output = command(wire, play.case.dialect, address, &words)
        .output()
        .ok()?;
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    let orders = list["orders"].as_array()?;
    let order = orders
        .iter()
        .find(|order| order["key"] == play.key.as_str())?;
    let id = order["id"].as_str()?;
    let words = ["order", "show", id, "--json"];
    let output = command(wire, play.case.dialect, address, &words)
        .output()
        .ok()?;
    serde_json::from_slice(&output.stdout).ok()
}
