//! Auth0 Token Vault: short-lived provider tokens that the agent never sees.
//!
//! [`TokenVault`] is a [`TokenSource`](countersign_core::TokenSource): for an admitted call it
//! exchanges the user's own Auth0 token for an access token of the provider (Google, GitHub, Slack,
//! …), and hands it out for that call alone. [`AccessTokenVerifier`] is a
//! [`CallerVerifier`](countersign_core::CallerVerifier): it says who is calling, out of a user's
//! access token. Both talk to the tenant through the
//! [`Backchannel`](countersign_core::Backchannel) port; no HTTP stack and no async runtime is
//! compiled here.
//!
//! # The exchange
//!
//! `POST https://{domain}/oauth/token` with the Token Vault grant: the client's id and secret in the
//! form (`client_secret_post`), the user's refresh token or access token as subject, the connection,
//! and the account as `login_hint` if one is named ([Token Vault], [API]).
//!
//! The client must be confidential, first-party and OIDC-conformant, with the Token Vault grant; for
//! refresh tokens, with rotation off; for access tokens, the Custom API Client of the token's
//! audience. The connection must be active for Connected Accounts, with offline access, and the user
//! must have connected an account there; logging in with the provider is not enough
//! ([configuration]). A tenant whose second-factor policy is "Always" fails every exchange.
//!
//! # What holds
//!
//! * A token goes to the user, tenant, connection, account and set of scopes it was exchanged for, and
//!   to nobody else, also not out of the cache. Where the subject is a JWT its `sub` is compared with
//!   the caller's user first.
//! * The scopes that came back contain all that were asked for. See [`ScopePolicy`] for more than
//!   that. They are compared as texts, so a scope that implies another (GitHub's `repo` and
//!   `public_repo`) does not stand for it; only Google's, which are named after what they contain,
//!   do (`calendar` for `calendar.events`, a scope for its own `.readonly`).
//! * Equal exchanges at the same time are one exchange. A failed one is not remembered.
//! * A token is not handed out again in its last 30 seconds, nor after an hour
//!   ([`TokenVaultBuilder::reuse_for`]); one of unstated lifetime not after a minute.
//! * A failure is one of the cases of [`TokenError`](countersign_core::TokenError), told apart by the
//!   `error`, then by the description, then by the status, since Auth0 documents the statuses alone.
//!   Nothing is tried twice: exchanging again is harmless, but only the caller knows how long the user
//!   waits and what the rate limit leaves.
//! * The user's token and the client's secret go to the tenant and nowhere else; an answer that returns
//!   the user's own token is refused. Tokens are zeroised when they are dropped, and so are requests
//!   and answers; copies that an allocator, a JSON reader or an HTTP stack made are not within reach.
//!
//! # What does not hold
//!
//! * **Scope.** The exchange returns everything the user granted to the connected account. Auth0
//!   narrows a token only in Early Access, and only where the provider can
//!   ([`TokenVaultBuilder::send_scopes`], [narrowing]). Otherwise least scope is enforced by what can
//!   be sent: the token travels with the approved request alone.
//! * **Whose account.** The exchange does not say whose account's token came back. `login_hint` is
//!   sent and is part of the cache's key; what it must equal is not documented. To be certain, ask the
//!   provider who the token belongs to.
//! * **Revocation.** Deleting a connected account at Auth0 deletes what the vault stores and revokes
//!   nothing at the provider: access tokens live on until they expire ([Connected Accounts]).
//!   [`TokenVault::forget`] drops what is cached here, which is one part of a revocation; the other
//!   parts are the deletion, the provider's own revocation, and freezing the tickets.
//! * **Users' access tokens** cannot be revoked either; the verifier believes one until it expires.
//! * **Restarts and machines.** The cache and the memory of [`recognises`](
//!   countersign_core::TokenSource::recognises) belong to one process.
//! * `private_key_jwt`, mTLS, `DPoP` and the privileged-worker variant are not implemented.
//!
//! [Token Vault]: https://auth0.com/docs/secure/call-apis-on-users-behalf/token-vault
//! [API]: https://auth0.com/docs/api/authentication/token-vault-token-exchange/get-token
//! [configuration]: https://auth0.com/docs/secure/call-apis-on-users-behalf/token-vault/configure-token-vault
//! [narrowing]: https://auth0.com/docs/secure/call-apis-on-users-behalf/token-vault/privileged-worker-token-exchange-with-token-vault
//! [Connected Accounts]: https://auth0.com/docs/secure/call-apis-on-users-behalf/token-vault/connected-accounts-for-token-vault

mod anchor;
mod answer;
mod builder;
mod cache;
mod canary;
mod config;
mod exchange;
mod failure;
mod form;
mod jwks;
mod jwt;
mod scope;
mod vault;
mod verifier;

pub use crate::builder::TokenVaultBuilder;
pub use crate::config::{
    AUTH0_AUDIENCE, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, AUTH0_DOMAIN, ConfigError,
    TokenVaultConfig,
};
pub use crate::scope::ScopePolicy;
pub use crate::vault::TokenVault;
pub use crate::verifier::{AccessTokenVerifier, AccessTokenVerifierBuilder};
