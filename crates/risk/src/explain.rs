//! A judgement in one sentence.

use core::fmt::Write as _;

use countersign_core::{Assessment, Finding, Weight};

use crate::score::{halves, score_tier};

/// Why a call has its tier, in one sentence for a prompt: the score, and the floors that decide.
///
/// Made of this crate's own words, counts and configured names; nothing in it comes from the call.
///
/// ```text
/// tier B: severity 3 x 1.0 = 3.0; floor B because it is not a read
/// ```
pub fn explain(assessment: &Assessment) -> String {
    let findings = &assessment.findings;
    let multiplier = u16::from(halves(findings)).saturating_add(2);
    let mut text = String::new();
    if let Some(denied) = assessment.denied() {
        text.push_str("denied because ");
        text.push_str(&denied.evidence);
        text.push_str("; ");
    }
    let Assessment { tier, severity, score2, .. } = assessment;
    let (times, score) = (half_units(multiplier), half_units(*score2));
    // Writing to a string cannot fail.
    let _ = write!(text, "tier {tier}: severity {severity} x {times} = {score}");
    let join = |text: &mut String, before: &str, findings: &mut dyn Iterator<Item = &Finding>| {
        let reasons: Vec<&str> = findings.map(|f| f.evidence.as_str()).collect();
        if !reasons.is_empty() {
            text.push_str(before);
            text.push_str(&reasons.join(", and "));
        }
    };
    let counts = |f: &&Finding| matches!(f.weight, Weight::Halves(n) if n > 0);
    join(&mut text, " because ", &mut findings.iter().filter(counts));
    // Floors below the tier decide nothing.
    let decides = |f: &&Finding| f.weight == Weight::Floor(assessment.tier);
    let floor = format!("; floor {} because ", assessment.tier);
    if assessment.tier > score_tier(0) {
        join(&mut text, &floor, &mut findings.iter().filter(decides));
    }
    text
}

/// `3.0` for 6, `4.5` for 9.
fn half_units(halves: u16) -> String {
    format!("{}.{}", halves >> 1, if halves & 1 == 1 { 5 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_units_are_written_as_decimals() {
        assert_eq!([0, 1, 6, 9, 25].map(half_units), ["0.0", "0.5", "3.0", "4.5", "12.5"]);
    }
}
