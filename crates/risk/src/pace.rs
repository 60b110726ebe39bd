//! How fast an agent goes over all its sessions.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use countersign_canon::Canonical;
use countersign_core::{Caller, Effect, Timestamp, Tool};

use crate::intent;

/// Most agents, each with one user and one kind of call, whose calls are kept at a time.
const MAX_KEYS: usize = 4_096;
/// Most calls kept of one.
const MAX_CALLS: usize = 256;
/// The window unless another is given, in seconds.
const WINDOW: u32 = 600;

/// Counts the changing calls of each agent for each user, by what they do, over a sliding window and
/// over all sessions: what a session's memory cannot see if a burst is spread over many sessions.
///
/// In this process and in no store: a second memory, which all sessions of an agent would have to
/// write one after the other, would cost each call as much as its session's own. So several processes
/// count each for itself, and a new one begins at nothing; the counts of a session's memory stay.
///
/// Whoever judges passes the number on as
/// [`RiskInput::agent_calls`](countersign_core::RiskInput::agent_calls).
#[derive(Debug)]
pub struct Pace {
    window: i64,
    hasher: RandomState,
    calls: Mutex<HashMap<u64, VecDeque<Call>>>,
}

#[derive(Debug, Clone, Copy)]
struct Call {
    at: i64,
    session: u64,
    arguments: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self::new(WINDOW)
    }
}

impl Pace {
    /// With a window of so many seconds.
    pub fn new(seconds: u32) -> Self {
        let window = i64::from(seconds).saturating_mul(1000);
        Self { window, hasher: RandomState::new(), calls: Mutex::default() }
    }

    /// Counts a call, and says how many different ones of its kind the same agent attempted for the
    /// same user in other sessions within the window. 0 for a read.
    pub fn attempt(
        &self,
        caller: &Caller,
        tool: &Tool,
        arguments: &Canonical,
        now: Timestamp,
    ) -> u32 {
        self.look(caller, tool, arguments, now, true)
    }

    /// The same without counting: for a call that is judged again.
    pub fn before(
        &self,
        caller: &Caller,
        tool: &Tool,
        arguments: &Canonical,
        now: Timestamp,
    ) -> u32 {
        self.look(caller, tool, arguments, now, false)
    }

    fn look(
        &self,
        caller: &Caller,
        tool: &Tool,
        arguments: &Canonical,
        now: Timestamp,
        counts: bool,
    ) -> u32 {
        if tool.effect() == Effect::Read {
            return 0;
        }
        let (tenant, user) = (caller.tenant().as_str(), caller.user().as_str());
        let agent = caller.agent().as_str();
        let key = self.hasher.hash_one((tenant, user, agent, intent::verb(tool)));
        let session = self.hasher.hash_one(caller.session().as_str());
        let arguments = self.hasher.hash_one(arguments.as_str());
        let at = now.millis();
        let since = at.saturating_sub(self.window);
        let mut all = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen: Vec<u64> = Vec::new();
        for call in all.get(&key).into_iter().flatten() {
            let other = call.at > since && call.session != session && call.arguments != arguments;
            if other && !seen.contains(&call.arguments) {
                seen.push(call.arguments);
            }
        }
        if counts {
            if !all.contains_key(&key) && all.len() >= MAX_KEYS {
                make_room(&mut all, since);
            }
            let calls = all.entry(key).or_default();
            calls.retain(|call| call.at > since);
            if calls.len() >= MAX_CALLS {
                calls.pop_front();
            }
            calls.push_back(Call { at, session, arguments });
        }
        u32::try_from(seen.len()).unwrap_or(u32::MAX)
    }
}

/// Forgets who did nothing within the window; if everybody did something, who was quiet longest.
fn make_room(all: &mut HashMap<u64, VecDeque<Call>>, since: i64) {
    let newest = |calls: &VecDeque<Call>| calls.back().map_or(i64::MIN, |call| call.at);
    all.retain(|_, calls| newest(calls) > since);
    if all.len() >= MAX_KEYS
        && let Some(key) = all.iter().min_by_key(|(_, calls)| newest(calls)).map(|(key, _)| *key)
    {
        all.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use countersign_canon::canonicalize;
    use countersign_core::{AgentId, SessionId, TenantId, ToolSpec, UserId};

    use super::*;

    fn caller(user: &str, agent: &str, session: usize) -> Caller {
        Caller::dangerous_assert(
            TenantId::new("t").unwrap(),
            UserId::new(user).unwrap(),
            AgentId::new(agent).unwrap(),
            SessionId::new(&format!("s{session}")).unwrap(),
        )
    }

    fn tool(name: &str) -> Tool {
        ToolSpec::new(name).outward().register().unwrap()
    }

    fn numbered(n: usize) -> Canonical {
        canonicalize(format!(r#"{{"n":{n}}}"#).as_bytes()).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000_000).plus_seconds(seconds)
    }

    #[test]
    fn a_burst_over_many_sessions_is_counted_by_agent_user_and_verb() {
        let pace = Pace::default();
        let send = tool("send_mail");
        for n in 0..10 {
            let before = pace.attempt(&caller("u", "a", n), &send, &numbered(n), at(0));
            assert_eq!(before, u32::try_from(n).unwrap());
        }
        let before = |caller: &Caller, tool: &Tool, n: usize, now: i64| {
            pace.before(caller, tool, &numbered(n), at(now))
        };
        assert_eq!(before(&caller("u", "a", 99), &tool("send_message"), 99, 1), 10, "one verb");
        assert_eq!(before(&caller("u", "a", 3), &send, 99, 1), 9, "its own session counts itself");
        assert_eq!(before(&caller("u", "a", 99), &send, 4, 1), 9, "the same call is no other one");
        assert_eq!(before(&caller("u", "a", 99), &tool("delete_mail"), 99, 1), 0, "another verb");
        assert_eq!(before(&caller("v", "a", 99), &send, 99, 1), 0, "another user");
        assert_eq!(before(&caller("u", "b", 99), &send, 99, 1), 0, "another agent");
        assert_eq!(before(&caller("u", "a", 99), &send, 99, 600), 0, "the window is over");
        let read = ToolSpec::new("send_receipts").reads().register().unwrap();
        assert_eq!(pace.attempt(&caller("u", "a", 99), &read, &numbered(1), at(1)), 0);
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_quietest_is_forgotten_first() {
        let pace = Pace::default();
        let send = tool("send_mail");
        for n in 0..MAX_KEYS + 10 {
            let now = at(i64::try_from(n).unwrap() / 100);
            pace.attempt(&caller(&format!("u{n}"), "a", 1), &send, &numbered(n), now);
        }
        assert_eq!(pace.calls.lock().unwrap().len(), MAX_KEYS);
        let last = caller(&format!("u{}", MAX_KEYS + 9), "a", 2);
        assert_eq!(pace.before(&last, &send, &numbered(0), at(50)), 1);
        for n in 0..2 * MAX_CALLS {
            pace.attempt(&last, &send, &numbered(n), at(50));
        }
        assert!(pace.calls.lock().unwrap().values().all(|calls| calls.len() <= MAX_CALLS));
    }
}
