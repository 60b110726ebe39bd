//! The `refresh_token` grant, with rotation, reuse detection and multi-resource policies.

use serde_json::{Map, Value, json};

use super::super::jwt::TokenBuilder;
use super::super::message::Reply;
use super::constants::GRANT_REFRESH;
use super::model::Client;
use super::state::{Refresh, State};
use super::token::Params;
use super::{ACCESS_TOKEN_LIFETIME, Tenant, errors};

impl Tenant {
    pub(super) fn refresh(
        &self,
        state: &mut State,
        client: &Client,
        params: &Params,
    ) -> Result<Reply, Reply> {
        if !client.refresh {
            return Err(errors::grant_not_allowed(GRANT_REFRESH));
        }
        let presented = params.required("refresh_token")?;
        let (position, found) = state
            .usable_refresh(presented, &client.id)
            .map(|(position, found)| (position, found.clone()))
            .ok_or_else(errors::invalid_refresh_token)?;
        if let Some(replaced_at) = found.replaced_at
            && !self.in_leeway(state, client, &found, replaced_at)
        {
            state.kill_family(found.family);
            return Err(errors::invalid_refresh_token());
        }
        self.policy(state)?;

        // An audience without a policy is ignored: the token is for the one of the login.
        let asked = params.get("audience").and_then(|asked| client.policies.get_key_value(asked));
        let (audience, allowed) = match asked {
            Some((audience, scopes)) => {
                (Some(audience.clone()), [found.scopes.as_slice(), scopes.as_slice()].concat())
            }
            None => (found.audience.clone(), found.scopes.clone()),
        };
        let granted: Vec<String> = match params.get("scope") {
            Some(scope) => scope
                .split(' ')
                .filter(|scope| allowed.iter().any(|allowed| allowed == scope))
                .map(str::to_owned)
                .collect(),
            None => allowed,
        };

        let mut body = Map::new();
        body.insert("token_type".to_owned(), json!("Bearer"));
        body.insert("expires_in".to_owned(), json!(ACCESS_TOKEN_LIFETIME));
        body.insert("scope".to_owned(), json!(granted.join(" ")));
        let access_token = if let Some(audience) = &audience {
            let token = self.builder(state, &found.user).audience(audience).azp(&client.id);
            sign(token.scope(&granted.join(" ")))?
        } else {
            // Without an audience the token is opaque.
            let opaque = state.dice.token(32);
            self.remember(&opaque);
            opaque
        };
        body.insert("access_token".to_owned(), json!(access_token));
        if granted.iter().any(|scope| scope == "openid") {
            let id_token = sign(self.builder(state, &found.user).audience(&client.id))?;
            body.insert("id_token".to_owned(), json!(id_token));
        }
        if client.rotation.is_some() {
            let next = self.rotate(state, position, &found);
            body.insert("refresh_token".to_owned(), json!(next));
        }
        Ok(errors::uncached(200, &Value::Object(body)))
    }

    /// Only the token replaced last may be used again, and only for the client's leeway.
    fn in_leeway(&self, state: &State, client: &Client, old: &Refresh, replaced_at: i64) -> bool {
        let leeway = client.rotation.unwrap_or(0);
        let age = self.time.now().saturating_sub(replaced_at);
        let previous = state.refresh.iter().any(|newer| {
            newer.live && newer.replaced_at.is_none() && newer.parent.as_ref() == Some(&old.token)
        });
        age < leeway && previous
    }

    fn rotate(&self, state: &mut State, position: usize, old: &Refresh) -> String {
        let now = self.time.now();
        if let Some(entry) = state.refresh.get_mut(position) {
            entry.replaced_at.get_or_insert(now);
        }
        let token = format!("v1.{}", state.dice.token(43));
        self.remember(&token);
        state.add_refresh(Refresh {
            token: token.clone(),
            parent: Some(old.token.clone()),
            replaced_at: None,
            ..old.clone()
        });
        token
    }
}

fn sign(builder: TokenBuilder) -> Result<String, Reply> {
    builder.sign().map_err(|_| errors::oauth(500, "server_error", "Signing failed."))
}
