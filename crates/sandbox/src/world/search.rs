//! Looking things up: orders and eSIMs as the provider's read calls find them.

use super::World;
use super::record::{EsimRecord, OrderRecord};
use super::refusal::WorldError;
use crate::switches::ReferenceSearch;

/// Which orders are looked for. Empty looks for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderSearch {
    /// The provider's id, in either dialect.
    pub id: Option<String>,
    /// The caller's reference.
    pub reference: Option<String>,
    /// The state, such as `COMPLETED`.
    pub state: Option<String>,
    /// How the reference is compared; as the switch says where none is given.
    pub compare: Option<ReferenceSearch>,
}

impl World {
    /// Every order, visible or not, oldest first.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn orders(&self) -> Result<Vec<OrderRecord>, WorldError> {
        self.transact(|transaction| Ok(transaction.contents.orders.clone()))
    }

    /// Every eSIM, oldest first.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn esims(&self) -> Result<Vec<EsimRecord>, WorldError> {
        self.transact(|transaction| Ok(transaction.contents.esims.clone()))
    }

    /// The visible orders that match, at most `limit` of them, and whether there are more. In the
    /// order of the switch: newest first.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn find_orders(
        &self,
        search: &OrderSearch,
        limit: usize,
    ) -> Result<(Vec<OrderRecord>, bool), WorldError> {
        self.transact(|transaction| {
            let contents = &*transaction.contents;
            let usual = contents.switches.reference_search;
            let compare = search.compare.unwrap_or(usual);
            let now = transaction.now;
            let fits = |order: &&OrderRecord| {
                order.visible_from <= now
                    && search
                        .id
                        .as_ref()
                        .is_none_or(|id| *id == order.id || id == order.number())
                    && search
                        .state
                        .as_ref()
                        .is_none_or(|state| state == order.state(now))
            };
            let listed: Box<dyn DoubleEndedIterator<Item = &OrderRecord>> =
                match (&search.id, &search.reference) {
                    (Some(id), None) => Box::new(contents.order(id).into_iter()),
                    (_, Some(reference)) if compare == ReferenceSearch::Equals => {
                        Box::new(contents.orders_under(reference))
                    }
                    (_, Some(reference)) => Box::new(contents.orders.iter().filter(move |order| {
                        compare.finds(reference, order.reference.as_deref().unwrap_or_default())
                    })),
                    (None, None) => Box::new(contents.orders.iter()),
                };
            let listed: Box<dyn Iterator<Item = &OrderRecord>> = if contents.switches.newest_first {
                Box::new(listed.rev())
            } else {
                Box::new(listed)
            };
            let mut found: Vec<OrderRecord> = listed
                .filter(fits)
                .take(limit.saturating_add(1))
                .cloned()
                .collect();
            let more = found.len() > limit;
            found.truncate(limit);
            Ok((found, more))
        })
    }

    /// The eSIM of this id.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn find_esim(&self, id: &str) -> Result<Option<EsimRecord>, WorldError> {
        self.transact(|transaction| {
            let esim = transaction.contents.esim(id);
            let seen =
                esim.filter(|esim| !transaction.lagging || esim.created_at <= transaction.now);
            Ok(seen.cloned())
        })
    }

    /// The eSIM of this card number, once its profile is there.
    pub(crate) fn find_esim_by_iccid(&self, iccid: &str) -> Result<Option<EsimRecord>, WorldError> {
        self.transact(|transaction| {
            Ok(transaction
                .contents
                .esim_by_iccid(iccid, transaction.now)
                .cloned())
        })
    }

    /// The eSIMs of visible orders, in the order of the switch, that pass `fits`; at most `limit`.
    pub(crate) fn list_esims(
        &self,
        limit: usize,
        fits: impl Fn(&EsimRecord, jiff::Timestamp) -> bool,
    ) -> Result<Vec<EsimRecord>, WorldError> {
        self.transact(|transaction| {
            let contents = &*transaction.contents;
            let visible = |esim: &&EsimRecord| {
                contents
                    .order(&esim.order_id)
                    .is_some_and(|order| order.visible_from <= transaction.now)
            };
            let listed = contents.esims.iter();
            let listed: Box<dyn Iterator<Item = &EsimRecord>> = if contents.switches.newest_first {
                Box::new(listed.rev())
            } else {
                Box::new(listed)
            };
            Ok(listed
                .filter(visible)
                .filter(|esim| fits(esim, transaction.now))
                .take(limit)
                .cloned()
                .collect())
        })
    }

    /// By how many rows the catalogue has moved: those from its end, and those repeated in front.
    pub(crate) fn moved(&self) -> Result<(u64, u64), WorldError> {
        self.transact(|transaction| {
            Ok((transaction.contents.rotated, transaction.contents.inserted))
        })
    }
}
