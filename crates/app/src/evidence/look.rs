//! One lookup of an order, with as many witnesses as its purpose needs.

use futures::TryStreamExt as _;
use jiff::Timestamp;
use roamport_domain::journal::{JournalError, OrderFilter};
use roamport_domain::order::comparison::differences;
use roamport_domain::order::{
    Absence, Adoption, ControlEvidence, Doubt, FilterEvidence, LookUpEvidence, LookUpResult,
    PlacedOrder, WalletEvidence,
};
use roamport_domain::provider::{AnswerForm, FoundOrders, OrderLookup, ProviderOrder};
use roamport_domain::{EsimProvider as _, Monotonic, Order};

use super::control::{control, filter_holds};
use super::list::list;
use super::rows::{Ours, Sorted, sort};
use super::wallet::wallet;
use crate::OrdersParts;

/// What a lookup gave.
pub(crate) struct Look {
    /// When it was started, on the journal's clock.
    pub(crate) started_at: Timestamp,
    /// When the provider's orders were last read, on this process's clock.
    pub(crate) ended: Monotonic,
    /// What it found.
    pub(crate) result: LookUpResult,
    /// What that proves; absent where no usable answer came.
    pub(crate) evidence: Option<Box<LookUpEvidence>>,
}

/// Looks for `order` at the provider. With `proof`, finding nothing is to allow another purchase call,
/// so that every witness is asked.
pub(crate) async fn look(
    parts: &OrdersParts,
    order: &Order,
    proof: bool,
) -> Result<Look, JournalError> {
    let started_at = parts.journal.now().await?;
    let mut evidence = LookUpEvidence {
        absence: Absence::Weak,
        filter: FilterEvidence::Held,
        control: ControlEvidence::NotAsked,
        wallet: WalletEvidence::Silent,
        fresh: true,
        look_alikes: Vec::new(),
        candidates: Vec::new(),
        adoption: None,
        different: Vec::new(),
        unreadable: Vec::new(),
    };
    let failed = |message: String| Look {
        started_at,
        ended: parts.clock.monotonic(),
        result: LookUpResult::Unhealthy { message },
        evidence: None,
    };
    // The witnesses come first, so that the lookup itself is as fresh as can be when a call follows.
    if proof {
        evidence.wallet = wallet(parts, order).await?;
        match control(parts, order, started_at).await? {
            Ok(control) => evidence.control = control,
            Err(error) => return Ok(failed(error.to_string())),
        }
    }
    let lookup = OrderLookup::Reference {
        reference: order.requested().reference.clone(),
        not_before: order.requested().at,
    };
    let found = match parts.provider.find_orders(&lookup).await {
        Ok(found) => found,
        Err(error) => return Ok(failed(error.to_string())),
    };
    evidence.fresh = found.fresh;
    let found = judge(parts, order, proof, found, &mut evidence).await?;
    Ok(Look {
        started_at,
        ended: parts.clock.monotonic(),
        result: LookUpResult::Healthy { found },
        evidence: Some(Box::new(evidence)),
    })
}

/// Takes what the answer says into `evidence`; returns the orders that are ours.
async fn judge(
    parts: &OrdersParts,
    order: &Order,
    proof: bool,
    found: FoundOrders,
    evidence: &mut LookUpEvidence,
) -> Result<Vec<PlacedOrder>, JournalError> {
    let quiet = parts
        .policy
        .quiet_period_for(&parts.provider.capabilities());
    let (form, complete, rows) = (found.form, found.complete, found.orders.len());
    let mut sorted = sort(order, quiet, found.orders);
    if !sorted.ours.is_empty() {
        return Ok(adopt(order, &sorted.ours, evidence));
    }
    not_of_others(parts, &mut sorted.candidates).await?;
    if let [candidate] = sorted.candidates.as_slice()
        && rows == 1
        && filter_holds(parts, order).await
    {
        let ours = Ours {
            order: candidate.clone(),
            adoption: Some(Adoption::OnlyCandidate),
        };
        return Ok(adopt(order, &[ours], evidence));
    }
    let is_ignored = sorted.foreign > 0 || !sorted.candidates.is_empty();
    let mut list_proves = false;
    if is_ignored {
        evidence.filter = FilterEvidence::Ignored;
        if proof && let Some(mut listed) = list(parts, order, quiet).await? {
            if !listed.sorted.ours.is_empty() {
                return Ok(adopt(order, &listed.sorted.ours, evidence));
            }
            not_of_others(parts, &mut listed.sorted.candidates).await?;
            list_proves = listed.is_proof;
            merge(&mut sorted, listed.sorted);
            if list_proves {
                evidence.filter = FilterEvidence::ListRead;
            }
        }
    }
    evidence.look_alikes = sorted.look_alikes;
    evidence.candidates = sorted.candidates.into_iter().map(|row| row.id).collect();
    if proof {
        let form = is_documented(parts, form).await?;
        let complete = complete || list_proves;
        evidence.absence = absence(form, complete, evidence);
    }
    Ok(Vec::new())
}

fn adopt(order: &Order, ours: &[Ours], evidence: &mut LookUpEvidence) -> Vec<PlacedOrder> {
    if let [only] = ours {
        evidence.adoption = only.adoption;
        evidence.different = differences(order, &only.order);
        evidence.unreadable.clone_from(&only.order.oddities);
    }
    ours.iter()
        .map(|ours| PlacedOrder::of(&ours.order, &order.requested().content))
        .collect()
}

fn merge(sorted: &mut Sorted, listed: Sorted) {
    for id in listed.look_alikes {
        if !sorted.look_alikes.contains(&id) {
            sorted.look_alikes.push(id);
        }
    }
    for row in listed.candidates {
        if !sorted.candidates.iter().any(|known| known.id == row.id) {
            sorted.candidates.push(row);
        }
    }
}

/// Leaves out what belongs to an order of this journal already.
async fn not_of_others(
    parts: &OrdersParts,
    rows: &mut Vec<ProviderOrder>,
) -> Result<(), JournalError> {
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows.drain(..) {
        let filter = OrderFilter {
            provider: Some(parts.instance.name.clone()),
            provider_order: Some(row.id.clone()),
            ..OrderFilter::default()
        };
        if parts.journal.list(filter).try_next().await?.is_none() {
            kept.push(row);
        }
    }
    *rows = kept;
    Ok(())
}

/// Whether the answer has the documented form of none: the empty list, or the very 404 by which a probe
/// of this account saw that the provider says so.
async fn is_documented(parts: &OrdersParts, form: AnswerForm) -> Result<bool, JournalError> {
    match form {
        AnswerForm::Documented => Ok(true),
        AnswerForm::Tolerated => Ok(false),
        AnswerForm::NotFound(body) => {
            let probe = parts.accounts.probe(&parts.account).await?;
            Ok(probe.is_some_and(|probe| probe.none_body.as_ref() == Some(&body)))
        }
    }
}

/// What finding nothing is worth. The first doubt counts.
fn absence(documented: bool, complete: bool, evidence: &LookUpEvidence) -> Absence {
    let resembles = !evidence.look_alikes.is_empty() || !evidence.candidates.is_empty();
    let doubts = [
        (!documented, Doubt::Form),
        (!evidence.fresh, Doubt::Stale),
        (resembles, Doubt::Resembles),
        (evidence.filter == FilterEvidence::Ignored, Doubt::Filter),
        (!complete, Doubt::Cut),
        (
            matches!(evidence.control, ControlEvidence::Missing { .. }),
            Doubt::Control,
        ),
        (
            matches!(
                evidence.wallet,
                WalletEvidence::Short { .. } | WalletEvidence::Undecided { .. }
            ),
            Doubt::Wallet,
        ),
    ];
    match doubts.into_iter().find(|(speaks, _)| *speaks) {
        Some((_, doubt)) => Absence::Unproven { doubt },
        None => Absence::Proven,
    }
}
