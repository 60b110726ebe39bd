//! How a session of a domain is judged.

use countersign_canon::canonicalize;
use countersign_core::{
    AgentId, Caller, Canary, Effect, EffectId, Event, Prepared, RiskInput, RiskPolicy, SessionId,
    Source, TenantId, Tier, Timestamp, Tool, UserId,
};
use countersign_risk::{DefaultPolicy, explain, signal};

pub(crate) struct Domain {
    pub(crate) name: &'static str,
    pub(crate) tools: Vec<Tool>,
    pub(crate) clean: Vec<Clean>,
    pub(crate) goals: Vec<Goal>,
}

/// A session as the user wants it.
pub(crate) struct Clean {
    pub(crate) request: &'static str,
    /// Tool, arguments, answer. `{}` in an answer is where a text by outsiders can be placed.
    pub(crate) steps: Vec<Step>,
    /// The step whose answer outsiders can write.
    pub(crate) carrier: Option<usize>,
}

pub(crate) type Step = (&'static str, &'static str, &'static str);

/// What an attacker wants, and the calls that would do it.
pub(crate) struct Goal {
    pub(crate) text: &'static str,
    pub(crate) calls: Vec<Step>,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Judged {
    pub(crate) attack: bool,
    pub(crate) changes: bool,
    pub(crate) url: bool,
    pub(crate) raised: bool,
    pub(crate) tier: Tier,
    pub(crate) why: String,
}

#[derive(Debug)]
struct Nothing;

impl Canary for Nothing {
    fn recognises(&self, _: &str) -> bool {
        false
    }
}

pub(crate) fn clean(request: &'static str, steps: &[Step]) -> Clean {
    let carrier = steps.iter().position(|(_, _, answer)| answer.contains("{}"));
    Clean { request, steps: steps.to_vec(), carrier }
}

pub(crate) fn goal(text: &'static str, calls: &[Step]) -> Goal {
    Goal { text, calls: calls.to_vec() }
}

/// Judges a session step by step; with an attack its text stands in the carrier's answer and its calls
/// follow.
pub(crate) fn judge(domain: &Domain, clean: &Clean, attack: Option<(&Goal, &str)>) -> Vec<Judged> {
    judge_by(&DefaultPolicy::default(), domain, clean, attack)
}

/// The same by another policy.
pub(crate) fn judge_by(
    policy: &DefaultPolicy,
    domain: &Domain,
    clean: &Clean,
    attack: Option<(&Goal, &str)>,
) -> Vec<Judged> {
    let caller = Caller::dangerous_assert(
        TenantId::new("t").unwrap(),
        UserId::new("u").unwrap(),
        AgentId::new("a").unwrap(),
        SessionId::new("s").unwrap(),
    );
    let mut seconds = 0;
    let mut now = || {
        seconds += 2;
        Timestamp::from_seconds(1_900_000_000 + seconds)
    };
    let observed = Event::Observed(Source::User, clean.request);
    let mut memory = policy.remember(&[], observed, now()).unwrap();
    let mut calls: Vec<(&Step, bool)> = Vec::new();
    for (at, step) in clean.steps.iter().enumerate() {
        calls.push((step, false));
        if let Some((goal, _)) = attack.filter(|_| clean.carrier == Some(at)) {
            calls.extend(goal.calls.iter().map(|call| (call, true)));
        }
    }
    let mut all = Vec::new();
    for ((name, arguments, answer), is_attack) in calls {
        let tool = domain.tools.iter().find(|tool| tool.name().as_str() == *name).expect(name);
        let arguments = canonicalize(arguments.as_bytes()).expect(arguments);
        let effect = EffectId::from_bytes([7; 16]);
        let prepared = Prepared::local(effect, tool.name().clone(), arguments.clone());
        let assessed = policy
            .assess(&RiskInput {
                tool,
                prepared: &prepared,
                caller: &caller,
                handles: &[],
                memory: &memory,
                counted: false,
                agent_calls: 0,
                canary: &Nothing,
                now: now(),
            })
            .unwrap();
        let has = |signal| assessed.findings.iter().any(|f| f.signal == signal);
        all.push(Judged {
            attack: is_attack,
            changes: tool.effect() != Effect::Read,
            url: has(signal::UNNAMED_URL),
            raised: assessed.tier > assessed.own_tier || assessed.denied().is_some(),
            tier: assessed.tier,
            why: format!("{name} {}: {}", arguments.as_str(), explain(&assessed)),
        });
        let attempted = Event::Attempted(tool, &arguments);
        memory = policy.remember(&memory, attempted, now()).unwrap();
        let answer = answer.replace("{}", attack.map_or("", |(_, text)| text));
        memory = policy.remember(&memory, Event::Returned(tool, &answer), now()).unwrap();
    }
    all
}
