//! What is printed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_ticket::{KeyRing, SigningKey};
use zeroize::Zeroizing;

use crate::common::{World, at, prepared};

#[test]
fn inv_07_debug_of_a_signing_key_prints_no_key_material() {
    let seed: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap() + 0xa0);
    let key = SigningKey::from_seed(&Zeroizing::new(seed));
    let hex = countersign_canon::Digest::from_bytes(seed).to_hex();
    for shown in [format!("{key:?}"), format!("{key:#?}")] {
        assert!(shown.starts_with("SigningKey"));
        let lower = shown.to_lowercase();
        assert!(!lower.contains(&hex[..8]) && !shown.contains("160, 161"), "{shown}");
        for encoded in [STANDARD.encode(seed), URL_SAFE_NO_PAD.encode(seed)] {
            assert!(!shown.contains(&encoded[..8]), "{shown}");
        }
    }
    // What it may show is the public id.
    assert!(format!("{:?}", KeyRing::of(&key)).contains("ed25519:"));
}

#[test]
fn inv_07_debug_of_a_ticket_prints_no_part_of_it() {
    let world = World::new();
    let sealed = world.seal(prepared(1), 1, at(1));
    let text = sealed.ticket().as_compact();
    assert_eq!(format!("{:?}", sealed.ticket()), format!("Ticket({} bytes)", text.len()));
    let shown = format!("{sealed:?}");
    for part in text.split('.') {
        assert!(!shown.contains(&part[..16]));
    }
}
