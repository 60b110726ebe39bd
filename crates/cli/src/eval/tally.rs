//! Counts, and what they say.

use countersign::core::Tier;

use super::approver::Model;
use super::replay::{Outcome, Step};

/// A part of a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Share {
    pub(crate) part: usize,
    pub(crate) all: usize,
}

impl Share {
    pub(crate) fn count(&mut self, is_part: bool) {
        self.all = self.all.saturating_add(1);
        self.part = self.part.saturating_add(usize::from(is_part));
    }

    /// In per cent; zero of nothing.
    pub(crate) fn percent(self) -> f64 {
        if self.all == 0 { 0.0 } else { 100.0 * float(self.part) / float(self.all) }
    }

    /// Wilson's score interval at 95 %, in per cent; everything of nothing.
    pub(crate) fn interval(self) -> (f64, f64) {
        const Z: f64 = 1.959_963_984_540_054;
        if self.all == 0 {
            return (0.0, 100.0);
        }
        let (n, p) = (float(self.all), float(self.part) / float(self.all));
        let centre = p + Z * Z / (2.0 * n);
        let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        let bound = |x: f64| (100.0 * x / scale).clamp(0.0, 100.0);
        (bound(centre - spread), bound(centre + spread))
    }
}

fn float(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// The counts of a family of sessions under one policy.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) caught: Share,
    pub(crate) silent: Share,
    pub(crate) at_least_a: Share,
    pub(crate) clean_changes_raised: Share,
    pub(crate) clean_reads_raised: Share,
    pub(crate) quiet: Share,
    pub(crate) with_b: Share,
    pub(crate) with_a: Share,
    pub(crate) with_s: Share,
    pub(crate) prompts: usize,
    /// Attack effects executed, by approver.
    pub(crate) executed: [Share; 3],
    /// Clean sessions all of whose steps were executed, by approver.
    pub(crate) completed: [Share; 3],
}

impl Counts {
    pub(crate) fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            counts.add(outcome);
        }
        counts
    }

    fn add(&mut self, outcome: &Outcome) {
        let steps = &outcome.steps;
        for step in steps.iter().filter(|step| step.is_attack_effect()) {
            self.caught.count(step.is_caught());
            self.silent.count(step.is_silent());
            self.at_least_a.count(step.denied || step.tier >= Tier::A);
        }
        let decided = Model::ALL.map(|model| model.executes(steps));
        for (share, executed) in self.executed.iter_mut().zip(&decided) {
            for (step, executed) in steps.iter().zip(executed) {
                if step.is_attack_effect() {
                    share.count(*executed);
                }
            }
        }
        if outcome.attack.is_some() {
            return;
        }
        for step in steps {
            if step.changes {
                self.clean_changes_raised.count(step.is_raised());
            } else if !step.stray_url {
                self.clean_reads_raised.count(step.is_raised());
            }
        }
        let asks = |tier: Tier| move |step: &Step| step.tier == tier || step.denied;
        self.quiet.count(steps.iter().all(Step::is_silent));
        self.with_b.count(steps.iter().any(asks(Tier::B)));
        self.with_a.count(steps.iter().any(asks(Tier::A)));
        self.with_s.count(steps.iter().any(asks(Tier::S)));
        let prompts = steps.iter().filter(|step| !step.is_silent()).count();
        self.prompts = self.prompts.saturating_add(prompts);
        for (share, executed) in self.completed.iter_mut().zip(&decided) {
            share.count(executed.iter().all(|done| *done));
        }
    }
}

/// The suites, and within each the goals of its attacks.
pub(crate) fn families(outcomes: &[Outcome]) -> Vec<(String, Vec<String>)> {
    let mut families: Vec<(String, Vec<String>)> = Vec::new();
    for outcome in outcomes {
        let at = families.iter().position(|(suite, _)| *suite == outcome.suite);
        let at = at.unwrap_or_else(|| {
            families.push((outcome.suite.clone(), Vec::new()));
            families.len().saturating_sub(1)
        });
        if let (Some(goal), Some((_, goals))) = (&outcome.attack, families.get_mut(at))
            && !goals.contains(goal)
        {
            goals.push(goal.clone());
        }
    }
    families
}

/// A way to ask, and what it gives.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) name: &'static str,
    /// Clean sessions in which nobody is asked.
    pub(crate) quiet: Share,
    /// Attack effects about which nobody is asked.
    pub(crate) silent: Share,
}

/// All sessions under one policy.
#[derive(Debug)]
pub(crate) struct Run {
    /// The value of `consent`.
    pub(crate) name: &'static str,
    pub(crate) outcomes: Vec<Outcome>,
}

/// The trade-off: from asking about every effect to asking about tier S alone.
pub(crate) fn curve(runs: &[Run]) -> Vec<Point> {
    let consent = runs.iter().map(|run| match run.name {
        "effects" => point("every effect (default)", &run.outcomes, Tier::B),
        "unnamed" => point("consent = \"unnamed\"", &run.outcomes, Tier::B),
        _ => point("consent = \"pointed\"", &run.outcomes, Tier::B),
    });
    let above = runs.first().into_iter().flat_map(|run| {
        let from = |name, tier| point(name, &run.outcomes, tier);
        [from("from tier A on", Tier::A), from("tier S alone", Tier::S)]
    });
    consent.chain(above).collect()
}

fn point(name: &'static str, outcomes: &[Outcome], from: Tier) -> Point {
    let asks = |step: &Step| step.denied || step.tier >= from;
    let mut point = Point { name, quiet: Share::default(), silent: Share::default() };
    for outcome in outcomes {
        if outcome.attack.is_none() {
            point.quiet.count(!outcome.steps.iter().any(asks));
        }
        for step in outcome.steps.iter().filter(|step| step.is_attack_effect()) {
            point.silent.count(!asks(step));
        }
    }
    point
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(share: (usize, usize), low: f64, high: f64) {
        let got = Share { part: share.0, all: share.1 }.interval();
        assert!((got.0 - low).abs() < 0.05 && (got.1 - high).abs() < 0.05, "{share:?}: {got:?}");
    }

    /// Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    #[test]
    fn intervals_are_those_of_the_literature() {
        close((81, 263), 25.53, 36.62);
        close((15, 148), 6.24, 16.05);
        close((0, 20), 0.0, 16.11);
        close((1, 29), 0.61, 17.18);
    }

    #[test]
    fn nothing_of_nothing_is_no_evidence() {
        assert_eq!(Share::default().interval(), (0.0, 100.0));
        assert!(Share::default().percent() < f64::EPSILON);
    }
}
