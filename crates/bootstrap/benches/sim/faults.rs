//! What goes wrong in the simulation, how often, and the count of it.

/// One kind of bad luck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    NotReached,
    RequestLost,
    ReplyLost,
    LateEffect,
    ErrorBeforeCharge,
    ErrorAfterCharge,
    BeyondBound,
    LookUpFailed,
    LookUpLagged,
    ReadFailed,
    DeliveredLater,
    ProfileUnknown,
    ProfilePending,
    JournalRefused,
    JournalAckLost,
    JournalGone,
    Crash,
    Freeze,
    FreezeBeforeSocket,
    Suspended,
    ProcessClockStep,
    JournalClockStep,
}

impl Fault {
    pub(crate) const ALL: [(Self, &'static str); 22] = [
        (
            Self::NotReached,
            "purchase: provider not reached, nothing sent",
        ),
        (Self::RequestLost, "purchase: request lost"),
        (Self::ReplyLost, "purchase: charged, reply lost"),
        (
            Self::LateEffect,
            "purchase: charged late, after the caller heard nothing",
        ),
        (Self::ErrorBeforeCharge, "purchase: 500 before the charge"),
        (Self::ErrorAfterCharge, "purchase: 500 after the charge"),
        (Self::BeyondBound, "an effect or a freeze beyond the bound"),
        (Self::LookUpFailed, "look-up failed"),
        (Self::LookUpLagged, "look-up did not show a charge yet"),
        (
            Self::ReadFailed,
            "package, wallet or eSIM could not be read",
        ),
        (Self::DeliveredLater, "order answered without its eSIMs"),
        (Self::ProfileUnknown, "provisioning: outcome unknown"),
        (Self::ProfilePending, "provisioning: pending"),
        (Self::JournalRefused, "journal refused, nothing written"),
        (Self::JournalAckLost, "journal wrote, answer lost"),
        (Self::JournalGone, "journal gone for up to a minute"),
        (Self::Crash, "process crashed"),
        (Self::Freeze, "process froze"),
        (
            Self::FreezeBeforeSocket,
            "process froze between last check and socket",
        ),
        (Self::Suspended, "process froze together with its clocks"),
        (Self::ProcessClockStep, "process's wall clock stepped"),
        (Self::JournalClockStep, "journal's clock stepped"),
    ];
}

/// How often each fault was injected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally([u64; Fault::ALL.len()]);

impl Tally {
    pub(crate) fn count(&mut self, fault: Fault) {
        self.0[fault as usize] += 1;
    }

    pub(crate) fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }
}

/// Whether effects, freezes and look-up lag together stay under the quiet period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// They do: a freeze before the socket lasts at most 60 s, an effect comes at most 115 s late, a
    /// look-up lags at most 3 s; 178 s together, under a quiet period of 180 s.
    Kept,
    /// They do not: effects and freezes of up to hours.
    Broken,
}

impl Bound {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
        }
    }
}

/// How rough the world is for one order: chances in a million at every await of a port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) crash: u32,
    pub(crate) freeze: u32,
    pub(crate) journal: u32,
    pub(crate) step: u32,
    /// At each purchase call.
    pub(crate) freeze_before_socket: u32,
}

impl Weather {
    const CALM: Self = Self {
        crash: 300,
        freeze: 200,
        journal: 300,
        step: 100,
        freeze_before_socket: 2_000,
    };
    const ROUGH: Self = Self {
        crash: 3_000,
        freeze: 2_000,
        journal: 3_000,
        step: 1_000,
        freeze_before_socket: 20_000,
    };
    const STORM: Self = Self {
        crash: 15_000,
        freeze: 8_000,
        journal: 15_000,
        step: 3_000,
        freeze_before_socket: 100_000,
    };
    /// Nothing but the provider's own faults.
    pub(crate) const STILL: Self = Self {
        crash: 0,
        freeze: 0,
        journal: 0,
        step: 0,
        freeze_before_socket: 0,
    };

    /// Four orders in five live in calm weather, one in twenty in a storm.
    pub(crate) const fn drawn(per_million: u32) -> Self {
        match per_million {
            0..50_000 => Self::STORM,
            50_000..200_000 => Self::ROUGH,
            _ => Self::CALM,
        }
    }
}
