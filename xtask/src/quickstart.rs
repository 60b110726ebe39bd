//! What the quickstart example must report, scenario by scenario.

use std::collections::BTreeMap;

use serde_json::Value;

/// Scenario, outcome, and how many effects reached the provider.
const EXPECTED: [(&str, &str, u64); 23] = [
    ("unguarded_exfiltration", "committed", 1),
    ("happy_path", "committed", 1),
    ("mutated_arguments", REFUSED, 0),
    ("mutated_wire", REFUSED, 0),
    ("swapped_tool", REFUSED, 0),
    ("swapped_account", REFUSED, 0),
    ("widened_scope", REFUSED, 0),
    ("approval_for_other_digest", REFUSED, 0),
    ("tampered_pending", REFUSED, 0),
    ("replay", "committed once", 1),
    ("concurrent_replay", "committed once", 1),
    ("expired", REFUSED, 0),
    ("wrong_caller", REFUSED, 0),
    ("unknown_agent", REFUSED, 0),
    ("forged_signature", REFUSED, 0),
    ("secret_in_arguments", REFUSED, 0),
    ("declined", REFUSED, 0),
    ("no_approver_for_tier", REFUSED, 0),
    ("approver_unreachable", REFUSED, 0),
    ("log_unwritable", REFUSED, 0),
    ("clock_behind", REFUSED, 0),
    ("provider_redirect", "failed", 0),
    ("crash_after_dispatch", "unknown, found by reconcile", 1),
];

const REFUSED: &str = "refused";

/// Compares the example's output (one JSON object per line) with the table. Every scenario has to be
/// there once, and none besides.
pub(crate) fn findings(output: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for line in output.lines().filter(|line| !line.trim().is_empty()) {
        let row = serde_json::from_str::<Value>(line).ok();
        let Some(row) = row.as_ref().and_then(Value::as_object) else {
            findings.push(format!("not a JSON object: {line}"));
            continue;
        };
        let text = |key: &str| row.get(key).and_then(Value::as_str);
        let Some(scenario) = text("scenario") else {
            findings.push(format!("no scenario: {line}"));
            continue;
        };
        *seen.entry(scenario.to_owned()).or_default() += 1;
        let Some((_, outcome, effects)) = EXPECTED.iter().find(|(name, ..)| *name == scenario)
        else {
            findings.push(format!("{scenario}: not in the table of expected scenarios"));
            continue;
        };
        if text("outcome") != Some(outcome) {
            let got = row.get("outcome").unwrap_or(&Value::Null);
            findings.push(format!("{scenario}: outcome is {got}, expected \"{outcome}\""));
        }
        if row.get("effects").and_then(Value::as_u64) != Some(*effects) {
            let got = row.get("effects").unwrap_or(&Value::Null);
            findings.push(format!("{scenario}: effects is {got}, expected {effects}"));
        }
        if *outcome == REFUSED && !text("reason").is_some_and(is_code) {
            let got = row.get("reason").unwrap_or(&Value::Null);
            findings.push(format!("{scenario}: reason {got} is not a stable code"));
        }
    }
    for (scenario, ..) in EXPECTED {
        match seen.get(scenario) {
            Some(1) => {}
            Some(times) => findings.push(format!("{scenario}: reported {times} times")),
            None => findings.push(format!("{scenario}: missing")),
        }
    }
    findings
}

/// How many scenarios the table has.
pub(crate) fn scenarios() -> usize {
    EXPECTED.len()
}

/// A stable code is `[a-z0-9_.]+`.
fn is_code(reason: &str) -> bool {
    !reason.is_empty() && reason.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(scenario: &str, outcome: &str, reason: &str, effects: u64) -> String {
        format!(
            r#"{{"scenario":"{scenario}","outcome":"{outcome}","reason":"{reason}","effects":{effects}}}"#
        )
    }

    fn right() -> Vec<String> {
        EXPECTED
            .iter()
            .map(|(scenario, outcome, effects)| line(scenario, outcome, "gate.digest_2", *effects))
            .collect()
    }

    /// The right output with the line of `scenario` replaced.
    fn with(scenario: &str, replacement: &str) -> String {
        let mark = format!(r#""{scenario}""#);
        right()
            .into_iter()
            .map(|own| if own.contains(&mark) { replacement.to_owned() } else { own })
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn the_expected_table_passes_in_any_order() {
        let mut lines = right();
        lines.reverse();
        assert_eq!(findings(&lines.join("\n")), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_outcome_is_found() {
        let found = findings(&with("expired", &line("expired", "committed", "x", 0)));
        assert_eq!(found, [r#"expired: outcome is "committed", expected "refused""#]);
        let found = findings(&with("replay", &line("replay", "committed", "x", 1)));
        assert_eq!(found, [r#"replay: outcome is "committed", expected "committed once""#]);
    }

    #[test]
    fn an_effect_too_many_or_of_another_type_is_found() {
        let found = findings(&with("replay", &line("replay", "committed once", "x", 2)));
        assert_eq!(found, ["replay: effects is 2, expected 1"]);
        let text = r#"{"scenario":"expired","outcome":"refused","reason":"x","effects":"0"}"#;
        assert_eq!(findings(&with("expired", text)), [r#"expired: effects is "0", expected 0"#]);
        let text = r#"{"scenario":"expired","outcome":"refused","reason":"x"}"#;
        assert_eq!(findings(&with("expired", text)), ["expired: effects is null, expected 0"]);
    }

    #[test]
    fn a_refusal_without_a_stable_code_is_found() {
        for reason in ["", "Expired", "the ticket expired", "expired!"] {
            let found = findings(&with("expired", &line("expired", "refused", reason, 0)));
            assert_eq!(found.len(), 1, "{reason}: {found:?}");
        }
        let text = r#"{"scenario":"expired","outcome":"refused","effects":0}"#;
        let found = findings(&with("expired", text));
        assert_eq!(found, ["expired: reason null is not a stable code"]);
    }

    #[test]
    fn a_missing_a_doubled_and_an_unknown_scenario_are_found() {
        assert_eq!(findings(&with("expired", "")), ["expired: missing"]);
        let twice = right().join("\n") + "\n" + &line("expired", "refused", "x", 0);
        assert_eq!(findings(&twice), ["expired: reported 2 times"]);
        let more = right().join("\n") + "\n" + &line("new_attack", "refused", "x", 0);
        assert_eq!(findings(&more), ["new_attack: not in the table of expected scenarios"]);
        assert_eq!(findings("").len(), scenarios());
    }

    #[test]
    fn a_line_that_is_not_a_row_is_found() {
        let noisy = right().join("\n") + "\nall good\n[1]\n{}";
        assert_eq!(
            findings(&noisy),
            ["not a JSON object: all good", "not a JSON object: [1]", "no scenario: {}"]
        );
    }
}
