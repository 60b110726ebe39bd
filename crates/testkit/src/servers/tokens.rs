//! Provider tokens: minted by the authorization server, believed by the provider.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use super::clock::TestTime;
use super::http::lock;
use super::random::Dice;

/// What a provider knows about one of its access tokens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderToken {
    /// Connection it was issued through, such as `google-oauth2`. A provider accepts only its own.
    pub connection: String,
    /// The account at the provider: its e-mail address.
    pub account: String,
    /// Granted scopes.
    pub scopes: BTreeSet<String>,
    /// Unix seconds; invalid from this second on.
    pub expires_at: i64,
    /// Withdrawn before its time.
    pub revoked: bool,
}

/// The table that [`Auth0`](super::Auth0) writes and the providers read. Clones share one table.
#[derive(Clone)]
pub struct TokenTable {
    inner: Arc<Mutex<Inner>>,
    time: TestTime,
}

struct Inner {
    tokens: BTreeMap<String, ProviderToken>,
    /// Every token ever minted, in order; survives `clear`.
    minted: Vec<String>,
    prefix: String,
    dice: Dice,
}

impl fmt::Debug for TokenTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minted = lock(&self.inner).minted.len();
        f.debug_struct("TokenTable").field("minted", &minted).finish_non_exhaustive()
    }
}

impl Default for TokenTable {
    fn default() -> Self {
        Self::new(TestTime::system())
    }
}

impl TokenTable {
    /// An empty table whose tokens expire by this clock.
    pub fn new(time: TestTime) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                tokens: BTreeMap::new(),
                minted: Vec::new(),
                prefix: "ya29.".to_owned(),
                dice: Dice::new(),
            })),
            time,
        }
    }

    /// The clock its tokens expire by.
    pub fn time(&self) -> &TestTime {
        &self.time
    }

    /// Starts every token from now on with `prefix` instead of `ya29.`: a mark that a test can look
    /// for in every log, answer and file.
    pub fn set_prefix(&self, prefix: &str) {
        prefix.clone_into(&mut lock(&self.inner).prefix);
    }

    /// Makes a token: the prefix and 48 random-looking letters and digits.
    pub fn mint<S: Into<String>>(
        &self,
        connection: &str,
        account: &str,
        scopes: impl IntoIterator<Item = S>,
        lifetime_seconds: i64,
    ) -> String {
        let expires_at = self.time.now().saturating_add(lifetime_seconds);
        let mut inner = lock(&self.inner);
        let random = inner.dice.token(48);
        let token = format!("{}{random}", inner.prefix);
        inner.minted.push(token.clone());
        inner.tokens.insert(
            token.clone(),
            ProviderToken {
                connection: connection.to_owned(),
                account: account.to_owned(),
                scopes: scopes.into_iter().map(Into::into).collect(),
                expires_at,
                revoked: false,
            },
        );
        token
    }

    /// The token as stored, valid or not.
    pub fn lookup(&self, token: &str) -> Option<ProviderToken> {
        lock(&self.inner).tokens.get(token).cloned()
    }

    /// The token, if it is known, unexpired and not withdrawn.
    pub fn valid(&self, token: &str) -> Option<ProviderToken> {
        let now = self.time.now();
        self.lookup(token).filter(|found| !found.revoked && found.expires_at > now)
    }

    /// Withdraws one token; false if it is not known.
    pub fn revoke(&self, token: &str) -> bool {
        match lock(&self.inner).tokens.get_mut(token) {
            Some(found) => {
                found.revoked = true;
                true
            }
            None => false,
        }
    }

    /// Withdraws every token of an account, as when its owner removes the app at the provider.
    pub fn revoke_account(&self, connection: &str, account: &str) {
        for token in lock(&self.inner).tokens.values_mut() {
            if token.connection == connection && token.account == account {
                token.revoked = true;
            }
        }
    }

    /// Every token ever minted, in order, also those that [`clear`](Self::clear) removed: a canary
    /// test looks for each of them wherever no token may be.
    pub fn minted(&self) -> Vec<String> {
        lock(&self.inner).minted.clone()
    }

    /// Forgets all tokens (none is valid any more) but not that they were minted.
    pub fn clear(&self) {
        lock(&self.inner).tokens.clear();
    }
}
