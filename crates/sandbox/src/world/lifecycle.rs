//! What happens to an eSIM after it was bought: profile, installation, use, end.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::contents::Event;
use super::identity;
use super::record::{EsimRecord, EsimState, Profile, UsageDay};
use super::refusal::{Refusal, WorldError};
use super::{Transaction, World};
use crate::fault::{Lasting, Plan};
use crate::switches::Tolerance;

/// Whose profiles are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplyTarget {
    /// One eSIM's.
    Esim(String),
    /// Those of all eSIMs that were ordered under a reference.
    Reference(String),
}

impl World {
    /// Has profiles made, without any fault. Asking again gives the same profiles.
    ///
    /// # Errors
    ///
    /// [`WorldError::Refused`] where there is no such eSIM or order, or a travel date is missing or wrong.
    pub fn apply(
        &self,
        target: &ApplyTarget,
        start_date: Option<&str>,
    ) -> Result<Vec<EsimRecord>, WorldError> {
        self.apply_with(target, start_date, &Plan::default())
    }

    /// Has profiles made under the faults of this call. [`Refusal::StillPending`] where one takes longer.
    pub(crate) fn apply_with(
        &self,
        target: &ApplyTarget,
        start_date: Option<&str>,
        plan: &Plan,
    ) -> Result<Vec<EsimRecord>, WorldError> {
        self.transact(|transaction| {
            let now = transaction.now;
            let mut esims = transaction.applied(target)?;
            transaction.check_start_date(&esims, start_date)?;
            let pending = plan.twists.pending_profile;
            let mut changed = Vec::new();
            for esim in esims.iter_mut().filter(|esim| esim.profile.is_none()) {
                let mut profile = transaction.profile(esim, pending, now, start_date);
                if let Some(iccid) = transaction.used_iccid(&changed, now) {
                    profile.iccid = iccid;
                }
                esim.profile = Some(profile);
                changed.push(esim.clone());
            }
            if !changed.is_empty() {
                transaction.commit(Event::Esims(changed));
            }
            if esims.iter().any(|esim| esim.ready_profile(now).is_none()) {
                return Err(Refusal::StillPending.into());
            }
            Ok(esims)
        })
    }

    /// Installs the profile on a device. `esim` is an eSIM id or a card number, here and below.
    ///
    /// # Errors
    ///
    /// [`WorldError::Refused`] where there is no such eSIM, it has no profile, or its time is over.
    pub fn install(&self, esim: &str) -> Result<EsimRecord, WorldError> {
        self.change(esim, install)
    }

    /// Uses the eSIM for the first time: its validity starts. Installs it where that was not done.
    ///
    /// # Errors
    ///
    /// Those of [`World::install`].
    pub fn activate(&self, esim: &str) -> Result<EsimRecord, WorldError> {
        self.change(esim, activate)
    }

    /// Uses so many kilobytes, at most what is left. Activates the eSIM where that was not done.
    ///
    /// # Errors
    ///
    /// Those of [`World::install`].
    pub fn use_data(&self, esim: &str, kilobytes: u64) -> Result<EsimRecord, WorldError> {
        self.change(esim, |esim, now| {
            activate(esim, now)?;
            let left = esim.allowed_kilobytes().map_or(u64::MAX, |allowed| {
                allowed.saturating_sub(esim.used_kilobytes())
            });
            record_use(esim, kilobytes.min(left), now);
            Ok(())
        })
    }

    /// Ends the eSIM's time now.
    ///
    /// # Errors
    ///
    /// Those of [`World::install`].
    pub fn expire(&self, esim: &str) -> Result<EsimRecord, WorldError> {
        self.change(esim, |esim, now| {
            esim.ended_at.get_or_insert(now);
            Ok(())
        })
    }

    fn change(
        &self,
        key: &str,
        work: impl FnOnce(&mut EsimRecord, Timestamp) -> Result<(), Refusal>,
    ) -> Result<EsimRecord, WorldError> {
        self.change_any(key, |esim, now| {
            match esim.state(now) {
                EsimState::New => return Err(Refusal::NotApplied),
                EsimState::Expired => return Err(Refusal::Expired),
                EsimState::Cancelled | EsimState::Revoked => return Err(Refusal::NotAllowed),
                EsimState::Ready | EsimState::Installed => {}
            }
            work(esim, now)
        })
    }

    /// Changes an eSIM in whatever state it is, unless `work` refuses.
    pub(super) fn change_any(
        &self,
        key: &str,
        work: impl FnOnce(&mut EsimRecord, Timestamp) -> Result<(), Refusal>,
    ) -> Result<EsimRecord, WorldError> {
        self.transact(|transaction| {
            let mut esim = transaction.named(key)?;
            work(&mut esim, transaction.now)?;
            transaction.commit(Event::Esims(vec![esim.clone()]));
            Ok(esim)
        })
    }
}

impl Transaction<'_> {
    fn applied(&self, target: &ApplyTarget) -> Result<Vec<EsimRecord>, Refusal> {
        match target {
            ApplyTarget::Esim(id) => Ok(vec![
                self.contents.esim(id).ok_or(Refusal::UnknownEsim)?.clone(),
            ]),
            ApplyTarget::Reference(reference) => {
                let esims: Vec<EsimRecord> = self
                    .contents
                    .orders_under(reference)
                    .filter(|order| order.visible_from <= self.now)
                    .flat_map(|order| &order.items)
                    .filter_map(|item| self.contents.esim(&item.esim_id).cloned())
                    .collect();
                if esims.is_empty() {
                    Err(Refusal::UnknownOrder)
                } else {
                    Ok(esims)
                }
            }
        }
    }

    fn check_start_date(
        &self,
        esims: &[EsimRecord],
        start_date: Option<&str>,
    ) -> Result<(), Refusal> {
        let needed = esims
            .iter()
            .any(|esim| esim.travel_date && esim.profile.is_none());
        let Some(text) = start_date else {
            return if needed {
                Err(Refusal::StartDateMissing)
            } else {
                Ok(())
            };
        };
        let date = parse_date(text).ok_or(Refusal::StartDateMalformed)?;
        let today = self.now.to_zoned(TimeZone::UTC).date();
        if date < today && self.contents.switches.past_start_date == Tolerance::Refused {
            return Err(Refusal::StartDatePast);
        }
        Ok(())
    }

    pub(super) fn profile(
        &self,
        esim: &EsimRecord,
        pending: Option<Lasting>,
        now: Timestamp,
        start_date: Option<&str>,
    ) -> Profile {
        Profile {
            iccid: identity::iccid(self.salt, esim.number),
            activation_code: identity::activation_code(self.salt, esim.number),
            applied_at: now,
            ready_at: pending.map_or(now, |lasting| lasting.after(now)),
            start_date: start_date.map(str::to_owned),
        }
    }
}

fn install(esim: &mut EsimRecord, now: Timestamp) -> Result<(), Refusal> {
    if esim.deleted_at.is_some() {
        return Err(Refusal::NotAllowed);
    }
    esim.installed_at.get_or_insert(now);
    Ok(())
}

fn activate(esim: &mut EsimRecord, now: Timestamp) -> Result<(), Refusal> {
    if esim.suspended_at.is_some() || esim.switched_off {
        return Err(Refusal::NotAllowed);
    }
    install(esim, now)?;
    esim.activated_at.get_or_insert(now);
    Ok(())
}

fn record_use(esim: &mut EsimRecord, kilobytes: u64, now: Timestamp) {
    let date = now.to_zoned(TimeZone::UTC).date();
    if let Some(day) = esim.used.iter_mut().find(|day| day.date == date) {
        day.kilobytes += kilobytes;
    } else if kilobytes > 0 {
        esim.used.push(UsageDay {
            date,
            kilobytes,
            location: esim.location.clone(),
        });
    }
}

/// A plain date, or the date of an ISO 8601 date and time.
fn parse_date(text: &str) -> Option<Date> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.to_zoned(TimeZone::UTC).date());
    }
    text.parse::<Date>().ok()
}
