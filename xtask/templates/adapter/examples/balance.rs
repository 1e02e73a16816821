//! Shows what is in the wallet: `balance BASE_URL TOKEN`.

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use roamport_adapter_@snake@::{@Type@, @Type@Config};
use roamport_domain::provider::EsimProvider as _;
use roamport_domain::{Clock, Monotonic};
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
    let [base_url, token] = arguments.as_slice() else {
        return Err("usage: balance BASE_URL TOKEN".into());
    };
    let clock = Arc::new(MachineClock {
        started: Instant::now(),
    });
    let provider = @Type@::new(&@Type@Config::new(base_url, token), clock)?;
    writeln!(std::io::stdout().lock(), "{}", provider.balance().await?)?;
    Ok(())
}
