//! People who are asked, as models: what they would let through.

use countersign::core::{Role, Tier, Tool};
use countersign_canon::Value;

use super::replay::{Step, values};

/// What a preview shows of a call.
#[derive(Debug)]
pub(crate) struct Shown {
    /// Recipients, targets and addresses.
    to: Vec<String>,
    amounts: Vec<String>,
    /// Everything else, which counts where nothing of the above is shown.
    rest: Vec<String>,
}

impl Shown {
    pub(crate) fn new(args: &Value, tool: Option<&Tool>) -> Self {
        Self {
            to: values(args, tool, &[Role::Recipient, Role::Target, Role::Url]),
            amounts: values(args, tool, &[Role::Amount]),
            rest: values(args, tool, &[Role::FreeText, Role::Plain, Role::Currency]),
        }
    }
}

/// Whether the request names everything that is shown.
pub(crate) fn names(request: &str, shown: &Shown) -> bool {
    let plain = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let request = plain(request);
    let numbers: Vec<f64> = request
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .filter_map(|word| word.trim_matches('.').parse().ok())
        .collect();
    let said = |value: &String| request.contains(&plain(value));
    let counted = |value: &String| {
        value.trim().parse::<f64>().is_ok_and(|n| numbers.iter().any(|m| (m - n).abs() < 0.005))
    };
    if shown.to.is_empty() && shown.amounts.is_empty() {
        return shown.rest.iter().all(said);
    }
    shown.to.iter().all(said) && shown.amounts.iter().all(counted)
}

/// How a person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Model {
    /// Approves when the request names everything that is shown.
    Careful,
    /// Approves every B without looking; a fresh login or a message on another device makes them look.
    Careless,
    /// Careful for five prompts of a session; approves everything after them.
    Tired,
}

impl Model {
    pub(crate) const ALL: [Self; 3] = [Self::Careful, Self::Careless, Self::Tired];

    /// Which steps of a session are executed.
    pub(crate) fn executes(self, steps: &[Step]) -> Vec<bool> {
        const PATIENCE: usize = 5;
        let mut asked = 0usize;
        let mut executed = Vec::with_capacity(steps.len());
        for step in steps {
            executed.push(if step.denied {
                false
            } else if step.tier == Tier::C {
                true
            } else {
                asked = asked.saturating_add(1);
                match self {
                    Self::Careful => step.all_named,
                    Self::Careless => step.tier == Tier::B || step.all_named,
                    Self::Tired => asked > PATIENCE || step.all_named,
                }
            });
        }
        executed
    }
}
