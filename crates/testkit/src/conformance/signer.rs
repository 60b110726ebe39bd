//! [`Signer`]: signatures that verify.

use std::collections::HashSet;
use std::sync::Arc;

use countersign_core::Tier;
use countersign_ticket::{Assessed, Evidence, Issuer, KeyRing, NotEvidence, Signer, VerifyingKey};

use super::{done, holds, race, same};
use crate::fixtures::{NOW, admit, caller, jti, note, prepared, terms};

/// Runs every clause.
pub async fn all(signer: Arc<dyn Signer>) {
    is_one_key(signer.as_ref());
    signs_what_verifies(signer.as_ref());
    signs_the_message_and_nothing_else(signer.as_ref());
    is_deterministic(signer.as_ref());
    signs_evidence_that_its_ring_accepts(Arc::clone(&signer)).await;
    signs_from_many_tasks(signer).await;
}

fn messages() -> Vec<Vec<u8>> {
    let mut all =
        vec![vec![], vec![0], b"header.payload".to_vec(), vec![0xff; 64], vec![7; 1_000_000]];
    all.extend((1..=130).map(|n| vec![b'x'; n]));
    all
}

/// Key id and public key are the same each time, and the key is one that a ring takes.
pub fn is_one_key(signer: &dyn Signer) {
    let clause = "Signer: key id and public key stay the same";
    let (id, key) = (signer.key_id().clone(), signer.verifying_key());
    for _ in 0..10 {
        same(clause, signer.key_id(), &id);
        holds(clause, signer.verifying_key() == key, "another public key");
        let signed = signer.sign(b"message");
        holds(clause, signed.is_ok_and(|s| key.verify(b"message", &s)), "another private key");
    }
    let taken = VerifyingKey::from_bytes(key.as_bytes());
    holds("Signer: the public key is no weak key", taken == Ok(key), format!("{taken:?}"));
    let ring = KeyRing::of(signer);
    holds("Signer: a ring finds the key by its id", ring.get(&id).is_some(), "not found");
}

/// Every signature verifies, strictly, under the signer's own key.
pub fn signs_what_verifies(signer: &dyn Signer) {
    let clause = "Signer: a signature verifies under the signer's key";
    for message in messages() {
        let signature = done("Signer: a message can be signed", signer.sign(&message));
        let ok = signer.verifying_key().verify(&message, &signature);
        holds(clause, ok, format!("not for a message of {} bytes", message.len()));
    }
}

/// A signature is for its message alone.
pub fn signs_the_message_and_nothing_else(signer: &dyn Signer) {
    let clause = "Signer: a signature is for its message alone";
    let key = signer.verifying_key();
    let mut seen = HashSet::new();
    for message in messages() {
        let signature = done("Signer: a message can be signed", signer.sign(&message));
        holds(clause, seen.insert(signature), "two messages share a signature");
        let mut longer = message.clone();
        longer.push(0);
        holds(clause, !key.verify(&longer, &signature), "a byte more verifies too");
        if let Some(last) = longer.iter_mut().rev().nth(1) {
            *last ^= 1;
            let changed = longer.get(..message.len()).unwrap_or_default();
            holds(clause, !key.verify(changed, &signature), "a changed message verifies too");
        }
    }
}

/// RFC 8032 leaves no choice: the same message has the same signature.
pub fn is_deterministic(signer: &dyn Signer) {
    let clause = "Signer: Ed25519 signatures are deterministic (RFC 8032)";
    for message in messages() {
        same(clause, signer.sign(&message).ok(), signer.sign(&message).ok());
    }
}

/// What an issuer signs with it verifies under its ring, and under no other.
pub async fn signs_evidence_that_its_ring_accepts(signer: Arc<dyn Signer>) {
    let clause = "Signer: evidence verifies under the signer's ring and no other";
    let issuer = Issuer::new("issuer", "gate", Arc::clone(&signer));
    let assessed = Assessed::new(prepared(note()), caller(), terms(Tier::C));
    let approved = done(clause, assessed.silently());
    let sealed = done(clause, issuer.issue(approved, jti(), NOW));
    holds(clause, sealed.ticket().as_compact().matches('.').count() == 2, "no compact JWS");
    let admitted = admit(prepared(note())).await;
    let evidence = Evidence::refused(signer.as_ref(), admitted.claims(), "expired", NOW);
    let evidence = done(clause, evidence);
    done(clause, evidence.verify(&KeyRing::of(signer.as_ref())));
    let stranger = KeyRing::of(&crate::fixtures::signing_key());
    if stranger.get(signer.key_id()).is_none() {
        same(clause, evidence.verify(&stranger), Err(NotEvidence::UnknownKey));
    }
    same(clause, evidence.verify(&KeyRing::new()), Err(NotEvidence::UnknownKey));
}

/// Many tasks at a time each get the signature of their own message.
pub async fn signs_from_many_tasks(signer: Arc<dyn Signer>) {
    let clause = "Signer: signatures are not mixed up under load";
    let results = race(100, |n| {
        let signer = Arc::clone(&signer);
        async move {
            let message = format!("message {n}").into_bytes();
            let signature = signer.sign(&message);
            signature.is_ok_and(|s| signer.verifying_key().verify(&message, &s))
        }
    });
    holds(clause, results.await.into_iter().all(|ok| ok), "one does not verify");
}
