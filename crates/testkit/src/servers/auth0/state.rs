//! The tenant's memory.

use std::collections::{BTreeMap, BTreeSet};

use super::super::TokenTable;
use super::super::jwt::SigningKey;
use super::super::random::Dice;
use super::limit::{Limiter, RateLimit};
use super::model::{Account, Client, LoginHint, Quirks};

/// Most live refresh tokens of one user and client; the oldest is dropped silently.
pub(super) const MAX_REFRESH_TOKENS: usize = 200;

/// A connected account with the provider token the vault holds for it.
#[derive(Clone, Debug)]
pub(super) struct Connected {
    pub(super) user: String,
    pub(super) account: Account,
    /// Token and the second it expires, until an exchange finds it stale.
    pub(super) stored: Option<(String, i64)>,
}

/// An Auth0 refresh token.
#[derive(Clone, Debug)]
pub(super) struct Refresh {
    pub(super) token: String,
    pub(super) client: String,
    pub(super) user: String,
    pub(super) audience: Option<String>,
    pub(super) scopes: Vec<String>,
    /// All tokens that descend from one login.
    pub(super) family: u64,
    pub(super) parent: Option<String>,
    pub(super) replaced_at: Option<i64>,
    pub(super) live: bool,
}

pub(super) struct State {
    pub(super) domain: String,
    pub(super) issuer: String,
    pub(super) clients: BTreeMap<String, Client>,
    pub(super) connected: Vec<Connected>,
    pub(super) refresh: Vec<Refresh>,
    pub(super) current: SigningKey,
    pub(super) published: Vec<SigningKey>,
    pub(super) inactive: BTreeSet<String>,
    pub(super) mfa: bool,
    pub(super) denial: Option<String>,
    pub(super) quirks: Quirks,
    pub(super) limiter: Limiter,
    pub(super) dice: Dice,
    families: u64,
}

impl State {
    pub(super) fn new(domain: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            issuer: format!("https://{domain}/"),
            clients: BTreeMap::new(),
            connected: Vec::new(),
            refresh: Vec::new(),
            current: SigningKey::First,
            published: vec![SigningKey::First],
            inactive: BTreeSet::new(),
            mfa: false,
            denial: None,
            quirks: Quirks::default(),
            limiter: Limiter::new(RateLimit::default()),
            dice: Dice::new(),
            families: 0,
        }
    }

    /// A refresh token of a new family.
    pub(super) fn log_in(
        &mut self,
        client: &str,
        user: &str,
        audience: Option<&str>,
        scopes: Vec<String>,
    ) -> String {
        self.families = self.families.wrapping_add(1);
        let token = format!("v1.{}", self.dice.token(43));
        self.add_refresh(Refresh {
            token: token.clone(),
            client: client.to_owned(),
            user: user.to_owned(),
            audience: audience.map(str::to_owned),
            scopes,
            family: self.families,
            parent: None,
            replaced_at: None,
            live: true,
        });
        token
    }

    /// Stores a token and drops the oldest ones over the limit.
    pub(super) fn add_refresh(&mut self, new: Refresh) {
        let mut room = MAX_REFRESH_TOKENS.saturating_sub(1);
        for old in self.refresh.iter_mut().rev() {
            if old.live
                && old.replaced_at.is_none()
                && old.client == new.client
                && old.user == new.user
            {
                if room == 0 {
                    old.live = false;
                } else {
                    room = room.saturating_sub(1);
                }
            }
        }
        self.refresh.push(new);
    }

    /// A refresh token that this client may use now, with its position.
    pub(super) fn usable_refresh(&self, token: &str, client: &str) -> Option<(usize, &Refresh)> {
        self.refresh
            .iter()
            .enumerate()
            .find(|(_, found)| found.token == token && found.client == client && found.live)
    }

    pub(super) fn kill_family(&mut self, family: u64) {
        for token in self.refresh.iter_mut().filter(|token| token.family == family) {
            token.live = false;
        }
    }

    /// Position of the account an exchange is for. Without a hint the one connected first; the
    /// documentation does not say which.
    pub(super) fn account(
        &self,
        user: &str,
        connection: &str,
        hint: Option<&str>,
    ) -> Option<usize> {
        if self.inactive.contains(connection) {
            return None;
        }
        self.connected.iter().position(|found| {
            found.user == user
                && found.account.connection == connection
                && hint.is_none_or(|hint| match self.quirks.login_hint {
                    LoginHint::ProviderId => found.account.provider_id == hint,
                    LoginHint::ProviderIdOrEmail => {
                        found.account.provider_id == hint || found.account.email == hint
                    }
                    LoginHint::Ignored => true,
                })
        })
    }
}

impl Connected {
    /// The provider token to hand out: the stored one while it lasts, else a new one. Returns the
    /// token and the seconds it has left.
    pub(super) fn provider_token(
        &mut self,
        tokens: &TokenTable,
        always_refresh: bool,
    ) -> Result<(String, i64), Refused> {
        let now = tokens.time().now();
        if !self.account.offline {
            return Err(Refused::NothingStored);
        }
        if let Some((token, expires_at)) = &self.stored
            && *expires_at > now
            && !always_refresh
        {
            return Ok((token.clone(), expires_at.saturating_sub(now)));
        }
        if self.account.revoked {
            return Err(Refused::ByProvider);
        }
        let account = &self.account;
        let token =
            tokens.mint(&account.connection, &account.email, &account.scopes, account.lifetime);
        self.stored = Some((token.clone(), now.saturating_add(account.lifetime)));
        Ok((token, account.lifetime))
    }
}

/// Why the vault has no token to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    NothingStored,
    ByProvider,
}
