//! The strict JSON reader: one canonical form, the peer's, or a documented refusal.

use countersign_canon::{ErrorKind, canonicalize, digest, require_canonical};

pub(crate) fn check(data: &[u8]) {
    match canonicalize(data) {
        Ok(canonical) => {
            assert_eq!(
                canonicalize(canonical.as_bytes()).as_ref(),
                Ok(&canonical),
                "not idempotent"
            );
            assert!(require_canonical(canonical.as_bytes()).is_ok());
            assert_eq!(require_canonical(data).is_ok(), canonical.as_bytes() == data);
            assert_eq!(digest(data), Ok(canonical.digest()));
            let peer = peer(data);
            assert!(!matches!(peer, Peer::Refused), "the peer refuses it");
            if let Peer::Form(form) = peer {
                assert_eq!(form, canonical.as_str(), "another form");
            }
        }
        Err(error) => {
            assert!(error.offset() <= data.len());
            assert_ne!(error.kind(), ErrorKind::Internal);
            assert_eq!(digest(data), Err(error));
            assert!(require_canonical(data).is_err());
            if let Peer::Form(_) = peer(data) {
                let stricter = [ErrorKind::DuplicateKey, ErrorKind::IntegerTooLarge];
                assert!(stricter.contains(&error.kind()), "{error}");
            }
        }
    }
}

/// What `serde_json_canonicalizer` makes of it.
enum Peer {
    Form(String),
    Refused,
    /// Not asked: the two differ in how deep they go and how much they take.
    Unknown,
}

fn peer(data: &[u8]) -> Peer {
    let brackets = data.iter().filter(|byte| matches!(byte, b'[' | b'{')).count();
    if brackets >= 120 || data.len() >= 1 << 16 {
        return Peer::Unknown;
    }
    let value = serde_json::from_slice::<serde_json::Value>(data).ok();
    let form = value.and_then(|value| serde_json_canonicalizer::to_string(&value).ok());
    form.map_or(Peer::Refused, Peer::Form)
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"b":[1,2.50,-0,1e21,5E-324],"a":{"\u00e9":null,"e\u0301":true},"":false}"#,
        "{\"\\ud83d\\ude00\":1,\"\u{fb33}\":2,\"\\n\\/\":\"\\u0000\\\"\\\\\"}",
        " [ 9007199254740991 , 100000000000000000000 , 0.1000000000000000055 , 1e-7 ] ",
        r#"[9007199254740993,"\ud800",01,{"a":1,"\u0061":2}]"#,
        "[[[[[[[[{\"a\":[{}]}]]]]]]]]",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
