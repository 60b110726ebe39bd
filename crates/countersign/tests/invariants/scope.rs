//! Invariant 11: least scope is enforced here.

use countersign::core::{Scope, TokenError};
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
