//! Severity times multiplier, in half-units, and what floors and denies make of it.

use countersign_core::{Assessment, Finding, PolicyVersion, Tier, Weight};

use crate::signal;

/// Most halves that all signals together add: the multiplier stays within 1.0 and 2.5.
pub const MAX_HALVES: u8 = 3;

/// Severity times multiplier, in half-units: `severity * (2 + min(3, halves))`. Saturates.
///
/// Half-units keep the score an integer: 3 x 1.5 is 9.
pub fn score2(severity: u8, halves: u8) -> u16 {
    u16::from(severity).saturating_mul(u16::from(halves.min(MAX_HALVES)).saturating_add(2))
}

/// The tier of a score in half-units: C up to 4, B up to 8, A up to 16, S above.
pub fn score_tier(score2: u16) -> Tier {
    match score2 {
        0..=4 => Tier::C,
        5..=8 => Tier::B,
        9..=16 => Tier::A,
        17.. => Tier::S,
    }
}

/// The halves that findings add together, at most [`MAX_HALVES`].
pub(crate) fn halves(findings: &[Finding]) -> u8 {
    let halves = findings.iter().map(|f| match f.weight {
        Weight::Halves(n) => n,
        Weight::Raise | Weight::Floor(_) | Weight::Deny | Weight::Note => 0,
    });
    halves.fold(0u8, u8::saturating_add).min(MAX_HALVES)
}

/// The next stricter tier.
pub(crate) fn above(tier: Tier) -> Tier {
    match tier {
        Tier::C => Tier::B,
        Tier::B => Tier::A,
        Tier::A | Tier::S => Tier::S,
    }
}

/// Joins a call's severity, its fixed floors and what was found.
///
/// Content that crossed services, a sink that nobody named and an address that only outsiders' text
/// holds are evidence of the same thing, so only the weightiest counts. A denied call is S as well, so that a reader who
/// forgets to look for denies still meets the strictest tier.
///
/// `unasked` says that the policy asks nobody about a call of tier B like this one. It is heeded only
/// where nothing was found that weighs, and where nothing but the effect's floor holds the call at B.
pub(crate) fn decide(
    severity: u8,
    fixed: Vec<Finding>,
    mut found: Vec<Finding>,
    policy: PolicyVersion,
    unasked: bool,
) -> Assessment {
    // Of these the first that was found counts.
    let same = [signal::CROSS_SERVICE, signal::UNNAMED_SINK, signal::CARRIED_ADDRESS];
    let heaviest = |f: &Finding| match f.weight {
        Weight::Halves(n) if same.contains(&f.signal) => Some(n),
        _ => None,
    };
    let most = found.iter().filter_map(heaviest).max();
    let mut counted = false;
    for finding in &mut found {
        if let Some(n) = heaviest(finding) {
            if counted || Some(n) < most {
                finding.weight = Weight::Note;
            } else {
                counted = true;
            }
        }
    }
    let floors = |findings: &[Finding]| {
        let tiers = findings.iter().map(|f| match f.weight {
            Weight::Floor(tier) => tier,
            Weight::Deny => Tier::S,
            Weight::Halves(_) | Weight::Raise | Weight::Note => Tier::C,
        });
        tiers.max().unwrap_or(Tier::C)
    };
    let own_tier = score_tier(score2(severity, 0)).max(floors(&fixed));
    let score2 = score2(severity, halves(&found));
    let counted = score_tier(score2).max(own_tier);
    let raises = found.iter().any(|f| f.weight == Weight::Raise);
    let raised = if raises { above(counted) } else { counted };
    let mut tier = raised.max(floors(&found));
    let effect_only = fixed.iter().all(|f| f.signal == signal::EFFECT_FLOOR);
    let nothing = found.iter().all(|f| f.weight == Weight::Note);
    let mut findings = fixed;
    findings.append(&mut found);
    if unasked && effect_only && nothing && tier == Tier::B {
        tier = Tier::C;
        let evidence = "the policy asks nobody where everything is named and nothing was found";
        findings.push(Finding::new(signal::CONSENT, "LLM06", evidence, Weight::Note));
    }
    Assessment { tier, own_tier, score2, severity, findings, policy }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(signal: &'static str, weight: Weight) -> Finding {
        Finding::new(signal, "", "", weight)
    }

    /// A signal for each weight that one is given in this crate, and all that count as one evidence.
    fn signals() -> Vec<Finding> {
        vec![
            finding(signal::PII, Weight::Halves(1)),
            finding(signal::CROSS_SERVICE, Weight::Halves(2)),
            finding(signal::UNNAMED_SINK, Weight::Halves(2)),
            finding(signal::CARRIED_ADDRESS, Weight::Halves(2)),
            finding(signal::TRIFECTA, Weight::Floor(Tier::S)),
            finding(signal::UNNAMED_URL, Weight::Floor(Tier::B)),
            finding(signal::BULK_TARGETS, Weight::Halves(3)),
            finding(signal::BULK_VELOCITY, Weight::Halves(3)),
            finding(signal::BULK_READS, Weight::Halves(3)),
            finding(signal::HIDDEN_CHARACTERS, Weight::Floor(Tier::A)),
            finding(signal::NOT_SCANNED, Weight::Floor(Tier::A)),
            finding("raises", Weight::Raise),
            finding(signal::MEMORY_SAMPLED, Weight::Note),
            finding(signal::SECRET_IN_ARGUMENTS, Weight::Deny),
        ]
    }

    fn subset(mask: usize) -> Vec<Finding> {
        let all = signals().into_iter().enumerate();
        all.filter(|(i, _)| mask >> i & 1 == 1).map(|(_, f)| f).collect()
    }

    fn policy() -> PolicyVersion {
        PolicyVersion::new("test").unwrap()
    }

    fn judge(severity: u8, floor: Tier, found: Vec<Finding>) -> Assessment {
        decide(severity, vec![finding("tool_floor", Weight::Floor(floor))], found, policy(), false)
    }

    #[test]
    fn inv_10_every_score_has_one_tier_and_tiers_grow_with_it() {
        let tiers: Vec<Tier> = (0..=u16::MAX).map(score_tier).collect();
        assert!(tiers.windows(2).all(|w| w[0] <= w[1]));
        for (score, tier) in [(4, Tier::C), (5, Tier::B), (8, Tier::B), (9, Tier::A), (16, Tier::A)]
        {
            assert_eq!(score_tier(score), tier, "{score}");
        }
        assert_eq!(score_tier(17), Tier::S);
    }

    #[test]
    fn the_table_of_the_risk_model_is_what_is_computed() {
        use Tier::{A, B, C, S};
        let table = [[C, C, B, B, A], [C, B, A, A, A], [C, B, A, A, S], [B, A, A, S, S]];
        for (halves, row) in (0u8..).zip(table) {
            for (severity, tier) in (1u8..).zip(row) {
                assert_eq!(score_tier(score2(severity, halves)), tier, "{severity} and {halves}");
            }
        }
    }

    #[test]
    fn inv_10_the_whole_lattice_is_total_monotone_and_respects_its_floors() {
        let count = signals().len();
        for severity in 1..=5 {
            for floor in Tier::ALL {
                let mut before = Vec::new();
                for mask in 0..1usize << count {
                    let judged = judge(severity, floor, subset(mask));
                    assert!(judged.tier >= judged.own_tier && judged.own_tier >= floor);
                    assert!(judged.tier >= score_tier(judged.score2));
                    for found in &judged.findings {
                        if let Weight::Floor(least) = found.weight {
                            assert!(judged.tier >= least);
                        }
                    }
                    assert_eq!(judged.denied().is_some(), mask >> (count - 1) & 1 == 1);
                    // Taking any one signal away never raises the tier or the score.
                    for bit in (0..count).filter(|bit| mask >> bit & 1 == 1) {
                        let (tier, score): (Tier, u16) = before[mask & !(1 << bit)];
                        assert!(judged.tier >= tier, "{mask:b} without {bit}");
                        assert!(judged.score2 >= score, "{mask:b} without {bit}");
                    }
                    before.push((judged.tier, judged.score2));
                }
            }
        }
    }

    #[test]
    fn inv_10_asking_nobody_lowers_nothing_but_a_bare_tier_b() {
        for severity in 1..=5 {
            for mask in 0..1usize << signals().len() {
                for fixed in [vec![], vec![finding(signal::EFFECT_FLOOR, Weight::Floor(Tier::B))]] {
                    let asked = decide(severity, fixed.clone(), subset(mask), policy(), false);
                    let quiet = decide(severity, fixed, subset(mask), policy(), true);
                    let weighs = subset(mask).iter().any(|f| f.weight != Weight::Note);
                    let lowered = asked.tier == Tier::B && !weighs;
                    assert_eq!(quiet.tier, if lowered { Tier::C } else { asked.tier }, "{mask:b}");
                    assert_eq!((quiet.own_tier, quiet.score2), (asked.own_tier, asked.score2));
                }
            }
        }
        let declared = vec![finding(signal::TOOL_FLOOR, Weight::Floor(Tier::B))];
        assert_eq!(decide(2, declared, Vec::new(), policy(), true).tier, Tier::B);
    }

    #[test]
    fn inv_10_the_order_of_the_findings_does_not_matter() {
        for mask in 0..1usize << signals().len() {
            let mut turned = subset(mask);
            turned.reverse();
            let (one, other) = (judge(3, Tier::B, subset(mask)), judge(3, Tier::B, turned));
            assert_eq!((one.tier, one.score2), (other.tier, other.score2), "{mask:b}");
        }
    }

    #[test]
    fn inv_10_a_higher_severity_or_floor_never_lowers_the_tier() {
        for mask in 0..1usize << signals().len() {
            for severity in 1..5 {
                for floors in Tier::ALL.windows(2) {
                    let least = judge(severity, floors[0], subset(mask)).tier;
                    assert!(judge(severity + 1, floors[0], subset(mask)).tier >= least);
                    assert!(judge(severity, floors[1], subset(mask)).tier >= least);
                }
            }
        }
    }

    #[test]
    fn crossing_services_and_an_unnamed_sink_are_counted_once() {
        let cross = || finding(signal::CROSS_SERVICE, Weight::Halves(2));
        let sink = || finding(signal::UNNAMED_SINK, Weight::Halves(2));
        let both = judge(3, Tier::C, vec![cross(), sink()]);
        assert_eq!(both.score2, 12);
        assert_eq!(judge(3, Tier::C, vec![sink()]).score2, 12);
        assert_eq!(both.findings.len(), 3);
    }

    #[test]
    fn scores_saturate_instead_of_wrapping() {
        assert_eq!(score2(u8::MAX, u8::MAX), 1275);
        assert_eq!(
            halves(&[finding("x", Weight::Halves(255)), finding("y", Weight::Halves(2))]),
            3
        );
    }
}
