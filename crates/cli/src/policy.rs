//! The catalogue and the policy that a command judges by.

use std::path::{Path, PathBuf};

use countersign::core::UserId;
use countersign::risk::{Catalog, Consent, DefaultPolicy, MAX_CATALOG, PolicyConfig};

use crate::input::{self, Source};
use crate::output::Failure;
use crate::stream::Stream;

/// Longest policy, in bytes.
const MAX_POLICY: usize = 1 << 20;

/// What is known of the tools, and by which policy calls are judged.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Judging {
    /// What is known of the tools: effect, severity, roles.
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: PathBuf,

    /// The risk policy, as TOML or (with the extension .json) as JSON; the defaults without it.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Whose recipients the policy lists.
    #[arg(long, value_name = "ID", default_value = "user")]
    user: UserId,
}

impl Judging {
    pub(crate) fn catalog(&self, json: bool) -> Result<Catalog, Failure> {
        let path = &self.catalog;
        let bytes = input::read(Source::File(path), MAX_CATALOG, json)?;
        let name = path.display();
        Catalog::from_json(&bytes)
            .map_err(|e| Failure::Unusable("catalog_unusable", format!("{name}: {e}")))
    }

    pub(crate) fn config(&self, json: bool) -> Result<PolicyConfig, Failure> {
        self.policy.as_deref().map_or_else(|| Ok(PolicyConfig::default()), |path| read(path, json))
    }

    /// The stream of sessions, under the policy as it is or with another consent.
    pub(crate) fn stream(&self, consent: Option<Consent>, json: bool) -> Result<Stream, Failure> {
        let mut config = self.config(json)?;
        if let Some(consent) = consent {
            config.consent = consent;
        }
        let unusable = |text: String| Failure::Unusable("policy_unusable", text);
        let policy = DefaultPolicy::new(config).map_err(|e| unusable(e.to_string()))?;
        Stream::new(&self.catalog(json)?, policy, self.user.clone())
            .ok_or_else(|| unusable("the catalogue's tools cannot be registered".to_owned()))
    }
}

fn read(path: &Path, json: bool) -> Result<PolicyConfig, Failure> {
    let bytes = input::read(Source::File(path), MAX_POLICY, json)?;
    let unusable = |text: &dyn std::fmt::Display| {
        Failure::Unusable("policy_unusable", format!("{}: {text}", path.display()))
    };
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json")) {
        return PolicyConfig::from_json(&bytes).map_err(|e| unusable(&e));
    }
    let text = std::str::from_utf8(&bytes).map_err(|e| unusable(&e))?;
    let config: PolicyConfig = toml::from_str(text).map_err(|e| unusable(&at(text, &e)))?;
    // The rules that can never hold are refused as in JSON.
    DefaultPolicy::new(config.clone()).map_err(|e| unusable(&e))?;
    Ok(config)
}

/// A TOML error on one line, with its place.
fn at(text: &str, error: &toml::de::Error) -> String {
    let message = error.message();
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return message.to_owned();
    };
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
    format!("{message} at line {line} column {column}")
}
