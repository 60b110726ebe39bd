//! `chaos`: see the library.

use std::process::ExitCode;

use countersign_chaos::options::{HELP, Task, parse};
use countersign_chaos::{Failure, child, parent, provider, race, soak};

/// The run could not be made, as opposed to 1: it found something.
const FAILED: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("chaos: {error}");
            ExitCode::from(FAILED)
        }
    }
}

async fn run() -> Result<ExitCode, Failure> {
    match parse(std::env::args().skip(1))? {
        Task::Help => println!("{HELP}"),
        Task::Provider => provider::run().await?,
        Task::Child(orders) => child::run(orders).await?,
        Task::Finish(orders) => child::finish(orders).await?,
        Task::Settle(orders) => child::settle(orders).await?,
        Task::Gate(state) => race::gate(&state).await?,
        Task::Racer(port, attempts) => race::racer(port, attempts).await?,
        Task::Race(rounds, json) => return race::run(rounds, json).await,
        Task::Soak(seconds, json) => return soak::run(seconds, json).await,
        Task::Parent(options) => return parent::run(&options).await,
    }
    Ok(ExitCode::SUCCESS)
}
