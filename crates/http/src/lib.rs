//! The one HTTP client of countersign: what was sealed is written, and nothing else.
//!
//! [`HttpTransport`] is the [`Transport`](countersign_core::Transport) for providers,
//! [`HttpBackchannel`] the [`Backchannel`](countersign_core::Backchannel) to the identity provider.
//! Both need a tokio runtime with I/O and time enabled.
//!
//! # What goes over the wire
//! HTTP/1.1 ([RFC 9112](https://www.rfc-editor.org/rfc/rfc9112)) and nothing newer, because there the
//! bytes can be stated exactly:
//!
//! ```text
//! POST /calendar/v3/calendars/primary/events?sendUpdates=all HTTP/1.1
//! host: www.googleapis.com                 the URL's authority, as sealed
//! accept: application/json                 the planned headers, in the planned order
//! content-type: application/json
//! authorization: Bearer …                  if the step carries the credential
//! content-length: 42                       if there is a body, and for POST, PUT and PATCH
//! ```
//!
//! No `user-agent`, no `accept`, no `connection`, no `accept-encoding`, no cookie unless it was planned.
//! Before anything is sent, [`request_digest`](countersign_core::request_digest) is computed once more,
//! from the very request that is then written, and compared with the digest that was admitted.
//!
//! # What it never does
//! Follow a redirect (a 3xx is an answer like any other), try again, use a proxy or read its
//! environment variables, keep a cookie, unpack a compressed answer. Plain `http://` goes to the
//! literals `127.0.0.0/8` and `[::1]` alone; `localhost` is a name and may lead anywhere.
//!
//! # One connection for one request
//! No connection is kept. A server may close an idle connection at the moment we write on it, and
//! then nobody can say whether the request was processed: each such race would be an effect in
//! doubt, or a request sent twice.
//!
//! The price is a handshake for each call; TLS sessions are resumed. Over a network that is two round
//! trips (TCP and TLS 1.3), and the computing of the handshake.
//!
//! Dropping the sending future closes the connection. What was handed to the operating system by then is
//! still sent, the rest of a longer body is not.
//!
//! A name is looked up and connected to by hyper-util: if the addresses of one family have not answered
//! after 300 ms, those of the other are tried beside them. Nothing is sent before one connection was
//! chosen.
//!
//! # TLS
//! Versions 1.2 and 1.3 by rustls with ring; nothing is installed process-wide, no keys are logged, no
//! early data is sent. The platform decides whom to trust (on Linux its root certificates, read once
//! when the client is built, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name).
//!
//! Without the feature `rustls` there is no TLS here, and `https://` is refused.
//!
//! # How sending ends
//! | code | outcome | when |
//! |---|---|---|
//! | `not_a_request` | not sent | the step is a local call |
//! | `url_not_exact` | not sent | the URL would not be written as it was sealed |
//! | `plain_http_refused` | not sent | `http://` to anything but a loopback literal |
//! | `tls_unavailable` | not sent | `https://`, and the feature `rustls` is off |
//! | `credential_missing` | not sent | the step carries the credential and there is no bearer |
//! | `wrong_ticket` | not sent | the bearer is another ticket's |
//! | `credential_malformed` | not sent | the token is not visible ASCII |
//! | `request_changed` | not sent | the request is not the one that was sealed |
//! | `no_runtime` | not sent | called outside a tokio runtime |
//! | `connect_failed` | not sent | name, connection or TLS handshake failed or took too long |
//! | `timed_out` | in doubt | no complete answer in time |
//! | `connection_lost` | in doubt | closed or reset before the answer began |
//! | `answer_incomplete` | in doubt | closed or reset within the answer |
//! | `answer_malformed` | in doubt | what came back is not HTTP/1.1 |
//! | `answer_too_large` | in doubt | longer than the limit, which is counted while reading |
//!
//! What went wrong up to the end of the TLS handshake is known to have happened before the first byte.
//! From then on it is not looked at what was written, so everything else is in doubt: also the connection
//! that the server closed at once.
//!
//! # Why there is no HTTP client underneath
//! An HTTP client decides on its own what else to send, where to, and how often: it tries again, follows
//! redirects, reads proxy variables, keeps connections and cookies, adds headers, unpacks answers; and what
//! of it does so any crate in the build may switch on. Here there is hyper's codec for one connection, which
//! does none of it, hyper-util's connector, and rustls. The connection is driven by the future that waits for the answer,
//! and not by a task of its own that might write on when nobody waits any more. It is also quicker.
//!
//! This crate is the one place that speaks HTTP to others, and tests against raw sockets show what it
//! writes: any other use of a client would be a way around the gate. No URL or host is in its errors, and
//! of a request nothing is logged but the host and its address, by the connector, at debug level and below.
//!
//! # Secrets
//! Header values of a credential are marked sensitive and zeroised when the last reference goes, as
//! are the bodies of the back channel. The copies in the write buffer of the connection and in the
//! TLS layer are not. No URL, header or body is in any error or `Debug` of this crate.

mod backchannel;
mod body;
mod client;
mod connect;
mod error;
mod exchange;
mod settings;
mod target;
#[cfg(feature = "rustls")]
mod tls;
mod transport;

pub use crate::backchannel::{BACKCHANNEL_ANSWER, HttpBackchannel, HttpBackchannelBuilder};
pub use crate::error::HttpError;
pub use crate::settings::{DEFAULT_ANSWER, DEFAULT_CONNECT_TIMEOUT, DEFAULT_TIMEOUT, MAX_TIMEOUT};
pub use crate::transport::{HttpTransport, HttpTransportBuilder};
