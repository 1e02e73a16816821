//! Claims on the journal under test, and whether they are those that had to be given.

use std::collections::BTreeSet;
use std::num::NonZeroU16;

use roamport_domain::OrderId;
use roamport_domain::journal::{Claim, JournalError, OrderFilter, Owner, Version};
use uuid::Uuid;

use super::perform::{Between, Pair, seconds};
use super::reference::{Model, instance};
use super::transition::{Hand, OWNERS, STEP, Transition};
use crate::Verdict;
use crate::journal::{AppendAt as _, sample};
use crate::verdict::{OrBroken as _, ensure};

impl Pair<'_> {
    /// Claims on the journal what a step claims.
    pub(super) async fn claim(
        &self,
        model: &Model,
        transition: &Transition,
    ) -> Verdict<Vec<Claim>> {
        Ok(match transition {
            Transition::Claim {
                place,
                owner,
                lease,
                limit,
            } => {
                let (owner, lease) = (Owner::new(OWNERS[*owner]), seconds(*lease));
                let limit = NonZeroU16::new(*limit).unwrap_or(NonZeroU16::MIN);
                let place = instance(*place);
                let account = sample::account("any");
                let claims = self
                    .journal
                    .claim_for(&place, &account, &owner, lease, limit)
                    .await;
                claims.or_broken("claiming what is due")?
            }
            Transition::ClaimOrder {
                order,
                owner,
                lease,
            } => {
                let owner = Owner::new(OWNERS[*owner]);
                let id = model.orders[order];
                let claim = self.journal.claim_order(id, &owner, seconds(*lease)).await;
                let claim = claim.or_broken("claiming an order")?;
                claim.into_iter().collect()
            }
            _ => Vec::new(),
        })
    }

    /// A claim as its holder has it, or as somebody else says that it is theirs.
    pub(super) fn in_hand(&self, claim: usize, hand: Hand) -> Claim {
        let claim = self.claims[claim].clone();
        match hand {
            Hand::Own => claim,
            Hand::Foreign => Claim {
                owner: Owner::new("nobody"),
                ..claim
            },
        }
    }

    /// Holds the claims that were given against those that had to be.
    pub(super) fn take_claims(
        &mut self,
        transition: &Transition,
        numbers: &[usize],
        given: &[Claim],
        between: Between,
    ) -> Verdict {
        let (Transition::Claim { owner, lease, .. } | Transition::ClaimOrder { owner, lease, .. }) =
            transition
        else {
            return Ok(());
        };
        let expected: Vec<OrderId> = numbers
            .iter()
            .map(|number| self.model.claims[*number])
            .collect();
        let ids: Vec<OrderId> = given.iter().map(|claim| claim.order).collect();
        let unordered = |ids: &[OrderId]| ids.iter().copied().collect::<BTreeSet<_>>();
        ensure(
            ids.len() == expected.len() && unordered(&ids) == unordered(&expected),
            || format!("claimed were {ids:?}; by the contract it is {expected:?}"),
        )?;
        let is_due = |id: &OrderId| self.model.due.get(id).copied();
        let in_order = ids.is_sorted_by_key(is_due) || ids.len() < 2;
        ensure(in_order, || {
            format!("{ids:?} were claimed, not the longest due first")
        })?;
        for claim in given {
            let is_whole = claim.owner == Owner::new(OWNERS[*owner])
                && between.admits(lease * STEP, claim.until);
            ensure(is_whole, || {
                format!("{claim:?} was given between {between:?}, for {lease} steps")
            })?;
            let name = |claim: &Claim| (claim.order, claim.owner.as_str().to_owned(), claim.lease);
            let known = self.claims.iter().any(|known| name(known) == name(claim));
            ensure(!known, || {
                format!("{claim:?} cannot be told from an earlier claim")
            })?;
        }
        for id in expected {
            let claim = given.iter().find(|claim| claim.order == id);
            self.claims.extend(claim.cloned());
        }
        Ok(())
    }

    /// Whatever is asked about an order that is not there, the answer is that there is none.
    pub(super) async fn ask_for_no_order(&self) -> Verdict {
        let id = OrderId::from_uuid(Uuid::from_u128(404));
        let owner = Owner::new(OWNERS[0]);
        let claim = Claim {
            order: id,
            owner: owner.clone(),
            lease: 1,
            until: self.now().await?,
        };
        let (journal, first) = (&self.journal, Version::FIRST);
        let minute = sample::MINUTE;
        let answers = [
            ("load", journal.load(id).await.map(drop)),
            ("events", journal.events(id).await.map(drop)),
            (
                "append",
                journal.append_at(id, first, &[], None).await.map(drop),
            ),
            (
                "claim_order",
                journal.claim_order(id, &owner, minute).await.map(drop),
            ),
            ("wake", journal.wake(id).await),
            ("renew", journal.renew(&claim, minute).await),
            ("release", journal.release(&claim).await),
        ];
        for (call, answer) in answers {
            ensure(
                matches!(answer, Err(JournalError::NotFound(missing)) if missing == id),
                || format!("`{call}` of an order that is not there was answered with {answer:?}"),
            )?;
        }
        let all = OrderFilter {
            esim: Some(sample::esim("nobody's")),
            ..OrderFilter::default()
        };
        let list = self.list(all).await?;
        ensure(list.is_empty(), || {
            format!("an eSIM that nobody bought lists {list:?}")
        })
    }
}
