//! What answers say of orders and eSIMs where faults have them say something else than what is true.

use super::identity;
use super::record::{EsimRecord, OrderRecord};
use super::refusal::WorldError;
use super::{Transaction, World};
use crate::fault::{MixUp, Plan};

impl World {
    /// The order as this call tells it.
    pub(crate) fn told_order(
        &self,
        order: OrderRecord,
        plan: &Plan,
    ) -> Result<OrderRecord, WorldError> {
        if plan.mix_up.is_none() && plan.spelling.is_none() {
            return Ok(order);
        }
        self.transact(|transaction| {
            let mut told = transaction.mixed_up_order(order, plan.mix_up);
            respell(&mut told.reference, plan);
            Ok(told)
        })
    }

    /// The eSIM as this call tells it.
    pub(crate) fn told_esim(
        &self,
        esim: EsimRecord,
        plan: &Plan,
    ) -> Result<EsimRecord, WorldError> {
        if plan.mix_up.is_none() && plan.spelling.is_none() {
            return Ok(esim);
        }
        self.transact(|transaction| {
            let mut told = transaction.mixed_up_esim(esim, plan.mix_up);
            respell(&mut told.reference, plan);
            for allowance in &mut told.allowances {
                respell(&mut allowance.reference, plan);
            }
            Ok(told)
        })
    }
}

fn respell(reference: &mut Option<String>, plan: &Plan) {
    if let Some(spelling) = plan.spelling {
        *reference = reference.take().and_then(|text| spelling.spell(&text));
    }
}

impl Transaction<'_> {
    fn mixed_up_order(&self, order: OrderRecord, mix_up: Option<MixUp>) -> OrderRecord {
        let mut told = order;
        match mix_up {
            None | Some(MixUp::Twin) => {}
            Some(MixUp::Order) => return self.other_order(&told),
            Some(MixUp::Reference) => told.reference = self.other_order(&told).reference,
            Some(MixUp::Package) => {
                for item in &mut told.items {
                    (item.package_id, item.package) = self.other_package(&item.package_id);
                }
            }
            Some(MixUp::Esim) => {
                let other = self.other_order(&told);
                if let (Some(item), Some(other)) = (told.items.first_mut(), other.items.first()) {
                    item.esim_id.clone_from(&other.esim_id);
                }
            }
        }
        told
    }

    fn mixed_up_esim(&self, esim: EsimRecord, mix_up: Option<MixUp>) -> EsimRecord {
        let mut told = esim;
        match mix_up {
            None => {}
            Some(MixUp::Order) => return self.other_esim(&told),
            Some(MixUp::Reference) => {
                let other = self.other_esim(&told).reference;
                for allowance in &mut told.allowances {
                    allowance.reference.clone_from(&other);
                }
                told.reference = other;
            }
            Some(MixUp::Package) => {
                let item = &mut told.allowances[0].item;
                (item.package_id, item.package) = self.other_package(&item.package_id);
            }
            Some(MixUp::Esim) => {
                let other = self.other_esim(&told);
                (told.id, told.number) = (other.id, other.number);
                (told.transaction, told.profile) = (other.transaction, other.profile);
            }
            Some(MixUp::Twin) => {
                let mut esims = self.contents.esims.iter();
                let first = esims.find(|one| one.order_id == told.order_id);
                if let (Some(first), Some(_)) = (first, &told.profile) {
                    told.profile.clone_from(&first.profile);
                }
            }
        }
        told
    }

    /// The newest order of this kind but this one, or an invented one.
    fn other_order(&self, order: &OrderRecord) -> OrderRecord {
        let mut orders = self.contents.orders.iter().rev();
        let other = orders.find(|other| other.id != order.id && other.kind == order.kind);
        other.cloned().unwrap_or_else(|| {
            let mut invented = order.clone();
            invented.id = self.invented("order");
            invented.number = Some(format!("B{}", self.invented_number(order.created_at)));
            invented.reference = Some(self.invented("reference"));
            for item in &mut invented.items {
                item.esim_id = self.invented("esim");
            }
            invented
        })
    }

    /// The newest eSIM of another order, or an invented one.
    fn other_esim(&self, esim: &EsimRecord) -> EsimRecord {
        let mut esims = self.contents.esims.iter().rev();
        let other = esims.find(|other| other.order_id != esim.order_id);
        other.cloned().unwrap_or_else(|| {
            let mut invented = esim.clone();
            invented.id = self.invented("esim");
            invented.order_id = self.invented("order");
            invented.reference = Some(self.invented("reference"));
            invented.transaction = Some(self.invented_number(esim.created_at));
            if let Some(profile) = &mut invented.profile {
                profile.iccid = identity::iccid(self.salt, INVENTED);
                profile.activation_code = identity::activation_code(self.salt, INVENTED);
            }
            invented
        })
    }

    fn invented(&self, kind: &str) -> String {
        identity::uuid(self.salt, kind, INVENTED)
    }

    fn invented_number(&self, at: jiff::Timestamp) -> String {
        identity::transaction_number(self.salt, INVENTED, at)
    }

    /// Another package of the catalogue, and its name.
    fn other_package(&self, id: &str) -> (String, String) {
        let mut others = (0..2).filter_map(|index| self.catalogue.package(index));
        let other = others.find(|other| other.id != id);
        other.map_or_else(Default::default, |other| (other.id, other.name))
    }
}

/// A number that no order or eSIM of a world comes to.
const INVENTED: u64 = 99_999_999;
