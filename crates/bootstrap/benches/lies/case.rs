//! What one case is made of: drawn from the seed of the run and the number of the case.

use roamport_sandbox::Dialect;

use super::dice::Dice;
use super::rules::{Lasting, Lie, Rule, pairs};
use super::transcript::Call;

/// What becomes of the first purchase call on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    Clean,
    /// The request never arrives.
    RequestLost,
    /// It is charged, and the answer is lost.
    ReplyLost,
}

/// What is bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Esims(u16),
    TopUp,
}

/// The plan of a case.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) seed: u64,
    pub(crate) index: u64,
    pub(crate) dialect: Dialect,
    pub(crate) wanted: Wanted,
    pub(crate) network: Network,
    pub(crate) lies: Vec<Lie>,
    /// The chance of a crash at each await of a port, in a million.
    pub(crate) crash: u32,
    /// Whoever comes after a crash has the credentials of another account.
    pub(crate) other_account: bool,
    /// Somebody pays into the wallet after the first purchase call.
    pub(crate) paid_in: bool,
    /// The provider answers first and delivers later.
    pub(crate) later: bool,
    /// The earlier order was placed with another account, so that none is known to ask for.
    pub(crate) no_control: bool,
}

/// Whether the answer to a call decides whether money moved, and for what.
const fn decides_about_money(call: Call) -> bool {
    matches!(
        call,
        Call::Purchase
            | Call::TopUp
            | Call::FindByReference
            | Call::FindById
            | Call::Provision
            | Call::Wallet
    )
}

/// Whether such an answer, believed as it is, buys twice or delivers what was not bought.
const fn decides_alone(rule: Rule, call: Call) -> bool {
    matches!(call, Call::Purchase | Call::FindByReference)
        && matches!(
            rule,
            Rule::Respell
                | Rule::CutText
                | Rule::StrangersIds
                | Rule::EmptyList
                | Rule::CutList
                | Rule::StrangersToo
                | Rule::StrangersOnly
                | Rule::NoList
                | Rule::Stale
                | Rule::FailureForm
                | Rule::OtherStatus
        )
}

/// A prime that shares no factor with the size of any table here.
const STRIDE: u64 = 7_919;

impl Case {
    /// The case with this number.
    pub(crate) fn drawn(seed: u64, index: u64) -> Self {
        let pairs = pairs();
        // Half of the cases lie about a call that decides whether money moved and for what, and half of
        // those in a way that decides it alone.
        let mut table = pairs.clone();
        match index % 4 {
            1 => table.retain(|(_, _, call)| decides_about_money(*call)),
            3 => table.retain(|(_, rule, call)| decides_alone(*rule, *call)),
            _ => {}
        }
        let size = u64::try_from(table.len()).expect("a table");
        let count = u64::try_from(pairs.len()).expect("a table");
        // One case in twelve hides the order everywhere or changes nothing: neither can be found out.
        let mut dice = Dice::of(seed, index, 20);
        let special = index % 12;
        // Steps through the whole table, but not in its order.
        let turn = index / if index.is_multiple_of(2) { 2 } else { 4 };
        let place = turn.wrapping_mul(STRIDE) % size;
        let (dialect, rule, call) = table[usize::try_from(place).expect("in the table")];
        let hides = rule == Rule::Hide || special == 7;
        let (dialect, rule, call) = if special == 7 {
            (Dialect::Roamify, Rule::Hide, Call::FindByReference)
        } else {
            (dialect, rule, call)
        };
        // Some calls are made once in a case.
        let once = matches!(
            call,
            Call::Destinations | Call::List | Call::TopUp | Call::Usage | Call::Cancel
        );
        let lasting = if hides || dice.hits(650_000) {
            Lasting::Always
        } else {
            let turns = if once { 1 } else { 3 };
            Lasting::Once(u32::try_from(dice.below(turns)).expect("below three"))
        };
        let mut lies = vec![Lie {
            rule,
            call,
            lasting,
            luck: dice.next(),
        }];
        // A coherent liar makes no other mistake.
        if !hides && dice.hits(250_000) {
            let (_, rule, call) = pairs[usize::try_from(dice.below(count)).expect("in the table")];
            if rule != Rule::Hide {
                lies.push(Lie {
                    rule,
                    call,
                    lasting: Lasting::Once(u32::try_from(dice.below(4)).expect("below four")),
                    luck: dice.next(),
                });
            }
        }
        let tops_up = matches!(call, Call::TopUp | Call::TopUpPackages) || dice.hits(80_000);
        let wanted = if tops_up {
            Wanted::TopUp
        } else {
            Wanted::Esims(if dice.hits(300_000) { 2 } else { 1 })
        };
        let doubt = match call {
            _ if hides => 1_000_000,
            Call::FindByReference => 900_000,
            Call::Wallet => 700_000,
            Call::Purchase | Call::TopUp => 100_000,
            _ => 250_000,
        };
        let network = if !dice.hits(doubt) {
            Network::Clean
        } else if !hides && dice.hits(150_000) {
            Network::RequestLost
        } else {
            Network::ReplyLost
        };
        // Where a lookup lies, the other witnesses are silent in many cases, so that it alone decides.
        let silence = if call == Call::FindByReference {
            800_000
        } else {
            150_000
        };
        let crashes = !hides && dice.hits(600_000);
        Self {
            seed,
            index,
            dialect,
            wanted,
            network,
            lies,
            crash: if crashes {
                [10_000, 30_000, 80_000][usize::try_from(dice.below(3)).expect("below three")]
            } else {
                0
            },
            other_account: crashes && dice.hits(200_000),
            paid_in: !hides && dice.hits(silence),
            later: call == Call::FindById || dice.hits(100_000),
            no_control: !hides && !tops_up && dice.hits(silence),
        }
    }
}
