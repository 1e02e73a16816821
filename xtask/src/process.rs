//! Child processes: what a failed one means for our own exit code, which tools are installed, and where
//! our own programs lie.

use std::fmt;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};

use xshell::{Shell, cmd};

use crate::workspace::Workspace;

/// A command that ended badly; its exit code becomes ours.
#[derive(Debug)]
pub(crate) struct CommandFailed {
    /// The command, as a person would type it.
    pub(crate) command: String,
    /// How it ended.
    pub(crate) status: ExitStatus,
}

impl fmt::Display for CommandFailed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status.code() {
            Some(code) => write!(formatter, "`{}` failed with exit code {code}", self.command),
            None => write!(formatter, "`{}` was stopped by a signal", self.command),
        }
    }
}

impl std::error::Error for CommandFailed {}

/// The exit code of a failed [`CommandFailed`] in the chain, otherwise 1.
pub(crate) fn exit_code_of(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(exit_number_of(error))
}

fn exit_number_of(error: &anyhow::Error) -> u8 {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref::<CommandFailed>())
        .and_then(|failed| failed.status.code())
        .and_then(|code| u8::try_from(code).ok())
        .filter(|code| *code != 0)
        .unwrap_or(1)
}

/// Whether `cargo NAME` exists on this machine.
pub(crate) fn has_cargo_subcommand(shell: &Shell, name: &str) -> bool {
    cmd!(shell, "cargo {name} --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_ok()
}

/// Where `cargo build` puts the program with this name.
pub(crate) fn built_program(shell: &Shell, name: &str) -> anyhow::Result<PathBuf> {
    Ok(Workspace::read(shell)?.built_program(name))
}

/// Flags with their values, as another program takes them; those without a value are left out.
pub(crate) fn flags<const COUNT: usize>(flags: [(&str, Option<String>); COUNT]) -> Vec<String> {
    let given = flags
        .into_iter()
        .filter_map(|(flag, value)| Some([flag.to_owned(), value?]));
    given.flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use anyhow::Context as _;

    use super::*;

    /// The test program itself refuses an unknown flag: a command that fails on every platform.
    fn failed() -> CommandFailed {
        let program = std::env::current_exe().unwrap();
        let status = Command::new(program)
            .arg("--no-such-flag")
            .output()
            .unwrap()
            .status;
        assert!(!status.success());
        CommandFailed {
            command: "roamport buy".to_owned(),
            status,
        }
    }

    #[test]
    fn the_exit_code_of_a_failed_command_becomes_ours() {
        let failed = failed();
        let code = u8::try_from(failed.status.code().unwrap()).unwrap();
        let error = anyhow::Error::new(failed).context("the demo stopped");
        assert_eq!(exit_number_of(&error), code);
    }

    #[test]
    fn an_error_of_our_own_exits_with_one() {
        let error = Err::<(), _>(anyhow::anyhow!("no package")).context("the demo stopped");
        assert_eq!(exit_number_of(&error.unwrap_err()), 1);
    }

    #[test]
    fn the_sentence_names_the_command_and_its_code() {
        let failed = failed();
        let code = failed.status.code().unwrap();
        assert_eq!(
            failed.to_string(),
            format!("`roamport buy` failed with exit code {code}")
        );
    }

    #[test]
    fn a_missing_tool_is_noticed() {
        let shell = Shell::new().unwrap();
        assert!(!has_cargo_subcommand(&shell, "no-such-tool-as-this"));
        assert!(has_cargo_subcommand(&shell, "clippy"));
    }
}
