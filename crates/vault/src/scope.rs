//! What was granted against what was asked.

use countersign_core::{Scope, TokenError};

/// Most scopes in one answer.
const MAX_SCOPES: usize = 1_000;

/// Scopes that say who the user is and what the session is like. They come with almost every account
/// (Auth0 asks for them when it connects one) and let nothing be done, so they never count as excess.
/// The last two are Google's names for `email` and `profile`.
const ALWAYS_WITHIN: [&str; 6] = [
    "openid",
    "profile",
    "email",
    "offline_access",
    "https://www.googleapis.com/auth/userinfo.email",
    "https://www.googleapis.com/auth/userinfo.profile",
];

/// What to do with a token that can do more than was asked for.
///
/// The ordinary exchange cannot narrow: it returns everything the user granted to the connected
/// account. With [`ScopePolicy::Refuse`] an account that was connected for two tools would serve
/// neither, so the default is [`ScopePolicy::Record`]: the token is handed out, its
/// [`Bearer`](countersign_core::Bearer) says what it can do, and it can be used only for the request
/// that was approved. Refuse where every account is connected for one tool alone, or where the
/// tenant narrows tokens ([`TokenVaultBuilder::send_scopes`](crate::TokenVaultBuilder::send_scopes)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a token that can do more is used or it is not")]
pub enum ScopePolicy {
    /// Refuse with [`TokenError::ScopeExceeded`].
    Refuse,
    /// Hand it out, and say what it can do.
    Record,
}

/// Reads a `scope` member: separated by spaces (RFC 6749 section 3.3) or, for some providers,
/// commas. Sorted, without repeats; `None` if it says nothing.
pub(crate) fn read(text: &str) -> Result<Option<Vec<Scope>>, TokenError> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let mut scopes = Vec::new();
    for word in words {
        if scopes.len() >= MAX_SCOPES {
            return Err(TokenError::Protocol);
        }
        // One that cannot be read cannot be compared.
        scopes.push(Scope::new(word).map_err(|_| TokenError::Protocol)?);
    }
    scopes.sort();
    scopes.dedup();
    Ok((!scopes.is_empty()).then_some(scopes))
}

/// Whether a granted scope can do what an asked one can. Equal, or by Google's naming: `calendar`
/// covers `calendar.events`, and a scope covers its own `.readonly` (providers' scope tables; a
/// provider that thinks otherwise refuses the request, so a mistake here widens nothing).
fn covers(have: &str, asked: &str) -> bool {
    const GOOGLE: &str = "https://www.googleapis.com/auth/";
    let (Some(h), Some(a)) = (have.strip_prefix(GOOGLE), asked.strip_prefix(GOOGLE)) else {
        return have == asked;
    };
    let reads = |scope: &str| scope.strip_suffix(".readonly").map(str::to_owned);
    let (h, reads_only) = reads(h).map_or((h.to_owned(), false), |base| (base, true));
    let (a, asks_to_read) = reads(a).map_or((a.to_owned(), false), |base| (base, true));
    let within = a.strip_prefix(&h).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    within && (asks_to_read || !reads_only)
}

/// Compares, and says what the token can do; empty if the provider does not report it and need not.
pub(crate) fn compare(
    asked: &[Scope],
    granted: Option<Vec<Scope>>,
    policy: ScopePolicy,
    may_be_silent: bool,
) -> Result<Vec<Scope>, TokenError> {
    let Some(granted) = granted else {
        return match policy {
            _ if may_be_silent => Ok(Vec::new()),
            _ if !asked.is_empty() => Err(TokenError::ScopeMissing),
            // Nothing was asked for, and what the token can do is unknown.
            ScopePolicy::Refuse => Err(TokenError::ScopeExceeded),
            ScopePolicy::Record => Ok(Vec::new()),
        };
    };
    if !asked.iter().all(|scope| granted.iter().any(|have| covers(have.as_str(), scope.as_str()))) {
        return Err(TokenError::ScopeMissing);
    }
    let excess =
        |scope: &&Scope| !asked.contains(scope) && !ALWAYS_WITHIN.contains(&scope.as_str());
    if policy == ScopePolicy::Refuse && granted.iter().any(|scope| excess(&scope)) {
        return Err(TokenError::ScopeExceeded);
    }
    Ok(granted)
}

#[cfg(test)]
mod covering {
    use super::covers;

    #[test]
    fn a_wider_google_scope_covers_a_narrower_one_and_reading_never_covers_writing() {
        let google = |name: &str| format!("https://www.googleapis.com/auth/{name}");
        let covers = |have: &str, asked: &str| covers(&google(have), &google(asked));
        assert!(covers("calendar.events", "calendar.events"));
        assert!(covers("calendar.events", "calendar.events.readonly"));
        assert!(covers("calendar", "calendar.events.owned"));
        assert!(covers("calendar.readonly", "calendar.events.readonly"));
        assert!(!covers("calendar.readonly", "calendar.events"));
        assert!(!covers("calendar.events.readonly", "calendar.events"));
        assert!(!covers("calendar.events", "calendar"));
        assert!(!covers("calendar.events", "calendar.eventsx"));
        assert!(!covers("cal", "calendar"));
        assert!(!covers("gmail.send", "gmail.readonly"));
        assert!(!super::covers("repo", "repo.readonly"));
    }
}
