//! One simulated process: its clocks, and what happens to it at each await of a port.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roamport_app::{StopSignal, Stopper};
use roamport_domain::{Clock, Monotonic};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::dice::Dice;
use super::faults::{Bound, Fault, Tally, Weather};
use super::order::Plan;
use super::world::World;

/// A freeze while the bound is kept.
const SHORT_FREEZE_MS: u64 = 60_000;
const LONG_FREEZE_MS: u64 = 3 * 3_600_000;
const LARGEST_STEP_MS: u64 = 3_600_000;

/// Something of which a supervisor hears, so that it starts another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trouble;

/// What all processes of one order share: the time, the provider's truth, the bad luck.
#[derive(Debug)]
pub(crate) struct Life {
    start: Instant,
    bound: Bound,
    weather: Weather,
    filter_holds: bool,
    luck: Mutex<Luck>,
    world: Mutex<World>,
    /// How far the journal's wall clock was stepped.
    journal_step_ms: AtomicI64,
}

#[derive(Debug)]
struct Luck {
    dice: Dice,
    tally: Tally,
    journal_gone_until: Duration,
    /// A life that is over is only looked at: nothing happens to it any more.
    over: bool,
}

impl Life {
    pub(crate) fn new(plan: &Plan, index: u64) -> Self {
        let (seed, bound) = (plan.seed, plan.bound);
        let mut dice = Dice::of(seed, index, 3);
        let drawn = Weather::drawn(dice.per_million());
        Self {
            start: Instant::now(),
            bound,
            weather: plan.weather.unwrap_or(drawn),
            filter_holds: plan.filter_holds,
            luck: Mutex::new(Luck {
                dice,
                tally: Tally::default(),
                journal_gone_until: Duration::ZERO,
                over: false,
            }),
            world: Mutex::new(World::new(seed, index, bound, plan.late)),
            journal_step_ms: AtomicI64::new(0),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn bound(&self) -> Bound {
        self.bound
    }

    pub(crate) const fn filter_holds(&self) -> bool {
        self.filter_holds
    }

    pub(crate) fn weather(&self) -> Weather {
        self.weather
    }

    /// From now on nothing goes wrong, or things go wrong as the weather has it.
    pub(crate) fn set_calm(&self, calm: bool) {
        let mut luck = self.luck();
        luck.over = calm;
        luck.journal_gone_until = Duration::ZERO;
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.luck().over
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn luck(&self) -> MutexGuard<'_, Luck> {
        self.luck.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rolls for something that happens so often in a million, and counts it.
    pub(crate) fn strikes(&self, fault: Fault, in_a_million: u32) -> bool {
        let mut luck = self.luck();
        let struck = !luck.over && luck.dice.hits(in_a_million);
        if struck {
            luck.tally.count(fault);
        }
        struck
    }

    pub(crate) fn draw<T>(&self, from: impl FnOnce(&mut Dice) -> T) -> T {
        from(&mut self.luck().dice)
    }

    /// Whether the journal can be reached now.
    pub(crate) fn journal_is_gone(&self) -> bool {
        let now = self.elapsed();
        let mut luck = self.luck();
        if now < luck.journal_gone_until {
            return true;
        }
        let gone = !luck.over && luck.dice.hits(self.weather.journal / 10);
        if gone {
            luck.tally.count(Fault::JournalGone);
            luck.journal_gone_until = now + luck.dice.between(1_000, 60_000);
        }
        gone
    }

    /// All that was injected.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = self.luck().tally.clone();
        tally.add(&self.world().tally);
        tally
    }
}

/// The moment every simulated life begins, on an unstepped wall clock.
pub(crate) fn noon() -> Timestamp {
    Timestamp::from_second(1_795_003_200).expect("a day in November 2026")
}

fn moment(elapsed: Duration, step_ms: i64) -> Timestamp {
    let elapsed = SignedDuration::try_from(elapsed).expect("a life of some days");
    noon() + elapsed + SignedDuration::from_millis(step_ms)
}

/// The wall clock on which the journal runs, and which may be stepped.
#[derive(Debug)]
pub(crate) struct JournalClock(pub(crate) Arc<Life>);

impl Clock for JournalClock {
    fn now(&self) -> Timestamp {
        moment(
            self.0.elapsed(),
            self.0.journal_step_ms.load(Ordering::Relaxed),
        )
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.0.elapsed())
    }
}

/// A process: it may crash, freeze and have its wall clock stepped.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) life: Arc<Life>,
    /// When its own clock began, counted from a beginning that means nothing elsewhere.
    epoch: Duration,
    born: Duration,
    state: Mutex<State>,
    stopper: Stopper,
    pub(crate) stop: StopSignal,
    troubles: UnboundedSender<Trouble>,
}

#[derive(Debug)]
struct State {
    dead: bool,
    frozen_until: Duration,
    /// How far its wall clock is off.
    skew_ms: i64,
    /// For how long its clocks stood still with it.
    asleep: Duration,
}

/// The payload with which the tasks of a process unwind that crashed: everything they hold is
/// dropped where it stands, and nothing they would still do is done.
#[derive(Debug)]
struct Crashed;

impl Process {
    pub(crate) fn start(life: Arc<Life>, troubles: UnboundedSender<Trouble>) -> Arc<Self> {
        let (stopper, stop) = Stopper::new();
        let (epoch, skew_ms) = life.draw(|dice| {
            let epoch = dice.between(0, 1_000_000_000);
            let off = if dice.hits(50_000) {
                LARGEST_STEP_MS
            } else {
                2_000
            };
            (epoch, dice.step_ms(off))
        });
        let skew_ms = if life.weather().step == 0 { 0 } else { skew_ms };
        Arc::new(Self {
            epoch,
            born: life.elapsed(),
            state: Mutex::new(State {
                dead: false,
                frozen_until: Duration::ZERO,
                skew_ms,
                asleep: Duration::ZERO,
            }),
            life,
            stopper,
            stop,
            troubles,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An await of a port: whatever happens to a process happens here.
    pub(crate) async fn pass(&self) {
        self.thaw().await;
        if self.life.is_calm() {
            return;
        }
        let weather = self.life.weather();
        let dangers = weather.crash + weather.freeze + weather.step;
        let chance = self.life.draw(Dice::per_million);
        if chance >= dangers {
            return;
        }
        if chance < weather.crash {
            self.crash();
        } else if chance < weather.crash + weather.freeze {
            self.freeze(Fault::Freeze).await;
            self.thaw().await;
        } else {
            self.step();
        }
    }

    /// Waits some time of its own, and as long as it is frozen.
    pub(crate) async fn rest(&self, time: Duration) {
        tokio::time::sleep(time).await;
        self.thaw().await;
    }

    /// The time between the last check of a send window and the socket: a process may freeze in it,
    /// and does what it was about to do the moment it wakes.
    pub(crate) async fn reach_for_the_socket(&self) {
        let chance = self.life.weather().freeze_before_socket;
        if !self.life.is_calm() && self.life.draw(|dice| dice.hits(chance)) {
            self.freeze(Fault::FreezeBeforeSocket).await;
            self.unwind_if_dead();
        }
    }

    async fn thaw(&self) {
        loop {
            self.unwind_if_dead();
            let left = self
                .state()
                .frozen_until
                .saturating_sub(self.life.elapsed());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    }

    fn unwind_if_dead(&self) {
        if self.state().dead {
            std::panic::resume_unwind(Box::new(Crashed));
        }
    }

    fn crash(&self) {
        self.strike(Fault::Crash);
        self.state().dead = true;
        // Whatever of it sleeps wakes up, and unwinds at its next await.
        self.stopper.stop();
        self.call_for_another();
        self.unwind_if_dead();
    }

    /// Everything in the process stands still. What waits elsewhere in it waits at its next await.
    async fn freeze(&self, fault: Fault) {
        let beyond =
            self.life.bound() == Bound::Broken && self.life.draw(|dice| dice.hits(200_000));
        let time = self.life.draw(|dice| {
            if beyond {
                dice.wide(SHORT_FREEZE_MS, LONG_FREEZE_MS)
            } else {
                dice.between(100, SHORT_FREEZE_MS)
            }
        });
        let suspended =
            self.life.bound() == Bound::Broken && self.life.draw(|dice| dice.hits(200_000));
        self.strike(fault);
        if beyond {
            self.strike(Fault::BeyondBound);
        }
        {
            let mut state = self.state();
            state.frozen_until = state.frozen_until.max(self.life.elapsed() + time);
            if suspended {
                state.asleep += time;
            }
        }
        if suspended {
            self.strike(Fault::Suspended);
        }
        self.call_for_another();
        tokio::time::sleep(time).await;
    }

    /// Sets a wall clock off by up to an hour, whatever it was off by before.
    fn step(&self) {
        let (journal, step_ms) = self
            .life
            .draw(|dice| (dice.hits(300_000), dice.step_ms(LARGEST_STEP_MS)));
        if journal {
            self.strike(Fault::JournalClockStep);
            self.life.journal_step_ms.store(step_ms, Ordering::Relaxed);
        } else {
            self.strike(Fault::ProcessClockStep);
            self.state().skew_ms = step_ms;
        }
    }

    fn strike(&self, fault: Fault) {
        self.life.luck().tally.count(fault);
    }

    fn call_for_another(&self) {
        // Nobody listens once the order has come to rest.
        let _ = self.troubles.send(Trouble);
    }

    fn awake(&self) -> Duration {
        self.life.elapsed().saturating_sub(self.state().asleep)
    }
}

impl Clock for Process {
    fn now(&self) -> Timestamp {
        moment(self.awake(), self.state().skew_ms)
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.epoch + self.awake().saturating_sub(self.born))
    }
}
