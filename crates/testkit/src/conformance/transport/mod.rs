//! [`Transport`]: the sealed bytes, once.
//!
//! The transport under test is built by a closure, for servers on loopback: what is meant for
//! `https://host/…` has to go to an address, in the clear ([`Dial`]).

mod credential;
mod ending;
mod exact;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{Admitted, Bearer, Method, Outgoing, Prepared, Sent, Step, Transport};

pub use self::credential::*;
pub use self::ending::*;
pub use self::exact::*;
use super::{Bare, PATIENCE, broken, done, holds, in_time, is_code, same};
use crate::fixtures::{HOST, NOW, admit, bearer, step};

/// How the transport under test is to be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dial {
    /// The host that is dialled elsewhere.
    pub host: &'static str,
    /// Where to: HTTP/1.1 in the clear.
    pub address: SocketAddr,
    /// How long it may wait, for a connection and in all.
    pub timeout: Duration,
    /// Longest body of an answer that is read, in bytes.
    pub answer: usize,
}

impl Dial {
    fn to(address: SocketAddr) -> Self {
        Self { host: HOST, address, timeout: Duration::from_secs(30), answer: 1024 * 1024 }
    }
}

/// Builds the transport under test.
pub type Make<'a> = &'a (dyn Fn(Dial) -> Arc<dyn Transport> + Sync);

/// The token that the suite sends along.
const TOKEN: &str = "ya29.token-of-the-conformance-suite-5d0e";

/// Runs every clause.
pub async fn all(make: Make<'_>, bare: Bare) {
    sends_exactly_the_sealed_bytes(make).await;
    adds_nothing_to_a_bare_request(make, bare).await;
    keeps_nothing_between_requests(make).await;
    gives_the_answer_as_it_is(make).await;
    follows_no_redirect(make).await;
    sends_no_credential_but_the_tickets_own(make).await;
    sends_without_a_credential_where_none_is_planned(make).await;
    sends_every_step_with_the_tickets_bearer(make).await;
    lets_no_token_break_out_of_its_header(make).await;
    sends_no_local_call(make).await;
    says_that_it_dials_elsewhere(make).await;
    is_not_sent_when_nobody_listens(make).await;
    is_in_doubt_when_the_answer_is_missing(make).await;
    is_bounded_in_time(make).await;
    is_bounded_in_size(make).await;
    says_nothing_of_urls_and_tokens(make).await;
}

/// A step that plans an `accept` header.
fn plan(method: Method, target: &str) -> Step {
    let step = step(method, target).header("accept", "application/json");
    done("the suite's requests are valid", step)
}

/// What was planned, kept while the step itself is used up.
#[derive(Debug, Clone)]
struct Planned {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    credential: bool,
}

impl Planned {
    #[track_caller]
    fn of(step: &Outgoing<'_>) -> Self {
        let Some(request) = step.request() else {
            broken("the suite's step is a request", "it is not")
        };
        let target = request.url.strip_prefix("https://").and_then(|u| u.strip_prefix(HOST));
        Self {
            line: format!("{} {} HTTP/1.1", request.method, target.unwrap_or_default()),
            headers: request.headers.to_vec(),
            body: request.body.to_vec(),
            credential: request.credential,
        }
    }
}

/// Sends the next step; whatever comes of it, comes in time and under a stable code.
async fn send_next(
    transport: &dyn Transport,
    admitted: &mut Admitted,
    bearer: Option<&Bearer>,
) -> (Sent, Planned) {
    let step = done("the suite's plan has another step", admitted.next(NOW));
    let step = done("the suite's plan has another step", step.ok_or("none"));
    let planned = Planned::of(&step);
    let bound = "Transport: sending is bounded in time";
    let sent = in_time(bound, PATIENCE, transport.send(step, bearer)).await;
    if let Sent::NotSent(code) | Sent::InDoubt(code) = sent {
        holds("Transport: what went wrong is told by a stable code", is_code(code), code);
    }
    (sent, planned)
}

/// Sends a plan of one step with its own bearer.
async fn send(transport: &dyn Transport, prepared: Prepared) -> (Sent, Planned) {
    let mut admitted = admit(prepared).await;
    let bearer = bearer(&admitted, TOKEN);
    send_next(transport, &mut admitted, Some(&bearer)).await
}

#[track_caller]
fn not_sent(clause: &str, sent: &Sent) {
    holds(clause, matches!(sent, Sent::NotSent(_)), format!("{sent:?}"));
}

#[track_caller]
fn in_doubt(clause: &str, sent: &Sent) {
    holds(clause, matches!(sent, Sent::InDoubt(_)), format!("{sent:?}"));
}

/// The server was met by exactly so many connections, also a moment later.
async fn met(clause: &str, server: &crate::servers::Raw, times: usize) {
    tokio::time::sleep(Duration::from_millis(2)).await;
    same(clause, server.connections(), times);
}
