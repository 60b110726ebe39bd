//! One issuer and one gate, and fresh tickets for requests of a given size.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_canon::{Digest, canonicalize};
use countersign_ticket::{
    Account, Admitted, AgentId, Approved, Assessed, Caller, Connection, EffectId, Epochs, Gate,
    Issuer, Jti, KeyRing, MemoryGuard, Method, PolicyVersion, Prepared, Refusal, Scope, Sealed,
    Selector, SessionId, SigningKey, Step, TenantId, Terms, Ticket, Tier, Timestamp, ToolName,
    UserId, VerifyingKey,
};
use ed25519_dalek::Signature;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::now;
use crate::random::Random;

const ISSUER: &str = "https://countersign.example/issuer";
const GATE: &str = "https://countersign.example/gate";
const SEED: [u8; 32] = [7; 32];

/// The time of every ticket and every check.
pub fn time() -> Timestamp {
    Timestamp::from_seconds(1_800_000_000)
}

/// Who asks.
pub fn caller() -> Caller {
    Caller::dangerous_assert(
        TenantId::new("acme").expect("an id"),
        UserId::new("auth0|5f7c8ec7c33c6c004bbafe82").expect("an id"),
        AgentId::new("planner").expect("an id"),
        SessionId::new("s-42").expect("an id"),
    )
}

fn tool() -> ToolName {
    ToolName::new("gmail_send_message").expect("a tool name")
}

fn schema() -> Digest {
    Digest::of(b"the definition of the tool")
}

/// In what a request differs from the one that was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// In nothing.
    Nothing,
    /// In one letter of the arguments.
    Arguments,
    /// In one letter of the request's body.
    Body,
}

/// A ticket and the request that was approved, apart.
#[derive(Debug)]
pub struct Call {
    /// The ticket.
    pub ticket: Ticket,
    /// The request, made anew: whatever was computed for issuing is not remembered in it.
    pub prepared: Prepared,
}

/// What a bare verification of a ticket needs: everything taken apart beforehand.
#[derive(Debug)]
pub struct Bare {
    /// Header and payload as they were signed.
    pub signed: Vec<u8>,
    /// The signature.
    pub signature: [u8; 64],
    /// The canonical arguments.
    pub arguments: Vec<u8>,
    /// The body of the request.
    pub body: Vec<u8>,
}

/// An issuer and a gate that trusts it.
#[derive(Debug)]
pub struct World {
    /// Signs tickets.
    pub issuer: Issuer,
    /// Admits them.
    pub gate: Gate,
    /// Who asks.
    pub caller: Caller,
    /// Length of the arguments and of the body, in bytes, about.
    pub size: usize,
    /// The key as our own type.
    pub key: VerifyingKey,
    bare_key: ed25519_dalek::VerifyingKey,
    next: Cell<u64>,
}

impl World {
    /// A world whose requests have arguments and a body of about `size` bytes each.
    pub fn new(size: usize) -> Self {
        let key = Arc::new(SigningKey::from_seed(&Zeroizing::new(SEED)));
        let ring = KeyRing::of(key.as_ref());
        let (_, public, _) = ring.iter().next().expect("one key");
        let public = VerifyingKey::from_bytes(public.as_bytes()).expect("a good key");
        let guard = Arc::new(MemoryGuard::new(8_000_000, time()));
        let tools = BTreeMap::from([(tool(), schema())]);
        Self {
            issuer: Issuer::new(ISSUER, GATE, key),
            gate: Gate::new(ISSUER, GATE, ring, tools, guard),
            caller: caller(),
            size,
            bare_key: ed25519_dalek::VerifyingKey::from_bytes(public.as_bytes())
                .expect("a good key"),
            key: public,
            next: Cell::new(1),
        }
    }

    /// A number never used before in this world.
    pub fn number(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    /// The request of a number.
    pub fn prepared(&self, number: u64, change: Change) -> Prepared {
        let mut random = Random::new(number);
        let effect = EffectId::from_bytes(random.bytes());
        let letter =
            |changed| char::from(b'a' + random.clone().below(20) as u8 + u8::from(changed));
        let filler = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do "
            .repeat(1 + self.size / 62);
        let text = |overhead: usize, changed: bool| {
            let length = self.size.saturating_sub(overhead);
            format!("{number:016x} {} {}", letter(changed), &filler[..length])
        };
        let arguments = format!(
            r#"{{"body":"{}","subject":"Minutes of today","thread":null,"to":["lee@example.com"]}}"#,
            text(88, change == Change::Arguments)
        );
        let body = format!(
            r#"{{"raw":"{}","threadId":"18c2f7a90b4e1d33"}}"#,
            text(52, change == Change::Body)
        );
        let step =
            Step::new(Method::Post, "https://gmail.googleapis.com/gmail/v1/users/me/messages/send")
                .and_then(|step| step.header("content-type", "application/json"))
                .and_then(|step| step.body(body.into_bytes()))
                .expect("a request");
        let scope = Scope::new("https://www.googleapis.com/auth/gmail.send").expect("a scope");
        let selector =
            Selector::new(Connection::new("google-oauth2").expect("a name"), vec![scope])
                .with_account(Account::new("kim@example.com").expect("an account"));
        let arguments = canonicalize(arguments.as_bytes()).expect("JSON");
        Prepared::wire(effect, tool(), arguments, Some(selector), vec![step]).expect("a plan")
    }

    /// The request of a number, approved: what the issuer is given.
    pub fn approved(&self, number: u64) -> Approved {
        let terms = Terms {
            schema: schema(),
            tier: Tier::C,
            policy: PolicyVersion::new("2026-11-01").expect("a version"),
            epochs: Epochs::default(),
            preview: Digest::of(b"the preview"),
        };
        let prepared = self.prepared(number, Change::Nothing);
        Assessed::new(prepared, self.caller.clone(), terms).silently().expect("tier C")
    }

    /// A ticket with the request it was issued for.
    pub fn sealed(&self, number: u64) -> Sealed {
        self.issue(self.approved(number), number)
    }

    /// Issues a ticket.
    pub fn issue(&self, approved: Approved, number: u64) -> Sealed {
        let jti = Jti::from_random(Random::new(!number).bytes());
        self.issuer.issue(approved, jti, time()).expect("a key in memory signs")
    }

    /// A fresh ticket, and its request made anew with a change.
    pub fn call(&self, change: Change) -> Call {
        let number = self.number();
        let (ticket, _) = self.sealed(number).into_parts();
        Call { ticket, prepared: self.prepared(number, change) }
    }

    /// A fresh ticket with the last letter but one of its signature replaced.
    pub fn forged(&self) -> Call {
        let call = self.call(Change::Nothing);
        let mut text = call.ticket.as_compact().to_owned();
        let last = text.split_off(text.len() - 2);
        let other = if last.starts_with('A') { 'B' } else { 'A' };
        text.push(other);
        text.push_str(&last[1..]);
        Call { ticket: Ticket::from_compact(text), ..call }
    }

    /// A fresh ticket and its request, taken apart.
    pub fn bare(&self) -> Bare {
        let call = self.call(Change::Nothing);
        let (signed, signature) = call.ticket.as_compact().rsplit_once('.').expect("a JWS");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        Bare {
            signed: signed.as_bytes().to_vec(),
            signature: signature.try_into().expect("64 bytes"),
            arguments: call.prepared.arguments().as_bytes().to_vec(),
            body: call.prepared.steps()[0].body_bytes().to_vec(),
        }
    }

    /// The floor: one strict Ed25519 verification with a cached key, and two hashes.
    pub fn verify_bare(&self, bare: &Bare) -> ([u8; 32], [u8; 32]) {
        self.verify_signature(bare);
        (Sha256::digest(&bare.arguments).into(), Sha256::digest(&bare.body).into())
    }

    /// The signature alone.
    pub fn verify_signature(&self, bare: &Bare) {
        let signature = Signature::from_bytes(&bare.signature);
        self.bare_key.verify_strict(&bare.signed, &signature).expect("a good signature");
    }

    /// All of the gate, with the request in memory.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn admit(&self, call: Call) -> Result<Admitted, Refusal> {
        let opened =
            self.gate.check(&call.ticket, &self.caller, time())?.open_prepared(call.prepared)?;
        now(opened.admit(time()))
    }

    /// All of the gate, with the request as the bytes that travelled.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn admit_bytes(&self, ticket: &Ticket, sealed: &[u8]) -> Result<Admitted, Refusal> {
        let opened = self.gate.check(ticket, &self.caller, time())?.open(sealed)?;
        now(opened.admit(time()))
    }

    /// A ticket that is checked, and no more.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn check(&self, ticket: &Ticket) -> Result<(), Refusal> {
        self.gate.check(ticket, &self.caller, time()).map(drop)
    }
}

/// Texts that are no ticket at all, with a name for each.
pub fn garbage() -> Vec<(&'static str, Ticket)> {
    let letters = |count: usize| {
        let mut random = Random::new(9);
        (0..count)
            .map(|_| char::from(random.pick(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-_")))
            .collect::<String>()
    };
    let signature = URL_SAFE_NO_PAD.encode([0x5a; 64]);
    let other = URL_SAFE_NO_PAD.encode(br#"{"alg":"none","typ":"JWT"}"#);
    [
        ("empty", String::new()),
        ("no dots, 1.2 kB", letters(1_200)),
        ("not base64url", format!("{}.{}.{}", "%".repeat(90), "%".repeat(1_000), "%".repeat(86))),
        (
            "random letters in a ticket's shape",
            format!("{}.{}.{signature}", letters(90), letters(1_000)),
        ),
        ("a JWT of another kind", format!("{other}.{}.{signature}", letters(1_000))),
        ("longer than any ticket, 20 kB", letters(20_000)),
    ]
    .map(|(name, text)| (name, Ticket::from_compact(text)))
    .into()
}
