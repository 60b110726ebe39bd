//! Where the provider is, and with which credential it is reached.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::Failure;

/// The environment variable that holds the target for a child.
pub const VARIABLE: &str = "COUNTERSIGN_CHAOS_TARGET";

/// The provider.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "a child needs both")]
pub struct Target {
    /// Where requests for Google go.
    pub calendar: SocketAddr,
    /// How a bearer is got.
    pub credential: Credential,
}

/// How a bearer is got.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "there are these two")]
pub enum Credential {
    /// By the token vault of an Auth0 tenant, with a user's access token.
    Vault {
        /// Where the tenant is.
        auth0: SocketAddr,
        /// The user's token.
        access_token: String,
    },
    /// It is this one: for a provider that was given by its address.
    Fixed(String),
}

impl Target {
    /// For a child's environment.
    pub fn to_value(&self) -> Value {
        let mut value = json!({ "calendar": self.calendar.to_string() });
        if let Some(object) = value.as_object_mut() {
            match &self.credential {
                Credential::Vault { auth0, access_token } => {
                    object.insert("auth0".to_owned(), json!(auth0.to_string()));
                    object.insert("access_token".to_owned(), json!(access_token));
                }
                Credential::Fixed(token) => {
                    object.insert("token".to_owned(), json!(token));
                }
            }
        }
        value
    }

    /// Reads what a provider printed, or what a parent wrote.
    ///
    /// # Errors
    /// If it is not that.
    pub fn from_value(value: &Value) -> Result<Self, Failure> {
        let text = |key: &str| {
            let text = value.get(key).and_then(Value::as_str);
            text.ok_or_else(|| Failure::from(format!("the target has no {key}")))
        };
        let credential = if value.get("token").is_some() {
            Credential::Fixed(text("token")?.to_owned())
        } else {
            Credential::Vault {
                auth0: text("auth0")?.parse()?,
                access_token: text("access_token")?.to_owned(),
            }
        };
        Ok(Self { calendar: text("calendar")?.parse()?, credential })
    }

    /// The target in this process's environment.
    ///
    /// # Errors
    /// If there is none.
    pub fn from_env() -> Result<Self, Failure> {
        Self::from_value(&serde_json::from_str(&std::env::var(VARIABLE)?)?)
    }

    /// A provider given by its address: plain HTTP on loopback.
    ///
    /// # Errors
    /// If it is not such an address.
    pub fn of_url(url: &str, token: &str) -> Result<Self, Failure> {
        let host = url.trim_end_matches('/').strip_prefix("http://");
        let host = host.ok_or("--provider wants http://127.0.0.1:port")?;
        let calendar: SocketAddr = host.replace("localhost", "127.0.0.1").parse()?;
        if !calendar.ip().is_loopback() {
            return Err("--provider has to be on loopback: requests go there in the clear".into());
        }
        Ok(Self { calendar, credential: Credential::Fixed(token.to_owned()) })
    }
}
