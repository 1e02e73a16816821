//! What a purchase would cost, and whether it can be afforded.

use roamport_domain::Money;
use roamport_domain::money::MoneyError;
use roamport_domain::order::{OrderContent, ProviderInstance};

use crate::Refusal;

/// What a purchase would be, at today's price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// With whom.
    pub provider: ProviderInstance,
    /// What for.
    pub content: OrderContent,
    /// What it costs in all.
    pub total: Money,
    /// What the wallet holds.
    pub balance: Money,
}

impl Quote {
    /// The most the order may cost: `maximum`, or the quoted total where there is none. Whoever shows
    /// a quote asks this first, and spares a person a question whose answer would not matter.
    ///
    /// # Errors
    ///
    /// [`Refusal::AboveMaximum`], [`Refusal::WalletShort`], [`Refusal::Currencies`].
    pub fn cap(&self, maximum: Option<Money>) -> Result<Money, Refusal> {
        let currencies = |error: MoneyError| Refusal::Currencies(error.to_string());
        let (total, balance) = (self.total, self.balance);
        let cap = maximum.unwrap_or(total);
        if total.compare(cap).map_err(currencies)?.is_gt() {
            return Err(Refusal::AboveMaximum {
                total,
                maximum: cap,
            });
        }
        if balance.compare(total).map_err(currencies)?.is_lt() {
            return Err(Refusal::WalletShort {
                provider: self.provider.name.clone(),
                total,
                balance,
                missing: total.checked_sub(balance).map_err(currencies)?,
            });
        }
        Ok(cap)
    }
}
