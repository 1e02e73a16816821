//! The checker: joins the provider's ledger with the journal and says what is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::generator::RecordedOrder;
use super::roamport::ListedOrder;
use super::sandbox::Charge;

/// The states in which an order has come to its end, or rests until a person looks.
const ENDS: [&str; 4] = ["fulfilled", "failed", "cancelled", "needs-attention"];

/// Whether an order in this state goes no further by itself.
pub(crate) fn has_ended(state: &str) -> bool {
    ENDS.contains(&state)
}

/// What the ledger and the journal say together. Every list but `states` should be empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// How many orders ended how.
    pub(crate) states: BTreeMap<String, usize>,
    /// How many charges the ledger has.
    pub(crate) charges: usize,
    /// References that were charged more than once.
    pub(crate) double: Vec<String>,
    /// Charges that no order names, or whose order counts as not bought.
    pub(crate) lost_charges: Vec<String>,
    /// Orders that a caller was told are recorded, and the journal does not have.
    pub(crate) lost_orders: Vec<String>,
    /// Orders that count as fulfilled and were never charged.
    pub(crate) unpaid: Vec<String>,
    /// Orders that take another of the provider's orders for theirs than the one that was charged.
    pub(crate) crossed: Vec<String>,
    /// Orders that did not come to an end in time.
    pub(crate) unfinished: Vec<String>,
}

/// An order of the journal, and the provider's order that it takes for its own.
pub(crate) type KnownOrder = (ListedOrder, Option<String>);

impl Verdict {
    /// Joins what callers were told, what the journal has and what was charged.
    pub(crate) fn join(
        recorded: &[RecordedOrder],
        orders: &[KnownOrder],
        charges: &[Charge],
    ) -> Self {
        let mut verdict = Self {
            charges: charges.len(),
            ..Self::default()
        };
        let mut bought_under: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for charge in charges {
            let reference = charge.reference.as_deref().unwrap_or("no reference");
            bought_under
                .entry(reference)
                .or_default()
                .push(&charge.order_id);
        }
        let known: BTreeMap<&str, &KnownOrder> = orders
            .iter()
            .map(|order| (order.0.reference.as_str(), order))
            .collect();
        for (reference, bought) in &bought_under {
            if bought.len() > 1 {
                verdict.double.push(format!("{reference}: {bought:?}"));
            }
            match known.get(reference) {
                None => verdict
                    .lost_charges
                    .push(format!("{reference}: {bought:?}")),
                Some((order, _)) if ["failed", "cancelled"].contains(&order.state.as_str()) => {
                    let lost = format!(
                        "{reference}: {bought:?}, order {} {}",
                        order.id, order.state
                    );
                    verdict.lost_charges.push(lost);
                }
                Some(_) => {}
            }
        }
        for (order, provider_order) in orders {
            *verdict.states.entry(order.state.clone()).or_default() += 1;
            let name = format!("{} ({})", order.id, order.state);
            if !has_ended(&order.state) {
                verdict.unfinished.push(name.clone());
            }
            let bought = bought_under.get(order.reference.as_str());
            match (provider_order, bought) {
                (Some(taken), Some(bought)) if !bought.contains(&taken.as_str()) => {
                    verdict.crossed.push(name);
                }
                (_, None) if order.state == "fulfilled" => verdict.unpaid.push(name),
                _ => {}
            }
        }
        let listed: BTreeSet<(&str, &str, &str)> = orders
            .iter()
            .map(|(order, _)| {
                (
                    order.id.as_str(),
                    order.key.as_str(),
                    order.reference.as_str(),
                )
            })
            .collect();
        for order in recorded {
            if !listed.contains(&(&order.id, &order.key, &order.reference)) {
                let lost = format!("{} (key {})", order.id, order.key);
                verdict.lost_orders.push(lost);
            }
        }
        verdict
    }

    /// Whether money and orders are where they belong.
    pub(crate) fn is_good(&self) -> bool {
        self.wrongs().all(|(_, list)| list.is_empty())
    }

    fn wrongs(&self) -> impl Iterator<Item = (&'static str, &Vec<String>)> {
        [
            ("double charges", &self.double),
            ("lost orders (charged, named by none)", &self.lost_charges),
            ("lost orders (recorded, gone)", &self.lost_orders),
            ("fulfilled without a charge", &self.unpaid),
            ("joined with a wrong charge", &self.crossed),
            ("not ended in time", &self.unfinished),
        ]
        .into_iter()
    }

    fn in_state(&self, state: &str) -> usize {
        self.states.get(state).copied().unwrap_or_default()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let orders: usize = self.states.values().sum();
        writeln!(formatter, "{:<38}{orders:>6}", "orders")?;
        for state in ENDS {
            writeln!(formatter, "  {state:<36}{:>6}", self.in_state(state))?;
        }
        writeln!(formatter, "{:<38}{:>6}", "charges", self.charges)?;
        for (what, list) in self.wrongs() {
            writeln!(formatter, "{what:<38}{:>6}", list.len())?;
            for one in list.iter().take(20) {
                writeln!(formatter, "    {one}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(number: u8, state: &str, provider_order: Option<&str>) -> KnownOrder {
        let listed = ListedOrder {
            id: format!("order-{number}"),
            key: format!("key-{number}"),
            reference: format!("R{number}"),
            state: state.to_owned(),
        };
        (listed, provider_order.map(str::to_owned))
    }

    fn charge(reference: Option<&str>, order_id: &str) -> Charge {
        Charge {
            reference: reference.map(str::to_owned),
            order_id: order_id.to_owned(),
        }
    }

    fn recorded(number: u8) -> RecordedOrder {
        RecordedOrder {
            id: format!("order-{number}"),
            key: format!("key-{number}"),
            reference: format!("R{number}"),
        }
    }

    /// The one list that a case must fill.
    #[track_caller]
    fn only(verdict: &Verdict, wrong: &str) {
        assert!(!verdict.is_good(), "{verdict}");
        for (what, list) in verdict.wrongs() {
            assert_eq!(!list.is_empty(), what == wrong, "{what}: {verdict}");
        }
    }

    #[test]
    fn a_run_in_which_everything_is_where_it_belongs_is_good() {
        let verdict = Verdict::join(
            &[recorded(1), recorded(2), recorded(3)],
            &[
                order(1, "fulfilled", Some("P1")),
                order(2, "failed", None),
                order(3, "needs-attention", None),
            ],
            &[charge(Some("R1"), "P1"), charge(Some("R3"), "P3")],
        );
        assert!(verdict.is_good(), "{verdict}");
        assert_eq!((verdict.charges, verdict.in_state("fulfilled")), (2, 1));
    }

    #[test]
    fn two_charges_under_one_reference_are_a_double_charge() {
        let verdict = Verdict::join(
            &[],
            &[order(1, "fulfilled", Some("P1"))],
            &[charge(Some("R1"), "P1"), charge(Some("R1"), "P2")],
        );
        only(&verdict, "double charges");
        assert_eq!(verdict.double.len(), 1);
    }

    #[test]
    fn a_charge_that_no_order_names_is_lost() {
        let lost = "lost orders (charged, named by none)";
        only(&Verdict::join(&[], &[], &[charge(Some("R9"), "P9")]), lost);
        only(&Verdict::join(&[], &[], &[charge(None, "P9")]), lost);
        for state in ["failed", "cancelled"] {
            let orders = [order(1, state, None)];
            let verdict = Verdict::join(&[], &orders, &[charge(Some("R1"), "P1")]);
            only(&verdict, lost);
        }
    }

    #[test]
    fn an_order_that_was_recorded_must_be_in_the_journal() {
        let verdict = Verdict::join(&[recorded(1)], &[], &[]);
        only(&verdict, "lost orders (recorded, gone)");
    }

    #[test]
    fn a_fulfilled_order_was_charged_under_its_own_reference() {
        let verdict = Verdict::join(&[], &[order(1, "fulfilled", Some("P1"))], &[]);
        only(&verdict, "fulfilled without a charge");
        let verdict = Verdict::join(
            &[],
            &[order(1, "fulfilled", Some("P2"))],
            &[charge(Some("R1"), "P1")],
        );
        only(&verdict, "joined with a wrong charge");
    }

    #[test]
    fn an_order_still_under_way_is_not_good() {
        for state in [
            "requested",
            "placing",
            "reconciling",
            "placed",
            "provisioning",
        ] {
            let verdict = Verdict::join(&[], &[order(1, state, None)], &[]);
            only(&verdict, "not ended in time");
        }
    }
}
