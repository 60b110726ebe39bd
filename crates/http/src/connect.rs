//! A TCP connection to one of a host's addresses.

use core::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use tokio::net::TcpStream;
use tower_service::Service as _;

use crate::target::Target;

/// hyper-util's connector: it looks up the name, and tries the addresses as RFC 8305 says, in its simplest
/// form.
#[derive(Debug, Clone)]
pub(crate) struct Connector(HttpConnector);

impl Connector {
    /// Spends no longer than this on a name's addresses together.
    pub(crate) fn new(within: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(within));
        Self(connector)
    }

    pub(crate) async fn connect(&self, target: &Target) -> Option<TcpStream> {
        let whereto = target.url().as_str().try_into().ok()?;
        // It is always ready.
        let connected = self.0.clone().call(whereto).await;
        connected.ok().map(hyper_util::rt::TokioIo::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use core::net::SocketAddr;

    use super::*;
    use tokio::net::TcpListener;

    async fn listening(address: &str) -> Option<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind(address).await.ok()?;
        let address = listener.local_addr().ok()?;
        Some((listener, address))
    }

    #[tokio::test]
    async fn addresses_of_both_families_and_the_local_name_are_reached_at_the_port_of_the_url() {
        let connector = Connector::new(Duration::from_secs(5));
        for (address, host) in
            [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "[::1]"), ("127.0.0.1:0", "localhost")]
        {
            let Some((listener, open)) = listening(address).await else {
                assert!(address.starts_with('['), "no IPv4 here");
                continue;
            };
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}:{}/a", open.port());
                let stream = connector.connect(&Target::parse(&url).unwrap()).await.unwrap();
                assert_eq!(stream.peer_addr().unwrap().port(), open.port());
                assert!(stream.nodelay().unwrap());
                let (_accepted, from) = listener.accept().await.unwrap();
                assert_eq!(stream.local_addr().unwrap(), from);
            }
            drop(listener);
            let url = format!("http://{host}:{}/a", open.port());
            assert!(connector.connect(&Target::parse(&url).unwrap()).await.is_none());
        }
    }
}
