//! A fixed-window rate limit and its headers.

use super::super::message::Reply;

/// Requests allowed per window, and the window's length in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests.
    pub requests: u32,
    /// Seconds.
    pub seconds: i64,
}

impl RateLimit {
    /// So many requests per so many seconds.
    pub fn new(requests: u32, seconds: i64) -> Self {
        Self { requests, seconds: seconds.max(1) }
    }
}

impl Default for RateLimit {
    /// So high that no test meets it by accident.
    fn default() -> Self {
        Self::new(1_000_000, 1)
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limiter {
    pub(super) limit: RateLimit,
    start: i64,
    used: u32,
}

/// State of the window after one request was counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) allowed: bool,
    limit: u32,
    remaining: u32,
    reset: i64,
    /// Seconds until the next window, at least 1.
    pub(super) wait: u32,
}

impl Limiter {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self { limit, ..Self::default() }
    }

    pub(super) fn count(&mut self, now: i64) -> Window {
        let end = self.start.saturating_add(self.limit.seconds);
        if now >= end || now < self.start {
            self.start = now;
            self.used = 0;
        }
        let allowed = self.used < self.limit.requests;
        if allowed {
            self.used = self.used.saturating_add(1);
        }
        let reset = self.start.saturating_add(self.limit.seconds);
        Window {
            allowed,
            limit: self.limit.requests,
            remaining: self.limit.requests.saturating_sub(self.used),
            reset,
            wait: u32::try_from(reset.saturating_sub(now)).unwrap_or(u32::MAX).max(1),
        }
    }
}

impl Window {
    /// Adds `x-ratelimit-limit`, `-remaining` and `-reset` (Unix seconds).
    pub(super) fn describe(self, reply: Reply) -> Reply {
        reply
            .header("x-ratelimit-limit", self.limit.to_string())
            .header("x-ratelimit-remaining", self.remaining.to_string())
            .header("x-ratelimit-reset", self.reset.to_string())
    }
}
