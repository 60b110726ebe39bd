use super::*;

fn read(json: &str) -> Result<PolicyConfig, ConfigError> {
    PolicyConfig::from_json(json.as_bytes())
}

#[test]
fn nothing_said_is_the_default() {
    assert_eq!(read("{}"), Ok(PolicyConfig::default()));
}

#[test]
fn a_configuration_survives_being_written_and_read() {
    let config = read(r#"{"effect_floor":"A","tool_floors":{"a_*":"S"},"limits":{"velocity":9}}"#);
    let config = config.unwrap();
    let json = serde_json::to_vec(&config).unwrap();
    assert_eq!(PolicyConfig::from_json(&json), Ok(config));
}

#[test]
fn adding_a_floor_loses_none_of_the_defaults() {
    let config = read(r#"{"tool_floors":{"crm_*":"A","crm_delete":"S"}}"#).unwrap();
    let floor = |tool: &str| config.floor(&ToolName::new(tool).unwrap()).map(|(_, t)| t);
    assert_eq!(floor("github_delete_repository"), Some(Tier::S));
    assert_eq!(floor("github_merge_pull_request"), Some(Tier::A));
    assert_eq!(floor("crm_delete"), Some(Tier::S), "the strictest of two that fit");
    assert_eq!(floor("crm_note"), Some(Tier::A));
    assert_eq!(floor("crm"), None);
    assert_eq!(floor("github_delete_repository_label"), None);
}

#[test]
fn a_default_floor_is_replaced_only_under_its_own_pattern() {
    let config = read(r#"{"tool_floors":{"github_*":"B"}}"#).unwrap();
    let tool = ToolName::new("github_delete_repository").unwrap();
    assert_eq!(config.floor(&tool), Some(("github_delete_repository", Tier::S)));
    let config = read(r#"{"tool_floors":{"github_delete_repository":"A"}}"#).unwrap();
    assert_eq!(config.floor(&tool), Some(("github_delete_repository", Tier::A)));
}

#[test]
fn a_rule_that_can_never_hold_is_refused() {
    let long = format!("{}*", "a".repeat(65));
    for pattern in ["", "GitHub_*", "a*b", "**", "a-b", "a b", long.as_str(), "é*"] {
        let json = serde_json::json!({"tool_floors": {pattern: "A"}}).to_string();
        assert_eq!(read(&json), Err(ConfigError::Pattern(pattern.to_owned())), "{pattern}");
    }
    assert!(read(r#"{"tool_floors":{"*":"A"}}"#).is_ok());
}

#[test]
fn what_is_not_understood_is_refused() {
    for json in [
        r#"{"effect_flor":"B"}"#,
        r#"{"effect_floor":"D"}"#,
        r#"{"effect_floor":"b"}"#,
        r#"{"limits":{"target":5}}"#,
        r#"{"limits":{"targets":-1}}"#,
        "[]",
        r#"{"limits":[]}"#,
        r#"{"limits":[10,5,6,12,10,600,25]}"#,
        r#"{"multipliers":[1.0,1.0,1.0,1.0]}"#,
        "null",
        "",
        r#"{"tool_floors":{"a":"A","a":"B"}}"#,
    ] {
        assert!(read(json).is_err(), "{json}");
    }
}

/// Other formats than JSON reach the types through serde alone.
#[test]
fn a_table_is_read_by_its_names_in_every_format() {
    for list in [r#"{"limits":[10,5,6,12,10,600,25]}"#, r#"{"multipliers":[1.0,1.0,1.0,1.0]}"#] {
        assert!(serde_json::from_str::<PolicyConfig>(list).is_err(), "{list}");
    }
    let config: PolicyConfig = serde_json::from_str(r#"{"limits":{"targets":7}}"#).unwrap();
    assert_eq!((config.limits.targets, config.limits.velocity), (7, 6));
}

#[test]
fn a_recipient_that_no_call_can_have_is_refused() {
    let with = |entry: &str| read(&serde_json::json!({"recipients": {"u": [entry]}}).to_string());
    for never in [
        "",
        " ",
        "*",
        "a*b@x.org",
        "*@a@x.org",
        "Kim <kim@x.org>",
        "kim@x.org lee@x.org",
        "kim@x.org, lee@x.org",
        " kim@x.org",
        "kim\u{200b}@x.org",
        "kim@x.org\n",
        "*@x.org ",
    ] {
        assert!(matches!(with(never), Err(ConfigError::Recipient { .. })), "{never:?}");
    }
    for fits in ["kim@x.org", "Kim Lee", "DE89370400440532013000", "#general", "*@x.org", "*.x.org"]
    {
        assert!(with(fits).is_ok(), "{fits}");
    }
}

#[test]
fn a_limit_outside_its_range_is_refused() {
    for (field, max) in [
        ("targets", 10_000u32),
        ("targets_severe", 10_000),
        ("velocity", 200),
        ("agent_velocity", 10_000),
        ("repeats", 200),
        ("velocity_seconds", 86_400),
        ("private_reads", 1_000_000),
    ] {
        for value in [0, max + 1] {
            let json = serde_json::json!({"limits": {field: value}}).to_string();
            assert!(matches!(read(&json), Err(ConfigError::Limit { field: f, .. }) if f == field));
        }
        let json = serde_json::json!({"limits": {field: max}}).to_string();
        assert!(read(&json).is_ok());
    }
}

#[test]
fn the_version_names_the_whole_configuration() {
    let version = |json: &str| read(json).unwrap().version().as_str().to_owned();
    let default = version("{}");
    assert_eq!(default, version(r#"{"limits":{"targets":10}}"#));
    let others = [
        r#"{"effect_floor":"A"}"#,
        r#"{"tool_floors":{"a":"A"}}"#,
        r#"{"tool_floors":{"a":"S"}}"#,
        r#"{"limits":{"targets":11}}"#,
        r#"{"limits":{"targets_severe":6}}"#,
        r#"{"limits":{"velocity":7}}"#,
        r#"{"limits":{"repeats":7}}"#,
        r#"{"limits":{"agent_velocity":13}}"#,
        r#"{"severities":{"a":2}}"#,
        r#"{"multipliers":{"pii":2}}"#,
        r#"{"money":{"EUR":9999}}"#,
        r#"{"recipients":{"u":["a"]}}"#,
        r#"{"consent":"unnamed"}"#,
        r#"{"consent":"pointed"}"#,
        r#"{"limits":{"velocity_seconds":601}}"#,
        r#"{"limits":{"private_reads":26}}"#,
    ]
    .map(version);
    let mut all: Vec<&String> = others.iter().chain([&default]).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 17);
    assert!(default.starts_with("default-") && default.len() == 24, "{default}");
}
