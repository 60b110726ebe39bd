//! Google Calendar: insert, get, patch, delete.

use countersign_testkit::servers::GoogleCalendar;
use countersign_testkit::servers::probe::{self, Answer, Call};
use serde_json::{Value, json};

use super::*;

async fn insert(calendar: &GoogleCalendar, token: &str, body: &Value) -> Answer {
    probe::post_json(calendar.addr(), EVENTS_PATH, Some(token), body).await.unwrap()
}

async fn on(calendar: &GoogleCalendar, token: &str, method: &str, id: &str) -> Answer {
    let call = Call::new(method, &format!("{EVENTS_PATH}/{id}")).bearer(Some(token));
    call.send(calendar.addr()).await.unwrap()
}

async fn patch(calendar: &GoogleCalendar, token: &str, id: &str, body: &Value) -> Answer {
    let call = Call::new("PATCH", &format!("{EVENTS_PATH}/{id}")).bearer(Some(token)).json(body);
    call.send(calendar.addr()).await.unwrap()
}

fn changed(mut event: Value, name: &str, value: Value) -> Value {
    event.as_object_mut().unwrap().insert(name.to_owned(), value);
    event
}

#[tokio::test]
async fn an_inserted_event_comes_back_complete_and_can_be_read() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let body = changed(event("Lunch", 12), "id", json!("abcdef0123456789v"));
    let answer = insert(&calendar, &token, &body).await;
    let created = answer.json().unwrap();
    assert_eq!(answer.status, 200, "{created}");
    for (name, value) in [
        ("kind", json!("calendar#event")),
        ("id", json!("abcdef0123456789v")),
        ("status", json!("confirmed")),
        ("summary", json!("Lunch")),
        ("start", json!({ "dateTime": "2026-11-21T12:00:00Z" })),
        ("creator", json!({ "email": ADA, "self": true })),
        ("organizer", json!({ "email": ADA, "self": true })),
        ("iCalUID", json!("abcdef0123456789v@google.com")),
        ("created", json!("2026-09-21T14:13:20.000Z")),
        ("updated", json!("2026-09-21T14:13:20.000Z")),
        ("reminders", json!({ "useDefault": true })),
    ] {
        assert_eq!(created[name], value, "{name}");
    }
    let etag = created["etag"].as_str().unwrap();
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 2, "{etag}");
    assert_eq!(answer.header("etag"), Some(etag));
    let read = on(&calendar, &token, "GET", "abcdef0123456789v").await;
    assert_eq!(read.json().unwrap(), created);
    assert_eq!(calendar.event(ADA, "abcdef0123456789v").unwrap(), created);
    assert_google_error(&on(&calendar, &token, "GET", "aaaaa").await, 404, "notFound");
}

#[tokio::test]
async fn an_id_is_made_when_none_is_given() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let id = async || {
        let created = insert(&calendar, &token, &event("x", 9)).await.json().unwrap();
        created["id"].as_str().unwrap().to_owned()
    };
    let (one, two) = (id().await, id().await);
    assert_ne!(one, two);
    assert!(one.len() == 26 && one.chars().all(|c| matches!(c, 'a'..='v' | '0'..='9')), "{one}");
}

#[tokio::test]
async fn a_used_id_is_a_duplicate_even_after_deletion() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let body = changed(event("once", 9), "id", json!("abcde"));
    assert_eq!(insert(&calendar, &token, &body).await.status, 200);
    let again = insert(&calendar, &token, &body).await;
    assert_google_error(&again, 409, "duplicate");
    assert_eq!(
        again.json().unwrap()["error"]["message"],
        json!("The requested identifier already exists.")
    );
    assert_eq!(on(&calendar, &token, "DELETE", "abcde").await.status, 204);
    assert_google_error(&insert(&calendar, &token, &body).await, 409, "duplicate");
    assert_eq!(calendar.events(ADA).len(), 1);
}

#[tokio::test]
async fn ids_outside_the_alphabet_or_length_are_refused() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    for id in ["abcd", "abcdw", "ABCDE", "abc-de", "", &"a".repeat(1025)] {
        let body = changed(event("x", 9), "id", json!(id));
        assert_google_error(&insert(&calendar, &token, &body).await, 400, "invalid");
    }
    let longest = changed(event("x", 9), "id", json!("v".repeat(1024)));
    assert_eq!(insert(&calendar, &token, &longest).await.status, 200);
    let mut both = changed(event("x", 9), "id", json!("abcde"));
    both = changed(both, "iCalUID", json!("abc@example.com"));
    assert_google_error(&insert(&calendar, &token, &both).await, 400, "invalid");
}

#[tokio::test]
async fn start_and_end_hold_to_googles_rules() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let at = |time: &str| json!({ "dateTime": time });
    let day = |date: &str| json!({ "date": date });
    let zoned = |time: &str, zone: &str| json!({ "dateTime": time, "timeZone": zone });
    let (nine, ten) = ("2026-11-21T09:00:00", "2026-11-21T10:00:00");
    for (start, end) in [
        (at("2026-11-21T09:00:00Z"), at("2026-11-21T10:00:00Z")),
        (at("2026-11-21T09:00:00+02:00"), at("2026-11-21T09:00:00.5+02:00")),
        (zoned(nine, "Europe/Rome"), zoned(ten, "Europe/Rome")),
        (day("2026-11-21"), day("2026-11-22")),
    ] {
        let body = json!({ "start": start, "end": end });
        assert_eq!(insert(&calendar, &token, &body).await.status, 200, "{body}");
    }
    for (start, end, reason) in [
        (at(nine), at(ten), "invalid"),
        (zoned(nine, "cest"), zoned(ten, "cest"), "invalid"),
        (json!({}), at("2026-11-21T10:00:00Z"), "invalid"),
        (json!({ "timeZone": "UTC" }), at("2026-11-21T10:00:00Z"), "invalid"),
        (
            json!({ "date": "2026-11-21", "dateTime": "2026-11-21T09:00:00Z" }),
            day("2026-11-22"),
            "invalid",
        ),
        (at("tomorrow"), at("2026-11-21T10:00:00Z"), "invalid"),
        (day("2026-02-30"), day("2026-03-01"), "invalid"),
        (json!("2026-11-21T09:00:00Z"), at("2026-11-21T10:00:00Z"), "invalid"),
        (day("2026-11-21"), at("2026-11-21T10:00:00Z"), "invalid"),
        (at("2026-11-21T10:00:00Z"), at("2026-11-21T09:00:00Z"), "timeRangeEmpty"),
        (at("2026-11-21T10:00:00+02:00"), at("2026-11-21T09:00:00+02:00"), "timeRangeEmpty"),
        (day("2026-11-21"), day("2026-11-21"), "timeRangeEmpty"),
        (
            json!({ "dateTime": "2026-11-21T09:00:00Z", "zone": "UTC" }),
            day("2026-11-21"),
            "badRequest",
        ),
    ] {
        let body = json!({ "start": start, "end": end });
        assert_google_error(&insert(&calendar, &token, &body).await, 400, reason);
    }
    for missing in ["start", "end"] {
        let mut body = event("x", 9);
        body.as_object_mut().unwrap().remove(missing);
        assert_google_error(&insert(&calendar, &token, &body).await, 400, "required");
    }
    let mut recurring = changed(event("x", 9), "recurrence", json!(["RRULE:FREQ=DAILY;COUNT=2"]));
    assert_google_error(&insert(&calendar, &token, &recurring).await, 400, "required");
    recurring = changed(recurring, "start", zoned(nine, "Europe/Rome"));
    recurring = changed(recurring, "end", zoned(ten, "Europe/Rome"));
    assert_eq!(insert(&calendar, &token, &recurring).await.status, 200);
}

#[tokio::test]
async fn bodies_are_checked_member_by_member() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    for (name, value, status, reason) in [
        ("__canary", json!(1), 400, "badRequest"),
        ("Summary", json!("x"), 400, "badRequest"),
        ("summary", json!(1), 400, "invalid"),
        ("summary", json!(null), 400, "invalid"),
        ("etag", json!("\"1\""), 400, "invalid"),
        ("organizer", json!({ "email": "eve@example.com" }), 400, "invalid"),
        ("status", json!("cancelled"), 400, "invalid"),
        ("visibility", json!("secret"), 400, "invalid"),
        ("colorId", json!("12"), 400, "invalid"),
        ("guestsCanModify", json!("true"), 400, "invalid"),
        ("attendees", json!({ "email": "bob@example.com" }), 400, "invalid"),
        ("attendees", json!([{}]), 400, "invalid"),
        ("attendees", json!([{ "email": "bob" }]), 400, "invalid"),
        (
            "attendees",
            json!([{ "email": "bob@example.com\r\nBcc: eve@evil.example" }]),
            400,
            "invalid",
        ),
        ("attendees", json!([{ "email": "bob@example.com", "self": true }]), 400, "invalid"),
        ("attendees", json!([{ "email": "bob@example.com", "mail": "x" }]), 400, "badRequest"),
        ("recurrence", json!(["FREQ=DAILY"]), 400, "invalid"),
        (
            "reminders",
            json!({ "useDefault": false, "overrides": [{ "method": "sms", "minutes": 1 }] }),
            400,
            "invalid",
        ),
        (
            "reminders",
            json!({ "useDefault": true, "overrides": [{ "method": "email", "minutes": 1 }] }),
            400,
            "cannotUseDefaultRemindersAndSpecifyOverride",
        ),
        ("extendedProperties", json!({ "private": { "k": 1 } }), 400, "invalid"),
        ("extendedProperties", json!({ "secret": {} }), 400, "badRequest"),
        ("source", json!({ "href": "https://x.example" }), 400, "badRequest"),
        ("conferenceData", json!({}), 501, "notModelled"),
        ("attachments", json!([]), 501, "notModelled"),
    ] {
        let answer = insert(&calendar, &token, &changed(event("x", 9), name, value.clone())).await;
        assert_eq!(answer.status, status, "{name}: {value}");
        assert_google_error(&answer, status, reason);
    }
    assert!(calendar.events(ADA).is_empty());
    let full = json!({
        "summary": "s", "description": "d", "location": "l", "visibility": "private",
        "transparency": "opaque", "status": "tentative", "colorId": "11", "sequence": 3,
        "guestsCanInviteOthers": false, "guestsCanModify": false, "guestsCanSeeOtherGuests": true,
        "attendees": [{ "email": "bob@example.com", "displayName": "Bob", "optional": true }],
        "reminders": { "useDefault": false, "overrides": [{ "method": "popup", "minutes": 10 }] },
        "source": { "title": "t", "url": "https://x.example" },
        "extendedProperties": { "private": { "k": "v" }, "shared": {} },
        "start": { "date": "2026-11-21" }, "end": { "date": "2026-11-22" },
    });
    assert_eq!(insert(&calendar, &token, &full).await.status, 200);
}

#[tokio::test]
async fn the_media_type_and_the_syntax_of_a_body_matter() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let call = |media_type: &str, body: &str| {
        Call::new("POST", EVENTS_PATH).bearer(Some(&token)).body(media_type, body.to_owned())
    };
    let text = event("x", 9).to_string();
    for (media_type, body, reason) in [
        ("text/plain", text.as_str(), "badRequest"),
        ("application/json", "{", "parseError"),
        ("application/json", "[]", "parseError"),
        ("application/json", "", "parseError"),
    ] {
        let answer = call(media_type, body).send(calendar.addr()).await.unwrap();
        assert_google_error(&answer, 400, reason);
    }
    let charset = call("application/json; charset=UTF-8", &text).send(calendar.addr()).await;
    assert_eq!(charset.unwrap().status, 200);
    let get_with_body = Call::new("GET", EVENTS_PATH).bearer(Some(&token)).json(&json!({}));
    assert_google_error(&get_with_body.send(calendar.addr()).await.unwrap(), 400, "badRequest");
}

#[tokio::test]
async fn a_patch_replaces_arrays_whole_merges_objects_and_removes_nulls() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let mut seed = changed(event("Plan", 9), "description", json!("old"));
    seed = changed(
        seed,
        "attendees",
        json!([{ "email": "bob@example.com" }, { "email": "eve@example.com" }]),
    );
    seed = changed(seed, "extendedProperties", json!({ "private": { "a": "1", "b": "2" } }));
    let id = calendar.seed(ADA, &seed).unwrap();
    let before = calendar.event(ADA, &id).unwrap();
    let answer = patch(
        &calendar,
        &token,
        &id,
        &json!({
            "attendees": [{ "email": "carol@example.com" }],
            "extendedProperties": { "private": { "a": null, "c": "3" } },
            "description": null,
            "end": { "dateTime": "2026-11-21T11:00:00Z" },
        }),
    )
    .await;
    assert_eq!(answer.status, 200);
    let after = answer.json().unwrap();
    assert_eq!(
        after["attendees"],
        json!([{ "email": "carol@example.com", "responseStatus": "needsAction" }])
    );
    assert_eq!(after["extendedProperties"], json!({ "private": { "b": "2", "c": "3" } }));
    assert!(after.get("description").is_none());
    assert_eq!((&after["summary"], &after["start"]), (&json!("Plan"), &before["start"]));
    assert_eq!((&before["sequence"], &after["sequence"]), (&json!(0), &json!(1)));
    assert_ne!(after["etag"], before["etag"]);
    assert_eq!(calendar.event(ADA, &id).unwrap(), after);
}

#[tokio::test]
async fn a_patch_that_breaks_the_event_changes_nothing() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let id = calendar.seed(ADA, &event("Plan", 9)).unwrap();
    let before = calendar.event(ADA, &id).unwrap();
    for (body, reason) in [
        (json!({ "start": { "date": "2026-11-21" } }), "invalid"),
        (json!({ "start": null }), "required"),
        (json!({ "end": { "dateTime": "2026-11-21T08:00:00Z" } }), "timeRangeEmpty"),
        (json!({ "id": "zzzzz" }), "invalid"),
        (json!({ "id": "abcde" }), "invalid"),
        (json!({ "sumary": "typo" }), "badRequest"),
        (json!({ "status": "cancelled" }), "invalid"),
    ] {
        assert_google_error(&patch(&calendar, &token, &id, &body).await, 400, reason);
    }
    assert_eq!(calendar.event(ADA, &id).unwrap(), before);
    assert_google_error(&patch(&calendar, &token, "aaaaa", &json!({})).await, 404, "notFound");
    let day = json!({
        "start": { "date": "2026-11-21", "dateTime": null },
        "end": { "date": "2026-11-22", "dateTime": null },
    });
    assert_eq!(patch(&calendar, &token, &id, &day).await.status, 200);
}

#[tokio::test]
async fn if_match_guards_patch_and_delete() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let id = calendar.seed(ADA, &event("Plan", 9)).unwrap();
    let etag = || calendar.event(ADA, &id).unwrap()["etag"].as_str().unwrap().to_owned();
    let path = format!("{EVENTS_PATH}/{id}");
    let send = async |method: &str, if_match: &str| {
        let mut call = Call::new(method, &path).bearer(Some(&token)).header("if-match", if_match);
        if method == "PATCH" {
            call = call.json(&json!({ "location": "here" }));
        }
        call.send(calendar.addr()).await.unwrap()
    };
    let stale = etag();
    calendar.edit(ADA, &id, &json!({ "summary": "Changed in another window" })).unwrap();
    assert_ne!(stale, etag());
    for method in ["PATCH", "DELETE"] {
        for wrong in [stale.clone(), format!("W/{}", etag()), "\"1\"".to_owned(), String::new()] {
            assert_google_error(&send(method, &wrong).await, 412, "conditionNotMet");
        }
    }
    assert!(calendar.event(ADA, &id).unwrap().get("location").is_none());
    assert_eq!(send("PATCH", &etag()).await.status, 200);
    assert_eq!(send("PATCH", &format!("{stale}, {}", etag())).await.status, 200);
    assert_eq!(send("PATCH", "*").await.status, 200);
    assert_eq!(send("DELETE", &etag()).await.status, 204);
    assert_google_error(&send("DELETE", &stale).await, 410, "deleted");
}

#[tokio::test]
async fn a_deletion_is_final_and_leaves_a_cancelled_event() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let id = calendar.seed(ADA, &event("Plan", 9)).unwrap();
    let gone = on(&calendar, &token, "DELETE", &id).await;
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    assert_google_error(&on(&calendar, &token, "DELETE", &id).await, 410, "deleted");
    assert_google_error(&patch(&calendar, &token, &id, &json!({})).await, 410, "deleted");
    assert_google_error(&on(&calendar, &token, "DELETE", "aaaaa").await, 404, "notFound");
    let left = on(&calendar, &token, "GET", &id).await;
    assert_eq!((left.status, &left.json().unwrap()["status"]), (200, &json!("cancelled")));
    let other = calendar.seed(ADA, &event("Other", 9)).unwrap();
    calendar.remove(ADA, &other).unwrap();
    assert_eq!(calendar.remove(ADA, &other).unwrap_err().status, 410);
    assert_eq!(calendar.edit(ADA, "aaaaa", &json!({})).unwrap_err().reason, "notFound");
    assert_eq!(calendar.seed(ADA, &json!({})).unwrap_err().reason, "required");
    calendar.reset();
    assert!(calendar.events(ADA).is_empty() && calendar.requests().is_empty());
}
