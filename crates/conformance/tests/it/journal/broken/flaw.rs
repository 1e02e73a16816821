//! What a journal may do wrong.

/// What is wrong with a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Appends to whatever version is there.
    NoFence,
    /// Appends the legal events before an illegal one.
    AppendsByParts,
    /// Takes a reused key for the same wish.
    ForgetsFingerprints,
    /// Leaves out the oldest order of a list of more than a hundred.
    ShortList,
    /// Never sets when an order is due.
    ForgetsDue,
    /// Renews claims that others hold.
    RenewsAnything,
    /// Counts no unknown outcome.
    BlindToUnknown,
    /// Erases nothing.
    KeepsProfiles,
    /// Gives out what is held already.
    ClaimsTwice,
    /// Records another order under a known key.
    ForgetsKeys,
    /// Takes every order that is due some day for due now.
    ClaimsTooEarly,
    /// Frees whatever claim is held when an older one is given back.
    FreesNewerClaims,
    /// Measures leases on a clock that goes three times as fast.
    ShortLeases,
    /// Lets the orders of others take up the limit of a claim.
    SharesTheLimit,
    /// Gives out the orders of every provider instance.
    ClaimsAnything,
    /// Wakes nothing.
    SleepsOn,
    /// Wakes orders at rest, too.
    WakesTheDead,
    /// Wakes an order that is long due as if it were due only now.
    WakesAnew,
    /// Takes every event for a new one.
    ForgetsEvents,
    /// Looks whether an event is known, and writes it down afterwards.
    RemembersTwiceAtOnce,
    /// Has no event any more when it is opened again.
    LosesEventsWhenOpenedAgain,
    /// Knows the events of one provider as those of another.
    MixesProviders,
    /// Forgets no event, however old.
    ForgetsNoEvent,
    /// Says that a profile is kept, whoever had it before.
    DeliversAgain,
    /// Forgets a delivery when the profile is erased.
    ErasesDeliveries,
    /// Looks at no activation code.
    ForgetsCodes,
    /// Takes all addresses and every use of an id for one.
    MixesAddresses,
    /// Never claims the orders of another account.
    LeavesOthersForEver,
    /// Claims the orders of every account at once.
    ClaimsForAll,
    /// Digests the same credentials in another way each time.
    DigestsAnew,
    /// Records no confirmation.
    ForgetsConfirmations,
    /// Knows the order that asks, too.
    KnowsTheAsker,
    /// Knows no order.
    KnowsNoOrder,
    /// Leaves out purchase calls that are in flight.
    MissesWhatIsInFlight,
    /// Leaves out what was refunded.
    MissesRefunds,
    /// Counts each witness anew.
    CountsWitnessesTwice,
    /// Holds an account that is held.
    HoldsTwice,
    /// Lifts no hold.
    HoldsForEver,
    /// Keeps the first probe.
    KeepsTheFirstProbe,
}
