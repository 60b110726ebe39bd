//! [`CallerVerifier`]: who is calling.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::{
    AccessToken, AgentId, Caller, CallerVerifier, MAX_CHAIN, NotVerified, SessionId, TenantId,
    Timestamp,
};

use super::overhear::overhear;
use super::{done, hides, holds, is_code, same};
use crate::fixtures::NOW;

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forgery {
    /// One byte of the signature is another.
    Signature,
    /// The claims were changed after signing.
    Claims,
    /// Signed with a key that the issuer does not publish, under its own key id.
    ForeignKey,
    /// Signed with a key that the issuer does not publish, under the id of one that it does.
    ForeignKeyUnderKnownId,
    /// `alg` is `none`, and there is no signature.
    Unsigned,
    /// `alg` is `HS256`, keyed with the issuer's public key.
    SymmetricWithPublicKey,
    /// By another issuer.
    Issuer,
    /// The issuer but for one character: a trailing slash, a suffix.
    AlmostTheIssuer,
    /// For another audience.
    Audience,
    /// Without an audience.
    NoAudience,
    /// Without an expiry.
    NoExpiry,
    /// Without a subject.
    NoSubject,
    /// With a subject that is empty or no text.
    BadSubject,
    /// Without anything that names an agent.
    NoAgent,
    /// An ID token of the same issuer.
    IdToken,
}

impl Forgery {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Signature,
        Self::Claims,
        Self::ForeignKey,
        Self::ForeignKeyUnderKnownId,
        Self::Unsigned,
        Self::SymmetricWithPublicKey,
        Self::Issuer,
        Self::AlmostTheIssuer,
        Self::Audience,
        Self::NoAudience,
        Self::NoExpiry,
        Self::NoSubject,
        Self::BadSubject,
        Self::NoAgent,
        Self::IdToken,
    ];
}

/// A token to be made: everything that is not said is as in an honest token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// `sub`.
    pub user: &'static str,
    /// `azp`, the client.
    pub client: &'static str,
    /// `act`, outermost first; left out if empty.
    pub act: Vec<String>,
    /// `iat`.
    pub issued: Timestamp,
    /// `exp`.
    pub expires: Timestamp,
    /// What is wrong with it.
    pub forgery: Option<Forgery>,
}

impl Claims {
    fn honest() -> Self {
        Self {
            user: "auth0|u1",
            client: "planner",
            act: Vec::new(),
            issued: NOW.plus_seconds(-10),
            expires: NOW.plus_seconds(3_600),
            forgery: None,
        }
    }

    fn acting(agents: &[&str]) -> Self {
        Self { act: agents.iter().map(|agent| (*agent).to_owned()).collect(), ..Self::honest() }
    }
}

/// The verifier under test, and the issuer that it believes.
#[async_trait]
pub trait Identity: Sync {
    /// A verifier.
    async fn verifier(&self) -> Arc<dyn CallerVerifier>;

    /// A token of these claims.
    async fn token(&self, claims: &Claims) -> String;

    /// The tenant of every caller.
    fn tenant(&self) -> TenantId;
}

/// Runs every clause.
pub async fn all(identity: &dyn Identity) {
    names_the_caller(identity).await;
    prefers_the_acting_agent(identity).await;
    compares_the_times(identity).await;
    believes_no_forgery(identity).await;
    believes_nothing_that_is_no_token(identity).await;
    says_nothing_of_tokens(identity).await;
}

async fn verify(
    verifier: &dyn CallerVerifier,
    token: &str,
    session: &str,
    now: Timestamp,
) -> Result<Caller, NotVerified> {
    let session = done("the suite's session is valid", SessionId::new(session));
    verifier.verify(&AccessToken::new(token.to_owned()), session, now).await
}

/// The user is the `sub`, the agent the `azp`, the tenant that of the configuration, and the session
/// the one that was given.
pub async fn names_the_caller(identity: &dyn Identity) {
    let clause = "CallerVerifier: the caller is the one whom the token names";
    let verifier = identity.verifier().await;
    for user in ["auth0|u1", "google-oauth2|108", "é"] {
        for client in ["planner", "cli_ABC-123"] {
            let claims = Claims { user, client, ..Claims::honest() };
            let token = identity.token(&claims).await;
            for session in ["s-1", "s-2"] {
                let caller = done(clause, verify(verifier.as_ref(), &token, session, NOW).await);
                same(clause, caller.user().as_str(), user);
                same(clause, caller.agent().as_str(), client);
                same(clause, caller.session().as_str(), session);
                same(clause, caller.tenant(), &identity.tenant());
                same(clause, caller.chain().len(), 0);
            }
        }
    }
}

/// Where there is an `act` claim the agent is its outermost `sub`, and the inner ones are the chain,
/// in order; a longer chain than [`MAX_CHAIN`] is refused.
pub async fn prefers_the_acting_agent(identity: &dyn Identity) {
    let clause = "CallerVerifier: the agent is the outermost act.sub, the chain the inner ones";
    let verifier = identity.verifier().await;
    for agents in [&["mailer"][..], &["mailer", "planner"], &["a", "b", "c", "d", "e"]] {
        let token = identity.token(&Claims::acting(agents)).await;
        let caller = done(clause, verify(verifier.as_ref(), &token, "s-1", NOW).await);
        same(clause, Some(caller.agent().as_str()), agents.first().copied());
        let chain: Vec<&str> = caller.chain().iter().map(AgentId::as_str).collect();
        same(clause, Some(chain.as_slice()), agents.get(1..));
    }
    let long: Vec<String> = (0..MAX_CHAIN + 2).map(|n| format!("agent-{n}")).collect();
    let claims = Claims { act: long, ..Claims::honest() };
    let seen = verify(verifier.as_ref(), &identity.token(&claims).await, "s-1", NOW).await;
    holds(
        "CallerVerifier: a chain that is too long is refused",
        seen.is_err(),
        format!("{seen:?}"),
    );
}

/// An expired token is refused from the second of its expiry on, and one from the future too.
pub async fn compares_the_times(identity: &dyn Identity) {
    let clause = "CallerVerifier: an expired or future token is refused";
    let verifier = identity.verifier().await;
    let token = identity.token(&Claims::honest()).await;
    let valid = "CallerVerifier: a token is good until it expires";
    done(valid, verify(verifier.as_ref(), &token, "s-1", NOW.plus_seconds(3_590)).await);
    for (issued, expires) in [(-3_600, -1), (-3_600, 0), (3_600, 7_200), (-10, -3_600)] {
        let (issued, expires) = (NOW.plus_seconds(issued), NOW.plus_seconds(expires));
        let claims = Claims { issued, expires, ..Claims::honest() };
        let token = identity.token(&claims).await;
        let seen = verify(verifier.as_ref(), &token, "s-1", NOW).await;
        same(clause, (issued, expires, seen.err()), (issued, expires, Some(NotVerified::Time)));
    }
    let early = verify(verifier.as_ref(), &token, "s-1", NOW.plus_seconds(3_600)).await;
    same(clause, early.err(), Some(NotVerified::Time));
}

/// Every forgery is refused, each with a stable code, whatever was verified before.
pub async fn believes_no_forgery(identity: &dyn Identity) {
    let clause = "CallerVerifier: a token that was not verified names nobody";
    for forgery in Forgery::ALL {
        let claims = Claims { forgery: Some(forgery), ..Claims::honest() };
        let forged = identity.token(&claims).await;
        let honest = identity.token(&Claims::honest()).await;
        let verifier = identity.verifier().await;
        for _ in 0..2 {
            match verify(verifier.as_ref(), &forged, "s-1", NOW).await {
                Ok(caller) => holds(clause, false, format!("{forgery:?}: {caller:?}")),
                Err(error) => holds(clause, is_code(error.code()), error.code()),
            }
            // With its keys fetched and an honest token seen, it is not more trusting.
            done(
                "CallerVerifier: an honest token is believed",
                verify(verifier.as_ref(), &honest, "s-1", NOW).await,
            );
        }
    }
}

/// Texts that are no tokens, and tokens that were cut or added to, are refused.
pub async fn believes_nothing_that_is_no_token(identity: &dyn Identity) {
    let clause = "CallerVerifier: what is no token names nobody";
    let verifier = identity.verifier().await;
    let honest = identity.token(&Claims::honest()).await;
    let (signed, signature) = honest.rsplit_once('.').unwrap_or_default();
    let (header, claims) = signed.split_once('.').unwrap_or_default();
    let texts = [
        String::new(),
        "opaque-token".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        "a.b.c.d.e".to_owned(),
        signed.to_owned(),
        format!("{signed}."),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{honest}."),
        format!("{honest}.{signature}"),
        format!("{honest} "),
        format!(" {honest}"),
        format!("Bearer {honest}"),
        format!("{honest}="),
        format!("{header}.{claims}\n.{signature}"),
        format!("{honest}{honest}"),
        "x".repeat(10_000_000),
        format!("{}.{claims}.{signature}", "e30"),
    ];
    for text in texts {
        let seen = verify(verifier.as_ref(), &text, "s-1", NOW).await;
        holds(clause, seen.is_err(), format!("{} bytes: {text:.40}", text.len()));
    }
    done(
        "CallerVerifier: an honest token is believed",
        verify(verifier.as_ref(), &honest, "s-1", NOW).await,
    );
}

/// No token is printed, returned in an error or logged.
pub async fn says_nothing_of_tokens(identity: &dyn Identity) {
    let clause = "CallerVerifier: no token is printed, returned in an error or logged";
    let verifier = identity.verifier().await;
    let mut tokens = vec![identity.token(&Claims::honest()).await];
    for forgery in [Forgery::Signature, Forgery::Issuer, Forgery::ForeignKey] {
        tokens.push(identity.token(&Claims { forgery: Some(forgery), ..Claims::honest() }).await);
    }
    let secrets: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let (told, heard) = overhear(async {
        let mut told = Vec::new();
        for token in &tokens {
            let seen = verify(verifier.as_ref(), token, "s-1", NOW).await;
            let error = seen.as_ref().err().map(ToString::to_string);
            told.push(format!("{seen:?} {error:?} {verifier:?} {verifier:#?}"));
        }
        told.concat()
    })
    .await;
    hides(clause, &told, &secrets);
    hides(clause, &heard, &secrets);
}
