//! Does one thing: writes one request on a connection of its own, and reads one answer.

use core::net::SocketAddr;
use core::time::Duration;

use countersign_core::Answer;
use hyper::Request;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::body::Whole;
use crate::connect::Connector;
use crate::error::HttpError;
use crate::exchange::{Fault, exchange};
use crate::settings::Settings;
use crate::target::Target;

pub(crate) struct Client {
    pub(crate) settings: Settings,
    /// For name, connection and TLS handshake.
    connect_timeout: Duration,
    connector: Connector,
    #[cfg(feature = "rustls")]
    tls: tokio_rustls::TlsConnector,
}

impl Client {
    #[cfg_attr(
        not(feature = "rustls"),
        expect(clippy::unnecessary_wraps, reason = "root certificates may be missing")
    )]
    pub(crate) fn new(settings: Settings) -> Result<Self, HttpError> {
        // A connection that is not made is reported as such, and not as a doubt.
        let connect_timeout = settings.connect_timeout.min(settings.timeout / 10 * 9);
        Ok(Self {
            connect_timeout,
            connector: Connector::new(connect_timeout),
            #[cfg(feature = "rustls")]
            tls: std::sync::Arc::new(crate::tls::config(settings.roots.as_deref())?).into(),
            settings,
        })
    }

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
        request: Request<Whole>,
    ) -> Result<Answer, Fault> {
        self.permits(target)?;
        // tokio panics without one.
        Handle::try_current().map_err(|_| Fault::NoRuntime)?;
        let end = Instant::now() + self.settings.timeout;
        let limit = self.settings.answer;
        // Up to here nothing was written, whatever took too long.
        let unsent = |_| Fault::Connect;
        if let Some(address) = self.elsewhere(target) {
            let stream =
                timeout(self.connect_timeout, TcpStream::connect(address)).await.map_err(unsent)?;
            let stream = stream.map_err(|_| Fault::Connect)?;
            // It only delays what could be sent.
            stream.set_nodelay(true).unwrap_or_default();
            return in_time(end, exchange(stream, request, limit, false)).await;
        }
        let connecting = self.connector.connect(target);
        #[cfg(feature = "rustls")]
        if target.tls() {
            let connecting = async { self.encrypted(target, connecting.await?).await };
            let stream = timeout(self.connect_timeout, connecting).await.map_err(unsent)?;
            let stream = stream.ok_or(Fault::Connect)?;
            return in_time(end, exchange(stream, request, limit, true)).await;
        }
        let stream = timeout(self.connect_timeout, connecting).await.map_err(unsent)?;
        in_time(end, exchange(stream.ok_or(Fault::Connect)?, request, limit, false)).await
    }

    #[cfg(feature = "rustls")]
    async fn encrypted(
        &self,
        target: &Target,
        stream: TcpStream,
    ) -> Option<tokio_rustls::client::TlsStream<TcpStream>> {
        let name = target.host().to_owned().try_into().ok()?;
        self.tls.connect(name, stream).await.ok()
    }
}

/// From the first byte on, what does not end in time is in doubt.
async fn in_time(
    end: Instant,
    exchange: impl Future<Output = Result<Answer, Fault>>,
) -> Result<Answer, Fault> {
    timeout_at(end, exchange).await.unwrap_or(Err(Fault::TimedOut))
}
