//! The tables of an evaluation.

use std::collections::BTreeMap;

use super::replay::Outcome;
use super::tally::{Counts, Run, Share, curve, families};
use crate::output::{Failure, Json, Out, array, quote, table, visible};

/// Writes all tables, or the same as one JSON object a row.
pub(crate) fn write(out: &mut Out, runs: &[Run], json: bool) -> Result<(), Failure> {
    for Run { name: policy, outcomes } in runs {
        if !json {
            out.line(&format!("policy: consent = \"{policy}\""))?;
            out.line("")?;
        }
        let mut rows = vec![head(&["family", "what", "part", "of", "%", "95 %"])];
        for (family, counts) in all(outcomes) {
            let attacked = family.contains(' ');
            for (what, share) in shares(&counts) {
                if attacked && what.starts_with("clean") {
                    continue;
                }
                if json {
                    out.line(&row(policy, &family, what, share))?;
                } else {
                    rows.push(line(&family, what, share));
                }
            }
            if json && !attacked {
                out.line(
                    &Json::new()
                        .text("policy", policy)
                        .text("family", &family)
                        .text("what", "clean prompts")
                        .raw("part", &counts.prompts.to_string())
                        .raw("of", &counts.quiet.all.to_string())
                        .done(),
                )?;
            } else if !attacked {
                rows.push(vec![
                    visible(&family),
                    "clean prompts, in so many sessions".to_owned(),
                    counts.prompts.to_string(),
                    counts.quiet.all.to_string(),
                ]);
            }
        }
        if !json {
            out.bytes(table(&rows).as_bytes())?;
            out.line("")?;
            signals(out, outcomes)?;
        }
    }
    let mut rows = vec![head(&["way to ask", "what", "part", "of", "%", "95 %"])];
    for point in curve(runs) {
        for (what, share) in [
            ("clean sessions without a prompt", point.quiet),
            ("attack effects silent", point.silent),
        ] {
            if json {
                out.line(&row("curve", point.name, what, share))?;
            } else {
                rows.push(line(point.name, what, share));
            }
        }
    }
    if !json {
        out.line("the trade-off")?;
        out.line("")?;
        out.bytes(table(&rows).as_bytes())?;
    }
    Ok(())
}

/// The suites, the goals within them, and all together.
fn all(outcomes: &[Outcome]) -> Vec<(String, Counts)> {
    let mut rows = vec![("all".to_owned(), Counts::of(outcomes))];
    for (suite, goals) in families(outcomes) {
        let of = || outcomes.iter().filter(|o| o.suite == suite);
        rows.push((suite.clone(), Counts::of(of())));
        for goal in goals {
            let counts = Counts::of(of().filter(|o| o.attack.as_deref() == Some(&goal)));
            rows.push((format!("{suite} {goal}"), counts));
        }
    }
    rows
}

fn shares(counts: &Counts) -> Vec<(&'static str, Share)> {
    let [careful, careless, tired] = counts.executed;
    let [careful_done, careless_done, tired_done] = counts.completed;
    vec![
        ("attack effects raised, denied or at S", counts.caught),
        ("attack effects silent", counts.silent),
        ("attack effects at A or above", counts.at_least_a),
        ("attack effects executed, careful approver", careful),
        ("attack effects executed, careless approver", careless),
        ("attack effects executed, tired approver", tired),
        ("clean changing calls raised", counts.clean_changes_raised),
        ("clean reads raised", counts.clean_reads_raised),
        ("clean sessions without a prompt", counts.quiet),
        ("clean sessions with a B", counts.with_b),
        ("clean sessions with an A", counts.with_a),
        ("clean sessions with an S", counts.with_s),
        ("clean sessions completed, careful approver", careful_done),
        ("clean sessions completed, careless approver", careless_done),
        ("clean sessions completed, tired approver", tired_done),
    ]
}

fn head(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

fn line(family: &str, what: &str, share: Share) -> Vec<String> {
    let (low, high) = share.interval();
    vec![
        visible(&family),
        what.to_owned(),
        share.part.to_string(),
        share.all.to_string(),
        format!("{:.1}", share.percent()),
        format!("{low:.1}-{high:.1}"),
    ]
}

fn row(policy: &str, family: &str, what: &str, share: Share) -> String {
    let (low, high) = share.interval();
    Json::new()
        .text("policy", policy)
        .text("family", family)
        .text("what", what)
        .raw("part", &share.part.to_string())
        .raw("of", &share.all.to_string())
        .raw("percent", &format!("{:.2}", share.percent()))
        .raw("low", &format!("{low:.2}"))
        .raw("high", &format!("{high:.2}"))
        .done()
}

/// How often each signal was found, in attack effects and in clean calls.
fn signals(out: &mut Out, outcomes: &[Outcome]) -> Result<(), Failure> {
    let mut counts: BTreeMap<&str, (Share, Share)> =
        countersign::risk::signal::ALL.iter().map(|s| (*s, Default::default())).collect();
    for outcome in outcomes {
        for step in &outcome.steps {
            for (signal, (attack, clean)) in &mut counts {
                let found = step.signals.contains(signal);
                if step.is_attack_effect() {
                    attack.count(found);
                } else if outcome.attack.is_none() {
                    clean.count(found);
                }
            }
        }
    }
    let mut rows = vec![head(&["signal", "attack effects", "of", "clean calls", "of"])];
    for (signal, (attack, clean)) in counts {
        let count = |n: usize| n.to_string();
        rows.push(vec![
            signal.to_owned(),
            count(attack.part),
            count(attack.all),
            count(clean.part),
            count(clean.all),
        ]);
    }
    out.bytes(table(&rows).as_bytes())?;
    out.line("")
}

/// Lists what went wrong under the default policy.
pub(crate) fn list(out: &mut Out, runs: &[Run], json: bool) -> Result<(), Failure> {
    if !json {
        out.line("")?;
    }
    // The first is the default.
    for outcome in runs.iter().take(1).flat_map(|run| &run.outcomes) {
        for step in &outcome.steps {
            let missed = step.is_attack_effect() && !step.is_caught();
            let clean = outcome.attack.is_none() && !step.stray_url;
            let what = match (missed, clean && step.is_raised()) {
                (true, _) => "missed",
                (_, true) => "raised",
                _ => continue,
            };
            let tiers = format!("{} -> {}", step.own, step.tier);
            if json {
                let signals = array(step.signals.iter().map(|s| quote(s)));
                let row = Json::new().text("what", what).text("session", &outcome.name);
                let row = row.text("tool", &step.tool).raw("args", &step.args);
                out.line(&row.text("tiers", &tiers).raw("signals", &signals).done())?;
            } else {
                let signals = step.signals.join(" ");
                let args: String = step.args.chars().take(200).collect();
                let text =
                    format!("{what}  {}  {} {args}  {tiers}  {signals}", outcome.name, step.tool);
                out.line(&visible(&text))?;
            }
        }
    }
    Ok(())
}
