//! What has to come to its end, whoever waits for it.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tracing::Instrument as _;

use crate::pipeline::BoxFuture;

/// Runs something to its end, also if this future is dropped meanwhile; outside a tokio runtime only as
/// long as it is not. None if it panicked.
///
/// It runs where it is waited for, and moves to a task of its own only when nobody waits any more: to
/// be woken on another thread takes longer than most of what is done here.
pub(crate) fn to_its_end<T: Send + 'static>(
    whole: impl Future<Output = T> + Send + 'static,
) -> ToItsEnd<T> {
    ToItsEnd { whole: Some(Box::pin(whole.in_current_span())), runtime: Handle::try_current().ok() }
}

#[must_use]
pub(crate) struct ToItsEnd<T: Send + 'static> {
    whole: Option<BoxFuture<'static, T>>,
    runtime: Option<Handle>,
}

impl<T: Send + 'static> Future for ToItsEnd<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(whole) = &mut self.whole else { return Poll::Ready(None) };
        // What panicked is not polled again, so nobody sees what it left half done.
        let polled = catch_unwind(AssertUnwindSafe(|| whole.as_mut().poll(context)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => {
                self.whole = None;
                Poll::Ready(Some(value))
            }
            Err(_) => {
                self.whole = None;
                Poll::Ready(None)
            }
        }
    }
}

impl<T: Send + 'static> Drop for ToItsEnd<T> {
    fn drop(&mut self) {
        if let (Some(whole), Some(runtime)) = (self.whole.take(), &self.runtime) {
            drop(runtime.spawn(whole));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::sync::Notify;

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_goes_on_where_it_stood() {
        let (go, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (gone, told) = (Arc::clone(&go), Arc::clone(&ended));
        let mut waiting = to_its_end(async move {
            gone.notified().await;
            told.notify_one();
        });
        let once = std::future::poll_fn(|context| {
            Poll::Ready(Pin::new(&mut waiting).poll(context).is_pending())
        });
        assert!(once.await);
        drop(waiting);
        go.notify_one();
        ended.notified().await;
    }

    #[tokio::test]
    async fn what_is_waited_for_runs_on_the_task_that_waits() {
        let here = tokio::spawn(async {
            let id = tokio::task::id();
            to_its_end(async move { tokio::task::id() == id }).await
        });
        assert_eq!(here.await.unwrap(), Some(true));
    }

    #[tokio::test]
    async fn a_panic_is_none_and_stays_none() {
        let mut fallen = to_its_end(async { panic!("fell") });
        let first: Option<()> = (&mut fallen).await;
        assert_eq!(first, None);
        assert_eq!((&mut fallen).await, None);
    }
}
