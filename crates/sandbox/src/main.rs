//! The sandbox's own binary: reads the command line and serves.

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
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match serve(arguments.serve, std::io::stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "roamport-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}
