//! Sources of tokens.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::{
    AccessToken, Admitted, Bearer, Caller, ClientSecret, MemorySubjects, RefreshToken, Scope,
    Selector, SubjectCredentials, SubjectToken, TokenError, TokenSource,
};
use countersign_http::HttpBackchannel;
use countersign_testkit::clock::VirtualClock;
use countersign_testkit::conformance::tokens::{self, Accounts};
use countersign_testkit::fixtures::NOW;
use countersign_testkit::servers::auth0::{Client, Downscoping};
use countersign_testkit::servers::{Account, Auth0, TestTime};
use countersign_vault::TokenVault;

use crate::{catches, lock, passes};

/// The vault in front of a tenant. The users of two tenants of ours are two users there.
struct Vault {
    narrows: bool,
    behind: Mutex<Option<(Arc<Auth0>, Arc<MemorySubjects>)>>,
}

#[async_trait]
impl Accounts for Vault {
    async fn fresh(&self) -> Arc<dyn TokenSource> {
        let tenant = Auth0::builder().time(TestTime::fixed(NOW.seconds())).start().await.unwrap();
        tenant.register(Client::new("cli_1", "s3cr3t-of-the-client").token_vault());
        tenant.tune(|quirks| {
            quirks.downscoping =
                if self.narrows { Downscoping::Narrows } else { Downscoping::Ignored };
        });
        let subjects = Arc::new(MemorySubjects::default());
        let domain = tenant.domain();
        let channel = HttpBackchannel::builder()
            .origin(&format!("https://{domain}"))
            .dangerous_dial(&domain, tenant.addr())
            .build();
        let secret = ClientSecret::new("s3cr3t-of-the-client".to_owned());
        let builder = TokenVault::builder(&domain, "cli_1", secret)
            .backchannel(Arc::new(channel.unwrap()))
            .subjects(Arc::clone(&subjects) as Arc<dyn SubjectCredentials>)
            .clock(Arc::new(VirtualClock::starting(NOW)));
        let builder = if self.narrows { builder.send_scopes() } else { builder };
        *lock(&self.behind) = Some((Arc::new(tenant), subjects));
        Arc::new(builder.build().unwrap())
    }

    async fn connect(&self, caller: &Caller, selector: &Selector) {
        let behind = lock(&self.behind).clone();
        let (tenant, subjects) = behind.unwrap();
        let user = format!("{}-{}", caller.user(), caller.tenant());
        let connection = selector.connection().as_str();
        let id = selector.account().map_or("1000".to_owned(), ToString::to_string);
        let mail = format!("{id}@example.com");
        let scopes = selector.scopes().iter().map(ToString::to_string);
        tenant.connect(&user, Account::new(connection, &id, &mail).scopes(scopes));
        let known = subjects.subject(caller).await.is_ok();
        if !known {
            let token = RefreshToken::new(tenant.issue_refresh_token("cli_1", &user));
            subjects.remember(caller, SubjectToken::Refresh(token)).await.unwrap();
        }
    }

    fn narrows(&self) -> bool {
        self.narrows
    }
}

#[test]
fn the_token_vault_conforms() {
    for narrows in [false, true] {
        passes(async move || {
            tokens::all(&Vault { narrows, behind: Mutex::default() }).await;
        });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    IgnoresTenants,
    IgnoresUsers,
    IgnoresConnections,
    IgnoresAccounts,
    IgnoresScopes,
    AlwaysReady,
    NeverReady,
    MixesUpUnderLoad,
    HandsOutForTheFirst,
    GrantsLess,
    RecognisesNothing,
    RecognisesEverything,
    RecognisesInClearAlone,
    PrintsTokens,
    LogsTokens,
    HandsOutWithoutASelector,
    NarrowsNothing,
}

/// What each account was granted.
type Granted = Arc<Mutex<HashMap<String, Vec<Scope>>>>;

/// A source that knows which accounts are connected and makes up a token for each, but for its flaw.
struct Made {
    flaw: Flaw,
    narrows: bool,
    accounts: Granted,
    handed: Mutex<Vec<String>>,
    cache: Mutex<HashMap<String, (String, Vec<Scope>)>>,
    last: Mutex<String>,
    count: AtomicUsize,
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.flaw {
            Flaw::PrintsTokens => write!(f, "{:?}", lock(&self.handed)),
            _ => f.write_str("Made"),
        }
    }
}

fn account(flaw: Flaw, caller: &Caller, selector: &Selector) -> String {
    let part = |ignored, text: String| if flaw == ignored { String::new() } else { text };
    [
        part(Flaw::IgnoresTenants, caller.tenant().to_string()),
        part(Flaw::IgnoresUsers, caller.user().to_string()),
        part(Flaw::IgnoresConnections, selector.connection().to_string()),
        part(Flaw::IgnoresAccounts, format!("{:?}", selector.account())),
    ]
    .join("\n")
}

impl Made {
    async fn obtain(
        &self,
        caller: &Caller,
        selector: &Selector,
    ) -> Result<(String, Vec<Scope>), TokenError> {
        let mut key = account(self.flaw, caller, selector);
        if self.flaw == Flaw::MixesUpUnderLoad {
            *lock(&self.last) = key;
            tokio::task::yield_now().await;
            key = lock(&self.last).clone();
        }
        let granted = lock(&self.accounts).get(&key).cloned().ok_or(TokenError::NotConnected)?;
        let has = |scope: &Scope| granted.contains(scope);
        let enough = selector.scopes().iter().all(has);
        if !enough && self.flaw != Flaw::IgnoresScopes && self.flaw != Flaw::GrantsLess {
            return Err(TokenError::ScopeMissing);
        }
        let granted = match (self.narrows, self.flaw) {
            (true, Flaw::NarrowsNothing) | (false, _) => granted,
            (true, _) => selector.scopes().to_vec(),
        };
        let slot = match self.flaw {
            Flaw::IgnoresScopes => key,
            _ => format!("{key}\n{:?}\n{granted:?}", selector.scopes()),
        };
        let next = self.count.fetch_add(1, Ordering::SeqCst);
        let token =
            || format!("made.{}", countersign_core::Digest::of(format!("{next}").as_bytes()));
        let made = lock(&self.cache).entry(slot).or_insert_with(|| (token(), granted)).clone();
        lock(&self.handed).push(made.0.clone());
        if self.flaw == Flaw::LogsTokens {
            tracing::debug!(token = %made.0, "handed out");
        }
        Ok(made)
    }
}

#[async_trait]
impl TokenSource for Made {
    async fn ready(&self, caller: &Caller, selector: &Selector) -> Result<(), TokenError> {
        match self.flaw {
            Flaw::AlwaysReady => Ok(()),
            Flaw::NeverReady => Err(TokenError::Transient),
            _ => self.obtain(caller, selector).await.map(drop),
        }
    }

    async fn bearer(&self, admitted: &Admitted) -> Result<Bearer, TokenError> {
        let Some(selector) = admitted.prepared().credential() else {
            if self.flaw == Flaw::HandsOutWithoutASelector {
                return Ok(Bearer::new(admitted, AccessToken::new("x".to_owned()), Vec::new()));
            }
            return Err(TokenError::Misconfigured("no selector"));
        };
        let (token, granted) = self.obtain(&admitted.claims().caller, selector).await?;
        if self.flaw == Flaw::HandsOutForTheFirst {
            // A bearer of some other ticket.
            let other =
                countersign_testkit::fixtures::prepared(countersign_testkit::fixtures::note());
            let other = countersign_testkit::fixtures::admit(other).await;
            return Ok(Bearer::new(&other, AccessToken::new(token), granted));
        }
        Ok(Bearer::new(admitted, AccessToken::new(token), granted))
    }

    fn recognises(&self, text: &str) -> bool {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
        let handed = lock(&self.handed);
        match self.flaw {
            Flaw::RecognisesNothing => return false,
            Flaw::RecognisesEverything => return true,
            _ => {}
        }
        let decoded = |phase: usize, url: bool| {
            // Runs of the alphabet, from every place of a group on.
            let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_');
            let runs = text.split(|c: char| !letter(c)).filter_map(move |run| {
                let run = run.get(phase..)?;
                let run = run.get(..run.len() / 4 * 4)?;
                if url {
                    URL_SAFE_NO_PAD.decode(run).ok()
                } else {
                    STANDARD_NO_PAD.decode(run).ok()
                }
            });
            runs.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect::<String>()
        };
        let mut texts = vec![text.to_owned()];
        if self.flaw != Flaw::RecognisesInClearAlone {
            for phase in 0..4 {
                texts.extend([decoded(phase, false), decoded(phase, true)]);
            }
        }
        // The last characters may stand in an incomplete group.
        let known = |text: &String, token: &String| text.contains(&token[..token.len() - 2]);
        handed.iter().any(|token| texts.iter().any(|text| known(text, token)))
    }
}

struct Mades {
    flaw: Flaw,
    narrows: bool,
    accounts: Mutex<Granted>,
}

impl Mades {
    fn new(flaw: Flaw, narrows: bool) -> Self {
        Self { flaw, narrows, accounts: Mutex::default() }
    }
}

#[async_trait]
impl Accounts for Mades {
    async fn fresh(&self) -> Arc<dyn TokenSource> {
        let accounts = Arc::<Mutex<_>>::default();
        *lock(&self.accounts) = Arc::clone(&accounts);
        let (handed, cache) = (Mutex::default(), Mutex::default());
        let (last, count) = (Mutex::default(), AtomicUsize::new(0));
        let (flaw, narrows) = (self.flaw, self.narrows);
        Arc::new(Made { flaw, narrows, accounts, handed, cache, last, count })
    }
    async fn connect(&self, caller: &Caller, selector: &Selector) {
        let accounts = Arc::clone(&lock(&self.accounts));
        let key = account(self.flaw, caller, selector);
        lock(&accounts).insert(key, selector.scopes().to_vec());
    }
    fn narrows(&self) -> bool {
        self.narrows
    }
}

#[test]
fn a_broken_source_is_caught() {
    for narrows in [false, true] {
        passes(async move || tokens::all(&Mades::new(Flaw::None, narrows)).await);
    }
    let ready = "TokenSource: ready says whether bearer could succeed";
    let shared = "TokenSource: no two tenants, users, connections or accounts share a token";
    let scopes = "TokenSource: the granted scopes are compared with the selector's";
    let known = "TokenSource: a token that was handed out is recognised";
    let quiet = "TokenSource: no token is printed, returned in an error or logged";
    let flaws = [
        (Flaw::IgnoresTenants, ready),
        (Flaw::IgnoresUsers, ready),
        (Flaw::IgnoresConnections, ready),
        (Flaw::IgnoresAccounts, shared),
        (Flaw::AlwaysReady, ready),
        (Flaw::NeverReady, ready),
        (Flaw::MixesUpUnderLoad, "TokenSource: nobody gets another's token, also under load"),
        (Flaw::HandsOutForTheFirst, "TokenSource: a bearer is good for the ticket"),
        (Flaw::RecognisesNothing, known),
        (Flaw::RecognisesInClearAlone, known),
        (Flaw::RecognisesEverything, "TokenSource: what is no token is not recognised"),
        (Flaw::PrintsTokens, quiet),
        (Flaw::LogsTokens, quiet),
        (Flaw::HandsOutWithoutASelector, "TokenSource: a call without a credential gets none"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            tokens::all(&Mades::new(flaw, false)).await;
        });
    }
    for flaw in [Flaw::IgnoresTenants, Flaw::IgnoresUsers, Flaw::IgnoresConnections] {
        catches(&format!("{flaw:?}"), shared, async move || {
            tokens::shares_no_token(&Mades::new(flaw, false)).await;
        });
    }
    for flaw in [Flaw::IgnoresScopes, Flaw::GrantsLess] {
        catches(&format!("{flaw:?}"), scopes, async move || {
            tokens::compares_the_scopes(&Mades::new(flaw, false)).await;
        });
    }
    let narrow = "TokenSource: a token can do no more than was asked for";
    catches("NarrowsNothing", narrow, async || {
        tokens::all(&Mades::new(Flaw::NarrowsNothing, true)).await;
    });
}
