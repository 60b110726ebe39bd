//! The account: what the provider has, beside what the ledger, the log and the people say.

use std::collections::{BTreeMap, BTreeSet};

use countersign::core::{Digest, EffectId, LedgerState};

use crate::person::Person;
use crate::provider::Arrived;

/// What everybody says at the end.
#[derive(Debug, Clone, Default)]
#[expect(clippy::exhaustive_structs, reason = "an account is drawn up from all of it")]
pub struct Books {
    /// What reached the provider, by event id.
    pub provider: BTreeMap<String, Arrived>,
    /// The ledger: state of every effect, and the approval digest of those that have one.
    pub ledger: BTreeMap<EffectId, (LedgerState, Option<String>)>,
    /// The log: every effect it names, with the outcomes it gives for it.
    pub log: BTreeMap<EffectId, BTreeSet<String>>,
    /// Which approval digest is of which effect, by the log and by the handles.
    pub digests: BTreeMap<String, EffectId>,
    /// What the program was told: how each effect ended.
    pub told: BTreeMap<EffectId, BTreeSet<String>>,
    /// How often a person was asked about an approval digest.
    pub asked: BTreeMap<String, u64>,
    /// The effects that are to make an event at the provider.
    pub writes: BTreeSet<EffectId>,
    /// How often a ticket that had been admitted was admitted again.
    pub readmitted: u64,
    /// Handles that were edited and believed.
    pub forged: u64,
    /// What is wrong with the log's chain, if something is.
    pub broken_log: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "every finding is reported")]
pub struct Account {
    /// Effects that took place at the provider.
    pub effects: u64,
    /// How often one took place, or reached the provider, after it had taken place.
    pub doubles: u64,
    /// What is missing somewhere, one line each.
    pub losses: Vec<String>,
    /// Effects that are listed as in doubt.
    pub in_doubt: u64,
    /// How often a person was asked about an effect that the person had been asked about.
    pub asked_twice: u64,
    /// To how many questions the person said yes, and no ticket was ever used: what waited too long, and
    /// what the agent did not go on with. Not a fault; many of them would be.
    pub in_vain: u64,
}

/// The id under which the calendar has the event of an effect: 160 bits of SHA-256 of a label and the
/// effect id, in lower-case base32hex (RFC 4648 section 7).
pub fn event_id(effect: EffectId) -> String {
    let input = [b"countersign-event-id".as_slice(), effect.as_bytes()].concat();
    let digest = Digest::of(&input);
    let bits =
        digest.as_bytes().iter().take(20).flat_map(|b| (0..8).rev().map(move |n| b >> n & 1));
    let bits: Vec<u8> = bits.collect();
    let digits = bits.chunks(5).map(|five| five.iter().fold(0, |n, bit| n << 1 | bit));
    digits.map(|n: u8| char::from_digit(u32::from(n), 32).unwrap_or('?')).collect()
}

impl Books {
    /// Draws up the account.
    pub fn account(&self) -> Account {
        let mut account = Account::default();
        let known = self.ledger.keys().chain(self.log.keys()).chain(self.told.keys());
        let known: BTreeMap<String, EffectId> =
            known.map(|effect| (event_id(*effect), *effect)).collect();
        let mut done = BTreeSet::new();
        for (event, arrived) in &self.provider {
            account.effects += u64::from(arrived.made > 0);
            account.doubles += arrived.doubles();
            let Some(effect) = known.get(event) else {
                account
                    .losses
                    .push(format!("nobody knows of what reached the provider as {event}"));
                continue;
            };
            if arrived.made > 0 {
                done.insert(*effect);
                self.of_done(*effect, &mut account.losses);
            } else {
                self.of_arrived(*effect, &mut account.losses);
            }
        }
        account.doubles += self.readmitted;
        self.of_told(&done, &mut account.losses);
        self.of_ended(&done, &mut account.losses);
        if self.forged > 0 {
            account.losses.push(format!("{} edited handles were believed", self.forged));
        }
        account.losses.extend(self.broken_log.iter().map(|why| format!("the log: {why}")));
        account.in_doubt =
            self.ledger.values().filter(|(state, _)| *state == LedgerState::Unknown).count() as u64;
        account.asked_twice = self.asked_twice();
        account.in_vain = self.in_vain();
        account
    }

    fn state(&self, effect: EffectId) -> Option<LedgerState> {
        self.ledger.get(&effect).map(|(state, _)| *state)
    }

    fn logged(&self, effect: EffectId, outcome: &str) -> bool {
        self.log.get(&effect).is_some_and(|outcomes| outcomes.contains(outcome))
    }

    /// It took place: the ledger says so or is in doubt about it, and so does the log.
    fn of_done(&self, effect: EffectId, losses: &mut Vec<String>) {
        match self.state(effect) {
            Some(LedgerState::Committed) => {
                if !self.logged(effect, "committed") {
                    losses.push(format!("{effect} took place and the log does not say so"));
                }
            }
            Some(LedgerState::Unknown) => {
                if !self.logged(effect, "unknown") {
                    losses.push(format!("{effect} is in doubt and the log does not say so"));
                }
            }
            Some(state) => {
                let state = state.as_str();
                losses.push(format!("{effect} took place and the ledger has it as {state}"));
            }
            None => losses.push(format!("{effect} took place and is not in the ledger")),
        }
    }

    /// It reached the provider and did not take place: the ledger has it, and not as done.
    fn of_arrived(&self, effect: EffectId, losses: &mut Vec<String>) {
        match self.state(effect) {
            Some(LedgerState::Failed | LedgerState::Unknown | LedgerState::Released) => {}
            Some(state) => {
                let state = state.as_str();
                losses
                    .push(format!("{effect} did not take place and the ledger has it as {state}"));
            }
            None => losses.push(format!("{effect} was sent and is not in the ledger")),
        }
    }

    /// What the program was told is what the ledger says.
    fn of_told(&self, done: &BTreeSet<EffectId>, losses: &mut Vec<String>) {
        for (effect, endings) in &self.told {
            let state = self.state(*effect);
            let said = |ending: &str| endings.contains(ending);
            if said("committed") && state != Some(LedgerState::Committed) {
                losses.push(format!(
                    "{effect} was reported as committed and the ledger has {state:?}"
                ));
            }
            // A failure that released the effect may be followed by a ticket that did it.
            if said("failed") && !said("committed") && done.contains(effect) {
                let later = matches!(state, Some(LedgerState::Committed | LedgerState::Unknown));
                if !later {
                    losses.push(format!("{effect} was reported as failed and took place"));
                }
            }
            if state.is_none() {
                losses.push(format!("{effect} was reported and is not in the ledger"));
            }
        }
    }

    /// Every effect that was ever claimed has ended or is in doubt, and the log says which.
    fn of_ended(&self, done: &BTreeSet<EffectId>, losses: &mut Vec<String>) {
        for (effect, (state, _)) in &self.ledger {
            let phantom = *state == LedgerState::Committed && !done.contains(effect);
            if phantom && self.writes.contains(effect) {
                losses.push(format!("{effect} is committed and did not take place"));
            }
            match state {
                LedgerState::Claimed | LedgerState::Dispatched => {
                    losses.push(format!("{effect} was left {} and nobody asks", state.as_str()));
                }
                LedgerState::Committed | LedgerState::Failed | LedgerState::Unknown => {
                    if !self.logged(*effect, state.as_str()) {
                        let state = state.as_str();
                        losses.push(format!("{effect} is {state} and the log does not say so"));
                    }
                }
                LedgerState::Entered | LedgerState::Released => {}
            }
        }
        losses.sort();
        losses.dedup();
    }

    fn in_vain(&self) -> u64 {
        let used = |digest: &String| {
            let effect = self.digests.get(digest);
            let state = effect.and_then(|effect| self.state(*effect));
            state.is_some_and(|state| state != LedgerState::Entered)
        };
        let yes = |digest: &String| digest.parse().is_ok_and(|digest| Person::says_yes(&digest));
        self.asked.keys().filter(|digest| yes(digest) && !used(digest)).count() as u64
    }

    /// By digest, and by effect where another digest of the same effect was put to the person.
    fn asked_twice(&self) -> u64 {
        let mut digests = self.digests.clone();
        for (effect, (_, digest)) in &self.ledger {
            if let Some(digest) = digest {
                digests.insert(digest.clone(), *effect);
            }
        }
        let mut by_effect: BTreeMap<String, u64> = BTreeMap::new();
        for (digest, count) in &self.asked {
            let whose = digests.get(digest).map_or_else(|| digest.clone(), ToString::to_string);
            *by_effect.entry(whose).or_default() += count;
        }
        by_effect.values().map(|count| count.saturating_sub(1)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(n: u8) -> EffectId {
        EffectId::from_bytes([n; 16])
    }

    /// One effect that went as it should.
    fn sound() -> Books {
        let one = effect(1);
        let mut books = Books::default();
        books.provider.insert(event_id(one), Arrived { arrivals: 1, made: 1, after: 0 });
        books.ledger.insert(one, (LedgerState::Committed, Some("digest".to_owned())));
        books.log.entry(one).or_default().insert("committed".to_owned());
        books.told.entry(one).or_default().insert("committed".to_owned());
        books.asked.insert("digest".to_owned(), 1);
        books.writes.insert(one);
        books
    }

    #[test]
    fn a_sound_run_has_nothing_to_report() {
        let account = sound().account();
        assert_eq!(account, Account { effects: 1, ..Account::default() });
    }

    #[test]
    fn the_event_id_is_that_of_the_connector() {
        use countersign::connectors::GoogleCalendar;
        use countersign::core::{Connector as _, Planned, Seen, ToolCall};
        let call = ToolCall::from_json(
            "google_calendar_create_event",
            r#"{"summary":"x","start":{"date":"2027-01-01"},"end":{"date":"2027-01-02"}}"#,
        );
        for n in 0..=255 {
            let planned =
                GoogleCalendar::new().plan(call.as_ref().unwrap(), effect(n), &Seen::nothing());
            let Ok(Planned::Ready(prepared)) = planned else { panic!("not ready") };
            let body = prepared.steps().first().unwrap().body_bytes();
            let body: serde_json::Value = serde_json::from_slice(body).unwrap();
            assert_eq!(body["id"], event_id(effect(n)));
        }
    }

    #[test]
    fn a_second_arrival_is_a_double() {
        let mut books = sound();
        books.provider.insert(event_id(effect(1)), Arrived { arrivals: 2, made: 1, after: 1 });
        assert_eq!(books.account().doubles, 1);
    }

    #[test]
    fn what_the_provider_has_and_somebody_lacks_is_a_loss() {
        let mut books = sound();
        books.log.clear();
        assert_eq!(books.account().losses.len(), 2, "{:?}", books.account().losses);
        let mut books = sound();
        books.ledger.clear();
        assert!(!books.account().losses.is_empty());
        for state in [LedgerState::Failed, LedgerState::Released, LedgerState::Entered] {
            let mut books = sound();
            books.told.clear();
            books.ledger.insert(effect(1), (state, None));
            books.log.entry(effect(1)).or_default().insert(state.as_str().to_owned());
            assert_eq!(books.account().losses.len(), 1, "{state:?}");
        }
        let mut books = sound();
        books.provider.insert(event_id(effect(9)), Arrived { arrivals: 1, made: 1, after: 0 });
        assert_eq!(books.account().losses.len(), 1);
    }

    #[test]
    fn what_was_told_and_is_not_so_is_a_loss() {
        let mut books = sound();
        books.ledger.insert(effect(2), (LedgerState::Failed, None));
        books.log.entry(effect(2)).or_default().insert("failed".to_owned());
        assert!(books.account().losses.is_empty());
        books.told.entry(effect(2)).or_default().insert("committed".to_owned());
        assert_eq!(books.account().losses.len(), 1);
    }

    #[test]
    fn what_is_said_to_have_taken_place_and_did_not_is_a_loss() {
        let mut books = sound();
        books.provider.clear();
        assert_eq!(books.account().losses.len(), 1);
    }

    #[test]
    fn a_ticket_admitted_again_a_forged_handle_and_a_broken_log_are_found() {
        let books = Books { readmitted: 2, ..sound() };
        assert_eq!(books.account().doubles, 2);
        let books = Books { forged: 1, broken_log: Some("torn".to_owned()), ..sound() };
        assert_eq!(books.account().losses.len(), 2);
    }

    #[test]
    fn what_was_left_in_the_middle_is_a_loss_and_what_is_in_doubt_is_counted() {
        let mut books = sound();
        for (n, state) in [(2, LedgerState::Claimed), (3, LedgerState::Dispatched)] {
            books.ledger.insert(effect(n), (state, None));
        }
        books.ledger.insert(effect(4), (LedgerState::Unknown, None));
        books.log.entry(effect(4)).or_default().insert("unknown".to_owned());
        let account = books.account();
        assert_eq!((account.losses.len(), account.in_doubt), (2, 1));
    }

    #[test]
    fn a_question_put_twice_is_counted_also_under_another_digest() {
        let mut books = sound();
        books.asked.insert("digest".to_owned(), 3);
        assert_eq!(books.account().asked_twice, 2);
        let mut books = sound();
        books.asked.insert("other".to_owned(), 1);
        assert_eq!(books.account().asked_twice, 0);
        books.digests.insert("other".to_owned(), effect(1));
        assert_eq!(books.account().asked_twice, 1);
    }
}
