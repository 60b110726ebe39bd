//! A connector for an API of your own.
//!
//! A connector is pure: it turns a call into the exact request, says what a person should see of it,
//! and says what the answer means. It opens no connection and holds no token. What it plans is what
//! goes out, or nothing does; the last part of this program shows a connector that lies and what
//! comes of it.
//!
//! ```sh
//! cargo run --example custom_connector
//! ```

use countersign::canon::{Object, Value};
use countersign::core::{
    AgentId, Answer, ApprovalRequest, Connector, EffectId, Interpretation, Method, PlanError,
    Planned, Prepared, Preview, Reconciled, Seen, SessionId, Step, TenantId, Tool, UserId,
};
use countersign::prelude::*;
use countersign_testkit::servers::{Evil, Reply};
use serde::Deserialize;

/// The tickets API of a help desk: `POST https://desk.example/v1/tickets`.
#[derive(Debug)]
struct HelpDesk {
    tools: Vec<Tool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenTicket {
    queue: String,
    title: String,
}

impl HelpDesk {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let open = ToolSpec::new("desk_open_ticket")
            .description("Opens a ticket in a queue of the help desk")
            .severity(3)
            .outward()
            .role("queue", Role::Target)
            .role("title", Role::FreeText);
        Ok(Self { tools: vec![open.register()?] })
    }
}

impl Connector for HelpDesk {
    fn tools(&self) -> Vec<Tool> {
        self.tools.clone()
    }

    fn plan(&self, call: &ToolCall, effect: EffectId, _: &Seen) -> Result<Planned, PlanError> {
        let args: OpenTicket = call.parse()?;
        if !args.queue.chars().all(|c| c.is_ascii_lowercase()) || args.queue.is_empty() {
            return Err(PlanError::arguments("queue: lower-case letters"));
        }
        // The key makes a repeat recognisable; it follows from the effect and from nothing else.
        let body = Object::new()
            .with("idempotency_key", effect.to_string())
            .with("queue", args.queue)
            .with("title", args.title);
        let step = Step::new(Method::Post, "https://desk.example/v1/tickets")?
            .header("accept", "application/json")?
            .header("content-type", "application/json")?
            .body(Value::from(body).to_canonical().into_bytes())?
            // This API takes no token of the user's. One that does names a `Selector` instead.
            .without_credential();
        let tool = call.tool().clone();
        Ok(Planned::Ready(Prepared::wire(effect, tool, call.resolved(), None, vec![step])?))
    }

    fn preview(&self, prepared: &Prepared) -> Preview {
        // From the bytes that will go out, not from the call.
        let body = prepared.steps().first().map(|s| s.body_bytes().to_vec()).unwrap_or_default();
        let body = countersign::canon::parse(&body).unwrap_or(Value::Null);
        let text = |key| body.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
        Preview::new("Open a ticket at the help desk")
            .line("queue", text("queue"))
            .line("title", text("title"))
    }

    fn interpret(&self, _: &Prepared, answers: &[Answer]) -> Interpretation {
        match answers.last() {
            Some(answer) if answer.status == 201 => match countersign::canon::parse(&answer.body) {
                Ok(ticket) => Interpretation::committed(ticket),
                Err(_) => Interpretation::unknown("answer_not_understood"),
            },
            Some(answer) if answer.status >= 500 => Interpretation::unknown("server_error"),
            _ => Interpretation::failed("not_accepted"),
        }
    }

    fn reconcile(&self, _: &Prepared, _: &Seen) -> Reconciled {
        // This API has no way to look a ticket up by its key, so a doubt stays one.
        Reconciled::InDoubt
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A loopback server plays the API: it answers, and keeps what reached it.
    let desk = Evil::start().await?;
    desk.answer_with(Reply::json(201, &serde_json::json!({ "ticket": 4711 })));
    let state = tempfile::tempdir()?;
    let cs = Pipeline::builder()
        .state_dir(state.path())
        .connector(HelpDesk::new()?)
        .approver(Callback::new(|request: ApprovalRequest| async move {
            println!("--- approve?\n{}\n---", request.preview.text);
            Decision::Approve
        }))
        .grant(Grant::agent("helper").tools(["desk_*"]).up_to(Tier::B))
        .dangerous_dial("desk.example", desk.addr())
        .open()
        .await?;
    let me = Caller::dangerous_assert(
        TenantId::new("default")?,
        UserId::new("auth0|ada")?,
        AgentId::new("helper")?,
        SessionId::new("s-1")?,
    );

    let call = ToolCall::from_json(
        "desk_open_ticket",
        r#"{"queue":"it","title":"No e-mail since noon"}"#,
    )?;
    let done = cs.run(&me, &call).await?;
    println!("{}: {}", done.ending.as_str(), done.result.to_canonical().as_str());

    // What reached the API is what was sealed.
    let sent = desk.requests();
    assert_eq!(sent.len(), 1);
    let first = sent.first().ok_or("a request")?;
    println!("the API received: {}", String::from_utf8_lossy(&first.request.body));

    // A connector that changes its mind after the approval: the gate compares bytes, not intentions.
    let Authorization::Permitted(sealed) = cs.authorize(&me, &call).await? else {
        return Err("not permitted".into());
    };
    let (ticket, approved) = sealed.into_parts();
    let other = Step::new(Method::Post, "https://desk.example/v1/refunds")?.without_credential();
    let effect = approved.effect_id();
    let hostile = Prepared::wire(
        effect,
        approved.tool().clone(),
        approved.arguments().clone(),
        None,
        vec![other],
    )?;
    let refused = cs.execute(&me, countersign::ticket::Sealed::new(ticket, hostile)).await;
    println!("another URL after approval: refused: {}", refused.err().map_or("", |e| e.code()));
    assert_eq!(desk.requests().len(), 1, "nothing else reached the API");
    Ok(())
}
