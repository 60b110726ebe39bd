//! The person who is asked: sees the request they made and the preview, and nothing else.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use countersign::core::{Approval, ApprovalMethod, ApprovalRequest, Approver, Timestamp, Verdict};
use countersign::prelude::*;

/// How a person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Approves when everything that the preview shows as recipient, target, address or amount is
    /// named in the request; and, where it shows nothing of the kind, when everything else is.
    Careful,
    /// Approves every call of tier B without looking. What asks for more than a click is looked at.
    Careless,
    /// Careful for five prompts of a session; approves everything after them.
    Tired,
}

impl Manner {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "careful" => Some(Self::Careful),
            "careless" => Some(Self::Careless),
            "tired" => Some(Self::Tired),
            _ => None,
        }
    }
}

/// Prompts of a session after which a tired person no longer looks.
const PATIENCE: usize = 5;

/// What they asked for, and how often they were asked.
#[derive(Debug)]
pub(crate) struct Person(Manner, Mutex<(String, usize)>);

impl Person {
    pub(crate) fn new(manner: Manner) -> Self {
        Self(manner, Mutex::default())
    }

    pub(crate) fn asks_for(&self, request: &str) {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).0 = plain(request);
    }

    /// How often the person was asked since the last time.
    pub(crate) fn take_asked(&self) -> usize {
        std::mem::take(&mut self.1.lock().unwrap_or_else(PoisonError::into_inner).1)
    }

    fn approves(&self, request: &ApprovalRequest) -> bool {
        let mut state = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        state.1 += 1;
        match self.0 {
            Manner::Careless if request.tier <= Tier::B => return true,
            Manner::Tired if state.1 > PATIENCE => return true,
            Manner::Careful | Manner::Careless | Manner::Tired => {}
        }
        // Up to the line of dashes the preview shows the call; below it, who asks.
        let shown = request.preview.text.lines().take_while(|line| *line != "--").skip(1);
        let shown: Vec<(&str, &str)> = shown.filter_map(|line| line.split_once(": ")).collect();
        let named = |(label, value): &(&str, &str)| {
            if label.ends_with("(amount)") {
                numbers(&state.0).any(|n| Some(n) == value.trim().parse().ok())
            } else {
                state.0.contains(&plain(value))
            }
        };
        let telling = |label: &str| {
            ["(recipient)", "(target)", "(url)", "(amount)"].iter().any(|r| label.ends_with(r))
        };
        // Where the call names nobody and nothing (a new password), all of it must be named.
        if shown.iter().any(|(label, _)| telling(label)) {
            shown.iter().filter(|(label, _)| telling(label)).all(named)
        } else {
            shown.iter().all(named)
        }
    }
}

/// The person behind an approver whose evidence is made up: for counting, never for anything real.
#[derive(Debug)]
pub(crate) struct Simulated(pub(crate) Arc<Person>);

#[async_trait]
impl Approver for Simulated {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn strength(&self) -> Tier {
        Tier::S
    }

    async fn ask(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict {
        if !self.0.approves(request) {
            return Verdict::Declined;
        }
        let consent = request.consent("simulated", now);
        let (issuer, acr) = ("simulated".to_owned(), "simulated".to_owned());
        let method = match request.tier {
            Tier::C | Tier::B => consent.method.clone(),
            Tier::A => ApprovalMethod::StepUp { issuer, acr, auth_time: now },
            Tier::S => ApprovalMethod::OutOfBand { issuer, acr, auth_time: now },
        };
        Verdict::Approved(Box::new(Approval { method, ..consent }))
    }

    async fn poll(&self, _: &ApprovalRequest, _: &str, _: Timestamp) -> Verdict {
        Verdict::Unreachable
    }
}

/// Lower case, one space between words.
fn plain(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn numbers(text: &str) -> impl Iterator<Item = f64> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .filter_map(|word| word.trim_matches('.').parse().ok())
}
