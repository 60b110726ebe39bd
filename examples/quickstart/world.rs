//! The servers, the observer, and pipelines in front of them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use countersign::core::{
    AccessToken, AgentId, ClientSecret, Clock, Connection, MemorySubjects, RefreshToken, SessionId,
    SubjectCredentials, SubjectToken, TenantId, UserId,
};
use countersign::prelude::*;
use countersign::{PipelineBuilder, SystemClock};
use countersign_testkit::clock::VirtualClock;
use countersign_testkit::servers::{Account, Auth0, Evil, auth0, probe};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Failure, Options, agent};

pub(crate) const ATTACKER: &str = "mallory@evil.example";
const EVENTS: &str = "/calendar/v3/calendars/primary/events";
const SCOPE: &str = "https://www.googleapis.com/auth/calendar.events";
const AUDIENCE: &str = "https://agents.acme.example";
const DOMAIN: &str = "acme.eu.auth0.com";
pub(crate) const USER: &str = "auth0|ada";
pub(crate) const AGENT: &str = "planner";

/// Our own servers: with these, faults can be injected.
pub(crate) struct Ours {
    pub(crate) auth0: Auth0,
    pub(crate) calendar: countersign_testkit::servers::GoogleCalendar,
    pub(crate) evil: Evil,
}

pub(crate) struct World {
    auth0: SocketAddr,
    calendar: SocketAddr,
    client: (String, String),
    pub(crate) connection: String,
    subject: SubjectToken,
    ours: Option<Ours>,
    /// The observer's own token: it was exchanged without countersign.
    observer: String,
    dirs: TempDir,
}

/// A pipeline, the caller, and the clock that it goes by.
pub(crate) struct Guarded {
    pub(crate) cs: Pipeline,
    pub(crate) me: Caller,
    pub(crate) clock: VirtualClock,
}

impl World {
    pub(crate) async fn start(options: &Options) -> Result<Self, Failure> {
        let world = match (&options.auth0, &options.calendar) {
            (None, None) => Self::start_ours().await?,
            (Some(auth0), Some(calendar)) => {
                let given = |value: &Option<String>, name: &str| {
                    value.clone().ok_or_else(|| Failure::from(format!("{name} is needed too")))
                };
                let token = given(&options.subject_token, "--subject-token")?;
                // Three parts with dots are a JWT, so an access token; Auth0's refresh tokens are opaque.
                let subject = if token.split('.').count() == 3 && token.starts_with("ey") {
                    SubjectToken::Access(AccessToken::new(token))
                } else {
                    SubjectToken::Refresh(RefreshToken::new(token))
                };
                Self {
                    auth0: loopback(auth0)?,
                    calendar: loopback(calendar)?,
                    client: (
                        given(&options.client_id, "--client-id")?,
                        given(&options.client_secret, "--client-secret")?,
                    ),
                    connection: options.connection.clone().unwrap_or("google-oauth2".to_owned()),
                    subject,
                    ours: None,
                    observer: String::new(),
                    dirs: TempDir::new()?,
                }
            }
            _ => return Err("--auth0 and --calendar go together".into()),
        };
        let observer = world.exchange().await?;
        let world = Self { observer, ..world };
        // Somebody invited the user to a meeting, with a text for the user's assistant in it.
        let planted = json!({
            "summary": "Budget", "description": agent::injection(),
            "start": { "dateTime": "2027-03-01T08:00:00Z" },
            "end": { "dateTime": "2027-03-01T08:30:00Z" },
        });
        let answer = world.post_event(&world.observer, &planted).await?;
        if answer.status != 200 {
            return Err(format!("the calendar answers {} to a first event", answer.status).into());
        }
        Ok(world)
    }

    async fn start_ours() -> Result<Self, Failure> {
        let auth0 = Auth0::builder().domain(DOMAIN).start().await?;
        auth0.register(auth0::Client::custom_api("cli_1", "s3cr3t", AUDIENCE).token_vault());
        auth0.connect(USER, Account::google("1084", "ada@acme.example").scopes([SCOPE]));
        let calendar = countersign_testkit::servers::GoogleCalendar::start(auth0.tokens()).await?;
        let access = auth0.issue_access_token(USER, AUDIENCE).azp(AGENT).sign()?;
        Ok(Self {
            auth0: auth0.addr(),
            calendar: calendar.addr(),
            client: ("cli_1".to_owned(), "s3cr3t".to_owned()),
            connection: "google-oauth2".to_owned(),
            subject: SubjectToken::Access(AccessToken::new(access)),
            ours: Some(Ours { auth0, calendar, evil: Evil::start().await? }),
            observer: String::new(),
            dirs: TempDir::new()?,
        })
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.ours.is_some()
    }

    pub(crate) fn ours(&self) -> Result<&Ours, Failure> {
        self.ours.as_ref().ok_or_else(|| "needs fault injection".into())
    }

    /// The user's own token at the identity provider, in clear: what an attacker may have got.
    pub(crate) fn subject_text(&self) -> &str {
        match &self.subject {
            SubjectToken::Refresh(token) => token.expose(),
            SubjectToken::Access(token) => token.expose(),
            _ => "",
        }
    }

    /// A provider token, exchanged as agents do it today: without countersign.
    pub(crate) async fn exchange(&self) -> Result<String, Failure> {
        let kind = match &self.subject {
            SubjectToken::Refresh(_) => auth0::SUBJECT_REFRESH_TOKEN,
            _ => auth0::SUBJECT_ACCESS_TOKEN,
        };
        let form = [
            ("grant_type", auth0::GRANT_TOKEN_VAULT),
            ("client_id", self.client.0.as_str()),
            ("client_secret", self.client.1.as_str()),
            ("subject_token_type", kind),
            ("subject_token", self.subject_text()),
            ("requested_token_type", auth0::REQUESTED_FEDERATED),
            ("connection", self.connection.as_str()),
        ];
        let answer = probe::post_form(self.auth0, "/oauth/token", &form).await?;
        let token = answer.json().ok().and_then(|a| Some(a["access_token"].as_str()?.to_owned()));
        token.ok_or_else(|| format!("the token exchange answers {}", answer.status).into())
    }

    /// The events of the calendar, seen with some token.
    pub(crate) async fn list(&self, token: &str) -> Result<Vec<Value>, Failure> {
        let mut events = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let query = page.map_or_else(String::new, |p| {
                format!("&pageToken={}", countersign_testkit::servers::form::encode_component(&p))
            });
            let target = format!("{EVENTS}?maxResults=250{query}");
            let answer = probe::get_json(self.calendar, &target, Some(token)).await?;
            if answer.status != 200 {
                return Err(format!("listing events answers {}", answer.status).into());
            }
            let mut answer = answer.json()?;
            events.extend(answer["items"].as_array_mut().map(std::mem::take).unwrap_or_default());
            match answer["nextPageToken"].as_str() {
                Some(next) => page = Some(next.to_owned()),
                None => return Ok(events),
            }
        }
    }

    pub(crate) async fn post_event(
        &self,
        token: &str,
        body: &Value,
    ) -> Result<probe::Answer, Failure> {
        Ok(probe::post_json(self.calendar, EVENTS, Some(token), body).await?)
    }

    /// What the observer sees.
    pub(crate) async fn events(&self) -> Result<Vec<Value>, Failure> {
        self.list(&self.observer).await
    }

    /// Where the pipeline of a scenario keeps its keys and its log.
    pub(crate) fn state_dir(&self, name: &str) -> std::path::PathBuf {
        self.dirs.path().join(name)
    }

    /// A pipeline builder in front of the servers, with a state directory of its own.
    pub(crate) fn pipeline(&self, name: &str) -> Result<(PipelineBuilder, VirtualClock), Failure> {
        let clock = VirtualClock::starting(SystemClock::default().now());
        let secret = ClientSecret::new(self.client.1.clone());
        let vault = TokenVault::new(DOMAIN, &self.client.0, secret)?.with_audience(AUDIENCE)?;
        let calendar = GoogleCalendar::new().connection(&Connection::new(&self.connection)?);
        let builder = Pipeline::builder()
            .state_dir(self.state_dir(name))
            .connector(calendar)
            .vault(vault)
            .clock(Arc::new(clock.clone()))
            .grant(Grant::agent(AGENT).tools(["google_calendar_*"]).up_to(Tier::S))
            .dangerous_dial(DOMAIN, self.auth0)
            .dangerous_dial("www.googleapis.com", self.calendar);
        Ok((builder, clock))
    }

    /// Opens a pipeline for the agent `planner` acting for the user.
    pub(crate) async fn open(
        &self,
        (builder, clock): (PipelineBuilder, VirtualClock),
    ) -> Result<Guarded, Failure> {
        let subjects = Arc::new(MemorySubjects::default());
        let cs = builder.subjects(Arc::<MemorySubjects>::clone(&subjects)).open().await?;
        let me = match (&self.ours, &self.subject) {
            // Who is calling is read from the verified access token.
            (Some(_), SubjectToken::Access(token)) => {
                cs.caller(token.expose()).session("s-42").verify().await?
            }
            // Servers that are not ours: their keys are not ours to know.
            _ => Self::caller(AGENT)?,
        };
        subjects.remember(&me, self.subject.clone()).await?;
        Ok(Guarded { cs, me, clock })
    }

    pub(crate) fn caller(agent: &str) -> Result<Caller, Failure> {
        Ok(Caller::dangerous_assert(
            TenantId::new("default")?,
            UserId::new(USER)?,
            AgentId::new(agent)?,
            SessionId::new("s-42")?,
        ))
    }
}

/// How many events were added, removed or changed.
pub(crate) fn changes(before: &[Value], after: &[Value]) -> usize {
    let find = |list: &[Value], id: &Value| list.iter().find(|e| e["id"] == *id).cloned();
    let changed = after.iter().filter(|e| find(before, &e["id"]).as_ref() != Some(e)).count();
    let removed = before.iter().filter(|e| find(after, &e["id"]).is_none()).count();
    changed + removed
}

/// The address of `http://127.0.0.1:PORT`: other servers are reached on loopback only.
fn loopback(url: &str) -> Result<SocketAddr, Failure> {
    let bad = || Failure::from(format!("{url} is not http://127.0.0.1:PORT or http://[::1]:PORT"));
    let rest = url.strip_prefix("http://").ok_or_else(bad)?;
    let authority = rest.split('/').next().unwrap_or_default();
    let authority = authority.replace("localhost", "127.0.0.1");
    let address: SocketAddr = authority.parse().map_err(|_| bad())?;
    match address.ip() {
        IpAddr::V4(ip) if ip.is_loopback() => Ok(address),
        IpAddr::V6(ip) if ip.is_loopback() => Ok(address),
        _ => Err(bad()),
    }
}
