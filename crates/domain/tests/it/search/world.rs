//! One state of everything at once, and every way it can go on: two workers that stall, crash and
//! come back, a provider that is late and forgetful, and two clocks.

use roamport_domain::order::OrderState;

use super::orders::{Answer, Deed, Orders, Place, Wish};

/// A process that may drive the order. One that was overtaken has nothing left to lose but the
/// answer to a call: whatever else it appends is refused, and it begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Worker {
    /// Not there, or about to reload.
    Away,
    /// Holds the order as it stands, and has watched it for so long.
    Watching { watched: u8 },
    /// Has looked just now, found nothing, and is about to record the call.
    Ready { watched: u8 },
    /// Has recorded the call and not yet sent it.
    Sending { attempt: u8, opened: u8, opened_wall: i16, overtaken: bool },
    /// Knows how the call ended, and has not yet told.
    Answered { attempt: u8, opened: u8, answer: Answer, overtaken: bool },
}

/// How many more faults of each kind may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    /// A worker is gone at any point.
    pub(crate) crashes: u8,
    /// A look-up gives no trustworthy answer.
    pub(crate) look_ups: u8,
    /// A call does not get out, or is refused.
    pub(crate) calls: u8,
    /// The wall clock is set.
    pub(crate) clock: u8,
    /// Somebody calls the order off.
    pub(crate) cancels: u8,
}

/// Everything at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// True time, which no one can read.
    pub(crate) now: u8,
    /// What the wall clock shows.
    pub(crate) wall: i16,
    pub(crate) journal: Place,
    pub(crate) workers: [Worker; 2],
    /// When the charge of each attempt takes effect; [`World::NEVER`] where there is none.
    pub(crate) charges: [u8; World::ATTEMPTS],
    pub(crate) faults: Faults,
}

impl World {
    pub(crate) const NEVER: u8 = u8::MAX;
    pub(crate) const ATTEMPTS: usize = 4;

    pub(crate) fn new(faults: Faults) -> Self {
        Self {
            now: 0,
            wall: 0,
            journal: 0,
            workers: [Worker::Away; 2],
            charges: [Self::NEVER; Self::ATTEMPTS],
            faults,
        }
    }

    /// Purchases that were charged or will be.
    pub(crate) fn charge_count(&self) -> usize {
        self.charges.iter().filter(|charge| **charge != Self::NEVER).count()
    }

    /// Whether nothing can happen any more but time.
    fn is_over(&self, orders: &Orders) -> bool {
        let idle = |worker: &Worker| matches!(worker, Worker::Away | Worker::Watching { .. });
        orders.state(self.journal).is_final() && self.workers.iter().all(idle)
    }

    /// What is wrong here, if anything.
    pub(crate) fn violation(&self, orders: &Orders) -> Option<&'static str> {
        let window = orders.setting.window;
        let in_flight = |worker: &&Worker| match worker {
            Worker::Sending { opened, .. } | Worker::Answered { opened, .. } => {
                self.now - opened < window
            }
            _ => false,
        };
        if self.workers.iter().filter(in_flight).count() > 1 {
            return Some("G1: two calls in flight");
        }
        let charges = self.charge_count();
        if charges > 1 {
            return Some("G2: a double charge");
        }
        match orders.state(self.journal) {
            OrderState::Failed | OrderState::Cancelled if charges > 0 => {
                Some("an order that failed was charged")
            }
            OrderState::Fulfilled if charges != 1 => Some("an order was fulfilled without a charge"),
            _ => None,
        }
    }

    /// Every world that may be next.
    pub(crate) fn successors(&self, orders: &mut Orders) -> Vec<World> {
        if self.is_over(orders) {
            return Vec::new();
        }
        let mut next = Vec::new();
        for number in 0..self.workers.len() {
            self.act(number, orders, &mut next);
            if self.workers[number] != Worker::Away && self.faults.crashes > 0 {
                let mut world = self.with(number, Worker::Away);
                world.faults.crashes -= 1;
                next.push(world);
            }
        }
        self.strangers(orders, &mut next);
        if self.now < orders.setting.horizon {
            next.push(self.ticked(orders));
        }
        for world in &mut next {
            world.workers.sort_unstable();
        }
        next
    }

    /// The wall clock is set, or somebody calls the order off.
    fn strangers(&self, orders: &mut Orders, next: &mut Vec<World>) {
        if self.faults.clock > 0 {
            for step in orders.setting.clock_steps {
                let mut world = *self;
                world.faults.clock -= 1;
                world.wall += step;
                next.push(world);
            }
        }
        if self.faults.cancels > 0
            && let Some(journal) = orders.apply(self.journal, Deed::Cancelled { at: self.wall })
        {
            let mut world = self.appended(usize::MAX, journal);
            world.faults.cancels -= 1;
            next.push(world);
        }
    }

    fn ticked(&self, orders: &Orders) -> World {
        let cap = orders.setting.longest_watch;
        let mut world = *self;
        world.now += 1;
        world.wall += 1;
        for worker in &mut world.workers {
            if let Worker::Watching { watched } | Worker::Ready { watched } = worker {
                *watched = (*watched + 1).min(cap);
            }
        }
        world
    }

    fn with(&self, number: usize, worker: Worker) -> World {
        let mut world = *self;
        world.workers[number] = worker;
        world
    }

    /// The journal has grown: whoever else held the order is overtaken.
    fn appended(&self, by: usize, journal: Place) -> World {
        let mut world = World { journal, ..*self };
        for (number, worker) in world.workers.iter_mut().enumerate() {
            if number == by || journal == self.journal {
                continue;
            }
            match worker {
                Worker::Away => {}
                Worker::Watching { .. } | Worker::Ready { .. } => *worker = Worker::Away,
                Worker::Sending { overtaken, .. } | Worker::Answered { overtaken, .. } => {
                    *overtaken = true;
                }
            }
        }
        world
    }

    /// Everything that one worker may do now.
    fn act(&self, number: usize, orders: &mut Orders, next: &mut Vec<World>) {
        match self.workers[number] {
            Worker::Away => next.push(self.with(number, Worker::Watching { watched: 0 })),
            Worker::Watching { watched } => self.step(number, watched, orders, next),
            Worker::Ready { .. } => {
                let attempt = u8::try_from(orders.order(self.journal).attempts().len() + 1).unwrap();
                let started = Deed::Started { at: self.wall, attempt };
                next.push(match orders.apply(self.journal, started) {
                    None => self.with(number, Worker::Away),
                    Some(journal) => self.appended(number, journal).with(
                        number,
                        Worker::Sending {
                            attempt,
                            opened: self.now,
                            opened_wall: self.wall,
                            overtaken: false,
                        },
                    ),
                });
            }
            Worker::Sending { .. } => self.send(number, orders, next),
            Worker::Answered { attempt, opened, answer, overtaken } => {
                let settled = Deed::Settled { at: self.wall, attempt, answer };
                let journal = orders.apply(self.journal, settled).expect("an answer is never dropped");
                let watched = (self.now - opened).min(orders.setting.longest_watch);
                let then = if overtaken { Worker::Away } else { Worker::Watching { watched } };
                next.push(self.appended(number, journal).with(number, then));
            }
        }
    }

    /// One step of the machine.
    fn step(&self, number: usize, watched: u8, orders: &mut Orders, next: &mut Vec<World>) {
        match orders.wish(self.journal, self.wall, watched) {
            Wish::Record(journal) => next.push(self.appended(number, journal)),
            Wish::Place(_) => self.look(number, false, Worker::Ready { watched }, orders, next),
            Wish::LookUp { conclusive } => {
                let early = orders.setting.trust_early_look_ups;
                self.look(number, conclusive || early, Worker::Watching { watched }, orders, next);
            }
            Wish::Wait | Wish::Rest => {}
        }
    }

    /// A look-up, with everything it may find. Where it was made before a purchase and finds nothing,
    /// the worker is `ready`.
    fn look(
        &self,
        number: usize,
        conclusive: bool,
        ready: Worker,
        orders: &mut Orders,
        next: &mut Vec<World>,
    ) {
        let before_purchase = matches!(ready, Worker::Ready { .. });
        for found in self.views(orders.setting.lag) {
            let deed = Deed::LookedUp { at: self.wall, conclusive, found: Some(found) };
            // One that an altered setting counts too early for the machine.
            let plain = Deed::LookedUp { at: self.wall, conclusive: false, found: Some(found) };
            let journal = orders.apply(self.journal, deed).or_else(|| orders.apply(self.journal, plain));
            let Some(journal) = journal else { continue };
            let mut world = self.appended(number, journal);
            if before_purchase && orders.order(journal).look_ups().fresh_empty {
                world.workers[number] = ready;
            }
            next.push(world);
        }
        if self.faults.look_ups > 0 {
            let deed = Deed::LookedUp { at: self.wall, conclusive: false, found: None };
            let Some(mut journal) = orders.apply(self.journal, deed) else { return };
            if before_purchase {
                let deferred = Deed::Deferred { at: self.wall };
                journal = orders.apply(journal, deferred).expect("an unsent order waits");
            }
            let mut world = self.appended(number, journal);
            world.faults.look_ups -= 1;
            next.push(world);
        }
    }

    /// What a look-up may see: charges in effect, and those of the last few ticks or not.
    fn views(&self, lag: u8) -> Vec<u8> {
        let mut views = vec![0_u8];
        for (number, effect) in self.charges.iter().enumerate() {
            if *effect == Self::NEVER || *effect > self.now {
                continue;
            }
            let seen: Vec<u8> = views.iter().map(|view| view | (1 << number)).collect();
            if effect + lag <= self.now {
                views = seen;
            } else {
                views.extend(seen);
            }
        }
        views
    }

    /// The call itself, as the adapter makes it: not at all once either clock says that the window is
    /// over.
    fn send(&self, number: usize, orders: &Orders, next: &mut Vec<World>) {
        let Worker::Sending { attempt, opened, opened_wall, overtaken } = self.workers[number] else {
            return;
        };
        let window = orders.setting.window;
        let answered = |answer| {
            self.with(number, Worker::Answered { attempt, opened, answer, overtaken })
        };
        let on_the_wall = self.wall - opened_wall;
        if self.now - opened >= window || !(0..i16::from(window)).contains(&on_the_wall) {
            next.push(answered(Answer::NotSent));
            return;
        }
        let charged = |answer, effect: u8| {
            let mut world = answered(answer);
            world.charges[usize::from(attempt) - 1] = effect;
            world
        };
        next.push(charged(Answer::Placed, self.now));
        next.push(charged(Answer::Ambiguous, self.now));
        next.push(charged(Answer::Ambiguous, self.now + orders.setting.late_effect));
        next.push(answered(Answer::Ambiguous));
        if self.faults.calls > 0 {
            for answer in [Answer::NotSent, Answer::Refused] {
                let mut world = answered(answer);
                world.faults.calls -= 1;
                next.push(world);
            }
        }
    }
}
