//! Google Calendar: listings and their pages.

use countersign_testkit::servers::probe;
use countersign_testkit::servers::{GoogleCalendar, form};
use serde_json::{Value, json};

use super::*;

async fn list(calendar: &GoogleCalendar, token: &str, query: &[(&str, &str)]) -> Answer {
    let path = format!("{EVENTS_PATH}?{}", form::encode(query.iter().copied()));
    probe::get_json(calendar.addr(), &path, Some(token)).await.unwrap()
}

async fn summaries(calendar: &GoogleCalendar, token: &str, query: &[(&str, &str)]) -> Vec<String> {
    let answer = list(calendar, token, query).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
    names(&answer.json().unwrap())
}

fn names(body: &Value) -> Vec<String> {
    let items = body["items"].as_array().unwrap();
    items.iter().map(|item| item["summary"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_window_takes_what_overlaps_it() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    for (summary, hour) in [("nine", 9), ("ten", 10), ("eleven", 11)] {
        calendar.seed(ADA, &event(summary, hour)).unwrap();
    }
    let min = |time| [("timeMin", time)];
    let max = |time| [("timeMax", time)];
    assert_eq!(summaries(&calendar, &token, &min("2026-11-21T09:30:00Z")).await, ["ten", "eleven"]);
    let overlapping = min("2026-11-21T09:29:59Z");
    assert_eq!(summaries(&calendar, &token, &overlapping).await, ["nine", "ten", "eleven"]);
    assert_eq!(summaries(&calendar, &token, &max("2026-11-21T10:00:00Z")).await, ["nine"]);
    let offset = min("2026-11-21T12:00:00+02:00");
    assert_eq!(summaries(&calendar, &token, &offset).await, ["ten", "eleven"]);
    let both = [("timeMin", "2026-11-21T09:45:00Z"), ("timeMax", "2026-11-21T10:45:00Z")];
    assert_eq!(summaries(&calendar, &token, &both).await, ["ten"]);
}

#[tokio::test]
async fn bad_windows_and_orders_are_refused() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let late = "2026-11-21T10:00:00Z";
    for (query, reason) in [
        (&[("timeMin", "2026-11-21T10:00:00")][..], "badRequest"),
        (&[("timeMin", "2026-11-21")], "badRequest"),
        (&[("timeMax", "noon")], "badRequest"),
        (&[("timeMin", late), ("timeMax", late)], "timeRangeEmpty"),
        (&[("timeMin", late), ("timeMax", "2026-11-21T11:00:00+02:00")], "timeRangeEmpty"),
        (&[("orderBy", "startTime")], "badRequest"),
        (&[("orderBy", "startTime"), ("singleEvents", "false")], "badRequest"),
        (&[("orderBy", "summary")], "badRequest"),
        (&[("maxResults", "0")], "badRequest"),
        (&[("maxResults", "2501")], "badRequest"),
        (&[("maxResults", "-1")], "badRequest"),
    ] {
        assert_google_error(&list(&calendar, &token, query).await, 400, reason);
    }
    // An unescaped plus is a space, and no offset.
    let raw = format!("{EVENTS_PATH}?timeMin=2026-11-21T10:00:00+02:00");
    let answer = probe::get_json(calendar.addr(), &raw, Some(&token)).await.unwrap();
    assert_google_error(&answer, 400, "badRequest");
}

#[tokio::test]
async fn orders_are_by_insertion_start_or_change() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let ids: Vec<String> = [("c", 11), ("a", 9), ("b", 10)]
        .map(|(summary, hour)| calendar.seed(ADA, &event(summary, hour)).unwrap())
        .to_vec();
    calendar.edit(ADA, &ids[0], &json!({ "location": "x" })).unwrap();
    assert_eq!(summaries(&calendar, &token, &[]).await, ["c", "a", "b"]);
    let by_start = [("singleEvents", "true"), ("orderBy", "startTime")];
    assert_eq!(summaries(&calendar, &token, &by_start).await, ["a", "b", "c"]);
    assert_eq!(summaries(&calendar, &token, &[("orderBy", "updated")]).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn q_looks_into_text_and_people_for_every_word() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let mut budget = event("Budget", 9);
    budget["description"] = json!("Figures for Q4");
    budget["attendees"] = json!([{ "email": "bob@example.com", "displayName": "Bob Stone" }]);
    calendar.seed(ADA, &budget).unwrap();
    calendar.seed(ADA, &event("Lunch", 12)).unwrap();
    for query in ["budget", "BUDGET q4", "stone", "bob@example.com"] {
        assert_eq!(summaries(&calendar, &token, &[("q", query)]).await, ["Budget"], "{query}");
    }
    assert!(summaries(&calendar, &token, &[("q", "budget lunch")]).await.is_empty());
}

#[tokio::test]
async fn deleted_events_show_only_on_request() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    let id = calendar.seed(ADA, &event("gone", 9)).unwrap();
    calendar.seed(ADA, &event("here", 10)).unwrap();
    calendar.remove(ADA, &id).unwrap();
    assert_eq!(summaries(&calendar, &token, &[]).await, ["here"]);
    assert_eq!(summaries(&calendar, &token, &[("showDeleted", "true")]).await, ["gone", "here"]);
}

#[tokio::test]
async fn pages_join_to_the_whole_and_a_page_can_be_fetched_twice() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    for number in 0..5 {
        calendar.seed(ADA, &event(&format!("e{number}"), 9)).unwrap();
    }
    let first = list(&calendar, &token, &[("maxResults", "2")]).await.json().unwrap();
    assert_eq!(first["kind"], json!("calendar#events"));
    let mut all = names(&first);
    let mut next = first["nextPageToken"].as_str().map(str::to_owned);
    let mut pages = 1;
    while let Some(page) = next {
        let query = [("maxResults", "2"), ("pageToken", page.as_str())];
        let body = list(&calendar, &token, &query).await.json().unwrap();
        assert_eq!(names(&list(&calendar, &token, &query).await.json().unwrap()), names(&body));
        all.extend(names(&body));
        next = body["nextPageToken"].as_str().map(str::to_owned);
        pages += 1;
    }
    assert_eq!((pages, all), (3, ["e0", "e1", "e2", "e3", "e4"].map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn a_page_token_is_good_only_with_identical_parameters_and_account() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    for _ in 0..3 {
        calendar.seed(ADA, &event("e", 9)).unwrap();
    }
    let base = [("maxResults", "1"), ("q", "e")];
    let first = list(&calendar, &token, &base).await.json().unwrap();
    let page = first["nextPageToken"].as_str().unwrap();
    let refused = |answer: &Answer| {
        assert_google_error(answer, 400, "invalid");
        let body = answer.json().unwrap();
        assert_eq!(body["error"]["errors"][0]["location"], json!("pageToken"));
    };
    for query in [
        &[("maxResults", "1"), ("pageToken", page)][..],
        &[("maxResults", "2"), ("q", "e"), ("pageToken", page)],
        &[("maxResults", "1"), ("q", "e"), ("showDeleted", "true"), ("pageToken", page)],
        &[("maxResults", "1"), ("q", "e"), ("pageToken", "made-up")],
    ] {
        refused(&list(&calendar, &token, query).await);
    }
    let same = [("q", "e"), ("pageToken", page), ("maxResults", "1")];
    assert_eq!(list(&calendar, &token, &same).await.status, 200);
}

#[tokio::test]
async fn pages_may_be_shorter_than_asked_or_empty_and_not_the_last() {
    let (calendar, token) = calendar(&[EVENTS]).await;
    for number in 0..3 {
        calendar.seed(ADA, &event(&format!("e{number}"), 9)).unwrap();
    }
    calendar.cap_pages(Some(2));
    let short = list(&calendar, &token, &[]).await.json().unwrap();
    assert_eq!(names(&short), ["e0", "e1"]);
    assert!(short["nextPageToken"].is_string());
    calendar.cap_pages(None);
    calendar.empty_first_page(true);
    let empty = list(&calendar, &token, &[]).await.json().unwrap();
    assert_eq!(empty["items"], json!([]));
    let page = [("pageToken", empty["nextPageToken"].as_str().unwrap())];
    assert_eq!(summaries(&calendar, &token, &page).await, ["e0", "e1", "e2"]);
}
