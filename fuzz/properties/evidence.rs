//! Evidence: only what was signed as evidence is, in one spelling.

use std::sync::LazyLock;

use countersign_canon::{Digest, Value, require_canonical};
use countersign_ticket::{EVIDENCE_TYP, Ending, Evidence, KeyRing, NotEvidence, Prepared, Report};

use crate::forge::{header, parts, sign};
use crate::world::{caller, edit, gate, key, local, now, seal, tool, wire};

static WIRE: LazyLock<String> = LazyLock::new(|| executed(wire()));
static LOCAL: LazyLock<String> = LazyLock::new(|| executed(local()));

pub(crate) fn check(data: &[u8]) {
    let Some((mode, data)) = data.split_first() else { return };
    let issued: &str = if mode & 0x80 == 0 { &WIRE } else { &LOCAL };
    match mode & 0x7f {
        0 => {
            let text = String::from_utf8_lossy(data).into_owned();
            let same = text == issued;
            assert_eq!(verify(text).is_ok(), same);
        }
        1 => {
            let mut text = issued.as_bytes().to_vec();
            edit(&mut text, data);
            let text = String::from_utf8_lossy(&text).into_owned();
            let same = text == issued;
            assert_eq!(verify(text).is_ok(), same);
        }
        2 => signed(header(EVIDENCE_TYP).as_bytes(), data),
        3 => {
            let [head, mut payload] = parts(issued);
            edit(&mut payload, data);
            signed(&head, &payload);
        }
        _ => signed(data, &parts(issued)[1]),
    }
}

fn signed(head: &[u8], payload: &[u8]) {
    if let Ok(said) = verify(sign(head, payload)) {
        assert_eq!(head, header(EVIDENCE_TYP).as_bytes(), "another header");
        assert!(require_canonical(payload).is_ok(), "another spelling");
        assert_eq!(said.to_canonical().as_bytes(), payload, "it says something else");
    }
}

fn verify(text: String) -> Result<Value, NotEvidence> {
    Ok(Evidence::from_compact(text).verify(&KeyRing::of(key().as_ref()))?.value())
}

fn executed(prepared: Prepared) -> String {
    let gate = gate(&tool());
    let mut admitted = pollster::block_on(gate.admit(seal(prepared), &caller(), now())).unwrap();
    let _lent = admitted.next(now()).unwrap();
    admitted.report(Report::InDoubt);
    let response = Some((200, Digest::of(b"{}")));
    let evidence =
        Evidence::executed(key().as_ref(), &admitted, Ending::Unknown, response, false, now());
    evidence.unwrap().as_compact().to_owned()
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let issued: &str = &WIRE;
    let [head, payload] = parts(issued);
    let mode = |mode: u8, data: &[u8]| [&[mode], data].concat();
    vec![
        mode(0, issued.as_bytes()),
        mode(0x80, LOCAL.as_bytes()),
        mode(1, &[0, 9, 1]),
        mode(2, &payload),
        mode(3, &[0, 9, 1, 0, 40, 3]),
        mode(4, &head),
    ]
}
