//! One `balance` call through every layer, against the same call made with the bare HTTP client.

use std::sync::Arc;
use std::time::Duration;

use roamport_domain::EsimProvider;
use roamport_layers::Stack;
use serde::Deserialize;

use crate::Outcome;
use crate::child::Sandbox;
use crate::provider::{TOKEN, adapter, bare, clock, now};
use crate::table::{Table, median, thousandths};

const CALLS: usize = 2_000;

#[derive(Deserialize)]
struct Answer {
    data: Wallet,
}

#[derive(Deserialize)]
struct Wallet {
    balance: f64,
    currency: String,
}

pub(crate) async fn measure(table: &mut Table) -> Outcome<()> {
    let sandbox = Sandbox::start(100, Duration::ZERO)?;
    let provider: Arc<dyn EsimProvider> =
        Arc::new(Stack::new(clock()).over(adapter(&sandbox.base_url)?));
    let client = bare()?;
    let url = format!("{}/api/balance", sandbox.base_url);
    let (mut ours, mut floor) = (Vec::with_capacity(CALLS), Vec::with_capacity(CALLS));
    for _ in 0..CALLS {
        let begin = now();
        let balance = provider.balance().await?;
        ours.push(begin.elapsed());
        let begin = now();
        let request = client.get(&url).bearer_auth(TOKEN);
        let answer: Answer = request.send().await?.error_for_status()?.json().await?;
        floor.push(begin.elapsed());
        if balance.is_zero() || answer.data.balance <= 0.0 || answer.data.currency != "USD" {
            return Err("the wallet is empty".into());
        }
    }
    let (ours, floor) = (median(ours), median(floor));
    let detail = format!("{} µs / {} µs", ours.as_micros(), floor.as_micros());
    table.ratio(
        "balance through the stack / bare call",
        &detail,
        thousandths(ours, floor),
        1100,
    );
    Ok(())
}
