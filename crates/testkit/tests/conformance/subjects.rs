//! Stores of users' tokens.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::{
    AccessToken, Caller, MemorySubjects, RefreshToken, SubjectCredentials, SubjectToken, TokenError,
};
use countersign_testkit::conformance::subjects;

use crate::{catches, lock, passes};

#[test]
fn the_memory_store_conforms() {
    passes(async || subjects::all(Arc::new(MemorySubjects::default())).await);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    IgnoresTenants,
    JoinsNames,
    IgnoresCase,
    KeepsTheFirst,
    ForgetsTheKind,
    IsTheSessions,
    PrintsTokens,
    LogsTokens,
    LogsTheirEnds,
    MixesUpUnderLoad,
}

struct Flawed(Flaw, Mutex<HashMap<String, SubjectToken>>, Mutex<String>);

impl fmt::Debug for Flawed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Flaw::PrintsTokens {
            for token in lock(&self.1).values() {
                if let SubjectToken::Refresh(token) = token {
                    write!(f, "{}", token.expose())?;
                }
            }
        }
        f.write_str("Flawed")
    }
}

impl Flawed {
    fn key(&self, caller: &Caller) -> String {
        let (tenant, user) = (caller.tenant(), caller.user());
        match self.0 {
            Flaw::IgnoresTenants => user.to_string(),
            Flaw::JoinsNames => format!("{tenant}:{user}"),
            Flaw::IgnoresCase => format!("{tenant}\n{user}").to_lowercase(),
            Flaw::IsTheSessions => format!("{tenant}\n{user}\n{}", caller.session()),
            _ => format!("{tenant}\n{user}"),
        }
    }
}

#[async_trait]
impl SubjectCredentials for Flawed {
    async fn subject(&self, caller: &Caller) -> Result<SubjectToken, TokenError> {
        let mut key = self.key(caller);
        if self.0 == Flaw::MixesUpUnderLoad {
            // One field for the request at hand, shared by all.
            *lock(&self.2) = key;
            tokio::task::yield_now().await;
            key = lock(&self.2).clone();
        }
        lock(&self.1).get(&key).cloned().ok_or(TokenError::LoginRequired)
    }

    async fn remember(&self, caller: &Caller, token: SubjectToken) -> Result<(), TokenError> {
        let text = match &token {
            SubjectToken::Refresh(token) => token.expose().to_owned(),
            SubjectToken::Access(token) => token.expose().to_owned(),
            _ => String::new(),
        };
        match self.0 {
            Flaw::LogsTokens => tracing::trace!(token = %text, "kept"),
            Flaw::LogsTheirEnds => {
                let tail = text.get(text.len().saturating_sub(12)..).unwrap_or_default();
                tracing::debug!("kept …{tail}");
            }
            _ => {}
        }
        let token = match (self.0, token) {
            (Flaw::ForgetsTheKind, SubjectToken::Access(token)) => {
                SubjectToken::Refresh(RefreshToken::new(AccessToken::expose(&token).to_owned()))
            }
            (_, token) => token,
        };
        let (key, mut map) = (self.key(caller), lock(&self.1));
        if self.0 == Flaw::KeepsTheFirst {
            map.entry(key).or_insert(token);
        } else {
            map.insert(key, token);
        }
        Ok(())
    }
}

#[test]
fn a_broken_store_is_caught() {
    let store = |flaw| Arc::new(Flawed(flaw, Mutex::default(), Mutex::default()));
    passes(async || subjects::all(store(Flaw::None)).await);
    let others = "SubjectCredentials: nobody gets another user's token";
    let printed = "SubjectCredentials: no token is printed or logged";
    let flaws = [
        (Flaw::IgnoresTenants, others),
        (Flaw::JoinsNames, others),
        (Flaw::IgnoresCase, "SubjectCredentials: a user without a token must log in"),
        (Flaw::KeepsTheFirst, "SubjectCredentials: the newest token of a user"),
        (Flaw::ForgetsTheKind, "SubjectCredentials: the newest token of a user"),
        (Flaw::IsTheSessions, "SubjectCredentials: a token is the user's, in every session"),
        (Flaw::PrintsTokens, printed),
        (Flaw::LogsTokens, printed),
        (Flaw::LogsTheirEnds, printed),
        (Flaw::MixesUpUnderLoad, "SubjectCredentials: nobody gets another user's token, also"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            subjects::all(Arc::new(Flawed(flaw, Mutex::default(), Mutex::default()))).await;
        });
    }
}
