//! TLS by rustls with ring; no process-wide default is read or set.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::error::HttpError;

/// TLS 1.2 and 1.3 to verified servers: those that the platform trusts, or only the given roots.
pub(crate) fn config(roots: Option<&[Vec<u8>]>) -> Result<ClientConfig, HttpError> {
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
    Ok(config)
}
