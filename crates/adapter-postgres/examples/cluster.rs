//! Runs a throwaway server until standard input ends: prints its URL, or an empty line if none is installed.

use std::error::Error;
use std::io::{self, Write as _};

use roamport_adapter_postgres::test_cluster::TestCluster;

fn main() -> Result<(), Box<dyn Error>> {
    let cluster = TestCluster::own();
    let url = cluster.as_ref().map(|cluster| cluster.url("postgres"));
    writeln!(io::stdout(), "{}", url.unwrap_or_default())?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
