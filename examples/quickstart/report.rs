//! The table, or one JSON object a line.

use serde_json::json;

use crate::scenarios::{Ended, Scenario};

#[derive(Debug)]
pub(crate) struct Row {
    scenario: &'static str,
    tries: &'static str,
    expected: (&'static str, usize),
    ended: Option<(Ended, usize)>,
}

impl Row {
    pub(crate) fn ran(scenario: &Scenario, ended: Ended, effects: usize) -> Self {
        Self { ended: Some((ended, effects)), ..Self::not_run(scenario) }
    }

    pub(crate) fn not_run(scenario: &Scenario) -> Self {
        Self {
            scenario: scenario.name,
            tries: scenario.tries,
            expected: scenario.expected,
            ended: None,
        }
    }

    fn as_expected(&self) -> bool {
        match &self.ended {
            Some((ended, effects)) => (ended.outcome, *effects) == self.expected,
            None => true,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Report {
    json: bool,
    rows: usize,
    not_run: usize,
    wrong: Vec<&'static str>,
}

impl Report {
    pub(crate) fn begin(json: bool, ours: bool) -> Self {
        if !json {
            let servers =
                if ours { "loopback doubles started here" } else { "the servers you named" };
            println!(
                "An agent was told by a calendar event to invite an attacker and to hand over its token."
            );
            println!(
                "Auth0 and Google Calendar: {servers}. \"effects\": changes an observer counted at the provider.\n"
            );
            println!(
                "{:<26} {:<27} {:<24} {:>7}  what was tried",
                "scenario", "outcome", "reason", "effects"
            );
            println!("{}", "-".repeat(120));
        }
        Self { json, rows: 0, not_run: 0, wrong: Vec::new() }
    }

    pub(crate) fn row(&mut self, row: &Row) {
        self.rows += 1;
        if !row.as_expected() {
            self.wrong.push(row.scenario);
        }
        let (outcome, reason, effects) = if let Some((ended, effects)) = &row.ended {
            (ended.outcome, ended.reason.as_str(), *effects)
        } else {
            self.not_run += 1;
            ("not run", "needs_fault_injection", 0)
        };
        if self.json {
            // The members in the order in which one reads them.
            let (scenario, outcome, reason) = (json!(row.scenario), json!(outcome), json!(reason));
            println!(
                r#"{{"scenario":{scenario},"outcome":{outcome},"reason":{reason},"effects":{effects}}}"#
            );
        } else {
            println!("{:<26} {outcome:<27} {reason:<24} {effects:>7}  {}", row.scenario, row.tries);
        }
    }

    /// Says how it went; whether every row is as it must be.
    pub(crate) fn end(self) -> bool {
        if !self.json {
            println!("{}", "-".repeat(120));
            let ran = self.rows - self.not_run;
            match self.wrong.as_slice() {
                [] => println!(
                    "{ran} scenarios ran, each ended as it must; {} not run.",
                    self.not_run
                ),
                wrong => println!("NOT as it must be: {}", wrong.join(", ")),
            }
        } else if !self.wrong.is_empty() {
            eprintln!("not as it must be: {}", self.wrong.join(", "));
        }
        self.wrong.is_empty()
    }
}
