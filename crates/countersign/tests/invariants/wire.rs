//! Invariant 2: the admitted bytes are the sent bytes. Invariant 9: an approval fits one digest.

use countersign::core::{Account, Method, Prepared, Selector, Step};
use countersign::prelude::*;
use countersign::ticket::{Sealed, Ticket};

use crate::harness::{World, create, create_with, refused, sealed, somebody};

#[tokio::test]
async fn inv_02_what_reaches_the_provider_is_what_was_sealed() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let sealed = sealed(&cs, &me, &create()).await;
    let step = sealed.prepared().steps()[0].clone();
    let done = cs.execute(&me, sealed).await.unwrap();
    assert_eq!(done.ending, Ending::Committed, "{:?}", done.code);

    let requests = world.calendar.requests();
    let request = &requests.last().unwrap().request;
    assert_eq!(request.method, step.method().as_str());
    let target = request.target();
    assert_eq!(format!("https://www.googleapis.com{target}"), step.url());
    assert_eq!(&request.body[..], step.body_bytes());
    let mut left: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|(n, v)| (n.as_str().to_owned(), v.to_str().unwrap().to_owned()))
        .collect();
    for planned in step.headers() {
        let at = left.iter().position(|h| h == planned).expect("a planned header is missing");
        left.remove(at);
    }
    let mut added: Vec<&str> = left.iter().map(|(n, _)| n.as_str()).collect();
    added.sort_unstable();
    assert_eq!(added, ["authorization", "content-length", "host"], "nothing else is added");
}

#[tokio::test]
async fn inv_02_every_change_of_the_sealed_request_is_refused_and_spends_nothing() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let sealed = sealed(&cs, &me, &create()).await;
    let (ticket, p) = sealed.into_parts();
    let text = ticket.as_compact().to_owned();
    let step = p.steps()[0].clone();
    let again = |url: &str, method: Method, body: Vec<u8>, headers: &[(String, String)]| {
        let mut step = Step::new(method, url).unwrap();
        for (name, value) in headers {
            step = step.header(name, value).unwrap();
        }
        step.body(body).unwrap()
    };
    let body = step.body_bytes().to_vec();
    let other_body = String::from_utf8(body.clone()).unwrap().replace("grace", "mallory");
    let mut headers = step.headers().to_vec();
    headers.push(("x-extra".to_owned(), "1".to_owned()));
    let credential = p.credential().unwrap().clone();
    let wire = |credential: Selector, step: Step| {
        let arguments = p.arguments().clone();
        Prepared::wire(p.effect_id(), p.tool().clone(), arguments, Some(credential), vec![step])
            .unwrap()
    };
    let url = step.url();
    let changed = [
        wire(
            credential.clone(),
            again(&format!("{url}&x=1"), step.method(), body.clone(), step.headers()),
        ),
        wire(credential.clone(), again(url, Method::Put, body.clone(), step.headers())),
        wire(
            credential.clone(),
            again(url, step.method(), other_body.into_bytes(), step.headers()),
        ),
        wire(credential.clone(), again(url, step.method(), body.clone(), &headers)),
        wire(credential.clone(), again(url, step.method(), body.clone(), &step.headers()[1..])),
        wire(
            credential.clone(),
            again(url, step.method(), body.clone(), step.headers()).without_credential(),
        ),
        wire(credential.clone().with_account(Account::new("mallory").unwrap()), step.clone()),
        wire(Selector::new(credential.connection().clone(), vec![]), step.clone()),
    ];
    for (n, prepared) in changed.into_iter().enumerate() {
        let sealed = Sealed::new(Ticket::from_compact(text.clone()), prepared);
        let error = cs.execute(&me, sealed).await.unwrap_err();
        assert_eq!(error.code(), "effect_mismatch", "change {n}");
    }
    assert_eq!(world.writes(), 0);
    let sealed = Sealed::new(Ticket::from_compact(text), p.clone());
    assert_eq!(cs.execute(&me, sealed).await.unwrap().ending, Ending::Committed);
}

#[tokio::test]
async fn inv_09_a_ticket_of_one_call_is_nothing_worth_with_another() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let (ticket, _) = sealed(&cs, &me, &create_with("Lunch")).await.into_parts();
    let (_, other) = sealed(&cs, &me, &create_with("Dinner")).await.into_parts();
    let error = cs.execute(&me, Sealed::new(ticket, other)).await.unwrap_err();
    assert_eq!(error.code(), "arguments_mismatch");
    // The same call once more is another effect, and needs an approval of its own.
    let (ticket, _) = sealed(&cs, &me, &create()).await.into_parts();
    let (_, other) = sealed(&cs, &me, &create()).await.into_parts();
    let error = cs.execute(&me, Sealed::new(ticket, other)).await.unwrap_err();
    assert_eq!(error.code(), "effect_mismatch");
    assert_eq!(world.writes(), 0);
}

#[tokio::test]
async fn inv_09_another_user_agent_or_session_is_another_caller() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    for other in [
        somebody("auth0|eve", "planner", "s-42"),
        somebody("auth0|ada", "other", "s-42"),
        somebody("auth0|ada", "planner", "s-43"),
    ] {
        let sealed = sealed(&cs, &me, &create()).await;
        let error = cs.execute(&other, sealed).await.unwrap_err();
        assert_eq!(error.code(), "wrong_caller");
    }
    assert_eq!(world.writes(), 0);
}

#[tokio::test]
async fn a_call_to_delete_pins_the_etag_that_a_read_of_its_own_found() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let event = serde_json::json!({
        "summary": "Budget", "start": { "dateTime": "2027-03-01T08:00:00Z" },
        "end": { "dateTime": "2027-03-01T08:30:00Z" },
    });
    let id = world.calendar.seed("ada@acme.example", &event).unwrap();
    let arguments = serde_json::json!({ "event_id": id, "send_updates": "none" });
    let delete =
        ToolCall::from_json("google_calendar_delete_event", arguments.to_string()).unwrap();
    let first = sealed(&cs, &me, &delete).await;
    // Between approval and execution the owner edits the event: what was approved is no more.
    let edit = serde_json::json!({ "summary": "Budget, moved" });
    world.calendar.edit("ada@acme.example", &id, &edit).unwrap();
    let done = cs.execute(&me, first).await.unwrap();
    assert_eq!((done.ending, done.code), (Ending::Failed, Some("etag_stale")));
    assert!(world.calendar.event("ada@acme.example", &id).is_some());

    let done = cs.run(&me, &delete).await.unwrap();
    assert_eq!(done.ending, Ending::Committed, "{:?}", done.code);
    assert_eq!(world.log().matches("\"parent\":\"").count() % 2, 0, "reads name their parent");
    assert!(world.log().contains("google_calendar_get_event"), "the read is a call of its own");
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_refused_before_anybody_is_asked() {
    let world = World::start().await;
    let nobody = Callback::new(|_| async { panic!("nobody may be asked") });
    let cs = world.bare().approver(nobody).open().await.unwrap();
    let me = world.me(&cs).await;
    let call = ToolCall::from_json("google_calendar_create_event", r#"{"summary":7}"#).unwrap();
    assert_eq!(refused(cs.authorize(&me, &call).await.unwrap()), "invalid_arguments");
}
