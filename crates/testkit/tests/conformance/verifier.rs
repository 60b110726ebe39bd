//! Verifiers of access tokens.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::{
    AccessToken, AgentId, Caller, CallerVerifier, NotVerified, SessionId, TenantId, Timestamp,
    UserId,
};
use countersign_http::HttpBackchannel;
use countersign_testkit::conformance::verifier::{self, Claims, Forgery, Identity};
use countersign_testkit::fixtures::NOW;
use countersign_testkit::servers::{Auth0, SigningKey, TestTime};
use countersign_vault::AccessTokenVerifier;
use serde_json::{Value, json};

use crate::{catches, passes};

const API: &str = "https://api.example";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    BelievesAnySignature,
    BelievesTheAlgorithmNone,
    IgnoresTheIssuer,
    ComparesPrefixesOfTheIssuer,
    IgnoresTheAudience,
    IgnoresTimes,
    NamesTheClientAlways,
    LosesTheChain,
    MixesSessions,
    TakesWhatIsAround,
    LogsTokens,
}

/// Tokens of a tenant, for its verifier or one that has a flaw.
struct Tenant {
    auth0: Auth0,
    flaw: Flaw,
}

impl Tenant {
    async fn start(flaw: Flaw) -> Self {
        let auth0 = Auth0::builder().time(TestTime::fixed(NOW.seconds())).start().await.unwrap();
        Self { auth0, flaw }
    }

    fn real(&self) -> AccessTokenVerifier {
        let domain = self.auth0.domain();
        let channel = HttpBackchannel::builder()
            .origin(&format!("https://{domain}"))
            .dangerous_dial(&domain, self.auth0.addr())
            .build();
        AccessTokenVerifier::builder(&domain, API)
            .backchannel(Arc::new(channel.unwrap()))
            .tenant(self.tenant())
            .build()
            .unwrap()
    }
}

#[async_trait]
impl Identity for Tenant {
    async fn verifier(&self) -> Arc<dyn CallerVerifier> {
        let issuer = self.auth0.issuer();
        match self.flaw {
            Flaw::None => Arc::new(self.real()),
            flaw => Arc::new(Flawed { flaw, issuer, tenant: self.tenant(), real: self.real() }),
        }
    }

    async fn token(&self, claims: &Claims) -> String {
        let token = self.auth0.issue_access_token(claims.user, API);
        let token = token.azp(claims.client).issued_at(claims.issued.seconds());
        let mut token = token.expires_at(claims.expires.seconds());
        let act = claims.act.iter().rev().fold(None, |inner: Option<Value>, agent| {
            Some(match inner {
                Some(inner) => json!({ "sub": agent, "act": inner }),
                None => json!({ "sub": agent }),
            })
        });
        if let Some(act) = act {
            token = token.act(act);
        }
        let Some(forgery) = claims.forgery else { return token.sign().unwrap() };
        let token = match forgery {
            Forgery::Signature => token.with_broken_signature(),
            Forgery::Claims => {
                let honest = token.sign().unwrap();
                let parts: Vec<&str> = honest.split('.').collect();
                let claims = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
                let mut claims: Value = serde_json::from_slice(&claims).unwrap();
                claims["sub"] = json!("auth0|admin");
                let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
                return format!("{}.{claims}.{}", parts[0], parts[2]);
            }
            Forgery::ForeignKey => token.signed_by(SigningKey::Second).kid("test-only-2"),
            Forgery::ForeignKeyUnderKnownId => token.signed_by(SigningKey::Second),
            Forgery::Unsigned => token.alg_none(),
            Forgery::SymmetricWithPublicKey => {
                token.hs256(&self.auth0.public_key_der(SigningKey::First))
            }
            Forgery::Issuer => token.issuer("https://evil.example/"),
            Forgery::AlmostTheIssuer => token.issuer(&format!("{}x", self.auth0.issuer())),
            Forgery::Audience => token.audience("https://other.example"),
            Forgery::NoAudience => token.without("aud"),
            Forgery::NoExpiry => token.without("exp"),
            Forgery::NoSubject => token.without("sub"),
            Forgery::BadSubject => token.claim("sub", json!("")),
            Forgery::NoAgent => token.without("azp"),
            Forgery::IdToken => token.claim("nonce", json!("n-1")).audience(claims.client),
            other => panic!("{other:?} is new"),
        };
        token.sign().unwrap()
    }

    fn tenant(&self) -> TenantId {
        TenantId::new("acme").unwrap()
    }
}

#[test]
fn the_access_token_verifier_conforms() {
    passes(async || verifier::all(&Tenant::start(Flaw::None).await).await);
}

/// Asks the real verifier, and believes a token that it refuses where the flaw says so.
#[derive(Debug)]
struct Flawed {
    flaw: Flaw,
    issuer: String,
    tenant: TenantId,
    real: AccessTokenVerifier,
}

impl Flawed {
    /// What a token says, whether or not it is true.
    fn peek(&self, token: &str, session: &SessionId) -> Option<(Value, Value, Caller)> {
        let parts: Vec<&str> = token.split('.').collect();
        let part = |at: usize| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.get(at)?).ok()?).ok()
        };
        let (header, claims) = (part(0)?, part(1)?);
        let user = UserId::new(claims["sub"].as_str()?).ok()?;
        let agent = AgentId::new(claims["azp"].as_str()?).ok()?;
        let caller = Caller::dangerous_assert(self.tenant.clone(), user, agent, session.clone());
        (parts.len() == 3).then_some((header, claims, caller))
    }
}

#[async_trait]
impl CallerVerifier for Flawed {
    async fn verify(
        &self,
        token: &AccessToken,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Caller, NotVerified> {
        if self.flaw == Flaw::LogsTokens {
            tracing::warn!(token = token.expose(), "verifying");
        }
        let session = match self.flaw {
            Flaw::MixesSessions => SessionId::new("s-1").unwrap(),
            _ => session,
        };
        let text = match self.flaw {
            Flaw::TakesWhatIsAround => token.expose().trim(),
            _ => token.expose(),
        };
        let text = AccessToken::new(text.to_owned());
        let real = self.real.verify(&text, session.clone(), now).await;
        let Some((header, claims, peeked)) = self.peek(token.expose(), &session) else {
            return real;
        };
        let issuer = claims["iss"].as_str().unwrap_or_default();
        match (self.flaw, real) {
            (Flaw::NamesTheClientAlways, Ok(_)) => Ok(peeked),
            (Flaw::LosesTheChain, Ok(real)) => Ok(real.with_chain(Vec::new()).unwrap()),
            (Flaw::BelievesAnySignature, Err(NotVerified::Signature)) => Ok(peeked),
            (Flaw::BelievesTheAlgorithmNone, Err(_)) if header["alg"] == "none" => Ok(peeked),
            (Flaw::IgnoresTheIssuer, Err(NotVerified::NotForUs)) if issuer != self.issuer => {
                Ok(peeked)
            }
            (Flaw::ComparesPrefixesOfTheIssuer, Err(NotVerified::NotForUs))
                if issuer != self.issuer && issuer.starts_with(&self.issuer) =>
            {
                Ok(peeked)
            }
            (Flaw::IgnoresTheAudience, Err(NotVerified::NotForUs)) if claims["aud"] != API => {
                Ok(peeked)
            }
            (Flaw::IgnoresTimes, Err(NotVerified::Time)) => Ok(peeked),
            (_, real) => real,
        }
    }
}

#[test]
fn a_broken_verifier_is_caught() {
    let forged = "CallerVerifier: a token that was not verified names nobody";
    let agent = "CallerVerifier: the agent is the outermost act.sub, the chain the inner ones";
    let flaws = [
        (Flaw::BelievesAnySignature, forged),
        (Flaw::BelievesTheAlgorithmNone, forged),
        (Flaw::IgnoresTheIssuer, forged),
        (Flaw::ComparesPrefixesOfTheIssuer, forged),
        (Flaw::IgnoresTheAudience, forged),
        (Flaw::IgnoresTimes, "CallerVerifier: an expired or future token is refused"),
        (Flaw::NamesTheClientAlways, agent),
        (Flaw::LosesTheChain, agent),
        (Flaw::MixesSessions, "CallerVerifier: the caller is the one whom the token names"),
        (Flaw::TakesWhatIsAround, "CallerVerifier: what is no token names nobody"),
        (Flaw::LogsTokens, "CallerVerifier: no token is printed, returned in an error or logged"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            verifier::all(&Tenant::start(flaw).await).await;
        });
    }
}
