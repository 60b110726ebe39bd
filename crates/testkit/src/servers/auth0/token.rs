//! `POST /oauth/token`: parameters, client authentication, and which grant it is.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::fault::RetryAfter;
use super::super::form;
use super::super::http::lock;
use super::super::message::{Reply, Request};
use super::constants::{GRANT_REFRESH, GRANT_TOKEN_VAULT};
use super::model::{AuthMethod, Client};
use super::state::State;
use super::{Tenant, errors};

/// Parameters of a token request. Absent and empty are the same (RFC 6749 section 3.2).
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Reply> {
        self.get(name)
            .ok_or_else(|| errors::invalid_request(&format!("Missing required parameter: {name}")))
    }

    fn parse(request: &Request) -> Result<Self, Reply> {
        let pairs = match request.media_type().as_deref() {
            Some("application/x-www-form-urlencoded") => request
                .form()
                .map_err(|_| errors::invalid_request("The form body is malformed."))?,
            Some("application/json") => json_pairs(request)?,
            _ => {
                return Err(errors::invalid_request(
                    "The body has to be JSON or form-urlencoded, and its content-type has to say so.",
                ));
            }
        };
        let mut params = BTreeMap::new();
        for (name, value) in pairs {
            if params.contains_key(&name) {
                return Err(errors::invalid_request(&format!("Duplicate parameter: {name}")));
            }
            params.insert(name, value);
        }
        params.retain(|_, value| !value.is_empty());
        Ok(Self(params))
    }
}

fn json_pairs(request: &Request) -> Result<Vec<(String, String)>, Reply> {
    let Ok(Value::Object(members)) = request.json() else {
        return Err(errors::invalid_request("The body is not a JSON object."));
    };
    members
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            _ => Err(errors::invalid_request(&format!("Parameter {name} is not a string."))),
        })
        .collect()
}

impl Tenant {
    pub(super) fn token(&self, request: &Request) -> Reply {
        let now = self.time.now();
        let mut state = lock(&self.state);
        let window = state.limiter.count(now);
        let reply = if window.allowed {
            self.dispatch(&mut state, request).unwrap_or_else(|refused| refused)
        } else {
            errors::too_many_requests(RetryAfter::Seconds(window.wait))
        };
        window.describe(reply)
    }

    fn dispatch(&self, state: &mut State, request: &Request) -> Result<Reply, Reply> {
        let params = Params::parse(request)?;
        let grant = params.required("grant_type")?;
        let client = authenticate(state, request, &params)?;
        match grant {
            GRANT_TOKEN_VAULT => self.exchange(state, &client, &params),
            GRANT_REFRESH => self.refresh(state, &client, &params),
            // The status is what Auth0 is seen to send; its documentation names none.
            other => Err(errors::oauth(
                403,
                "unsupported_grant_type",
                &format!("Unsupported grant type: {other}"),
            )),
        }
    }

    /// What a tenant's policy says to any grant, once the client is known to be allowed it.
    pub(super) fn policy(&self, state: &mut State) -> Result<(), Reply> {
        if let Some(description) = &state.denial {
            return Err(errors::oauth(403, "access_denied", description));
        }
        if state.mfa {
            let mfa_token = format!("Fe26.2**{}", state.dice.token(60));
            self.remember(&mfa_token);
            return Err(errors::mfa_required(state.quirks.mfa_status, &mfa_token));
        }
        Ok(())
    }
}

/// RFC 6749 section 2.3: exactly one method, Basic or the body.
fn authenticate(state: &State, request: &Request, params: &Params) -> Result<Client, Reply> {
    if params.get("client_assertion").is_some() {
        return Err(errors::oauth(
            401,
            "invalid_client",
            "This server models client secrets only, no client assertions.",
        ));
    }
    let (method, id, secrets) = if let Some(header) = request.header("authorization") {
        if params.get("client_secret").is_some() {
            return Err(errors::invalid_request("More than one client authentication method."));
        }
        let (raw, decoded) = basic(header).ok_or_else(|| errors::invalid_client(true))?;
        if params.get("client_id").is_some_and(|id| id != decoded.0) {
            return Err(errors::invalid_request("Two different client ids."));
        }
        // RFC 6749 has both parts form-encoded first; many clients don't. Take either.
        (AuthMethod::Basic, decoded.0, vec![decoded.1, raw.1])
    } else {
        let id = params.required("client_id")?.to_owned();
        let secret = params.get("client_secret").map(str::to_owned);
        (AuthMethod::Post, id, secret.into_iter().collect())
    };
    let refused = || errors::invalid_client(method == AuthMethod::Basic);
    let client = state.clients.get(&id).ok_or_else(refused)?;
    let accepted = match client.auth {
        AuthMethod::Public => secrets.is_empty(),
        AuthMethod::Secret => secrets.contains(&client.secret),
        only => only == method && secrets.contains(&client.secret),
    };
    if accepted { Ok(client.clone()) } else { Err(refused()) }
}

type Pair = (String, String);

/// Id and secret of a Basic header: as they stand, and form-decoded.
fn basic(header: &str) -> Option<(Pair, Pair)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let raw = (id.to_owned(), secret.to_owned());
    let plain =
        |part: &str| form::decode(part.as_bytes(), true).unwrap_or_else(|_| part.to_owned());
    Some((raw, (plain(id), plain(secret))))
}
