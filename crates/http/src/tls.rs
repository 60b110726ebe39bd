//! TLS by rustls with ring; no process-wide default is read or set.

use std::io;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::HttpError;

/// Makes TLS connections (1.2 and 1.3) to verified servers.
#[derive(Clone)]
pub(crate) struct Tls(TlsConnector);

impl Tls {
    /// Trusts what the platform trusts, or only the given roots.
    pub(crate) fn new(roots: Option<&[Vec<u8>]>) -> Result<Self, HttpError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| HttpError::Roots)?;
        let config = match roots {
            None => config.with_platform_verifier().map_err(|_| HttpError::Roots)?,
            Some(roots) => {
                let mut store = RootCertStore::empty();
                for root in roots {
                    let root = CertificateDer::from(root.as_slice()).into_owned();
                    store.add(root).map_err(|_| HttpError::Roots)?;
                }
                if store.is_empty() {
                    return Err(HttpError::Roots);
                }
                config.with_root_certificates(store)
            }
        };
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Shakes hands. Nothing of a request has been written when this returns.
    pub(crate) async fn wrap(
        &self,
        host: &str,
        tcp: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.0.connect(name, tcp).await
    }
}
