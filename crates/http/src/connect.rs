//! A TCP connection to one of a host's addresses.

use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::io;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::target::Target;

/// How long one family of addresses is tried before the other is tried beside it (RFC 8305 section 8
/// has 250 ms).
const HEAD_START: Duration = Duration::from_millis(300);

/// Connects to what a target names. No longer than `within` is spent on one address of several.
pub(crate) async fn connect(target: &Target, within: Duration) -> Option<TcpStream> {
    if let Some(ip) = target.ip() {
        return dial(SocketAddr::new(ip, target.port())).await.ok();
    }
    let found = lookup_host((target.host(), target.port())).await.ok()?;
    to_one_of(found.collect(), within).await
}

/// The addresses in the order that the system gave them, each family on its own; the second a little
/// later, or when the first has failed. Nothing is sent over a connection that comes too late.
async fn to_one_of(addresses: Vec<SocketAddr>, within: Duration) -> Option<TcpStream> {
    let ahead = addresses.first()?.is_ipv4();
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == ahead);
    let mut first = pin!(one_after_the_other(first, within));
    let in_time = timeout(HEAD_START, first.as_mut()).await;
    let mut second = pin!(one_after_the_other(second, within));
    match in_time {
        Ok(Some(stream)) => Some(stream),
        Ok(None) => second.await,
        Err(_) => {
            let mut failed = [false; 2];
            poll_fn(|context| {
                let [of_first, of_second] = &mut failed;
                if !*of_first && let Poll::Ready(stream) = first.as_mut().poll(context) {
                    if stream.is_some() {
                        return Poll::Ready(stream);
                    }
                    *of_first = true;
                }
                if !*of_second && let Poll::Ready(stream) = second.as_mut().poll(context) {
                    if stream.is_some() {
                        return Poll::Ready(stream);
                    }
                    *of_second = true;
                }
                if failed == [true; 2] { Poll::Ready(None) } else { Poll::Pending }
            })
            .await
        }
    }
}

async fn one_after_the_other(addresses: Vec<SocketAddr>, within: Duration) -> Option<TcpStream> {
    let share = within / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    for address in addresses {
        if let Ok(Ok(stream)) = timeout(share, dial(address)).await {
            return Some(stream);
        }
    }
    None
}

/// One connection. Where it is there at once, as on this machine, it is not waited for: readiness is
/// told by another thread, which takes longer than all else here.
pub(crate) async fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    // That it is under way is an error too; one that failed has no peer below.
    let _under_way = socket.connect(&address.into());
    let stream = TcpStream::from_std(socket.into())?;
    if stream.peer_addr().is_err() {
        stream.writable().await?;
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        stream.peer_addr()?;
    }
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    const WITHIN: Duration = Duration::from_secs(5);

    async fn listening(address: &str) -> Option<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind(address).await.ok()?;
        let address = listener.local_addr().ok()?;
        Some((listener, address))
    }

    async fn refusing(address: &str) -> Option<SocketAddr> {
        listening(address).await.map(|(_, address)| address)
    }

    #[tokio::test]
    async fn an_address_that_refuses_is_passed_over_for_the_next() {
        let (listener, open) = listening("127.0.0.1:0").await.unwrap();
        let closed = refusing("127.0.0.1:0").await.unwrap();
        let stream = to_one_of(vec![closed, closed, open], WITHIN).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open);
        assert!(stream.nodelay().unwrap());
        listener.accept().await.unwrap();
        assert!(to_one_of(vec![closed, closed], WITHIN).await.is_none());
        assert!(to_one_of(Vec::new(), WITHIN).await.is_none());
    }

    #[tokio::test]
    async fn the_other_family_is_tried_at_once_where_the_first_has_failed() {
        let Some(closed) = refusing("[::1]:0").await else { return };
        let (_listener, open) = listening("127.0.0.1:0").await.unwrap();
        let begun = std::time::Instant::now();
        let stream = to_one_of(vec![closed, open], WITHIN).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open);
        assert!(begun.elapsed() < HEAD_START);
    }

    /// A listener that has as many waiting as it may answers nobody.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_other_family_is_tried_beside_a_first_one_that_is_silent() {
        let Some((_listener, open)) = listening("[::1]:0").await else { return };
        let full = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        full.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        full.listen(0).unwrap();
        let silent = full.local_addr().unwrap().as_socket().unwrap();
        let _waiting = dial(silent).await.unwrap();
        let begun = std::time::Instant::now();
        let stream = to_one_of(vec![silent, open], WITHIN).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open);
        assert!(begun.elapsed() >= HEAD_START);
    }
}
