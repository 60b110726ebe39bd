//! The peers, each used as its documentation shows.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bench_work::world::Bare;
use biscuit_auth::builder::{AuthorizerBuilder, BiscuitBuilder, Term, string};
use biscuit_auth::{AuthorizerLimits, Biscuit, KeyPair};
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use pasetors::claims::{Claims as PasetoClaims, ClaimsValidationRules};
use pasetors::keys::{AsymmetricKeyPair, Generate as _};
use pasetors::token::UntrustedToken;
use pasetors::version4::V4;
use pasetors::{Public, public};
use serde::{Deserialize, Serialize};
use tenuo::{Authorizer, Constraint, ConstraintSet, ConstraintValue, Exact, Warrant, wire};

use crate::{Kind, Said, sha256};

const ISSUER: &str = "https://countersign.example/issuer";
const GATE: &str = "https://countersign.example/gate";
const USER: &str = "auth0|5f7c8ec7c33c6c004bbafe82";
const TOOL: &str = "gmail_send_message";
const LIFETIME: Duration = Duration::from_secs(300);

type Named = (&'static str, &'static str, Box<dyn Kind>);

pub(crate) fn all() -> Vec<Named> {
    vec![
        (
            "jsonwebtoken 12 EdDSA",
            "not verify_strict; no payload, no replay, no caller or tool",
            Box::new(Jwt::new()),
        ),
        (
            "pasetors v4.public",
            "by ed25519-compact; no payload, no replay, no caller or tool",
            Box::new(Paseto::new()),
        ),
        (
            "biscuit-auth verify + authorize",
            "compares tool and digests in Datalog; no replay",
            Box::new(Biscuits(KeyPair::new())),
        ),
        (
            "tenuo verify + authorize",
            "two signatures: the warrant's and the holder's over the arguments; no body, no replay",
            Box::new(Tenuo::new()),
        ),
    ]
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

#[derive(Debug, Serialize, Deserialize)]
struct JwtClaims {
    iss: String,
    aud: String,
    sub: String,
    jti: String,
    iat: u64,
    nbf: u64,
    exp: u64,
    tool: String,
    arguments: String,
    body: String,
}

struct Jwt {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Jwt {
    fn new() -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let document = key.to_pkcs8_der().expect("a key");
        let mut validation = Validation::new(jsonwebtoken::Algorithm::EdDSA);
        validation.set_audience(&[GATE]);
        validation.set_issuer(&[ISSUER]);
        validation.validate_nbf = true;
        Self {
            encoding: EncodingKey::from_ed_der(document.as_bytes()),
            decoding: DecodingKey::from_ed_der(key.verifying_key().as_bytes()),
            validation,
        }
    }
}

impl Kind for Jwt {
    fn issue(&self, id: &str, payload: &Bare) -> Vec<u8> {
        let now = seconds();
        let claims = JwtClaims {
            iss: ISSUER.to_owned(),
            aud: GATE.to_owned(),
            sub: USER.to_owned(),
            jti: id.to_owned(),
            iat: now,
            nbf: now,
            exp: now + LIFETIME.as_secs(),
            tool: TOOL.to_owned(),
            arguments: sha256(&payload.arguments),
            body: sha256(&payload.body),
        };
        let header = Header::new(jsonwebtoken::Algorithm::EdDSA);
        jsonwebtoken::encode(&header, &claims, &self.encoding).expect("signed").into_bytes()
    }

    fn verify(&self, token: &[u8], _: Option<&Said>) -> Said {
        let token = jsonwebtoken::decode::<JwtClaims>(token, &self.decoding, &self.validation);
        let JwtClaims { jti: id, arguments, body, .. } = token.expect("a good token").claims;
        Said { id, arguments, body }
    }
}

struct Paseto {
    keys: AsymmetricKeyPair<V4>,
    rules: ClaimsValidationRules,
}

impl Paseto {
    fn new() -> Self {
        let mut rules = ClaimsValidationRules::new();
        rules.validate_issuer_with(ISSUER);
        rules.validate_audience_with(GATE);
        Self { keys: AsymmetricKeyPair::generate().expect("a key"), rules }
    }
}

impl Kind for Paseto {
    fn issue(&self, id: &str, payload: &Bare) -> Vec<u8> {
        let mut claims = PasetoClaims::new_expires_in(&LIFETIME).expect("claims");
        let mut add = |name: &str, text: &str| {
            claims.add_additional(name, text).expect("a claim");
        };
        add("tool", TOOL);
        add("arguments", &sha256(&payload.arguments));
        add("body", &sha256(&payload.body));
        claims.issuer(ISSUER).expect("a claim");
        claims.audience(GATE).expect("a claim");
        claims.subject(USER).expect("a claim");
        claims.token_identifier(id).expect("a claim");
        public::sign(&self.keys.secret, &claims, None, None).expect("signed").into_bytes()
    }

    fn verify(&self, token: &[u8], _: Option<&Said>) -> Said {
        let text = std::str::from_utf8(token).expect("text");
        let token = UntrustedToken::<Public, V4>::try_from(text).expect("a token");
        let token = public::verify(&self.keys.public, &token, &self.rules, None, None);
        let token = token.expect("a good token");
        let claims = token.payload_claims().expect("claims");
        let text = |name: &str| {
            let value = claims.get_claim(name).and_then(serde_json::Value::as_str);
            value.expect("a text").to_owned()
        };
        Said { id: text("jti"), arguments: text("arguments"), body: text("body") }
    }
}

struct Biscuits(KeyPair);

impl Kind for Biscuits {
    fn issue(&self, id: &str, payload: &Bare) -> Vec<u8> {
        let until = i64::try_from(seconds() + LIFETIME.as_secs()).expect("a time");
        let terms: HashMap<String, Term> = [
            ("id".to_owned(), string(id)),
            ("tool".to_owned(), string(TOOL)),
            ("arguments".to_owned(), string(&sha256(&payload.arguments))),
            ("body".to_owned(), string(&sha256(&payload.body))),
            ("until".to_owned(), Term::Date(until.unsigned_abs())),
        ]
        .into();
        let code = "ticket({id}, {tool}, {arguments}, {body}); check if time($t), $t < {until};";
        let builder = BiscuitBuilder::new();
        let builder = builder.code_with_params(code, terms, HashMap::new()).expect("Datalog");
        builder.build(&self.0).expect("signed").to_vec().expect("bytes")
    }

    fn verify(&self, token: &[u8], call: Option<&Said>) -> Said {
        let call = call.expect("a call to decide about");
        let token = Biscuit::from(token, self.0.public()).expect("a good token");
        let terms: HashMap<String, Term> = [
            ("tool".to_owned(), string(TOOL)),
            ("arguments".to_owned(), string(&call.arguments)),
            ("body".to_owned(), string(&call.body)),
        ]
        .into();
        let code = "call({tool}, {arguments}, {body}); \
                    allow if call($t, $a, $b), ticket($id, $t, $a, $b);";
        // The default of one millisecond of wall clock refuses whenever the thread is preempted.
        let limits = AuthorizerLimits { max_time: Duration::from_secs(1), ..Default::default() };
        let mut authorizer = AuthorizerBuilder::new()
            .code_with_params(code, terms, HashMap::new())
            .expect("Datalog")
            .time()
            .set_limits(limits)
            .build(&token)
            .expect("an authorizer");
        authorizer.authorize().expect("allowed");
        // The id is read from the token's revocation identifier, which is unique too.
        let id = token.revocation_identifiers().first().map(|id| crate::hex(id));
        Said { id: id.expect("an identifier"), ..call.clone() }
    }
}

struct Tenuo {
    root: tenuo::SigningKey,
    holder: tenuo::SigningKey,
    authorizer: Authorizer,
}

impl Tenuo {
    fn new() -> Self {
        let (root, holder) = (tenuo::SigningKey::generate(), tenuo::SigningKey::generate());
        let mut authorizer = Authorizer::new();
        authorizer.add_trusted_root(root.public_key());
        Self { root, holder, authorizer }
    }

    fn arguments(arguments: &str, body: &str) -> HashMap<String, ConstraintValue> {
        [("arguments", arguments), ("body", body)]
            .map(|(name, text)| (name.to_owned(), ConstraintValue::String(text.to_owned())))
            .into()
    }
}

/// Between a warrant and the holder's signature of a call.
const SIGNATURE: usize = 64;

impl Kind for Tenuo {
    fn issue(&self, _: &str, payload: &Bare) -> Vec<u8> {
        let (arguments, body) = (sha256(&payload.arguments), sha256(&payload.body));
        let mut constraints = ConstraintSet::new();
        for (name, text) in [("arguments", &arguments), ("body", &body)] {
            constraints.insert(name, Constraint::Exact(Exact::new(text.clone())));
        }
        let warrant = Warrant::builder()
            .capability(TOOL, constraints)
            .holder(self.holder.public_key())
            .ttl(LIFETIME)
            .build(&self.root)
            .expect("a warrant");
        let call = Self::arguments(&arguments, &body);
        let proof = warrant.sign(&self.holder, TOOL, &call).expect("signed");
        let mut token = proof.to_bytes().to_vec();
        token.extend(wire::encode(&warrant).expect("bytes"));
        token
    }

    fn verify(&self, token: &[u8], call: Option<&Said>) -> Said {
        let call = call.expect("a call to decide about");
        let (proof, warrant) = token.split_at(SIGNATURE);
        let proof = tenuo::Signature::from_bytes(proof.try_into().expect("64 bytes"));
        let proof = proof.expect("a signature");
        let warrant: Warrant = wire::decode(warrant).expect("a warrant");
        let arguments = Self::arguments(&call.arguments, &call.body);
        let allowed = self.authorizer.authorize_one(&warrant, TOOL, &arguments, Some(&proof), &[]);
        allowed.expect("allowed");
        Said { id: warrant.id().to_string(), ..call.clone() }
    }
}
