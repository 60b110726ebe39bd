//! Dials, and hands the connection to one exchange.

use core::net::SocketAddr;
use std::io;

use bytes::Bytes;
use countersign_core::Answer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use crate::exchange::{Fault, exchange};
use crate::settings::Settings;
use crate::target::Target;

/// A connection, in the clear or encrypted.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

pub(crate) struct Client {
    pub(crate) settings: Settings,
    #[cfg(feature = "rustls")]
    pub(crate) tls: crate::tls::Tls,
}

impl Client {
    /// The address that is dialled in place of a host's own. Only names have one, and in the clear no
    /// name is permitted, so this is always in place of TLS.
    fn elsewhere(&self, target: &Target) -> Option<SocketAddr> {
        self.settings.dial.get(target.host()).copied()
    }

    /// Whether the target may be spoken to at all: encrypted, or to this machine.
    pub(crate) fn permits(&self, target: &Target) -> Result<(), Fault> {
        if !target.tls() && !target.loopback() {
            return Err(Fault::PlainHttp);
        }
        if target.tls() && !cfg!(feature = "rustls") && self.elsewhere(target).is_none() {
            return Err(Fault::NoTls);
        }
        Ok(())
    }

    /// Sends one request on a connection of its own and reads the answer.
    pub(crate) async fn send(
        &self,
        target: &Target,
        request: http::Request<Bytes>,
    ) -> Result<Answer, Fault> {
        self.permits(target)?;
        Handle::try_current().map_err(|_| Fault::NoRuntime)?;
        // Neither sum overflows: timeouts are at most an hour.
        let start = Instant::now();
        let deadline = start + self.settings.timeout;
        let connected = deadline.min(start + self.settings.connect_timeout);
        let stream = timeout_at(connected, self.connect(target, connected)).await;
        let stream = stream.map_err(|_| Fault::Connect)?.map_err(|_| Fault::Connect)?;
        let exchange = exchange(stream, request, self.settings.answer);
        timeout_at(deadline, exchange).await.unwrap_or(Err(Fault::TimedOut))
    }

    async fn connect(&self, target: &Target, deadline: Instant) -> io::Result<Box<dyn Stream>> {
        if let Some(address) = self.elsewhere(target) {
            return Ok(Box::new(tcp(&[address], deadline).await?));
        }
        let addresses = match target.ip() {
            Some(ip) => vec![SocketAddr::from((ip, target.port()))],
            None => lookup_host((target.host(), target.port())).await?.collect(),
        };
        let stream = tcp(&addresses, deadline).await?;
        if !target.tls() {
            return Ok(Box::new(stream));
        }
        #[cfg(feature = "rustls")]
        return Ok(Box::new(self.tls.wrap(target.host(), stream).await?));
        #[cfg(not(feature = "rustls"))]
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// The first address that answers. Each gets its share of the time that is left, so that one that
/// swallows packets does not use it up.
async fn tcp(addresses: &[SocketAddr], deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for (at, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len().saturating_sub(at)).unwrap_or(u32::MAX);
        let now = Instant::now();
        let share = deadline.saturating_duration_since(now).checked_div(left).unwrap_or_default();
        match timeout_at(now + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                // A port in the ephemeral range that nobody listens on can be met by a connection to
                // itself, which would echo the request.
                if stream.local_addr()? == stream.peer_addr()? {
                    return Err(io::ErrorKind::ConnectionRefused.into());
                }
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}
