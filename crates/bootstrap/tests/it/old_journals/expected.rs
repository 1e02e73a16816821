//! What every order of the old journals must come to, one line each.

use roamport_domain::order::OrderState::{
    self, Cancelled, Failed, Fulfilled, NeedsAttention, Placed, Placing, Provisioning, Reconciling,
    Requested,
};

/// An order of the old journals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    /// Its key; `fixtures/journals/README.md` tells how it came to be.
    pub(crate) key: &'static str,
    /// Its state in the journal.
    pub(crate) stored: OrderState,
    /// How often the provider had charged it when the journal was written, whatever the journal knew.
    pub(crate) charged: usize,
    /// The state it must come to where work goes on a minute later.
    pub(crate) end: OrderState,
    /// How often it is charged in the end. Never more than once, or than before.
    pub(crate) paid: usize,
}

impl Expected {
    pub(crate) fn of(key: &str) -> &'static Self {
        let found = ORDERS.iter().find(|order| order.key == key);
        found.unwrap_or_else(|| panic!("nothing is expected of {key}"))
    }
}

const fn order(
    key: &'static str,
    stored: OrderState,
    charged: usize,
    end: OrderState,
    paid: usize,
) -> Expected {
    Expected {
        key,
        stored,
        charged,
        end,
        paid,
    }
}

/// Key, state in the journal, charges then; the end it must reach, charges in the end.
#[rustfmt::skip]
pub(crate) const ORDERS: &[Expected] = &[
    // At their end.
    order("roamify-fulfilled",              Fulfilled,      1, Fulfilled,      1),
    order("roamify-top-up-fulfilled",       Fulfilled,      1, Fulfilled,      1),
    order("roamify-refused",                Failed,         0, Failed,         0),
    order("roamify-expired",                Failed,         0, Failed,         0),
    order("roamify-cancelled",              Cancelled,      0, Cancelled,      0),
    order("roamify-accepted",               Fulfilled,      1, Fulfilled,      1),
    order("esim-access-fulfilled",          Fulfilled,      1, Fulfilled,      1),
    order("esim-access-given-back",         Fulfilled,      1, Fulfilled,      1),
    order("esim-access-giving-back",        Fulfilled,      1, Fulfilled,      1),
    // Three orders, one eSIM.
    order("roamify-same-esim-first",        Fulfilled,      1, Fulfilled,      1),
    order("roamify-same-esim-second",       Fulfilled,      1, Fulfilled,      1),
    order("roamify-same-esim-third",        Provisioning,   1, NeedsAttention, 1),
    // A person has to look.
    order("roamify-several-found",          NeedsAttention, 2, NeedsAttention, 2),
    order("roamify-other-package-found",    NeedsAttention, 1, NeedsAttention, 1),
    order("roamify-second-charge",          NeedsAttention, 2, NeedsAttention, 2),
    order("roamify-refunded",               NeedsAttention, 1, NeedsAttention, 1),
    order("roamify-profile-failed",         NeedsAttention, 1, NeedsAttention, 1),
    order("roamify-used-up",                NeedsAttention, 0, NeedsAttention, 0),
    order("roamify-unsent",                 NeedsAttention, 0, NeedsAttention, 0),
    order("roamify-unknown-charged",        NeedsAttention, 1, Fulfilled,      1),
    order("roamify-unknown-absent",         NeedsAttention, 0, NeedsAttention, 0),
    order("esim-access-unknown-charged",    NeedsAttention, 1, NeedsAttention, 1),
    // Not sent, or recorded as not sent.
    order("roamify-requested",              Requested,      0, Fulfilled,      1),
    order("roamify-wallet-short",           Requested,      0, Fulfilled,      1),
    order("roamify-unreachable",            Requested,      0, Fulfilled,      1),
    order("roamify-resend",                 Requested,      0, Fulfilled,      1),
    order("roamify-halted-absent",          Requested,      0, Fulfilled,      1),
    order("roamify-halted-charged",         Requested,      1, Fulfilled,      1),
    order("roamify-halted-charged-hidden",  Requested,      1, Fulfilled,      1),
    order("esim-access-requested",          Requested,      0, Fulfilled,      1),
    order("esim-access-halted-charged",     Requested,      1, Fulfilled,      1),
    // In doubt.
    order("roamify-placing-charged",        Placing,        1, Fulfilled,      1),
    order("roamify-placing-absent",         Placing,        0, Fulfilled,      1),
    order("roamify-ambiguous-charged",      Reconciling,    1, Fulfilled,      1),
    order("roamify-ambiguous-absent",       Reconciling,    0, Fulfilled,      1),
    order("roamify-abandoned-charged",      Reconciling,    1, Fulfilled,      1),
    order("roamify-one-of-three",           Reconciling,    0, Fulfilled,      1),
    order("roamify-two-of-three",           Reconciling,    0, Fulfilled,      1),
    order("roamify-two-of-three-hidden",    Reconciling,    1, Fulfilled,      1),
    order("roamify-absence-established",    Requested,      0, Fulfilled,      1),
    order("roamify-top-up-two-of-three",    Reconciling,    0, Fulfilled,      1),
    order("esim-access-placing-charged",    Placing,        1, Fulfilled,      1),
    order("esim-access-ambiguous-absent",   Reconciling,    0, Fulfilled,      1),
    order("esim-access-replay-permitted",   Requested,      1, Fulfilled,      1),
    order("esim-access-replaying",          Placing,        1, Fulfilled,      1),
    order("esim-access-top-up-placing",     Placing,        1, Fulfilled,      1),
    // Bought; something is still to come.
    order("roamify-placed",                 Placed,         1, Fulfilled,      1),
    order("roamify-provisioning",           Provisioning,   1, Fulfilled,      1),
    order("esim-access-placed",             Placed,         1, Fulfilled,      1),
];
