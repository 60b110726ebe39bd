//! `reconcile` beside a provider that did some of what it was asked: an Auth0 and a Google Calendar on
//! loopback. The command is what it is at a terminal, but for where the two hosts are.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign::SystemClock;
use countersign::core::{
    AgentId, Clock, Grant, LedgerFilter, SessionId, TenantId, Tier, Timestamp, UserId,
};
use countersign_testkit::servers::{
    Account, Auth0, Fault, GoogleCalendar as Calendar, When, auth0,
};
use serde_json::{Value, json};

use super::*;

const DOMAIN: &str = "acme.eu.auth0.com";
const AUDIENCE: &str = "https://agents.acme.example";
const USER: &str = "auth0|ada";
const ACCOUNT: &str = "ada@acme.example";
const SCOPE: &str = "https://www.googleapis.com/auth/calendar.events";

/// The system's clock, ahead by some seconds.
#[derive(Debug)]
struct Ahead(i64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock::default().now().plus_seconds(self.0)
    }
}

/// The environment of the command.
fn environment(name: &str) -> Option<OsString> {
    let values = BTreeMap::from([
        ("AUTH0_DOMAIN", DOMAIN),
        ("AUTH0_CLIENT_ID", "cli_1"),
        ("AUTH0_CLIENT_SECRET", "s3cr3t"),
        ("AUTH0_AUDIENCE", AUDIENCE),
    ]);
    values.get(name).map(OsString::from)
}

struct World {
    dir: tempfile::TempDir,
    auth0: Auth0,
    calendar: Calendar,
}

impl World {
    async fn start() -> Self {
        let auth0 = Auth0::builder().domain(DOMAIN).start().await.unwrap();
        auth0.register(auth0::Client::custom_api("cli_1", "s3cr3t", AUDIENCE).token_vault());
        auth0.connect(USER, Account::google("1084", ACCOUNT).scopes([SCOPE]));
        let calendar = Calendar::start(auth0.tokens()).await.unwrap();
        Self { dir: tempfile::tempdir().unwrap(), auth0, calendar }
    }

    /// The command's pipeline, under a clock that is ahead.
    fn opening(&self, ahead: i64) -> PipelineBuilder {
        let dials: [(&str, SocketAddr); 2] =
            [(DOMAIN, self.auth0.addr()), ("www.googleapis.com", self.calendar.addr())];
        let builder = opening(self.dir.path(), environment).unwrap().clock(Arc::new(Ahead(ahead)));
        dials.into_iter().fold(builder, |builder, (host, at)| builder.dangerous_dial(host, at))
    }

    /// A program that uses the directory, as its author would write it.
    async fn program(&self) -> Pipeline {
        let builder = self.opening(0).approver(Callback::new(|_| async { Decision::Approve }));
        let grant = Grant::agent("planner").tools(["google_calendar_*"]).up_to(Tier::B);
        let cs = builder.grant(grant).open().await.unwrap();
        let token = self.auth0.issue_access_token(USER, AUDIENCE).azp("planner").sign().unwrap();
        cs.caller(token).session("s").verify().await.unwrap();
        cs
    }

    /// What the command finds out, and prints with `--json`.
    async fn reconcile(&self, ahead: i64, effects: &[EffectId]) -> Value {
        let found = reconcile(self.opening(ahead), effects).await.unwrap();
        serde_json::from_str(&reconciled(&found.unwrap(), true)).unwrap()
    }

    fn writes(&self) -> usize {
        self.calendar.writes().len()
    }
}

fn me() -> Caller {
    Caller::dangerous_assert(
        TenantId::new("default").unwrap(),
        UserId::new(USER).unwrap(),
        AgentId::new("planner").unwrap(),
        SessionId::new("s").unwrap(),
    )
}

fn event(summary: &str) -> ToolCall {
    let (start, end) = (json!({"date": "2027-03-02"}), json!({"date": "2027-03-03"}));
    let arguments = json!({ "summary": summary, "start": start, "end": end });
    ToolCall::from_json("google_calendar_create_event", arguments.to_string()).unwrap()
}

/// The effects that are open in a ledger.
fn open(world: &World) -> Vec<EffectId> {
    let ledger = read_ledger(world.dir.path()).unwrap();
    let entries = ledger.list(LedgerFilter::Open, None, 10).unwrap();
    entries.into_iter().map(|entry| entry.effect_id).collect()
}

fn state(world: &World, effect: EffectId) -> LedgerState {
    read_ledger(world.dir.path()).unwrap().get(effect).unwrap().unwrap().state
}

/// Runs a call until the provider has got it, and then dies: nothing of the program goes on.
fn killed_after_dispatch(world: &World) -> EffectId {
    let before = world.writes();
    let program = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    program.block_on(async {
        let cs = world.program().await;
        let call = tokio::spawn(async move { cs.run(&me(), &event("killed")).await });
        while world.writes() == before {
            assert!(!call.is_finished(), "it ended before it was killed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    program.shutdown_timeout(Duration::from_secs(5));
    let [effect] = open(world)[..] else { panic!("one effect is open") };
    assert_eq!(state(world, effect), LedgerState::Dispatched);
    effect
}

#[test]
fn inv_06_reconcile_finds_out_at_the_provider_what_took_place_and_sends_nothing_again() {
    let servers = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let world = servers.block_on(World::start());
    let post = || When::method("POST").path_prefix("/calendar");
    // The provider answers late: the program is killed meanwhile.
    world.calendar.faults().when(post(), 1, Fault::slow_answer(Duration::from_secs(30)));
    let killed = killed_after_dispatch(&world);

    let (lost, dropped) = servers.block_on(async {
        let cs = world.program().await;
        let mut ids = Vec::new();
        for fault in [Fault::answer_lost(), Fault::dropped()] {
            world.calendar.faults().when(post(), 1, fault);
            ids.push(cs.run(&me(), &event("in doubt")).await.unwrap().effect_id);
        }
        assert!(cs.shutdown(Duration::from_secs(5)).await.unwrap().finished);
        (ids[0], ids[1])
    });
    for effect in [lost, dropped] {
        assert_eq!(state(&world, effect), LedgerState::Unknown);
    }
    let sent = world.writes();
    servers.block_on(async {
        // One that is named is looked up alone.
        let found = world.reconcile(0, &[lost]).await;
        assert_eq!(found, json!({"committed": [lost.to_string()], "released": [], "in_doubt": []}));
        // What the provider does not know may still be on its way, for two minutes.
        let found = world.reconcile(0, &[]).await;
        assert_eq!(found["committed"], json!([killed.to_string()]));
        assert_eq!(found["released"], json!([]));
        assert_eq!(found["in_doubt"][0]["effect_id"], json!(dropped.to_string()));
        assert_eq!(found["in_doubt"][0]["why"], json!("may_be_on_its_way"));
        assert_eq!(found["in_doubt"].as_array().unwrap().len(), 1);
    });
    assert_eq!(state(&world, dropped), LedgerState::Unknown);
    // When nobody answers, nothing is found out, and it says so.
    let stranded = servers.block_on(async {
        world.calendar.faults().when(When::any(), u32::MAX, Fault::dropped());
        let found = world.reconcile(180, &[]).await;
        world.calendar.faults().clear();
        found
    });
    assert_eq!(stranded["in_doubt"][0]["effect_id"], json!(dropped.to_string()));
    assert_eq!(state(&world, dropped), LedgerState::Unknown);
    servers.block_on(async {
        let found = world.reconcile(180, &[]).await;
        let released = found["released"].as_array().unwrap();
        assert!(released.contains(&json!(dropped.to_string())), "{found}");
        assert_eq!((&found["committed"], &found["in_doubt"]), (&json!([]), &json!([])));
        let found = world.reconcile(180, &[]).await;
        assert_eq!(found, json!({"committed": [], "released": [], "in_doubt": []}));
    });
    let due = [
        (killed, LedgerState::Committed),
        (lost, LedgerState::Committed),
        (dropped, LedgerState::Released),
    ];
    for (effect, due) in due {
        assert_eq!(state(&world, effect), due);
    }
    assert_eq!(world.writes(), sent, "reconciliation only reads");
    assert_eq!(world.calendar.events(ACCOUNT).len(), 2);
}
