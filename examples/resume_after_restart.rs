//! A program that is killed in the middle, twice, and finishes its job.
//!
//! The job: put two events into a calendar. This process plays Auth0, Google and the person; the work is
//! done by a worker, which is this program started again:
//!
//! ```text
//!   worker 1   sends the first event            killed while it waits for the answer
//!   worker 2   asks the calendar what became of it: it took place, so it is not sent again
//!              asks the person about the second event, keeps the handle, killed
//!   (the person says yes, while nobody listens)
//!   worker 3   takes the handle and goes on; nobody is asked again
//! ```
//!
//! All that a worker leaves behind is its state directory, and the handle in a file.
//!
//! ```sh
//! cargo run --example resume_after_restart
//! ```

use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use async_trait::async_trait;
use countersign::core::{ApprovalRequest, Approver, ClientSecret, Timestamp, Verdict};
use countersign::prelude::*;
use countersign_testkit::servers::{
    Account, Auth0, Fault, GoogleCalendar as Calendar, When, auth0,
};

type Failure = Box<dyn std::error::Error>;

const DOMAIN: &str = "acme.eu.auth0.com";
const AUDIENCE: &str = "https://agents.acme.example";
const SCOPE: &str = "https://www.googleapis.com/auth/calendar.events";
const USER: &str = "auth0|ada";
/// How long a worker may take for its part.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [] => job().await,
        [folder, auth0, calendar, token] => {
            let worker =
                Worker { folder: folder.into(), auth0: auth0.parse()?, token: token.clone() };
            worker.work(calendar.parse()?).await
        }
        _ => Err("this program takes no arguments".into()),
    }
}

/// This process: the servers, the person, and whoever pulls the plug.
async fn job() -> Result<(), Failure> {
    let tenant = Auth0::builder().domain(DOMAIN).start().await?;
    tenant.register(auth0::Client::custom_api("cli_1", "s3cr3t", AUDIENCE).token_vault());
    tenant.connect(USER, Account::google("1084", "ada@acme.example").scopes([SCOPE]));
    let calendar = Calendar::start(tenant.tokens()).await?;
    let folder = tempfile::tempdir()?;
    let token = tenant.issue_access_token(USER, AUDIENCE).azp("planner").sign()?;
    let start = || -> Result<Child, Failure> {
        let addresses = [tenant.addr().to_string(), calendar.addr().to_string()];
        let mut worker = Command::new(std::env::current_exe()?);
        Ok(worker.arg(folder.path()).args(addresses).arg(&token).spawn()?)
    };

    // The event is made at once, and the answer takes longer than the worker lives.
    let slow = Fault::slow_answer(PATIENCE);
    calendar.faults().when(When::method("POST"), 1, slow);
    let mut worker = start()?;
    until(|| !calendar.writes().is_empty()).await?;
    kill(&mut worker, "while it waits for the answer to the first event")?;

    let mut worker = start()?;
    until(|| folder.path().join("handle.json").exists()).await?;
    kill(&mut worker, "while the second event waits for the person")?;

    println!("the person says yes");
    std::fs::write(folder.path().join("decided"), "yes")?;
    let mut worker = start()?;
    until(|| worker.try_wait().ok().flatten().is_some()).await?;

    let sent = calendar.requests().iter().filter(|r| r.request.method == "POST").count();
    let asked = std::fs::read_to_string(folder.path().join("asked"))?.lines().count();
    println!("events {}, sent {sent}, questions {asked}", calendar.writes().len());
    assert_eq!((calendar.writes().len(), sent, asked), (2, 2, 2));
    Ok(())
}

async fn until(mut holds: impl FnMut() -> bool) -> Result<(), Failure> {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    Ok(tokio::time::timeout(PATIENCE, waiting).await?)
}

/// SIGKILL: no destructor runs, nothing is flushed.
fn kill(worker: &mut Child, when: &str) -> Result<(), Failure> {
    worker.kill()?;
    worker.wait()?;
    println!("killed {when}");
    Ok(())
}

/// A worker: knows nothing of the ones before but what is in the folder.
struct Worker {
    folder: PathBuf,
    auth0: SocketAddr,
    token: String,
}

impl Worker {
    async fn work(&self, calendar: SocketAddr) -> Result<(), Failure> {
        let secret = ClientSecret::new("s3cr3t".to_owned());
        let vault = TokenVault::new(DOMAIN, "cli_1", secret)?.with_audience(AUDIENCE)?;
        let cs = Pipeline::builder()
            .state_dir(self.folder.join("state"))
            .connector(GoogleCalendar::new())
            .vault(vault)
            .approver(Desk { folder: self.folder.clone() })
            .grant(Grant::agent("planner").tools(["google_calendar_*"]).up_to(Tier::B))
            .dangerous_dial(DOMAIN, self.auth0)
            .dangerous_dial("www.googleapis.com", calendar)
            .open()
            .await?;
        let me = cs.caller(self.token.clone()).session("s-1").verify().await?;

        // What the worker before was doing when it died: asked for at the provider, by reads only.
        for effect in cs.recover().await?.committed {
            println!("  {effect} took place; it is not sent again");
        }
        let handle = self.folder.join("handle.json");
        if handle.exists() {
            let handle: Handle = serde_json::from_slice(&std::fs::read(handle)?)?;
            let Authorization::Permitted(sealed) = cs.resume(&me, &handle).await? else {
                return Err("the person has not decided".into());
            };
            let done = cs.execute(&me, *sealed).await?;
            println!("  {} resumed: {:?}", done.effect_id, done.ending);
            return Ok(());
        }
        if !self.folder.join("asked").exists() {
            let done = cs.run(&me, &event("Standup")?).await?;
            return Err(format!("nobody killed it: {:?}", done.ending).into());
        }
        match cs.authorize(&me, &event("Retrospective")?).await? {
            Authorization::Pending(pending) => {
                println!("  {} waits for the person", pending.effect_id);
                replace(&handle, &serde_json::to_vec(&pending)?)?;
                std::thread::sleep(PATIENCE);
                Err("nobody killed it".into())
            }
            other => Err(format!("not pending: {other:?}").into()),
        }
    }
}

/// Whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let new = path.with_extension("new");
    std::fs::write(&new, bytes)?;
    Ok(std::fs::rename(new, path)?)
}

fn event(summary: &str) -> Result<ToolCall, Failure> {
    let arguments = serde_json::json!({
        "summary": summary,
        "start": { "date": "2027-03-02" },
        "end": { "date": "2027-03-03" },
    });
    Ok(ToolCall::from_json("google_calendar_create_event", arguments.to_string())?)
}

/// The person's desk: questions go into a file, and an answer lies there at some time. The first
/// question is answered at once.
#[derive(Debug)]
struct Desk {
    folder: PathBuf,
}

impl Desk {
    fn put(&self, request: &ApprovalRequest) -> std::io::Result<()> {
        let path = self.folder.join("asked");
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        writeln!(file, "{}", request.digest.to_hex())
    }

    fn answer(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict {
        let decided = self.folder.join("decided").exists();
        if decided || request.preview.text.contains("Standup") {
            return Verdict::Approved(Box::new(request.consent("desk", now)));
        }
        Verdict::Pending(request.digest.to_hex())
    }
}

#[async_trait]
impl Approver for Desk {
    fn name(&self) -> &'static str {
        "desk"
    }

    fn strength(&self) -> Tier {
        Tier::B
    }

    async fn ask(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict {
        match self.put(request) {
            Ok(()) => self.answer(request, now),
            Err(_) => Verdict::Unreachable,
        }
    }

    async fn poll(&self, request: &ApprovalRequest, _: &str, now: Timestamp) -> Verdict {
        self.answer(request, now)
    }
}
