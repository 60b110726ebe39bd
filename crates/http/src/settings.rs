//! What the builders of both clients have in common.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use crate::client::Client;
use crate::error::HttpError;
use crate::target::is_name;

/// Longest time for name, connection and TLS handshake unless told otherwise: 10 seconds.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest time from the start to the last byte of the answer unless told otherwise: 60 seconds.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// No timeout is longer: one hour.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(3600);
/// Longest body of an answer from a provider unless told otherwise: 10 MiB.
pub const DEFAULT_ANSWER: usize = 10 * 1024 * 1024;

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) connect_timeout: Duration,
    pub(crate) timeout: Duration,
    pub(crate) answer: usize,
    pub(crate) dial: BTreeMap<String, SocketAddr>,
    #[cfg(feature = "rustls")]
    pub(crate) roots: Option<Vec<Vec<u8>>>,
}

impl Settings {
    pub(crate) fn new(answer: usize) -> Self {
        Self {
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            timeout: DEFAULT_TIMEOUT,
            answer,
            dial: BTreeMap::new(),
            #[cfg(feature = "rustls")]
            roots: None,
        }
    }

    pub(crate) fn build(self) -> Result<Client, HttpError> {
        for timeout in [self.connect_timeout, self.timeout] {
            if timeout.is_zero() || timeout > MAX_TIMEOUT {
                return Err(HttpError::Timeout);
            }
        }
        if self.answer == 0 {
            return Err(HttpError::Limit);
        }
        for (host, address) in &self.dial {
            if !is_name(host) {
                return Err(HttpError::Host);
            }
            if !address.ip().is_loopback() {
                return Err(HttpError::NotLoopback);
            }
        }
        Client::new(self)
    }
}

/// The setters that both builders have.
macro_rules! setters {
    () => {
        /// Longest time for name, connection and TLS handshake; at most nine tenths of the whole
        /// [`timeout`](Self::timeout), so that a connection that is not made is known as such.
        pub fn connect_timeout(mut self, timeout: core::time::Duration) -> Self {
            self.settings.connect_timeout = timeout;
            self
        }

        /// Longest time from the start to the last byte of the answer.
        pub fn timeout(mut self, timeout: core::time::Duration) -> Self {
            self.settings.timeout = timeout;
            self
        }

        /// Trusts only these root certificates (DER), and no longer what the platform trusts: for a
        /// provider behind a private authority.
        #[cfg(feature = "rustls")]
        pub fn trust_only(mut self, roots: Vec<Vec<u8>>) -> Self {
            self.settings.roots = Some(roots);
            self
        }

        /// For tests: what is meant for `https://host/…` goes to a loopback address, in the clear.
        /// The bytes are the same, `host` header included. Other hosts are not touched.
        ///
        /// `dangerous`, because the credential goes there too.
        pub fn dangerous_dial(mut self, host: &str, address: core::net::SocketAddr) -> Self {
            self.settings.dial.insert(host.to_owned(), address);
            self
        }
    };
}
pub(crate) use setters;

macro_rules! redacted {
    ($name:ident, $($field:ident).+) => {
        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let settings = &self.$($field).+;
                f.debug_struct(stringify!($name))
                    .field("connect_timeout", &settings.connect_timeout)
                    .field("timeout", &settings.timeout)
                    .field("answer", &settings.answer)
                    .field("dialled_elsewhere", &settings.dial.len())
                    .finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use redacted;
