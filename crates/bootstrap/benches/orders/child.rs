//! Other processes of this same program: the sandbox that is called, and the owner that is killed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use roamport_sandbox::{Fault, Operation, Rule, Server, ServerOptions, World};
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::provider::TOKEN;
use crate::take_over;

/// Runs what a child was started for; `None` in the program itself.
pub(crate) fn run(runtime: &Runtime, arguments: &[String]) -> Option<Outcome<()>> {
    match arguments.get(1).map(String::as_str) {
        Some("child-sandbox") => Some(runtime.block_on(serve(arguments))),
        Some("child-owner") => Some(runtime.block_on(own(arguments))),
        _ => None,
    }
}

fn start(words: &[&str]) -> Outcome<Child> {
    Ok(Command::new(std::env::current_exe()?)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?)
}

fn end(child: &mut Child) {
    // Its standard input closes with ours, which is how it knows; killing makes sure.
    let _ = child.kill();
    let _ = child.wait();
}

/// A sandbox in a process of its own. It ends with this value.
#[derive(Debug)]
pub(crate) struct Sandbox {
    child: Child,
    pub(crate) base_url: String,
}

impl Sandbox {
    /// Each answer waits for `latency`; that to a purchase for `stall` more, the charge made.
    pub(crate) fn start(latency: Duration, stall: Duration) -> Outcome<Self> {
        let milliseconds = |time: Duration| time.as_millis().to_string();
        let mut child = start(&[
            "child-sandbox",
            &milliseconds(latency),
            &milliseconds(stall),
        ])?;
        let stdout = child
            .stdout
            .take()
            .ok_or("the child has no standard output")?;
        let mut base_url = String::new();
        BufReader::new(stdout).read_line(&mut base_url)?;
        Ok(Self {
            child,
            base_url: base_url.trim().to_owned(),
        })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

async fn serve(arguments: &[String]) -> Outcome<()> {
    let milliseconds = |place: usize| -> Outcome<u64> {
        Ok(arguments.get(place).ok_or("a number is missing")?.parse()?)
    };
    let world = World::builder()
        .packages(60)
        .balance("100000000")
        // Else the sandbox of every round would sell the same orders again.
        .own_ids()
        .token(TOKEN)
        .build()?;
    let stall = milliseconds(3)?;
    if stall > 0 {
        world.add_fault(Rule::new(Operation::Order, Fault::Stall { ms: stall }).for_ever())?;
    }
    let options = ServerOptions {
        latency: Duration::from_millis(milliseconds(2)?),
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start_with(world, address, options).await?;
    say(&server.base_url())?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// A process that works on the orders of a journal, until it is killed. It ends with this value.
#[derive(Debug)]
pub(crate) struct Owner(Child);

impl Owner {
    pub(crate) fn start(journal: &Path, base_url: &str) -> Outcome<Self> {
        let journal = journal.to_str().ok_or("the path is no text")?;
        Ok(Self(start(&["child-owner", journal, base_url])?))
    }

    /// Kills it without warning (`SIGKILL`).
    pub(crate) fn kill(mut self) -> Outcome<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

async fn own(arguments: &[String]) -> Outcome<()> {
    let [_, _, journal, base_url] = arguments else {
        return Err("journal and base URL are wanted".into());
    };
    take_over::work_until_killed(Path::new(journal), base_url).await
}

fn say(line: &str) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
