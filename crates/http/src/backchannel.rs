//! The back channel: a fixed list of origins.

use async_trait::async_trait;
use bytes::Bytes;
use countersign_core::{Answer, Backchannel, BackchannelError, BackchannelRequest};
use hyper::header::{self, CONTENT_LENGTH, HOST, HeaderName, HeaderValue};
use hyper::{Method, Request};

use crate::body::Whole;
use crate::client::Client;
use crate::error::HttpError;
use crate::exchange::Fault;
use crate::settings::{Settings, redacted, setters};
use crate::target::Target;
use crate::transport::{sensitive, states_length};

/// Longest body of an answer on the back channel: 1 MiB.
pub const BACKCHANNEL_ANSWER: usize = 1024 * 1024;

/// Talks to the identity provider and to nobody else; see the [crate's documentation](crate).
///
/// Requests are written as those of the transport are: the given headers in their order, `host`, the
/// length of the body, and nothing else. All header values are treated as secrets.
pub struct HttpBackchannel {
    client: Client,
    origins: Vec<Target>,
}

redacted!(HttpBackchannel, client.settings);

/// Makes an [`HttpBackchannel`].
#[derive(Clone)]
#[must_use]
pub struct HttpBackchannelBuilder {
    settings: Settings,
    origins: Vec<String>,
}

redacted!(HttpBackchannelBuilder, settings);

impl HttpBackchannel {
    /// Starts without an origin, with [`DEFAULT_CONNECT_TIMEOUT`](crate::DEFAULT_CONNECT_TIMEOUT),
    /// [`DEFAULT_TIMEOUT`](crate::DEFAULT_TIMEOUT), [`BACKCHANNEL_ANSWER`] and the platform's root
    /// certificates.
    pub fn builder() -> HttpBackchannelBuilder {
        let settings = Settings::new(BACKCHANNEL_ANSWER);
        HttpBackchannelBuilder { settings, origins: Vec::new() }
    }

    /// Whether any dialled address is overridden.
    pub fn dialled_elsewhere(&self) -> bool {
        !self.client.settings.dial.is_empty()
    }
}

impl HttpBackchannelBuilder {
    setters!();

    /// Adds an origin that may be reached: `https://host` or `https://host:port`, or
    /// `http://127.0.0.1:port` and the like.
    pub fn origin(mut self, origin: &str) -> Self {
        self.origins.push(origin.to_owned());
        self
    }

    /// Makes the back channel.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn build(self) -> Result<HttpBackchannel, HttpError> {
        let mut origins = Vec::new();
        for origin in &self.origins {
            let target = Target::parse(&format!("{origin}/")).ok_or(HttpError::Origin)?;
            let bare = target.bare() && (target.tls() || target.loopback());
            origins.push(Some(target).filter(|_| bare).ok_or(HttpError::Origin)?);
        }
        if origins.is_empty() {
            return Err(HttpError::NoOrigin);
        }
        Ok(HttpBackchannel { client: self.settings.build()?, origins })
    }
}

#[async_trait]
impl Backchannel for HttpBackchannel {
    async fn send(&self, request: BackchannelRequest) -> Result<Answer, BackchannelError> {
        let target = Target::parse(&request.url).ok_or(BackchannelError::Malformed)?;
        if !self.origins.iter().any(|origin| origin.same_origin(&target)) {
            return Err(BackchannelError::Origin);
        }
        let request = build(&target, request).ok_or(BackchannelError::Malformed)?;
        self.client.send(&target, request).await.map_err(|fault| match fault {
            Fault::TooLarge => BackchannelError::TooLarge,
            _ => BackchannelError::Unreachable,
        })
    }
}

/// What decides where a message ends or who handles it is not the caller's to set.
const OURS: [HeaderName; 10] = [
    header::CONNECTION,
    CONTENT_LENGTH,
    header::COOKIE,
    header::EXPECT,
    HOST,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::VIA,
];

fn build(target: &Target, given: BackchannelRequest) -> Option<Request<Whole>> {
    let method = match given.method {
        "GET" if given.body.is_empty() => Method::GET,
        "POST" => Method::POST,
        _ => return None,
    };
    let length = states_length(&method, &given.body).then_some(given.body.len());
    let mut request = Request::new(Whole::new(Bytes::from_owner(given.body)));
    (*request.method_mut(), *request.uri_mut()) = (method, target.line());
    let headers = request.headers_mut();
    headers.append(HOST, HeaderValue::from_str(target.authority()).ok()?);
    for (name, value) in given.headers {
        let name = HeaderName::from_lowercase(name.as_bytes()).ok()?;
        if OURS.contains(&name) || headers.contains_key(&name) {
            return None;
        }
        headers.append(name, sensitive(value)?);
    }
    if let Some(length) = length {
        headers.append(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Some(request)
}
