//! A body in pieces, so that a request that was given up is not written to its end.

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use reqwest::Body;

/// Length of a piece: 32 KiB.
const PIECE: usize = 32 * 1024;

/// Gives out the bytes of a body piece by piece.
///
/// reqwest lets a task of its own drive the connection. If nobody waits for the answer any more, that
/// task takes no more of the body, but does write what it took already, however long that takes: if
/// the body came in one piece, all of it, and the effect came about after it had been reported as in
/// doubt. Of pieces it takes some hundred KiB ahead, which is less than what the system holds back for
/// writing, too.
pub(crate) struct Paced {
    body: Body,
    taken: Bytes,
}

impl Paced {
    pub(crate) fn body(body: Body) -> Body {
        Body::wrap(Self { body, taken: Bytes::new() })
    }
}

impl hyper::body::Body for Paced {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        let this = self.get_mut();
        if this.taken.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.taken = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                end => return Poll::Ready(end),
            }
        }
        let piece = this.taken.split_to(this.taken.len().min(PIECE));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.taken.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let taken = u64::try_from(self.taken.len()).unwrap_or(u64::MAX);
        match self.body.size_hint().exact() {
            Some(left) => SizeHint::with_exact(left.saturating_add(taken)),
            None => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::task::Waker;

    use hyper::body::Body as _;

    use super::*;

    #[test]
    fn the_pieces_are_the_body() {
        for length in [1, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE + 7] {
            let whole: Vec<u8> = (0..length).map(|n| (n % 251).to_le_bytes()[0]).collect();
            let mut paced = Paced { body: Body::from(whole.clone()), taken: Bytes::new() };
            let mut context = Context::from_waker(Waker::noop());
            let mut read = Vec::new();
            while !paced.is_end_stream() {
                let left = u64::try_from(length - read.len()).unwrap();
                assert_eq!(paced.size_hint().exact(), Some(left));
                let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut paced).poll_frame(&mut context)
                else {
                    panic!("not ready")
                };
                let piece = frame.into_data().unwrap();
                assert!(!piece.is_empty() && piece.len() <= PIECE);
                read.extend_from_slice(&piece);
            }
            assert!(read == whole);
            assert!(matches!(Pin::new(&mut paced).poll_frame(&mut context), Poll::Ready(None)));
        }
    }
}
