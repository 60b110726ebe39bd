//! One full vector, pinned. Whoever computes it in another language must get these bytes; a change
//! here is a change of the formats.

use countersign_canon::Digest;
use countersign_ticket::{Signer as _, Tier};

use crate::common::{World, assessed, at, caller, header, prepared};

const HEADER: &str = concat!(
    r#"{"alg":"EdDSA","kid":"--6IM5l0OosLj9yWskISYhUA3n_3CURQkmrYMSha_ck","#,
    r#""typ":"countersign-ticket+jwt"}"#
);
const CLAIMS: &str = concat!(
    r#"{"account":"kim@example.com","act":{"act":{"sub":"front-desk"},"sub":"planner"},"#,
    r#""approval":"945fcf2798c6315f327754dc3c74cf8622d2510581258e8a2717f38b41034f10","#,
    r#""arguments":"0f7c08f843e25ef0eb425bc5945c875385de1bbfb71b16aaa995048c8585bf5f","#,
    r#""aud":"https://countersign.example/gate","binding":"wire","connection":"google-oauth2","#,
    r#""effect":"43617683f33edf560a84db98f380d9a6b1be2705bc60dd05a6dee3c1455479a3","#,
    r#""effect_id":"01010101010101010101010101010101","epochs":[0,0,0,0],"exp":1800000061,"#,
    r#""iat":1800000001,"iat_ms":1800000001000,"iss":"https://countersign.example/issuer","#,
    r#""jti":"01010101-0101-4101-8101-010101010101","nbf":1800000001,"policy":"2026-11-01","#,
    r#""preview":"17a8ee7cb6c65eca7afd5c418ab17419ed91f29bddb6bb2ea3b49621bd93d4a5","#,
    r#""schema":"29f8d2a3ba3557f6a4c80d7d01f7ca2f2d6f1f4434c11c4bf96cb4aae8d67a96","#,
    r#""scopes":["mail.read","mail.send"],"sid":"s-1","sub":"auth0|kim","tenant":"acme","#,
    r#""tier":"C","tool":"mail_send"}"#
);
const SEALED: &str = concat!(
    r#"{"arguments":"{\"subject\":\"Hello\",\"to\":\"lee@example.com\"}","binding":"wire","#,
    r#""credential":{"account":"kim@example.com","connection":"google-oauth2","#,
    r#""scopes":["mail.read","mail.send"]},"effect_id":"01010101010101010101010101010101","#,
    r#""steps":[{"body":"eyJ0byI6ImxlZUBleGFtcGxlLmNvbSJ9","credential":true,"#,
    r#""headers":[["content-type","application/json"]],"holes":[],"method":"POST","pages":1,"#,
    r#""url":"https://mail.example.com/v1/messages?notify=all"}],"tool":"mail_send","#,
    r#""type":"countersign-prepared","v":1}"#
);
/// What the effect digest is the SHA-256 of: the same with the body's digest, and no arguments.
const EFFECT: &str = concat!(
    r#"{"binding":"wire","credential":{"account":"kim@example.com","connection":"google-oauth2","#,
    r#""scopes":["mail.read","mail.send"]},"effect_id":"01010101010101010101010101010101","#,
    r#""steps":[{"body":"{BODY}","credential":true,"#,
    r#""headers":[["content-type","application/json"]],"holes":[],"method":"POST","pages":1,"#,
    r#""url":"https://mail.example.com/v1/messages?notify=all"}],"#,
    r#""type":"countersign-effect","v":1}"#
);
const APPROVAL: &str = concat!(
    r#"{"arguments":"0f7c08f843e25ef0eb425bc5945c875385de1bbfb71b16aaa995048c8585bf5f","#,
    r#""caller":{"agent":"planner","chain":["front-desk"],"session":"s-1","tenant":"acme","#,
    r#""user":"auth0|kim"},"#,
    r#""effect":"43617683f33edf560a84db98f380d9a6b1be2705bc60dd05a6dee3c1455479a3","#,
    r#""effect_id":"01010101010101010101010101010101","#,
    r#""preview":"17a8ee7cb6c65eca7afd5c418ab17419ed91f29bddb6bb2ea3b49621bd93d4a5","#,
    r#""schema":"29f8d2a3ba3557f6a4c80d7d01f7ca2f2d6f1f4434c11c4bf96cb4aae8d67a96","#,
    r#""tier":"C","tool":"mail_send","type":"countersign-approval","v":1}"#
);
const REQUEST: &str = concat!(
    r#"{"body":"{BODY}","headers":[["content-type","application/json"]],"method":"POST","#,
    r#""type":"countersign-request","url":"https://mail.example.com/v1/messages?notify=all","v":1}"#
);
const SIGNATURE: &str =
    "CAfTn_NI3OUALcZVlnmG3TUSc_6Bs90Q-bM5_OV8_Yq_5bE4E-GyE_YNa1lZoTfSg9AmAokVRicd4GMoTwedAA";
/// The seed is 32 times 7.
const PUBLIC: &str = "ed25519:6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw";

#[test]
fn inv_12_the_vector_is_computed_to_the_byte() {
    let world = World::new();
    assert_eq!(format!("{:?}", world.key.verifying_key()), PUBLIC);
    assert_eq!(header(&world.key, countersign_ticket::TICKET_TYP), HEADER);
    for _ in 0..2 {
        let sealed = world.seal(prepared(1), 1, at(1));
        let text = sealed.ticket().as_compact();
        let (header, claims) = sealed.ticket().dangerous_peek().unwrap();
        assert_eq!(header.as_str(), HEADER);
        assert_eq!(claims.as_str(), CLAIMS);
        assert_eq!(text.rsplit_once('.').unwrap().1, SIGNATURE);
        assert_eq!(String::from_utf8(sealed.prepared().to_bytes()).unwrap(), SEALED);
    }
}

#[test]
fn inv_12_the_vector_is_admitted_from_its_text() {
    use base64::Engine as _;
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let ticket = format!("{}.{}.{SIGNATURE}", part(HEADER), part(CLAIMS));
    let admitted = World::new().travelled(&ticket, SEALED.as_bytes(), &caller(), at(1));
    assert_eq!(admitted.unwrap().prepared(), &prepared(1));
}

#[test]
fn inv_12_the_digests_are_sha_256_of_texts_that_anybody_can_write_down() {
    let body = Digest::of(br#"{"to":"lee@example.com"}"#).to_hex();
    let of = |text: &str| Digest::of(text.replace("{BODY}", &body).as_bytes());
    assert_eq!(prepared(1).digest(), of(EFFECT));
    assert_eq!(assessed(prepared(1), Tier::C).approval_digest(), of(APPROVAL));
    let mut admitted = World::new().admitted(prepared(1));
    assert_eq!(admitted.next(at(1)).unwrap().unwrap().digest(), of(REQUEST));
    let hex = "43617683f33edf560a84db98f380d9a6b1be2705bc60dd05a6dee3c1455479a3";
    assert_eq!(prepared(1).digest().to_hex(), hex);
    let hex = "0f7c08f843e25ef0eb425bc5945c875385de1bbfb71b16aaa995048c8585bf5f";
    assert_eq!(prepared(1).arguments().digest().to_hex(), hex);
}
