//! Asks through a function of the application's.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::panic::{AssertUnwindSafe, catch_unwind};

use async_trait::async_trait;
use countersign_core::{ApprovalRequest, Approver, Tier, Timestamp, Verdict};

/// What a callback says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a callback has no other way to answer")]
pub enum Decision {
    /// The person saw the whole preview and said yes.
    Approve,
    /// The person said no.
    Decline,
    /// Not decided yet; the reference finds the question again, in another process too. Only with
    /// [`Callback::with_poll`].
    Later(String),
    /// The person could not be asked.
    Unreachable,
}

type Deciding = Pin<Box<dyn Future<Output = Decision> + Send>>;
type Ask = Box<dyn Fn(ApprovalRequest) -> Deciding + Send + Sync>;
type Look = Box<dyn Fn(ApprovalRequest, String) -> Deciding + Send + Sync>;

/// Asks through a function of yours, for example a dialog of your application. Strength B.
///
/// The function gets the whole request. What it shows is `request.preview.text`, as it is: by
/// [`Decision::Approve`] it says that the caller's user saw all of it and agreed.
///
/// A panic in the function is `Unreachable`, which means refuse. Where panics abort the process
/// (`panic = "abort"`), they do here too.
///
/// ```
/// use countersign_approval::{Callback, Decision};
///
/// let _ = Callback::new(|request| async move {
///     println!("{}", request.preview.text);
///     Decision::Decline
/// });
/// ```
pub struct Callback {
    name: &'static str,
    ask: Ask,
    look: Option<Look>,
}

impl Callback {
    /// Asks by calling `ask`, which decides at once or waits until it is decided.
    pub fn new<F, D>(ask: F) -> Self
    where
        F: Fn(ApprovalRequest) -> D + Send + Sync + 'static,
        D: Future<Output = Decision> + Send + 'static,
    {
        Self { name: "callback", ask: Box::new(move |r| Box::pin(ask(r))), look: None }
    }

    /// Asks by calling `ask`, which may answer [`Decision::Later`]; `poll` then looks, by the
    /// reference, whether it has been decided.
    pub fn with_poll<F, D, G, E>(ask: F, poll: G) -> Self
    where
        F: Fn(ApprovalRequest) -> D + Send + Sync + 'static,
        D: Future<Output = Decision> + Send + 'static,
        G: Fn(ApprovalRequest, String) -> E + Send + Sync + 'static,
        E: Future<Output = Decision> + Send + 'static,
    {
        let look: Look = Box::new(move |request, reference| Box::pin(poll(request, reference)));
        Self { look: Some(look), ..Self::new(ask) }
    }

    /// The same approver under another name, which is the channel that its evidence names. Needed
    /// where several callbacks are registered.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    async fn decide(
        &self,
        request: &ApprovalRequest,
        now: Timestamp,
        start: impl FnOnce() -> Deciding + Send,
    ) -> Verdict {
        // A consent could not satisfy the tier, so nobody is bothered with it.
        if request.tier > self.strength() {
            return Verdict::Unreachable;
        }
        let decision = match catch_unwind(AssertUnwindSafe(start)) {
            Ok(deciding) => CatchPanic(Some(deciding)).await,
            Err(_) => None,
        };
        match decision {
            Some(Decision::Approve) => Verdict::Approved(Box::new(request.consent(self.name, now))),
            Some(Decision::Decline) => Verdict::Declined,
            Some(Decision::Later(reference)) if self.look.is_some() => Verdict::Pending(reference),
            Some(Decision::Later(_) | Decision::Unreachable) | None => Verdict::Unreachable,
        }
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("name", &self.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl Approver for Callback {
    fn name(&self) -> &'static str {
        self.name
    }

    fn strength(&self) -> Tier {
        Tier::B
    }

    async fn ask(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict {
        let asked = request.clone();
        self.decide(request, now, || (self.ask)(asked)).await
    }

    async fn poll(&self, request: &ApprovalRequest, reference: &str, now: Timestamp) -> Verdict {
        let Some(look) = &self.look else { return Verdict::Unreachable };
        let (asked, reference) = (request.clone(), reference.to_owned());
        self.decide(request, now, || look(asked, reference)).await
    }
}

/// The decision, or none if the future panicked. A future that panicked is dropped at once and never
/// polled again.
struct CatchPanic(Option<Deciding>);

impl Future for CatchPanic {
    type Output = Option<Decision>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Decision>> {
        let Some(deciding) = &mut self.0 else { return Poll::Ready(None) };
        let polled = catch_unwind(AssertUnwindSafe(|| deciding.as_mut().poll(context)));
        let ended = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(decision)) => Some(decision),
            Err(_) => None,
        };
        // Dropping it runs the application's code as well.
        let gone = self.0.take();
        if catch_unwind(AssertUnwindSafe(|| drop(gone))).is_err() {
            return Poll::Ready(None);
        }
        Poll::Ready(ended)
    }
}
