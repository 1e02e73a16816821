//! Buying: eSIMs and top-ups, each a charge to the wallet and a line of the ledger.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::contents::{Event, LateEffect};
use super::identity;
use super::record::{Allowance, EsimRecord, EsimState, ItemRecord, OrderRecord};
use super::refusal::{Refusal, WorldError};
use super::{Transaction, World};
use crate::catalogue::{CataloguePackage, Talk};
use crate::fault::{Plan, Twists};
use crate::ledger::{Charge, ChargeKind};
use crate::switches::Tolerance;

/// So many of one package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseLine {
    /// The package.
    pub package_id: String,
    /// How many, at least 1.
    pub quantity: u64,
}

/// A purchase as the provider receives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purchase {
    /// New eSIMs.
    Order {
        /// What and how many.
        lines: Vec<PurchaseLine>,
        /// The caller's reference.
        reference: Option<String>,
        /// Whether the profiles are made in the same call.
        instant: bool,
    },
    /// More data for an eSIM.
    TopUp {
        /// Its card number.
        iccid: String,
        /// The package to add.
        package_id: String,
        /// The caller's reference.
        reference: Option<String>,
    },
}

impl Purchase {
    /// An order of one line, with a reference.
    pub fn order(package_id: &str, quantity: u64, reference: &str) -> Self {
        Self::Order {
            lines: vec![PurchaseLine {
                package_id: package_id.to_owned(),
                quantity,
            }],
            reference: Some(reference.to_owned()),
            instant: false,
        }
    }

    /// A top-up, with a reference.
    pub fn top_up(iccid: &str, package_id: &str, reference: &str) -> Self {
        Self::TopUp {
            iccid: iccid.to_owned(),
            package_id: package_id.to_owned(),
            reference: Some(reference.to_owned()),
        }
    }

    fn reference(&self) -> Option<&str> {
        match self {
            Self::Order { reference, .. } | Self::TopUp { reference, .. } => reference.as_deref(),
        }
    }
}

impl World {
    /// Buys, without any fault: what a call of the provider's own would do.
    ///
    /// # Errors
    ///
    /// [`WorldError::Refused`] where the provider refuses: nothing was charged then.
    pub fn purchase(&self, purchase: &Purchase) -> Result<OrderRecord, WorldError> {
        self.purchase_with(purchase, &Plan::default())
    }

    /// Buys under the faults of this call. A fault that ends the call early is the caller's to obey.
    pub(crate) fn purchase_with(
        &self,
        purchase: &Purchase,
        plan: &Plan,
    ) -> Result<OrderRecord, WorldError> {
        self.transact(|transaction| {
            let now = transaction.now;
            Ok(transaction.buy(purchase, &plan.twists, now, plan.answers())?)
        })
    }

    /// Has the purchase happen by itself, so many milliseconds from now.
    pub(crate) fn purchase_later(
        &self,
        purchase: &Purchase,
        plan: &Plan,
        ms: u64,
    ) -> Result<(), WorldError> {
        self.transact(|transaction| {
            transaction.commit(Event::Scheduled(LateEffect {
                due: later(transaction.now, ms),
                purchase: purchase.clone(),
                twists: plan.twists.clone(),
            }));
            Ok(())
        })
    }
}

impl Transaction<'_> {
    /// Lets the scheduled purchases happen that are due, each at its own moment.
    pub(super) fn settle(&mut self) {
        if !self
            .contents
            .late
            .iter()
            .any(|effect| effect.due <= self.now)
        {
            return;
        }
        let (mut due, waiting): (Vec<_>, Vec<_>) = self
            .contents
            .late
            .iter()
            .cloned()
            .partition(|effect| effect.due <= self.now);
        due.sort_by_key(|effect| effect.due);
        self.commit(Event::Waiting(waiting));
        for effect in due {
            if let Err(refusal) = self.buy(&effect.purchase, &effect.twists, effect.due, false) {
                tracing::debug!(%refusal, "a late purchase came to nothing");
            }
        }
    }

    fn buy(
        &mut self,
        purchase: &Purchase,
        twists: &Twists,
        at: Timestamp,
        answered: bool,
    ) -> Result<OrderRecord, Refusal> {
        self.check_reference(purchase.reference())?;
        match purchase {
            Purchase::Order { lines, instant, .. } => {
                self.buy_esims(purchase, lines, *instant, twists, at, answered)
            }
            Purchase::TopUp {
                iccid, package_id, ..
            } => self.buy_top_up(purchase, iccid, package_id, twists, at, answered),
        }
    }

    fn check_reference(&self, reference: Option<&str>) -> Result<(), Refusal> {
        let taken = reference.is_some_and(|text| self.contents.orders_under(text).next().is_some());
        if taken && self.contents.switches.duplicate_reference == Tolerance::Refused {
            return Err(Refusal::DuplicateReference);
        }
        Ok(())
    }

    fn buy_esims(
        &mut self,
        purchase: &Purchase,
        lines: &[PurchaseLine],
        instant: bool,
        twists: &Twists,
        at: Timestamp,
        answered: bool,
    ) -> Result<OrderRecord, Refusal> {
        let packages = self.ordered(lines, instant)?;
        let mut order = self.order_of(purchase, &packages, twists, at, ChargeKind::Order);
        let charge = self.charge_of(&order, answered)?;
        let left = order.items.len().saturating_sub(twists.missing_items);
        order.items.truncate(left);
        let mut esims = Vec::with_capacity(left);
        for (step, (item, package)) in (1..).zip(order.items.iter_mut().zip(&packages)) {
            let number = self.contents.ids + step;
            item.esim_id = identity::uuid(self.salt, "esim", number);
            let mut esim = self.esim_of(&order.id, purchase.reference(), item, package, number);
            if instant {
                esim.profile = Some(self.profile(&esim, twists.pending_profile, at, None));
            }
            esims.push(esim);
        }
        self.commit(Event::Charged {
            charge,
            order: order.clone(),
            esims,
        });
        Ok(order)
    }

    fn ordered(
        &self,
        lines: &[PurchaseLine],
        instant: bool,
    ) -> Result<Vec<CataloguePackage>, Refusal> {
        let most = self.contents.switches.most_esims_per_order;
        let asked = lines
            .iter()
            .try_fold(0_u64, |sum, line| sum.checked_add(line.quantity));
        let asked = asked
            .filter(|asked| *asked <= most)
            .ok_or(Refusal::TooMany(most))?;
        if asked == 0 || lines.iter().any(|line| line.quantity == 0) {
            return Err(Refusal::NothingOrdered);
        }
        let mut packages = Vec::new();
        for line in lines {
            let package = self
                .catalogue
                .find(&line.package_id)
                .ok_or_else(|| Refusal::UnknownPackage(line.package_id.clone()))?;
            if instant && package.travel_date {
                return Err(Refusal::StartDateMissing);
            }
            packages.extend((0..line.quantity).map(|_| package.clone()));
        }
        Ok(packages)
    }

    fn buy_top_up(
        &mut self,
        purchase: &Purchase,
        iccid: &str,
        package_id: &str,
        twists: &Twists,
        at: Timestamp,
        answered: bool,
    ) -> Result<OrderRecord, Refusal> {
        let esim = self
            .contents
            .esim_by_iccid(iccid, at)
            .ok_or(Refusal::UnknownEsim)?;
        let package = self
            .catalogue
            .find(package_id)
            .ok_or_else(|| Refusal::UnknownPackage(package_id.to_owned()))?;
        if !esim.top_up {
            return Err(Refusal::TopUpUnsupported);
        }
        if esim.state(at) == EsimState::Expired {
            return Err(Refusal::Expired);
        }
        let group = self
            .catalogue
            .find(&esim.allowances[0].item.package_id)
            .map(|bought| bought.group);
        if group != Some(package.group) || !package.is_top_up() {
            return Err(Refusal::Incompatible);
        }
        let mut esim = esim.clone();
        let mut order = self.order_of(
            purchase,
            std::slice::from_ref(&package),
            twists,
            at,
            ChargeKind::Topup,
        );
        let charge = self.charge_of(&order, answered)?;
        // The provider's own sample shows an id here that is not the eSIM's.
        order.items[0].esim_id = identity::uuid(self.salt, "top-up", self.contents.ids);
        esim.allowances.push(allowance(&order.items[0], &package));
        self.commit(Event::Charged {
            charge,
            order: order.clone(),
            esims: vec![esim],
        });
        Ok(order)
    }

    fn order_of(
        &self,
        purchase: &Purchase,
        packages: &[CataloguePackage],
        twists: &Twists,
        at: Timestamp,
        kind: ChargeKind,
    ) -> OrderRecord {
        let items: Vec<ItemRecord> = packages
            .iter()
            .map(|package| ItemRecord {
                esim_id: String::new(),
                package_id: package.id.clone(),
                package: package.name.clone(),
                price: twists.price(package.price),
                created_at: at,
            })
            .collect();
        OrderRecord {
            id: identity::uuid(self.salt, "order", self.contents.ids),
            reference: purchase.reference().map(str::to_owned),
            kind,
            total: items.iter().map(|item| item.price).sum(),
            items,
            created_at: at,
            visible_from: later(at, twists.late_visibility),
            first_state: twists
                .order_state
                .clone()
                .map(|(state, lasting)| (state, lasting.after(at))),
        }
    }

    fn charge_of(&self, order: &OrderRecord, answered: bool) -> Result<Charge, Refusal> {
        let balance_after = self.contents.balance - order.total;
        if balance_after < Decimal::ZERO {
            return Err(Refusal::InsufficientBalance {
                missing: -balance_after,
            });
        }
        Ok(Charge {
            seq: self.contents.ledger.len() as u64 + 1,
            at: order.created_at,
            reference: order.reference.clone(),
            order_id: order.id.clone(),
            kind: order.kind,
            amount: order.total,
            balance_after,
            packages: order
                .items
                .iter()
                .map(|item| item.package_id.clone())
                .collect(),
            answered,
        })
    }

    fn esim_of(
        &self,
        order_id: &str,
        reference: Option<&str>,
        item: &ItemRecord,
        package: &CataloguePackage,
        number: u64,
    ) -> EsimRecord {
        EsimRecord {
            id: item.esim_id.clone(),
            number,
            order_id: order_id.to_owned(),
            reference: reference.map(str::to_owned),
            allowances: vec![allowance(item, package)],
            location: self.catalogue.groups()[package.group].signals[0]
                .name
                .clone(),
            top_up: package.top_up(),
            hotspot: package.hotspot,
            usage_check: package.usage_check,
            travel_date: package.travel_date,
            notes: package.notes().into_iter().map(str::to_owned).collect(),
            created_at: item.created_at,
            profile: None,
            installed_at: None,
            activated_at: None,
            ended_at: None,
            used: Vec::new(),
        }
    }
}

fn allowance(item: &ItemRecord, package: &CataloguePackage) -> Allowance {
    let (sms, minutes) = match package.plan.talk {
        None => (0, 0),
        Some(Talk::Counted { sms, minutes }) => (sms.into(), minutes.into()),
        Some(Talk::Unlimited) => (u64::from(u32::MAX), u64::from(u32::MAX)),
    };
    Allowance {
        item: item.clone(),
        days: package.plan.days,
        megabytes: package.plan.megabytes(),
        sms,
        minutes,
    }
}

/// So many milliseconds after a moment; [`Timestamp::MAX`] where that is past the end of time.
fn later(moment: Timestamp, ms: u64) -> Timestamp {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| moment.checked_add(SignedDuration::from_millis(ms)).ok())
        .unwrap_or(Timestamp::MAX)
}
