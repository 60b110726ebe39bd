//! The Token Vault grant: an Auth0 token in, a provider's token out.

use serde_json::{Value, json};

use super::super::jwt;
use super::super::message::Reply;
use super::constants::{
    GRANT_TOKEN_VAULT, REQUESTED_FEDERATED, SUBJECT_ACCESS_TOKEN, SUBJECT_REFRESH_TOKEN,
};
use super::model::{AuthMethod, Client, Downscoping, NotFound, Quirks, ScopeForm};
use super::state::{Refused, State};
use super::token::Params;
use super::{Tenant, errors};

impl Tenant {
    pub(super) fn exchange(
        &self,
        state: &mut State,
        client: &Client,
        params: &Params,
    ) -> Result<Reply, Reply> {
        if !client.vault || client.auth == AuthMethod::Public {
            return Err(errors::grant_not_allowed(GRANT_TOKEN_VAULT));
        }
        let subject_type = params.required("subject_token_type")?;
        let subject = params.required("subject_token")?;
        if params.required("requested_token_type")? != REQUESTED_FEDERATED {
            return Err(errors::invalid_request("Unsupported requested_token_type."));
        }
        let connection = params.required("connection")?;
        let user = match subject_type {
            SUBJECT_REFRESH_TOKEN => refresh_subject(state, client, subject)?,
            SUBJECT_ACCESS_TOKEN => self.access_subject(state, client, subject)?,
            _ => return Err(errors::invalid_request("Unsupported subject_token_type.")),
        };
        self.policy(state)?;
        self.hand_out(state, &user, connection, params)
    }

    fn access_subject(
        &self,
        state: &State,
        client: &Client,
        subject: &str,
    ) -> Result<String, Reply> {
        let Some(api) = &client.api else {
            return Err(errors::unauthorized_client(
                "Only a client linked to an API may exchange an access token.",
            ));
        };
        let claims =
            jwt::verify(subject, &self.keys, &state.published, &state.issuer, self.time.now())
                .map_err(|reason| invalid_subject(&format!("{reason:?}")))?;
        let for_us = match claims.get("aud") {
            Some(Value::String(aud)) => aud == api,
            Some(Value::Array(all)) => all.iter().any(|aud| aud == api.as_str()),
            _ => return Err(invalid_subject("MissingClaim")),
        };
        if !for_us {
            return Err(errors::unauthorized_client(
                "The subject token was issued for an API this client is not linked to.",
            ));
        }
        match claims.get("sub").and_then(Value::as_str) {
            Some(user) if claims.get("gty") != Some(&json!("client-credentials")) => {
                Ok(user.to_owned())
            }
            _ => Err(invalid_subject("NoUser")),
        }
    }

    fn hand_out(
        &self,
        state: &mut State,
        user: &str,
        connection: &str,
        params: &Params,
    ) -> Result<Reply, Reply> {
        let quirks = state.quirks.clone();
        let position = state.account(user, connection, params.get("login_hint"));
        let connected = position
            .and_then(|position| state.connected.get_mut(position))
            .ok_or_else(|| not_found(&quirks))?;
        let asked = params.get("scope").map(|scope| scope.split(' ').map(str::to_owned).collect());
        let narrowed: Option<Vec<String>> = match quirks.downscoping {
            Downscoping::Narrows => asked,
            Downscoping::Refused if asked.is_some() => {
                return Err(invalid_scope("The provider does not support narrowing the scope."));
            }
            Downscoping::Ignored | Downscoping::Refused => None,
        };
        if let Some(scopes) = &narrowed
            && scopes.iter().any(|scope| !connected.account.scopes.contains(scope))
        {
            return Err(invalid_scope("A requested scope was not granted by the user."));
        }
        let (mut token, left) = connected
            .provider_token(&self.tokens, quirks.always_refresh)
            .map_err(|refused| match refused {
                Refused::NothingStored => not_found(&quirks),
                Refused::ByProvider => errors::oauth(
                    quirks.flow_failed_status,
                    "federated_connection_refresh_token_flow_failed",
                    "Refresh Token flow for the Federated Connection failed.",
                ),
            })?;
        let account = &connected.account;
        if let Some(scopes) = &narrowed {
            token = self.tokens.mint(&account.connection, &account.email, scopes, left);
        }
        let scopes = narrowed.as_ref().unwrap_or(&account.scopes);
        let mut body = json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": left,
            "issued_token_type": REQUESTED_FEDERATED,
        });
        let scope = match account.scope_form {
            ScopeForm::Spaces => Some(scopes.join(" ")),
            ScopeForm::Commas => Some(scopes.join(",")),
            ScopeForm::Empty => Some(String::new()),
            ScopeForm::Absent => None,
        };
        if let (Some(scope), Some(members)) = (scope, body.as_object_mut()) {
            members.insert("scope".to_owned(), json!(scope));
        }
        Ok(errors::uncached(200, &body))
    }
}

fn refresh_subject(state: &State, client: &Client, subject: &str) -> Result<String, Reply> {
    if !client.refresh {
        return Err(errors::grant_not_allowed("refresh_token"));
    }
    if client.rotation.is_some() {
        return Err(errors::unauthorized_client(
            "Token Vault does not support refresh token rotation.",
        ));
    }
    let (_, found) =
        state.usable_refresh(subject, &client.id).ok_or_else(errors::invalid_refresh_token)?;
    Ok(found.user.clone())
}

/// Status from the documentation ("401 = subject token invalid/expired"); the code is a guess.
fn invalid_subject(reason: &str) -> Reply {
    errors::oauth(401, "invalid_grant", &format!("Invalid subject token: {reason}."))
}

/// The code is RFC 6749's; Auth0 has documented none.
fn invalid_scope(description: &str) -> Reply {
    errors::oauth(400, "invalid_scope", description)
}

fn not_found(quirks: &Quirks) -> Reply {
    let (code, description) = match quirks.not_found {
        NotFound::RefreshToken => (
            "federated_connection_refresh_token_not_found",
            "Federated connection Refresh Token not found.",
        ),
        NotFound::Tokenset => ("tokenset_not_found", "No tokenset found."),
        NotFound::AccessDenied => ("access_denied", "The user has no tokenset for the connection."),
    };
    errors::oauth(quirks.not_found_status, code, description)
}
