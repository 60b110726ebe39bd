//! An identity provider in memory, and admitted calls.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use async_trait::async_trait;
use countersign_core::{
    Account, Admitted, AgentId, Answer, Backchannel, BackchannelError, BackchannelRequest, Bearer,
    Caller, ClientSecret, Clock, Connection, Digest, EffectId, Jti, MemorySubjects, Method,
    Prepared, RefreshToken, Scope, Selector, SessionId, Step, SubjectCredentials as _,
    SubjectToken, TenantId, Tier, Timestamp, TokenError, TokenSource as _, ToolName, UserId, canon,
};
use countersign_ticket::{Assessed, Gate, Issuer, KeyRing, MemoryGuard, SigningKey, Terms};
use countersign_vault::{TokenVault, TokenVaultBuilder};
use pollster::FutureExt as _;

pub(crate) const NOW: i64 = 1_790_000_000;
pub(crate) const DOMAIN: &str = "acme.eu.auth0.com";
pub(crate) const FEDERATED: &str =
    "http://auth0.com/oauth/token-type/federated-connection-access-token";
/// Marked, so that they can be looked for in everything that prints.
pub(crate) const SECRET: &str = "CANARY-client-secret-0123456789";
pub(crate) const SUBJECT: &str = "v1.CANARY-subject-refresh-token";

/// One request, as it arrived.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) form: Vec<(String, String)>,
}

impl Seen {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

type Reply = Result<Answer, BackchannelError>;
type Responder = Box<dyn FnMut(&Seen) -> Reply + Send>;

/// Answers from a queue or a function, records requests, and can be held up.
pub(crate) struct Provider {
    respond: Mutex<Responder>,
    seen: Mutex<Vec<Seen>>,
    open: AtomicBool,
    waiting: Mutex<Vec<Waker>>,
}

impl core::fmt::Debug for Provider {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Provider")
    }
}

impl Provider {
    pub(crate) fn new(respond: impl FnMut(&Seen) -> Reply + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            respond: Mutex::new(Box::new(respond)),
            seen: Mutex::default(),
            open: AtomicBool::new(true),
            waiting: Mutex::default(),
        })
    }

    pub(crate) fn queue(answers: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        let mut answers: VecDeque<_> = answers.into_iter().collect();
        Self::new(move |seen| {
            answers.pop_front().unwrap_or_else(|| panic!("no answer left for {}", seen.url))
        })
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// Holds answers back until [`Provider::release`].
    pub(crate) fn hold(&self) {
        self.open.store(false, Ordering::SeqCst);
    }

    pub(crate) fn release(&self) {
        self.open.store(true, Ordering::SeqCst);
        self.waiting.lock().unwrap().drain(..).for_each(Waker::wake);
    }
}

#[async_trait]
impl Backchannel for Provider {
    async fn send(&self, request: BackchannelRequest) -> Reply {
        let headers = request.headers.iter();
        let seen = Seen {
            method: request.method,
            url: request.url.clone(),
            headers: headers.map(|(n, v)| ((*n).to_owned(), v.to_string())).collect(),
            form: decode(std::str::from_utf8(&request.body).unwrap()),
        };
        self.seen.lock().unwrap().push(seen.clone());
        poll_fn(|context| {
            // Registered first, so that a release in between is not missed.
            self.waiting.lock().unwrap().push(context.waker().clone());
            if self.open.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        (self.respond.lock().unwrap())(&seen)
    }
}

fn decode(form: &str) -> Vec<(String, String)> {
    let unescape = |text: &str| {
        let (mut out, mut bytes) = (Vec::new(), text.bytes());
        while let Some(byte) = bytes.next() {
            out.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let pair = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap()
                }
                plain => plain,
            });
        }
        String::from_utf8(out).unwrap()
    };
    let pairs = form.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|p| p.split_once('=').unwrap()).map(|(n, v)| (unescape(n), unescape(v))).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a back channel returns")]
pub(crate) fn json(status: u16, body: &str) -> Reply {
    Ok(Answer::new(status, Vec::new(), body.as_bytes().to_vec()))
}

/// The answer to a successful exchange.
pub(crate) fn token(token: &str, expires_in: i64, scope: &str) -> Reply {
    json(
        200,
        &format!(
            r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{expires_in},"scope":"{scope}","issued_token_type":"{FEDERATED}"}}"#
        ),
    )
}

#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) fn caller(tenant: &str, user: &str) -> Caller {
    Caller::dangerous_assert(
        TenantId::new(tenant).unwrap(),
        UserId::new(user).unwrap(),
        AgentId::new("planner").unwrap(),
        SessionId::new("s-1").unwrap(),
    )
}

pub(crate) fn me() -> Caller {
    caller("acme", "auth0|u1")
}

pub(crate) fn selector(scopes: &[&str]) -> Selector {
    on("google-oauth2", scopes)
}

pub(crate) fn on(connection: &str, scopes: &[&str]) -> Selector {
    let scopes = scopes.iter().map(|s| Scope::new(s).unwrap()).collect();
    Selector::new(Connection::new(connection).unwrap(), scopes)
}

pub(crate) fn account(selector: Selector, account: &str) -> Selector {
    selector.with_account(Account::new(account).unwrap())
}

/// A vault with its surroundings.
pub(crate) struct Rig {
    pub(crate) vault: TokenVault,
    pub(crate) provider: Arc<Provider>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) subjects: Arc<MemorySubjects>,
}

impl Rig {
    pub(crate) fn new(provider: Arc<Provider>) -> Self {
        Self::with(provider, |builder| builder)
    }

    pub(crate) fn with(
        provider: Arc<Provider>,
        configure: impl FnOnce(TokenVaultBuilder) -> TokenVaultBuilder,
    ) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(NOW)));
        let subjects = Arc::new(MemorySubjects::default());
        let builder = TokenVault::builder(DOMAIN, "cli_1", ClientSecret::new(SECRET.to_owned()))
            .backchannel(Arc::clone(&provider) as Arc<dyn Backchannel>)
            .subjects(Arc::clone(&subjects) as Arc<_>)
            .clock(Arc::clone(&clock) as Arc<dyn Clock>);
        let rig = Self { vault: configure(builder).build().unwrap(), provider, clock, subjects };
        rig.log_in(&me(), SUBJECT);
        rig
    }

    pub(crate) fn log_in(&self, caller: &Caller, refresh: &str) {
        let token = SubjectToken::Refresh(RefreshToken::new(refresh.to_owned()));
        self.subjects.remember(caller, token).block_on().unwrap();
    }

    pub(crate) fn ready(&self, selector: &Selector) -> Result<(), TokenError> {
        self.vault.ready(&me(), selector).block_on()
    }

    /// The token that a call gets, in clear, and its scopes.
    pub(crate) fn bearer(
        &self,
        caller: &Caller,
        selector: &Selector,
    ) -> Result<(String, Vec<String>), TokenError> {
        let mut admitted = admitted(caller, Some(selector));
        let bearer = self.vault.bearer(&admitted).block_on()?;
        Ok(open(&mut admitted, &bearer))
    }
}

pub(crate) fn open(admitted: &mut Admitted, bearer: &Bearer) -> (String, Vec<String>) {
    let step = admitted.next(Timestamp::from_seconds(NOW)).unwrap().unwrap();
    let header = bearer.authorization(&step).unwrap();
    let granted = bearer.granted().iter().map(ToString::to_string).collect();
    (header.strip_prefix("Bearer ").unwrap().to_owned(), granted)
}

/// An effect with this credential, through the whole kernel.
pub(crate) fn admitted(caller: &Caller, selector: Option<&Selector>) -> Admitted {
    let (now, id) = (Timestamp::from_seconds(NOW), EffectId::from_bytes([7; 16]));
    let tool = ToolName::new("calendar_list").unwrap();
    let arguments = canon::canonicalize(b"{}").unwrap();
    let step = Step::new(Method::Get, "https://api.example/events").unwrap();
    let step = if selector.is_some() { step } else { step.without_credential() };
    let prepared =
        Prepared::wire(id, tool.clone(), arguments, selector.cloned(), vec![step]).unwrap();
    let schema = Digest::of(b"schema");
    let terms = Terms {
        schema,
        tier: Tier::C,
        policy: "1".parse().unwrap(),
        epochs: countersign_ticket::Epochs::default(),
        preview: Digest::of(b"preview"),
    };
    let approved = Assessed::new(prepared, caller.clone(), terms).silently().unwrap();
    let key = Arc::new(SigningKey::from_seed(&zeroize::Zeroizing::new([1; 32])));
    let ring = KeyRing::of(key.as_ref());
    let sealed =
        Issuer::new("i", "g", key).issue(approved, Jti::from_random([3; 16]), now).unwrap();
    let guard = Arc::new(MemoryGuard::new(10, now));
    let gate = Gate::new("i", "g", ring, BTreeMap::from([(tool, schema)]), guard);
    gate.admit(sealed, caller, now).block_on().unwrap()
}
