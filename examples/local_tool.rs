//! A closure as a guarded tool.
//!
//! Not everything an agent does is an HTTP API. A closure becomes a tool with one line: the call is
//! judged, approved, sealed and logged like any other, and the closure gets exactly the canonical
//! arguments that were approved, as a type. What is bound are the arguments, not what the closure
//! does with them: its receipts say `binding: arguments`.
//!
//! ```sh
//! cargo run --example local_tool
//! ```

use std::sync::{Arc, Mutex};

use countersign::core::{AgentId, ApprovalRequest, SessionId, TenantId, UserId};
use countersign::prelude::*;

/// What the model may say. An unknown argument is refused: nobody approved what nobody reads.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    customer: String,
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let state = tempfile::tempdir()?;
    let crm = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&crm);

    let cs = Pipeline::builder()
        .state_dir(state.path())
        .tool(
            ToolSpec::new("crm_note")
                .description("Adds a note to a customer")
                .severity(2)
                .writes()
                .role("customer", Role::Target),
            move |note: Note| {
                let crm = Arc::clone(&into);
                async move {
                    let mut crm = crm.lock().map_err(|_| "the CRM is gone")?;
                    crm.push(format!("{}: {}", note.customer, note.text));
                    Ok::<_, &str>(crm.len())
                }
            },
        )
        // Shows what is asked, and approves. A real one asks: `Terminal::new()`.
        .approver(Callback::new(|request: ApprovalRequest| async move {
            println!("--- approve? ({})\n{}\n---", request.why, request.preview.text);
            Decision::Approve
        }))
        .grant(Grant::agent("planner").tools(["crm_note"]).up_to(Tier::B))
        .open()
        .await?;

    // With an identity provider: `cs.caller(access_token).session("s-1").verify().await?`.
    let me = Caller::dangerous_assert(
        TenantId::new("default")?,
        UserId::new("auth0|ada")?,
        AgentId::new("planner")?,
        SessionId::new("s-1")?,
    );

    let call =
        ToolCall::from_json("crm_note", r#"{"customer":"Acme","text":"call back on Monday"}"#)?;
    let done = cs.run(&me, &call).await?;
    println!("{}: note number {}", done.ending.as_str(), done.result.to_canonical().as_str());
    println!("evidence: {}…", done.evidence.as_compact().get(..60).unwrap_or_default());

    // An argument that the closure does not read is refused before anybody is asked.
    let strange = r#"{"customer":"Acme","text":"hi","bcc":"mallory@evil.example"}"#;
    let strange = ToolCall::from_json("crm_note", strange)?;
    if let Err(error) = cs.run(&me, &strange).await {
        println!("refused: {}", error.code());
    }

    // So is one that stands twice: two readers could disagree about it.
    let twice =
        ToolCall::from_json("crm_note", r#"{"customer":"Acme","customer":"Evil","text":""}"#);
    if let Err(error) = twice {
        println!("refused: {} ({error})", error.code());
    }

    let notes = crm.lock().map_err(|_| "the CRM is gone")?;
    println!("in the CRM: {notes:?}");
    assert_eq!(notes.len(), 1, "one approved call, one note");
    Ok(())
}
