//! The issuer's keys (RFC 7517), fetched when needed and not more often.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_core::canon::Limits;
use countersign_core::{Backchannel, BackchannelRequest, NotVerified, Timestamp, Value};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use zeroize::Zeroizing;

use crate::answer::object;
use crate::cache::TOLERANCE;
use crate::jwt::{self, Unverified};

/// How long a set of keys is used, in seconds.
const FRESH: i64 = 600;
/// How long after a fetch an unknown `kid` is refused without another one, in seconds: anybody can
/// make up a `kid`.
const COOL_DOWN: i64 = 30;
/// How long after a failed fetch the keys count as unavailable without another one, in seconds.
const PAUSE: i64 = 2;
/// Most keys in a set.
const MAX_KEYS: usize = 32;

const LIMITS: Limits = Limits::DEFAULT.with_max_bytes(256 * 1024).with_max_depth(16);

/// The RSA signing keys of a set.
#[derive(Debug)]
struct KeySet(Vec<(String, RsaPublicKeyComponents<Vec<u8>>)>);

impl KeySet {
    /// Keys of another kind or for another use are left out; what is not a set at all is refused.
    fn read(body: &[u8]) -> Option<Self> {
        let document = object(body, LIMITS)?;
        let keys = document.get("keys")?.as_array()?;
        if keys.len() > MAX_KEYS {
            return None;
        }
        Some(Self(keys.iter().filter_map(Self::key).collect()))
    }

    fn key(value: &Value) -> Option<(String, RsaPublicKeyComponents<Vec<u8>>)> {
        let text = |name| value.get(name).and_then(Value::as_str);
        let unless_other = |name, ours| value.get(name).is_none() || text(name) == Some(ours);
        let rsa = text("kty") == Some("RSA")
            && unless_other("use", "sig")
            && unless_other("alg", "RS256")
            // A private key in a public set is nobody's to trust any more.
            && value.get("d").is_none();
        let number = |name| jwt::decode(text(name)?).ok();
        let (n, e) = (number("n")?, number("e")?);
        rsa.then_some((text("kid")?.to_owned(), RsaPublicKeyComponents { n, e }))
    }

    fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|(id, _)| id == kid)
    }

    /// RSA keys of 2048 to 8192 bits; others never verify.
    fn verifies(&self, token: &Unverified<'_>) -> bool {
        self.0.iter().filter(|(id, _)| *id == token.kid).any(|(_, key)| {
            key.verify(&RSA_PKCS1_2048_8192_SHA256, token.signed, &token.signature).is_ok()
        })
    }
}

type Fetched = Option<Arc<KeySet>>;
type Flight = Shared<BoxFuture<'static, Fetched>>;

#[derive(Debug, Default)]
struct State {
    keys: Option<(Timestamp, Arc<KeySet>)>,
    started: Option<Timestamp>,
    failed: Option<Timestamp>,
    flight: Option<WeakShared<BoxFuture<'static, Fetched>>>,
}

/// The issuer's keys.
#[derive(Debug)]
pub(crate) struct Keys {
    backchannel: Arc<dyn Backchannel>,
    url: String,
    state: Mutex<State>,
}

enum Next {
    Use(Arc<KeySet>),
    Wait(Flight),
    Refuse(NotVerified),
}

impl Keys {
    pub(crate) fn new(backchannel: Arc<dyn Backchannel>, url: String) -> Self {
        Self { backchannel, url, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks a token's signature.
    pub(crate) async fn verify(
        self: &Arc<Self>,
        token: &Unverified<'_>,
        now: Timestamp,
    ) -> Result<(), NotVerified> {
        let keys = match self.next(&token.kid, now) {
            Next::Use(keys) => keys,
            Next::Wait(flight) => flight.await.ok_or(NotVerified::Keys)?,
            Next::Refuse(why) => return Err(why),
        };
        if keys.verifies(token) { Ok(()) } else { Err(NotVerified::Signature) }
    }

    fn next(self: &Arc<Self>, kid: &str, now: Timestamp) -> Next {
        let mut state = self.lock();
        // A clock that was set back tells nothing about an age, so nothing counts as recent then.
        let within = |since: Option<Timestamp>, seconds: i64| {
            since.is_some_and(|t| t <= now.plus_seconds(TOLERANCE) && now < t.plus_seconds(seconds))
        };
        let fresh = state.keys.as_ref().filter(|(at, _)| within(Some(*at), FRESH));
        match fresh {
            Some((_, keys)) if keys.has(kid) => return Next::Use(Arc::clone(keys)),
            Some(_) | None => {}
        }
        let known = fresh.is_some();
        if let Some(flight) = state.flight.as_ref().and_then(WeakShared::upgrade) {
            return Next::Wait(flight);
        }
        if known && within(state.started, COOL_DOWN) {
            return Next::Refuse(NotVerified::Signature);
        }
        if !known && within(state.failed, PAUSE) {
            return Next::Refuse(NotVerified::Keys);
        }
        let this = Arc::clone(self);
        let flight = async move { this.fetch(now).await }.boxed().shared();
        state.started = Some(now);
        state.flight = flight.downgrade();
        Next::Wait(flight)
    }

    async fn fetch(&self, now: Timestamp) -> Fetched {
        let request = BackchannelRequest {
            method: "GET",
            url: self.url.clone(),
            headers: vec![("accept", Zeroizing::new("application/json".to_owned()))],
            body: Zeroizing::new(Vec::new()),
        };
        let answer = self.backchannel.send(request).await.ok().filter(|a| a.status == 200);
        let keys = answer.and_then(|a| KeySet::read(&a.body)).map(Arc::new);
        let mut state = self.lock();
        state.flight = None;
        if let Some(keys) = &keys {
            (state.keys, state.failed) = (Some((now, Arc::clone(keys))), None);
        } else {
            state.failed = Some(now);
            tracing::warn!("the issuer's keys could not be fetched");
        }
        keys
    }
}
