//! Steps and plans: what cannot be prepared, in whatever order it is built.

use countersign_canon::Digest;
use countersign_ticket::{
    Alphabet, Hole, InvalidRequest, MAX_BODY, MAX_PAGES, MAX_SEALED, MAX_STEPS, Method, Place,
    Prepared, Step, request_digest,
};

use crate::common::{arguments, effect, post, selector, tool};

const URL: &str = "https://a.example/x%2Fy?page=";

fn step(method: Method) -> Step {
    Step::new(method, URL).unwrap()
}

fn hole(place: Place, offset: usize) -> Hole {
    Hole::new(place, offset, "/id", Alphabet::Digits, 5)
}

fn header(name: &str, value: &str) -> Result<Step, InvalidRequest> {
    step(Method::Post).header(name, value)
}

#[test]
fn a_step_says_what_it_sends_and_whether_with_the_credential() {
    let with = step(Method::Post).body(b"a body".to_vec()).unwrap();
    assert_eq!((with.body_bytes(), with.carries_credential()), (&b"a body"[..], true));
    assert!(!with.without_credential().carries_credential());
}

#[test]
fn a_sealed_request_holds_the_longest_body_in_base64_and_four_mebibytes() {
    assert_eq!((MAX_BODY, MAX_SEALED), (36_700_160, 48_933_544 + 4_194_304));
}

#[test]
fn headers_carry_no_second_line_and_no_second_meaning() {
    assert!(header("accept", "text/plain; q=0.5, */*").is_ok());
    for name in ["", "Accept", "a b", "a:", ":path", "a\r\nb", "a_b", "a\u{e4}", &"a".repeat(65)] {
        assert!(header(name, "x").is_err(), "{name}");
    }
    for value in ["", " x", "x ", "\tx", "a\r\nb: c", "a\nb", "a\rb", "a\0b", "a\u{7f}", "\u{e4}"] {
        assert!(header("accept", value).is_err(), "{value:?}");
    }
    assert!(header("accept", &"x".repeat(4096)).is_ok());
    assert!(header("accept", &"x".repeat(4097)).is_err());
    assert!(header("accept", "a").unwrap().header("accept", "a").is_err());
    let many = (0..64).try_fold(step(Method::Post), |s, n| s.header(&format!("x-{n}"), "1"));
    assert!(many.unwrap().header("x-64", "1").is_err());
}

#[test]
fn headers_of_the_transport_and_of_the_credential_are_reserved() {
    for name in [
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
    ] {
        assert!(header(name, "x").is_err(), "{name}");
    }
}

#[test]
fn a_get_has_no_body_and_a_body_has_a_limit() {
    assert!(step(Method::Get).body(b"x".to_vec()).is_err());
    assert!(step(Method::Get).body(Vec::new()).is_ok());
    assert!(step(Method::Post).body(vec![0; MAX_BODY]).is_ok());
    assert!(step(Method::Post).body(vec![0; MAX_BODY + 1]).is_err());
    // Together, too: what is approved can also travel.
    let half = || step(Method::Post).body(vec![0; MAX_BODY / 2 + 1]).unwrap();
    let plan = |steps| Prepared::wire(effect(1), tool(), arguments(), Some(selector()), steps);
    assert!(plan(vec![half()]).is_ok());
    assert!(plan(vec![half(), half()]).is_err());
}

#[test]
fn holes_stay_in_their_literals_and_in_order() {
    let body = || step(Method::Post).body(b"0123456789".to_vec()).unwrap();
    let fits = |holes: Vec<Hole>| body().holes(holes).is_ok();
    assert!(fits(vec![hole(Place::Body, 0), hole(Place::Body, 10), hole(Place::Url, 29)]));
    assert!(fits(vec![hole(Place::Url, 19), hole(Place::Body, 3), hole(Place::Url, 22)]));
    assert!(!fits(vec![hole(Place::Body, 11)]));
    assert!(!fits(vec![hole(Place::Body, usize::MAX)]));
    assert!(!fits(vec![hole(Place::Url, 30)]));
    assert!(!fits(vec![hole(Place::Body, 3), hole(Place::Body, 2)]));
    assert!(!fits(vec![hole(Place::Url, 29), hole(Place::Url, 28)]));
    // Right behind the origin, and inside the escape %2F at 19.
    for offset in [0, 8, 16, 17, 20, 21] {
        assert!(!fits(vec![hole(Place::Url, offset)]), "{offset}");
    }
    for bad in ["", "id", "#/id"] {
        assert!(!fits(vec![Hole::new(Place::Body, 0, bad, Alphabet::Hex, 5)]), "{bad}");
    }
    assert!(!fits(vec![Hole::new(
        Place::Body,
        0,
        &format!("/{}", "a".repeat(256)),
        Alphabet::Hex,
        5
    )]));
    assert!(!fits(vec![Hole::new(Place::Body, 0, "/id", Alphabet::Hex, 0)]));
    assert!(fits(vec![hole(Place::Body, 0); 64]) && !fits(vec![hole(Place::Body, 0); 65]));
}

#[test]
fn the_order_of_building_opens_no_gap() {
    let filled = step(Method::Post).body(b"0123456789".to_vec()).unwrap();
    let filled = filled.holes(vec![hole(Place::Body, 9)]).unwrap();
    assert!(filled.clone().body(b"0".to_vec()).is_err());
    assert!(filled.clone().body(vec![0; 9]).is_ok());
    assert!(filled.holes(Vec::new()).is_ok());
    let paged = step(Method::Get).holes(vec![hole(Place::Url, 29)]).unwrap().pages(5).unwrap();
    assert!(paged.clone().holes(Vec::new()).is_err());
    assert!(paged.pages(1).unwrap().holes(Vec::new()).is_ok());
}

#[test]
fn only_a_get_with_holes_is_paged_and_not_for_ever() {
    let get = || step(Method::Get).holes(vec![hole(Place::Url, 29)]).unwrap();
    assert!(get().pages(MAX_PAGES).is_ok());
    for bad in [0, MAX_PAGES + 1, u16::MAX] {
        assert!(get().pages(bad).is_err(), "{bad}");
    }
    assert!(step(Method::Get).pages(2).is_err());
    for method in [Method::Post, Method::Put, Method::Patch, Method::Delete] {
        let step = step(method).holes(vec![hole(Place::Url, 29)]).unwrap();
        assert!(step.pages(2).is_err(), "{method}");
    }
}

#[test]
fn a_plan_has_a_first_step_without_holes_and_at_most_16_of_them() {
    let plan = |steps| Prepared::wire(effect(1), tool(), arguments(), Some(selector()), steps);
    let step = || post("https://a.example/");
    assert!(plan(Vec::new()).is_err());
    assert!(plan(vec![step(); MAX_STEPS]).is_ok());
    assert!(plan(vec![step(); MAX_STEPS + 1]).is_err());
    let filled = step().holes(vec![hole(Place::Body, 0)]).unwrap();
    assert!(plan(vec![filled.clone()]).is_err());
    assert!(plan(vec![step(), filled]).is_ok());
    let bare = |steps| Prepared::wire(effect(1), tool(), arguments(), None, steps);
    assert!(bare(vec![step().without_credential()]).is_ok());
    assert!(bare(vec![step().without_credential(), step()]).is_err());
}

#[test]
fn inv_02_the_digest_of_a_request_covers_every_part_and_the_order_of_its_headers() {
    let digest = |method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]| {
        request_digest(method, url, headers.iter().copied(), body)
    };
    let headers = [("a", "1"), ("b", "2")];
    let all = [
        digest("POST", "https://a.example/", &headers, b"x"),
        digest("PUT", "https://a.example/", &headers, b"x"),
        digest("POST", "https://a.example/b", &headers, b"x"),
        digest("POST", "https://a.example/", &[("b", "2"), ("a", "1")], b"x"),
        digest("POST", "https://a.example/", &[("a", "1")], b"x"),
        digest("POST", "https://a.example/", &[("a", "1"), ("b", "3")], b"x"),
        digest("POST", "https://a.example/", &headers, b"y"),
        digest("POST", "https://a.example/", &headers, b""),
    ];
    let different: std::collections::HashSet<Digest> = all.into_iter().collect();
    assert_eq!(different.len(), all.len());
}
