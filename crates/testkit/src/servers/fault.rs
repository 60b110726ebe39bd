//! Faults: what networks, edges and overloaded servers do, on demand.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;
use time::macros::format_description;

use super::http::lock;
use super::message::{Reply, Request};

/// One misbehaviour, to be given to [`Faults`].
#[derive(Clone, Debug)]
pub struct Fault {
    kind: Kind,
    wait: Duration,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Pass,
    Answer(Reply),
    DropBefore,
    LoseAnswer,
    SlowAnswer(Duration),
    Truncate(usize),
}

/// The two forms of `Retry-After` (RFC 9110 section 10.2.3).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum RetryAfter {
    /// Whole seconds.
    Seconds(u32),
    /// A point in time, in Unix seconds, sent as an IMF-fixdate.
    At(i64),
}

impl RetryAfter {
    /// The header's value.
    pub fn to_header(self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::At(unix) => imf_fixdate(unix).unwrap_or_else(|| "0".to_owned()),
        }
    }
}

fn imf_fixdate(unix: i64) -> Option<String> {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    OffsetDateTime::from_unix_timestamp(unix).ok()?.format(&format).ok()
}

impl Fault {
    fn new(kind: Kind) -> Self {
        Self { kind, wait: Duration::ZERO }
    }

    /// Answers at once, without processing the request.
    pub fn answer(reply: Reply) -> Self {
        Self::new(Kind::Answer(reply))
    }

    /// Answers with a bare status, without processing the request.
    pub fn status(status: u16) -> Self {
        Self::answer(Reply::empty(status))
    }

    /// 307 to `url`: method and body are to be repeated there (RFC 9110 section 15.4.8), and a
    /// client that follows it leaks its request.
    pub fn redirect(url: &str) -> Self {
        Self::answer(Reply::empty(307).header("location", url))
    }

    /// An HTML page with status 502, as an edge proxy answers for an origin that is down.
    pub fn html_502() -> Self {
        Self::answer(Reply::html(
            502,
            "<html><head><title>502 Bad Gateway</title></head>\
             <body><center><h1>502 Bad Gateway</h1></center></body></html>",
        ))
    }

    /// 429 with `Retry-After` and a JSON body.
    pub fn rate_limited(retry_after: RetryAfter, body: &Value) -> Self {
        Self::answer(Reply::json(429, body).header("retry-after", retry_after.to_header()))
    }

    /// Processes the request to the end, then closes the connection without answering: the effect
    /// has taken place and the client can't know.
    pub fn answer_lost() -> Self {
        Self::new(Kind::LoseAnswer)
    }

    /// Reads the request, then closes the connection without processing it.
    pub fn dropped() -> Self {
        Self::new(Kind::DropBefore)
    }

    /// Waits, then processes the request as usual, also if the client has gone away by then.
    pub fn delay(wait: Duration) -> Self {
        Self::new(Kind::Pass).after(wait)
    }

    /// Processes the request at once and answers only after `wait`.
    pub fn slow_answer(wait: Duration) -> Self {
        Self::new(Kind::SlowAnswer(wait))
    }

    /// Processes the request, sends at most `keep` bytes of the answer's body under a
    /// `content-length` that promises more, then closes the connection.
    pub fn truncated(keep: usize) -> Self {
        Self::new(Kind::Truncate(keep))
    }

    /// Waits before doing whatever this fault does.
    pub fn after(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    pub(crate) fn wait(&self) -> Duration {
        self.wait
    }

    pub(crate) fn into_kind(self) -> Kind {
        self.kind
    }

    pub(crate) fn label(&self) -> &'static str {
        match &self.kind {
            Kind::Pass => "delay",
            Kind::Answer(reply) if (300..400).contains(&reply.status) => "redirect",
            Kind::Answer(_) => "answer",
            Kind::DropBefore => "dropped",
            Kind::LoseAnswer => "answer_lost",
            Kind::SlowAnswer(_) => "slow_answer",
            Kind::Truncate(_) => "truncated",
        }
    }
}

type Predicate = Arc<dyn Fn(&Request) -> bool + Send + Sync>;

/// Which requests a fault is for. All conditions must hold.
#[derive(Clone, Default)]
pub struct When {
    method: Option<String>,
    path: Option<String>,
    prefix: Option<String>,
    predicate: Option<Predicate>,
    skip: u32,
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("When")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("prefix", &self.prefix)
            .field("predicate", &self.predicate.is_some())
            .field("skip", &self.skip)
            .finish()
    }
}

impl When {
    /// Every request.
    pub fn any() -> Self {
        Self::default()
    }

    /// Requests with this method.
    pub fn method(method: &str) -> Self {
        Self { method: Some(method.to_owned()), ..Self::default() }
    }

    /// Only this path, percent-encoded as sent, without query.
    pub fn path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Only paths that start like this.
    pub fn path_prefix(mut self, prefix: &str) -> Self {
        self.prefix = Some(prefix.to_owned());
        self
    }

    /// Only requests for which this holds.
    pub fn matching(mut self, test: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.predicate = Some(Arc::new(test));
        self
    }

    /// Lets the first `count` matching requests through.
    pub fn skip(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    fn holds(&self, request: &Request) -> bool {
        self.method.as_ref().is_none_or(|method| *method == request.method)
            && self.path.as_ref().is_none_or(|path| *path == request.path)
            && self.prefix.as_ref().is_none_or(|prefix| request.path.starts_with(prefix))
            && self.predicate.as_ref().is_none_or(|test| test(request))
    }
}

#[derive(Debug)]
struct Rule {
    when: When,
    fault: Fault,
    left: u32,
}

/// The faults waiting to happen. A request meets the first rule it matches, and uses it up by one;
/// rules that don't match stay.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    rules: Arc<Mutex<VecDeque<Rule>>>,
}

impl Faults {
    /// For the next request, whatever it is.
    pub fn push(&self, fault: Fault) {
        self.when(When::any(), 1, fault);
    }

    /// For the next `count` requests.
    pub fn next(&self, count: u32, fault: Fault) {
        self.when(When::any(), count, fault);
    }

    /// For the next `count` requests that match.
    pub fn when(&self, when: When, count: u32, fault: Fault) {
        if count > 0 {
            lock(&self.rules).push_back(Rule { when, fault, left: count });
        }
    }

    /// Faults that have not happened yet, each counted as often as it is to happen. A test that
    /// expects its faults to be met asserts that this is zero.
    pub fn pending(&self) -> u32 {
        lock(&self.rules).iter().fold(0, |sum: u32, rule| sum.saturating_add(rule.left))
    }

    /// Forgets them all.
    pub fn clear(&self) {
        lock(&self.rules).clear();
    }

    pub(crate) fn take(&self, request: &Request) -> Option<Fault> {
        let mut rules = lock(&self.rules);
        let position = rules.iter_mut().position(|rule| {
            if !rule.when.holds(request) {
                return false;
            }
            if rule.when.skip > 0 {
                rule.when.skip = rule.when.skip.saturating_sub(1);
                return false;
            }
            true
        })?;
        let rule = rules.get_mut(position)?;
        rule.left = rule.left.saturating_sub(1);
        let fault = rule.fault.clone();
        if rule.left == 0 {
            rules.remove(position);
        }
        Some(fault)
    }
}
