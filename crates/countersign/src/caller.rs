//! Who is calling, out of a user's access token.

use countersign_core::{AccessToken, Caller, NotVerified, SessionId, SubjectToken, TokenError};

use crate::pipeline::Pipeline;

impl Pipeline {
    /// Begins a caller from a user's access token.
    pub fn caller(&self, access_token: impl Into<String>) -> CallerBuilder<'_> {
        CallerBuilder {
            pipeline: self,
            token: AccessToken::new(access_token.into()),
            session: None,
        }
    }
}

/// Makes a caller from a user's access token.
#[derive(Debug)]
#[must_use]
pub struct CallerBuilder<'a> {
    pipeline: &'a Pipeline,
    token: AccessToken,
    session: Option<String>,
}

impl CallerBuilder<'_> {
    /// Names the session. Without it, a random one is begun.
    pub fn session(mut self, session: &str) -> Self {
        self.session = Some(session.to_owned());
        self
    }

    /// Verifies the token and returns who is calling.
    ///
    /// # Errors
    /// [`NotVerified`].
    pub async fn verify(self) -> Result<Caller, NotVerified> {
        let inner = &*self.pipeline.inner;
        let verifier = inner.verifier.as_ref().ok_or(NotVerified::NoVerifier)?;
        let session = match self.session {
            Some(session) => session,
            None => self.pipeline.random_id().map_err(|_| NotVerified::NoCaller)?,
        };
        let session = SessionId::new(&session).map_err(|_| NotVerified::NoCaller)?;
        let caller = verifier.verify(&self.token, session, inner.clock.now()).await?;
        // The verified token is the subject of the exchange, unless a refresh token is kept.
        let kept = inner.subjects.subject(&caller).await;
        if matches!(kept, Ok(SubjectToken::Access(_)) | Err(TokenError::LoginRequired)) {
            let remembered =
                inner.subjects.remember(&caller, SubjectToken::Access(self.token)).await;
            remembered.map_err(|_| NotVerified::Keys)?;
        }
        Ok(caller)
    }
}
