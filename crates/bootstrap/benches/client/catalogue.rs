//! The whole catalogue, against fetching the same pages and throwing them away.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use roamport_domain::EsimProvider as _;
use roamport_domain::provider::PackageQuery;

use crate::Outcome;
use crate::child::Sandbox;
use crate::provider::{TOKEN, adapter, bare, now};
use crate::table::{Table, median, thousandths};

const PACKAGES: usize = 28_000;
const PAGE: usize = 50;
const IN_FLIGHT: usize = 8;
const ROUNDS: usize = 7;

pub(crate) async fn measure(table: &mut Table) -> Outcome<()> {
    let sandbox = Sandbox::start(PACKAGES, Duration::from_millis(20))?;
    let (provider, client) = (adapter(&sandbox.base_url)?, bare()?);
    let (mut ours, mut floor, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let begin = now();
        let read = provider
            .packages(PackageQuery::default())
            .try_fold(0, |count, _| async move { Ok(count + 1) });
        let read = read.await?;
        let (mine, begin) = (begin.elapsed(), now());
        if read != PACKAGES {
            return Err(format!("{read} packages were read of {PACKAGES}").into());
        }
        throw_away(&client, &sandbox.base_url).await?;
        let theirs = begin.elapsed();
        // The first round warms connections and caches.
        if round > 0 {
            ours.push(mine);
            floor.push(theirs);
            ratios.push(thousandths(mine, theirs));
        }
    }
    ratios.sort_unstable();
    let detail = format!(
        "{} ms / {} ms",
        median(ours).as_millis(),
        median(floor).as_millis()
    );
    table.ratio(
        "28,000 packages, wall time / fetch alone",
        &detail,
        ratios[ROUNDS / 2],
        1300,
    );
    Ok(())
}

/// The floor: the same pages, and the empty one that ends them, with the same number in flight.
async fn throw_away(client: &reqwest::Client, base_url: &str) -> Outcome<()> {
    let fetch = |page: usize| {
        let url = format!("{base_url}/api/esim/packages?page={page}&pageSize={PAGE}");
        let request = client.get(url).bearer_auth(TOKEN);
        async move { request.send().await?.error_for_status()?.bytes().await }
    };
    futures::stream::iter(1..=PACKAGES / PAGE + 1)
        .map(fetch)
        .buffered(IN_FLIGHT)
        .try_for_each(|_| async { Ok(()) })
        .await?;
    Ok(())
}
