//! Configuration: what is missing or malformed is named, and no value is.

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;

use countersign_core::ClientSecret;
use countersign_vault::{AccessTokenVerifier, ConfigError, TokenVault, TokenVaultConfig};

use crate::support::*;

fn vars(pairs: &[(&str, &str)]) -> HashMap<String, OsString> {
    pairs.iter().map(|(n, v)| ((*n).to_owned(), OsString::from(v))).collect()
}

fn read(vars: &HashMap<String, OsString>) -> Result<TokenVaultConfig, ConfigError> {
    TokenVaultConfig::from_vars(|name| vars.get(name).cloned())
}

const ALL: [(&str, &str); 4] = [
    ("AUTH0_DOMAIN", DOMAIN),
    ("AUTH0_CLIENT_ID", "cli_1"),
    ("AUTH0_CLIENT_SECRET", SECRET),
    ("AUTH0_AUDIENCE", "https://api.example"),
];

#[test]
fn the_four_variables_are_read_and_the_audience_may_be_missing() {
    let config = read(&vars(&ALL)).unwrap();
    assert_eq!(config.domain(), DOMAIN);
    assert_eq!(config.client_id(), "cli_1");
    assert_eq!(config.audience(), Some("https://api.example"));
    assert_eq!(config.origin(), "https://acme.eu.auth0.com");
    assert_eq!(read(&vars(&ALL[..3])).unwrap().audience(), None);
}

#[test]
fn a_missing_or_empty_variable_is_named() {
    for name in ["AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"] {
        let mut some = vars(&ALL);
        some.remove(name);
        assert_eq!(read(&some).unwrap_err(), ConfigError::Missing(name));
        some.insert(name.to_owned(), OsString::new());
        assert_eq!(read(&some).unwrap_err(), ConfigError::Missing(name));
        assert_eq!(ConfigError::Missing(name).to_string(), format!("{name} is not set"));
    }
    let mut some = vars(&ALL);
    some.insert("AUTH0_AUDIENCE".to_owned(), OsString::new());
    assert_eq!(read(&some).unwrap_err(), ConfigError::Missing("AUTH0_AUDIENCE"));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_named() {
    use std::os::unix::ffi::OsStringExt as _;
    for (name, _) in ALL {
        let mut some = vars(&ALL);
        some.insert(name.to_owned(), OsString::from_vec(vec![0xff]));
        assert_eq!(read(&some).unwrap_err(), ConfigError::NotText(name));
    }
}

#[test]
fn a_domain_is_a_host_name_and_nothing_else() {
    let long = format!("{}.com", "a".repeat(64));
    let longer = ["a"; 130].join(".");
    let broken = [
        "https://acme.eu.auth0.com",
        "acme.eu.auth0.com/",
        "acme.eu.auth0.com/x",
        "ACME.eu.auth0.com",
        "user@acme.eu.auth0.com",
        "acme.eu.auth0.com?x",
        "acme.eu.auth0.com#x",
        "acme.eu.auth0.com\r\nhost: evil.example",
        " acme.eu.auth0.com",
        "acme..com",
        ".acme.com",
        "acme.com.",
        "-acme.com",
        "acme-.com",
        "acme.com:",
        "acme.com:0",
        "acme.com:08",
        "acme.com:65536",
        "acme.com:1:2",
        "[::1]",
        "ácme.com",
        &long,
        &longer,
    ];
    for domain in broken {
        let secret = ClientSecret::new(SECRET.to_owned());
        let error = TokenVaultConfig::new(domain, "cli_1", secret).unwrap_err();
        assert!(matches!(error, ConfigError::Invalid { name: "AUTH0_DOMAIN", .. }), "{domain}");
        assert!(AccessTokenVerifier::builder(domain, "x").build().is_err(), "{domain}");
    }
    for domain in ["acme.eu.auth0.com", "login.example:8443", "localhost:3000", "127.0.0.1:1"] {
        let secret = ClientSecret::new(SECRET.to_owned());
        assert!(TokenVaultConfig::new(domain, "cli_1", secret).is_ok(), "{domain}");
    }
}

#[test]
fn ids_and_audiences_that_could_not_be_compared_or_sent_are_refused() {
    let secret = || ClientSecret::new(SECRET.to_owned());
    for id in ["two words", "tab\t", "ü", &"a".repeat(256)] {
        let error = TokenVaultConfig::new(DOMAIN, id, secret()).unwrap_err();
        assert!(matches!(error, ConfigError::Invalid { name: "AUTH0_CLIENT_ID", .. }), "{id}");
    }
    let config = TokenVaultConfig::new(DOMAIN, "cli_1", secret()).unwrap();
    for audience in ["two words", "line\n", &"a".repeat(601)] {
        let error = config.clone().with_audience(audience).unwrap_err();
        assert!(matches!(error, ConfigError::Invalid { name: "AUTH0_AUDIENCE", .. }));
    }
}

#[test]
fn a_part_that_was_not_given_is_named() {
    let builder = || TokenVault::builder(DOMAIN, "cli_1", ClientSecret::new(SECRET.to_owned()));
    let missing = |name| ConfigError::Missing(name);
    assert_eq!(builder().build().unwrap_err(), missing("the back channel"));
    let provider = Provider::queue([]);
    let with_channel = || builder().backchannel(Arc::clone(&provider) as Arc<_>);
    assert_eq!(with_channel().build().unwrap_err(), missing("the store of users' tokens"));
    let subjects = Arc::new(countersign_core::MemorySubjects::default());
    let error = with_channel().subjects(subjects).build().unwrap_err();
    assert_eq!(error, missing("the clock"));
    let error = with_channel().capacity(0).build().unwrap_err();
    assert!(matches!(error, ConfigError::Invalid { name: "capacity", .. }));
    let config = TokenVaultConfig::new(DOMAIN, "cli_1", ClientSecret::new(SECRET.to_owned()));
    let error = AccessTokenVerifier::new(&config.unwrap(), provider).unwrap_err();
    assert_eq!(error, missing("AUTH0_AUDIENCE"));
}
