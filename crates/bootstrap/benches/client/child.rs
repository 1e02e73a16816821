//! Other processes of this same program: the sandbox that is called, and the client whose memory
//! is measured.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures::TryStreamExt as _;
use roamport_domain::EsimProvider as _;
use roamport_domain::provider::PackageQuery;
use roamport_sandbox::{Server, ServerOptions, World};
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::provider::{TOKEN, adapter};

/// Runs what a child was started for; `None` in the program itself.
pub(crate) fn run(runtime: &Runtime, arguments: &[String]) -> Option<Outcome<()>> {
    match arguments.get(1).map(String::as_str) {
        Some("child-sandbox") => Some(runtime.block_on(serve(arguments))),
        Some("child-stream") => Some(runtime.block_on(stream(arguments))),
        _ => None,
    }
}

/// A sandbox in a process of its own. It ends with this value.
#[derive(Debug)]
pub(crate) struct Sandbox {
    child: Child,
    pub(crate) base_url: String,
}

impl Sandbox {
    pub(crate) fn start(packages: usize, latency: Duration) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([
                "child-sandbox",
                &packages.to_string(),
                &latency.as_millis().to_string(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
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
        // Its standard input closes with ours, which is how it knows; killing makes sure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn serve(arguments: &[String]) -> Outcome<()> {
    let number = |place: usize| -> Outcome<u64> {
        Ok(arguments.get(place).ok_or("a number is missing")?.parse()?)
    };
    let world = World::builder()
        .packages(usize::try_from(number(2)?)?)
        .token(TOKEN)
        .build()?;
    let options = ServerOptions {
        latency: Duration::from_millis(number(3)?),
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start_with(world, address, options).await?;
    {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", server.base_url())?;
        out.flush()?;
    }
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// Streams a catalogue in a process of its own: how many packages there were, and the peak of its
/// resident memory in KiB.
pub(crate) fn streamed(base_url: &str) -> Outcome<(u64, u64)> {
    let output = Command::new(std::env::current_exe()?)
        .args(["child-stream", base_url])
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut words = text.split_whitespace().map(str::parse::<u64>);
    match (words.next(), words.next()) {
        (Some(packages), Some(peak)) => Ok((packages?, peak?)),
        _ => Err(format!("the child said `{text}`").into()),
    }
}

async fn stream(arguments: &[String]) -> Outcome<()> {
    let base_url = arguments.get(2).ok_or("the base URL is missing")?;
    let mut packages = adapter(base_url)?.packages(PackageQuery::default());
    let mut count = 0_u64;
    while packages.try_next().await?.is_some() {
        count += 1;
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|line| line.split_whitespace().next())
        .ok_or("this system does not tell the peak of resident memory")?;
    writeln!(std::io::stdout().lock(), "{count} {peak}")?;
    Ok(())
}
