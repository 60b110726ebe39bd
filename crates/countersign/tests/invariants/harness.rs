//! Loopback Auth0 and Google Calendar, and pipelines in front of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign::core::{
    AgentId, ApprovalRequest, AuditError, AuditRecord, AuditSink, ClientSecret, Clock, Durability,
    SessionId, TenantId, Timestamp, UserId,
};
use countersign::prelude::*;
use countersign::ticket::Sealed;
use countersign::{PipelineBuilder, SystemClock};
use countersign_testkit::clock::VirtualClock;
use countersign_testkit::servers::{Account, Auth0, GoogleCalendar as Calendar, auth0};
use tempfile::TempDir;

pub(crate) const DOMAIN: &str = "acme.eu.auth0.com";
pub(crate) const AUDIENCE: &str = "https://agents.acme.example";
pub(crate) const USER: &str = "auth0|ada";
pub(crate) const SECRET: &str = "client-s3cr3t-MARKED";
pub(crate) const EVENTS_SCOPE: &str = "https://www.googleapis.com/auth/calendar.events";

pub(crate) struct World {
    pub(crate) auth0: Auth0,
    pub(crate) calendar: Calendar,
    pub(crate) clock: VirtualClock,
    pub(crate) dir: TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        let auth0 = Auth0::builder().domain(DOMAIN).start().await.unwrap();
        auth0.register(auth0::Client::custom_api("cli_1", SECRET, AUDIENCE).token_vault());
        auth0.connect(USER, Account::google("1084", "ada@acme.example").scopes([EVENTS_SCOPE]));
        let calendar = Calendar::start(auth0.tokens()).await.unwrap();
        let clock = VirtualClock::starting(SystemClock::default().now());
        Self { auth0, calendar, clock, dir: TempDir::new().unwrap() }
    }

    /// A pipeline with everything but an approver.
    pub(crate) fn bare(&self) -> PipelineBuilder {
        let vault = TokenVault::new(DOMAIN, "cli_1", ClientSecret::new(SECRET.to_owned()))
            .unwrap()
            .with_audience(AUDIENCE)
            .unwrap();
        Pipeline::builder()
            .state_dir(self.dir.path().join("state"))
            .connector(GoogleCalendar::new())
            .vault(vault)
            .clock(Arc::new(self.clock.clone()))
            .grant(Grant::agent("planner").tools(["google_calendar_*"]).up_to(Tier::S))
            .dangerous_dial(DOMAIN, self.auth0.addr())
            .dangerous_dial("www.googleapis.com", self.calendar.addr())
    }

    /// A pipeline whose person approves everything.
    pub(crate) fn approving(&self) -> PipelineBuilder {
        self.bare().approver(Callback::new(|_: ApprovalRequest| async { Decision::Approve }))
    }

    pub(crate) fn access_token(&self) -> String {
        self.auth0.issue_access_token(USER, AUDIENCE).azp("planner").sign().unwrap()
    }

    pub(crate) async fn me(&self, cs: &Pipeline) -> Caller {
        cs.caller(self.access_token()).session("s-42").verify().await.unwrap()
    }

    /// How many requests that change something reached the calendar.
    pub(crate) fn writes(&self) -> usize {
        self.calendar.requests().iter().filter(|r| r.request.method != "GET").count()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("state/audit.jsonl")).unwrap()
    }
}

pub(crate) fn create() -> ToolCall {
    create_with("Lunch with Grace")
}

pub(crate) fn create_with(summary: &str) -> ToolCall {
    let arguments = serde_json::json!({
        "summary": summary,
        "start": { "date_time": "2027-03-02T12:00:00Z" },
        "end": { "date_time": "2027-03-02T13:00:00Z" },
        "attendees": ["grace@acme.example"],
        "send_updates": "all",
    });
    ToolCall::from_json("google_calendar_create_event", arguments.to_string()).unwrap()
}

pub(crate) fn list() -> ToolCall {
    ToolCall::from_json("google_calendar_list_events", "{}").unwrap()
}

pub(crate) async fn sealed(cs: &Pipeline, me: &Caller, call: &ToolCall) -> Sealed {
    match cs.authorize(me, call).await.unwrap() {
        Authorization::Permitted(sealed) => *sealed,
        other => panic!("not permitted: {other:?}"),
    }
}

pub(crate) fn refused(authorization: Authorization) -> &'static str {
    match authorization {
        Authorization::Refused(no) => no.code(),
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) fn somebody(user: &str, agent: &str, session: &str) -> Caller {
    Caller::dangerous_assert(
        TenantId::new("default").unwrap(),
        UserId::new(user).unwrap(),
        AgentId::new(agent).unwrap(),
        SessionId::new(session).unwrap(),
    )
}

/// A log that keeps what it is given, can be told to fail, and says what it saw at that moment.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) records: Mutex<Vec<(AuditRecord, Durability)>>,
    /// From the how-manieth record on it fails; 0 is never.
    pub(crate) fails_from: AtomicUsize,
}

#[async_trait]
impl AuditSink for Log {
    async fn append(&self, record: AuditRecord, durability: Durability) -> Result<u64, AuditError> {
        let mut records = self.records.lock().unwrap();
        let n = records.len() + 1;
        let fails_from = self.fails_from.load(Ordering::SeqCst);
        if fails_from != 0 && n >= fails_from {
            return Err(AuditError::Unwritable);
        }
        records.push((record, durability));
        Ok(n as u64)
    }
}

impl Log {
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.records.lock().unwrap().iter().map(|(r, _)| r.kind.as_str()).collect()
    }
}

/// The same moment for everybody.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}
