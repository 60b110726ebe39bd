//! One HTTP request as bytes: the checks that make its digest mean what it says.

use std::borrow::Cow;

use countersign_canon::{Canonical, Digest};

use crate::json::{Base64, Object, Raw, Read, Reader, Write, members};
use crate::macros::ensure;
use crate::url::origin_len;

/// Longest body of one request: Gmail's upload limit, the largest any connector needs.
pub const MAX_BODY: usize = 36_700_160;
/// Most steps a plan may have.
pub const MAX_STEPS: usize = 16;
/// Most times one step may be sent with new holes (pages of a listing).
pub const MAX_PAGES: u16 = 100;
/// Most headers, and most holes, of one request.
const MAX_PARTS: usize = 64;

/// A request or a hole in it was refused when it was prepared. Names the rule, never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a request that can be sealed: {0}")]
pub struct InvalidRequest(pub(crate) &'static str);

words! {
    /// The methods that connectors use.
    #[expect(missing_docs, reason = "the names are HTTP's own")]
    #[non_exhaustive]
    pub enum Method {
        Get = "GET",
        Post = "POST",
        Put = "PUT",
        Patch = "PATCH",
        Delete = "DELETE",
    }
}

words! {
    /// Where a hole is.
    #[expect(clippy::exhaustive_enums, reason = "a request has no other part that may have holes")]
    pub enum Place {
        /// In the URL, behind its origin.
        Url = "url",
        /// In the body.
        Body = "body",
    }
}

words! {
    /// Which characters may fill a hole. None of them contains a quote, a backslash, a control
    /// character, or a delimiter of URLs that could change what the URL names.
    #[non_exhaustive]
    pub enum Alphabet {
        /// `0-9`
        Digits = "digits",
        /// `0-9a-f`
        Hex = "hex",
        /// `A-Z a-z 0-9 - _ =`
        Base64Url = "base64url",
        /// `A-Z a-z 0-9 - . _ ~` (RFC 3986 unreserved)
        Unreserved = "unreserved",
    }
}

impl Alphabet {
    fn holds(self, byte: u8) -> bool {
        match self {
            Self::Digits => byte.is_ascii_digit(),
            Self::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::Base64Url => byte.is_ascii_alphanumeric() || b"-_=".contains(&byte),
            Self::Unreserved => byte.is_ascii_alphanumeric() || b"-._~".contains(&byte),
        }
    }
}

/// A named place in a step that is filled from an earlier answer, by splicing: the value's bytes go
/// in as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    pub(crate) place: Place,
    pub(crate) offset: usize,
    pub(crate) pointer: String,
    pub(crate) alphabet: Alphabet,
    pub(crate) max: u16,
}

getters!(Hole {
    /// Which answer field fills it.
    &pointer: &str;
});

members!(Hole {
    "alphabet": alphabet,
    "in": place,
    "max": max,
    "offset": offset,
    "pointer": pointer,
});

impl Hole {
    /// A hole at a byte offset of the literal URL or body, filled from the string at `pointer`
    /// (RFC 6901) of the JSON answer received just before, of at most `max` bytes from `alphabet`.
    pub fn new(place: Place, offset: usize, pointer: &str, alphabet: Alphabet, max: u16) -> Self {
        Self { place, offset, pointer: pointer.to_owned(), alphabet, max }
    }

    /// The bytes that fill the hole, or why they may not.
    fn take(&self, answer: Option<&Canonical>) -> Result<String, InvalidRequest> {
        let text = answer.and_then(|answer| answer.text_at(&self.pointer));
        let text = text.ok_or(InvalidRequest("the answer has no text for a hole"))?;
        let fits = !text.is_empty() && text.len() <= usize::from(self.max);
        let fits = fits && text.bytes().all(|b| self.alphabet.holds(b));
        ensure(fits, InvalidRequest("the answer's text does not fit a hole"))?;
        Ok(text.into_owned())
    }
}

/// Headers that are the transport's to set, that say who is asking on whose behalf, or that make
/// another method of the one that was approved.
const RESERVED: &str = "authorization connection content-length cookie expect forwarded host \
    http2-settings keep-alive te trailer transfer-encoding upgrade via x-http-method \
    x-http-method-override x-method-override";

/// One HTTP request of a plan: literal bytes and named holes. Immutable once made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) holes: Vec<Hole>,
    pub(crate) credential: bool,
    pub(crate) pages: u16,
}

impl Write for Step {
    fn write(&self, out: &mut String) {
        self.with_body(Base64(&self.body)).write(out);
    }
}

impl Read for Step {
    /// Builds the step again through the same checks as a new one.
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.take("{")?;
        let Base64(body) = reader.member("body")?;
        let step = Self {
            body,
            credential: reader.member("credential")?,
            headers: reader.member("headers")?,
            holes: reader.member("holes")?,
            method: reader.member("method")?,
            pages: reader.member("pages")?,
            url: reader.member("url")?,
        };
        reader.take("}")?;
        step.checked().ok()
    }
}

getters!(Step {
    /// The method.
    method: Method;
    /// The literal URL, holes not filled.
    &url: &str;
    /// The planned headers, in order.
    &headers: &[(String, String)];
});

impl Step {
    /// A step that carries the credential, with no headers, no body, no holes, sent once.
    ///
    /// # Errors
    /// [`InvalidRequest`] if the URL is not absolute `http(s)` in the one spelling that every parser
    /// reads alike: lower-case host, addresses as they are printed, no user info, no default port,
    /// no fragment, no dot segment (also not as `%2E`), no empty segment, no backslash, percent
    /// escapes upper-case.
    pub fn new(method: Method, url: &str) -> Result<Self, InvalidRequest> {
        let (headers, body, holes) = (Vec::new(), Vec::new(), Vec::new());
        Self { method, url: url.to_owned(), headers, body, holes, credential: true, pages: 1 }
            .checked()
    }

    /// Adds a header. Every header that will be sent is planned, but the credential, `host` and
    /// the framing of the body.
    ///
    /// # Errors
    /// [`InvalidRequest`] for a name that is not a lower-case token, is reserved or repeats, and for
    /// a value with anything but visible ASCII and inner spaces.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InvalidRequest> {
        self.headers.push((name.to_owned(), value.to_owned()));
        self.checked()
    }

    /// Sets the body's exact bytes.
    ///
    /// # Errors
    /// [`InvalidRequest`] above [`MAX_BODY`], for a `GET`, and for holes that it would not hold.
    pub fn body(mut self, body: Vec<u8>) -> Result<Self, InvalidRequest> {
        self.body = body;
        self.checked()
    }

    /// Sets the holes. Holes of one place are given in ascending order of offset.
    ///
    /// # Errors
    /// [`InvalidRequest`] for a hole outside its literal, inside the URL's origin or one of its
    /// escapes, out of order, without length, or without a pointer.
    pub fn holes(mut self, holes: Vec<Hole>) -> Result<Self, InvalidRequest> {
        self.holes = holes;
        self.checked()
    }

    /// Says that the step may be sent again with its holes filled from the newest answer, as long
    /// as that answer has them: the further pages of a listing. At most `pages` times in all.
    ///
    /// # Errors
    /// [`InvalidRequest`] unless `pages` is 1, or the step is a `GET` with holes and `pages` is at
    /// most [`MAX_PAGES`].
    pub fn pages(mut self, pages: u16) -> Result<Self, InvalidRequest> {
        self.pages = pages;
        self.checked()
    }

    /// Says that the step goes out without the credential (an upload URL is its own secret).
    pub fn without_credential(mut self) -> Self {
        self.credential = false;
        self
    }

    /// The literal body, holes not filled.
    pub fn body_bytes(&self) -> &[u8] {
        &self.body
    }
    /// Whether the step carries the credential.
    pub fn carries_credential(&self) -> bool {
        self.credential
    }

    /// Every rule for a step, whoever built it and in whatever order.
    fn checked(self) -> Result<Self, InvalidRequest> {
        let origin = origin_len(&self.url)?;
        ensure(self.body.len() <= MAX_BODY, InvalidRequest("the body is too large"))?;
        let get = self.method == Method::Get;
        ensure(!get || self.body.is_empty(), InvalidRequest("a GET has no body"))?;
        let paged = get && !self.holes.is_empty() && (2..=MAX_PAGES).contains(&self.pages);
        let pages = InvalidRequest("only a GET with holes is paged, at most 100 times");
        ensure(self.pages == 1 || paged, pages)?;
        let few = self.headers.len() <= MAX_PARTS && self.holes.len() <= MAX_PARTS;
        ensure(few, InvalidRequest("a request has at most 64 headers and 64 holes"))?;

        for (at, (name, value)) in self.headers.iter().enumerate() {
            check_header(name, value)?;
            let twice = self.headers.iter().take(at).any(|(other, _)| other == name);
            ensure(!twice, InvalidRequest("a header stands twice"))?;
        }

        // A hole right behind the origin would have to begin with the slash it must not choose.
        let (mut url_from, mut body_from) = (origin.saturating_add(1), 0);
        for hole in &self.holes {
            let (from, end) = match hole.place {
                Place::Url => (&mut url_from, self.url.len()),
                Place::Body => (&mut body_from, self.body.len()),
            };
            let fits = (*from..=end).contains(&hole.offset)
                && (hole.place == Place::Body || !inside_escape(&self.url, hole.offset));
            ensure(fits, InvalidRequest("a hole is out of place"))?;
            let named = hole.pointer.starts_with('/') && hole.pointer.len() <= 256;
            ensure(named && hole.max > 0, InvalidRequest("a hole has no length or no pointer"))?;
            *from = hole.offset;
        }
        Ok(self)
    }

    /// What the digest covers. With `body` as base64 instead of its digest this is also how a step
    /// travels, so the two cannot name different things.
    pub(crate) fn with_body(&self, body: impl Write) -> Raw {
        let object = Object::new()
            .with("body", &body)
            .with("credential", &self.credential)
            .with("headers", &self.headers)
            .with("holes", &self.holes)
            .with("method", &self.method)
            .with("pages", &self.pages)
            .with("url", &self.url);
        Raw(object.end())
    }

    /// Whether the answer has nothing more for this step's holes: the listing has ended.
    pub(crate) fn exhausted(&self, answer: &Canonical) -> bool {
        let ends =
            |hole: &Hole| matches!(answer.pointer(&hole.pointer), None | Some("null" | "\"\""));
        self.holes.iter().any(ends)
    }

    /// The URL and body with the holes filled by splicing, and the spliced values for the log.
    pub(crate) fn fill(&self, answer: Option<&Canonical>) -> Result<Filled<'_>, InvalidRequest> {
        let mut url = Cow::Borrowed(self.url.as_str());
        let mut body = Cow::Borrowed(self.body.as_slice());
        let mut spliced = Vec::new();
        // From the last hole to the first, so that earlier offsets stay true.
        for hole in self.holes.iter().rev() {
            let text = hole.take(answer)?;
            match hole.place {
                Place::Url => url.to_mut().insert_str(hole.offset, &text),
                Place::Body => {
                    body.to_mut().splice(hole.offset..hole.offset, text.bytes());
                }
            }
            spliced.push((hole.pointer.clone(), text));
        }
        spliced.reverse();
        let same = self.holes.is_empty() || origin_len(&url)? == origin_len(&self.url)?;
        ensure(same, InvalidRequest("a hole moved the origin"))?;
        Ok(Filled { step: self, url, body, spliced })
    }
}

/// A step's bytes, ready to be sent.
#[derive(Debug)]
pub(crate) struct Filled<'a> {
    pub(crate) step: &'a Step,
    pub(crate) url: Cow<'a, str>,
    pub(crate) body: Cow<'a, [u8]>,
    pub(crate) spliced: Vec<(String, String)>,
}

fn check_header(name: &str, value: &str) -> Result<(), InvalidRequest> {
    let token = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let token = (1..=64).contains(&name.len()) && name.bytes().all(token);
    ensure(token, InvalidRequest("a header name is 1 to 64 of a-z, 0-9 and -"))?;
    let reserved = RESERVED.split(' ').any(|word| word == name)
        || name.starts_with("proxy-")
        || name.starts_with("x-forwarded-");
    ensure(!reserved, InvalidRequest("that header is not the plan's to set"))?;
    let visible = value.bytes().all(|b| matches!(b, b' '..=b'~')) && value.trim() == value;
    let visible = visible && (1..=4096).contains(&value.len());
    ensure(visible, InvalidRequest("a header value is 1 to 4096 visible ASCII characters"))
}

fn inside_escape(url: &str, offset: usize) -> bool {
    let before = url.get(..offset).unwrap_or_default().as_bytes();
    matches!(before, [.., b'%'] | [.., b'%', _])
}

/// SHA-256 over the canonical JSON of one request as it goes out: method, URL, headers in order,
/// SHA-256 of the body. A transport recomputes it from what it is about to write.
pub fn request_digest<'a>(
    method: &str,
    url: &str,
    headers: impl Iterator<Item = (&'a str, &'a str)>,
    body: &[u8],
) -> Digest {
    let headers: Vec<_> = headers.map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    Object::new()
        .with("body", &Digest::of(body))
        .with("headers", &headers)
        .with("method", method)
        .with("type", "countersign-request")
        .with("url", url)
        .with("v", &1u8)
        .digest()
}
