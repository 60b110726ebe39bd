//! Loopback servers that behave like the real ones, for tests and examples.
//!
//! Each server listens on 127.0.0.1 at a free port, speaks plain HTTP/1.1 and lives as long as its
//! handle. It runs on the tokio runtime that started it, so that runtime must have its I/O and time
//! drivers enabled and must not be blocked while a request is under way. State is in memory, can be
//! read and set from the test, and is shared by nothing but the [`TokenTable`] given to several
//! servers.
//!
//! | server | plays |
//! |---|---|
//! | [`Auth0`] | an Auth0 tenant: Token Vault exchange, refresh grant, keys, discovery |
//! | [`GoogleCalendar`] | events of Google Calendar v3 |
//! | [`Evil`] | a stranger's machine that keeps what it is sent |
//! | [`Raw`] | nobody: bytes for bytes |
//!
//! All but the last keep a log of what arrived ([`Recorded`]) and can be made to fail ([`Faults`]):
//! an answer instead of processing, a redirect, an answer lost after the effect took place, a
//! connection dropped before it, delays, truncated bodies, rate limits.
//!
//! [`probe`] is a small client that knows nothing of countersign: a naive agent, or an independent
//! observer of a server's state.
//!
//! ```
//! use countersign_testkit::servers::{Account, Auth0, GoogleCalendar, auth0, probe};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tenant = Auth0::start().await?;
//! tenant.register(auth0::Client::new("cli_1", "s3cr3t").token_vault());
//! tenant.connect("auth0|u1", Account::google("1084", "ada@example.com")
//!     .scopes(["https://www.googleapis.com/auth/calendar.events"]));
//! let calendar = GoogleCalendar::start(tenant.tokens()).await?;
//!
//! let exchange = [
//!     ("grant_type", auth0::GRANT_TOKEN_VAULT),
//!     ("client_id", "cli_1"),
//!     ("client_secret", "s3cr3t"),
//!     ("subject_token_type", auth0::SUBJECT_REFRESH_TOKEN),
//!     ("subject_token", &tenant.issue_refresh_token("cli_1", "auth0|u1")),
//!     ("requested_token_type", auth0::REQUESTED_FEDERATED),
//!     ("connection", "google-oauth2"),
//! ];
//! let answer = probe::post_form(tenant.addr(), "/oauth/token", &exchange).await?;
//! let token = answer.json()?["access_token"].as_str().unwrap_or_default().to_owned();
//!
//! let path = "/calendar/v3/calendars/primary/events";
//! let events = probe::get_json(calendar.addr(), path, Some(&token)).await?;
//! assert_eq!(events.status, 200);
//! # Ok(())
//! # }
//! ```

pub mod auth0;
mod clock;
mod evil;
mod fault;
pub mod form;
pub mod google_calendar;
mod http;
mod jwt;
mod log;
mod message;
pub mod probe;
mod random;
mod raw;
mod test_keys;
mod tokens;

pub use auth0::{Account, Auth0};
pub use clock::TestTime;
pub use evil::Evil;
pub use fault::{Fault, Faults, RetryAfter, When};
pub use google_calendar::GoogleCalendar;
pub use http::MAX_BODY;
pub use jwt::{SigningKey, TokenBuilder};
pub use log::Recorded;
pub use message::{Reply, Request};
pub use raw::{Raw, Then, http_answer};
pub use tokens::{ProviderToken, TokenTable};
