//! Two `roamport worker` processes: started, killed without warning, started again, stopped.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::now;
use super::roamport::Roamport;

/// How many workers run at once.
pub(crate) const WORKERS: usize = 2;

/// How long a worker may take to end after it was asked to: the calls in flight, and some grace.
const LONGEST_FAREWELL: Duration = Duration::from_secs(20);

/// The workers of the run. They end with this value.
#[derive(Debug)]
pub(crate) struct Workers {
    roamport: Roamport,
    folder: PathBuf,
    places: Vec<Place>,
    /// How often one was killed.
    pub(crate) kills: u64,
    /// How often one ended by itself, which none should.
    pub(crate) falls: u64,
}

#[derive(Debug)]
struct Place {
    running: Option<Child>,
    /// When the next one starts.
    start_at: Instant,
}

impl Workers {
    /// Starts them; each writes what it says to a log in `folder`.
    pub(crate) fn start(roamport: &Roamport, folder: &Path) -> anyhow::Result<Self> {
        let mut workers = Self {
            roamport: roamport.clone(),
            folder: folder.to_owned(),
            places: Vec::new(),
            kills: 0,
            falls: 0,
        };
        for number in 0..WORKERS {
            let running = Some(workers.spawn(number)?);
            let start_at = now();
            workers.places.push(Place { running, start_at });
        }
        Ok(workers)
    }

    fn log(&self, number: usize) -> PathBuf {
        self.folder.join(format!("worker-{number}.log"))
    }

    fn spawn(&self, number: usize) -> anyhow::Result<Child> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log(number))?;
        self.roamport
            .command(&["worker"])
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("a worker could not be started")
    }

    /// Kills one without warning (`SIGKILL`), to be started again after `pause`.
    pub(crate) fn kill(&mut self, number: usize, pause: Duration) -> anyhow::Result<()> {
        let place = &mut self.places[number % WORKERS];
        if let Some(mut child) = place.running.take() {
            child.kill().context("a worker could not be killed")?;
            child.wait()?;
            self.kills += 1;
            place.start_at = now() + pause;
        }
        Ok(())
    }

    /// Starts those whose pause is over, and notices those that ended by themselves.
    pub(crate) fn tend(&mut self) -> anyhow::Result<()> {
        for number in 0..WORKERS {
            let place = &mut self.places[number];
            let ended = match &mut place.running {
                Some(child) => child.try_wait()?,
                None => None,
            };
            if let Some(status) = ended {
                place.running = None;
                place.start_at = now();
                self.falls += 1;
                println!(
                    "  worker {number} ended by itself: {}",
                    self.last_words(number, status)
                );
                if self.falls > 10 {
                    bail!("the workers do not stay up");
                }
            }
            if self.places[number].running.is_none() && now() >= self.places[number].start_at {
                let child = self.spawn(number)?;
                self.places[number].running = Some(child);
            }
        }
        Ok(())
    }

    fn last_words(&self, number: usize, status: ExitStatus) -> String {
        let log = std::fs::read_to_string(self.log(number)).unwrap_or_default();
        let last = log.lines().last().unwrap_or("it said nothing");
        format!("{status}: {last}")
    }

    /// Asks all of them to stop (`SIGTERM`), and waits for a clean end of each.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let places = std::mem::take(&mut self.places);
        for (number, place) in places.into_iter().enumerate() {
            let Some(mut child) = place.running else {
                continue;
            };
            let asked = Command::new("kill").arg(child.id().to_string()).status();
            asked.context("failed to start `kill`")?;
            let status = farewell(&mut child)?;
            if !status.success() {
                bail!(
                    "worker {number} did not end cleanly: {}",
                    self.last_words(number, status)
                );
            }
        }
        Ok(())
    }
}

fn farewell(child: &mut Child) -> anyhow::Result<ExitStatus> {
    let until = now() + LONGEST_FAREWELL;
    while now() < until {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(20));
    }
    child.kill()?;
    child.wait()?;
    bail!(
        "a worker was asked to stop and still ran {} s later",
        LONGEST_FAREWELL.as_secs()
    )
}

impl Drop for Workers {
    fn drop(&mut self) {
        for place in &mut self.places {
            if let Some(child) = &mut place.running {
                // That it has ended already is no error.
                child.kill().ok();
                child.wait().ok();
            }
        }
    }
}
