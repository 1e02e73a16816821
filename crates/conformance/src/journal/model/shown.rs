//! What a journal that holds what the model holds must show.

use jiff::Timestamp;
use roamport_domain::journal::{BalanceReading, KeptProfile, OrderSummary, Pressure};
use roamport_domain::order::{AttemptState, OrderState};
use roamport_domain::{Currency, Money, OrderId};

use super::reference::{Model, buyer_id, instance};
use super::transition::{CARDS, ESIMS, PROVIDERS, STEP, Transition};
use crate::journal::sample;

impl Model {
    /// What is kept by a step that keeps a profile.
    pub(super) fn profile(&self, transition: &Transition) -> Option<KeptProfile> {
        let Transition::Keep {
            provider,
            esim,
            card,
        } = transition
        else {
            return None;
        };
        let card = card.map(|card| CARDS[card]);
        let (buyer, code) = self.delivery_of(*esim);
        Some(KeptProfile {
            order: buyer_id(buyer),
            ..sample::profile_with(PROVIDERS[*provider], ESIMS[*esim], card, ESIMS[code])
        })
    }

    /// The profile of the eSIM with this id.
    pub(super) fn profile_by_id(&self, provider: usize, esim: usize) -> Option<&KeptProfile> {
        Some(&self.profiles.get(&(provider, esim))?.profile)
    }

    /// The profile of the eSIM that bears this card number, the last that was kept with it.
    pub(super) fn profile_by_card(&self, provider: usize, card: usize) -> Option<&KeptProfile> {
        let borne = self.profiles.iter().filter(|((at, _), kept)| {
            let iccid = kept.profile.esim.iccid();
            *at == provider && iccid.is_some_and(|iccid| iccid.as_str() == CARDS[card])
        });
        let newest = borne.max_by_key(|(_, kept)| kept.turn)?;
        Some(&newest.1.profile)
    }

    /// What is kept by a step that keeps a balance: no two are alike.
    pub(super) fn reading(&self, place: usize, ago: i64) -> BalanceReading {
        BalanceReading {
            provider: instance(place),
            at: self.moment(self.now - ago * STEP),
            balance: amount_of(self.turn),
            newest_order_at: (ago > 0).then(|| self.moment(self.now - 60)),
            newest_orders: Vec::new(),
            comparable: ago == 0,
        }
    }

    /// The readings of a place since a moment.
    pub(super) fn balances(&self, place: usize, since: Timestamp) -> Vec<BalanceReading> {
        let provider = instance(place);
        let meant = |reading: &&BalanceReading| reading.provider == provider && reading.at >= since;
        let mut readings: Vec<_> = self.balances.iter().filter(meant).cloned().collect();
        readings.sort_by_key(|reading| reading.at);
        readings
    }

    /// What a list of everything says of an order whose last event was appended at `updated_at`.
    pub(super) fn summary(&self, id: OrderId, updated_at: Timestamp) -> OrderSummary {
        OrderSummary::of(&self.lives[&id].order, updated_at)
    }

    /// The orders that a list with these wishes must hold.
    pub(super) fn listed(&self, transition: &Transition) -> Vec<OrderId> {
        let Transition::List {
            states,
            esim,
            like,
            provider,
        } = transition
        else {
            return self.orders.values().copied().collect();
        };
        let esim = esim.map(|esim| sample::esim(ESIMS[esim]));
        let like = like.map(|other| &self.life(other).order.requested().fingerprint);
        let provider = provider.map(|provider| PROVIDERS[provider]);
        let wanted = |id: &OrderId| {
            let order = &self.lives[id].order;
            let wish = order.requested();
            if !states.is_empty() && !states.contains(&order.state()) {
                return false;
            }
            if esim
                .as_ref()
                .is_some_and(|esim| !order.esims().contains(esim))
            {
                return false;
            }
            like.is_none_or(|like| wish.fingerprint == *like)
                && provider.is_none_or(|provider| wish.provider.name.as_str() == provider)
        };
        self.orders.values().copied().filter(wanted).collect()
    }

    /// The pressure at a provider when the journal's clock shows `now`.
    pub(super) fn pressure(&self, provider: usize, now: Timestamp) -> Pressure {
        let mut pressure = Pressure::default();
        let orders = self.lives.values().map(|life| &life.order);
        let here =
            orders.filter(|order| order.requested().provider.name.as_str() == PROVIDERS[provider]);
        for order in here {
            let window = order.attempts().last().map(|last| last.closes_at);
            let lately = window.is_some_and(|closed| closed > sample::after(now, -15 * 60));
            if order.state() == OrderState::Reconciling && lately {
                pressure.reconciling += 1;
            }
            for attempt in order.attempts() {
                let Some(settled) = attempt.settled_at else {
                    continue;
                };
                if settled < sample::after(now, -60) {
                    continue;
                }
                pressure.settled_last_minute += 1;
                if matches!(
                    attempt.state,
                    AttemptState::Abandoned | AttemptState::Ambiguous { .. }
                ) {
                    pressure.unknown_last_minute += 1;
                }
            }
        }
        pressure
    }
}

/// An amount that no other step has.
fn amount_of(turn: u64) -> Money {
    Money::parse_amount(&format!("{turn}.2755"), Currency::USD).expect("an amount of cents")
}
