//! Buys the cheapest package for a country and gives it back: `buy BASE_URL ACCESS_CODE COUNTRY`.
//!
//! Against the sandbox: `roamport-sandbox --listen 127.0.0.1:8080 --token t`, then
//! `cargo run -p roamport-adapter-esim-access --example buy http://127.0.0.1:8080 t FR`. Against eSIM
//! Access this moves real money, there and back.

use std::error::Error;
use std::io::Write as _;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt as _;
use jiff::Timestamp;
use roamport_adapter_esim_access::{EsimAccess, EsimAccessConfig};
use roamport_domain::provider::{
    CancelRequest, EsimKey, EsimProvider as _, Line, OrderLookup, PackageQuery, Purchase,
    PurchaseRequest, SendWindow,
};
use roamport_domain::{Clock, CountryCode, Esim, IdempotencyKey, Monotonic, Reference};
use tokio::time::Instant;

/// The machine's clocks.
#[derive(Debug)]
struct MachineClock {
    started: Instant,
}

impl Clock for MachineClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "a program brings the clock its libraries ask for"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::at(self.started.elapsed())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [base_url, access_code, country] = arguments.as_slice() else {
        return Err("usage: buy BASE_URL ACCESS_CODE COUNTRY".into());
    };
    let clock = Arc::new(MachineClock {
        started: Instant::now(),
    });
    let config = EsimAccessConfig::new(base_url, access_code);
    let esim_access = EsimAccess::new(&config, clock.clone())?;
    let query = PackageQuery {
        country: Some(CountryCode::parse(country)?),
        ..PackageQuery::default()
    };
    let packages: Vec<_> = esim_access.packages(query).try_collect().await?;
    let package = packages
        .iter()
        .filter(|package| package.by_day.is_none())
        .min_by_key(|package| package.price.amount())
        .ok_or("nothing is sold for this country")?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "buying {} for {}", package.name, package.price)?;

    // A real shop keeps the key with its own order, so that a second run buys nothing.
    let key = IdempotencyKey::parse(format!("example-{}", clock.now()))?;
    let request = Purchase {
        reference: Reference::derive(esim_access.name(), &key),
        request: PurchaseRequest::PlaceOrder {
            lines: vec![Line {
                package: package.id.clone(),
                quantity: NonZeroU16::MIN,
                unit_price: package.price,
                days: None,
            }],
            start_date: None,
        },
        window: SendWindow::open(&*clock, Duration::from_mins(1)),
        replays: false,
    };
    let order = esim_access.purchase(&request).await?;
    writeln!(out, "order {} was accepted", order.id)?;

    let esim = delivered(&esim_access, &OrderLookup::Id(order.id)).await?;
    writeln!(out, "eSIM {} is ready", esim.id())?;

    let key = EsimKey::from_id(esim.id().clone());
    esim_access.cancel(&CancelRequest { esim: key }).await?;
    let left = esim_access.balance().await?;
    writeln!(out, "given back; the wallet holds {left}")?;
    Ok(())
}

/// Reads the order until its profile is there: after a second at first, for a minute at most.
async fn delivered(provider: &EsimAccess, lookup: &OrderLookup) -> Result<Esim, Box<dyn Error>> {
    for pause in [1, 2, 3, 4, 5].into_iter().chain([5; 9]) {
        tokio::time::sleep(Duration::from_secs(pause)).await;
        let found = provider.find_orders(lookup).await?;
        let items = found.orders.into_iter().flat_map(|order| order.items);
        let mut profiles = items.filter_map(|item| item.profile);
        if let Some(esim) = profiles.find(Esim::is_ready) {
            return Ok(esim);
        }
    }
    Err(
        "the profile did not come within a minute; the order is charged, so look again later"
            .into(),
    )
}
