//! One byte of anything changed: refused, and nothing is spent.

use countersign_canon::{Canonical, canonicalize};
use countersign_ticket::{
    Account, AgentId, Alphabet, Caller, Connection, Hole, Method, Place, Prepared, Refusal, Scope,
    Selector, SessionId, Step, TenantId, ToolName, UserId,
};

use crate::common::{World, at, caller, effect, tool};

/// Everything that an effect is made of, in parts that can be changed one by one.
#[derive(Clone)]
struct Parts {
    effect: u8,
    tool: &'static str,
    arguments: &'static str,
    connection: Option<&'static str>,
    account: Option<&'static str>,
    scopes: Vec<&'static str>,
    method: Method,
    url: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: &'static str,
    credential: bool,
    hole: (Place, usize, &'static str, Alphabet, u16),
    pages: u16,
}

fn parts() -> Parts {
    Parts {
        effect: 1,
        tool: "mail_send",
        arguments: r#"{"n":1,"to":"lee@example.com"}"#,
        connection: Some("google-oauth2"),
        account: Some("kim@example.com"),
        scopes: vec!["mail.read", "mail.send"],
        method: Method::Post,
        url: "https://m.example:8443/v1/9?n=all",
        headers: vec![("accept", "application/json"), ("content-type", "text/plain")],
        body: "to=lee&text=hello",
        credential: true,
        hole: (Place::Url, 53, "/token", Alphabet::Base64Url, 64),
        pages: 2,
    }
}

fn prepare(p: &Parts) -> Prepared {
    let mut step = Step::new(p.method, p.url).unwrap().body(p.body.into()).unwrap();
    for (name, value) in &p.headers {
        step = step.header(name, value).unwrap();
    }
    if !p.credential {
        step = step.without_credential();
    }
    let (place, offset, pointer, alphabet, max) = p.hole;
    let url = "https://mail.example.com/v1/messages?page=";
    let hole = Hole::new(place, offset.min(url.len()), pointer, alphabet, max);
    let more = Step::new(Method::Get, url).unwrap().holes(vec![hole]).unwrap();
    let more = if p.credential { more } else { more.without_credential() };
    let more = more.pages(p.pages).unwrap();
    let scopes = p.scopes.iter().map(|s| Scope::new(s).unwrap()).collect();
    let selector = p.connection.map(|c| {
        let selector = Selector::new(Connection::new(c).unwrap(), scopes);
        match p.account {
            Some(account) => selector.with_account(Account::new(account).unwrap()),
            None => selector,
        }
    });
    let tool = ToolName::new(p.tool).unwrap();
    let arguments: Canonical = canonicalize(p.arguments.as_bytes()).unwrap();
    Prepared::wire(effect(p.effect), tool, arguments, selector, vec![step, more]).unwrap()
}

#[test]
fn inv_09_every_part_of_an_effect_is_bound() {
    use Refusal::{ArgumentsMismatch, EffectMismatch, ToolMismatch};
    type Change = fn(&mut Parts);
    let changes: [(&str, Refusal, Change); 29] = [
        ("tool", ToolMismatch, |p| p.tool = "mail_sene"),
        ("argument", ArgumentsMismatch, |p| p.arguments = r#"{"n":1,"to":"lef@example.com"}"#),
        ("number", ArgumentsMismatch, |p| p.arguments = r#"{"n":2,"to":"lee@example.com"}"#),
        ("key", ArgumentsMismatch, |p| p.arguments = r#"{"m":1,"to":"lee@example.com"}"#),
        ("effect id", EffectMismatch, |p| p.effect = 2),
        ("connection", EffectMismatch, |p| p.connection = Some("google-oauth3")),
        ("account", EffectMismatch, |p| p.account = Some("kin@example.com")),
        ("no account", EffectMismatch, |p| p.account = None),
        ("scope", EffectMismatch, |p| p.scopes[1] = "mail.senf"),
        ("more scopes", EffectMismatch, |p| p.scopes.push("mail.all")),
        ("fewer scopes", EffectMismatch, |p| p.scopes.truncate(1)),
        ("method", EffectMismatch, |p| p.method = Method::Put),
        ("scheme", EffectMismatch, |p| p.url = "http://m.example:8443/v1/9?n=all"),
        ("host", EffectMismatch, |p| p.url = "https://n.example:8443/v1/9?n=all"),
        ("port", EffectMismatch, |p| p.url = "https://m.example:8444/v1/9?n=all"),
        ("path", EffectMismatch, |p| p.url = "https://m.example:8443/v1/8?n=all"),
        ("query", EffectMismatch, |p| p.url = "https://m.example:8443/v1/9?n=alm"),
        ("header name", EffectMismatch, |p| p.headers[0].0 = "accepu"),
        ("header value", EffectMismatch, |p| p.headers[0].1 = "application/jsom"),
        ("header order", EffectMismatch, |p| p.headers.reverse()),
        ("more headers", EffectMismatch, |p| p.headers.push(("x-a", "1"))),
        ("body", EffectMismatch, |p| p.body = "to=lef&text=hello"),
        ("credential", EffectMismatch, |p| p.credential = false),
        ("hole's offset", EffectMismatch, |p| p.hole.1 = 40),
        ("hole's pointer", EffectMismatch, |p| p.hole.2 = "/tokem"),
        ("hole's alphabet", EffectMismatch, |p| p.hole.3 = Alphabet::Hex),
        ("hole's length", EffectMismatch, |p| p.hole.4 = 65),
        ("pages", EffectMismatch, |p| p.pages = 3),
        ("binding", EffectMismatch, |_| {}),
    ];
    let world = World::new();
    let sealed = world.seal(prepare(&parts()), 1, at(1));
    let ticket = sealed.ticket().as_compact();
    for (name, expected, change) in changes {
        let mut changed = parts();
        change(&mut changed);
        let mut changed = prepare(&changed);
        if name == "binding" {
            changed = Prepared::local(effect(1), tool(), changed.arguments().clone());
        }
        let refused = world.travelled(ticket, &changed.to_bytes(), &caller(), at(1)).map(drop);
        assert_eq!(refused, Err(expected), "{name}");
    }
    let bytes = sealed.prepared().to_bytes();
    assert!(world.travelled(ticket, &bytes, &caller(), at(1)).is_ok());
}

#[test]
fn inv_09_every_part_of_the_caller_is_bound() {
    let world = World::new();
    let sealed = world.seal(prepare(&parts()), 1, at(1));
    let (ticket, bytes) = (sealed.ticket().as_compact(), sealed.prepared().to_bytes());
    let base = caller();
    let with = |tenant: &str, user: &str, agent: &str, session: &str, chain: &[&str]| {
        let chain = chain.iter().map(|a| AgentId::new(a).unwrap()).collect();
        Caller::dangerous_assert(
            TenantId::new(tenant).unwrap(),
            UserId::new(user).unwrap(),
            AgentId::new(agent).unwrap(),
            SessionId::new(session).unwrap(),
        )
        .with_chain(chain)
        .unwrap()
    };
    let others = [
        with("acmf", "auth0|kim", "planner", "s-1", &["front-desk"]),
        with("acme", "auth0|kin", "planner", "s-1", &["front-desk"]),
        with("acme", "auth0|kim", "plannes", "s-1", &["front-desk"]),
        with("acme", "auth0|kim", "planner", "s-2", &["front-desk"]),
        with("acme", "auth0|kim", "planner", "s-1", &["front-desl"]),
        with("acme", "auth0|kim", "planner", "s-1", &[]),
        with("acme", "auth0|kim", "planner", "s-1", &["front-desk", "front-desk"]),
        with("acme", "auth0|kim", "front-desk", "s-1", &["planner"]),
        with("auth0|kim", "acme", "planner", "s-1", &["front-desk"]),
    ];
    for other in others {
        let refused = world.travelled(ticket, &bytes, &other, at(1)).map(drop);
        assert_eq!(refused, Err(Refusal::WrongCaller), "{other:?}");
    }
    let same = with("acme", "auth0|kim", "planner", "s-1", &["front-desk"]);
    assert_eq!(same, base);
    assert!(world.travelled(ticket, &bytes, &same, at(1)).is_ok());
}

#[test]
fn inv_09_every_flipped_bit_of_the_travelling_bytes_is_refused_and_spends_nothing() {
    let world = World::new();
    for local in [false, true] {
        let wire = prepare(&parts());
        let prepared =
            if local { Prepared::local(effect(2), tool(), wire.arguments().clone()) } else { wire };
        let sealed = world.seal(prepared, 1, at(1));
        let (ticket, bytes) = (sealed.ticket().as_compact(), sealed.prepared().to_bytes());
        let before = world.guard.len();
        for index in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[index] ^= 1 << bit;
                let refused = world.travelled(ticket, &changed, &caller(), at(1));
                assert!(refused.is_err(), "byte {index}, bit {bit}");
            }
            let cut = world.travelled(ticket, &bytes[..index], &caller(), at(1));
            assert_eq!(cut.map(drop), Err(Refusal::SealedMalformed));
        }
        for more in [" ", "\n", "{}", "\0"] {
            let longer = [&bytes, more.as_bytes()].concat();
            let refused = world.travelled(ticket, &longer, &caller(), at(1));
            assert_eq!(refused.map(drop), Err(Refusal::SealedMalformed));
        }
        assert_eq!(world.guard.len(), before);
        assert!(world.travelled(ticket, &bytes, &caller(), at(1)).is_ok());
    }
}

#[test]
fn inv_09_every_changed_character_of_a_ticket_is_refused_and_spends_nothing() {
    let world = World::new();
    let sealed = world.seal(prepare(&parts()), 1, at(1));
    let (ticket, bytes) = (sealed.ticket().as_compact(), sealed.prepared().to_bytes());
    for index in 0..ticket.len() {
        let (head, tail) = ticket.split_at(index);
        let flipped = (0..7).map(|bit| char::from(tail.as_bytes()[0] ^ (1 << bit)));
        for other in "Ab0-_.= +/\n\u{e9}".chars().chain(flipped) {
            let changed = format!("{head}{other}{}", &tail[1..]);
            let inserted = format!("{head}{other}{tail}");
            for text in [changed, inserted].into_iter().filter(|text| text != ticket) {
                let refused = world.travelled(&text, &bytes, &caller(), at(1));
                assert!(refused.is_err(), "{text}");
            }
        }
        let removed = format!("{head}{}", &tail[1..]);
        for text in [&ticket[..index], &removed] {
            assert!(world.travelled(text, &bytes, &caller(), at(1)).is_err());
        }
    }
    assert!(world.guard.is_empty());
    assert!(world.travelled(ticket, &bytes, &caller(), at(1)).is_ok());
}

#[test]
fn a_sealed_request_has_one_spelling() {
    let bytes = String::from_utf8(prepare(&parts()).to_bytes()).unwrap();
    assert_eq!(Prepared::from_bytes(bytes.as_bytes()).unwrap().to_bytes(), bytes.as_bytes());
    let other = [
        bytes.replace(r#"["mail.read","mail.send"]"#, r#"["mail.send","mail.read"]"#),
        bytes.replace(r#"["mail.read","mail.send"]"#, r#"["mail.read","mail.read","mail.send"]"#),
        bytes.replace(r#""v":1"#, r#""v":1.0"#),
        bytes.replace(r#""v":1"#, r#""v":2"#),
        bytes.replace(r#""v":1"#, r#""v":"1""#),
        bytes.replace(r#""v":1"#, r#""v":1,"w":1"#),
        bytes.replace("countersign-prepared", "countersign-effect"),
        bytes.replace(r#""binding":"wire""#, r#""binding":"arguments""#),
        bytes.replace(r#""binding":"wire""#, r#""binding":"Wire""#),
        bytes.replace(r#"\"n\":1"#, r#"\"n\":1.0"#),
        bytes.replace(r#"\"n\":1"#, r#" \"n\":1"#),
        bytes.replace(r#""pages":2"#, r#""pages":0"#),
        bytes.replace(r#""pages":2"#, r#""pages":101"#),
        bytes.replace(r#""pages":2"#, r#""pages":65538"#),
        bytes.replace(r#""max":64"#, r#""max":0"#),
        bytes.replace(r#""offset":42"#, r#""offset":-1"#),
        bytes.replace(r#""offset":42"#, r#""offset":43"#),
        bytes.replace(r#""account":"kim@example.com","#, ""),
        bytes.replace(r#""method":"POST""#, r#""method":"POST","more":1"#),
        bytes.replace(r#""method":"POST""#, r#""method":"post""#),
        bytes.replace(r#""max":64"#, r#""max":64,"more":1"#),
        bytes.replace(r#""scopes""#, r#""more":1,"scopes""#),
        bytes.replace(r#""body":"""#, r#""body":"=""#),
        bytes.replace(r#"["accept","application/json"]"#, r#"["accept","application/json","x"]"#),
        bytes.replace(r#"["accept","application/json"]"#, r#"["Accept","application/json"]"#),
        bytes.replace("/v1/9", "/v1/9/.."),
    ];
    for other in other {
        assert_ne!(other, bytes, "the test changes nothing");
        assert!(Prepared::from_bytes(other.as_bytes()).is_err(), "{other}");
    }
}
