//! A judgement in one sentence.

use core::fmt::Write as _;

use countersign_core::{Assessment, Finding, Weight};

use crate::score::{halves, score_tier};
use crate::signal;

/// Why a call has its tier, in one sentence for a prompt: the score, and the floors that decide.
///
/// Made of this crate's own words, counts and configured names; nothing in it comes from the call.
///
/// ```text
/// tier B: severity 3 x 1.0 = 3.0; floor B because it is not a read
/// ```
pub fn explain(assessment: &Assessment) -> String {
    let findings = &assessment.findings;
    let mut text = String::new();
    if let Some(denied) = assessment.denied() {
        text.push_str("denied because ");
        text.push_str(&denied.evidence);
        text.push_str("; ");
    }
    // Writing to a string cannot fail.
    let _ = write!(text, "tier {}: severity {}", assessment.tier, arithmetic(assessment));
    let join = |text: &mut String, before: &str, findings: &mut dyn Iterator<Item = &Finding>| {
        let reasons: Vec<&str> = findings.map(|f| f.evidence.as_str()).collect();
        if !reasons.is_empty() {
            text.push_str(before);
            text.push_str(&reasons.join(", and "));
        }
    };
    let counts = |f: &&Finding| matches!(f.weight, Weight::Halves(n) if n > 0);
    join(&mut text, " because ", &mut findings.iter().filter(counts));
    let raises = |f: &&Finding| f.weight == Weight::Raise;
    join(&mut text, "; one tier up because ", &mut findings.iter().filter(raises));
    // Floors below the tier decide nothing.
    let decides = |f: &&Finding| f.weight == Weight::Floor(assessment.tier);
    let floor = format!("; floor {} because ", assessment.tier);
    if assessment.tier > score_tier(0) {
        join(&mut text, &floor, &mut findings.iter().filter(decides));
    }
    let consent = |f: &&Finding| f.signal == signal::CONSENT;
    join(&mut text, "; ", &mut findings.iter().filter(consent));
    text
}

/// The score as it is computed: severity, multiplier and product, for example `3 x 2.0 = 6.0`.
pub fn arithmetic(assessment: &Assessment) -> String {
    let multiplier = u16::from(halves(&assessment.findings)).saturating_add(2);
    let (times, score) = (half_units(multiplier), half_units(assessment.score2));
    format!("{} x {times} = {score}", assessment.severity)
}

/// The judgement as a table: a line for the tier and one for each signal with its weight, its OWASP
/// id, where it stands (pointer and bytes), the earlier step, and the evidence.
pub fn table(assessment: &Assessment) -> String {
    let head = ["signal", "weight", "owasp", "where", "step", "evidence"].map(str::to_owned);
    let mut rows = vec![head];
    for f in &assessment.findings {
        let weight = match f.weight {
            Weight::Halves(n) => format!("x{}", half_units(u16::from(n).saturating_add(2))),
            Weight::Raise => "one up".to_owned(),
            Weight::Floor(tier) => format!("floor {tier}"),
            Weight::Deny => "deny".to_owned(),
            Weight::Note => "note".to_owned(),
        };
        let span = f.span.as_ref().map(|s| format!("[{}..{}]", s.start, s.end));
        let place = format!("{}{}", f.path, span.unwrap_or_default());
        let step = f.step.map(|step| step.to_string()).unwrap_or_default();
        rows.push([
            f.signal.to_owned(),
            weight,
            f.owasp.to_owned(),
            place,
            step,
            f.evidence.clone(),
        ]);
    }
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    let own = assessment.own_tier;
    let mut text = format!("tier {} (own {own}), {}\n", assessment.tier, arithmetic(assessment));
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
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
