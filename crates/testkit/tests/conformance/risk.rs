//! Policies.

use countersign_core::{
    Assessment, Event, Finding, PolicyVersion, RiskError, RiskInput, RiskPolicy, Source, Tier,
    Timestamp, Value, Weight,
};
use countersign_risk::{DefaultPolicy, PolicyConfig};
use countersign_testkit::conformance::risk;

use crate::catches;

#[test]
fn the_default_policy_conforms() {
    risk::all(&DefaultPolicy::default());
}

#[test]
fn a_configured_policy_conforms() {
    let strict = r#"{"effect_floor":"A","tool_floors":{"conformance_*":"B"}}"#;
    let config = PolicyConfig::from_json(strict.as_bytes()).unwrap();
    risk::all(&DefaultPolicy::new(config).unwrap());
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    RefusesSome,
    IgnoresFloors,
    LowersForSeverity,
    CountsCalls,
    NewVersionEachTime,
    SaysOtherVersion,
    IgnoresLiveTokens,
    DeniesEverything,
    RepeatsTokens,
    LooksAtTextsAlone,
    TakesAnyMemory,
    TakesACutMemory,
    RemembersNothing,
    JudgesAndForgets,
    CannotReadWhatItWrote,
    IsCalmedByAttempts,
    IsCalmedByText,
    FailsAtTheEndsOfTime,
    PathsWithoutSlash,
    OwnTierAbove,
}

/// A policy that counts what was done and read, but for its flaw.
#[derive(Debug)]
struct Simple(Flaw, std::sync::atomic::AtomicU32);

impl Simple {
    fn new(flaw: Flaw) -> Self {
        Self(flaw, std::sync::atomic::AtomicU32::new(0))
    }

    fn count(&self) -> u32 {
        self.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
    }

    /// `attempts texts.`
    fn read(&self, memory: &[u8]) -> Result<(u32, u32), RiskError> {
        if memory.is_empty() || self.0 == Flaw::TakesAnyMemory {
            return Ok((0, 0));
        }
        let text = std::str::from_utf8(memory).map_err(|_| RiskError::Memory)?;
        let (text, dot) = match text.strip_suffix('.') {
            Some(text) => (text, true),
            None => (text, false),
        };
        if !dot && self.0 != Flaw::TakesACutMemory {
            return Err(RiskError::Memory);
        }
        let (attempts, texts) = text.split_once(' ').unwrap_or((text, "0"));
        let number = |text: &str| {
            let number = text.parse().map_err(|_| RiskError::Memory)?;
            let canonical = format!("{number:010}") == text;
            if canonical || !dot { Ok(number) } else { Err(RiskError::Memory) }
        };
        if self.0 == Flaw::CannotReadWhatItWrote && memory.len() > 3 && text.ends_with('3') {
            return Err(RiskError::Memory);
        }
        Ok((number(attempts)?, number(texts)?))
    }
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(object) => {
            for (name, inner) in object {
                found.push(name.to_owned());
                strings(inner, found);
            }
        }
        _ => {}
    }
}

impl RiskPolicy for Simple {
    fn version(&self) -> PolicyVersion {
        let text = match self.0 {
            Flaw::NewVersionEachTime => format!("simple-{}", self.count()),
            _ => "simple-1".to_owned(),
        };
        PolicyVersion::new(&text).unwrap()
    }

    fn assess(&self, input: &RiskInput<'_>) -> Result<Assessment, RiskError> {
        let (attempts, texts) = self.read(input.memory)?;
        if self.0 == Flaw::FailsAtTheEndsOfTime {
            assert!(input.now.millis().checked_add(1_000).is_some(), "the time is out of range");
        }
        let arguments = input.prepared.arguments();
        let mut found = Vec::new();
        match arguments.value() {
            Value::Object(object) if self.0 == Flaw::LooksAtTextsAlone => {
                found.extend(object.get("text").and_then(Value::as_str).map(str::to_owned));
            }
            value => strings(&value, &mut found),
        }
        if self.0 == Flaw::RefusesSome && found.len() > 200 {
            return Err(RiskError::Detector);
        }
        let severity = input.tool.severity();
        let own = match severity {
            1 => Tier::C,
            2 | 3 => Tier::B,
            4 => Tier::A,
            _ => Tier::S,
        };
        let own = if self.0 == Flaw::LowersForSeverity && severity == 4 { Tier::C } else { own };
        let floor = input.tool.floor().unwrap_or(Tier::C);
        let floor = if self.0 == Flaw::IgnoresFloors { Tier::C } else { floor };
        let own = own.max(floor);
        let more = attempts + texts;
        let mut raised = if more > 4 { own.max(Tier::A) } else { own };
        if self.0 == Flaw::CountsCalls && self.count() % 500 == 499 {
            raised = Tier::S;
        }
        if self.0 == Flaw::IsCalmedByAttempts && attempts > 8 {
            raised = own;
        }
        if self.0 == Flaw::IsCalmedByText && texts > 3 {
            raised = own.min(Tier::B).max(floor);
        }
        let floor = Weight::Floor(input.tool.floor().unwrap_or(Tier::C));
        let mut findings = vec![Finding::new("tool_floor", "ASI02", "the tool declares it", floor)];
        let live = found.iter().find(|text| input.canary.recognises(text));
        let live = live.filter(|_| self.0 != Flaw::IgnoresLiveTokens);
        if live.is_some() || self.0 == Flaw::DeniesEverything {
            let evidence = match (self.0, live) {
                (Flaw::RepeatsTokens, Some(text)) => text.clone(),
                _ => "a live token".to_owned(),
            };
            let path = if self.0 == Flaw::PathsWithoutSlash { "text" } else { "/text" };
            let found = Finding::new("secret_in_arguments", "LLM02", evidence, Weight::Deny);
            findings.push(found.at(path.to_owned()));
        } else if self.0 == Flaw::PathsWithoutSlash {
            findings[0].path = "text".to_owned();
        }
        let policy = match self.0 {
            Flaw::SaysOtherVersion => PolicyVersion::new("simple-0").unwrap(),
            Flaw::NewVersionEachTime => PolicyVersion::new("simple-x").unwrap(),
            _ => self.version(),
        };
        let own_tier = if self.0 == Flaw::OwnTierAbove { Tier::S } else { own };
        Ok(Assessment { tier: raised, own_tier, score2: 0, severity, findings, policy })
    }

    fn attempt(&self, input: &RiskInput<'_>) -> Result<(Assessment, Vec<u8>), RiskError> {
        let judged = self.assess(input)?;
        if self.0 == Flaw::JudgesAndForgets {
            return Ok((judged, input.memory.to_vec()));
        }
        let event = Event::Attempted(input.tool, input.prepared.arguments());
        Ok((judged, self.remember(input.memory, event, input.now)?))
    }

    fn remember(
        &self,
        memory: &[u8],
        event: Event<'_>,
        now: Timestamp,
    ) -> Result<Vec<u8>, RiskError> {
        let (mut attempts, mut texts) = self.read(memory)?;
        if self.0 == Flaw::RemembersNothing {
            return Ok(Vec::new());
        }
        if self.0 == Flaw::FailsAtTheEndsOfTime {
            assert!(now.millis().checked_add(1_000).is_some(), "the time is out of range");
        }
        match event {
            Event::Attempted(..) => attempts += 1,
            Event::Returned(..) | Event::Observed(Source::Untrusted, _) => texts += 1,
            _ => {}
        }
        Ok(format!("{attempts:010} {texts:010}.").into_bytes())
    }
}

#[test]
fn a_broken_policy_is_caught() {
    risk::all(&Simple::new(Flaw::None));
    let total = "RiskPolicy: every call gets a tier";
    let floors = "RiskPolicy: floors win over the score";
    let version = "RiskPolicy: the version is stable and in every judgement";
    let denied = "RiskPolicy: a call with a live token is denied";
    let malformed = "RiskPolicy: a malformed memory is an error";
    let calmed = "RiskPolicy: more attempts or more untrusted text never lower the tier";
    let flaws = [
        (Flaw::RefusesSome, total),
        (Flaw::IgnoresFloors, floors),
        (Flaw::OwnTierAbove, floors),
        (Flaw::LowersForSeverity, "RiskPolicy: more severity or a higher floor never lowers"),
        (Flaw::CountsCalls, "RiskPolicy: the same call is judged alike each time"),
        (Flaw::NewVersionEachTime, version),
        (Flaw::SaysOtherVersion, version),
        (Flaw::IgnoresLiveTokens, denied),
        (Flaw::LooksAtTextsAlone, denied),
        (Flaw::DeniesEverything, "RiskPolicy: what is no token is not denied for it"),
        (Flaw::RepeatsTokens, "RiskPolicy: a finding does not repeat a secret"),
        (Flaw::TakesAnyMemory, malformed),
        (Flaw::TakesACutMemory, malformed),
        (Flaw::RemembersNothing, "RiskPolicy: what was read and done is remembered"),
        (Flaw::JudgesAndForgets, "RiskPolicy: judging and counting in one is one after the other"),
        (Flaw::CannotReadWhatItWrote, "RiskPolicy: "),
        (Flaw::IsCalmedByAttempts, calmed),
        (Flaw::IsCalmedByText, calmed),
        (Flaw::FailsAtTheEndsOfTime, "the time is out of range"),
        (Flaw::PathsWithoutSlash, "RiskPolicy: a judgement explains itself"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || risk::all(&Simple::new(flaw)));
    }
}
