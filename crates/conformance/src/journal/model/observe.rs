//! Reads everything that a journal shows, and holds it against the model.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use jiff::Timestamp;
use roamport_domain::journal::{OrderFilter, OrderSummary, Pressure};
use roamport_domain::provider::EsimKey;
use roamport_domain::{Iccid, OrderId};

use super::perform::Pair;
use super::reference::instance;
use super::transition::{CARDS, ESIMS, KEYS, PLACES, PROVIDERS, Transition};
use crate::Verdict;
use crate::journal::sample;
use crate::verdict::{OrBroken as _, ensure};

impl Pair<'_> {
    /// Compares everything that can be read without changing it.
    pub(super) async fn compare(&self) -> Verdict {
        let mut updated = BTreeMap::new();
        let orders: Vec<OrderId> = self.model.orders.values().copied().collect();
        for id in &orders {
            updated.insert(*id, self.compare_order(*id).await?);
        }
        self.compare_keys().await?;
        let list = self.list(OrderFilter::default()).await?;
        self.compare_summaries(&list, &orders, &updated)?;
        for provider in 0..PROVIDERS.len() {
            self.compare_pressure(provider).await?;
            self.compare_profiles(provider).await?;
        }
        self.compare_balances().await?;
        self.compare_inbox().await
    }

    /// The whole list of these.
    pub(super) async fn list(&self, filter: OrderFilter) -> Verdict<Vec<OrderSummary>> {
        let list = self.journal.list(filter).try_collect().await;
        list.or_broken("listing orders")
    }

    /// Compares an order and its events; gives when the last one was appended.
    async fn compare_order(&self, id: OrderId) -> Verdict<Timestamp> {
        let life = &self.model.lives[&id];
        let order = self.journal.load(id).await.or_broken("loading an order")?;
        ensure(order == life.order, || {
            format!(
                "order {id} must be\n{:?}\nand was loaded as\n{order:?}",
                life.order
            )
        })?;
        let events = self.journal.events(id).await;
        let events = events.or_broken("reading events")?;
        let told = events.iter().map(|recorded| &recorded.event);
        ensure(told.eq(&life.events), || {
            format!(
                "to order {id} happened\n{:?}\nand read were\n{events:?}",
                life.events
            )
        })?;
        for (recorded, version) in events.iter().zip(1..) {
            let between = self.appended.get(&(id, version));
            let is_whole = recorded.version.count() == version
                && between.is_some_and(|between| between.admits(0, recorded.at));
            ensure(is_whole, || {
                format!(
                    "event {version} of {id}, of {between:?}, bears version {} and {}",
                    recorded.version, recorded.at
                )
            })?;
        }
        let last = events.last().map(|recorded| recorded.at);
        Ok(last.unwrap_or(Timestamp::MIN))
    }

    /// Every key names its order or none, to the letter.
    async fn compare_keys(&self) -> Verdict {
        let keys = (0..KEYS).map(|number| format!("Key {number}"));
        for text in keys.chain(["key 0".to_owned()]) {
            let key = sample::key(&text);
            let found = self.journal.find(&key).await.or_broken("finding by key")?;
            let expected = self.model.keys.get(&key);
            let expected = expected.map(|id| &self.model.lives[id].order);
            ensure(found.as_ref() == expected, || {
                format!("`{text}` names {expected:?}, and found was {found:?}")
            })?;
        }
        Ok(())
    }

    /// Compares what a list with wishes holds.
    pub(super) async fn compare_list(&self, transition: &Transition) -> Verdict {
        let Transition::List {
            states,
            esim,
            like,
            provider,
        } = transition
        else {
            return Ok(());
        };
        let like = like.map(|other| self.model.life(other).order.requested());
        let filter = OrderFilter {
            states: states.clone(),
            esim: esim.map(|esim| sample::esim(ESIMS[esim])),
            fingerprint: like.map(|wish| wish.fingerprint.clone()),
            provider: provider.map(|provider| sample::provider(PROVIDERS[provider])),
            ..OrderFilter::default()
        };
        let list = self.list(filter).await?;
        let mut updated = BTreeMap::new();
        for order in &list {
            updated.insert(order.id, order.updated_at);
        }
        self.compare_summaries(&list, &self.model.listed(transition), &updated)
    }

    /// A list holds these orders, each as it is by now, the newest first.
    fn compare_summaries(
        &self,
        list: &[OrderSummary],
        expected: &[OrderId],
        updated: &BTreeMap<OrderId, Timestamp>,
    ) -> Verdict {
        let mut ids: Vec<OrderId> = list.iter().map(|order| order.id).collect();
        ids.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        ensure(ids == expected, || {
            format!("listed were {ids:?}; by the contract it is {expected:?}")
        })?;
        let newest_first = list.is_sorted_by(|one, next| one.created_at >= next.created_at);
        ensure(newest_first, || format!("not the newest first: {list:?}"))?;
        for order in list {
            let updated = updated.get(&order.id).copied().unwrap_or(Timestamp::MIN);
            let expected = self.model.summary(order.id, updated);
            ensure(*order == expected, || {
                format!("an order is\n{expected:?}\nand was listed as\n{order:?}")
            })?;
        }
        Ok(())
    }

    /// The pressure is what it is at some moment between two readings of the clock.
    async fn compare_pressure(&self, provider: usize) -> Verdict {
        let before = self.model.pressure(provider, self.now().await?);
        let name = sample::provider(PROVIDERS[provider]);
        let pressure = self.journal.pressure(&name).await;
        let pressure = pressure.or_broken("reading the pressure")?;
        let after = self.model.pressure(provider, self.now().await?);
        // As time goes by, each count falls or stays.
        let counts = |of: Pressure| {
            [
                of.reconciling,
                of.settled_last_minute,
                of.unknown_last_minute,
            ]
        };
        let bounds = counts(after).into_iter().zip(counts(before));
        let fits = counts(pressure)
            .into_iter()
            .zip(bounds)
            .all(|(count, (least, most))| least <= count && count <= most);
        ensure(fits, || {
            format!("the pressure at {name} is {after:?}, and read was {pressure:?}")
        })
    }

    /// Every name finds the profile that bears it, at its own provider.
    async fn compare_profiles(&self, provider: usize) -> Verdict {
        let name = sample::provider(PROVIDERS[provider]);
        let card_key = |card: usize| Iccid::parse(CARDS[card]).or_broken("reading a sample");
        let mut cases = Vec::new();
        for card in 0..CARDS.len() {
            let key = EsimKey::from_iccid(card_key(card)?);
            cases.push((key, self.model.profile_by_card(provider, card)));
        }
        for (esim, id) in ESIMS.into_iter().enumerate() {
            let expected = self.model.profile_by_id(provider, esim);
            cases.push((EsimKey::from_id(sample::esim(id)), expected));
            if esim == 0 {
                // The id goes before the card number, whoever bears it.
                let both = EsimKey::new(Some(sample::esim(id)), Some(card_key(0)?));
                cases.push((both.or_broken("naming an eSIM")?, expected));
            }
        }
        for (key, expected) in cases {
            let found = self.profiles.find_profile(&name, &key).await;
            let found = found.or_broken("finding a profile")?;
            ensure(found.as_ref() == expected, || {
                format!("{key:?} at {name} names {expected:?}, and found was {found:?}")
            })?;
        }
        Ok(())
    }

    /// Every wallet has its readings, from the start and from now on.
    async fn compare_balances(&self) -> Verdict {
        let Some(store) = &self.balances else {
            return Ok(());
        };
        for place in 0..PLACES.len() {
            for since in [Timestamp::MIN, self.model.moment(self.model.now - 60)] {
                let found = store.balances(&instance(place), since).await;
                let found = found.or_broken("reading balances")?;
                let expected = self.model.balances(place, since);
                ensure(found == expected, || {
                    format!("kept since {since} were {expected:?}, and read were {found:?}")
                })?;
            }
        }
        Ok(())
    }
}
