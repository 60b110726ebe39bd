//! Puts a [`TokenVault`] together.

use std::collections::HashSet;
use std::sync::Arc;

use countersign_core::{Backchannel, Clock, Connection, SubjectCredentials};

use crate::config::{ConfigError, TokenVaultConfig};
use crate::scope::ScopePolicy;
use crate::vault::TokenVault;

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) scope_policy: ScopePolicy,
    pub(crate) send_scopes: bool,
    pub(crate) not_reported: HashSet<Connection>,
    pub(crate) reuse_for: i64,
    pub(crate) capacity: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scope_policy: ScopePolicy::Record,
            send_scopes: false,
            not_reported: HashSet::new(),
            reuse_for: 3_600,
            capacity: 10_000,
        }
    }
}

/// Puts a [`TokenVault`] together. Everything that is checked is checked by
/// [`TokenVaultBuilder::build`].
#[derive(Debug)]
#[must_use = "nothing is made before `build`"]
pub struct TokenVaultBuilder {
    config: Result<TokenVaultConfig, ConfigError>,
    options: Options,
    backchannel: Option<Arc<dyn Backchannel>>,
    subjects: Option<Arc<dyn SubjectCredentials>>,
    clock: Option<Arc<dyn Clock>>,
}

impl TokenVaultBuilder {
    pub(crate) fn new(config: Result<TokenVaultConfig, ConfigError>) -> Self {
        let options = Options::default();
        Self { config, options, backchannel: None, subjects: None, clock: None }
    }

    /// The way to the tenant. Required.
    pub fn backchannel(mut self, backchannel: Arc<dyn Backchannel>) -> Self {
        self.backchannel = Some(backchannel);
        self
    }

    /// The users' own tokens. Required.
    pub fn subjects(mut self, subjects: Arc<dyn SubjectCredentials>) -> Self {
        self.subjects = Some(subjects);
        self
    }

    /// The time. Required.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// What to do with a token that can do more than was asked for; [`ScopePolicy::Record`] unless
    /// set.
    pub fn scope_policy(mut self, policy: ScopePolicy) -> Self {
        self.options.scope_policy = policy;
        self
    }

    /// Sends the scopes with the exchange, so that Auth0 narrows the token where the provider can.
    /// Early Access at Auth0: off unless set. Where the provider cannot narrow, the exchange fails.
    pub fn send_scopes(mut self) -> Self {
        self.options.send_scopes = true;
        self
    }

    /// Accepts that a connection says nothing about scopes (GitHub Apps have none). The bearer's
    /// list of scopes is then empty, and what the token can do is settled at the provider alone. On
    /// every other connection silence is
    /// [`ScopeMissing`](countersign_core::TokenError::ScopeMissing).
    pub fn scopes_not_reported(mut self, connection: Connection) -> Self {
        self.options.not_reported.insert(connection);
        self
    }

    /// Longest time that one token is handed out again, in seconds: an hour unless set. Zero
    /// exchanges every time. An account that is disconnected at Auth0 without
    /// [`TokenVault::forget`] stays usable for so long.
    pub fn reuse_for(mut self, seconds: u32) -> Self {
        self.options.reuse_for = i64::from(seconds);
        self
    }

    /// Most tokens held and exchanges under way at a time: 10,000 unless set. When it is full the
    /// token that ends soonest goes.
    pub fn capacity(mut self, entries: usize) -> Self {
        self.options.capacity = entries;
        self
    }

    /// Makes the vault.
    ///
    /// # Errors
    /// [`ConfigError`]: a malformed host, id or secret, a port that was not given, or no capacity.
    pub fn build(self) -> Result<TokenVault, ConfigError> {
        let config = self.config?;
        if self.options.capacity == 0 {
            return Err(ConfigError::Invalid { name: "capacity", rule: "at least 1" });
        }
        let backchannel = self.backchannel.ok_or(ConfigError::Missing("the back channel"))?;
        let subjects = self.subjects.ok_or(ConfigError::Missing("the store of users' tokens"))?;
        let clock = self.clock.ok_or(ConfigError::Missing("the clock"))?;
        Ok(TokenVault::assemble(config, self.options, backchannel, subjects, clock))
    }
}
