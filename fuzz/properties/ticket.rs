//! The gate: what it accepts was issued, to the byte; and behind a good signature, what it accepts is
//! the one spelling of the claims of a ticket.

use std::sync::LazyLock;

use countersign_canon::require_canonical;
use countersign_ticket::{Prepared, Refusal, TICKET_TYP, Ticket};

use crate::forge::{header, parts, sign};
use crate::world::{caller, edit, gate, local, now, seal, tool, wire};

/// A request, and the ticket that was issued for it.
type Issued = (Prepared, String);

static WIRE: LazyLock<Issued> = LazyLock::new(|| issue(wire()));
static LOCAL: LazyLock<Issued> = LazyLock::new(|| issue(local()));

fn issue(prepared: Prepared) -> Issued {
    let ticket = seal(prepared.clone()).ticket().as_compact().to_owned();
    (prepared, ticket)
}

pub(crate) fn check(data: &[u8]) {
    let Some((mode, data)) = data.split_first() else { return };
    let (prepared, issued) = if mode & 0x80 == 0 { &*WIRE } else { &*LOCAL };
    match mode & 0x7f {
        // The text.
        0 => {
            let text = String::from_utf8_lossy(data);
            let accepted = admit(&text, prepared).is_ok();
            assert_eq!(accepted, text == *issued, "a text that was not issued");
        }
        // Bytes of the issued text changed.
        1 => {
            let mut text = issued.clone().into_bytes();
            edit(&mut text, data);
            let text = String::from_utf8_lossy(&text);
            assert_eq!(admit(&text, prepared).is_ok(), text == *issued);
        }
        // Any payload, signed.
        2 => signed(header(TICKET_TYP).as_bytes(), data, prepared, issued),
        // Bytes of the issued payload changed, signed again.
        3 => {
            let [header, mut payload] = parts(issued);
            edit(&mut payload, data);
            signed(&header, &payload, prepared, issued);
        }
        // Bytes of the header changed, signed again.
        4 => {
            let [mut header, payload] = parts(issued);
            edit(&mut header, data);
            signed(&header, &payload, prepared, issued);
        }
        // Any header.
        _ => signed(data, &parts(issued)[1], prepared, issued),
    }
}

fn admit(text: &str, prepared: &Prepared) -> Result<(), Refusal> {
    let gate = gate(&tool());
    let checked = gate.check(&Ticket::from_compact(text.to_owned()), &caller(), now())?;
    let opened = checked.open(&prepared.to_bytes())?;
    pollster::block_on(opened.admit(now())).map(drop)
}

/// Whoever holds the key can sign another ticket, and nothing else that is accepted as one.
fn signed(head: &[u8], payload: &[u8], prepared: &Prepared, issued: &str) {
    let text = sign(head, payload);
    let gate = gate(&tool());
    let Ok(checked) = gate.check(&Ticket::from_compact(text.clone()), &caller(), now()) else {
        assert_ne!(text, issued, "what was issued is refused");
        return;
    };
    assert_eq!(head, header(TICKET_TYP).as_bytes(), "another header");
    assert!(require_canonical(payload).is_ok(), "another spelling");
    let claims: serde_json::Value = serde_json::from_slice(payload).unwrap();
    let ours: serde_json::Value = serde_json::from_slice(&parts(issued)[1]).unwrap();
    let names = |claims: &serde_json::Value| -> Vec<String> {
        claims.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(names(&claims), names(&ours), "other claims");
    for bound in ["iss", "aud", "tenant", "sub", "sid", "act", "tool", "schema"] {
        assert_eq!(claims[bound], ours[bound], "{bound}");
    }
    let verified = checked.claims();
    assert_eq!(claims["effect_id"], verified.effect_id.to_string());
    assert_eq!(claims["jti"], verified.jti.to_string());
    assert_eq!(claims["exp"], verified.expires.seconds());
    let lifetime = verified.expires.seconds() - verified.issued_at.seconds();
    assert!(lifetime <= 300 && verified.expires.seconds() > now().seconds());
    if let Ok(opened) = checked.open(&prepared.to_bytes()) {
        for bound in ["arguments", "effect", "effect_id", "binding"] {
            assert_eq!(claims[bound], ours[bound], "{bound}");
        }
        // A guard with the start of this world refuses what was issued before it, or will be.
        if pollster::block_on(opened.admit(now())).is_ok() {
            assert_eq!(claims["epochs"], ours["epochs"]);
            assert_eq!(claims["iat"], ours["iat"]);
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let (wire, local) = (&WIRE.1, &LOCAL.1);
    let [head, payload] = parts(wire);
    let mode = |mode: u8, data: &[u8]| [&[mode], data].concat();
    vec![
        mode(0, wire.as_bytes()),
        mode(0x80, local.as_bytes()),
        mode(1, &[0, 9, 1, 2, 0, 3]),
        mode(2, &payload),
        mode(0x82, &parts(local)[1]),
        mode(3, &[0, 9, 1, 1, 40, 3]),
        mode(4, &[0, 9, 1]),
        mode(5, &head),
    ]
}
