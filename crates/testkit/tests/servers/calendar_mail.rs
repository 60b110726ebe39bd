//! Google Calendar: who gets mail.

use countersign_testkit::servers::GoogleCalendar;
use countersign_testkit::servers::google_calendar::MailKind;
use countersign_testkit::servers::google_calendar::MailKind::{Cancellation, Invitation, Update};
use countersign_testkit::servers::probe::{Answer, Call};
use serde_json::{Value, json};

use super::*;

async fn send(
    calendar: &GoogleCalendar,
    token: &str,
    method: &str,
    target: &str,
    body: Option<&Value>,
) -> Answer {
    let mut call = Call::new(method, &format!("{EVENTS_PATH}{target}")).bearer(Some(token));
    if let Some(body) = body {
        call = call.json(body);
    }
    call.send(calendar.addr()).await.unwrap()
}

fn party() -> Value {
    let mut party = event("Party", 20);
    party["attendees"] = json!([
        { "email": ADA },
        { "email": "bob@gmail.com" },
        { "email": "carol@example.com" },
        { "email": "dave@elsewhere.example" },
    ]);
    party
}

fn outbox(calendar: &GoogleCalendar) -> Vec<(String, MailKind)> {
    calendar.outbox().into_iter().map(|mail| (mail.to, mail.kind)).collect()
}

#[tokio::test]
async fn invitations_go_to_whom_send_updates_says() {
    for (query, expected) in [
        ("?sendUpdates=all", &["bob@gmail.com", "carol@example.com", "dave@elsewhere.example"][..]),
        ("?sendUpdates=externalOnly", &["dave@elsewhere.example"]),
        ("?sendUpdates=none", &[]),
        ("", &[]),
    ] {
        let (calendar, token) = calendar(&[EVENTS]).await;
        assert_eq!(send(&calendar, &token, "POST", query, Some(&party())).await.status, 200);
        let mail = outbox(&calendar);
        assert!(mail.iter().all(|(_, kind)| *kind == Invitation), "{mail:?}");
        let to: Vec<&str> = mail.iter().map(|(to, _)| to.as_str()).collect();
        assert_eq!(to, expected, "{query}");
    }
}

#[tokio::test]
async fn mail_says_what_it_is_about() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let created = send(&calendar, &token, "POST", "?sendUpdates=all", Some(&party())).await;
    let mail = &calendar.outbox()[0];
    assert_eq!((mail.from.as_str(), mail.summary.as_str()), (ADA, "Party"));
    assert_eq!(json!(mail.event_id), created.json().unwrap()["id"]);
}

#[tokio::test]
async fn a_changed_list_invites_updates_and_cancels() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let id = calendar.seed(ADA, &party()).unwrap();
    assert!(outbox(&calendar).is_empty());
    let list =
        json!({ "attendees": [{ "email": "bob@gmail.com" }, { "email": "eve@evil.example" }] });
    send(&calendar, &token, "PATCH", &format!("/{id}?sendUpdates=all"), Some(&list)).await;
    let expected = [
        ("bob@gmail.com", Update),
        ("carol@example.com", Cancellation),
        ("dave@elsewhere.example", Cancellation),
        ("eve@evil.example", Invitation),
    ]
    .map(|(to, kind)| (to.to_owned(), kind));
    assert_eq!(outbox(&calendar), expected);
}

#[tokio::test]
async fn a_deletion_cancels() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let id = calendar.seed(ADA, &party()).unwrap();
    send(&calendar, &token, "DELETE", &format!("/{id}?sendUpdates=externalOnly"), None).await;
    assert_eq!(outbox(&calendar), [("dave@elsewhere.example".to_owned(), Cancellation)]);
}

#[tokio::test]
async fn refused_changes_send_nothing_and_are_not_counted() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let mut bad = party();
    bad["id"] = json!("NOPE");
    send(&calendar, &token, "POST", "?sendUpdates=all", Some(&bad)).await;
    let odd = send(&calendar, &token, "POST", "?sendUpdates=everyone", Some(&party())).await;
    assert_google_error(&odd, 400, "badRequest");
    let old = send(&calendar, &token, "POST", "?sendNotifications=true", Some(&party())).await;
    assert_google_error(&old, 501, "notModelled");
    assert!(outbox(&calendar).is_empty() && calendar.writes().is_empty());
}

#[tokio::test]
async fn every_write_is_recorded_with_its_send_updates() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let mut body = party();
    body["id"] = json!("abcde");
    send(&calendar, &token, "POST", "?sendUpdates=all", Some(&body)).await;
    send(&calendar, &token, "PATCH", "/abcde", Some(&json!({ "summary": "x" }))).await;
    send(&calendar, &token, "DELETE", "/abcde?sendUpdates=none", None).await;
    let writes: Vec<_> = calendar
        .writes()
        .into_iter()
        .map(|write| {
            assert_eq!((write.account.as_str(), write.event_id.as_str()), (ADA, "abcde"));
            (write.method, write.send_updates)
        })
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(writes, [("insert", some("all")), ("patch", None), ("delete", some("none"))]);
}
