//! One value from a thread to a future, on the standard library alone.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
struct State<T> {
    value: Option<T>,
    waker: Option<Waker>,
    sender_gone: bool,
    receiver_gone: bool,
}

type Shared<T> = Arc<Mutex<State<T>>>;

/// What a state holds is whole after every step, so a panic of the other side does not spoil it.
fn lock<T>(shared: &Shared<T>) -> MutexGuard<'_, State<T>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The two ends.
pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let state = State { value: None, waker: None, sender_gone: false, receiver_gone: false };
    let shared = Arc::new(Mutex::new(state));
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

/// The end that gives the value. Dropped without one, it says so.
#[derive(Debug)]
pub(crate) struct Sender<T>(Shared<T>);

impl<T> Sender<T> {
    /// Gives the value.
    pub(crate) fn send(self, value: T) {
        lock(&self.0).value = Some(value);
        // Dropping wakes the receiver.
    }

    /// Whether nobody waits any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        lock(&self.0).receiver_gone
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let waker = {
            let mut state = lock(&self.0);
            state.sender_gone = true;
            state.waker.take()
        };
        // Outside the lock: waking may poll at once, on this very thread.
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The end that waits: the value, or none if the sender was dropped without one.
#[derive(Debug)]
pub(crate) struct Receiver<T>(Shared<T>);

impl<T> Future for Receiver<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = lock(&self.0);
        if state.sender_gone {
            return Poll::Ready(state.value.take());
        }
        let replaced = match &mut state.waker {
            Some(waker) if waker.will_wake(context.waker()) => None,
            waker => waker.replace(context.waker().clone()),
        };
        drop(state);
        // Outside the lock: dropping a waker runs code of the executor's.
        drop(replaced);
        Poll::Pending
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let (value, waker) = {
            let mut state = lock(&self.0);
            state.receiver_gone = true;
            (state.value.take(), state.waker.take())
        };
        drop((value, waker));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn poll<T>(receiver: &mut Receiver<T>, count: &Arc<Count>) -> Poll<Option<T>> {
        let waker = Waker::from(Arc::clone(count));
        Pin::new(receiver).poll(&mut Context::from_waker(&waker))
    }

    #[test]
    fn a_value_that_is_there_is_given_at_once() {
        let (sender, receiver) = channel();
        sender.send(7);
        assert_eq!(pollster::block_on(receiver), Some(7));
    }

    #[test]
    fn a_waiting_receiver_is_woken_once_by_the_value() {
        let (sender, mut receiver) = channel();
        let count = Arc::new(Count::default());
        assert_eq!(poll(&mut receiver, &count), Poll::Pending);
        assert_eq!(poll(&mut receiver, &count), Poll::Pending);
        sender.send(7);
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert_eq!(poll(&mut receiver, &count), Poll::Ready(Some(7)));
    }

    #[test]
    fn only_the_waker_of_the_last_poll_is_woken() {
        let (sender, mut receiver) = channel::<u8>();
        let (old, new) = (Arc::new(Count::default()), Arc::new(Count::default()));
        assert_eq!(poll(&mut receiver, &old), Poll::Pending);
        assert_eq!(poll(&mut receiver, &new), Poll::Pending);
        drop(sender);
        assert_eq!((old.0.load(Ordering::SeqCst), new.0.load(Ordering::SeqCst)), (0, 1));
        assert_eq!(poll(&mut receiver, &new), Poll::Ready(None));
    }

    #[test]
    fn a_sender_that_panics_is_a_missing_value_and_not_an_endless_wait() {
        let (sender, receiver) = channel::<u8>();
        let thread = thread::spawn(move || {
            let _sender = sender;
            panic!("as intended");
        });
        assert_eq!(pollster::block_on(receiver), None);
        assert!(thread.join().is_err());
    }

    #[test]
    fn a_sender_learns_that_nobody_waits() {
        let (sender, receiver) = channel::<u8>();
        assert!(!sender.is_abandoned());
        drop(receiver);
        assert!(sender.is_abandoned());
        sender.send(1);
    }

    #[test]
    fn no_wake_up_is_lost_between_threads() {
        for i in 0..500u32 {
            let (sender, receiver) = channel();
            let thread = thread::spawn(move || {
                if i % 3 == 0 {
                    thread::sleep(Duration::from_micros(u64::from(i)));
                }
                sender.send(i);
            });
            assert_eq!(pollster::block_on(receiver), Some(i));
            thread.join().unwrap();
        }
    }
}
