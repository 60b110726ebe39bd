//! Back channels.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::{Answer, Backchannel, BackchannelError, BackchannelRequest};
use countersign_http::{BACKCHANNEL_ANSWER, HttpBackchannel};
use countersign_testkit::conformance::Bare;
use countersign_testkit::conformance::backchannel::{self, Dial};
use countersign_testkit::servers::probe::Call;

use crate::{catches, lock, passes};

pub(crate) fn http(dial: Dial) -> Arc<dyn Backchannel> {
    let channel = HttpBackchannel::builder()
        .origin(dial.origin)
        .dangerous_dial(dial.host, dial.address)
        .connect_timeout(dial.timeout)
        .timeout(dial.timeout)
        .build();
    Arc::new(channel.unwrap())
}

#[test]
fn the_http_back_channel_conforms() {
    passes(async || backchannel::all(&http, BACKCHANNEL_ANSWER, Bare::IsSent).await);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    ReachesAnybody,
    ComparesPrefixes,
    FollowsRedirects,
    TriesAgain,
    AddsUserAgent,
    AddsWhatIsMissing,
    SendsAnyMethod,
    SaysUnreachableWhenTooLarge,
    PrintsRequests,
    LogsBodies,
}

/// The conforming channel behind a layer that has a flaw.
struct Flawed {
    flaw: Flaw,
    dial: Dial,
    inner: Arc<dyn Backchannel>,
    last: Mutex<String>,
}

impl std::fmt::Debug for Flawed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.flaw {
            Flaw::PrintsRequests => f.write_str(&lock(&self.last)),
            _ => f.write_str("Flawed"),
        }
    }
}

/// The same request again, for a channel that repeats itself.
fn copy(request: &BackchannelRequest) -> BackchannelRequest {
    BackchannelRequest {
        method: request.method,
        url: request.url.clone(),
        headers: request.headers.clone(),
        body: request.body.clone(),
    }
}

/// Sends it to a loopback address, whatever the list of origins says.
async fn anywhere(url: &str) -> Option<Result<Answer, BackchannelError>> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let (authority, path) = rest.split_once('/')?;
    let address = authority.rsplit('@').next()?.parse().ok()?;
    let answer = Call::new("GET", &format!("/{path}")).send(address).await;
    let answer = answer.map_err(|_| BackchannelError::Unreachable);
    Some(answer.map(|a| Answer::new(a.status, Vec::new(), a.body.to_vec())))
}

#[async_trait]
impl Backchannel for Flawed {
    async fn send(&self, mut request: BackchannelRequest) -> Result<Answer, BackchannelError> {
        *lock(&self.last) = request.url.clone();
        match self.flaw {
            Flaw::AddsUserAgent => {
                request.headers.push(("user-agent", "flawed/1".to_owned().into()));
            }
            Flaw::AddsWhatIsMissing if request.headers.is_empty() => {
                request.headers.push(("accept", "*/*".to_owned().into()));
            }
            Flaw::SendsAnyMethod if request.method == "DELETE" => request.method = "POST",
            Flaw::LogsBodies => {
                let body = String::from_utf8_lossy(&request.body).into_owned();
                tracing::debug!(body, "sending");
            }
            _ => {}
        }
        let allowed = match self.flaw {
            Flaw::ReachesAnybody => true,
            Flaw::ComparesPrefixes => request.url.starts_with(self.dial.origin),
            _ => false,
        };
        let first = self.inner.send(copy(&request)).await;
        match (self.flaw, &first) {
            (_, Err(BackchannelError::Origin | BackchannelError::Malformed)) if allowed => {
                anywhere(&request.url).await.unwrap_or(first)
            }
            (Flaw::TriesAgain, Err(BackchannelError::Unreachable)) => {
                self.inner.send(request).await
            }
            (Flaw::FollowsRedirects, Ok(answer)) => match answer.header("location") {
                Some(location) => anywhere(location).await.unwrap_or(first),
                None => first,
            },
            (Flaw::SaysUnreachableWhenTooLarge, Err(BackchannelError::TooLarge)) => {
                Err(BackchannelError::Unreachable)
            }
            _ => first,
        }
    }
}

#[test]
fn a_broken_back_channel_is_caught() {
    let origins = "Backchannel: only the origins on the list are reached";
    let quiet = "Backchannel: no part of a request or an answer is printed or logged";
    let flaws = [
        (Flaw::ReachesAnybody, origins),
        (Flaw::ComparesPrefixes, origins),
        (Flaw::FollowsRedirects, "Backchannel: no redirect is followed"),
        (Flaw::TriesAgain, "Backchannel: without a whole answer there is none"),
        (Flaw::AddsWhatIsMissing, "Backchannel: nothing is added but host and framing"),
        (Flaw::AddsUserAgent, "Backchannel: nothing is added but host and framing"),
        (Flaw::SendsAnyMethod, "Backchannel: a malformed request is refused"),
        (Flaw::SaysUnreachableWhenTooLarge, "Backchannel: the answer is bounded in size"),
        (Flaw::PrintsRequests, quiet),
        (Flaw::LogsBodies, quiet),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            let make = move |dial: Dial| -> Arc<dyn Backchannel> {
                Arc::new(Flawed { flaw, dial, inner: http(dial), last: Mutex::default() })
            };
            backchannel::all(&make, BACKCHANNEL_ANSWER, Bare::IsSent).await;
        });
    }
}
