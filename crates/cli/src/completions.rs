//! `countersign completions`: completions for a shell.

use clap_complete::Shell;

use crate::output::{Answer, Failure, Out};

const AFTER: &str = "\
Reads nothing; writes a script to standard output.

Exit codes:
  0  written
  2  unknown shell

Example:
  countersign completions bash > ~/.local/share/bash-completion/completions/countersign";

/// Write completions for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Args {
    /// For which shell.
    shell: Shell,
}

pub(crate) fn run(args: &Args, command: &mut clap::Command) -> Result<Answer, Failure> {
    // Into memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "countersign", &mut script);
    let mut out = Out::new();
    out.bytes(&script)?;
    out.flush()?;
    Ok(Answer::Yes)
}
