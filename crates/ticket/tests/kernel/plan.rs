//! Admitted: steps in order, holes, pages, attempts, expiry, hostile answers.

use countersign_ticket::{
    Admitted, Alphabet, Hole, MAX_ANSWER, MAX_ATTEMPTS, Method, Place, PlanError, Prepared, Report,
    Step,
};

use crate::common::{World, arguments, at, effect, post, tool, wire};

const LIST: &str = "https://mail.example.com/v1/messages?page=";

fn get(url: &str) -> Step {
    Step::new(Method::Get, url).unwrap()
}

fn with_hole(step: Step, place: Place, offset: usize, alphabet: Alphabet, max: u16) -> Step {
    step.holes(vec![Hole::new(place, offset, "/id", alphabet, max)]).unwrap()
}

fn admitted(steps: Vec<Step>) -> Admitted {
    World::new().admitted(wire(1, steps))
}

/// Method, URL and body of the next step.
fn lend(admitted: &mut Admitted) -> Result<Option<(String, String, Vec<u8>)>, PlanError> {
    let lent = admitted.next(at(2))?;
    Ok(lent.map(|outgoing| {
        let request = outgoing.request().unwrap();
        (request.method.to_owned(), request.url.to_owned(), request.body.to_vec())
    }))
}

/// What a second step is filled with after this answer.
fn after(step: Step, answer: &[u8]) -> Result<(String, Vec<u8>), PlanError> {
    let mut admitted = admitted(vec![get("https://mail.example.com/v1/first"), step]);
    lend(&mut admitted).unwrap().unwrap();
    admitted.report(Report::Answered(200, answer));
    lend(&mut admitted).map(|lent| lent.map(|(_, url, body)| (url, body)).unwrap())
}

#[test]
fn inv_01_steps_are_lent_in_order_one_at_a_time() {
    let mut admitted = admitted(vec![
        get("https://mail.example.com/1"),
        get("https://mail.example.com/2"),
        post("https://mail.example.com/3"),
    ]);
    for n in ["1", "2", "3"] {
        let (_, url, _) = lend(&mut admitted).unwrap().unwrap();
        assert!(url.ends_with(n));
        assert_eq!(lend(&mut admitted), Err(PlanError::StillOut));
        admitted.report(Report::Answered(204, b""));
    }
    assert_eq!(lend(&mut admitted), Ok(None));
    assert_eq!(lend(&mut admitted), Ok(None));
    assert_eq!(admitted.lent().iter().map(|l| l.step).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn an_answer_fills_a_hole_up_to_its_limit_and_not_beyond() {
    assert_eq!(MAX_ANSWER, 16 * 1024 * 1024, "16 MiB");
    let step = || with_hole(get(LIST), Place::Url, LIST.len(), Alphabet::Digits, 9);
    let mut answer = b"{\"id\":\"7\"}".to_vec();
    answer.resize(MAX_ANSWER, b' ');
    assert_eq!(after(step(), &answer).unwrap().0, format!("{LIST}7"));
    answer.push(b' ');
    assert!(matches!(after(step(), &answer), Err(PlanError::Hole(_))));
}

#[test]
fn inv_01_a_local_call_is_lent_once() {
    let local = Prepared::local(effect(1), tool(), arguments());
    let mut admitted = World::new().admitted(local);
    let outgoing = admitted.next(at(2)).unwrap().unwrap();
    assert_eq!(outgoing.call(), Some((&tool(), &arguments())));
    assert!(outgoing.request().is_none());
    assert_eq!(outgoing.digest(), arguments().digest());
    admitted.report(Report::Answered(200, b"{}"));
    assert!(admitted.next(at(2)).unwrap().is_none());
}

#[test]
fn inv_06_nothing_follows_a_failure_or_a_doubt() {
    let ends = [
        Report::InDoubt,
        Report::Answered(100, b""),
        Report::Answered(199, b""),
        Report::Answered(300, b""),
        Report::Answered(302, b""),
        Report::Answered(401, b""),
        Report::Answered(429, b""),
        Report::Answered(500, b""),
        Report::Answered(0, b""),
    ];
    for end in ends {
        let mut admitted = admitted(vec![post("https://mail.example.com/1"); 2]);
        lend(&mut admitted).unwrap().unwrap();
        admitted.report(end);
        assert_eq!(lend(&mut admitted), Err(PlanError::Ended), "{end:?}");
        // A later report revives nothing.
        admitted.report(Report::NotSent);
        admitted.report(Report::Answered(200, b""));
        assert_eq!(lend(&mut admitted), Err(PlanError::Ended), "{end:?}");
    }
}

#[test]
fn a_report_when_nothing_is_out_changes_nothing() {
    let mut admitted =
        admitted(vec![post("https://mail.example.com/1"), post("https://mail.example.com/2")]);
    for report in [Report::Answered(200, b""), Report::InDoubt, Report::NotSent] {
        admitted.report(report);
    }
    assert!(lend(&mut admitted).unwrap().unwrap().1.ends_with('1'));
    admitted.report(Report::Answered(200, b""));
    admitted.report(Report::Answered(200, b""));
    assert!(lend(&mut admitted).unwrap().unwrap().1.ends_with('2'));
}

#[test]
fn inv_01_what_was_not_sent_is_tried_three_times_and_not_more() {
    let mut admitted =
        admitted(vec![post("https://mail.example.com/1"), post("https://mail.example.com/2")]);
    for url in ["1", "2"] {
        for attempt in 1..=MAX_ATTEMPTS {
            assert!(lend(&mut admitted).unwrap().unwrap().1.ends_with(url));
            if attempt < MAX_ATTEMPTS || url == "2" {
                admitted.report(Report::NotSent);
            } else {
                admitted.report(Report::Answered(200, b""));
            }
        }
    }
    assert_eq!(lend(&mut admitted), Err(PlanError::Attempts));
    assert_eq!(admitted.lent().len(), 2 * usize::from(MAX_ATTEMPTS));
}

#[test]
fn inv_01_nothing_is_lent_at_or_after_expiry() {
    let mut admitted =
        admitted(vec![post("https://mail.example.com/1"), post("https://mail.example.com/2")]);
    assert!(admitted.next(at(60)).unwrap().is_some());
    admitted.report(Report::Answered(200, b""));
    assert_eq!(admitted.next(at(61)).map(drop), Err(PlanError::Expired));
    assert_eq!(admitted.lent().len(), 1);
}

#[test]
fn inv_02_holes_are_spliced_in_order_and_logged() {
    let url = "https://mail.example.com/v1/x?a=&b=1";
    let body = b"id=;n=".to_vec();
    let hole =
        |place, offset, pointer: &str| Hole::new(place, offset, pointer, Alphabet::Unreserved, 9);
    let step = Step::new(Method::Post, url)
        .unwrap()
        .body(body)
        .unwrap()
        .holes(vec![
            hole(Place::Url, 32, "/a"),
            hole(Place::Body, 3, "/b"),
            hole(Place::Url, 32, "/c/1"),
            hole(Place::Body, 6, "/d~1e"),
        ])
        .unwrap();
    let mut admitted = admitted(vec![get("https://mail.example.com/v1/first"), step]);
    lend(&mut admitted).unwrap().unwrap();
    admitted.report(Report::Answered(200, br#"{"a":"AA","b":"BB","c":[0,"CC"],"d/e":"DD"}"#));
    let outgoing = admitted.next(at(2)).unwrap().unwrap();
    let request = outgoing.request().unwrap();
    assert_eq!(request.url, "https://mail.example.com/v1/x?a=AACC&b=1");
    assert_eq!(request.body, b"id=BB;n=DD");
    let digest = outgoing.digest();
    let pairs = [("/a", "AA"), ("/b", "BB"), ("/c/1", "CC"), ("/d~1e", "DD")];
    let spliced = pairs.map(|(pointer, text)| (pointer.to_owned(), text.to_owned()));
    let lent = admitted.lent().last().unwrap();
    assert_eq!((lent.step, lent.digest, lent.spliced.as_slice()), (1, digest, &spliced[..]));
}

#[test]
fn a_hostile_answer_fills_no_hole() {
    let step = || {
        let url = "https://mail.example.com/v1/x/";
        with_hole(get(url), Place::Url, url.len(), Alphabet::Unreserved, 16)
    };
    assert_eq!(
        after(step(), br#"{"id":"a-b_c.d~e"}"#).unwrap().0,
        "https://mail.example.com/v1/x/a-b_c.d~e"
    );
    let hostile: [&[u8]; 33] = [
        br#"{"id":".."}"#,
        br#"{"id":"."}"#,
        br#"{"id":"a/b"}"#,
        br#"{"id":"a\\b"}"#,
        br#"{"id":"%2E%2E"}"#,
        br#"{"id":"a%2Fb"}"#,
        br#"{"id":"a?b"}"#,
        br#"{"id":"a#b"}"#,
        br#"{"id":"a&b"}"#,
        br#"{"id":"a;b"}"#,
        br#"{"id":"a@b"}"#,
        br#"{"id":"a:b"}"#,
        br#"{"id":"a b"}"#,
        br#"{"id":"a\"b"}"#,
        br#"{"id":"a\r\nx: y"}"#,
        br#"{"id":"a\u0000b"}"#,
        br#"{"id":"\u00e4"}"#,
        br#"{"id":"\u202e"}"#,
        br#"{"id":"seventeen-letters"}"#,
        br#"{"id":""}"#,
        br#"{"id":7}"#,
        br#"{"id":null}"#,
        br#"{"id":["a"]}"#,
        br#"{"id":{"a":"b"}}"#,
        br#"{"ID":"a"}"#,
        br#"{"id":"a","id":"b"}"#,
        br#"{"id":"a"} x"#,
        br#"["a"]"#,
        br#""a""#,
        b"OK",
        b"",
        b"\xff\xfe",
        b"{\"id\":\"a\"",
    ];
    for answer in hostile {
        let refused = after(step(), answer);
        assert!(matches!(refused, Err(PlanError::Hole(_))), "{}", String::from_utf8_lossy(answer));
    }
}

#[test]
fn each_alphabet_holds_its_characters_and_no_other() {
    let alphabets: [(Alphabet, &str); 4] = [
        (Alphabet::Digits, "0123456789"),
        (Alphabet::Hex, "0123456789abcdef"),
        (Alphabet::Base64Url, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="),
        (
            Alphabet::Unreserved,
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~",
        ),
    ];
    for (alphabet, holds) in alphabets {
        for c in (0u8..=0xff).map(char::from) {
            let mut answer = countersign_canon::Object::new();
            answer.insert("id", c.to_string().as_str());
            let answer = countersign_canon::Value::from(answer).to_canonical();
            let step = with_hole(post("https://mail.example.com/x"), Place::Body, 0, alphabet, 2);
            let filled = after(step, answer.as_bytes());
            assert_eq!(filled.is_ok(), holds.contains(c), "{alphabet:?} {c:?}");
            assert!(!matches!(c, '"' | '\\' | '/' | '%' | '\0'..=' ') || filled.is_err());
        }
    }
}

#[test]
fn dots_beside_a_hole_make_no_dot_segment() {
    let url = "https://mail.example.com/v1/.x";
    let step = with_hole(get(url), Place::Url, 29, Alphabet::Unreserved, 8);
    assert_eq!(after(step, br#"{"id":"."}"#).unwrap().0, "https://mail.example.com/v1/..x");
    let url = "https://mail.example.com/v1/;x";
    let step = || with_hole(get(url), Place::Url, 28, Alphabet::Unreserved, 8);
    assert!(after(step(), br#"{"id":".."}"#).is_err());
    assert!(after(step(), br#"{"id":"..."}"#).is_ok());
}

#[test]
fn a_filled_url_keeps_its_origin_and_its_length_limit() {
    let url = "https://mail.example.com/v1/";
    let long = format!(r#"{{"id":"{}"}}"#, "a".repeat(9_000));
    let step = with_hole(get(url), Place::Url, url.len(), Alphabet::Unreserved, 9_500);
    assert!(after(step, long.as_bytes()).is_err());
    // There is no place for a hole at which an answer could choose the host or the port.
    for offset in 0..=24 {
        let hole = Hole::new(Place::Url, offset, "/id", Alphabet::Unreserved, 9);
        assert!(get(url).holes(vec![hole]).is_err(), "{offset}");
    }
    let hole = Hole::new(Place::Url, 25, "/id", Alphabet::Unreserved, 9);
    assert!(get(url).holes(vec![hole]).is_ok());
}

fn listing(pages: u16) -> Vec<Step> {
    let more = with_hole(get(LIST), Place::Url, LIST.len(), Alphabet::Digits, 5);
    vec![get("https://mail.example.com/v1/messages"), more.pages(pages).unwrap()]
}

fn pages(admitted: &mut Admitted, answers: &[&str]) -> Vec<String> {
    let mut urls = Vec::new();
    for answer in answers {
        let Some((_, url, _)) = lend(admitted).unwrap() else { break };
        urls.push(url);
        admitted.report(Report::Answered(200, answer.as_bytes()));
    }
    urls
}

#[test]
fn pages_follow_as_long_as_the_newest_answer_names_one() {
    let ends = [r#"{"more":1}"#, r#"{"id":""}"#, r#"{"id":null}"#];
    for end in ends {
        let mut admitted = admitted(listing(10));
        let urls = pages(&mut admitted, &[r#"{"id":"2"}"#, r#"{"id":"3"}"#, end]);
        assert_eq!(urls[1..], [format!("{LIST}2"), format!("{LIST}3")]);
        assert_eq!(lend(&mut admitted), Ok(None), "{end}");
    }
    let mut one = admitted(listing(10));
    assert_eq!(pages(&mut one, &["{}"]).len(), 1);
    assert_eq!(lend(&mut one), Ok(None));
}

#[test]
fn inv_01_pages_are_bounded_whatever_the_answers_say() {
    let mut admitted = admitted(listing(3));
    let endless = [r#"{"id":"2"}"#; 50];
    assert_eq!(pages(&mut admitted, &endless).len(), 4);
    assert_eq!(lend(&mut admitted), Ok(None));
}

#[test]
fn a_page_that_does_not_fit_or_is_no_json_ends_in_an_error_and_not_in_silence() {
    for bad in [r#"{"id":"x"}"#, r#"{"id":7}"#, r#"{"id":"123456"}"#, "<html>", ""] {
        let mut admitted = admitted(listing(10));
        pages(&mut admitted, &[r#"{"id":"2"}"#, bad]);
        assert!(matches!(lend(&mut admitted), Err(PlanError::Hole(_))), "{bad}");
    }
}

#[test]
fn steps_behind_a_listing_are_not_left_out_when_it_ends_early() {
    let last = || {
        let step = post("https://mail.example.com/v1/archive");
        step.holes(vec![Hole::new(Place::Body, 0, "/seen", Alphabet::Digits, 5)]).unwrap()
    };
    for answers in [
        &[r#"{"seen":"9"}"#][..],
        &[r#"{"id":"2"}"#, r#"{"seen":"9"}"#],
        &[r#"{"id":"2"}"#, r#"{"id":"3"}"#, r#"{"id":"4","seen":"9"}"#],
    ] {
        let mut steps = listing(2);
        steps.push(last());
        let mut admitted = admitted(steps);
        pages(&mut admitted, answers);
        let (method, _, body) = lend(&mut admitted).unwrap().unwrap();
        assert_eq!((method.as_str(), body[0]), ("POST", b'9'));
        admitted.report(Report::Answered(200, b"{}"));
        assert_eq!(lend(&mut admitted), Ok(None));
    }
}

#[test]
fn a_page_that_was_not_sent_is_lent_again_unchanged() {
    let mut admitted = admitted(listing(2));
    pages(&mut admitted, &[r#"{"id":"2"}"#]);
    let first = lend(&mut admitted).unwrap();
    admitted.report(Report::NotSent);
    assert_eq!(lend(&mut admitted).unwrap(), first);
}

#[test]
fn the_credential_goes_only_with_the_steps_that_carry_it() {
    let steps = vec![
        get("https://mail.example.com/1"),
        get("https://upload.example.com/2").without_credential(),
    ];
    let mut admitted = admitted(steps);
    for carried in [true, false] {
        let outgoing = admitted.next(at(2)).unwrap().unwrap();
        assert_eq!(outgoing.request().unwrap().credential, carried);
        assert_eq!((outgoing.jti(), outgoing.effect_id()), (crate::common::jti(1), effect(1)));
        admitted.report(Report::Answered(200, b"{}"));
    }
}
