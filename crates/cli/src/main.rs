//! The `countersign` command: the library's formats at a terminal and in scripts.
//!
//! `canon` writes canonical JSON, `scan` looks into text, `prepare` shows the exact request that a
//! tool call would send, `tools` lists the built-in tools, `ticket` reads and verifies tickets and
//! evidence, `keys` keeps signing keys, `ledger` tells what became of every effect, `assess`, `explain`
//! and `eval` judge the risk of calls, and `completions` writes completions for a shell. Only `ledger
//! reconcile` reaches the network, and no secret is ever printed.
//!
//! Exit codes of every command: 0 as asked; 1 what was asked about is not so, or some lines failed;
//! 2 bad input or usage. Results go to standard output, complaints to standard error.

mod assess;
mod canon;
mod completions;
mod eval;
mod explain;
mod input;
mod keys;
mod ledger;
mod output;
mod policy;
mod prepare;
mod progress;
mod scan;
mod stream;
mod ticket;
mod tools;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::output::{Answer, Failure};

const AFTER: &str = "\
Exit codes:
  0  as asked
  1  what was asked about is not so, or some lines failed
  2  bad input or usage

Example:
  echo '{\"b\":1,\"a\":2.0}' | countersign canon";

/// The risk of agents' calls, canonical JSON, prepared requests, tickets and keys of countersign.
///
/// Only `ledger reconcile` reaches the network, and no secret is ever printed.
#[derive(Debug, clap::Parser)]
#[command(name = "countersign", version, after_help = AFTER)]
struct Cli {
    /// Write results and errors for programs, as JSON.
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Canon(canon::Args),
    Scan(scan::Args),
    Prepare(prepare::Args),
    Tools(tools::Args),
    Ticket(ticket::Args),
    Keys(keys::Args),
    Ledger(ledger::Args),
    Assess(assess::Args),
    Explain(explain::Args),
    Eval(eval::Args),
    Completions(completions::Args),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(stop) if stop.use_stderr() && std::env::args_os().any(|arg| arg == "--json") => {
            return output::finish(Err(Failure::Usage(stop.to_string())), true);
        }
        Err(stop) => {
            // Help that nobody reads to its end is no failure.
            let _ = stop.print();
            return ExitCode::from(if stop.use_stderr() { 2 } else { 0 });
        }
    };
    output::finish(run(&cli), cli.json)
}

fn run(cli: &Cli) -> Result<Answer, Failure> {
    match &cli.command {
        Command::Canon(args) => canon::run(args, cli.json),
        Command::Scan(args) => scan::run(args, cli.json),
        Command::Prepare(args) => prepare::run(args, cli.json),
        Command::Tools(args) => tools::run(args, cli.json),
        Command::Ticket(args) => ticket::run(args, cli.json),
        Command::Keys(args) => keys::run(args, cli.json),
        Command::Ledger(args) => ledger::run(args, cli.json),
        Command::Assess(args) => assess::run(args, cli.json),
        Command::Explain(args) => explain::run(args, cli.json),
        Command::Eval(args) => eval::run(args, cli.json),
        Command::Completions(args) => completions::run(args, &mut Cli::command()),
    }
}
