//! The ways to the outside: HTTP to the provider or into a closed port, and credentials that sometimes
//! cannot be had.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use async_trait::async_trait;
use countersign::core::{
    AccessToken, Admitted, Bearer, Caller, Digest, Jti, Outgoing, Selector, Sent, TokenError,
    TokenSource, Transport,
};
use countersign::http::HttpTransport;

use crate::Failure;

/// The host whose requests go to the provider.
pub const HOST: &str = "www.googleapis.com";

/// The word in an event's description that makes its first requests meet a closed port.
pub const REFUSED: &str = "refused";

/// Whether something happens to a ticket: to about one in so many.
fn one_in(jti: Jti, many: u8) -> bool {
    let digest = Digest::of(jti.to_string().as_bytes());
    digest.as_bytes().first().is_some_and(|byte| byte.checked_rem(many) == Some(0))
}

/// HTTP to the provider. Events that are marked meet a closed port with every second ticket.
#[derive(Debug)]
pub struct Outside {
    provider: HttpTransport,
    nobody: HttpTransport,
}

impl Outside {
    /// Connects nothing yet.
    ///
    /// # Errors
    /// If the client cannot be made.
    pub fn new(provider: SocketAddr) -> Result<Self, Failure> {
        // Bound and closed again: nobody listens there.
        let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let to = |address| HttpTransport::builder().dangerous_dial(HOST, address).build();
        Ok(Self { provider: to(provider)?, nobody: to(closed)? })
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Transport for Outside {
    async fn send(&self, step: Outgoing<'_>, bearer: Option<&Bearer>) -> Sent {
        let mark = format!("\"description\":\"{REFUSED}\"");
        let marked = step.request().is_some_and(|request| {
            request.body.windows(mark.len()).any(|part| part == mark.as_bytes())
        });
        if marked && one_in(step.jti(), 2) {
            return self.nobody.send(step, bearer).await;
        }
        self.provider.send(step, bearer).await
    }

    fn dialled_elsewhere(&self) -> bool {
        true
    }
}

/// A credential that cannot be had for one ticket in sixteen, as when the identity provider is down.
#[derive(Debug)]
pub struct Flaky(pub Arc<dyn TokenSource>);

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl TokenSource for Flaky {
    async fn ready(&self, caller: &Caller, selector: &Selector) -> Result<(), TokenError> {
        self.0.ready(caller, selector).await
    }

    async fn bearer(&self, admitted: &Admitted) -> Result<Bearer, TokenError> {
        if one_in(admitted.jti(), 16) {
            return Err(TokenError::Transient);
        }
        self.0.bearer(admitted).await
    }

    fn recognises(&self, text: &str) -> bool {
        self.0.recognises(text)
    }
}

/// One token for everything: for a provider that was given by its address.
#[derive(Debug)]
pub struct Fixed(AccessToken);

impl Fixed {
    /// This token.
    pub fn new(token: &str) -> Self {
        Self(AccessToken::new(token.to_owned()))
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl TokenSource for Fixed {
    async fn ready(&self, _: &Caller, _: &Selector) -> Result<(), TokenError> {
        Ok(())
    }

    async fn bearer(&self, admitted: &Admitted) -> Result<Bearer, TokenError> {
        let scopes = admitted.prepared().credential().map(|c| c.scopes().to_vec());
        let token = AccessToken::new(self.0.expose().to_owned());
        Ok(Bearer::new(admitted, token, scopes.unwrap_or_default()))
    }

    fn recognises(&self, text: &str) -> bool {
        text.contains(self.0.expose())
    }
}
