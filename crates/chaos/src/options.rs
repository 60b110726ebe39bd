//! The command line.

use std::path::PathBuf;

use crate::Failure;
use crate::broken::Fault;
use crate::child::Orders;
use crate::point::Point;

/// What the command line asks for.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "main does each of them")]
pub enum Task {
    /// The whole run.
    Parent(Options),
    /// A child's life.
    Child(Orders),
    /// The last but one.
    Finish(Orders),
    /// The last one.
    Settle(Orders),
    /// The provider.
    Provider,
    /// So many rounds of the race, as JSON or not.
    Race(u64, bool),
    /// The gate process of the race, with its state directory.
    Gate(PathBuf),
    /// A process that races through the gate at a port, with so many attempts in each round.
    Racer(u16, u64),
    /// So many seconds of soak, as JSON or not.
    Soak(u64, bool),
    /// The help.
    Help,
}

/// Options of the whole run.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "a parent needs all of it")]
pub struct Options {
    /// How often to kill.
    pub kills: u64,
    /// What the run follows from.
    pub seed: u64,
    /// Print one JSON object instead of the table.
    pub json: bool,
    /// A provider that is there already.
    pub provider: Option<String>,
    /// The bearer for it.
    pub token: String,
    /// What is broken on purpose.
    pub fault: Option<Fault>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kills: 500,
            seed: 1,
            json: false,
            provider: None,
            token: "chaos".to_owned(),
            fault: None,
        }
    }
}

/// The text of `--help`.
pub const HELP: &str = "Kills countersign at every step and counts at the provider what became of it

Usage: chaos [options]
       chaos --race [--rounds <n>] [--json]
       chaos soak [--seconds <n>] [--json]

The second form has four processes race for one ticket through one gate process, a thousand times in each
round (by default 200 rounds). The third works for ten minutes, or so many seconds (at least 30), under a
clock that lets a day pass, and must not grow.

Options:
  --kills <n>        How often to kill, by default 500
  --seed <n>         What the run follows from, by default 1
  --store embedded   The store; there is this one
  --json             Print one JSON object and nothing else
  --provider <url>   Another provider: http://127.0.0.1:port, with events of the Google Calendar API v3
                     (insert, get, list, delete) under <url>/calendar/v3/calendars/primary/events. It
                     has to take ids that the client chooses, and to refuse one that is in use (409)
  --token <token>    The bearer for it, by default `chaos`
  --break <fault>    Break something on purpose, to see that it is found: forgets-claims,
                     releases-after-dispatch, drops-outcomes, asks-twice

Exit status: 0 if nothing was done twice, lost or asked twice and every point was reached, 1 if not,
2 if the run could not be made.";

/// Reads the arguments after the program's name.
///
/// # Errors
/// What is wrong with them.
pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Task, Failure> {
    let mut args = args.into_iter().peekable();
    match args.peek().map(String::as_str) {
        Some("provider") => return Ok(Task::Provider),
        Some("child") => return Ok(Task::Child(orders(args.skip(1))?)),
        Some("finish") => return Ok(Task::Finish(orders(args.skip(1))?)),
        Some("settle") => return Ok(Task::Settle(orders(args.skip(1))?)),
        Some("gate") => {
            let state = args.nth(1).ok_or("the gate needs a state directory")?;
            return Ok(Task::Gate(state.into()));
        }
        Some("racer") => {
            let mut next = || args.next().ok_or("a racer needs a port and a number");
            let (_role, port, attempts) = (next()?, next()?.parse()?, next()?.parse()?);
            return Ok(Task::Racer(port, attempts));
        }
        Some("soak") => return soak(args.skip(1)),
        _ => {}
    }
    let mut options = Options::default();
    let (mut race, mut rounds) = (false, 200);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("`{arg}` needs a value"));
        match arg.as_str() {
            "--help" | "-h" => return Ok(Task::Help),
            "--json" => options.json = true,
            "--race" => race = true,
            "--rounds" => rounds = value()?.parse()?,
            "--kills" => options.kills = value()?.parse()?,
            "--seed" => options.seed = value()?.parse()?,
            "--provider" => options.provider = Some(value()?),
            "--token" => options.token = value()?,
            "--break" => options.fault = Some(fault(&value()?)?),
            "--store" => match value()?.as_str() {
                "embedded" => {}
                other => return Err(format!("there is no store `{other}`").into()),
            },
            other => return Err(format!("unknown option `{other}`").into()),
        }
    }
    if race {
        return Ok(Task::Race(rounds, options.json));
    }
    Ok(Task::Parent(options))
}

fn soak(mut args: impl Iterator<Item = String>) -> Result<Task, Failure> {
    let (mut seconds, mut json) = (600, false);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--help" | "-h" => return Ok(Task::Help),
            "--json" => json = true,
            "--seconds" => seconds = args.next().ok_or("`--seconds` needs a value")?.parse()?,
            other => return Err(format!("unknown option `{other}` of soak").into()),
        }
    }
    Ok(Task::Soak(seconds, json))
}

fn fault(name: &str) -> Result<Fault, Failure> {
    Fault::parse(name).ok_or_else(|| format!("there is no fault `{name}`").into())
}

impl Orders {
    /// As arguments of a child.
    pub fn to_args(&self) -> Vec<String> {
        let (point, times) = match self.die {
            Some((point, times)) => (point.to_string(), times),
            None => ("never".to_owned(), 0),
        };
        vec![
            self.state.display().to_string(),
            self.notebook.display().to_string(),
            self.round.to_string(),
            self.seed.to_string(),
            self.calls.to_string(),
            self.ahead.to_string(),
            point,
            times.to_string(),
            self.fault.map_or("none", Fault::name).to_owned(),
        ]
    }
}

fn orders(mut args: impl Iterator<Item = String>) -> Result<Orders, Failure> {
    let mut next = || args.next().ok_or("a child needs its orders");
    let (state, notebook) = (PathBuf::from(next()?), PathBuf::from(next()?));
    let (round, seed, calls) = (next()?.parse()?, next()?.parse()?, next()?.parse()?);
    let ahead = next()?.parse()?;
    let (point, times) = (Point::parse(&next()?), next()?.parse()?);
    let fault = Fault::parse(&next()?);
    let die = point.map(|point| (point, times));
    Ok(Orders { state, notebook, round, seed, calls, ahead, die, fault })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_understands_its_orders() {
        for point in Point::all() {
            let given = Orders {
                state: "/s t".into(),
                notebook: "/n".into(),
                round: 3,
                seed: 4,
                calls: 5,
                ahead: 6,
                die: Some((point, 7)),
                fault: Some(Fault::AsksTwice),
            };
            let args = std::iter::once("child".to_owned()).chain(given.to_args());
            let Ok(Task::Child(read)) = parse(args) else { panic!("not a child") };
            assert_eq!(format!("{read:?}"), format!("{given:?}"));
        }
    }

    #[test]
    fn the_race_and_the_soak_have_options_of_their_own() {
        let parsed = |line: &str| parse(line.split(' ').map(str::to_owned));
        assert!(matches!(parsed("--race --rounds 3"), Ok(Task::Race(3, false))));
        assert!(matches!(parsed("--race --json"), Ok(Task::Race(200, true))));
        assert!(matches!(parsed("soak --seconds 40"), Ok(Task::Soak(40, false))));
        assert!(matches!(parsed("racer 80 250"), Ok(Task::Racer(80, 250))));
        assert!(parsed("soak --kills 3").is_err());
    }

    #[test]
    fn a_misspelt_option_or_store_is_an_error() {
        let parsed = |line: &str| parse(line.split(' ').map(str::to_owned));
        assert!(
            matches!(parsed("--kills 7 --json --store embedded"), Ok(Task::Parent(o)) if o.kills == 7)
        );
        for wrong in ["--kill 7", "--kills", "--kills many", "--store redis", "--break nothing"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
