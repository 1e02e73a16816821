//! What a test or a person does to the world itself: its clock, its faults, its switches.

use jiff::{SignedDuration, Timestamp};

use super::contents::{Event, Pace};
use super::refusal::WorldError;
use super::{World, time};
use crate::fault::Rule;
use crate::switches::Switches;

impl World {
    /// Moves the clock, running or not. Backwards is possible too.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn advance(&self, by: SignedDuration) -> Result<Timestamp, WorldError> {
        self.set_pace(|pace, _| match pace {
            Pace::Ahead(ahead) => Pace::Ahead(ahead.saturating_add(by)),
            Pace::Frozen(at) => Pace::Frozen(at.saturating_add(by).unwrap_or(at)),
        })
    }

    /// Sets the clock. It goes on running, or standing, from there.
    pub(crate) fn set_time(&self, moment: Timestamp) -> Result<Timestamp, WorldError> {
        self.set_pace(|pace, real| match pace {
            Pace::Ahead(_) => Pace::Ahead(moment.duration_since(real)),
            Pace::Frozen(_) => Pace::Frozen(moment),
        })
    }

    /// Stops the clock where it is.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn freeze(&self) -> Result<Timestamp, WorldError> {
        let base = &self.inner.base;
        self.set_pace(|pace, _| Pace::Frozen(time(pace, base)))
    }

    /// Lets the clock run from where it stands.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn run(&self) -> Result<Timestamp, WorldError> {
        let base = &self.inner.base;
        self.set_pace(|pace, real| Pace::Ahead(time(pace, base).duration_since(real)))
    }

    fn set_pace(
        &self,
        change: impl FnOnce(Pace, Timestamp) -> Pace,
    ) -> Result<Timestamp, WorldError> {
        self.transact(|transaction| {
            let pace = change(transaction.contents.pace, self.inner.base.now());
            transaction.commit(Event::Pace(pace));
            transaction.now = time(pace, &self.inner.base);
            transaction.settle();
            Ok(transaction.now)
        })
    }

    /// The fault list.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn faults(&self) -> Result<Vec<Rule>, WorldError> {
        self.transact(|transaction| Ok(transaction.contents.rules.clone()))
    }

    /// Puts rules at the end of the fault list.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn add_faults(
        &self,
        rules: impl IntoIterator<Item = Rule>,
    ) -> Result<Vec<Rule>, WorldError> {
        self.transact(|transaction| {
            let mut all = transaction.contents.rules.clone();
            all.extend(rules);
            transaction.commit(Event::Rules(all.clone()));
            Ok(all)
        })
    }

    /// Puts one rule at the end of the fault list.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn add_fault(&self, rule: Rule) -> Result<(), WorldError> {
        self.add_faults([rule]).map(|_| ())
    }

    /// Empties the fault list. What a fault has done stays.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn clear_faults(&self) -> Result<(), WorldError> {
        self.commit(Event::Rules(Vec::new()))
    }

    /// The switches.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn switches(&self) -> Result<Switches, WorldError> {
        self.transact(|transaction| Ok(transaction.contents.switches.clone()))
    }

    /// Sets the switches.
    ///
    /// # Errors
    ///
    /// [`WorldError::State`].
    pub fn set_switches(&self, switches: Switches) -> Result<(), WorldError> {
        self.commit(Event::Switches(switches))
    }
}
