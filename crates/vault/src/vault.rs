//! [`TokenVault`]: a provider's token for one admitted call.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::{
    Admitted, Backchannel, Bearer, Caller, Clock, Connection, Selector, SubjectCredentials,
    Timestamp, TokenError, TokenSource,
};
use futures_util::FutureExt as _;

use crate::builder::{Options, TokenVaultBuilder};
use crate::cache::{Cache, Found, Held, Key, Outcome};
use crate::canary::Canary;
use crate::config::TokenVaultConfig;
use crate::exchange::{self, Subject};
use crate::{answer, failure, scope};

/// How long before its end a token is not handed out again, in seconds: the request has still to be
/// sent, and clocks differ.
const MARGIN: i64 = 30;
/// How long a token whose end is not stated is handed out again, in seconds.
const UNSTATED: i64 = 60;
/// How long past its stated end a token counts as alive, in seconds.
const GRACE: i64 = 300;
/// No stated lifetime is believed beyond this, in seconds (ten years): it keeps sums in range.
const LONGEST: i64 = 315_576_000;

/// Exchanges the user's token at Auth0 for a provider's, by the Token Vault grant.
///
/// Cheap to clone; clones share one cache. See the [crate's documentation](crate) for what the
/// exchange guarantees and what it does not.
#[derive(Debug, Clone)]
pub struct TokenVault(Arc<Inner>);

struct Inner {
    config: TokenVaultConfig,
    options: Options,
    backchannel: Arc<dyn Backchannel>,
    subjects: Arc<dyn SubjectCredentials>,
    clock: Arc<dyn Clock>,
    cache: Cache,
    canary: Canary,
}

impl core::fmt::Debug for Inner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Inner")
            .field("config", &self.config)
            .field("options", &self.options)
            .field("canary", &self.canary)
            .finish_non_exhaustive()
    }
}

impl TokenVault {
    /// A vault with the defaults of [`TokenVaultBuilder`].
    pub fn new(
        config: TokenVaultConfig,
        backchannel: Arc<dyn Backchannel>,
        subjects: Arc<dyn SubjectCredentials>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::assemble(config, Options::default(), backchannel, subjects, clock)
    }

    /// Starts with a tenant's host, the client's id and its secret.
    pub fn builder(
        domain: &str,
        client_id: &str,
        client_secret: countersign_core::ClientSecret,
    ) -> TokenVaultBuilder {
        TokenVaultBuilder::new(TokenVaultConfig::new(domain, client_id, client_secret))
    }

    /// Starts with a configuration, for what [`TokenVault::new`] leaves at its default.
    pub fn configure(config: TokenVaultConfig) -> TokenVaultBuilder {
        TokenVaultBuilder::new(Ok(config))
    }

    pub(crate) fn assemble(
        config: TokenVaultConfig,
        options: Options,
        backchannel: Arc<dyn Backchannel>,
        subjects: Arc<dyn SubjectCredentials>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (cache, canary) = (Cache::new(options.capacity), Canary::default());
        canary.add(config.client_secret.expose(), None, clock.now());
        Self(Arc::new(Inner { config, options, backchannel, subjects, clock, cache, canary }))
    }

    /// Drops every cached token of the caller's user on a connection, whatever the account or scope,
    /// and the result of exchanges under way. Says how many. Part of a revocation: the tokens
    /// themselves live on at the provider, and stay [recognised](TokenSource::recognises).
    pub fn forget(&self, caller: &Caller, connection: &Connection) -> usize {
        self.0.cache.forget(|key| {
            key.tenant == *caller.tenant()
                && key.user == *caller.user()
                && key.connection == *connection
        })
    }

    /// As [`TokenVault::forget`], on all connections: when a user is frozen or logs out.
    pub fn forget_user(&self, caller: &Caller) -> usize {
        let whose = |key: &Key| key.tenant == *caller.tenant() && key.user == *caller.user();
        self.0.cache.forget(whose)
    }

    async fn obtain(&self, caller: &Caller, selector: &Selector) -> Outcome {
        let inner = &self.0;
        // Asked every time: whoever has logged out gets nothing out of the cache either.
        let subject = inner.subjects.subject(caller).await?;
        let now = inner.clock.now();
        let subject = Subject::check(subject, caller, now)?;
        inner.canary.add(subject.expose(), subject.dies, now);
        let key = Key::new(caller, selector, subject.kind);
        let found = inner.cache.enter(&key, now, |number| {
            let (inner, key) = (Arc::clone(inner), key.clone());
            let flight = async move {
                let outcome = inner.exchange(&key, subject).await;
                let code = outcome.as_ref().map_or_else(TokenError::code, |_| "ok");
                tracing::debug!(connection = %key.connection, outcome = code, "token exchange");
                inner.cache.settle(&key, number, outcome.map(Arc::new), inner.clock.now())
            };
            flight.boxed().shared()
        })?;
        match found {
            Found::Held(held) => Ok(held),
            Found::Flying(flight) => flight.await,
        }
    }
}

impl Inner {
    /// One exchange, tried once. It could be repeated without harm, but whoever asks knows better
    /// than this place how long the user can wait, and how much of the rate limit is left.
    async fn exchange(&self, key: &Key, subject: Subject) -> Result<Held, TokenError> {
        let request = exchange::request(&self.config, key, &subject, self.options.send_scopes);
        // Lifetimes count from before the request, which errs on the safe side.
        let from = self.clock.now();
        let answer = self.backchannel.send(request).await.map_err(failure::unanswered)?;
        if answer.status != 200 {
            return Err(failure::classify(answer, self.clock.now()));
        }
        let issued = answer::read(answer)?;
        let lifetime = issued.expires_in.map(|seconds| seconds.min(LONGEST));
        let dies = lifetime.map(|seconds| self.clock.now().plus_seconds(seconds + GRACE));
        self.canary.add(issued.token.expose(), dies, from);
        if issued.token.expose() == subject.expose() {
            // The user's own token must never reach a provider.
            return Err(TokenError::Protocol);
        }
        if lifetime == Some(0) {
            return Err(TokenError::Transient);
        }
        let may_be_silent = self.options.not_reported.contains(&key.connection);
        let policy = self.options.scope_policy;
        let granted = scope::compare(&key.scopes, issued.granted, policy, may_be_silent)?;
        let until = self.reusable_until(from, lifetime);
        Ok(Held { token: issued.token, granted, from, until })
    }

    fn reusable_until(&self, from: Timestamp, lifetime: Option<i64>) -> Timestamp {
        let seconds = lifetime.map_or(UNSTATED, |seconds| seconds - MARGIN);
        from.plus_seconds(seconds.min(self.options.reuse_for))
    }
}

#[async_trait]
impl TokenSource for TokenVault {
    /// Makes the exchange, or finds its result in the cache, and keeps the token for `bearer`.
    async fn ready(&self, caller: &Caller, selector: &Selector) -> Result<(), TokenError> {
        self.obtain(caller, selector).await.map(drop)
    }

    async fn bearer(&self, admitted: &Admitted) -> Result<Bearer, TokenError> {
        let selector = admitted.prepared().credential();
        let selector =
            selector.ok_or(TokenError::Misconfigured("the admitted effect uses no credential"))?;
        let held = self.obtain(&admitted.claims().caller, selector).await?;
        Ok(Bearer::new(admitted, held.token.clone(), held.granted.clone()))
    }

    /// Whether a text contains a token that was handed out or is held, a user's token that was
    /// exchanged, or the client's secret: in clear, percent-encoded, or in base64 of either alphabet
    /// at any alignment; whatever is not visible ASCII in between is left out first. Linear in the
    /// text.
    ///
    /// It does not find a part of a token, a token of fewer than eight characters, or one encoded in
    /// another way (hex, reversed, base64 twice, compressed, encrypted). At most 65,536 tokens are
    /// remembered, and none across a restart. It is evidence, never the only barrier.
    fn recognises(&self, text: &str) -> bool {
        self.0.canary.recognises(text, self.0.clock.now())
    }
}
