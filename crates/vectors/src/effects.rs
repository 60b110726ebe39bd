//! Sealed requests with their digests, and texts that are no sealed request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_ticket::{Assessed, Prepared, Report, Tier};
use serde_json::{Value, json};

use crate::world::{self, caller, caller_json, seal, terms};
use crate::{Made, Source, evidence, forge};

pub(crate) fn file(source: &Source) -> Made<Value> {
    let effects = [
        effect(source, "one request", world::mail(source, "mail")?, &["{}"])?,
        effect(source, "without a credential", world::ping(source, "ping")?, &["{}"])?,
        effect(source, "a plan", world::plan(source, "plan")?, &world::ANSWERS)?,
        effect(source, "as large as a plan may be", world::edges(source, "edges")?, &[])?,
        effect(source, "a local tool", world::note(source, "note")?, &[""])?,
    ];
    let refused = refused(source)?
        .into_iter()
        .map(|(name, sealed)| json!({ "name": name, "sealed": sealed }))
        .collect::<Vec<_>>();
    Ok(json!({
        "about": "`effects`: a sealed request, its digests, the requests that go out (holes filled \
                  from the answer before) and the approval digest. `refused`: no sealed request; a \
                  gate says sealed_malformed.",
        "effects": effects,
        "refused": refused,
    }))
}

fn effect(source: &Source, name: &str, prepared: Prepared, answers: &[&str]) -> Made<Value> {
    let sealed = String::from_utf8(prepared.to_bytes())?;
    let tier = Tier::A;
    let terms = terms(prepared.tool().as_str(), tier)?;
    let approval = json!({
        "caller": caller_json(&caller()?),
        "schema": terms.schema.to_hex(),
        "preview": terms.preview.to_hex(),
        "tier": tier.as_str(),
    });
    let assessed = Assessed::new(prepared.clone(), caller()?, terms);
    let mut value = json!({
        "name": name,
        "sealed": sealed,
        "arguments": prepared.arguments().digest().to_hex(),
        "effect": prepared.digest().to_hex(),
        "approved": approval,
        "approval": assessed.approval_digest().to_hex(),
        "answers": answers,
    });
    let sealed = seal(source, "main", prepared, &caller()?, Tier::C, 60)?;
    let mut admitted = evidence::admit(source, sealed)?;
    let mut sent = Vec::new();
    for answer in answers {
        let Some(outgoing) = admitted.next(source.now())? else { break };
        let digest = outgoing.digest().to_hex();
        sent.push(match outgoing.request() {
            Some(request) => json!({
                "method": request.method,
                "url": request.url,
                "headers": request.headers,
                "body": STANDARD.encode(request.body),
                "credential": request.credential,
                "digest": digest,
            }),
            None => json!({ "digest": digest }),
        });
        admitted.report(Report::Answered(200, answer.as_bytes()));
    }
    for (sent, lent) in sent.iter_mut().zip(admitted.lent()) {
        if let Some(sent) = sent.as_object_mut() {
            sent.insert("step".to_owned(), lent.step.into());
        }
    }
    if let Some(value) = value.as_object_mut() {
        value.insert("sent".to_owned(), sent.into());
    }
    Ok(value)
}

/// Sealed requests of [`world::mail`], [`world::plan`] and [`world::note`] with one thing wrong.
fn refused(source: &Source) -> Made<Vec<(String, Value)>> {
    let text = |prepared: Prepared| String::from_utf8(prepared.to_bytes());
    let mail = text(world::mail(source, "mail")?)?;
    let note = text(world::note(source, "note")?)?;
    let plan = text(world::plan(source, "plan")?)?;
    let mut refused: Vec<(String, Value)> = vec![
        ("nothing".into(), json!("")),
        ("not JSON".into(), json!("sealed")),
        ("an array".into(), json!("[]")),
        ("white space around it".into(), json!(format!("{mail}\n"))),
        ("not UTF-8".into(), json!({ "hex": "7bff7d" })),
        ("an escape that is not needed".into(), json!(mail.replacen("\"v\"", "\"\\u0076\"", 1))),
        ("a member twice".into(), json!(mail.replacen("\"v\":1", "\"v\":1,\"v\":1", 1))),
        ("a number in another spelling".into(), json!(mail.replacen("\"v\":1", "\"v\":1.0", 1))),
    ];
    for (base, changes) in [(&mail, MAIL), (&note, NOTE), (&plan, PLAN)] {
        for (name, pointer, value) in changes {
            let value: Option<Value> = match *value {
                "" => None,
                text => Some(serde_json::from_str(text)?),
            };
            refused.push(((*name).to_owned(), changed(base, pointer, value)?.into()));
        }
    }
    // One more than there may be, or one byte longer.
    for (name, base, list, more) in [
        ("seventeen steps", &mail, "/steps", None),
        ("sixty-five holes", &plan, "/steps/1/holes", None),
        ("sixty-five headers", &mail, "/steps/0/headers", Some("header")),
    ] {
        let value: Value = serde_json::from_str(base)?;
        let items = value.pointer(list).and_then(Value::as_array).ok_or("no list")?;
        let first = items.first().ok_or("an empty list")?;
        let most = if list == "/steps" { 16 } else { 64 };
        let items = (0..=most)
            .map(|n| more.map_or(first.clone(), |more| json!([format!("{more}-{n}"), "~"])));
        refused.push((name.to_owned(), changed(base, list, Some(items.collect()))?.into()));
    }
    for (name, base, pointer, value) in [
        ("a long pointer", &plan, "/steps/1/holes/0/pointer", format!("/{}", "p".repeat(256))),
        ("a long header name", &mail, "/steps/0/headers/0/0", "n".repeat(65)),
        ("a long header value", &mail, "/steps/0/headers/0/1", "v".repeat(4097)),
    ] {
        refused.push((name.to_owned(), changed(base, pointer, Some(value.into()))?.into()));
    }
    let long = format!("https://mail.example.com/{}", "a".repeat(8192 - 24));
    for url in URLS.iter().copied().chain([long.as_str()]) {
        let name = format!("URL {}", url.get(..60).unwrap_or(url));
        refused.push((name, changed(&mail, "/steps/0/url", Some(url.into()))?.into()));
    }
    for (name, value) in HEADERS {
        let headers = json!([[name, value]]);
        let label = format!("header {name}: {value}");
        refused.push((label, changed(&mail, "/steps/0/headers", Some(headers))?.into()));
    }
    Ok(refused)
}

/// Sets what a pointer points at, or removes it.
fn changed(base: &str, pointer: &str, to: Option<Value>) -> Made<String> {
    let mut value: Value = serde_json::from_str(base)?;
    let (parent, last) = pointer.rsplit_once('/').ok_or("no pointer")?;
    let parent = value.pointer_mut(parent).ok_or_else(|| format!("nothing at {pointer}"))?;
    match (parent, to) {
        (Value::Object(members), Some(to)) => drop(members.insert(last.to_owned(), to)),
        (Value::Object(members), None) => drop(members.remove(last).ok_or("no such member")?),
        (Value::Array(items), Some(to)) => {
            *items.get_mut(last.parse::<usize>()?).ok_or("no such item")? = to;
        }
        (Value::Array(items), None) => drop(items.remove(last.parse()?)),
        _ => return Err(format!("nothing to change at {pointer}").into()),
    }
    Ok(String::from_utf8(forge::canonical(&value)?)?)
}

/// Name, pointer, new value; none removes.
type Change = (&'static str, &'static str, &'static str);

const MAIL: &[Change] = &[
    ("another type", "/type", r#""countersign-effect""#),
    ("another version", "/v", "2"),
    ("a version that is text", "/v", r#""1""#),
    ("an unknown member", "/extra", "null"),
    ("no credential member", "/credential", ""),
    ("a credential of null for a step that carries one", "/credential", "null"),
    ("an unknown member of the credential", "/credential/x", "1"),
    ("no account member", "/credential/account", ""),
    ("an empty account", "/credential/account", r#""""#),
    ("an account with an invisible character", "/credential/account", "\"kim\u{200b}\""),
    ("a connection that is no name", "/credential/connection", r#""google oauth2""#),
    ("scopes out of order", "/credential/scopes", r#"["mail.send","mail.read"]"#),
    ("a scope twice", "/credential/scopes", r#"["mail.read","mail.read"]"#),
    ("a scope with a space", "/credential/scopes", r#"["mail.read mail.send"]"#),
    ("a scope beyond ASCII", "/credential/scopes", r#"["é"]"#),
    ("arguments that are an object", "/arguments", "{}"),
    ("arguments in another spelling", "/arguments", r#""{ }""#),
    ("arguments that are no JSON", "/arguments", r#""{""#),
    ("another binding", "/binding", r#""arguments""#),
    ("an unknown binding", "/binding", r#""Wire""#),
    ("an effect id in capitals", "/effect_id", r#""0123456789ABCDEF0123456789ABCDEF""#),
    ("a short effect id", "/effect_id", r#""0123456789abcdef""#),
    ("a tool in capitals", "/tool", r#""Mail_send""#),
    ("no step", "/steps", "[]"),
    ("steps that are no list", "/steps", "{}"),
    ("an unknown member of a step", "/steps/0/x", "1"),
    ("no body member", "/steps/0/body", ""),
    ("a body without its padding", "/steps/0/body", r#""e30""#),
    ("a body with spare bits", "/steps/0/body", r#""e31=""#),
    ("a body in base64url", "/steps/0/body", r#""_w==""#),
    ("a body with a line feed", "/steps/0/body", r#""e30=\n""#),
    ("an unknown method", "/steps/0/method", r#""HEAD""#),
    ("a method in small letters", "/steps/0/method", r#""post""#),
    ("a GET with a body", "/steps/0/method", r#""GET""#),
    ("credential that is no boolean", "/steps/0/credential", "1"),
    ("no page", "/steps/0/pages", "0"),
    ("pages of a POST", "/steps/0/pages", "2"),
    ("pages that are text", "/steps/0/pages", r#""1""#),
    ("a header of one", "/steps/0/headers", r#"[["accept"]]"#),
    ("a header of three", "/steps/0/headers", r#"[["accept","a","b"]]"#),
    ("a header twice", "/steps/0/headers", r#"[["accept","a"],["accept","b"]]"#),
    ("headers as an object", "/steps/0/headers", r#"{"accept":"a"}"#),
    (
        "a hole in the first step",
        "/steps/0/holes",
        r#"[{"alphabet":"hex","in":"body","max":1,"offset":0,"pointer":"/a"}]"#,
    ),
];

const NOTE: &[Change] = &[
    ("a local tool with steps", "/steps", "[]"),
    ("a local tool with a credential", "/credential", "null"),
    ("a local tool as a request", "/binding", r#""wire""#),
];

const PLAN: &[Change] = &[
    ("an unknown member of a hole", "/steps/1/holes/0/x", "1"),
    ("an unknown alphabet", "/steps/1/holes/0/alphabet", r#""any""#),
    ("a hole in a header", "/steps/1/holes/0/in", r#""headers""#),
    ("a hole without length", "/steps/1/holes/0/max", "0"),
    ("a hole that is too long", "/steps/1/holes/0/max", "65536"),
    ("a hole beyond the body", "/steps/1/holes/0/offset", "13"),
    ("a hole before everything", "/steps/1/holes/0/offset", "-1"),
    ("a hole in the origin", "/steps/1/holes/1/offset", "20"),
    ("a hole right behind the origin", "/steps/1/holes/1/offset", "21"),
    ("a hole beyond the URL", "/steps/1/holes/1/offset", "30"),
    ("a pointer that does not start with a slash", "/steps/1/holes/0/pointer", r#""id""#),
    ("an empty pointer", "/steps/1/holes/0/pointer", r#""""#),
    (
        "holes out of order",
        "/steps/1/holes",
        r#"[{"alphabet":"hex","in":"body","max":1,"offset":9,"pointer":"/a"},
            {"alphabet":"hex","in":"body","max":1,"offset":8,"pointer":"/b"}]"#,
    ),
    (
        "a hole in an escape",
        "/steps/2/url",
        r#""https://mail.example.com/v1/messages?pag%AA=&size=2""#,
    ),
    ("pages without holes", "/steps/2/holes", "[]"),
    ("too many pages", "/steps/2/pages", "101"),
];

const URLS: &[&str] = &[
    "",
    "mail.example.com/",
    "HTTPS://mail.example.com/",
    "ftp://mail.example.com/",
    "https://mail.example.com",
    "https:///path",
    "https://Mail.example.com/",
    "https://kim@mail.example.com/",
    "https://mail..example.com/",
    "https://mail.example.com./",
    "https://mail_1.example.com/",
    "https://m\u{e4}il.example.com/",
    "https://mail.example.com:443/",
    "http://mail.example.com:80/",
    "https://mail.example.com:0/",
    "https://mail.example.com:0444/",
    "https://mail.example.com:65536/",
    "https://mail.example.com:+444/",
    "https://mail.example.com:/",
    "https://127.1/",
    "https://127.0.0.01/",
    "https://127.0.0.256/",
    "https://2130706433/",
    "https://0x7f.0.0.1/",
    "https://127.0.0.0x1/",
    "https://mail.0x1/",
    "https://1.2.3.4.5/",
    "https://[::1/",
    "https://[0::1]/",
    "https://[2001:DB8::1]/",
    "https://[2001:db8:0:0:0:0:0:1]/",
    "https://[::ffff:1.2.3.4]/",
    "https://[::ffff:102:304]/",
    "https://[fe80::1%25eth0]/",
    "https://mail.example.com/a b",
    "https://mail.example.com/a#b",
    "https://mail.example.com/a[b]",
    "https://mail.example.com/a'b",
    "https://mail.example.com/a\\b",
    "https://mail.example.com/\u{e9}",
    "https://mail.example.com/%e9",
    "https://mail.example.com/%C",
    "https://mail.example.com/%",
    "https://mail.example.com//a",
    "https://mail.example.com/a//b",
    "https://mail.example.com/./a",
    "https://mail.example.com/a/..",
    "https://mail.example.com/%2E%2E/a",
    "https://mail.example.com/a/.%2E",
    "https://mail.example.com/a/..;x/b",
    "https://mail.example.com/a/..%3Bx/b",
    "https://mail.example.com/a%2F..%2Fb",
    "https://mail.example.com/a%5C..",
    "https://mail.example.com?q=1",
];

const HEADERS: &[(&str, &str)] = &[
    ("", "a"),
    ("Accept", "a"),
    ("acc_ept", "a"),
    ("accept ", "a"),
    ("authorization", "Bearer x"),
    ("cookie", "a=b"),
    ("host", "example.com"),
    ("content-length", "1"),
    ("transfer-encoding", "chunked"),
    ("x-http-method-override", "DELETE"),
    ("proxy-authorization", "x"),
    ("x-forwarded-for", "127.0.0.1"),
    ("accept", ""),
    ("accept", " a"),
    ("accept", "a "),
    ("accept", "a\r\nx: y"),
    ("accept", "\u{e9}"),
    ("accept", "\u{7f}"),
];
