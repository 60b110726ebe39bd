//! Google Calendar: who may do what.

use countersign_testkit::servers::probe::{self, Answer, Call};
use countersign_testkit::servers::{GoogleCalendar, TestTime, TokenTable};
use serde_json::json;

use super::*;

const PREFIX: &str = "https://www.googleapis.com/auth/";

async fn get(calendar: &GoogleCalendar, path: &str, token: Option<&str>) -> Answer {
    probe::get_json(calendar.addr(), path, token).await.unwrap()
}

#[tokio::test]
async fn no_valid_token_is_an_auth_error_in_googles_shape() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let answer = get(&calendar, EVENTS_PATH, None).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.json().unwrap(),
        json!({ "error": {
            "code": 401,
            "message": "Invalid Credentials",
            "errors": [{
                "domain": "global", "reason": "authError", "message": "Invalid Credentials",
                "locationType": "header", "location": "Authorization",
            }],
        }})
    );
    assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));
    assert_google_error(&get(&calendar, EVENTS_PATH, Some("ya29.unknown")).await, 401, "authError");
    let basic = Call::new("GET", EVENTS_PATH).header("authorization", &format!("Basic {token}"));
    assert_google_error(&basic.send(calendar.addr()).await.unwrap(), 401, "authError");
    let twice = Call::new("GET", EVENTS_PATH).bearer(Some(&token)).bearer(Some("ya29.other"));
    assert_google_error(&twice.send(calendar.addr()).await.unwrap(), 401, "authError");
    assert_eq!(get(&calendar, EVENTS_PATH, Some(&token)).await.status, 200);
}

#[tokio::test]
async fn expired_revoked_and_foreign_tokens_are_auth_errors() {
    let time = TestTime::fixed(NOW);
    let tokens = TokenTable::new(time.clone());
    let calendar = GoogleCalendar::start(tokens.clone()).await.unwrap();
    let short = tokens.mint("google-oauth2", ADA, [EVENTS], 60);
    let foreign = tokens.mint("github", ADA, [EVENTS], 3600);
    let revoked = tokens.mint("google-oauth2", ADA, [EVENTS], 3600);
    assert!(tokens.revoke(&revoked) && !tokens.revoke("ya29.unknown"));
    for token in [&foreign, &revoked] {
        assert_google_error(&get(&calendar, EVENTS_PATH, Some(token)).await, 401, "authError");
    }
    time.advance(59);
    assert_eq!(get(&calendar, EVENTS_PATH, Some(&short)).await.status, 200);
    time.advance(1);
    assert_google_error(&get(&calendar, EVENTS_PATH, Some(&short)).await, 401, "authError");
}

#[tokio::test]
async fn each_scope_opens_exactly_its_methods() {
    let tokens = TokenTable::new(TestTime::fixed(NOW));
    let calendar = GoogleCalendar::start(tokens.clone()).await.unwrap();
    let id = calendar.seed(ADA, &event("standup", 9)).unwrap();
    let one = format!("{EVENTS_PATH}/{id}");
    for (scope, reads, writes, names) in [
        ("calendar", true, true, true),
        ("calendar.readonly", true, false, true),
        ("calendar.events", true, true, false),
        ("calendar.events.readonly", true, false, false),
        ("calendar.events.owned", true, true, false),
        ("calendar.events.owned.readonly", true, false, false),
        ("calendar.calendars.readonly", false, false, true),
        ("calendar.freebusy", false, false, false),
        ("gmail.readonly", false, false, false),
        ("calendar.event", false, false, false),
    ] {
        let token = tokens.mint("google-oauth2", ADA, [format!("{PREFIX}{scope}")], 3600);
        let token = Some(token.as_str());
        let send = async |call: Call| call.bearer(token).send(calendar.addr()).await.unwrap();
        for (what, allowed, answer) in [
            ("list", reads, send(Call::new("GET", EVENTS_PATH)).await),
            ("get", reads, send(Call::new("GET", &one)).await),
            ("insert", writes, send(Call::new("POST", EVENTS_PATH).json(&event("x", 10))).await),
            (
                "patch",
                writes,
                send(Call::new("PATCH", &one).json(&json!({ "summary": "y" }))).await,
            ),
            ("calendar", names, send(Call::new("GET", "/calendar/v3/calendars/primary")).await),
        ] {
            if allowed {
                assert_eq!(answer.status, 200, "{scope} {what}");
            } else {
                assert_eq!(answer.status, 403, "{scope} {what}");
                assert_google_error(&answer, 403, "insufficientPermissions");
                let challenge = answer.header("www-authenticate").unwrap();
                assert!(challenge.contains("insufficient_scope"), "{challenge}");
            }
        }
        if !writes {
            assert_google_error(
                &send(Call::new("DELETE", &one)).await,
                403,
                "insufficientPermissions",
            );
        }
    }
    // A scope without its full name is none.
    let bare = tokens.mint("google-oauth2", ADA, ["calendar.events"], 3600);
    assert_google_error(
        &get(&calendar, EVENTS_PATH, Some(&bare)).await,
        403,
        "insufficientPermissions",
    );
}

#[tokio::test]
async fn every_account_sees_its_own_calendar_and_no_other() {
    let tokens = TokenTable::new(TestTime::fixed(NOW));
    let calendar = GoogleCalendar::start(tokens.clone()).await.unwrap();
    let ada = tokens.mint("google-oauth2", ADA, [EVENTS], 3600);
    let bob = tokens.mint("google-oauth2", "bob@example.com", [EVENTS], 3600);
    let id = calendar.seed(ADA, &event("secret", 9)).unwrap();
    let by_mail = "/calendar/v3/calendars/ada%40example.com/events";
    for path in [EVENTS_PATH, by_mail, "/calendar/v3/calendars/ada@example.com/events"] {
        let mine = get(&calendar, path, Some(&ada)).await.json().unwrap();
        assert_eq!(mine["items"][0]["summary"], json!("secret"), "{path}");
        assert_eq!(mine["summary"], json!(ADA));
    }
    let his = get(&calendar, EVENTS_PATH, Some(&bob)).await.json().unwrap();
    assert_eq!(his["items"], json!([]));
    assert_google_error(&get(&calendar, by_mail, Some(&bob)).await, 404, "notFound");
    let hers = format!("{EVENTS_PATH}/{id}");
    assert_google_error(&get(&calendar, &hers, Some(&bob)).await, 404, "notFound");
}

#[tokio::test]
async fn the_calendar_itself_tells_whose_it_is() {
    let (calendar, token) = calendar(&["https://www.googleapis.com/auth/calendar.readonly"]).await;
    let answer = get(&calendar, "/calendar/v3/calendars/primary", Some(&token)).await;
    assert_eq!(answer.json().unwrap()["id"], json!(ADA));
}

#[tokio::test]
async fn unknown_paths_methods_and_what_is_not_played_are_told_apart() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let send = async |method: &str, path: &str| {
        Call::new(method, path).bearer(Some(&token)).send(calendar.addr()).await.unwrap()
    };
    for path in [
        "/",
        "/calendar/v3/users/me/calendarList",
        "/calendar/v3/calendars/primary/acl",
        "/calendar/v3/calendars//events",
        "/calendar/v3/calendars/primary/events/",
        "/calendar/v3/calendars/primary/events/abcde/instances",
        "/calendar/v3/calendars/primary/events/%2e%2e",
    ] {
        assert_google_error(&send("GET", path).await, 404, "notFound");
    }
    assert_google_error(&send("PUT", EVENTS_PATH).await, 405, "httpMethodNotAllowed");
    let one = format!("{EVENTS_PATH}/abcde");
    assert_google_error(&send("PUT", &one).await, 501, "notModelled");
    assert_google_error(&send("GET", "/calendar/v3/calendars/%zz/events").await, 400, "badRequest");
}

#[tokio::test]
async fn unknown_repeated_and_malformed_parameters_are_refused() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    for (query, reason) in [
        ("timemin=2026-11-21T00:00:00Z", "badRequest"),
        ("sendUpdates=all", "badRequest"),
        ("q=a&q=b", "badRequest"),
        ("q=%zz", "badRequest"),
        ("alt=media", "badRequest"),
        ("singleEvents=1", "badRequest"),
        ("prettyPrint=maybe", "badRequest"),
    ] {
        let answer = get(&calendar, &format!("{EVENTS_PATH}?{query}"), Some(&token)).await;
        assert_google_error(&answer, 400, reason);
    }
    let named = get(&calendar, &format!("{EVENTS_PATH}?foo=1"), Some(&token)).await.json().unwrap();
    assert_eq!(named["error"]["errors"][0]["locationType"], json!("parameter"));
    assert_eq!(named["error"]["errors"][0]["location"], json!("foo"));
    for query in ["syncToken=x", "fields=items", "access_token=x"] {
        let answer = get(&calendar, &format!("{EVENTS_PATH}?{query}"), Some(&token)).await;
        assert_google_error(&answer, 501, "notModelled");
    }
    let fine = format!("{EVENTS_PATH}?alt=json&prettyPrint=false");
    assert_eq!(get(&calendar, &fine, Some(&token)).await.status, 200);
}
