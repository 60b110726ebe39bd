//! The policy: floors, detectors, and what joins them.

use countersign_canon::Canonical;
use countersign_core::{
    Assessment, Canary, Effect, Event, Finding, PolicyVersion, RiskError, RiskInput, RiskPolicy,
    Tier, Timestamp, Weight,
};

use crate::arguments::Arguments;
use crate::config::{ConfigError, Consent, PolicyConfig};
use crate::detect::{self, Call, Lazy, Standing};
use crate::memory::{Memory, View};
use crate::{score, signal};

/// The policy that holds unless another is given: severity times context, with floors and denies.
///
/// Pure, synchronous and bounded: at most 64 KiB of a string and 1 MiB of a call's arguments are
/// scanned, and a call with more is at least tier A.
///
/// * `tier` = the strictest of the score's tier, the tool's floors, the floor of its effect and what
///   the findings ask for. `own_tier` = the same without the findings.
/// * The memory is versioned bytes, below 300 KB: hashes, counts and flags, no text. Words and
///   attempts that are too many drop, the oldest first; windows of what was read thin out evenly; flags
///   and counts stay for good.
#[derive(Debug, Clone)]
pub struct DefaultPolicy {
    config: PolicyConfig,
    version: PolicyVersion,
}

impl Default for DefaultPolicy {
    fn default() -> Self {
        let config = PolicyConfig::default();
        let version = config.version();
        Self { config, version }
    }
}

impl DefaultPolicy {
    /// A policy of this configuration.
    ///
    /// # Errors
    /// [`ConfigError`] for a rule that can never hold, and for a limit outside its range.
    pub fn new(config: PolicyConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let version = config.version();
        Ok(Self { config, version })
    }

    /// The configuration.
    pub fn config(&self) -> &PolicyConfig {
        &self.config
    }

    /// The floors that hold for every call of the tool.
    fn fixed(&self, tool: &countersign_core::Tool) -> Vec<Finding> {
        let floor = |signal, owasp, tier, evidence: &str| {
            Finding::new(signal, owasp, evidence, Weight::Floor(tier))
        };
        let mut floors = Vec::new();
        if tool.effect() != Effect::Read && self.config.effect_floor > Tier::C {
            let tier = self.config.effect_floor;
            floors.push(floor(signal::EFFECT_FLOOR, "LLM06", tier, "it is not a read"));
        }
        if let Some(tier) = tool.floor().filter(|tier| *tier > Tier::C) {
            floors.push(floor(signal::TOOL_FLOOR, "ASI02", tier, "the tool declares it"));
        }
        if let Some((pattern, tier)) = self.config.floor(tool.name()).filter(|(_, t)| *t > Tier::C)
        {
            let evidence = format!("the policy says so for {pattern}");
            floors.push(floor(signal::TOOL_FLOOR, "ASI02", tier, &evidence));
        }
        floors.extend(detect::limits::of_tool(tool));
        floors
    }

    fn judge(
        &self,
        input: &RiskInput<'_>,
        memory: &View<'_>,
        arguments: &Arguments<'_>,
    ) -> Result<Assessment, RiskError> {
        // A judgement of one tool must not be used for a call of another.
        if input.prepared.tool() != input.tool.name() {
            return Err(RiskError::Detector);
        }
        let severity = self.config.severity(input.tool);
        let call = Call {
            tool: input.tool,
            severity,
            prepared: input.prepared,
            caller: input.caller,
            handles: input.handles,
            arguments,
            memory,
            counted: input.counted,
            agent_calls: input.agent_calls,
            config: &self.config,
            now: input.now,
            canary: input.canary,
            lazy: Lazy::default(),
        };
        let found = detect::all(&call);
        let fixed = self.fixed(input.tool);
        let nobody = self.asks_nobody(&call);
        Ok(score::decide(severity, fixed, found, self.version(), nobody))
    }

    /// The memory after an attempt.
    fn attempted(
        &self,
        view: &View<'_>,
        tool: &countersign_core::Tool,
        arguments: &Canonical,
        walked: &Arguments<'_>,
        now: Timestamp,
    ) -> Memory {
        let effects = detect::effects::of(walked, tool, view);
        let at = now.millis().to_le_bytes();
        let mut memory = Memory::of(view, &[&at, arguments.as_bytes()]);
        memory.attempted(tool, arguments, walked, &effects, &self.config.limits, now);
        memory
    }

    /// Whether the policy asks nobody about a call like this one while it is of tier B.
    fn asks_nobody(&self, call: &Call<'_>) -> bool {
        let most = match self.config.consent {
            Consent::Effects => return false,
            Consent::Unnamed => Standing::Named,
            Consent::Pointed => Standing::Pointed,
        };
        let memory = call.memory;
        memory.user_spoke()
            && !memory.read_flagged()
            && call.covers()
            && call
                .sinks()
                .iter()
                .all(|sink| sink.standing <= most || detect::is_the_only_one(call, sink))
            && (!call.sinks().is_empty() || !detect::is_told(call))
    }
}

impl RiskPolicy for DefaultPolicy {
    fn version(&self) -> PolicyVersion {
        self.version.clone()
    }

    fn assess(&self, input: &RiskInput<'_>) -> Result<Assessment, RiskError> {
        let memory = View::read(input.memory)?;
        let value = input.prepared.arguments().value();
        let arguments = Arguments::walk(&value, input.tool, input.canary);
        self.judge(input, &memory, &arguments)
    }

    fn attempt(&self, input: &RiskInput<'_>) -> Result<(Assessment, Vec<u8>), RiskError> {
        let memory = View::read(input.memory)?;
        let (tool, json) = (input.tool, input.prepared.arguments());
        let value = json.value();
        let arguments = Arguments::walk(&value, tool, input.canary);
        let assessment = self.judge(input, &memory, &arguments)?;
        let memory = self.attempted(&memory, tool, json, &arguments, input.now);
        Ok((assessment, memory.into_bytes()))
    }

    fn remember(
        &self,
        memory: &[u8],
        event: Event<'_>,
        now: Timestamp,
    ) -> Result<Vec<u8>, RiskError> {
        let at = now.millis().to_le_bytes();
        let memory = match event {
            Event::Attempted(tool, arguments) => {
                let view = View::read(memory)?;
                let value = arguments.value();
                let walked = Arguments::walk(&value, tool, &Nothing);
                self.attempted(&view, tool, arguments, &walked, now)
            }
            Event::Returned(tool, text) => {
                let first = [&at[..], tool.name().as_str().as_bytes(), text.as_bytes()];
                let mut memory = Memory::open(memory, &first)?;
                memory.returned(tool, text);
                memory
            }
            Event::Observed(source, text) => {
                let mut memory = Memory::open(memory, &[&at, text.as_bytes()])?;
                memory.observed(source, text);
                memory
            }
            // An event of a newer core that this policy cannot weigh must not pass unseen.
            _ => return Err(RiskError::Detector),
        };
        Ok(memory.into_bytes())
    }
}

/// Recognises nothing: for arguments whose paths nobody is shown.
#[derive(Debug)]
struct Nothing;

impl Canary for Nothing {
    fn recognises(&self, _: &str) -> bool {
        false
    }
}
