//! Query parameters, strictly: unknown ones and repeats are refused.

use std::collections::BTreeMap;

use super::super::form;
use super::super::message::Request;
use super::errors::ApiError;

/// Parameters every method takes and this server plays.
const COMMON: &[&str] = &["alt", "prettyPrint", "quotaUser"];

/// Parameters every method of Google takes and this server does not play.
const COMMON_UNMODELLED: &[&str] =
    &["access_token", "callback", "fields", "key", "oauth_token", "upload_protocol", "uploadType"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn parse(
        request: &Request,
        modelled: &[&str],
        unmodelled: &[&str],
    ) -> Result<Self, ApiError> {
        let raw = request.query.as_deref().unwrap_or_default();
        let pairs = form::parse(raw.as_bytes())
            .map_err(|_| ApiError::invalid("badRequest", "The query is malformed."))?;
        let mut query = BTreeMap::new();
        for (name, value) in pairs {
            let known = |list: &[&str]| list.contains(&name.as_str());
            if known(unmodelled) || known(COMMON_UNMODELLED) {
                return Err(ApiError::unmodelled(&format!("the parameter {name}")));
            }
            if !known(modelled) && !known(COMMON) {
                let message = format!("Unknown name \"{name}\": Cannot bind query parameter.");
                return Err(ApiError::parameter(&name, message));
            }
            if query.contains_key(&name) {
                return Err(ApiError::parameter(&name, "The parameter is given more than once."));
            }
            query.insert(name, value);
        }
        let query = Self(query);
        query.one_of("alt", &["json"])?;
        query.flag("prettyPrint")?;
        Ok(query)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        Ok(self.one_of(name, &["true", "false"])? == Some("true"))
    }

    pub(super) fn one_of(&self, name: &str, values: &[&str]) -> Result<Option<&str>, ApiError> {
        match self.text(name) {
            Some(value) if !values.contains(&value) => {
                Err(ApiError::parameter(name, format!("Allowed values: {}.", values.join(", "))))
            }
            found => Ok(found),
        }
    }

    pub(super) fn count(&self, name: &str, most: usize) -> Result<Option<usize>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse() {
            Ok(count) if (1..=most).contains(&count) => Ok(Some(count)),
            _ => Err(ApiError::parameter(name, format!("Allowed values: 1 to {most}."))),
        }
    }

    /// All parameters but one.
    pub(super) fn without(&self, name: &str) -> Self {
        let mut rest = self.0.clone();
        rest.remove(name);
        Self(rest)
    }
}
