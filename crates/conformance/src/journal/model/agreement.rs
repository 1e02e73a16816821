//! Reads everything that both journals show, and compares it.

use jiff::Timestamp;
use roamport_domain::journal::{OrderFilter, Pressure};
use roamport_domain::provider::EsimKey;
use roamport_domain::{Iccid, OrderId};

use super::pair::{Pair, Side, instance};
use super::transition::{CARDS, ESIMS, EVENTS, KEYS, PLACES, PROVIDERS};
use crate::journal::sample;
use crate::verdict::OrBroken as _;

impl Pair<'_> {
    /// Compares everything that can be read without changing it.
    pub(super) async fn compare(&self) {
        for order in self.orders.values() {
            self.compare_order(order.id()).await;
        }
        self.compare_keys().await;
        self.compare_list(OrderFilter::default()).await;
        for provider in PROVIDERS {
            self.compare_pressure(provider).await;
            self.compare_profiles(provider).await;
            self.compare_inbox(provider).await;
        }
        self.compare_balances().await;
    }

    async fn compare_order(&self, id: OrderId) {
        let order = self.tested.journal.load(id).await;
        let order = order.or_broken("loading an order");
        let expected = self.orders.values().find(|order| order.id() == id);
        assert!(
            Some(&order) == expected,
            "order {id} must be\n{expected:?}\nand was loaded as\n{order:?}"
        );
        let events = self.tested.journal.events(id).await;
        let events = events.or_broken("reading events");
        let expected = self.model.journal.events(id).await;
        let expected = expected.or_broken("reading events of the model");
        let pairs = events.iter().zip(&expected);
        let agree = pairs.into_iter().all(|(one, other)| {
            one.event == other.event
                && one.version == other.version
                && self.is_same(other.at, one.at)
        });
        assert!(
            agree && events.len() == expected.len(),
            "to order {id} happened\n{expected:?}\nand read were\n{events:?}"
        );
    }

    /// Every key names its order or none, to the letter.
    async fn compare_keys(&self) {
        let keys = (0..KEYS).map(|number| (format!("Key {number}"), self.orders.get(&number)));
        for (text, expected) in keys.chain([("key 0".to_owned(), None)]) {
            let found = self.tested.journal.find(&sample::key(&text)).await;
            let found = found.or_broken("finding by key");
            assert!(
                found.as_ref() == expected,
                "`{text}` names {expected:?}, and found was {found:?}"
            );
        }
    }

    /// Both list these orders alike, the newest first.
    pub(super) async fn compare_list(&self, filter: OrderFilter) {
        let list = self.listed(Side::Tested, filter.clone()).await;
        let expected = self.listed(Side::Model, filter).await;
        let mut agreed = list.clone();
        for (order, model) in agreed.iter_mut().zip(&expected) {
            if self.is_same(model.updated_at, order.updated_at) {
                order.updated_at = model.updated_at;
            }
        }
        assert!(
            agreed == expected,
            "listed were\n{list:?}\nby the contract it is\n{expected:?}"
        );
    }

    /// The pressure is what it is at some moment between two readings of the clock.
    async fn compare_pressure(&self, provider: &str) {
        let name = sample::provider(provider);
        let expected = async || {
            self.set_model_clock(self.now().await);
            let pressure = self.model.journal.pressure(&name).await;
            pressure.or_broken("reading the pressure of the model")
        };
        let before = expected().await;
        let pressure = self.tested.journal.pressure(&name).await;
        let pressure = pressure.or_broken("reading the pressure");
        let after = expected().await;
        // As time goes by, each count falls or stays.
        let counts = |of: &Pressure| {
            [
                of.reconciling,
                of.settled_last_minute,
                of.unknown_last_minute,
            ]
        };
        let bounds = counts(&after).into_iter().zip(counts(&before));
        let fits = counts(&pressure)
            .into_iter()
            .zip(bounds)
            .all(|(count, (least, most))| least <= count && count <= most);
        assert!(
            fits,
            "the pressure at {name} is {after:?}, and read was {pressure:?}"
        );
    }

    /// Every name finds the profile that bears it, at its own provider.
    async fn compare_profiles(&self, provider: &str) {
        let name = sample::provider(provider);
        let card = |text| Iccid::parse(text).or_broken("reading a sample");
        let mut keys: Vec<EsimKey> = CARDS.map(|text| EsimKey::from_iccid(card(text))).into();
        keys.extend(ESIMS.map(|id| EsimKey::from_id(sample::esim(id))));
        // The id goes before the card number, whoever bears it.
        let both = EsimKey::new(Some(sample::esim(ESIMS[0])), Some(card(CARDS[0])));
        keys.push(both.or_broken("naming an eSIM"));
        for key in keys {
            let found = self.tested.profiles.find_profile(&name, &key).await;
            let found = found.or_broken("finding a profile");
            let expected = self.model.profiles.find_profile(&name, &key).await;
            let expected = expected.or_broken("finding a profile of the model");
            assert!(
                found == expected,
                "{key:?} at {name} names {expected:?}, and found was {found:?}"
            );
        }
    }

    /// Every wallet has its readings, from the start and from now on.
    async fn compare_balances(&self) {
        let (Some(tested), Some(model)) = (&self.tested.balances, &self.model.balances) else {
            return;
        };
        for place in (0..PLACES.len()).map(instance) {
            for since in [Timestamp::MIN, self.ago(2)] {
                let found = tested.balances(&place, since).await;
                let found = found.or_broken("reading balances");
                let expected = model.balances(&place, since).await;
                let expected = expected.or_broken("reading balances of the model");
                assert!(
                    found == expected,
                    "kept since {since} were {expected:?}, and read were {found:?}"
                );
            }
        }
    }

    /// Every event is known that was remembered and not forgotten, and no other, in every process.
    async fn compare_inbox(&self, provider: &str) {
        let name = sample::provider(provider);
        let Some(model) = &self.model.inbox else {
            return;
        };
        for inbox in self.tested.inbox.iter().chain(&self.inbox_beside) {
            for event in EVENTS {
                let known = inbox.is_known(&name, event).await;
                let known = known.or_broken("asking whether an event is known");
                let expected = model.is_known(&name, event).await;
                let expected = expected.or_broken("asking the model about an event");
                assert!(
                    known == expected,
                    "event {event} of {name} is known: {known}; by the contract: {expected}"
                );
            }
        }
    }
}
