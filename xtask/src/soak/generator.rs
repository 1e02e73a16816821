//! Callers that record orders all the while: one key an order, the same key until it is recorded.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use super::roamport::Roamport;

/// How many callers there are.
const CALLERS: u64 = 2;

/// How long a caller rests between two orders.
const REST: Duration = Duration::from_millis(150);

/// Every so many orders two processes record the same one at the same time.
const RACE_EVERY: u64 = 8;

/// What is bought: packages that every sandbox sells.
const PACKAGES: [&str; 3] = [
    "esim-portugal-7days-1gb-all",
    "esim-france-15days-3gb-all",
    "esim-japan-30days-5gb-all",
];

/// An order that a caller was told is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordedOrder {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) reference: String,
}

/// Callers at work.
#[derive(Debug)]
pub(crate) struct Generator {
    shared: Arc<Shared>,
    callers: Vec<JoinHandle<anyhow::Result<()>>>,
}

#[derive(Debug)]
struct Shared {
    roamport: Roamport,
    seed: u64,
    number: AtomicU64,
    stop: AtomicBool,
    recorded: Mutex<Vec<RecordedOrder>>,
}

impl Generator {
    /// Starts the callers.
    pub(crate) fn start(roamport: &Roamport, seed: u64) -> Self {
        let shared = Arc::new(Shared {
            roamport: roamport.clone(),
            seed,
            number: AtomicU64::new(1),
            stop: AtomicBool::new(false),
            recorded: Mutex::default(),
        });
        let callers = (0..CALLERS)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.record_all())
            })
            .collect();
        Self { shared, callers }
    }

    /// How many orders are recorded so far.
    pub(crate) fn count(&self) -> usize {
        self.shared.recorded().len()
    }

    /// Lets each caller end the order it is at, and gives all that were recorded.
    pub(crate) fn finish(self) -> anyhow::Result<Vec<RecordedOrder>> {
        self.shared.stop.store(true, Ordering::Relaxed);
        for caller in self.callers {
            match caller.join() {
                Ok(ended) => ended.context("a caller gave up")?,
                Err(_) => bail!("a caller broke down"),
            }
        }
        Ok(self.shared.recorded().clone())
    }
}

impl Shared {
    fn recorded(&self) -> std::sync::MutexGuard<'_, Vec<RecordedOrder>> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record_all(&self) -> anyhow::Result<()> {
        while !self.stop.load(Ordering::Relaxed) {
            let number = self.number.fetch_add(1, Ordering::Relaxed);
            let order = self.record(number)?;
            self.recorded().push(order);
            thread::sleep(REST);
        }
        Ok(())
    }

    /// Tries until the order is recorded: faults and cut connections meet its reads too.
    fn record(&self, number: u64) -> anyhow::Result<RecordedOrder> {
        const TRIES: u32 = 200;
        let key = format!("soak-{}-{number}", self.seed);
        let packages = u64::try_from(PACKAGES.len()).unwrap_or(1);
        let package = PACKAGES[usize::try_from(number % packages).unwrap_or_default()];
        let words = [
            "buy", package, "--key", &key, "--wait", "0", "--yes", "--json",
        ];
        let mut said = String::new();
        for _ in 0..TRIES {
            let beside = if number.is_multiple_of(RACE_EVERY) {
                let mut command = self.roamport.command(&words);
                command.stdout(Stdio::piped()).stderr(Stdio::null());
                Some(command.spawn()?)
            } else {
                None
            };
            let output = self.roamport.run(&words)?;
            let order = recorded(&output.stdout, &key);
            if let Some(beside) = beside {
                let other = recorded(&beside.wait_with_output()?.stdout, &key);
                if let (Some(order), Some(other)) = (&order, &other)
                    && order != other
                {
                    bail!("one key names two orders: {order:?} and {other:?}");
                }
            }
            if let Some(order) = order {
                return Ok(order);
            }
            String::from_utf8_lossy(&output.stderr)
                .trim()
                .clone_into(&mut said);
        }
        bail!("order {key} could not be recorded in {TRIES} tries; the last: {said}")
    }
}

/// The order in the document of `buy`.
fn recorded(stdout: &[u8], key: &str) -> Option<RecordedOrder> {
    let document: Value = serde_json::from_slice(stdout).ok()?;
    let text = |name: &str| document["order"][name].as_str().map(str::to_owned);
    Some(RecordedOrder {
        id: text("id")?,
        key: text("key").filter(|named| named == key)?,
        reference: text("reference")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_recorded_once_its_document_names_it() {
        let document = br#"{"order":{"id":"o","key":"soak-1-2","reference":"R"},"esims":[]}"#;
        let order = recorded(document, "soak-1-2").unwrap();
        assert_eq!((order.id.as_str(), order.reference.as_str()), ("o", "R"));
        assert_eq!(recorded(document, "soak-1-3"), None);
        for nothing in [&b""[..], b"{}", br#"{"order":{"id":"o"}}"#] {
            assert_eq!(recorded(nothing, "soak-1-2"), None);
        }
    }
}
