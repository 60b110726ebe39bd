//! `countersign ledger`: what became of every effect.

use std::ffi::OsString;
use std::future::Future;
use std::path::{Path, PathBuf};

use countersign::core::{EffectId, Ending, LedgerEntry, LedgerFilter, LedgerState, Prepared};
use countersign::prelude::*;
use countersign::{PipelineBuilder, Recovery, read_ledger, state_dir};

use crate::output::{Answer, Failure, Json, Out, array, inert, table, utc, visible};

const AFTER: &str = "\
The state directory: --dir, else $COUNTERSIGN_HOME, else $XDG_STATE_HOME/countersign, else \
$HOME/.local/state/countersign. `list` and `show` read it, also while a program has it open, and write \
nothing. `reconcile` needs it for itself: it asks the providers, by reads only, about what is in doubt.

Exit codes:
  0  done
  1  there is no such effect, or something stays in doubt
  2  the state cannot be read, or bad usage";

const LIST: &str = "\
Reads the ledger. Writes a table of effect, state, tier, tool, agent, user, since when, and the reason; \
with --json an array of the entries without their requests.

Exit codes:
  0  written
  2  the state cannot be read

Example:
  countersign ledger list --in-doubt";

const SHOW: &str = "\
Reads one entry and the request that was sealed for it: method, URL, headers, and the digest of the \
body. An effect that ended has its request no more.

Exit codes:
  0  written
  1  there is no such effect
  2  the state cannot be read, or bad usage

Example:
  countersign ledger show 5f0c…";

const RECONCILE: &str = "\
Asks the providers about the effects that are in doubt: those that are named, or all. Reads only; \
nothing is sent again. Reads AUTH0_DOMAIN, AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, and makes the reads \
as the user whose effect it is. The program that owns the state directory must not be running.

Exit codes:
  0  nothing is in doubt any more
  1  something stays in doubt, or there is no such effect
  2  the state or the environment cannot be used

Example:
  countersign ledger reconcile";

/// List, show and reconcile effects.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Args {
    /// The state directory.
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List effects and where they stand.
    #[command(after_help = LIST)]
    List {
        /// Only those of which it is still to be found out what became of them.
        #[arg(long, conflicts_with = "in_doubt")]
        open: bool,
        /// Only those in doubt.
        #[arg(long)]
        in_doubt: bool,
    },
    /// Show one effect and its request.
    #[command(after_help = SHOW)]
    Show {
        /// The effect: 32 hex digits.
        effect: EffectId,
    },
    /// Ask the providers about what is in doubt.
    #[command(after_help = RECONCILE)]
    Reconcile {
        /// The effects; all that are in doubt if none is named.
        effects: Vec<EffectId>,
    },
}

/// How many entries are read in one go.
const PAGE: usize = 500;

pub(crate) fn run(args: &Args, json: bool) -> Result<Answer, Failure> {
    let dir = state_dir(args.dir.clone())
        .ok_or_else(|| Failure::Usage("give --dir, or set COUNTERSIGN_HOME".to_owned()))?;
    let unusable = |error: &dyn std::error::Error| {
        Failure::Unusable("ledger_unusable", format!("{}: {}", dir.display(), chain(error)))
    };
    if !dir.join("store").is_dir() {
        let message = format!("{}: there is no store in it", dir.display());
        return Err(Failure::Unusable("no_store", message));
    }
    let mut out = Out::new();
    let answer = match &args.command {
        Command::List { open, in_doubt } => {
            let ledger = read_ledger(&dir).map_err(|e| unusable(&e))?;
            let filter = match (open, in_doubt) {
                (_, true) => LedgerFilter::Unknown,
                (true, _) => LedgerFilter::Open,
                _ => LedgerFilter::All,
            };
            let mut entries: Vec<LedgerEntry> = Vec::new();
            loop {
                let after = entries.last().map(|e| e.effect_id);
                let page = ledger.list(filter, after, PAGE).map_err(|e| unusable(&e))?;
                if page.is_empty() {
                    break;
                }
                entries.extend(page);
            }
            entries.sort_by_key(|entry| (entry.at, entry.effect_id));
            if json {
                out.line(&array(entries.into_iter().map(without_request)))?;
            } else {
                out.bytes(listed(&entries).as_bytes())?;
            }
            Answer::Yes
        }
        Command::Show { effect } => {
            let ledger = read_ledger(&dir).map_err(|e| unusable(&e))?;
            let entry = ledger.get(*effect).map_err(|e| unusable(&e))?;
            let Some(entry) = entry else { return Ok(no_such(*effect, json)) };
            out.bytes(shown(&entry, json).as_bytes())?;
            Answer::Yes
        }
        Command::Reconcile { effects } => {
            let builder = opening(&dir, |name| std::env::var_os(name))?;
            let found = block_on(reconcile(builder, effects))??;
            let recovery = match found {
                Ok(recovery) => recovery,
                Err(effect) => return Ok(no_such(effect, json)),
            };
            out.bytes(reconciled(&recovery, json).as_bytes())?;
            if recovery.in_doubt.is_empty() { Answer::Yes } else { Answer::No }
        }
    };
    out.flush()?;
    Ok(answer)
}

/// An error and its reasons.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

fn no_such(effect: EffectId, json: bool) -> Answer {
    let message = format!("the ledger knows no effect {effect}");
    let line = if json {
        let error = Json::new().text("kind", "unknown_effect").text("message", &message).done();
        Json::new().raw("error", &error).done()
    } else {
        format!("error: {message}")
    };
    eprintln!("{line}");
    Answer::No
}

fn without_request(mut entry: LedgerEntry) -> String {
    if let Some(call) = &mut entry.call {
        call.prepared.clear();
    }
    inert(entry.to_value().to_canonical().as_str())
}

fn listed(entries: &[LedgerEntry]) -> String {
    if entries.is_empty() {
        return "no effects\n".to_owned();
    }
    let head = ["EFFECT", "STATE", "TIER", "TOOL", "AGENT", "USER", "SINCE", "REASON"];
    let row = |entry: &LedgerEntry| {
        let of = |f: fn(&countersign::core::LedgerCall) -> String| {
            entry.call.as_ref().map_or_else(|| "-".to_owned(), f)
        };
        vec![
            entry.effect_id.to_string(),
            entry.state.as_str().to_owned(),
            of(|call| call.tier.as_str().to_owned()),
            of(|call| call.tool.to_string()),
            visible(entry.caller.agent()),
            visible(entry.caller.user()),
            utc(entry.at.seconds()),
            visible(&entry.code.as_deref().unwrap_or("-")),
        ]
    };
    let head = head.map(str::to_owned).to_vec();
    table(&[head].into_iter().chain(entries.iter().map(row)).collect::<Vec<_>>())
}

fn shown(entry: &LedgerEntry, json: bool) -> String {
    if json {
        return format!("{}\n", inert(entry.to_value().to_canonical().as_str()));
    }
    let row = |label: &str, text: String| vec![label.to_owned(), text];
    let caller = &entry.caller;
    let mut rows = vec![
        row("effect", entry.effect_id.to_string()),
        row("state", entry.state.as_str().to_owned()),
        row("reason", visible(&entry.code.as_deref().unwrap_or("-"))),
        row("since", utc(entry.at.seconds())),
        row("ticket", entry.jti.to_string()),
        row("generation", entry.generation.to_string()),
        row("tenant", visible(caller.tenant())),
        row("user", visible(caller.user())),
        row("agent", visible(caller.agent())),
        row("session", visible(caller.session())),
    ];
    if let Some(call) = &entry.call {
        rows.push(row("tool", call.tool.to_string()));
        rows.push(row("tier", call.tier.as_str().to_owned()));
        rows.push(row("digest", call.effect.to_hex()));
        rows.push(row("approval", call.approval.to_hex()));
        if let Ok(prepared) = Prepared::from_bytes(&call.prepared) {
            rows.push(row("arguments", inert(prepared.arguments().as_str())));
            for step in prepared.steps() {
                let line = format!("{} {}", step.method().as_str(), step.url());
                rows.push(row("request", visible(&line)));
            }
        }
    }
    table(&rows)
}

fn reconciled(recovery: &Recovery, json: bool) -> String {
    if json {
        let ids = |ids: &[EffectId]| array(ids.iter().map(|id| format!("\"{id}\"")));
        let doubt = |d: &countersign::InDoubt| {
            Json::new()
                .text("effect_id", &d.effect_id.to_string())
                .optional("tool", d.tool.as_ref().map(countersign::core::ToolName::as_str))
                .text("why", d.why)
                .done()
        };
        let object = Json::new()
            .raw("committed", &ids(&recovery.committed))
            .raw("released", &ids(&recovery.released))
            .raw("in_doubt", &array(recovery.in_doubt.iter().map(doubt)))
            .done();
        return format!("{object}\n");
    }
    let row = |id: &EffectId, what: &str| vec![id.to_string(), what.to_owned()];
    let mut rows: Vec<_> = recovery.committed.iter().map(|id| row(id, "took place")).collect();
    rows.extend(recovery.released.iter().map(|id| row(id, "did not take place")));
    rows.extend(
        recovery.in_doubt.iter().map(|d| row(&d.effect_id, &format!("in doubt: {}", d.why))),
    );
    if rows.is_empty() { "nothing is in doubt\n".to_owned() } else { table(&rows) }
}

/// What was found out, or the effect that is not there.
type Reconciled = Result<Recovery, EffectId>;

/// The pipeline of a state directory, by an environment.
fn opening(
    dir: &Path,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<PipelineBuilder, Failure> {
    let builder = Pipeline::builder().state_dir(dir).connector(GoogleCalendar::new());
    let none = environment("AUTH0_DOMAIN").is_none();
    match TokenVault::from_vars(environment) {
        Ok(vault) => Ok(builder.vault(vault)),
        // What needs no account can be found out all the same; the rest says why it cannot.
        Err(_) if none => Ok(builder),
        Err(error) => Err(Failure::Unusable("auth0_unusable", chain(&error))),
    }
}

async fn reconcile(builder: PipelineBuilder, effects: &[EffectId]) -> Result<Reconciled, Failure> {
    let unusable = |kind, error: &dyn std::error::Error| Failure::Unusable(kind, chain(error));
    let cs = builder.open().await.map_err(|e| unusable("ledger_unusable", &e))?;
    if effects.is_empty() {
        let recovery = cs.recover().await.map_err(|e| unusable("ledger_unusable", &e))?;
        return Ok(Ok(recovery));
    }
    let mut recovery = Recovery::default();
    for effect in effects {
        let entry = cs.ledger().get(*effect).await;
        let entry = entry.map_err(|e| unusable("ledger_unusable", &e))?;
        let Some(entry) = entry else { return Ok(Err(*effect)) };
        let one = match cs.reconcile(&entry.caller, *effect).await {
            Ok(Ending::Committed) => {
                recovery.committed.push(*effect);
                continue;
            }
            Ok(Ending::Failed) => {
                recovery.released.push(*effect);
                continue;
            }
            Ok(Ending::Unknown) if entry.state == LedgerState::Unknown => "provider_cannot_tell",
            Ok(Ending::Unknown) => "under_way",
            Err(Error::Refused(refused)) => refused.code(),
            Err(error) => return Err(unusable("ledger_unusable", &error)),
        };
        recovery.in_doubt.push(countersign::InDoubt::new(*effect, None, one));
    }
    Ok(Ok(recovery))
}

/// Runs a future on a runtime of its own.
fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::Unusable("no_runtime", e.to_string()))?;
    Ok(runtime.block_on(future))
}

#[cfg(test)]
mod tests;
