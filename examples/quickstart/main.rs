//! A prompt-injected agent, without and with countersign, over real HTTP.
//!
//! First an agent as they are built today: it holds the token, reads a calendar event in which
//! somebody planted an instruction, and obeys. The token really lands in the calendar, in an event
//! that the attacker is invited to. Then the same servers with countersign in between: one call
//! that a person approved goes out, and every way around the approval that we could think of is
//! tried. `effects` is counted by an independent observer that lists the calendar's events over HTTP
//! before and after.
//!
//! ```sh
//! cargo run --example quickstart              # a table
//! cargo run --example quickstart -- --json    # one object a line
//! ```
//!
//! The servers are loopback doubles of Auth0 and Google Calendar, started here. With `--auth0 URL
//! --client-id ID --client-secret SECRET --subject-token TOKEN --connection NAME --calendar URL` the
//! scenarios that need no fault injection run against other servers; only the dialled address
//! changes, the sealed URL does not.

#![expect(
    clippy::indexing_slicing,
    reason = "serde_json gives Null for a member that is not there"
)]

mod agent;
mod report;
mod scenarios;
mod world;

use std::process::ExitCode;

use report::{Report, Row};
use world::World;

const HELP: &str = "\
quickstart: a prompt-injected agent, without and with countersign

  --json                  one JSON object a line instead of a table
  --only NAME             one scenario
  --auth0 URL             an authorization server that is not ours, for example http://127.0.0.1:4130
  --client-id ID          its client
  --client-secret SECRET  and the client's secret
  --subject-token TOKEN   a refresh or access token of the user
  --connection NAME       the connection (default google-oauth2)
  --calendar URL          a calendar server that is not ours, for example http://127.0.0.1:4101
";

#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) json: bool,
    pub(crate) only: Option<String>,
    pub(crate) auth0: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<String>,
    pub(crate) subject_token: Option<String>,
    pub(crate) connection: Option<String>,
    pub(crate) calendar: Option<String>,
}

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

fn options() -> Result<Option<Options>, Failure> {
    let mut options = Options::default();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let slot = match arg.as_str() {
            "--help" | "-h" => return Ok(None),
            "--json" => {
                options.json = true;
                continue;
            }
            "--only" => &mut options.only,
            "--auth0" => &mut options.auth0,
            "--client-id" => &mut options.client_id,
            "--client-secret" => &mut options.client_secret,
            "--subject-token" => &mut options.subject_token,
            "--connection" => &mut options.connection,
            "--calendar" => &mut options.calendar,
            other => return Err(format!("unknown option {other}; see --help").into()),
        };
        *slot = Some(args.next().ok_or_else(|| format!("{arg} needs a value"))?);
    }
    Ok(Some(options))
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs every scenario; says whether each ended as it must.
async fn run() -> Result<bool, Failure> {
    let Some(options) = options()? else {
        print!("{HELP}");
        return Ok(true);
    };
    let world = World::start(&options).await?;
    let mut report = Report::begin(options.json, world.is_ours());
    for scenario in scenarios::all() {
        if options.only.as_deref().is_some_and(|only| only != scenario.name) {
            continue;
        }
        if scenario.needs_faults && !world.is_ours() {
            report.row(&Row::not_run(&scenario));
            continue;
        }
        let before = world.events().await?;
        let ended = (scenario.run)(&world).await?;
        let effects = world::changes(&before, &world.events().await?);
        report.row(&Row::ran(&scenario, ended, effects));
    }
    Ok(report.end())
}
