//! One state of everything at once, and every way it can go on: two workers that stall, crash and
//! come back, a provider that is late and forgetful, and two clocks.

use roamport_domain::order::OrderState;

use super::orders::{Answer, Deed, Orders, Situation, Wish};

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
    /// Has recorded the call so long ago and not yet sent it; the wall clock was set by `set` since.
    Sending {
        attempt: u8,
        age: u8,
        set: i8,
        overtaken: bool,
    },
    /// Knows how the call ended, and has not yet told.
    Answered {
        attempt: u8,
        age: u8,
        answer: Answer,
        overtaken: bool,
    },
}

/// How many more faults of each kind may happen. That an answer is lost, an effect late, a reply 500
/// or a worker slow counts as no fault here: it may happen every time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    /// A worker is gone, at any point.
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

/// What the provider took money for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Charge {
    attempt: u8,
    /// Ticks until it takes effect; below zero, ticks since.
    effect: i8,
}

/// Everything at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) journal: Situation,
    pub(crate) workers: [Worker; 2],
    pub(crate) charge: Option<Charge>,
    /// What no world may have.
    pub(crate) second_charge: bool,
    pub(crate) faults: Faults,
}

impl World {
    pub(crate) const fn new(faults: Faults) -> Self {
        let workers = [Worker::Away; 2];
        Self {
            journal: 0,
            workers,
            charge: None,
            second_charge: false,
            faults,
        }
    }

    /// Whether nothing can happen any more.
    pub(crate) fn is_over(&self, orders: &Orders) -> bool {
        let idle = |worker: &Worker| matches!(worker, Worker::Away | Worker::Watching { .. });
        orders.state(self.journal).is_final() && self.workers.iter().all(idle)
    }

    /// What is wrong here, if anything.
    pub(crate) fn violation(&self, orders: &Orders) -> Option<&'static str> {
        let in_flight = |worker: &&Worker| match worker {
            Worker::Sending { age, .. } | Worker::Answered { age, .. } => {
                *age < orders.setting.window
            }
            _ => false,
        };
        if self.workers.iter().filter(in_flight).count() > 1 {
            return Some("G1: two calls in flight");
        }
        if self.second_charge {
            return Some("G2: a double charge");
        }
        match orders.state(self.journal) {
            OrderState::Failed | OrderState::Cancelled if self.charge.is_some() => {
                Some("an order that failed was charged")
            }
            OrderState::Fulfilled if self.charge.is_none() => {
                Some("an order was fulfilled without a charge")
            }
            _ => None,
        }
    }

    /// Every world that may be next.
    pub(crate) fn successors(&self, orders: &mut Orders) -> Vec<World> {
        if self.is_over(orders) {
            return Vec::new();
        }
        let mut next = vec![self.ticked(orders)];
        for number in 0..self.workers.len() {
            self.act(number, orders, &mut next);
            if self.workers[number] != Worker::Away && self.faults.crashes > 0 {
                let mut world = self.with(number, Worker::Away);
                world.faults.crashes -= 1;
                next.push(world);
            }
        }
        self.strangers(orders, &mut next);
        for world in &mut next {
            world.workers.sort_unstable();
        }
        next
    }

    /// The next world with the first worker alone, which never stalls and whose calls are all lost;
    /// and whether a tick passed.
    pub(crate) fn carried_on(&self, look_ups_fail: bool, orders: &mut Orders) -> (World, bool) {
        let mut next = Vec::new();
        let mut world = *self;
        world.faults.look_ups = u8::from(look_ups_fail);
        world.act(0, orders, &mut next);
        // The last of the successors is the worst: the look-up that fails, the call that is lost.
        match next.pop() {
            Some(next) => (
                World {
                    faults: self.faults,
                    ..next
                },
                false,
            ),
            None => (self.ticked(orders), true),
        }
    }

    /// The wall clock is set, or somebody calls the order off.
    fn strangers(&self, orders: &mut Orders, next: &mut Vec<World>) {
        if self.faults.clock > 0 {
            for step in orders.setting.clock_steps {
                let mut world = World {
                    journal: orders.set(self.journal, step),
                    ..*self
                };
                world.faults.clock -= 1;
                for worker in &mut world.workers {
                    if let Worker::Sending { set, .. } = worker {
                        *set += step;
                    }
                }
                next.push(world);
            }
        }
        if self.faults.cancels > 0
            && let Some(journal) = orders.apply(self.journal, Deed::Cancelled)
        {
            let mut world = self.appended(None, journal);
            world.faults.cancels -= 1;
            next.push(world);
        }
    }

    /// A tick later on every clock.
    pub(crate) fn ticked(&self, orders: &mut Orders) -> World {
        let (watch, lag) = (
            orders.setting.longest_watch(),
            i8::try_from(orders.setting.lag).unwrap(),
        );
        let mut world = World {
            journal: orders.ticked(self.journal, 1),
            ..*self
        };
        for worker in &mut world.workers {
            match worker {
                Worker::Away => {}
                Worker::Watching { watched } | Worker::Ready { watched } => {
                    *watched = (*watched + 1).min(watch);
                }
                Worker::Sending { age, .. } | Worker::Answered { age, .. } => {
                    *age = (*age + 1).min(watch);
                }
            }
        }
        if let Some(charge) = &mut world.charge {
            charge.effect = (charge.effect - 1).max(-lag);
        }
        world
    }

    fn with(&self, number: usize, worker: Worker) -> World {
        let mut world = *self;
        world.workers[number] = worker;
        world
    }

    /// The journal has grown: whoever else held the order is overtaken.
    fn appended(&self, by: Option<usize>, journal: Situation) -> World {
        let mut world = World { journal, ..*self };
        for (number, worker) in world.workers.iter_mut().enumerate() {
            if by == Some(number) {
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
    pub(crate) fn act(&self, number: usize, orders: &mut Orders, next: &mut Vec<World>) {
        match self.workers[number] {
            Worker::Away => next.push(self.with(number, Worker::Watching { watched: 0 })),
            Worker::Watching { watched } => self.step(number, watched, orders, next),
            Worker::Ready { .. } => next.push(self.record_the_call(number, orders)),
            Worker::Sending { .. } => self.send(number, orders, next),
            Worker::Answered {
                attempt,
                age,
                answer,
                overtaken,
            } => {
                let settled = Deed::Settled { attempt, answer };
                let journal = orders
                    .apply(self.journal, settled)
                    .expect("an answer is never dropped");
                let then = if overtaken {
                    Worker::Away
                } else {
                    Worker::Watching { watched: age }
                };
                next.push(self.appended(Some(number), journal).with(number, then));
            }
        }
    }

    /// One step of the machine.
    fn step(&self, number: usize, watched: u8, orders: &mut Orders, next: &mut Vec<World>) {
        match orders.wish(self.journal, watched) {
            Wish::Record(journal) => next.push(self.appended(Some(number), journal)),
            Wish::Place => {
                for journal in self.looked_up(false, orders) {
                    let mut world = self.appended(Some(number), journal);
                    if orders.order(journal).look_ups().fresh_empty {
                        world.workers[number] = Worker::Ready { watched };
                    }
                    next.push(world);
                }
                self.look_in_vain(number, Deed::NotReady, orders, next);
            }
            Wish::LookUp { conclusive } => {
                for journal in self.looked_up(conclusive, orders) {
                    next.push(self.appended(Some(number), journal));
                }
                self.look_in_vain(number, Deed::Unhealthy, orders, next);
            }
            Wish::Wait | Wish::Rest => {}
        }
    }

    /// What a healthy look-up may lead to: a charge in effect is found, a young one perhaps.
    fn looked_up(&self, conclusive: bool, orders: &mut Orders) -> Vec<Situation> {
        let lag = i8::try_from(orders.setting.lag).unwrap();
        let found = self
            .charge
            .filter(|charge| charge.effect <= 0)
            .map(|charge| charge.attempt);
        let must_be_found = self.charge.is_some_and(|charge| charge.effect <= -lag);
        let mut views = vec![found];
        if found.is_some() && !must_be_found {
            views.push(None);
        }
        let count_all = orders.setting.trust_early_look_ups;
        let mut journals = Vec::new();
        for attempt in views {
            let as_told = Deed::Found {
                conclusive,
                attempt,
            };
            let trusted = Deed::Found {
                conclusive: true,
                attempt,
            };
            let journal = if count_all {
                orders.apply(self.journal, trusted)
            } else {
                None
            };
            // Where the clock was set back in between, the machine refuses it: the worker reloads.
            journals.extend(journal.or_else(|| orders.apply(self.journal, as_told)));
        }
        journals
    }

    fn look_in_vain(&self, number: usize, deed: Deed, orders: &mut Orders, next: &mut Vec<World>) {
        if self.faults.look_ups == 0 {
            return;
        }
        let journal = orders
            .apply(self.journal, deed)
            .expect("a failed look-up is recorded");
        let mut world = self.appended(Some(number), journal);
        world.faults.look_ups -= 1;
        next.push(world);
    }

    fn record_the_call(&self, number: usize, orders: &mut Orders) -> World {
        let attempt = u8::try_from(orders.order(self.journal).attempts().len() + 1).unwrap();
        match orders.apply(self.journal, Deed::Started { attempt }) {
            // It became too late meanwhile.
            None => self.with(number, Worker::Away),
            Some(journal) => self.appended(Some(number), journal).with(
                number,
                Worker::Sending {
                    attempt,
                    age: 0,
                    set: 0,
                    overtaken: false,
                },
            ),
        }
    }

    /// The call itself, as the adapter makes it: not at all once either clock says that the window is
    /// over, or that it has not begun.
    fn send(&self, number: usize, orders: &Orders, next: &mut Vec<World>) {
        let Worker::Sending {
            attempt,
            age,
            set,
            overtaken,
        } = self.workers[number]
        else {
            return;
        };
        let (setting, window) = (
            &orders.setting,
            i8::try_from(orders.setting.window).unwrap(),
        );
        let answered = |answer| {
            self.with(
                number,
                Worker::Answered {
                    attempt,
                    age,
                    answer,
                    overtaken,
                },
            )
        };
        let own = i8::try_from(age).unwrap();
        if setting.ignore_window {
            // Frozen between its last check and the socket.
        } else if own >= window || !(0..window).contains(&(own + set)) {
            next.push(answered(Answer::NotSent));
            return;
        }
        let charged = |answer, effect: u8| {
            let mut world = answered(answer);
            world.second_charge = self.charge.is_some();
            world.charge = Some(Charge {
                attempt,
                effect: i8::try_from(effect).unwrap(),
            });
            world
        };
        next.push(charged(Answer::Placed, 0));
        next.push(charged(Answer::Ambiguous, 0));
        next.push(charged(Answer::Ambiguous, setting.late_effect));
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
