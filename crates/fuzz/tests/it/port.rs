//! Every call of the port to a provider, with requests that the samples answer.

use std::num::NonZeroU16;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use roamport_domain::money::Currency;
use roamport_domain::provider::{
    CancelRequest, CancelledEsim, DestinationFilter, EsimKey, EsimProvider, FoundOrders, Line,
    OrderLookup, PackageQuery, ProviderOrder, ProvisionRequest, Purchase, PurchaseRequest, Result,
    SendWindow, TopUpQuery, UsageQuery,
};
use roamport_domain::{
    Clock as _, Destination, Esim, EsimId, Iccid, Money, Package, PackageId, ProviderError,
    ProviderOrderId, Reference, Usage,
};
use roamport_fuzz::Cursor;

use crate::stage::StillClock;

/// Packages of a stream that are looked at.
const MOST_PACKAGES: usize = 100_000;

/// The names that the samples of one provider bear.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) reference: &'static str,
    pub(crate) package: &'static str,
    pub(crate) esim: &'static str,
    pub(crate) iccid: &'static str,
    pub(crate) order: &'static str,
}

/// A call of the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    PlaceOrder,
    TopUp,
    TopUpByOtherName,
    Provision,
    Cancel,
    OrdersUnderReference,
    OrderById,
    RecentOrders,
    Esim,
    EsimByIccid,
    Usage,
    DailyUsage,
    UsageBatch,
    Balance,
    Packages,
    TopUpPackages,
    Destinations,
}

impl Call {
    pub(crate) const ALL: [Self; 17] = [
        Self::PlaceOrder,
        Self::TopUp,
        Self::TopUpByOtherName,
        Self::Provision,
        Self::Cancel,
        Self::OrdersUnderReference,
        Self::OrderById,
        Self::RecentOrders,
        Self::Esim,
        Self::EsimByIccid,
        Self::Usage,
        Self::DailyUsage,
        Self::UsageBatch,
        Self::Balance,
        Self::Packages,
        Self::TopUpPackages,
        Self::Destinations,
    ];

    pub(crate) fn draw(cursor: &mut Cursor<'_>) -> Self {
        Self::ALL[usize::from(cursor.byte()) % Self::ALL.len()]
    }

    pub(crate) const fn is_purchase(self) -> bool {
        matches!(
            self,
            Self::PlaceOrder | Self::TopUp | Self::TopUpByOtherName
        )
    }

    pub(crate) const fn has_effect(self) -> bool {
        self.is_purchase() || matches!(self, Self::Provision | Self::Cancel)
    }
}

/// What a call gave.
#[derive(Debug)]
pub(crate) enum Outcome {
    Bought(ProviderOrder),
    Found(FoundOrders),
    Esims(Vec<Esim>),
    Usages(Vec<Option<Usage>>),
    Balance(Money),
    Packages(Vec<Package>, Option<ProviderError>),
    Destinations(Vec<Destination>),
    Cancelled(CancelledEsim),
}

/// Makes the call.
pub(crate) async fn perform(
    provider: &dyn EsimProvider,
    call: Call,
    names: &Names,
) -> Result<Outcome> {
    let reference = Reference::named(names.reference).unwrap();
    let esim = EsimId::parse(names.esim).unwrap();
    let by_id = EsimKey::from_id(esim.clone());
    let by_iccid = EsimKey::from_iccid(Iccid::parse(names.iccid).unwrap());
    let lookup = |lookup| async move { provider.find_orders(&lookup).await.map(Outcome::Found) };
    let top_up = |iccid| async move {
        let request = top_up_request(names, iccid);
        provider.purchase(&request).await.map(Outcome::Bought)
    };
    let usage = |esim, daily| async move {
        let usage = provider.usage(&UsageQuery { esim, daily }).await?;
        Ok(Outcome::Usages(vec![Some(usage)]))
    };
    match call {
        Call::PlaceOrder => provider
            .purchase(&order_request(names))
            .await
            .map(Outcome::Bought),
        Call::TopUp => top_up(None).await,
        Call::TopUpByOtherName => top_up(by_iccid.iccid().cloned()).await,
        Call::Provision => {
            let start_date = None;
            let request = ProvisionRequest { esim, start_date };
            let esim = provider.provision(&request).await?;
            Ok(Outcome::Esims(vec![esim]))
        }
        Call::Cancel => {
            let request = CancelRequest { esim: by_id };
            provider.cancel(&request).await.map(Outcome::Cancelled)
        }
        Call::OrdersUnderReference => {
            let not_before = StillClock::moment();
            lookup(OrderLookup::Reference {
                reference,
                not_before,
            })
            .await
        }
        Call::OrderById => {
            lookup(OrderLookup::Id(
                ProviderOrderId::parse(names.order).unwrap(),
            ))
            .await
        }
        Call::RecentOrders => lookup(OrderLookup::Since(StillClock::moment())).await,
        Call::Esim => provider
            .esim(&by_id)
            .await
            .map(|esim| Outcome::Esims(vec![esim])),
        Call::EsimByIccid => provider
            .esim(&by_iccid)
            .await
            .map(|esim| Outcome::Esims(vec![esim])),
        Call::Usage => usage(by_iccid, false).await,
        Call::DailyUsage => usage(by_id, true).await,
        Call::UsageBatch => provider
            .usage_batch(&[by_id, by_iccid])
            .await
            .map(Outcome::Usages),
        Call::Balance => provider.balance().await.map(Outcome::Balance),
        Call::Packages => Ok(collect(provider.packages(PackageQuery::default())).await),
        Call::TopUpPackages => {
            Ok(collect(provider.top_up_packages(TopUpQuery::all(by_iccid))).await)
        }
        Call::Destinations => {
            let filter = DestinationFilter::default();
            provider
                .destinations(&filter)
                .await
                .map(Outcome::Destinations)
        }
    }
}

fn window() -> SendWindow {
    SendWindow::open(&StillClock, Duration::from_mins(1))
}

fn price() -> Money {
    Money::parse_amount("3.27", Currency::USD).unwrap()
}

fn order_request(names: &Names) -> Purchase {
    Purchase {
        reference: Reference::named(names.reference).unwrap(),
        request: PurchaseRequest::PlaceOrder {
            lines: vec![Line {
                package: PackageId::parse(names.package).unwrap(),
                quantity: NonZeroU16::new(2).unwrap(),
                unit_price: price(),
                days: None,
            }],
            start_date: None,
        },
        window: window(),
        replays: false,
    }
}

fn top_up_request(names: &Names, iccid: Option<Iccid>) -> Purchase {
    Purchase {
        reference: Reference::named(names.reference).unwrap(),
        request: PurchaseRequest::TopUp {
            esim: EsimId::parse(names.esim).unwrap(),
            iccid,
            package: PackageId::parse(names.package).unwrap(),
            unit_price: price(),
            days: None,
        },
        window: window(),
        replays: false,
    }
}

/// The packages up to the first error.
async fn collect(mut stream: BoxStream<'static, Result<Package>>) -> Outcome {
    let mut packages = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(package) => packages.push(package),
            Err(error) => return Outcome::Packages(packages, Some(error)),
        }
        assert!(packages.len() <= MOST_PACKAGES, "the list does not end");
    }
    Outcome::Packages(packages, None)
}

/// The clock must not be read by the requests alone: a window that is over sends nothing.
#[test]
fn the_window_of_a_purchase_is_open() {
    assert!(window().remaining(&StillClock).is_some());
    assert_eq!(StillClock.now(), StillClock::moment());
}
