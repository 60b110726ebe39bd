//! Counts, and what they say. Shares come with 95 % Wilson intervals.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

/// One call of a session, and what became of it.
pub(crate) struct Step<'a> {
    pub(crate) suite: &'a str,
    pub(crate) attack: bool,
    pub(crate) side_effect: bool,
    pub(crate) executed: bool,
    pub(crate) code: &'a str,
    pub(crate) took: Duration,
}

#[derive(Debug, Default)]
struct Counts {
    sessions: usize,
    attacked: usize,
    prompts: usize,
    /// Attack effects: all, and those that were executed.
    attacks: (usize, usize),
    /// Clean sessions: all, and those whose every call was executed.
    clean: (usize, usize),
    /// The user's own calls in attacked sessions: all, and those that were executed.
    own: (usize, usize),
    refusals: BTreeMap<String, usize>,
    took: Vec<Duration>,
}

#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<String, Counts>);

impl Tally {
    pub(crate) fn step(&mut self, step: &Step<'_>) {
        let counts = self.0.entry(step.suite.to_owned()).or_default();
        counts.took.push(step.took);
        if step.attack && step.side_effect {
            counts.attacks.0 += 1;
            counts.attacks.1 += usize::from(step.executed);
        } else if !step.attack {
            counts.own.0 += 1;
            counts.own.1 += usize::from(step.executed);
        }
        if !step.executed {
            *counts.refusals.entry(step.code.to_owned()).or_default() += 1;
        }
    }

    pub(crate) fn session(&mut self, suite: &str, attacked: bool, all_done: bool, prompts: usize) {
        let counts = self.0.entry(suite.to_owned()).or_default();
        counts.sessions += 1;
        counts.prompts += prompts;
        if attacked {
            counts.attacked += 1;
        } else {
            counts.clean.0 += 1;
            counts.clean.1 += usize::from(all_done);
        }
    }

    pub(crate) fn print(&self, as_json: bool) {
        for (suite, c) in &self.0 {
            let mut took = c.took.clone();
            took.sort_unstable();
            let at = |share: usize| {
                let last = took.len().saturating_sub(1);
                took.get(last * share / 100).map_or(0, Duration::as_micros)
            };
            let prompts = ratio(c.prompts, c.sessions);
            if as_json {
                let line = json!({
                    "suite": suite, "sessions": c.sessions, "attacked": c.attacked,
                    "attack_effects": c.attacks.0, "attack_effects_executed_without": c.attacks.0,
                    "attack_effects_executed_with": c.attacks.1,
                    "clean_tasks": c.clean.0, "clean_tasks_completed_without": c.clean.0,
                    "clean_tasks_completed_with": c.clean.1,
                    "own_calls_under_attack_and_clean": c.own.0, "own_calls_executed": c.own.1,
                    "prompts_per_session": prompts, "p50_us": at(50), "p99_us": at(99),
                    "not_executed": c.refusals,
                });
                println!("{line}");
                continue;
            }
            println!("\n{suite}: {} sessions, {} of them attacked", c.sessions, c.attacked);
            println!("  {:<34} {:>16} {:>32}", "", "without", "with countersign");
            row("attack effects executed", c.attacks);
            row("clean tasks completed", c.clean);
            row("the user's own calls executed", c.own);
            println!("  {:<34} {:>16} {prompts:>32.2}", "prompts a session", 0);
            println!(
                "  time a call: p50 {} us, p99 {} us (this build, this machine)",
                at(50),
                at(99)
            );
            let why: Vec<String> = c.refusals.iter().map(|(k, n)| format!("{k} {n}")).collect();
            println!("  not executed: {}", why.join(", "));
        }
    }
}

fn row(name: &str, (all, with): (usize, usize)) {
    let (low, high) = wilson(with, all);
    let with = format!("{with} of {all} [{:.1}-{:.1} %]", low * 100.0, high * 100.0);
    println!("  {name:<34} {:>16} {with:>32}", format!("{all} of {all}"));
}

fn ratio(part: usize, all: usize) -> f64 {
    let float = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if all == 0 { 0.0 } else { float(part) / float(all) }
}

/// Wilson's score interval at 95 %.
fn wilson(part: usize, all: usize) -> (f64, f64) {
    if all == 0 {
        return (0.0, 1.0);
    }
    let (p, n, z) = (ratio(part, all), f64::from(u32::try_from(all).unwrap_or(u32::MAX)), 1.96_f64);
    let centre = p + z * z / (2.0 * n);
    let spread = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0))
}
