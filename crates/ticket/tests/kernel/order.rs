//! The order of the gate: cheap denials first, the claim last.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_canon::{Digest, Object, Value};
use countersign_ticket::{
    Caller, Claim, ClaimError, Epochs, Freeze, KeyRing, KeyState, Prepared, Refusal, ReplayGuard,
    Signer as _, TICKET_TYP, Ticket, ToolName,
};
use pollster::block_on;

use crate::common::{
    World, arguments, at, caller, effect, forge, gate, header, key, post, prepared, tool,
};

/// Counts how often it is asked, and has one answer.
#[derive(Debug)]
struct Counting {
    asked: AtomicUsize,
    answer: Result<(), ClaimError>,
}

impl Counting {
    fn new(answer: Result<(), ClaimError>) -> Arc<Self> {
        Arc::new(Self { asked: AtomicUsize::new(0), answer })
    }
}

#[async_trait::async_trait]
impl ReplayGuard for Counting {
    async fn claim(&self, _: &Claim<'_>) -> Result<(), ClaimError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.answer
    }
    async fn epochs(&self, _: &Caller) -> Result<Epochs, ClaimError> {
        Ok(Epochs::default())
    }
    async fn freeze(&self, _: Freeze) -> Result<u32, ClaimError> {
        Err(ClaimError::Unavailable)
    }
}

/// What the gate checks, in its order, each with the fault that is there from the start and
/// repaired when it was found.
const ORDER: [Refusal; 19] = [
    Refusal::TicketTooLarge,
    Refusal::TicketMalformed,
    Refusal::UnknownKey,
    Refusal::RevokedKey,
    Refusal::BadSignature,
    Refusal::NotYetValid,
    Refusal::Expired,
    Refusal::LifetimeTooLong,
    Refusal::WrongIssuer,
    Refusal::WrongAudience,
    Refusal::WrongCaller,
    Refusal::Unconfirmed,
    Refusal::UnknownTool,
    Refusal::SchemaChanged,
    Refusal::SealedMalformed,
    Refusal::ToolMismatch,
    Refusal::ArgumentsMismatch,
    Refusal::EffectMismatch,
    Refusal::Spent,
];

/// A ticket that still has every fault from `repaired` on.
fn ticket(world: &World, repaired: usize) -> String {
    let has = |fault: Refusal| ORDER.iter().position(|f| *f == fault).unwrap() >= repaired;
    if has(Refusal::TicketTooLarge) {
        return "x".repeat(20_000);
    }
    if has(Refusal::TicketMalformed) {
        return "x".repeat(2_000);
    }
    let sealed = world.seal(prepared(1), 1, at(1_000));
    let peeked = Ticket::from_compact(sealed.ticket().as_compact().to_owned()).dangerous_peek();
    let Some(Value::Object(mut claims)) = peeked.map(|(_, claims)| claims.value()) else {
        panic!("not a ticket")
    };
    let mut set = |key: &str, value: Value| drop(claims.insert(key, value));
    let seconds = |s: i64| Value::Number(at(s).seconds().try_into().unwrap());
    if has(Refusal::NotYetValid) {
        set("nbf", seconds(1_031));
    }
    if has(Refusal::Expired) {
        set("exp", seconds(1_000));
    }
    if has(Refusal::LifetimeTooLong) {
        set("iat", seconds(100));
        set("iat_ms", Value::Number(at(100).millis().try_into().unwrap()));
    }
    if has(Refusal::WrongIssuer) {
        set("iss", "https://elsewhere.example/".into());
    }
    if has(Refusal::WrongAudience) {
        set("aud", "https://elsewhere.example/".into());
    }
    if has(Refusal::WrongCaller) {
        set("sub", "auth0|lee".into());
    }
    if has(Refusal::Unconfirmed) {
        set("cnf", Object::new().with("jkt", "x").into());
    }
    if has(Refusal::UnknownTool) {
        set("tool", "mail_burn".into());
    }
    if has(Refusal::SchemaChanged) {
        set("schema", Digest::of(b"another definition").to_hex().into());
    }
    let payload = Value::Object(claims).to_canonical();
    let signer = if has(Refusal::UnknownKey) {
        key(66)
    } else if has(Refusal::RevokedKey) {
        key(67)
    } else {
        key(7)
    };
    let text = forge(&signer, &header(&signer, TICKET_TYP), payload.as_bytes());
    if !has(Refusal::BadSignature) {
        return text;
    }
    let (signed, _) = text.rsplit_once('.').unwrap();
    format!("{signed}.{}", "A".repeat(86))
}

/// The bytes that travel beside it, with every fault from `repaired` on.
fn sealed(repaired: usize) -> Vec<u8> {
    let has = |fault: Refusal| ORDER.iter().position(|f| *f == fault).unwrap() >= repaired;
    if has(Refusal::SealedMalformed) {
        return b"{}".to_vec();
    }
    let tool =
        if has(Refusal::ToolMismatch) { ToolName::new("mail_burn").unwrap() } else { tool() };
    let arguments = if has(Refusal::ArgumentsMismatch) {
        countersign_canon::canonicalize(b"{}").unwrap()
    } else {
        arguments()
    };
    let url = "https://elsewhere.example/";
    if has(Refusal::EffectMismatch) {
        let step = post(url).without_credential();
        return Prepared::wire(effect(1), tool, arguments, None, vec![step]).unwrap().to_bytes();
    }
    prepared(1).to_bytes()
}

#[test]
fn a_ticket_with_several_faults_gets_the_earliest_code_and_the_claim_comes_last() {
    let world = World::new();
    let guard = Counting::new(Err(ClaimError::Spent));
    let mut ring = KeyRing::of(world.key.as_ref());
    let revoked = key(67);
    ring.add(revoked.key_id().clone(), revoked.verifying_key(), KeyState::Revoked).unwrap();
    let gate = gate(ring, Arc::<Counting>::clone(&guard));
    for (repaired, expected) in ORDER.into_iter().enumerate() {
        let ticket = Ticket::from_compact(ticket(&world, repaired));
        let refused = gate
            .check(&ticket, &caller(), at(1_000))
            .and_then(|checked| checked.open(&sealed(repaired)))
            .and_then(|opened| block_on(opened.admit(at(1_000))));
        assert_eq!(refused.map(drop), Err(expected));
        let asked = usize::from(expected == Refusal::Spent);
        assert_eq!(guard.asked.load(Ordering::SeqCst), asked, "{expected:?}");
    }
    // The list above is the documented order, up to the guard's own answers.
    assert_eq!(ORDER, Refusal::ALL[..ORDER.len()]);
}

#[test]
fn every_answer_of_a_guard_is_a_refusal_of_the_gate() {
    let answers = [
        (ClaimError::Spent, Refusal::Spent),
        (ClaimError::Frozen, Refusal::Frozen),
        (ClaimError::Full, Refusal::GuardFull),
        (ClaimError::ClockBehind, Refusal::ClockBehind),
        (ClaimError::BeforeStart, Refusal::BeforeStart),
        (ClaimError::TooFarAhead, Refusal::LifetimeTooLong),
        (ClaimError::Unavailable, Refusal::GuardUnavailable),
    ];
    let world = World::new();
    for (answer, expected) in answers {
        let gate = gate(KeyRing::of(world.key.as_ref()), Counting::new(Err(answer)));
        let sealed = world.seal(prepared(1), 1, at(1));
        let refused = block_on(gate.admit(sealed, &caller(), at(1)));
        assert_eq!(refused.map(drop), Err(expected));
    }
}

#[test]
fn a_ticket_that_expires_between_check_and_admit_is_refused_unclaimed() {
    let world = World::new();
    let guard = Counting::new(Ok(()));
    let gate = gate(KeyRing::of(world.key.as_ref()), Arc::<Counting>::clone(&guard));
    let sealed = world.seal(prepared(1), 1, at(1));
    let (ticket, bytes) = (sealed.ticket(), sealed.prepared().to_bytes());
    let opened = gate.check(ticket, &caller(), at(60)).unwrap().open(&bytes).unwrap();
    assert_eq!(opened.claims().effect, opened.prepared().digest());
    assert_eq!(block_on(opened.admit(at(61))).map(drop), Err(Refusal::Expired));
    assert_eq!(guard.asked.load(Ordering::SeqCst), 0);
}
