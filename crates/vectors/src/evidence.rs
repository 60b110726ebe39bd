//! Evidence of calls that were executed and refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_canon::Digest;
use countersign_ticket::{
    Admitted, EVIDENCE_TYP, Ending, Evidence, Gate, KeyRing, MAX_EVIDENCE, MemoryGuard, Prepared,
    Refusal, Report, Sealed, Signer as _, TICKET_TYP, Tier, Timestamp, ToolName,
};
use serde_json::{Value, json};

use crate::world::{self, GATE, ISSUER, caller, schema, seal};
use crate::{Made, Source, forge};

/// Admitted at a gate of its own.
pub(crate) fn admit(source: &Source, sealed: Sealed) -> Made<Admitted> {
    let tool = sealed.prepared().tool().clone();
    let gate = gate(source, &tool);
    Ok(pollster::block_on(gate.admit(sealed, &caller()?, source.now()))?)
}

fn gate(source: &Source, tool: &ToolName) -> Gate {
    let tools = BTreeMap::from([(tool.clone(), schema(tool.as_str()))]);
    let guard = Arc::new(MemoryGuard::new(16, Timestamp::from_seconds(0)));
    Gate::new(ISSUER, GATE, KeyRing::of(&source.key("main")), tools, guard)
}

/// Evidence with the ticket and the request that it is about.
fn executed(
    source: &Source,
    name: &str,
    prepared: Prepared,
    ending: Ending,
    answers: &[&str],
    response: Option<(u16, &str)>,
) -> Made<Value> {
    let sealed = seal(source, "main", prepared, &caller()?, Tier::B, 60)?;
    let ticket = sealed.ticket().as_compact().to_owned();
    let bytes = String::from_utf8(sealed.prepared().to_bytes())?;
    let mut admitted = admit(source, sealed)?;
    for answer in answers {
        if admitted.next(source.now())?.is_none() {
            break;
        }
        admitted.report(Report::Answered(200, answer.as_bytes()));
    }
    let response = response.map(|(status, body)| (status, Digest::of(body.as_bytes())));
    let elsewhere = ending == Ending::Unknown;
    let key = source.key("main");
    let evidence = Evidence::executed(&key, &admitted, ending, response, elsewhere, source.now())?;
    let (_, payload) = forge::payload(evidence.as_compact())?;
    Ok(json!({
        "name": name,
        "evidence": evidence.as_compact(),
        "payload": payload,
        "ticket": ticket,
        "sealed": bytes,
        "answers": answers,
        "code": null,
    }))
}

fn refused(source: &Source, name: &str, prepared: Prepared, code: &str) -> Made<Value> {
    let sealed = seal(source, "main", prepared, &caller()?, Tier::C, 60)?;
    let gate = gate(source, sealed.prepared().tool());
    let checked = gate.check(sealed.ticket(), &caller()?, source.now())?;
    let key = source.key("main");
    let evidence = Evidence::refused(&key, checked.claims(), code, source.now())?;
    let (_, payload) = forge::payload(evidence.as_compact())?;
    Ok(json!({
        "name": name,
        "evidence": evidence.as_compact(),
        "payload": payload,
        "ticket": sealed.ticket().as_compact(),
        "sealed": String::from_utf8(sealed.prepared().to_bytes())?,
        "answers": [],
        "code": null,
    }))
}

pub(crate) fn file(source: &Source) -> Made<Value> {
    let good = executed(
        source,
        "a mail that was sent",
        world::mail(source, "sent")?,
        Ending::Committed,
        &[r#"{"id":"m1"}"#],
        Some((201, r#"{"id":"m1"}"#)),
    )?;
    let text = good.get("evidence").and_then(Value::as_str).unwrap_or_default().to_owned();
    let ticket = good.get("ticket").cloned();
    let mut cases = vec![
        good,
        executed(
            source,
            "a plan with holes and pages",
            world::plan(source, "planned")?,
            Ending::Failed,
            &world::ANSWERS,
            Some((404, "")),
        )?,
        executed(
            source,
            "a local tool, in doubt, dialled elsewhere",
            world::note(source, "noted")?,
            Ending::Unknown,
            &["", ""],
            None,
        )?,
        executed(
            source,
            "nothing was lent",
            world::mail(source, "kept")?,
            Ending::Failed,
            &[],
            None,
        )?,
        refused(
            source,
            "a refusal",
            world::mail(source, "refused")?,
            Refusal::ArgumentsMismatch.code(),
        )?,
    ];

    let main = source.key("main");
    let (payload, _) = forge::payload(&text)?;
    let header = forge::header(&main, EVIDENCE_TYP);
    let signed = |key: &str| {
        let key = source.key(key);
        forge::sign(&key, forge::header(&key, EVIDENCE_TYP).as_bytes(), &payload)
    };
    let mut retired = json!({ "name": "signed before its key was retired", "code": null });
    if let Some(retired) = retired.as_object_mut() {
        retired.insert("evidence".into(), signed("old")?.into());
    }
    cases.push(retired);
    let zeros = forge::with_signature(&text, &[0; 64])?;
    let kid = main.key_id();
    let bad = [
        ("a ticket", ticket.unwrap_or_default(), "malformed"),
        ("nothing", json!(""), "malformed"),
        ("too long", json!({ "repeat": [["a", MAX_EVIDENCE + 1]] }), "malformed"),
        ("padding", json!(format!("{text}=")), "malformed"),
        ("spare bits", json!(crate::jwks::spare_bits(&text)), "malformed"),
        (
            "no algorithm",
            json!(format!(
                "{}.{}.",
                forge::part(br#"{"alg":"none","typ":"countersign-evidence+jwt"}"#),
                forge::part(&payload)
            )),
            "malformed",
        ),
        (
            "the header of a ticket",
            json!(forge::sign(&main, forge::header(&main, TICKET_TYP).as_bytes(), &payload)?),
            "malformed",
        ),
        (
            "a header in another spelling",
            json!(forge::sign(
                &main,
                format!(r#"{{"typ":"{EVIDENCE_TYP}","kid":"{kid}","alg":"EdDSA"}}"#).as_bytes(),
                &payload
            )?),
            "malformed",
        ),
        (
            "a payload in another spelling",
            json!(forge::sign(&main, header.as_bytes(), &[&payload, &b"\n"[..]].concat())?),
            "malformed",
        ),
        ("a stranger's", json!(signed("stranger")?), "unknown_key"),
        ("signed with a revoked key", json!(signed("lost")?), "revoked_key"),
        ("another signature", json!(zeros), "bad_signature"),
        ("S + L", json!(forge::shifted(&text)?), "bad_signature"),
    ];
    cases.extend(
        bad.map(|(name, text, code)| json!({ "name": name, "evidence": text, "code": code })),
    );
    Ok(json!({
        "about": "Evidence. `code` is null if it holds. With `ticket`, `sealed` and `answers` what \
                  the payload says can be compared with what was permitted and sent.",
        "keys": world::keys(source),
        "cases": cases,
    }))
}
