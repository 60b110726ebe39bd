//! The stable codes of what this policy finds.

/// The least tier of every call that is not a read.
pub const EFFECT_FLOOR: &str = "effect_floor";
/// A floor of the tool's own, or of the configuration.
pub const TOOL_FLOOR: &str = "tool_floor";
/// One call goes to many, or to all; a destructive one also where its targets are left empty.
pub const BULK_TARGETS: &str = "bulk_targets";
/// Many different changing calls of one kind in a short time, in a session or of an agent.
pub const BULK_VELOCITY: &str = "bulk_velocity";
/// Many private answers were read before something goes out.
pub const BULK_READS: &str = "bulk_reads";
/// Text that one service returned goes to another.
pub const CROSS_SERVICE: &str = "cross_service";
/// It goes to somebody whom neither the user nor a trusted record named.
pub const UNNAMED_SINK: &str = "unnamed_sink";
/// Personal data in the content, or text of a private record that holds some.
pub const PII: &str = "pii";
/// A secret, or a token that was handed out, in what would be sent.
pub const SECRET_IN_ARGUMENTS: &str = "secret_in_arguments";
/// Invisible or reordering characters in an address.
pub const HIDDEN_CHARACTERS: &str = "hidden_characters";
/// More than is scanned.
pub const NOT_SCANNED: &str = "not_scanned";
/// The session read more than is kept whole, so contents were compared with a sample.
pub const MEMORY_SAMPLED: &str = "memory_sampled";
/// The very same changing call again and again.
pub const BULK_REPEATS: &str = "bulk_repeats";
/// A read of an address that nobody named.
pub const UNNAMED_URL: &str = "unnamed_url";
/// The content carries an address that only text by outsiders holds.
pub const CARRIED_ADDRESS: &str = "carried_address";
/// The request asks for nothing that this tool does, and text by outsiders was read.
pub const UNASKED_ACTION: &str = "unasked_action";
/// Instructions to an agent were read, and the request does not spell the call out.
pub const AFTER_INSTRUCTIONS: &str = "after_instructions";
/// An argument comes out of a text that holds instructions to an agent.
pub const FLAGGED_ARGUMENT: &str = "flagged_argument";
/// Private data, text by outsiders and an unnamed sink have met.
pub const TRIFECTA: &str = "trifecta";
/// Money from a limit on, or an amount that cannot be read.
pub const MONEY_LIMIT: &str = "money_limit";
/// What can't be undone, to something shared, or a change of authority.
pub const IRREVERSIBLE: &str = "irreversible";
/// The arguments violate the tool's schema.
pub const SCHEMA: &str = "schema";
/// The tool's definition changed.
pub const CHANGED_TOOL: &str = "changed_tool";
/// The session goes to a recipient for the first time.
pub const FIRST_SEEN: &str = "first_seen";
/// What the policy `consent = "unnamed"` did.
pub const CONSENT: &str = "consent";

/// All codes, in no order that means anything.
pub const ALL: [&str; 25] = [
    EFFECT_FLOOR,
    TOOL_FLOOR,
    BULK_TARGETS,
    BULK_VELOCITY,
    BULK_READS,
    CROSS_SERVICE,
    UNNAMED_SINK,
    PII,
    SECRET_IN_ARGUMENTS,
    HIDDEN_CHARACTERS,
    NOT_SCANNED,
    MEMORY_SAMPLED,
    BULK_REPEATS,
    UNNAMED_URL,
    CARRIED_ADDRESS,
    UNASKED_ACTION,
    AFTER_INSTRUCTIONS,
    FLAGGED_ARGUMENT,
    TRIFECTA,
    MONEY_LIMIT,
    IRREVERSIBLE,
    SCHEMA,
    CHANGED_TOOL,
    FIRST_SEEN,
    CONSENT,
];

/// Whether it is one of those that say "much at once".
pub(crate) fn is_bulk(signal: &str) -> bool {
    [BULK_TARGETS, BULK_VELOCITY, BULK_REPEATS, BULK_READS].contains(&signal)
}
