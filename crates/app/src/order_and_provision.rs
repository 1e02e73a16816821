//! The use-case "order and provision": from a wish to a quote that [`Orders`] carries out.

use std::num::NonZeroU16;

use jiff::civil::Date;
use roamport_domain::order::{Fingerprint, OrderContent, OrderedLine};
use roamport_domain::provider::Line;
use roamport_domain::{EsimProviderExt as _, Money, Package, PackageId};

use crate::Quote;
use crate::{AppError, Orders, Refusal};

/// One package somebody wants to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WishLine {
    /// Which.
    pub package: PackageId,
    /// How many eSIMs of it.
    pub quantity: NonZeroU16,
    /// For how many days, where it is [sold by the day](Package::by_day).
    pub days: Option<u16>,
}

impl WishLine {
    /// So many eSIMs of a package that is sold as it stands.
    pub const fn new(package: PackageId, quantity: NonZeroU16) -> Self {
        Self {
            package,
            quantity,
            days: None,
        }
    }
}

/// What somebody wants to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Packages and how many eSIMs of each. Two lines for one package stay two.
    pub lines: Vec<WishLine>,
    /// The day the journey starts, where a package asks for it.
    pub start_date: Option<Date>,
}

impl Wish {
    /// So many eSIMs of one package.
    pub fn new(package: PackageId, quantity: NonZeroU16) -> Self {
        Self {
            lines: vec![WishLine::new(package, quantity)],
            start_date: None,
        }
    }
}

impl Orders {
    /// What makes another wish the same.
    pub fn fingerprint(&self, wish: &Wish) -> Fingerprint {
        let lines = wish
            .lines
            .iter()
            .map(|line| (&line.package, line.quantity, line.days));
        Fingerprint::of_esims(&self.parts().instance, lines, wish.start_date)
    }

    /// What a wish costs today, and what the wallet holds. Reads only.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownPackage`], [`Refusal::TravelDateMissing`], [`Refusal::TravelDatePast`],
    /// [`Refusal::AboveLimit`], [`Refusal::Empty`]; [`AppError::Provider`].
    pub async fn quote(&self, wish: &Wish) -> Result<Quote, AppError> {
        self.check_limits(wish)?;
        self.check_date(wish)?;
        let mut lines = Vec::with_capacity(wish.lines.len());
        for line in &wish.lines {
            let id = &line.package;
            let package = self
                .parts()
                .provider
                .find_package(id)
                .await?
                .ok_or_else(|| Refusal::UnknownPackage {
                    package: id.clone(),
                    provider: self.parts().instance.name.clone(),
                })?;
            if package.flags.travel_date_required && wish.start_date.is_none() {
                return Err(Refusal::TravelDateMissing {
                    package: id.clone(),
                }
                .into());
            }
            lines.push(ordered_line(&package, line.quantity, line.days)?);
        }
        self.quoted(OrderContent::Esims {
            lines,
            start_date: wish.start_date,
        })
        .await
    }

    /// A profile that is asked for with a past date fails, and the money is gone by then. A day is
    /// past once it is over in the last time zone, twelve hours behind UTC.
    fn check_date(&self, wish: &Wish) -> Result<(), Refusal> {
        let last_zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(-12));
        let today = self.parts().clock.now().to_zoned(last_zone).date();
        match wish.start_date {
            Some(date) if date < today => Err(Refusal::TravelDatePast { date }),
            _ => Ok(()),
        }
    }

    fn check_limits(&self, wish: &Wish) -> Result<(), Refusal> {
        if wish.lines.is_empty() {
            return Err(Refusal::Empty);
        }
        let capabilities = self.parts().provider.capabilities();
        let esims = wish
            .lines
            .iter()
            .map(|line| u64::from(line.quantity.get()))
            .sum();
        let lines = u64::try_from(wish.lines.len()).unwrap_or(u64::MAX);
        for (what, asked, limit) in [
            ("eSIMs", esims, capabilities.esims_per_order),
            ("lines", lines, capabilities.lines_per_order),
        ] {
            if let Some(limit) = limit.map(|limit| u64::from(limit.get()))
                && asked > limit
            {
                let provider = self.parts().instance.name.clone();
                return Err(Refusal::AboveLimit {
                    what,
                    asked,
                    limit,
                    provider,
                });
            }
        }
        Ok(())
    }

    pub(crate) async fn quoted(&self, content: OrderContent) -> Result<Quote, AppError> {
        let total = content.quoted_total().ok_or_else(|| {
            Refusal::Currencies("the lines are not in one currency, or too many".to_owned())
        })?;
        let balance: Money = self.parts().provider.balance().await?;
        Ok(Quote {
            provider: self.parts().instance.clone(),
            content,
            total,
            balance,
        })
    }
}

/// The line of an order for a package; refused where it is sold by the day and the days are missing
/// or out of range, or where it is not and days were named.
pub(crate) fn ordered_line(
    package: &Package,
    quantity: NonZeroU16,
    days: Option<u16>,
) -> Result<OrderedLine, Refusal> {
    let fits = match (package.by_day, days) {
        (None, None) => true,
        (Some(range), Some(days)) => range.contains(days),
        _ => false,
    };
    if !fits {
        return Err(Refusal::Days {
            package: package.id.clone(),
            sold: package.by_day,
            asked: days,
        });
    }
    Ok(OrderedLine {
        line: Line {
            package: package.id.clone(),
            quantity,
            unit_price: package.price,
            days,
        },
        alias: package.alias.clone(),
        name: package.name.clone(),
        data: package.data,
    })
}
