//! JWK sets: what is read is written and read again.

use countersign_ticket::{KeyRing, KeyState, MAX_KEYS, VerifyingKey};

pub(crate) fn check(data: &[u8]) {
    let Ok(ring) = KeyRing::from_jwks(data) else { return };
    assert!(ring.iter().count() <= MAX_KEYS);
    for (id, key, state) in ring.iter() {
        assert_eq!(state, KeyState::Active);
        assert_eq!(VerifyingKey::from_bytes(key.as_bytes()), Ok(*key));
        assert_eq!(ring.get(id), Some((key, state)));
        assert_eq!(ring.iter().filter(|(_, other, _)| *other == key).count(), 1);
    }
    let written = ring.to_jwks();
    let read = KeyRing::from_jwks(written.as_bytes()).unwrap();
    assert!(ring.iter().eq(read.iter()), "another ring");
    assert_eq!(read.to_jwks(), written);
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"keys":[{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
        r#"{"keys":[{"alg":"EdDSA","crv":"Ed25519","kid":"a","kty":"OKP","use":"sig","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},{"crv":"Ed25519","kid":"b","kty":"OKP","x":"6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw"}]}"#,
        r#"{"keys":[],"more":[1.5,null]}"#,
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
