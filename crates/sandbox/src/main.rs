//! The sandbox's own binary: reads the command line and serves.

mod stderr;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use roamport_sandbox::serve::{ServeArguments, serve};

/// A simulated eSIM provider that speaks the HTTP dialects of real ones: no real money, nothing
/// installable.
#[derive(Debug, Parser)]
#[command(name = "roamport-sandbox", version)]
struct Arguments {
    #[command(flatten)]
    serve: ServeArguments,

    /// Print each request to standard error: its method, path, answer and faults
    #[arg(long, short)]
    verbose: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    stderr::install(arguments.verbose);
    match serve(arguments.serve, std::io::stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "roamport-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}
