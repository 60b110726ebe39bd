//! Invariant 11: least scope is enforced here.

use countersign::core::{
    Answer, Connection, Connector, EffectId, Interpretation, Method, PlanError, Planned, Prepared,
    Preview, Reconciled, Scope, Seen, Selector, Step, TokenError, Tool, Value,
};
use countersign::prelude::*;
use countersign_testkit::servers::Account;

use crate::harness::{EVENTS_SCOPE, USER, World, create, sealed};

#[tokio::test]
async fn inv_11_an_account_without_the_scope_interrupts_before_anybody_is_asked() {
    let world = World::start().await;
    world.auth0.disconnect(USER, "google-oauth2");
    let read = "https://www.googleapis.com/auth/calendar.events.readonly";
    world.auth0.connect(USER, Account::google("1084", "ada@acme.example").scopes([read]));
    let nobody = Callback::new(|_| async { panic!("nobody may be asked") });
    let cs = world.bare().approver(nobody).open().await.unwrap();
    let me = world.me(&cs).await;
    let Authorization::Pending(handle) = cs.authorize(&me, &create()).await.unwrap() else {
        panic!()
    };
    let code = TokenError::ScopeMissing.code();
    assert!(serde_json::to_string(&handle).unwrap().contains(code));
    assert_eq!(world.writes(), 0);
}

#[tokio::test]
async fn inv_11_what_the_token_could_do_beyond_the_request_is_in_the_log() {
    let world = World::start().await;
    world.auth0.disconnect(USER, "google-oauth2");
    let wide = "https://www.googleapis.com/auth/calendar.acls";
    let account = Account::google("1084", "ada@acme.example").scopes([EVENTS_SCOPE, wide]);
    world.auth0.connect(USER, account);
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    assert_eq!(cs.run(&me, &create()).await.unwrap().ending, Ending::Committed);
    let log = world.log();
    let outcome = log.lines().find(|l| l.contains("\"kind\":\"outcome\"")).unwrap();
    let record: serde_json::Value = serde_json::from_str(outcome).unwrap();
    assert_eq!(record["fields"]["scopes_requested"], serde_json::json!([EVENTS_SCOPE]));
    let granted = record["fields"]["scopes_granted"].as_array().unwrap();
    assert!(granted.contains(&serde_json::json!(wide)));
}

#[tokio::test]
async fn inv_11_a_call_needs_the_scope_of_its_tool_and_no_more() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let sealed = sealed(&cs, &me, &create()).await;
    let credential = sealed.prepared().credential().unwrap();
    let scopes: Vec<&str> = credential.scopes().iter().map(Scope::as_str).collect();
    assert_eq!(scopes, [EVENTS_SCOPE]);
    assert_eq!(credential.connection().as_str(), "google-oauth2");
    drop(sealed);
}

/// A connector that lets the agent say where to, as one does who builds a URL from an argument.
#[derive(Debug)]
struct Careless(Vec<Tool>);

impl Careless {
    fn new() -> Self {
        let tool = ToolSpec::new("fetch")
            .severity(1)
            .reads()
            .connection("google-oauth2", [EVENTS_SCOPE])
            .confined_to("https://www.googleapis.com/calendar/");
        Self(vec![tool.register().unwrap()])
    }
}

impl Connector for Careless {
    fn tools(&self) -> Vec<Tool> {
        self.0.clone()
    }
    fn plan(&self, call: &ToolCall, effect: EffectId, _: &Seen) -> Result<Planned, PlanError> {
        let arguments = call.arguments().value();
        let text =
            |key: &str| arguments.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let scopes = vec![Scope::new(&text("scope")).unwrap()];
        let selector = Selector::new(Connection::new(&text("connection")).unwrap(), scopes);
        let method = if text("method") == "GET" { Method::Get } else { Method::Delete };
        let step = Step::new(method, &text("url"))?.header("accept", "*/*")?;
        let (tool, steps) = (call.tool().clone(), vec![step]);
        Ok(Planned::Ready(Prepared::wire(effect, tool, call.resolved(), Some(selector), steps)?))
    }
    fn preview(&self, _: &Prepared) -> Preview {
        Preview::new("Fetch")
    }
    fn interpret(&self, _: &Prepared, _: &[Answer]) -> Interpretation {
        Interpretation::failed("never")
    }
    fn reconcile(&self, _: &Prepared, _: &Seen) -> Reconciled {
        Reconciled::InDoubt
    }
}

#[tokio::test]
async fn inv_11_a_plan_that_leaves_what_its_tool_declares_is_refused() {
    let world = World::start().await;
    let cs = world
        .bare()
        .connector(Careless::new())
        .grant(Grant::agent("planner").tools(["fetch"]))
        .open()
        .await
        .unwrap();
    let me = world.me(&cs).await;
    let honest = ("https://www.googleapis.com/calendar/x", "google-oauth2", EVENTS_SCOPE, "GET");
    let wide = "https://www.googleapis.com/auth/calendar";
    for (what, (url, connection, scope, method)) in [
        ("honest", honest),
        ("another host", ("https://evil.example/calendar/x", honest.1, honest.2, honest.3)),
        (
            "a host that begins alike",
            ("https://www.googleapis.com.evil.example/calendar/", honest.1, honest.2, honest.3),
        ),
        ("another path", ("https://www.googleapis.com/gmail/x", honest.1, honest.2, honest.3)),
        ("another connection", (honest.0, "github", honest.2, honest.3)),
        ("a wider scope", (honest.0, honest.1, wide, honest.3)),
        ("a read that deletes", (honest.0, honest.1, honest.2, "DELETE")),
    ] {
        let arguments = serde_json::json!({
            "url": url, "connection": connection, "scope": scope, "method": method,
        });
        let call = ToolCall::from_json("fetch", arguments.to_string()).unwrap();
        match cs.authorize(&me, &call).await.unwrap() {
            Authorization::Permitted(_) => assert_eq!(what, "honest"),
            Authorization::Refused(no) => assert_eq!(no.code(), "connector_strays", "{what}"),
            Authorization::Pending(handle) => panic!("{what}: {handle:?}"),
        }
    }
}
