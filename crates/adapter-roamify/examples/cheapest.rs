//! Shows the cheapest packages for a country: `cheapest BASE_URL TOKEN COUNTRY`.
//!
//! Against the sandbox: `roamport-sandbox --listen 127.0.0.1:8080 --token t`, then
//! `cargo run -p roamport-adapter-roamify --example cheapest http://127.0.0.1:8080 t FR`.

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;

use futures::TryStreamExt as _;
use jiff::Timestamp;
use roamport_adapter_roamify::{Roamify, RoamifyConfig};
use roamport_domain::provider::{EsimProvider as _, PackageQuery};
use roamport_domain::{Clock, CountryCode, Monotonic};
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
    let [base_url, token, country] = arguments.as_slice() else {
        return Err("usage: cheapest BASE_URL TOKEN COUNTRY".into());
    };
    let clock = Arc::new(MachineClock {
        started: Instant::now(),
    });
    let roamify = Roamify::new(&RoamifyConfig::new(base_url, token), clock)?;
    let query = PackageQuery {
        country: Some(CountryCode::parse(country)?),
        ..PackageQuery::default()
    };
    let mut packages: Vec<_> = roamify.packages(query).try_collect().await?;
    packages.sort_by_key(|package| package.price.amount());
    let mut out = std::io::stdout().lock();
    for package in packages.iter().take(10) {
        writeln!(
            out,
            "{:>12}  {:<40}  {}",
            package.price, package.name, package.id
        )?;
    }
    Ok(())
}
