//! The transport: checks, sends once, says how it ended.

use async_trait::async_trait;
use bytes::Bytes;
use countersign_core::{Bearer, Digest, Outgoing, Request, Sent, Transport, request_digest};
use hyper::Method;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::body::Whole;
use crate::client::Client;
use crate::error::HttpError;
use crate::settings::{DEFAULT_ANSWER, Settings, redacted, setters};
use crate::target::Target;

/// Sends admitted steps to providers; see the [crate's documentation](crate).
pub struct HttpTransport {
    client: Client,
}

redacted!(HttpTransport, client.settings);

/// Makes an [`HttpTransport`].
#[derive(Clone)]
#[must_use]
pub struct HttpTransportBuilder {
    settings: Settings,
}

redacted!(HttpTransportBuilder, settings);

impl HttpTransport {
    /// Starts with [`DEFAULT_CONNECT_TIMEOUT`](crate::DEFAULT_CONNECT_TIMEOUT),
    /// [`DEFAULT_TIMEOUT`](crate::DEFAULT_TIMEOUT), [`DEFAULT_ANSWER`] and the platform's root
    /// certificates.
    pub fn builder() -> HttpTransportBuilder {
        HttpTransportBuilder { settings: Settings::new(DEFAULT_ANSWER) }
    }
}

impl HttpTransportBuilder {
    setters!();

    /// Longest body of an answer, in bytes. A longer one is in doubt, whatever its status.
    pub fn answer_limit(mut self, bytes: usize) -> Self {
        self.settings.answer = bytes;
        self
    }

    /// Makes the transport. Reads the platform's root certificates, unless others were given.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn build(self) -> Result<HttpTransport, HttpError> {
        Ok(HttpTransport { client: self.settings.build()? })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, step: Outgoing<'_>, bearer: Option<&Bearer>) -> Sent {
        let (target, request) = match self.prepare(&step, bearer) {
            Ok(prepared) => prepared,
            Err(code) => return Sent::NotSent(code),
        };
        match self.client.send(&target, request).await {
            Ok(answer) => Sent::Answer(answer),
            Err(fault) => match fault.code() {
                (code, true) => Sent::NotSent(code),
                (code, false) => Sent::InDoubt(code),
            },
        }
    }

    fn dialled_elsewhere(&self) -> bool {
        !self.client.settings.dial.is_empty()
    }
}

impl HttpTransport {
    /// Everything that can be refused before a connection is made.
    fn prepare(
        &self,
        step: &Outgoing<'_>,
        bearer: Option<&Bearer>,
    ) -> Result<(Target, hyper::Request<Whole>), &'static str> {
        let planned = step.request().ok_or("not_a_request")?;
        let target = Target::parse(planned.url)
            .filter(|target| target.url().as_str() == planned.url)
            .ok_or("url_not_exact")?;
        self.client.permits(&target).map_err(|fault| fault.code().0)?;
        let credential = if planned.credential {
            let bearer = bearer.ok_or("credential_missing")?;
            let value = bearer.authorization(step).map_err(|_| "wrong_ticket")?;
            Some(sensitive(value).ok_or("credential_malformed")?)
        } else {
            None
        };
        let request = Built::new(&target, &planned, credential)
            .and_then(|built| built.sealed_as(&target, step.digest()))
            .ok_or("request_changed")?;
        Ok((target, request))
    }
}

/// A header value of visible ASCII that is never printed, and zeroised with its last reference.
pub(crate) fn sensitive(value: Zeroizing<String>) -> Option<HeaderValue> {
    if !value.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return None;
    }
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(value)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The length of the body is stated where there is one, and for methods that are expected to have
/// one (RFC 9110 section 8.6).
pub(crate) fn states_length(method: &Method, body: &[u8]) -> bool {
    !body.is_empty() || matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// A request as it will be written: headers in this order, and no others. It comes out only by the
/// comparison with what was sealed.
struct Built(hyper::Request<Whole>);

impl Built {
    fn new(
        target: &Target,
        planned: &Request<'_>,
        credential: Option<HeaderValue>,
    ) -> Option<Self> {
        let method = Method::from_bytes(planned.method.as_bytes()).ok()?;
        let length = states_length(&method, planned.body).then_some(planned.body.len());
        let mut request = hyper::Request::new(Whole::new(planned.body.to_vec()));
        (*request.method_mut(), *request.uri_mut()) = (method, target.line());
        let headers = request.headers_mut();
        headers.append(HOST, HeaderValue::from_str(target.authority()).ok()?);
        for (name, value) in planned.headers {
            let name = HeaderName::from_lowercase(name.as_bytes()).ok()?;
            headers.append(name, HeaderValue::from_str(value).ok()?);
        }
        if let Some(credential) = credential {
            headers.append(AUTHORIZATION, credential);
        }
        if let Some(length) = length {
            headers.append(CONTENT_LENGTH, HeaderValue::from(length));
        }
        Some(Self(request))
    }

    /// The request, if it is the one that was sealed.
    fn sealed_as(self, target: &Target, sealed: Digest) -> Option<hyper::Request<Whole>> {
        (self.digest(target)? == sealed).then_some(self.0)
    }

    /// The digest of what is about to be written, read off the built request and not off the plan.
    fn digest(&self, target: &Target) -> Option<Digest> {
        let (request, headers) = (&self.0, self.0.headers());
        let added = [AUTHORIZATION, HOST, CONTENT_LENGTH];
        // Of each that we add there is at most one: a planned one would stand beside it.
        if added.iter().any(|name| headers.get_all(name).iter().count() > 1) {
            return None;
        }
        // The connection goes where the target says, and `host` says the same. What stands in the
        // request line is path and query alone.
        let (host, line) = (headers.get(HOST)?, request.uri());
        if host != target.authority() || line.scheme().is_some() || line.authority().is_some() {
            return None;
        }
        let body = request.body().bytes();
        if headers.get(CONTENT_LENGTH).is_some_and(|n| *n != HeaderValue::from(body.len())) {
            return None;
        }
        let mut planned = Vec::new();
        for (name, value) in headers {
            if !added.contains(name) {
                planned.push((name.as_str(), value.to_str().ok()?));
            }
        }
        let scheme = if target.tls() { "https" } else { "http" };
        let url = format!("{scheme}://{}{}", host.to_str().ok()?, line.path_and_query()?);
        Some(request_digest(request.method().as_str(), &url, planned.into_iter(), body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut hyper::Request<Whole>);

    const URL: &str = "https://api.github.com/repos/a/b?c=d";

    /// An admitted step cannot be made here, so the parts are given one by one.
    fn built(headers: &[(&'static str, &'static str)]) -> hyper::Request<Whole> {
        let mut request = hyper::Request::post("/repos/a/b?c=d").body(Whole::new("body")).unwrap();
        let token = sensitive(Zeroizing::new("Bearer swordfish".to_owned())).unwrap();
        request.headers_mut().append(HOST, HeaderValue::from_static("api.github.com"));
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        request.headers_mut().append(AUTHORIZATION, token);
        request.headers_mut().append(CONTENT_LENGTH, HeaderValue::from(4));
        request
    }

    #[test]
    fn a_built_request_that_differs_anywhere_from_the_sealed_one_does_not_come_out() {
        let headers = [("accept", "text/plain"), ("x-a", "1")];
        let sealed = request_digest("POST", URL, headers.into_iter(), b"body");
        let target = Target::parse(URL).unwrap();
        let comes_out =
            |target: &Target, request| Built(request).sealed_as(target, sealed).is_some();
        assert!(comes_out(&target, built(&headers)));

        let changes: [Change; 14] = [
            |r| *r.method_mut() = Method::PUT,
            |r| *r.uri_mut() = "/repos/a/c?c=d".parse().unwrap(),
            |r| *r.uri_mut() = "/repos/a/b?c=e".parse().unwrap(),
            |r| *r.uri_mut() = "/repos/a/b".parse().unwrap(),
            |r| *r.uri_mut() = URL.parse().unwrap(),
            |r| *r.uri_mut() = "*".parse().unwrap(),
            |r| *r.body_mut() = Whole::new("bodY"),
            |r| *r.body_mut() = Whole::new(""),
            |r| drop(r.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(3))),
            |r| drop(r.headers_mut().insert("x-a", HeaderValue::from_static("2"))),
            |r| drop(r.headers_mut().remove("x-a")),
            |r| drop(r.headers_mut().insert("x-b", HeaderValue::from_static("1"))),
            |r| drop(r.headers_mut().insert(HOST, HeaderValue::from_static("api.github.org"))),
            |r| assert!(r.headers_mut().append(HOST, HeaderValue::from_static("evil.example"))),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let mut request = built(&headers);
            change(&mut request);
            assert!(!comes_out(&target, request), "change {at}");
        }
        let [accept, other] = headers;
        assert!(!comes_out(&target, built(&[other, accept])), "order of headers");
        let plain = Target::parse(&URL.replace("https", "http")).unwrap();
        assert!(!comes_out(&plain, built(&headers)), "scheme");
    }

    #[test]
    fn a_built_request_does_not_print_its_credential() {
        let printed = format!("{:?}", built(&[]));
        assert!(printed.contains("Sensitive") && !printed.contains("swordfish"), "{printed}");
    }

    #[test]
    fn a_credential_with_a_line_break_is_refused() {
        for token in ["a\r\nhost: evil", "a\n", "caf\u{e9}", "a\u{7f}"] {
            assert!(sensitive(Zeroizing::new(format!("Bearer {token}"))).is_none());
        }
    }
}
