//! The judgment over one case, with the provider's ledger as the truth.

use roamport_domain::Order;
use roamport_domain::order::{OrderContent, OrderState};
use roamport_domain::provider::EsimKey;
use roamport_sandbox::Dialect;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::detectable::{About, Contradiction, contradictions, detectable};
use super::living::Lived;
use super::told::{Told, told};
use super::transcript::{Answer, Known, KnownEsim, Ordered, Transcript};

/// The most bytes that one order may leave in the journal for good.
const LARGEST_ORDER: usize = 256 << 10;

/// What came of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    /// Promises that were broken, in words.
    pub(crate) problems: Vec<String>,
    /// Whether nothing in the transcript contradicts anything.
    pub(crate) undetectable: bool,
    /// Harm that nobody could have found out: how many charges too many, and goods that were not what
    /// was bought.
    pub(crate) undetected_charges: u64,
    pub(crate) undetected_failures: u64,
    pub(crate) undetected_goods: u64,
    /// The charges among them that reconciliation showed.
    pub(crate) found: u64,
    /// That harm in words.
    pub(crate) undetected: Vec<String>,
    pub(crate) state: Option<OrderState>,
}

/// Judges a case. `panics` are those of its thread.
pub(crate) async fn judge(lived: &Lived, panics: Vec<String>) -> Verdict {
    let mut verdict = Verdict::default();
    for panic in panics {
        verdict.problems.push(format!("panicked: {panic}"));
    }
    verdict.problems.extend(lived.broken.iter().cloned());
    let (Some(order), Some(earlier)) = (&lived.order, &lived.earlier) else {
        verdict.undetectable = false;
        return verdict;
    };
    verdict.state = Some(order.state());
    let mut transcript = transcript(lived, order, earlier).await;
    verdict.undetectable = contradictions(&transcript).is_empty();
    transcript.exchanges.truncate(lived.rested);
    rests(&mut verdict, order);
    charges(&mut verdict, lived, order, &transcript);
    goods(&mut verdict, lived, order, &transcript).await;
    stored(&mut verdict, lived, order).await;
    verdict
}

/// Every order ends, or names its reason.
fn rests(verdict: &mut Verdict, order: &Order) {
    let state = order.state();
    if !state.is_settled() && order.attention().is_empty() {
        verdict
            .problems
            .push(format!("the order is {state} and never came to rest"));
    }
    if state == OrderState::NeedsAttention && order.attention().is_empty() {
        verdict
            .problems
            .push("it needs attention and names no reason".to_owned());
    }
}

fn charges(verdict: &mut Verdict, lived: &Lived, order: &Order, transcript: &Transcript) {
    let charged = lived.stage.charged();
    let count = charged.len() as u64;
    if count > 2 {
        verdict.problems.push(format!("charged {count} times"));
    }
    if count > 1 {
        let charged_at = lived.stage.elapsed_at(charged[1].created_at);
        // What could be known just before the call that charged again.
        let second = lived.stage.witnesses().into_iter().rfind(|witnesses| {
            let asked_at = witnesses.exchanges.last().map(|exchange| exchange.sent);
            asked_at.is_some_and(|asked_at| asked_at <= charged_at)
        });
        let mut prefix = transcript.clone();
        if let Some(witnesses) = second {
            prefix.exchanges.truncate(witnesses.before);
            prefix.exchanges.extend(witnesses.exchanges);
        }
        let other_account = lived.stage.worlds.iter().all(|world| {
            let orders = world.orders().expect("a world in memory");
            orders
                .iter()
                .any(|order| order.reference.as_deref() == Some(&transcript.ordered.reference))
        });
        if other_account || detectable(&prefix, About::Money) {
            let contradictions = contradictions(&prefix);
            verdict
                .problems
                .push(format!("charged {count} times, against {contradictions:?}"));
        } else {
            verdict.undetected_charges += count - 1;
        }
    }
    let ended = matches!(order.state(), OrderState::Failed | OrderState::Cancelled);
    if ended && count > 0 {
        let mut whole = transcript.clone();
        whole.exchanges.extend(lived.witnesses.iter().cloned());
        if detectable(&whole, About::Money) {
            let contradictions = contradictions(&whole);
            verdict.problems.push(format!(
                "charged {count} times and {}, against {contradictions:?}",
                order.state()
            ));
        } else {
            verdict.undetected_failures += 1;
        }
    }
    // What escaped is shown by reconciliation.
    let known = order.placed().map(|placed| placed.id.as_str().to_owned());
    for charge in &charged {
        let names = lived.stage.told_as(charge);
        if known.as_ref().is_some_and(|known| names.contains(known)) {
            continue;
        }
        if lived.found.iter().any(|found| names.contains(found)) {
            verdict.found += 1;
        } else if ended || (count > 1 && known.is_some()) {
            verdict
                .problems
                .push(format!("nobody was told of the charge {}", charge.id));
        }
    }
}

async fn goods(verdict: &mut Verdict, lived: &Lived, order: &Order, transcript: &Transcript) {
    if order.state() != OrderState::Fulfilled {
        return;
    }
    let mut wrong = Vec::new();
    let charged = lived.stage.charged();
    if charged.is_empty() {
        wrong.push("it was never charged".to_owned());
    }
    if order.requested().content.is_top_up() {
        let target = transcript
            .ordered
            .target
            .as_ref()
            .map(|target| target.id.as_str());
        let place = usize::from(transcript.dialect == Dialect::EsimAccess);
        let world = &lived.stage.worlds[0];
        let esims = world.esims().expect("a world in memory");
        let ours = Some(transcript.ordered.reference.as_str());
        for esim in &esims {
            let mut top_ups = esim.allowances.iter().skip(1);
            let is_topped_up = top_ups.any(|bought| bought.reference.as_deref() == ours);
            let names = [esim.id.as_str(), esim.transaction()];
            if is_topped_up && Some(names[place]) != target {
                wrong.push("another eSIM was topped up".to_owned());
            }
        }
    } else {
        items(&mut wrong, lived, order, transcript).await;
    }
    let contradictions = contradictions(transcript);
    if contradictions.contains(&Contradiction::OtherGoods) {
        wrong.push("the provider said that it sold something else".to_owned());
    }
    if wrong.is_empty() {
        return;
    }
    wrong.dedup();
    if detectable(transcript, About::Goods) {
        let wrong = wrong.join(", ");
        verdict.problems.push(format!(
            "fulfilled, but {wrong}, against {contradictions:?}"
        ));
    } else {
        verdict.undetected_goods += 1;
        verdict
            .undetected
            .push(format!("fulfilled, but {}", wrong.join(", ")));
    }
}

async fn items(wrong: &mut Vec<String>, lived: &Lived, order: &Order, transcript: &Transcript) {
    let place = usize::from(transcript.dialect == Dialect::EsimAccess);
    let charged = lived.stage.charged();
    let is_bought = |id: &String| {
        let mut items = charged.iter().flat_map(|charge| &charge.items);
        items.any(|item| item.esim_id == *id)
    };
    let worlds = lived.stage.worlds.iter();
    let esims = worlds.flat_map(|world| world.esims().expect("a world in memory"));
    let bought: Vec<_> = esims.filter(|esim| is_bought(&esim.id)).collect();
    if order.items().len() != transcript.ordered.packages.len() {
        let delivered = order.items().len();
        wrong.push(format!("{delivered} eSIMs were delivered"));
    }
    for item in order.items() {
        let id = item.esim.as_str();
        let known = transcript.known.iter().flat_map(|known| &known.esims);
        if known
            .into_iter()
            .any(|known| known.id.eq_ignore_ascii_case(id))
        {
            wrong.push(format!("{id} was delivered before"));
            continue;
        }
        let known = bought
            .iter()
            .find(|known| [known.id.as_str(), known.transaction()][place].eq_ignore_ascii_case(id));
        let Some(known) = known else {
            wrong.push(format!("{id} is not what was bought"));
            continue;
        };
        let profile = known.profile.as_ref();
        let key = EsimKey::from_id(item.esim.clone());
        let kept = lived.journal.find_profile(&lived.name, &key).await;
        let Ok(Some(kept)) = kept else {
            wrong.push(format!("{id} has no profile"));
            continue;
        };
        let card = kept.esim.iccid().filter(|iccid| iccid.is_well_formed());
        let card = card.map(|iccid| iccid.as_str().to_owned());
        if card.is_some() && card.as_ref() != profile.map(|profile| &profile.iccid) {
            wrong.push(format!("{id} has another card number"));
        }
        let code = kept.esim.activation().map(roamport_domain::Activation::lpa);
        let code = code
            .as_ref()
            .map(|code| code.expose().to_owned())
            .unwrap_or_default();
        if !profile.is_some_and(|profile| code.ends_with(&profile.activation_code)) {
            wrong.push(format!("{id} has another activation code"));
        }
        if is_dead_as_told(transcript, id) {
            wrong.push(format!("{id} is dead"));
        }
    }
}

/// Whether the last answer about this eSIM says that it can never be used.
fn is_dead_as_told(transcript: &Transcript, id: &str) -> bool {
    let mut dead = false;
    for exchange in transcript
        .exchanges
        .iter()
        .filter(|exchange| !exchange.lost)
    {
        let rows = match told(transcript.dialect, exchange) {
            Told::Esims(rows) => rows,
            Told::Orders(orders) => orders.into_iter().flat_map(|order| order.esims).collect(),
            _ => continue,
        };
        for row in rows {
            if row.id.as_deref() == Some(id) && (row.code.is_some() || row.dead) {
                dead = row.dead;
            }
        }
    }
    dead
}

/// The tokens that every process of the case has. One that a provider tells to another account is a word to it
/// like any other.
pub(crate) fn known_tokens(lived: &Lived) -> impl Iterator<Item = &str> {
    let is_known = !lived.stage.case.other_account;
    let tokens = lived.stage.tokens.iter().map(String::as_str);
    tokens.filter(move |_| is_known)
}

/// What an order leaves behind is bounded, and holds no secret.
async fn stored(verdict: &mut Verdict, lived: &Lived, order: &Order) {
    let events = lived.journal.events(order.id()).await.unwrap_or_default();
    let texts: Vec<String> = events
        .iter()
        .map(|recorded| recorded.event.to_stored())
        .collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    if bytes > LARGEST_ORDER {
        verdict
            .problems
            .push(format!("{bytes} bytes stay in the journal"));
    }
    let reference = order.requested().reference.as_str();
    let names = lived
        .stage
        .names(|record| record.reference.as_deref() == Some(reference));
    let secrets = names
        .codes
        .iter()
        .map(String::as_str)
        .chain(known_tokens(lived));
    for secret in secrets {
        if texts.iter().any(|text| text.contains(secret)) {
            verdict.problems.push("a secret is in an event".to_owned());
        }
    }
}

/// The case as it is handed to the judge of lies.
pub(crate) async fn transcript(lived: &Lived, order: &Order, earlier: &Order) -> Transcript {
    let requested = order.requested();
    let lines = requested.content.lines();
    let packages = lines
        .iter()
        .flat_map(|line| {
            let count = usize::from(line.line.quantity.get());
            std::iter::repeat_n(line.line.package.as_str().to_owned(), count)
        })
        .collect();
    let total = order
        .quoted_total()
        .map(|total| total.amount() * Decimal::from(10_000));
    let known = known(lived, earlier).await;
    let target = match &requested.content {
        OrderContent::TopUp(top_up) => {
            let esims = known.esims.iter();
            let mut esims = esims.filter(|esim| esim.id == top_up.esim.as_str());
            esims.next().cloned()
        }
        OrderContent::Esims { .. } => None,
    };
    Transcript {
        dialect: lived.stage.case.dialect,
        ordered: Ordered {
            reference: requested.reference.as_str().to_owned(),
            packages,
            total: total.and_then(|total| total.to_i64()).unwrap_or_default(),
            target,
        },
        known: vec![known],
        exchanges: lived.stage.exchanges(),
    }
}

async fn known(lived: &Lived, earlier: &Order) -> Known {
    let mut esims = Vec::new();
    for item in earlier.items() {
        let key = EsimKey::from_id(item.esim.clone());
        let kept = lived
            .journal
            .find_profile(&lived.name, &key)
            .await
            .ok()
            .flatten();
        let esim = kept.map(|kept| kept.esim);
        let activation = esim.as_ref().and_then(|esim| esim.activation());
        esims.push(KnownEsim {
            id: item.esim.as_str().to_owned(),
            iccid: esim
                .as_ref()
                .and_then(|esim| esim.iccid())
                .map(|iccid| iccid.as_str().to_owned())
                .unwrap_or_default(),
            code: activation
                .map(|activation| activation.lpa().expose().to_owned())
                .unwrap_or_default(),
        });
    }
    Known {
        reference: earlier.requested().reference.as_str().to_owned(),
        order: earlier
            .placed()
            .map(|placed| placed.id.as_str().to_owned())
            .unwrap_or_default(),
        esims,
        account: u8::from(lived.stage.case.no_control),
    }
}

/// An answer as a line for a person.
pub(crate) fn shown(answer: &Answer) -> String {
    match answer {
        Answer::Nothing => "no answer".to_owned(),
        Answer::Whole {
            status,
            headers,
            body,
        } => {
            let text = String::from_utf8_lossy(body);
            let start: String = text
                .chars()
                .take(400)
                .flat_map(char::escape_default)
                .collect();
            let cached = headers
                .iter()
                .any(|(name, _)| name == "age" || name == "x-cache");
            let cache = if cached { " from a cache" } else { "" };
            let bytes = body.len();
            format!(
                "{status}{cache} ({bytes} bytes) {}",
                start.replace("\\\"", "\"")
            )
        }
    }
}
