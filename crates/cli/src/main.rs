//! The binary `roamport`.

use std::process::ExitCode;

fn main() -> ExitCode {
    roamport_cli::run()
}
