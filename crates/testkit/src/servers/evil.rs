//! A machine that a request should never reach.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::http::{App, Loopback, lock, loopback_handle};
use super::message::{Reply, Request};

/// Answers everything with 200 and keeps it: headers, body, whatever secret was sent along. A test
/// redirects a client here and asserts that [`requests`](Self::requests) stays empty;
/// [`connections`](Self::connections) also shows a visitor that never spoke HTTP.
#[derive(Debug)]
pub struct Evil {
    host: Loopback,
    app: Arc<Sink>,
}

#[derive(Debug)]
struct Sink {
    reply: Mutex<Reply>,
}

impl App for Sink {
    fn answer(&self, _request: &Request) -> Reply {
        lock(&self.reply).clone()
    }
}

loopback_handle!(Evil);

impl Evil {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start() -> io::Result<Self> {
        let app = Arc::new(Sink { reply: Mutex::new(Reply::json(200, &json!({ "ok": true }))) });
        let host = Loopback::start(Arc::<Sink>::clone(&app)).await?;
        Ok(Self { host, app })
    }

    /// Answers with this from now on: a forged token response, for instance.
    pub fn answer_with(&self, reply: Reply) {
        *lock(&self.app.reply) = reply;
    }

    /// Whether `text` occurs in anything received so far: in a request line, a header or a body.
    pub fn has_seen(&self, text: &str) -> bool {
        let needle = text.as_bytes();
        let holds = |hay: &[u8]| {
            !needle.is_empty() && hay.windows(needle.len()).any(|window| window == needle)
        };
        self.requests().iter().any(|recorded| {
            let request = &recorded.request;
            holds(request.target().as_bytes())
                || request.headers.values().any(|value| holds(value.as_bytes()))
                || holds(&request.body)
        })
    }
}
