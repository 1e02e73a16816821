//! What is read once more before a purchase call: packages, prices, the wallet.

use jiff::Timestamp;
use roamport_domain::order::{
    AttemptNumber, DeferralReason, GuardReason, OrderContent, WalletReading,
};
use roamport_domain::provider::{EsimKey, ProviderError, PurchaseRequest, Reaction};
use roamport_domain::{EsimProviderExt as _, Money, Order, Package};

use super::{Break, Driver};

/// What is sent, and the wallet just before.
pub(super) struct Checked {
    pub(super) request: PurchaseRequest,
    /// Absent for a repetition, which is sent as it was stored.
    pub(super) baseline: Option<WalletReading>,
}

/// Why a purchase call is not made now.
pub(super) enum Not {
    Ever(GuardReason, String),
    Yet(DeferralReason, String),
}

impl Driver {
    /// Reads the packages and the wallet once more, and makes the request of them. A repetition
    /// sends what was stored.
    pub(super) async fn checked_request(
        &self,
        order: &Order,
        replays: Option<AttemptNumber>,
    ) -> Result<Result<Checked, Not>, Break> {
        // Before the wallet is read: what is charged from here on shows in it.
        let at = self.parts.journal.now().await?;
        Ok(self.check(order, replays, at).await)
    }

    async fn check(
        &self,
        order: &Order,
        replays: Option<AttemptNumber>,
        at: Timestamp,
    ) -> Result<Checked, Not> {
        if let Some(number) = replays
            && let Some(stored) = order
                .attempts()
                .iter()
                .find(|attempt| attempt.number == number)
        {
            return Ok(Checked {
                request: stored.request.clone(),
                baseline: None,
            });
        }
        let mut content = order.requested().content.clone();
        for place in 0..content.lines().len() {
            let package = self.read_package(&content, place).await?;
            if package.flags.travel_date_required
                && content.start_date().is_none()
                && !content.is_top_up()
            {
                let message = format!("package `{}` needs the date of travel", package.id);
                return Err(Not::Ever(GuardReason::TravelDateMissing, message));
            }
            content.lines_mut()[place].line.unit_price = package.price;
        }
        let request = content.request();
        let balance = self.check_price(order, &request).await?;
        let baseline = Some(WalletReading { at, balance });
        Ok(Checked { request, baseline })
    }

    /// The package of the line at this place, as it is sold now.
    async fn read_package(&self, content: &OrderContent, place: usize) -> Result<Package, Not> {
        let provider = &self.parts.provider;
        let line = &content.lines()[place].line;
        let found = match content {
            OrderContent::Esims { .. } => provider.find_package(&line.package).await,
            OrderContent::TopUp(top_up) => {
                let key = EsimKey::of(top_up.esim.clone(), top_up.iccid.clone());
                provider.find_top_up_package(&key, &line.package).await
            }
        };
        match found {
            Ok(Some(package)) => Ok(package),
            Ok(None) => Err(Not::Ever(
                GuardReason::PackageGone,
                format!(
                    "{} no longer sells package `{}`",
                    provider.name(),
                    line.package
                ),
            )),
            Err(error) => Err(not_readable(&error)),
        }
    }

    async fn check_price(&self, order: &Order, request: &PurchaseRequest) -> Result<Money, Not> {
        let never = |message| Not::Ever(GuardReason::AboveCap, message);
        let total = request
            .total()
            .ok_or_else(|| never("its total cannot be computed".into()))?;
        let cap = order.requested().cap;
        match total.compare(cap) {
            Ok(ordering) if ordering.is_le() => {}
            Ok(_) => {
                return Err(never(format!(
                    "it now costs {total}, above the maximum of {cap}"
                )));
            }
            Err(error) => return Err(never(error.to_string())),
        }
        let balance: Money = self
            .parts
            .provider
            .balance()
            .await
            .map_err(|error| not_readable(&error))?;
        let short = |message| Not::Yet(DeferralReason::WalletShort, message);
        match total.checked_sub(balance) {
            Ok(missing) if missing.is_negative() || missing.is_zero() => Ok(balance),
            Ok(missing) => Err(short(format!(
                "the wallet holds {balance}; {missing} is missing for {total}"
            ))),
            Err(error) => Err(short(error.to_string())),
        }
    }
}

/// What a failed read before a purchase means for the order.
fn not_readable(error: &ProviderError) -> Not {
    let message = error.to_string();
    match error.reaction() {
        Reaction::Retry { .. } | Reaction::Reconcile => {
            Not::Yet(DeferralReason::ProviderUnavailable, message)
        }
        Reaction::Halt => Not::Yet(DeferralReason::Halted, message),
        Reaction::Refuse => Not::Ever(GuardReason::Unsupported, message),
    }
}
